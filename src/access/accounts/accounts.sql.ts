import { sql } from 'kysely'
import type { Db, Tx } from '../../lib/db/db.ts'

export type AccountRow = { id: number; name: string; twin_of: number | null; created_at: Date }

/** Inserts an account; null when the name is taken. */
export async function accountInsert(
  tx: Tx,
  row: { name: string; twinOf: number | null; at: Date },
): Promise<number | null> {
  const { rows } = await sql<{ id: number }>`
    insert into account (name, twin_of, created_at) values (${row.name}, ${row.twinOf}, ${row.at})
    on conflict do nothing returning id`.execute(tx)
  return rows[0]?.id ?? null
}

export async function accountByName(db: Db, name: string): Promise<AccountRow | null> {
  const { rows } = await sql<AccountRow>`select * from account where name = ${name} and twin_of is null`.execute(db)
  return rows[0] ?? null
}

/** The id of an account's sandbox twin. */
export async function accountTwin(db: Db, accountId: number): Promise<number | null> {
  const { rows } = await sql<{ id: number }>`select id from account where twin_of = ${accountId}`.execute(db)
  return rows[0]?.id ?? null
}

export async function accountPlanSet(tx: Tx, accountId: number, plans: Record<string, string>): Promise<void> {
  await sql`
    insert into account_plan (account_id, product, plan)
    select ${accountId}, key, value from jsonb_each_text(${JSON.stringify(plans)}::jsonb)
    on conflict (account_id, product) do update set plan = excluded.plan`.execute(tx)
}

export async function accountList(db: Db): Promise<AccountRow[]> {
  const { rows } = await sql<AccountRow>`select * from account order by id`.execute(db)
  return rows
}
