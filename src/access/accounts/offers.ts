import { audit } from '../../events/audit/audit.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Db, Tx } from '../../lib/db/db.ts'
import { OperatorError } from '../../lib/errors.ts'
import {
  cancelSubscription,
  endSubscription,
  previewSubscription,
  resumeSubscription,
  subscribe,
} from '../../money/billing/billing.ts'
import type { Offer, Purchase, Subscription } from '../../money/billing/decide.ts'
import { apiBalanceOf } from '../../money/ledger/accounts.ts'
import { getBalance } from '../../money/ledger/ledger.ts'
import type { Product } from '../../money/plans/catalogue.ts'
import type { Overrides } from '../../money/plans/overrides.ts'
import { addAddOn, readStandings, removeAddOn, setPlan } from '../../money/plans/plans.ts'
import type { Account } from './accounts.ts'

// What is done to an account's plans and add-ons, each with its entry in the audit. A change holds from the next call.

type Ctx = { db: Db; clock: Clock }
type Deed = { account: Account; product: Product; actor: string; reason?: string | null }

/**
 * Puts an account on a plan without money moving; a subscription to another plan of the product ends at once, without a
 * refund, and the overrides of before are gone. Throws as `setPlan` does.
 */
export async function givePlan(
  ctx: Ctx,
  { plan, overrides = {}, ...deed }: Deed & { plan: string; overrides?: Overrides },
): Promise<{ endedSubscription: boolean; former: { plan: string; overrides: Overrides } }> {
  return record(ctx, deed, 'account.give_plan', async (tx, at) => {
    const { account, product } = deed
    const endedSubscription = await endSubscription(tx, account.id, product, 'plan', null, at)
    const former = await setPlan(tx, account.id, product, plan, overrides)
    const after = { plan, overrides, ended_subscription: endedSubscription }
    return { result: { endedSubscription, former }, before: former, after }
  })
}

/** Gives an account an add-on without money moving; `repeated` when it has it. Throws as `addAddOn` does. */
export async function giveAddOn(
  ctx: Ctx,
  { addOn, ...deed }: Deed & { addOn: string },
): Promise<{ repeated: boolean }> {
  return record(ctx, deed, 'account.give_add_on', async (tx) => {
    const result = await addAddOn(tx, deed.account.id, deed.product, addOn)
    return { result, after: { add_on: addOn, ...result } }
  })
}

/**
 * Takes an add-on away at once; a subscription to it ends without a refund. `repeated` when the account does not have it.
 * Throws as `removeAddOn` does.
 */
export async function takeAddOn(
  ctx: Ctx,
  { addOn, ...deed }: Deed & { addOn: string },
): Promise<{ repeated: boolean; endedSubscription: boolean }> {
  return record(ctx, deed, 'account.take_add_on', async (tx, at) => {
    const { account, product } = deed
    const endedSubscription = await endSubscription(tx, account.id, product, 'add_on', addOn, at)
    const { repeated } = await removeAddOn(tx, account.id, product, addOn)
    const after = { add_on: addOn, repeated, ended_subscription: endedSubscription }
    return { result: { repeated, endedSubscription }, after }
  })
}

/** What `buyOffer` would take now, and what the API balance has to spend. Throws as `previewSubscription` does. */
export async function previewOffer(
  { db, clock }: Ctx,
  { account, ...wanted }: Offer & { account: Account },
): Promise<Purchase & { availableUsdMicros: number }> {
  const preview = await previewSubscription(db, { accountId: account.id, ...wanted, at: clock.now() })
  const { availableMinor } = await getBalance(db, apiBalanceOf(account.id))
  return { ...preview, availableUsdMicros: availableMinor }
}

/** Buys a plan or an add-on from the API balance, by the month. Throws as `subscribe` does. */
export async function buyOffer(
  ctx: Ctx,
  { kind, offer, ...deed }: Deed & Omit<Offer, 'product'>,
): Promise<Awaited<ReturnType<typeof subscribe>>> {
  return record(ctx, deed, 'account.subscribe', async (tx) => {
    const { account, product } = deed
    const wanted = { accountId: account.id, product, kind, offer }
    const { addOns } = (await readStandings(tx, account.id))[product]
    const result = await subscribe({ db: tx, clock: ctx.clock }, wanted)
    // Behind it, as a subscription that runs is told first; nothing of this transaction stays.
    if (kind === 'add_on' && addOns.includes(offer)) {
      throw new OperatorError(`The account has ${offer} already, given by staff, and pays nothing for it.`)
    }
    return { result, after: { kind, offer, charge_usd_micros: result.chargeUsdMicros, subscription: result.id } }
  })
}

/** Ends the subscription to a plan (`offer` null) or an add-on when its period is over. Throws as `cancelSubscription` does. */
export async function cancelOffer(
  ctx: Ctx,
  { kind, offer, ...deed }: Deed & { kind: Offer['kind']; offer: string | null },
): Promise<Subscription> {
  return record(ctx, deed, 'account.cancel', async (tx) => {
    const { account, product } = deed
    const result = await cancelSubscription(
      { db: tx, clock: ctx.clock },
      { accountId: account.id, product, kind, offer },
    )
    return { result, after: { kind, offer: result.offer, subscription: result.id, ends_at: result.periodEndAt } }
  })
}

/** Takes the cancellation of a subscription to a plan (`offer` null) or an add-on back. Throws as `resumeSubscription` does. */
export async function resumeOffer(
  ctx: Ctx,
  { kind, offer, ...deed }: Deed & { kind: Offer['kind']; offer: string | null },
): Promise<Subscription> {
  return record(ctx, deed, 'account.resume', async (tx) => {
    const { account, product } = deed
    const result = await resumeSubscription(
      { db: tx, clock: ctx.clock },
      { accountId: account.id, product, kind, offer },
    )
    return { result, after: { kind, offer: result.offer, subscription: result.id, renews_at: result.periodEndAt } }
  })
}

type Done<T> = { result: T; before?: Record<string, unknown>; after: Record<string, unknown> }

async function record<T>(
  { db, clock }: Ctx,
  { account, product, actor, reason = null }: Deed,
  action: string,
  work: (tx: Tx, at: Date) => Promise<Done<T>>,
): Promise<T> {
  return db.transaction().execute(async (tx) => {
    const at = clock.now()
    const { result, before = null, after } = await work(tx, at)
    await audit(tx, { at, actor, action, accountId: account.id, subject: `product:${product}`, reason, before, after })
    return result
  })
}
