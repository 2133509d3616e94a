import { usd, yuan } from '../lib/money.ts'
import { apiBalanceOf, walletOf } from '../money/ledger/accounts.ts'
import { listStatement } from '../money/ledger/statement.ts'
import { onAccount, type ForAccount } from './account.ts'
import { oneLine, print, table } from './print.ts'

export type StatementOptions = ForAccount & { sandbox?: boolean; wallet?: boolean; limit: number; before?: number }

/** Everything that came into and went out of an API balance or a wallet, newest first. */
export async function accountStatement(options: StatementOptions): Promise<void> {
  const { sandbox: isSandbox = false, wallet: isWallet = false, limit, before: beforeId = null } = options
  const { account, entries, next } = await onAccount(options, async ({ db }, account) => {
    const code = (isWallet ? walletOf : apiBalanceOf)(isSandbox ? account.twinId : account.id)
    return { account, ...(await listStatement(db, code, { beforeId, limit })) }
  })
  const [currency, show] = isWallet ? (['CNY', yuan] as const) : (['USD', usd] as const)
  const value = {
    account_id: isSandbox ? account.twinId : account.id,
    of: isWallet ? 'wallet' : 'api_balance',
    currency,
    entries: entries.map(({ id, at, reason, name, amountMinor, balanceAfterMinor }) => {
      return {
        id,
        at: at.toISOString(),
        reason,
        name,
        amount: show(amountMinor),
        balance_after: show(balanceAfterMinor),
      }
    }),
    next,
  }
  const cells = value.entries.map(({ at, reason, name, amount, balance_after }) => {
    return [at, oneLine(reason), name, amount.startsWith('-') ? amount : `+${amount}`, balance_after]
  })
  const whose = `${isSandbox ? 'the sandbox of ' : ''}account ${account.id} "${account.name}"`
  const what = `the ${isWallet ? 'wallet' : 'API balance'} of ${whose}`
  const more = next === null ? '' : `\n\nOlder ones: --before ${next}`
  const words =
    entries.length === 0
      ? `There are no ${beforeId === null ? '' : 'older '}entries of ${what}.`
      : `${table(['AT', 'REASON', 'NAME', currency, 'BALANCE AFTER'], cells)}${more}`
  print(options, value, words)
}
