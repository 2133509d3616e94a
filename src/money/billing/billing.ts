import assert from 'node:assert/strict'
import { addNews } from '../../events/outbox/outbox.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Db, Tx } from '../../lib/db/db.ts'
import { DomainError } from '../../lib/errors.ts'
import { apiBalanceOf, SYSTEM } from '../ledger/accounts.ts'
import { lockBalance, transfer } from '../ledger/ledger.ts'
import { FIRST_PLANS, type Product } from '../plans/catalogue.ts'
import { addAddOn, removeAddOn, setPlan } from '../plans/plans.ts'
import {
  subscriptionCurrent,
  subscriptionInsert,
  subscriptionList,
  subscriptionMove,
  type SubscriptionRow,
} from './billing.sql.ts'
import {
  chargeName,
  decideAfford,
  decideCancel,
  decideResume,
  decideSubscribe,
  type Offer,
  type Purchase,
  type Refusal,
  type Subscription,
} from './decide.ts'
import { assertMove, type SubscriptionState } from './states.ts'

// The lock of an account's API balance is the lock of its subscriptions. Plans are set last, as they have a lock of all
// accounts' own.

/** Whose, and to what. `offer` of a plan may be left out where the one that runs is meant. */
export type Wanted = Offer & { accountId: number }
export type Running = Omit<Wanted, 'offer'> & { offer?: string | null }
/** An open transaction may stand for `db`; else each call has its own. */
type Ctx = { db: Db; clock: Pick<Clock, 'now'> }

/** How long a preview binds. */
const PREVIEW_MS = 15 * 60_000

/**
 * What `subscribe` would charge at an instant. Throws `DomainError`: `input_invalid` for what is not on sale, `conflict` for
 * what is subscribed already, or is no dearer than what is.
 */
export async function previewSubscription(db: Db, input: Wanted & { at: Date }): Promise<Purchase> {
  const current = await subscriptionCurrent(db, input)
  return decided(decideSubscribe(input, current && subscriptionOf(current), input.at)).purchase
}

/**
 * Buys an offer for a live account from its API balance, and puts the account on it from the next call. With `expected`, a
 * preview at most 15 minutes old, exactly that is charged, as of its instant. Throws `DomainError` as the preview does,
 * `balance_too_low`, and `conflict` when the preview no longer holds.
 */
export async function subscribe(
  { db, clock }: Ctx,
  input: Wanted,
  expected?: Purchase,
): Promise<Subscription & Pick<Purchase, 'creditUsdMicros' | 'chargeUsdMicros'>> {
  const now = clock.now()
  const at = expected?.periodStartAt ?? now
  const { accountId, product, kind, offer } = input
  return within(db, async (tx) => {
    const balance = await lockBalance(tx, apiBalanceOf(accountId))
    const current = await subscriptionCurrent(tx, input)
    const decision = decided(decideSubscribe(input, current && subscriptionOf(current), at))
    const { purchase, priceUsdMicros, replaces } = decision
    if (expected) assertPreviewHolds(expected, purchase, now)
    decided(decideAfford(input, purchase, balance) ?? { kind: 'covered' as const })

    if (replaces) await move(tx, replaces, 'ended', now)
    const { periodStartAt, periodEndAt, creditUsdMicros, chargeUsdMicros } = purchase
    const row = { accountId, product, kind, offer, priceUsdMicros, periodStartAt, periodEndAt, at: now }
    const made = subscriptionOf(await subscriptionInsert(tx, row))
    await charge(tx, made, chargeUsdMicros, now)
    if (kind === 'plan') await setPlan(tx, accountId, product, offer)
    else await addAddOn(tx, accountId, product, offer)
    if (replaces) await tell(tx, 'changed', made, now, { from: replaces.offer, creditUsdMicros, chargeUsdMicros })
    else await tell(tx, 'started', made, now, { chargeUsdMicros })
    return { ...made, creditUsdMicros, chargeUsdMicros }
  })
}

/** Throws `DomainError('conflict')`: the caller asks for another preview. */
function assertPreviewHolds(expected: Purchase, now: Purchase, at: Date): void {
  const ageMs = at.getTime() - expected.periodStartAt.getTime()
  const isSame =
    expected.creditUsdMicros === now.creditUsdMicros &&
    expected.chargeUsdMicros === now.chargeUsdMicros &&
    expected.periodEndAt.getTime() === now.periodEndAt.getTime()
  if (isSame && ageMs >= 0 && ageMs <= PREVIEW_MS) return
  throw new DomainError('conflict', 'This is no longer what it would cost; look at a new preview.')
}

/**
 * Ends what runs when the period that is paid for is over. Throws `DomainError`: `not_found` when nothing runs, `conflict`
 * when it is cancelled already.
 */
