import { sql } from 'kysely'
import type { Db } from '../../lib/db/db.ts'

export type StatementRow = {
  id: number
  at: Date
  name: string
  reason: string
  /** Below zero: it went out. */
  amount_minor: number
  balance_after_minor: number
}

/**
 * Transfers from and to a customer's account, newest first, from before the id `beforeId` when one is given, each with what
 * the account had after it. One statement, so that entry and balance are of one view; ids of an account are in the order of
 * its balances, as both are made under its lock.
 */
export async function statementList(
  db: Db,
  { code, beforeId, limit }: { code: string; beforeId: number | null; limit: number },
): Promise<StatementRow[]> {
  const before = beforeId === null ? sql`` : sql`and t.id < ${beforeId}`
  const side = (column: 'debit_id' | 'credit_id', sign: 1 | -1) => sql`
    (select t.id, t.at, t.name, t.reason, ${sql.lit(sign)} * t.amount_minor as amount_minor
     from ledger_transfer t, own where t.${sql.ref(column)} = own.id ${before} order by t.id desc limit ${limit})`
  const since = (column: 'debit_id' | 'credit_id') =>
    beforeId === null
      ? sql`0`
      : sql`coalesce((select sum(amount_minor) from ledger_transfer where ${sql.ref(column)} = own.id and id >= ${beforeId}), 0)`
  const { rows } = await sql<StatementRow>`
    with own as (
      select id, balance_minor from ledger_account where code = ${code}
    ), entry as (
      ${side('credit_id', 1)} union all ${side('debit_id', -1)} order by id desc limit ${limit}
    ), top as (
      select balance_minor + ${since('debit_id')} - ${since('credit_id')} as minor from own
    )
    select e.id, e.at, e.name, e.reason, e.amount_minor,
      (top.minor - coalesce(sum(e.amount_minor) over (order by e.id desc rows between unbounded preceding and 1 preceding), 0)
      )::bigint as balance_after_minor
    from entry e, top order by e.id desc`.execute(db)
  return rows
}
