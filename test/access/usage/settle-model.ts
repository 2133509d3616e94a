import type { Call, Finish, Run } from '../../../src/access/usage/settle.ts'
import { PRICE } from './settling.ts'

type Pot = { bucket: number; used: number; told: number }
export type Account = {
  startBalance: number
  balance: number
  cap: number | null
  pots: Map<string, Pot>
  open: Map<string, { run: Run; pot: string; bucket: number; month: number; cost: number }>
  /** Calls, billed, errors, bytes, cost and microseconds of each operation. */
  days: Map<string, number[]>
  news: Map<string, number>
}

export const LOW_BALANCE = 30 * PRICE

/** Calls one by one against plain numbers: what a batch must come to, however it is carried out. */
export function newAccount(balance: number, cap: number | null): Account {
  return { startBalance: balance, balance, cap, pots: new Map(), open: new Map(), days: new Map(), news: new Map() }
}

/** As `told` says it. */
export function settle(account: Account, run: Run, call: Call): string {
  const denied = whyDenied(account, run)
  if (denied) return `denied ${denied} -> ${account.balance}`
  const isFromPot = hasUnit(account, run)
  const cost = isFromPot ? 0 : run.price!
  const pot = isFromPot ? run.pot! : 'balance'
  if (isFromPot) add(account, pot, run.bucket!, 1, run.potLimit)
  if (cost > 0) {
    if (account.balance >= LOW_BALANCE && account.balance - cost < LOW_BALANCE) tellOnce(account, 'balance.low')
    account.balance -= cost
    add(account, 'spend', run.month, cost, account.cap)
    if (run.keySpend !== null) add(account, `key:${run.key}:spend`, run.month, cost, run.keySpend)
  }
  if (run.keyCalls !== null) add(account, `key:${run.key}:calls`, run.month, 1, run.keyCalls)
  if (call.ready) {
    if (run.bytesIncluded !== null) add(account, `${run.product}.bytes`, run.month, call.bytes, run.bytesIncluded)
    sum(account, run, [1, 1, 0, call.bytes, cost, call.us])
  } else {
    const bucketOf = (name: string) => account.pots.get(name)?.bucket ?? 0
    const bucket = Math.max(run.bucket ?? run.month, bucketOf(pot))
    account.open.set(call.name, { run, pot, bucket, month: Math.max(run.month, bucketOf('spend')), cost })
  }
  return `${pot} ${cost} -> ${account.balance}`
}

function whyDenied(account: Account, run: Run): string | null {
  if (run.keyCalls !== null && used(account, `key:${run.key}:calls`, run.month) >= run.keyCalls) return 'key_calls'
  if (hasUnit(account, run)) return null
  if (run.price === null) return 'pot'
  if (run.price > account.balance) return 'balance'
  if (run.price === 0) return null
  if (account.cap !== null && used(account, 'spend', run.month) + run.price > account.cap) return 'account_cap'
  const keyUsed = used(account, `key:${run.key}:spend`, run.month)
  return run.keySpend !== null && keyUsed + run.price > run.keySpend ? 'key_cap' : null
}

function hasUnit(account: Account, run: Run): boolean {
  return run.pot !== null && used(account, run.pot, run.bucket!) < run.potLimit!
}

/** Answers the balance after, or null for a charge that is not open. */
export function finish(account: Account, { name, keep, status, bytes, us }: Finish): number | null {
  const charge = account.open.get(name)
  if (!charge) return null
  account.open.delete(name)
  const { run, pot, bucket, month, cost } = charge
  if (keep) {
    if (run.bytesIncluded !== null) add(account, `${run.product}.bytes`, month, bytes, null)
  } else {
    account.balance += cost
    giveBack(account, 'spend', month, cost)
    if (run.keySpend !== null) giveBack(account, `key:${run.key}:spend`, month, cost)
    if (pot !== 'balance') giveBack(account, pot, bucket, 1)
    if (run.keyCalls !== null) giveBack(account, `key:${run.key}:calls`, month, 1)
  }
  sum(account, run, [1, keep ? 1 : 0, status >= 400 ? 1 : 0, bytes, keep ? cost : 0, us])
  return account.balance
}

/** A bucket never moves back: what comes late for one that is over counts in the present one. */
function used({ pots }: Account, name: string, bucket: number): number {
  const pot = pots.get(name)
  return pot && pot.bucket >= bucket ? pot.used : 0
}

function add(account: Account, name: string, bucket: number, units: number, limit: number | null): void {
  const before = used(account, name, bucket)
  const after = before + units
  const known = account.pots.get(name)
  const told = known && known.bucket >= bucket ? known.told : 0
  const pot = { bucket: Math.max(bucket, known?.bucket ?? 0), used: after, told }
  account.pots.set(name, pot)
  if (limit === null || limit === 0) return
  for (const percent of [50, 80, 100]) {
    const mark = (percent / 100) * limit
    if (before >= mark || after < mark || percent <= pot.told) continue
    tell(account, `limit.reached ${name} ${percent}`)
    pot.told = percent
  }
}

function giveBack({ pots }: Account, name: string, bucket: number, units: number): void {
  const pot = pots.get(name)
  if (pot?.bucket === bucket) pot.used = Math.max(0, pot.used - units)
}

function sum({ days }: Account, { operation }: Run, figures: number[]): void {
  const known = days.get(operation) ?? [0, 0, 0, 0, 0, 0]
  days.set(
    operation,
    known.map((each, at) => each + figures[at]!),
  )
}

/** All calls are of one day. */
function tellOnce(account: Account, what: string): void {
  if (!account.news.has(what)) tell(account, what)
}

function tell({ news }: Account, what: string): void {
  news.set(what, (news.get(what) ?? 0) + 1)
}
