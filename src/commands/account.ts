import {
  createAccount,
  getAccount,
  listAccounts,
  setAccountCap,
  setLowBalance,
  type Account,
} from '../access/accounts/accounts.ts'
import { creditAccount } from '../access/accounts/credit.ts'
import { listKeys } from '../access/keys/keys.ts'
import { limitKey } from '../access/usage/key-caps.ts'
import { readConfig } from '../config.ts'
import { withCtx, type Ctx } from '../ctx.ts'
import { audit, listAudit } from '../events/audit/audit.ts'
import { OperatorError } from '../lib/errors.ts'
import { usd, yuan } from '../lib/money.ts'
import { cliActor } from './actor.ts'
import { print, table } from './print.ts'

export type Json = { json?: boolean }
/** By name or id. */
export type ForAccount = Json & { account: string }

export async function accountCreate(options: Json & { name: string }): Promise<void> {
  const { id, name, twinId } = await withCtx(readConfig(), (ctx) =>
    createAccount(ctx, options.name, { actor: cliActor() }),
  )
  print(options, { id, name, sandbox_id: twinId }, `Account ${id} "${name}" with sandbox ${twinId}.`)
}

/** Without the sandboxes, which are told with the account they belong to. */
export async function accountList(options: Json): Promise<void> {
  const rows = await withCtx(readConfig(), ({ db }) => listAccounts(db))
  const accounts = rows.map(({ id, name, twinId, createdAt }) => {
    return { id, name, sandbox_id: twinId, created_at: createdAt.toISOString() }
  })
  const cells = accounts.map((each) => [String(each.id), each.name, String(each.sandbox_id), each.created_at])
  print(options, accounts, table(['ID', 'NAME', 'SANDBOX', 'CREATED'], cells))
}

type CreditOptions = ForAccount & { usd?: number; cny?: number; reason: string; sandbox?: boolean; name?: string }

export async function accountCredit(options: CreditOptions): Promise<void> {
  const { reason, sandbox: isSandbox = false, name } = options
  const given = [options.usd, options.cny].filter((each) => each !== undefined)
  if (given.length !== 1) throw new OperatorError('Give the amount as either --usd or --cny.')
  const currency = options.usd === undefined ? 'CNY' : 'USD'

  const { account, credited } = await onAccount(options, async (ctx, account) => {
    const wish = { account, isSandbox, currency, amountMinor: given[0]!, reason, actor: cliActor() } as const
    return { account, credited: await creditAccount(ctx, name === undefined ? wish : { ...wish, name }) }
  })
  const { transfer, repeated, balance } = credited
  const show = currency === 'USD' ? usd : yuan
  const value = {
    account_id: isSandbox ? account.twinId : account.id,
    currency,
    amount: show(given[0]!),
    balance: show(balance.balanceMinor),
    available: show(balance.availableMinor),
    transfer,
    repeated,
  }
  const place = `${isSandbox ? 'sandbox of account' : 'account'} ${account.id} "${account.name}"`
  const what = `${currency === 'USD' ? 'API balance' : 'wallet'} of ${place}`
  const did = repeated ? 'Credited before, nothing more now' : `Credited ${value.amount} ${currency}`
  print(options, value, `${did}: the ${what} has ${value.balance} ${currency}.`)
}

type CapOptions = ForAccount & { sandbox?: boolean; key?: number; usd?: number | null; calls?: number | null }

/** Caps are of an account, live or sandbox, or of one key. */
export async function accountSetCap(options: CapOptions): Promise<void> {
  const { usd: capUsdMicros, calls: capCalls, key } = options
  if (key === undefined && capCalls !== undefined)
    throw new OperatorError('A cap in calls is for one key: give --key too.')
  if (capUsdMicros === undefined && capCalls === undefined) {
    throw new OperatorError(`Give the cap as --usd${key === undefined ? '' : ' or --calls'}; none lifts it.`)
  }
  const caps = { ...(capUsdMicros !== undefined && { capUsdMicros }), ...(capCalls !== undefined && { capCalls }) }
  const capped = await onAccount(options, (ctx, account) =>
    key === undefined
      ? capAccount(ctx, options.sandbox ? account.twinId : account.id, capUsdMicros!)
      : capKey(ctx, account, key, caps),
  )
  const usdText = capUsdMicros === undefined ? [] : [capUsdMicros === null ? 'any amount' : `${usd(capUsdMicros)} USD`]
  const callsText = capCalls === undefined ? [] : [capCalls === null ? 'any number of calls' : `${capCalls} calls`]
  const value = {
    account_id: capped.accountId,
    ...(key !== undefined && { key_id: key }),
    ...(capUsdMicros !== undefined && { cap_usd: capUsdMicros === null ? null : usd(capUsdMicros) }),
    ...(capCalls !== undefined && { cap_calls: capCalls }),
  }
  const who = key === undefined ? `Account ${capped.accountId}` : `Key ${key}`
  print(options, value, `${who} may use ${[...usdText, ...callsText].join(' and ')} a UTC month.`)
}

