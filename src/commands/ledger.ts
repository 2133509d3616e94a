import { readConfig } from '../config.ts'
import { withCtx } from '../ctx.ts'
import { auditBooks } from '../money/ledger/audit.ts'
import { print, table } from './print.ts'
import { usd, yuan } from '../lib/money.ts'

/** Proves the books: each fault is listed, and the exit code is 1 when there is one. */
export async function ledgerCheck(options: { json?: boolean }): Promise<void> {
  const { sums, faults } = await withCtx(readConfig(), ({ db }) => auditBooks(db))
  const told = faults.map(({ kind, subject, isMinor, shouldMinor }) => {
    return { kind, subject, is_minor: isMinor, should_minor: shouldMinor }
  })
  const value = { ok: faults.length === 0, sum_usd: usd(sums.USD), sum_cny: yuan(sums.CNY), faults: told }
  const rows = told.map((each) => [each.kind, each.subject, String(each.is_minor), String(each.should_minor)])
  const words = value.ok
    ? 'The books are right: all balances equal their entries, and each currency adds up to zero.'
    : `The books are wrong (micros of USD, fen of CNY):\n${table(['FAULT', 'OF', 'IS', 'SHOULD BE'], rows)}`
  print(options, value, words)
  if (!value.ok) process.exitCode = 1
}
