import type { Ctx } from '../ctx.ts'
import { monthEnd } from '../lib/buckets.ts'
import { DomainError } from '../lib/errors.ts'
import type { Feature, Product } from '../money/plans/catalogue.ts'
import { checkPrincipal, type KeyMemo, type Principal } from './keys/keyring.ts'
import type { RouteScope } from './keys/scopes.ts'
import { findCaller, findHolder, takePublicCall } from './limits/addresses.ts'
import type { LeaseAnswer } from './limits/leases.ts'
import { givenBack, type Take } from './limits/limit-store.ts'
import { atHand, runOf, type AtHand } from './terms-at-hand.ts'
import { chargeUndo } from './usage/charges.sql.ts'
import { outcomeOf } from './usage/outcomes.ts'
import type { Denial, Settled } from './usage/settle.ts'

/** What a route asks of its callers; the same for all its calls. */
export type Door = {
  scope: RouteScope
  /** Whose windows, quota and prices count; null on a public route. */
  product: Product | null
  /** What the call is named in the request log. */
  operation: string
  /** What the plan must include, or null. */
  feature: Feature | null
}

/** What a call brings to the door. */
export type Knock = {
  keyText: string | null
  address: string
  /** Kept with the connection. */
  memo: KeyMemo
}

/** One call on its way through the door. */
export type Visit = {
  door: Door
  principal: Principal
  address: string
  hand: AtHand
  /** The windows it was counted in. */
  take: Take
  /** Why it is refused before its body is read. */
  refusal: DomainError | null
  /** What `charge` took: nothing yet, units without a price, or money and what is paid for in advance. */
  charged: 'nothing' | 'units' | 'open' | 'booked'
  /** Set once it was paid for. */
  paid: Extract<Settled, { paid: true }> | null
  /** The charge that paid for this request before a kill cut it off, or null. */
  prepaidBy: string | null
  /** What it does not use up is given back; nothing more may be taken or given. */
  isConcluded: boolean
  /** The size of the answer's body, before any compression. */
  bytes: number
}

/**
 * The first half of the door, before the body is read: key, address, scope, plan, windows. Null on a public route, which
 * needs no key and is limited per address. At once where everything is in memory. Throws (or rejects with) a `DomainError`
 * for every refusal but a full window, which the visit carries with its windows.
 */
export function identify(ctx: Ctx, door: Door, knock: Knock): Visit | null | Promise<Visit> {
  const { address } = knock
  if (door.product === null) {
    takePublicCall(ctx, address)
    return null
  }
  const principal = findCaller(ctx, knock.keyText, address, knock.memo)
  return principal instanceof Promise
    ? principal.then((found) => enter(ctx, door, found, address))
    : enter(ctx, door, principal, address)
}

/** As `identify`, for a caller who sends an ID token in the place of a key; a token that is not a text counts as one of no form. */
export async function identifyHolder(
  ctx: Ctx,
  door: Door,
  { token, address }: { token: unknown; address: string },
): Promise<Visit> {
  return enter(ctx, door, await findHolder(ctx, token, address), address)
}

/** `identify`, for a principal that is known already. */
export function enter(ctx: Ctx, door: Door, principal: Principal, address: string): Visit | Promise<Visit> {
  checkPrincipal(principal, address, door.scope)
  const hand = atHand(ctx, principal, door.product!)
  if (door.feature !== null && !hand.terms.features.has(door.feature)) {
    throw new DomainError('tier_too_low', `This is not part of the plan "${hand.terms.plan}".`)
  }
  const take = ctx.limits.take(hand.slot, hand.rules)
  return take instanceof Promise
    ? take.then((taken) => visit(door, principal, address, hand, taken))
    : visit(door, principal, address, hand, take)
}

function visit(door: Door, principal: Principal, address: string, hand: AtHand, take: Take): Visit {
  const refusal = take.denied === -1 ? null : windowFull(take)
  return {
    door,
    principal,
    address,
    hand,
    take,
    refusal,
    charged: 'nothing',
    paid: null,
    prepaidBy: null,
    isConcluded: false,
    bytes: 0,
  }
}

function windowFull({ denied, standings }: Take): DomainError {
  const { rule, resetMs } = standings[denied]!
  const retryAfterSeconds = Math.max(1, Math.ceil(resetMs / 1000))
  return new DomainError('rate_limited', `Per-${rule.name} limit exceeded`, {
    retryAfterSeconds,
    window: rule.name,
    max: rule.max,
  })
}

/** Whether the call used up anything but windows. */
export function isBilled({ charged, paid }: Visit): boolean {
  return paid !== null || charged === 'units'
}

/** A record is taken up again for a day, and its charge was made a little after it. */
const PREPAID_MS = 25 * 60 * 60_000

/** What is known of a call when it is charged. */
export type Work = {
  requestId: string
  tid: string | null
  /** The answer is at hand and will be sent as it is: its size in bytes. Null: there is work to do first. */
  readyBytes: number | null
  /** Microseconds since the request arrived. */
  us: number
  /** The idempotency record that the charge belongs to, or null. */
  record: number | null
}