async function capAccount(ctx: Ctx, accountId: number, capUsdMicros: number | null): Promise<{ accountId: number }> {
  return ctx.db.transaction().execute(async (tx) => {
    const before = { cap_usd_micros: await setAccountCap(tx, accountId, capUsdMicros) }
    const after = { cap_usd_micros: capUsdMicros }
    const subject = `account:${accountId}`
    const at = ctx.clock.now()
    await audit(tx, { at, actor: cliActor(), action: 'account.set_cap', accountId, subject, before, after })
    return { accountId }
  })
}

async function capKey(
  ctx: Ctx,
  account: Account,
  keyId: number,
  caps: { capUsdMicros?: number | null; capCalls?: number | null },
): Promise<{ accountId: number }> {
  const key = (await listKeys(ctx.db, account)).find(({ id }) => id === keyId)
  if (!key) throw new OperatorError(`Account ${account.id} has no key ${keyId}; \`key list\` shows what it has.`)
  return ctx.db.transaction().execute(async (tx) => {
    const { cap_calls, cap_usd_micros } = await limitKey(tx, keyId, caps, ctx.clock.now())
    const before = { cap_calls, cap_usd_micros }
    const { capCalls = cap_calls, capUsdMicros = cap_usd_micros } = caps
    const after = { cap_calls: capCalls, cap_usd_micros: capUsdMicros }
    const [at, accountId, subject] = [ctx.clock.now(), key.account_id, `key:${keyId}`]
    await audit(tx, { at, actor: cliActor(), action: 'key.set_cap', accountId, subject, before, after })
    return { accountId }
  })
}

type LowBalanceOptions = ForAccount & { sandbox?: boolean; usd: number | null }

/** `none` is a threshold of zero, which a balance never falls below. */
export async function accountSetLowBalance(options: LowBalanceOptions): Promise<void> {
  const usdMicros = options.usd ?? 0
  const accountId = await onAccount(options, async ({ db, clock }, account) => {
    const id = options.sandbox ? account.twinId : account.id
    await db.transaction().execute(async (tx) => {
      const before = { low_balance_usd_micros: await setLowBalance(tx, id, usdMicros) }
      const after = { low_balance_usd_micros: usdMicros }
      const deed = { at: clock.now(), actor: cliActor(), action: 'account.set_low_balance' }
      await audit(tx, { ...deed, accountId: id, subject: `account:${id}`, before, after })
    })
    return id
  })
  const value = { account_id: accountId, low_balance_usd: usd(usdMicros) }
  print(options, value, `An API balance of account ${accountId} below ${value.low_balance_usd} USD is news.`)
}

/** Of the account and of its sandbox, newest first. */
export async function accountAudit(options: ForAccount & { limit: number }): Promise<void> {
  const rows = await onAccount(options, ({ db }, { id, twinId }) =>
    listAudit(db, { accountIds: [id, twinId], limit: options.limit }),
  )
  printAudit(options, rows)
}

export function printAudit(options: Json, rows: Awaited<ReturnType<typeof listAudit>>): void {
  const entries = rows.map(({ at, accountId, ...rest }) => ({ at: at.toISOString(), account_id: accountId, ...rest }))
  const cells = entries.map((each) => [
    each.at,
    each.actor,
    each.action,
    each.subject,
    each.after === null ? '' : JSON.stringify(each.after),
    each.reason ?? '',
  ])
  print(options, entries, table(['AT', 'ACTOR', 'ACTION', 'SUBJECT', 'AFTER', 'REASON'], cells))
}

/** Runs a command for the account that its options name. Throws an `OperatorError` when there is none. */
export async function onAccount<T>(
  { account }: ForAccount,
  work: (ctx: Ctx, account: Account) => Promise<T>,
): Promise<T> {
  return withCtx(readConfig(), async (ctx) => work(ctx, await getAccount(ctx.db, account)))
}
