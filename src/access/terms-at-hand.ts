import type { Ctx } from '../ctx.ts'
import { dayBucket, dayEnd, monthBucket } from '../lib/buckets.ts'
import type { Product } from '../money/plans/catalogue.ts'
import type { Terms } from '../money/plans/terms.ts'
import type { Principal } from './keys/keyring.ts'
import type { LeasePot } from './limits/leases.ts'
import { UNLIMITED, type WindowRule } from './limits/limit-store.ts'
import type { Run } from './usage/settle.ts'

/** What a key's calls to one product are counted and paid by, made once a UTC day rather than at each call. */
export type AtHand = {
  terms: Terms
  /** Windows are shared by the keys of an account. */
  slot: string
  rules: readonly WindowRule[]
  /** The header that tells the windows: `"minute";q=30;w=60`. */
  policy: string
  /** Units without a price that a call takes. */
  pots: readonly LeasePot[]
  isPriced: boolean
  /** For the group commit, by operation. */
  runs: Map<string, Run>
  /** The buckets above are over at this time. */
  untilMs: number
}

const BY_PRINCIPAL = new WeakMap<Principal, Partial<Record<Product, AtHand>>>()

export function atHand(ctx: Ctx, principal: Principal, product: Product): AtHand {
  let byProduct = BY_PRINCIPAL.get(principal)
  if (!byProduct) BY_PRINCIPAL.set(principal, (byProduct = {}))
  const found = byProduct[product]
  // A clock that steps back over midnight finds the later buckets still in use: they never move back.
  if (found && ctx.clock.now().getTime() < found.untilMs) return found
  return (byProduct[product] = prepare(principal, product, ctx.clock.now()))
}

function prepare(principal: Principal, product: Product, now: Date): AtHand {
  const terms = principal.terms[product]
  const { perSecond, perMinute } = terms.windows
  const rules: WindowRule[] = []
  if (perSecond !== null) rules.push({ name: 'second', windowMs: 1_000, max: perSecond })
  // What has no limit is counted where its count is shown.
  const isShown = terms.quota !== null
  if (perMinute !== null || isShown) rules.push({ name: 'minute', windowMs: 60_000, max: perMinute ?? UNLIMITED })

  const bucket = monthBucket(now)
  const pots: LeasePot[] = []
  if (terms.quota) pots.push({ name: terms.quota.name, bucket, limit: terms.quota.limit ?? UNLIMITED })
  const isPriced = terms.pot !== null || terms.priceUsdMicros !== 0
  if (!isPriced && principal.capCalls !== null) {
    pots.push({ name: `key:${principal.capKey}:calls`, bucket, limit: principal.capCalls })
  }
  return {
    terms,
    slot: `${principal.accountId}:${product}`,
    rules,
    policy: rules
      .filter(({ max }) => max !== UNLIMITED)
      .map(({ name, windowMs, max }) => `"${name}";q=${max};w=${windowMs / 1000}`)
      .join(', '),
    pots,
    isPriced,
    runs: new Map(),
    untilMs: dayEnd(now).getTime(),
  }
}

/** The run that calls of this operation belong to; the same object as long as nothing about it changes. */
export function runOf(hand: AtHand, principal: Principal, operation: string, now: Date): Run {
  const found = hand.runs.get(operation)
  if (found) return found
  const { terms } = hand
  const run: Run = {
    account: principal.accountId,
    key: principal.keyId,
    capKey: principal.capKey,
    sandbox: principal.isSandbox,
    product: terms.product,
    operation,
    pot: terms.pot?.name ?? null,
    bucket: terms.pot && (terms.pot.period === 'day' ? dayBucket(now) : monthBucket(now)),
    potLimit: terms.pot?.limit ?? null,
    price: terms.priceUsdMicros,
    month: monthBucket(now),
    keyCalls: principal.capCalls,
    keySpend: principal.capUsdMicros,
    bytesIncluded: terms.bytes?.included ?? null,
    gbPrice: terms.bytes?.gbPriceUsdMicros ?? null,
  }
  hand.runs.set(operation, run)
  return run
}
