import type { Db } from '../../lib/db/db.ts'
import { walletOf } from './accounts.ts'
import { ledgerAccountId } from './ledger.sql.ts'
import { walletEntryCount, walletEntryList, type WalletFilter } from './wallet.sql.ts'

/** Money that came into a wallet (`credit`) or left it (`debit`). What is held has not left. */
export type WalletEntry = {
  id: number
  type: 'credit' | 'debit'
  amountFen: number
  reason: string
  /** The id of the order that it was for, or null. */
  orderId: number | null
  at: Date
}

export type WalletPage = Omit<WalletFilter, 'account'> & { page: number; limit: number }

/** A page of what came into and left an account's wallet, newest first, and how many such entries there are. */
export async function listWallet(
  db: Db,
  accountId: number,
  { page, limit, ...wish }: WalletPage,
): Promise<{ entries: WalletEntry[]; total: number }> {
  const filter = { ...wish, account: await ledgerAccountId(db, walletOf(accountId)) }
  const rows = await walletEntryList(db, filter, { limit, offset: (page - 1) * limit })
  const entries = rows.map(({ id, type, amount_minor: amountFen, name, reason, at }) => {
    return { id, type, amountFen, reason, orderId: orderOf(name), at }
  })
  return { entries, total: await walletEntryCount(db, filter) }
}

/** Transfers of orders are named by them: `order:7:line:1` and what follows. */
function orderOf(transferName: string): number | null {
  const id = /^order:(\d+)(?::|$)/.exec(transferName)?.[1]
  return id === undefined ? null : Number(id)
}