/**
 * The second half, once the input is valid and before the work is done, for a call without a price: takes its units of the
 * month. At once where they are at hand. Rejects with `quota_spent`, with nothing taken.
 */
export function chargeUnits(ctx: Ctx, visit: Visit): Promise<void> | undefined {
  const { pots } = visit.hand
  const answer = pots.length === 0 || ctx.leases.take(visit.principal.accountId, pots)
  if (answer !== true) return takeLeased(ctx, visit, answer)
  visit.charged = 'units'
  return undefined
}

async function takeLeased(ctx: Ctx, visit: Visit, answer: Promise<LeaseAnswer>): Promise<void> {
  const leased = await answer
  if (!leased.granted) throw quotaSpent(leased.pot, ctx.clock.now())
  visit.charged = 'units'
}

/**
 * As `chargeUnits`, for a priced call: takes what is paid for in advance, or money, durably. Rejects with `credits_spent`,
 * `balance_too_low`, `cap_reached` or `quota_spent`, with nothing taken.
 */
export async function chargePriced(ctx: Ctx, visit: Visit, work: Work): Promise<void> {
  if (visit.prepaidBy !== null) {
    visit.charged = 'booked'
    return
  }
  const { principal, hand, door } = visit
  const now = ctx.clock.now()
  const ready = work.readyBytes !== null
  const settled = await ctx.settler.settle(runOf(hand, principal, door.operation, now), {
    name: work.requestId,
    at: now,
    tid: work.tid,
    ready,
    status: 200,
    bytes: work.readyBytes ?? 0,
    us: work.us,
    record: work.record,
  })
  if (!settled.paid) throw denied(settled.denied, now)
  visit.paid = settled
  visit.charged = ready ? 'booked' : 'open'
}

function denied(denial: Denial, now: Date): DomainError {
  const refusals: Record<Denial, () => DomainError> = {
    pot: () => new DomainError('credits_spent', 'All credits of this month are used.', untilMonthEnd(now)),
    balance: () => new DomainError('balance_too_low', 'Balance too low; top up to continue.'),
    account_cap: () => new DomainError('cap_reached', 'The spending cap of the account is reached for this month.'),
    key_cap: () => new DomainError('cap_reached', 'The spending cap of this key is reached for this month.'),
    key_calls: () => quotaSpent('key', now),
  }
  return refusals[denial]()
}

function quotaSpent(pot: string, now: Date): DomainError {
  const whose = pot.startsWith('key') ? 'Monthly cap of this key exceeded' : 'Monthly quota exceeded'
  return new DomainError('quota_spent', whose, untilMonthEnd(now))
}

function untilMonthEnd(now: Date): { retryAfterSeconds: number } {
  return { retryAfterSeconds: Math.ceil((monthEnd(now).getTime() - now.getTime()) / 1000) }
}

/**
 * Once the answer is known: gives back what its status does not use up, durably where it had a price. At once where
 * nothing is to be waited for. Called once for each visit.
 */
export function conclude(
  ctx: Ctx,
  visit: Visit,
  answer: { requestId: string; status: number; bytes: number; us: number },
): void | Promise<void> {
  const outcome = outcomeOf(answer.status)
  if (outcome.windows !== 'all') {
    const which = outcome.windows === 'none' ? 'all' : 'longer'
    ctx.limits.giveBack(visit.hand.slot, visit.take, which)
    // The receipt tells what is left after this answer.
    for (const standing of givenBack(visit.take, which)) standing.remaining++
  }
  if (visit.charged === 'units' && !outcome.quota) {
    visit.charged = 'nothing'
    ctx.leases.giveBack(visit.principal.accountId, visit.hand.pots)
  }
  if (visit.charged === 'open') return end(ctx, visit, answer, outcome.paid)
  if (visit.prepaidBy !== null && !outcome.paid) return takeBack(ctx, visit, visit.prepaidBy)
}

/** What paid for the request before it was cut off, and now turns out not to be used up. */
async function takeBack(ctx: Ctx, visit: Visit, name: string): Promise<void> {
  const { principal, hand } = visit
  const since = new Date(ctx.clock.now().getTime() - PREPAID_MS)
  await chargeUndo(ctx.db, {
    name,
    since,
    bytesMetered: hand.terms.bytes !== null,
    capKey: principal.capKey,
    keyCalls: principal.capCalls !== null,
    keySpend: principal.capUsdMicros !== null,
  })
  visit.prepaidBy = null
}

async function end(
  ctx: Ctx,
  visit: Visit,
  answer: { requestId: string; status: number; bytes: number; us: number },
  keep: boolean,
): Promise<void> {
  const { requestId: name, status, us } = answer
  const bytes = keep ? answer.bytes : 0
  const { found, balanceAfterUsdMicros } = await ctx.settler.finish({ name, keep, status, bytes, us })
  visit.charged = 'booked'
  // Not found: another process took this one for dead and gave the money back.
  const isBilled = keep && found
  visit.paid = isBilled ? { ...visit.paid!, balanceAfterUsdMicros: balanceAfterUsdMicros ?? 0 } : null
}