export async function cancelSubscription({ db, clock }: Ctx, which: Running): Promise<Subscription> {
  return moveRunning(db, which, clock.now(), decideCancel)
}

/**
 * Takes a cancellation back. Throws `DomainError`: `not_found` when nothing runs, `conflict` when it is not cancelled or is
 * over.
 */
export async function resumeSubscription({ db, clock }: Ctx, which: Running): Promise<Subscription> {
  return moveRunning(db, which, clock.now(), decideResume)
}

async function moveRunning(
  db: Db,
  which: Running,
  at: Date,
  decide: (current: Subscription, at: Date) => Refusal | { kind: 'move'; state: SubscriptionState },
): Promise<Subscription> {
  return within(db, async (tx) => {
    await lockBalance(tx, apiBalanceOf(which.accountId))
    const current = await running(tx, which)
    if (!current) {
      const what = which.kind === 'plan' ? `a plan of ${which.product}` : `${which.offer ?? 'this'} of ${which.product}`
      throw new DomainError('not_found', `There is no subscription to ${what}.`)
    }
    const { state } = decided(decide(current, at))
    await move(tx, current, state, at)
    return { ...current, state }
  })
}

/**
 * Ends what runs at once, without a refund, for those who set a plan by hand; false when nothing ran. The plan itself stays:
 * call this before setting it. `offer` is null for a plan.
 */
export async function endSubscription(
  tx: Tx,
  accountId: number,
  product: Product,
  kind: Offer['kind'],
  offer: string | null,
  at: Date,
): Promise<boolean> {
  await lockBalance(tx, apiBalanceOf(accountId))
  const current = await running(tx, { accountId, product, kind, offer })
  if (!current) return false
  await move(tx, current, 'ended', at)
  await tell(tx, 'ended', current, at, { why: 'replaced' })
  return true
}

/** Subscriptions of an account, ended ones included, newest first, at most `limit` (100). */
export async function listSubscriptions(db: Db, accountId: number, limit = 100): Promise<Subscription[]> {
  const rows = await subscriptionList(db, accountId, limit)
  return rows.map(subscriptionOf)
}

async function running(tx: Tx, { accountId, product, kind, offer = null }: Running): Promise<Subscription | null> {
  const row = await subscriptionCurrent(tx, { accountId, product, kind, offer })
  if (!row || (offer !== null && row.offer !== offer)) return null
  return subscriptionOf(row)
}

/** Pays for a subscription's current period. */
export async function charge(tx: Tx, paid: Subscription, chargeUsdMicros: number, at: Date): Promise<void> {
  await transfer(tx, {
    name: chargeName(paid.id, paid.period),
    from: apiBalanceOf(paid.accountId),
    to: SYSTEM.revenue.USD,
    amountMinor: chargeUsdMicros,
    reason: `${paid.product} ${paid.offer}`,
    at,
  })
}

/** Takes away what a subscription gave. */
export async function fallBack(tx: Tx, { accountId, product, kind, offer }: Subscription): Promise<void> {
  if (kind === 'plan') await setPlan(tx, accountId, product, FIRST_PLANS[product])
  else await removeAddOn(tx, accountId, product, offer)
}

export async function move(tx: Tx, { id, state }: Subscription, to: SubscriptionState, at: Date): Promise<void> {
  assertMove(state, to)
  assert(await subscriptionMove(tx, { id, from: state, to, at }), `subscription ${id} changed under its lock`)
}

/** News of a subscription: `details` beside what it is. */
export async function tell(
  tx: Tx,
  verb: 'started' | 'changed' | 'renewed' | 'lapsed' | 'ended',
  { id, accountId, product, kind, offer, periodEndAt }: Subscription,
  at: Date,
  details: Record<string, string | number>,
): Promise<void> {
  const body = { subscription: id, product, kind, offer, periodEndAt: periodEndAt.toISOString(), ...details }
  await addNews(tx, { at, accountId, event: `subscription.${verb}`, body })
}

function decided<T extends { kind: string }>(decision: T | Refusal): Exclude<T, Refusal> {
  if (decision.kind === 'refused') {
    const { code, message, details } = decision as Refusal
    throw new DomainError(code, message, details)
  }
  return decision as Exclude<T, Refusal>
}

async function within<T>(db: Db, work: (tx: Tx) => Promise<T>): Promise<T> {
  return db.isTransaction ? work(db as Tx) : db.transaction().execute(work)
}

export function subscriptionOf(row: SubscriptionRow): Subscription {
  return {
    id: row.id,
    accountId: row.account_id,
    product: row.product,
    kind: row.kind,
    offer: row.offer,
    state: row.state,
    priceUsdMicros: row.price_usd_micros,
    anchorAt: row.anchor_at,
    period: row.period,
    periodStartAt: row.period_start_at,
    periodEndAt: row.period_end_at,
  }
}
