import { audit } from '../../events/audit/audit.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Db } from '../../lib/db/db.ts'
import { OperatorError } from '../../lib/errors.ts'
import { randomText, type Random } from '../../lib/ids.ts'
import { apiBalanceOf, SYSTEM, walletOf, type Currency } from '../../money/ledger/accounts.ts'
import { findTransfer, getBalance, transfer, type Balance, type LedgerTransfer } from '../../money/ledger/ledger.ts'
import type { Account } from './accounts.ts'

export type Credit = {
  account: Account
  /** Money of the sandbox is not real and comes from nowhere. */
  isSandbox: boolean
  /** USD goes to the API balance, CNY to the wallet. */
  currency: Currency
  /** USD micros or fen. */
  amountMinor: number
  reason: string
  /** Given again, nothing more is credited. Without one every call credits. */
  name?: string
  actor: string
}

const NAME = /^[\x21-\x7e]{1,100}$/

/**
 * Credits an account with money that has come in from outside, once for each name, and answers the balance after. Throws an
 * `OperatorError` for an empty reason, an unfit name, and one that named another credit.
 */
export async function creditAccount(
  ctx: { db: Db; clock: Clock; random: Random },
  { account, isSandbox, currency, amountMinor, actor, ...wish }: Credit,
): Promise<{ transfer: string; repeated: boolean; balance: Balance }> {
  const reason = wish.reason.trim()
  if (reason.length < 1 || reason.length > 500) throw new OperatorError('A reason has 1 to 500 characters.')
  if (wish.name !== undefined && !NAME.test(wish.name)) {
    throw new OperatorError('The name of a credit has 1 to 100 characters, no blanks among them.')
  }
  const accountId = isSandbox ? account.twinId : account.id
  const from = (isSandbox ? SYSTEM.sandbox : SYSTEM.payments)[currency]
  const to = currency === 'USD' ? apiBalanceOf(accountId) : walletOf(accountId)
  const name = `credit:${wish.name ?? randomText(ctx.random, 20)}`
  const at = ctx.clock.now()

  return ctx.db.transaction().execute(async (tx) => {
    requireSame(await findTransfer(tx, name), { name, from, to, amountMinor })
    const { repeated } = await transfer(tx, { name, from, to, amountMinor, reason, at })
    const balance = await getBalance(tx, to)
    if (!repeated) {
      await audit(tx, {
        at,
        actor,
        action: 'account.credit',
        accountId,
        subject: name,
        reason,
        before: { account: to, balance_minor: balance.balanceMinor - amountMinor },
        after: { account: to, balance_minor: balance.balanceMinor },
      })
    }
    return { transfer: name, repeated, balance }
  })
}

/** To the ledger the same name with other content is a fault of ours; here it is a name that the operator chose twice. */
function requireSame(
  first: LedgerTransfer | null,
  wish: { name: string; from: string; to: string; amountMinor: number },
): void {
  if (!first) return
  const { from, to, amountMinor } = wish
  if (first.from === from && first.to === to && first.amountMinor === amountMinor) return
  throw new OperatorError(`The name "${wish.name.slice('credit:'.length)}" is another credit's; choose a new one.`)
}
