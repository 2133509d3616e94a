import { sql } from 'kysely'
import type { Db } from '../../lib/db/db.ts'

export type WalletFilter = {
  code: string
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
  filter: WalletFilter,
  { limit, offset }: { limit: number; offset: number },
): Promise<WalletEntryRow[]> {
  const { rows } = await sql<WalletEntryRow>`
    select id, type, amount_minor, name, reason, at from (${entries(filter)}) entry
    order by id desc limit ${limit} offset ${offset}`.execute(db)
  return rows
}

export async function walletEntryCount(db: Db, filter: WalletFilter): Promise<number> {
  const { rows } = await sql<{ count: number }>`select count(*) from (${entries(filter)}) entry`.execute(db)
  return rows[0]!.count
}

function entries({ code, type, from, before }: WalletFilter) {
  const side = (column: 'credit_id' | 'debit_id', name: 'credit' | 'debit') => sql`
    select id, ${sql.lit(name)} as type, amount_minor, name, reason, at from ledger_transfer
    where ${sql.ref(column)} = (select id from ledger_account where code = ${code})
      and at >= ${from ?? '-infinity'} and at < ${before ?? 'infinity'}`
  const sides = { credit: side('credit_id', 'credit'), debit: side('debit_id', 'debit') }
  return type === null ? sql`${sides.credit} union all ${sides.debit}` : sides[type]
}
