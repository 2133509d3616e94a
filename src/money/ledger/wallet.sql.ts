import { sql } from 'kysely'
import type { Db } from '../../lib/db/db.ts'

export type WalletFilter = {
  /** Of the ledger. */
  account: number
  /** What came in, what went out, or null for both. */
  type: 'credit' | 'debit' | null
  /** From this time on, and before that one. */
  from: Date | null
  before: Date | null
}

export type WalletEntryRow = {
  id: number
  type: 'credit' | 'debit'
  amount_minor: number
  name: string
  reason: string
  at: Date
}

/** Transfers to and from a customer's account, newest first. */
export async function walletEntryList(
  db: Db,
  { account, type, ...time }: WalletFilter,
  { limit, offset }: { limit: number; offset: number },
): Promise<WalletEntryRow[]> {
  // Each side apart, so that no more is read of it than the page and what stands before.
  const side = (column: Side, name: 'credit' | 'debit') => sql`
    (select id, ${sql.lit(name)} as type, amount_minor, name, reason, at from ledger_transfer
     where ${sql.ref(column)} = ${account} ${within(time)} order by id desc limit ${limit + offset})`
  const sides = { credit: side('credit_id', 'credit'), debit: side('debit_id', 'debit') }
  const { rows } = await sql<WalletEntryRow>`
    select * from (${type === null ? sql`${sides.credit} union all ${sides.debit}` : sides[type]}) entry
    order by id desc limit ${limit} offset ${offset}`.execute(db)
  return rows
}

export async function walletEntryCount(db: Db, { account, type, ...time }: WalletFilter): Promise<number> {
  const side = (column: Side) => sql`
    (select count(*) from ledger_transfer where ${sql.ref(column)} = ${account} ${within(time)})`
  const sides = { credit: side('credit_id'), debit: side('debit_id') }
  const { rows } = await sql<{ count: number }>`
    select ${type === null ? sql`${sides.credit} + ${sides.debit}` : sides[type]} as count`.execute(db)
  return rows[0]!.count
}

type Side = 'credit_id' | 'debit_id'

function within({ from, before }: Pick<WalletFilter, 'from' | 'before'>) {
  return sql`${from ? sql`and at >= ${from}` : sql``} ${before ? sql`and at < ${before}` : sql``}`
}
