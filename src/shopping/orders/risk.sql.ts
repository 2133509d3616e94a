import { sql } from 'kysely'
import type { Db, Tx } from '../../lib/db/db.ts'

export type OrderRiskRow = {
  account_id: number
  /** Null: it was refused, and is no order. */
  order_id: number | null
  at: Date
  mode: 'shadow' | 'on'
  verdict: 'allow' | 'hold' | 'refuse'
  score: number
  rule_version: number
  reasons: Readonly<Record<string, readonly string[]>>
}

export async function orderRiskInsert(tx: Tx, row: OrderRiskRow): Promise<void> {
  await sql`
    insert into order_risk (account_id, order_id, at, mode, verdict, score, rule_version, reasons)
    values (${row.account_id}, ${row.order_id}, ${row.at}, ${row.mode}, ${row.verdict}, ${row.score}, ${row.rule_version},
      ${JSON.stringify(row.reasons)}::jsonb)`.execute(tx)
}

/** One order of an account at a time is judged, until the transaction ends. */
export async function orderRiskLock(tx: Tx, accountId: number): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended('order risk ' || ${accountId}::bigint, 0))`.execute(tx)
}

/** When orders of an account were held or refused since a time, oldest first. */
export async function orderRiskDoubts(db: Db, accountId: number, since: Date): Promise<Date[]> {
  const { rows } = await sql<{ at: Date }>`
    select at from order_risk
    where account_id = ${accountId} and mode = 'on' and verdict <> 'allow' and at > ${since} order by at`.execute(db)
  return rows.map(({ at }) => at)
}

export type JudgedOrder = Omit<OrderRiskRow, 'order_id'> & { order_no: string | null; status: string | null }

/** What the list said of orders, the newest first: all, or those of one verdict. */
export async function orderRiskPage(
  db: Db,
  { verdict, limit }: { verdict: OrderRiskRow['verdict'] | null; limit: number },
): Promise<JudgedOrder[]> {
  const { rows } = await sql<JudgedOrder>`
    select o.order_no, r.account_id, o.status, r.at, r.mode, r.verdict, r.score, r.rule_version, r.reasons
    from order_risk r left join purchase_order o on o.id = r.order_id
    where ${verdict}::text is null or r.verdict = ${verdict}
    order by r.id desc limit ${limit}`.execute(db)
  return rows
}
