import type { Db } from '../../lib/db/db.ts'
import type { Currency } from './accounts.ts'
import { bookFindings } from './audit.sql.ts'

export type BookFault = {
  /**
   * `sum`: a currency whose balances do not add up to zero. `balance`: an account that differs from its entries. `held`: an
   * account that differs from its open holds. `captured`: a hold that differs from its transfers. `reverse`: a transfer
   * that is not the mirror of what it undoes, which counts as nothing undone.
   */
  kind: 'sum' | 'balance' | 'held' | 'captured' | 'reverse'
  /** The currency, the account's code, or the name of the hold or transfer. */
  subject: string
  isMinor: number
  shouldMinor: number
}

/** Proves the books: the sum of all balances by currency, which is zero, and every fault. Reads everything there is. */
export async function auditBooks(db: Db): Promise<{ sums: Record<Currency, number>; faults: BookFault[] }> {
  const findings = await bookFindings(db)
  const sums: Record<Currency, number> = { USD: 0, CNY: 0 }
  for (const { kind, subject, is } of findings) if (kind === 'sum') sums[subject as Currency] = is
  const faults = findings
    .filter(({ is, should }) => is !== should)
    .map(({ kind, subject, is, should }) => ({ kind, subject, isMinor: is, shouldMinor: should }))
  return { sums, faults }
}
