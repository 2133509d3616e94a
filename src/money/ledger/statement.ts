import type { Db } from '../../lib/db/db.ts'
import { statementList } from './statement.sql.ts'

/** A transfer as the customer sees it, in minor units of the account's currency. */
export type StatementEntry = {
  id: number
  at: Date
  name: string
  reason: string
  /** Below zero: it went out. */
  amountMinor: number
  balanceAfterMinor: number
}

/**
 * What came into and went out of a customer's account, newest first, at most `limit` (50), before the entry `beforeId`.
 * `next` is what to give for the page after, null on the last one.
 */
export async function listStatement(
  db: Db,
  code: string,
  { beforeId = null, limit = 50 }: { beforeId?: number | null; limit?: number } = {},
): Promise<{ entries: StatementEntry[]; next: number | null }> {
  const rows = await statementList(db, { code, beforeId, limit: limit + 1 })
  const entries = rows.slice(0, limit).map(({ amount_minor, balance_after_minor, ...row }) => {
    return { ...row, amountMinor: amount_minor, balanceAfterMinor: balance_after_minor }
  })
  return { entries, next: rows.length > limit ? entries.at(-1)!.id : null }
}
