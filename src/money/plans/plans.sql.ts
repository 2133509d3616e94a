import { sql } from 'kysely'
import type pg from 'pg'
import type { Db, Tx } from '../../lib/db/db.ts'
import type { Product } from './catalogue.ts'

export type PlanRow = { product: Product; plan: string; overrides: unknown; add_ons: string[] }

/** One plan for each product, of an account that has none yet. */
export async function planInsertAll(
  tx: Tx,
  accountId: number,
  plans: Readonly<Record<Product, string>>,
): Promise<void> {
  await sql`
    insert into account_plan (account_id, product, plan)
    select ${accountId}, key, value from jsonb_each_text(${JSON.stringify(plans)}::jsonb)`.execute(tx)
}

/** Sets the plan of a product and answers the one before; null, and nothing set, when there was none. */
export async function planSet(
  tx: Tx,
  row: { accountId: number; product: Product; plan: string; overrides: object },
): Promise<{ plan: string; overrides: unknown } | null> {
  const { rows } = await sql<{ plan: string; overrides: unknown }>`
    update account_plan set plan = ${row.plan}, overrides = ${JSON.stringify(row.overrides)}::jsonb
    from (
      select account_id, product, plan, overrides from account_plan
      where account_id = ${row.accountId} and product = ${row.product} for update) before
    where account_plan.account_id = before.account_id and account_plan.product = before.product
    returning before.plan, before.overrides`.execute(tx)
  return rows[0] ?? null
}

export async function planList(db: Db, accountId: number): Promise<PlanRow[]> {
  const { rows } = await sql<PlanRow>`
    select product, plan, overrides,
      array(select add_on from account_add_on a where a.account_id = p.account_id and a.product = p.product
        order by add_on) as add_ons
    from account_plan p where account_id = ${accountId}`.execute(db)
  return rows
}

/** False when the account has the add-on already. */
export async function addOnInsert(tx: Tx, accountId: number, product: Product, addOn: string): Promise<boolean> {
  const { numAffectedRows } = await sql`
    insert into account_add_on (account_id, product, add_on) values (${accountId}, ${product}, ${addOn})
    on conflict do nothing`.execute(tx)
  return numAffectedRows === 1n
}

/** False when the account does not have the add-on. */
export async function addOnDelete(tx: Tx, accountId: number, product: Product, addOn: string): Promise<boolean> {
  const { numAffectedRows } = await sql`
    delete from account_add_on
    where account_id = ${accountId} and product = ${product} and add_on = ${addOn}`.execute(tx)
  return numAffectedRows === 1n
}

/** Tells every node that terms it remembers are out of date. NOTIFY only wakes the poll, which reads the row. */
export async function planEpochBump(tx: Tx): Promise<void> {
  await sql`update plan_epoch set value = value + 1`.execute(tx)
  await sql`select pg_notify('epoch', 'plans')`.execute(tx)
}

export async function planEpoch(client: pg.ClientBase): Promise<number> {
  const { rows } = await client.query<{ value: string | number }>('select value from plan_epoch')
  return Number(rows[0]!.value)
}
