import type { DomainError } from '../../lib/errors.ts'
import { usd } from '../../lib/money.ts'
import { availableMinor, shortfall, type Purse } from '../ledger/decide.ts'
import { findAddOn, findPlan, type Product } from '../plans/catalogue.ts'
import { periodOf, unusedUsdMicros } from './periods.ts'
import { isMove, type SubscriptionState } from './states.ts'

// What becomes of subscriptions, decided without a clock or a database. billing.ts applies it under the account's lock.

/** Something of the catalogue that is sold by the month: one plan for each product, each add-on once. */
export type Offer = { product: Product; kind: 'plan' | 'add_on'; offer: string }

export type Subscription = Offer & {
  id: number
  accountId: number
  state: SubscriptionState
  /** Of each period, for as long as it lasts. */
  priceUsdMicros: number
  anchorAt: Date
  /** The number of the current period; 0 is the first. */
  period: number
  periodStartAt: Date
  periodEndAt: Date
}

export type Refusal = {
  kind: 'refused'
  code: Extract<DomainError['code'], 'balance_too_low' | 'conflict' | 'input_invalid'>
  message: string
  details?: Record<string, string | number>
}

/** What buying an offer takes, and what it is for. */
export type Purchase = {
  /** The unused share of what it replaces. */
  creditUsdMicros: number
  /** The price less the credit; above 0. */
  chargeUsdMicros: number
  periodStartAt: Date
  periodEndAt: Date
}
type Decided = { kind: 'purchase'; priceUsdMicros: number; replaces: Subscription | null; purchase: Purchase }

/**
 * Buys an offer now. A dearer plan replaces the current one at once, in a new period, and its unused share is credited;
 * a plan that is not dearer is refused. `current` is the account's running subscription to a plan of this product, or to
 * this add-on.
 */
export function decideSubscribe(wanted: Offer, current: Subscription | null, at: Date): Refusal | Decided {
  const { product, kind, offer } = wanted
  const found = kind === 'plan' ? findPlan(product, offer) : findAddOn(product, offer)
  const what = `${offer} of ${product}`
  if (!found) return refusal('input_invalid', `There is no ${kind === 'plan' ? 'plan' : 'add-on'} ${what}.`)
  const { priceUsdMicros } = found
  if (priceUsdMicros === null) return refusal('input_invalid', `${what} is not on sale; staff give it.`)
  if (priceUsdMicros === 0) {
    return refusal('input_invalid', `${what} costs nothing: cancel the subscription to fall back to the free plan.`)
  }
  if (current?.offer === offer) return refusal('conflict', already(current))
  if (current && priceUsdMicros <= current.priceUsdMicros) {
    const until = current.periodEndAt.toISOString()
    const message = `${what} is no dearer than ${current.offer}: cancel that first, then subscribe when it ends, ${until}.`
    return refusal('conflict', message)
  }
  const creditUsdMicros = current ? unusedUsdMicros(current.priceUsdMicros, current, at) : 0
  const purchase = { creditUsdMicros, chargeUsdMicros: priceUsdMicros - creditUsdMicros, ...periodOf(at, 0) }
  return { kind: 'purchase', priceUsdMicros, replaces: current, purchase }
}

/** Null when the balance covers what a purchase takes now. */
export function decideAfford(
  { product, offer }: Offer,
  { chargeUsdMicros }: Pick<Purchase, 'chargeUsdMicros'>,
  balance: Purse,
): Refusal | null {
  if (!shortfall(balance, chargeUsdMicros)) return null
  const available = availableMinor(balance)
  return {
    kind: 'refused',
    code: 'balance_too_low',
    message: `${offer} of ${product} takes ${usd(chargeUsdMicros)} USD now, and the API balance has ${usd(available)} USD.`,
    details: { neededMinor: chargeUsdMicros, availableMinor: available },
  }
}

function already({ offer, product, kind, state, periodEndAt }: Subscription): string {
  const until = periodEndAt.toISOString()
  const addOn = kind === 'add_on' ? ` --add-on ${offer}` : ''
  return state === 'cancelling'
    ? `${offer} of ${product} is subscribed until ${until}; resume it instead (account resume-plan${addOn}).`
    : `${offer} of ${product} is subscribed already.`
}

/** Ends it when the period that is paid for is over. */
export function decideCancel(current: Subscription): Refusal | { kind: 'move'; state: SubscriptionState } {
  if (isMove(current.state, 'cancelling')) return { kind: 'move', state: 'cancelling' }
  const until = current.periodEndAt.toISOString()
  return refusal('conflict', `${current.offer} of ${current.product} is cancelled already; it ends ${until}.`)
}

/** Takes a cancellation back while the period lasts. */
export function decideResume(current: Subscription, at: Date): Refusal | { kind: 'move'; state: SubscriptionState } {
  const what = `${current.offer} of ${current.product}`
  if (!isMove(current.state, 'active')) return refusal('conflict', `${what} is not cancelled.`)
  if (isDue(current, at)) return refusal('conflict', `${what} is over; subscribe again.`)
  return { kind: 'move', state: 'active' }
}

export type Renewal =
  | { kind: 'renew'; period: number; periodStartAt: Date; periodEndAt: Date }
  /** `cancelled`: as the customer wished. `lapsed`: for want of money. */
  | { kind: 'end'; why: 'cancelled' | 'lapsed' }

/** What becomes of a subscription whose period is over, one period at a time. Null when nothing is due. */
export function decideRenewal(current: Subscription, availableUsdMicros: number, at: Date): Renewal | null {
  if (!isMove(current.state, 'ended') || !isDue(current, at)) return null
  if (current.state === 'cancelling') return { kind: 'end', why: 'cancelled' }
  if (availableUsdMicros < current.priceUsdMicros) return { kind: 'end', why: 'lapsed' }
  const period = current.period + 1
  return { kind: 'renew', period, ...periodOf(current.anchorAt, period) }
}

/** The name of the transfer that pays for a period. */
export function chargeName(id: number, period: number): string {
  return `sub:${id}:${period}`
}

function isDue({ periodEndAt }: Subscription, at: Date): boolean {
  return periodEndAt.getTime() <= at.getTime()
}

function refusal(code: Refusal['code'], message: string): Refusal {
  return { kind: 'refused', code, message }
}
