import { buyOffer, cancelOffer, giveAddOn, givePlan, takeAddOn } from '../access/accounts/offers.ts'
import type { Account } from '../access/accounts/accounts.ts'
import type { Ctx } from '../ctx.ts'
import { OperatorError } from '../lib/errors.ts'
import { usd } from '../lib/money.ts'
import { previewSubscription } from '../money/billing/billing.ts'
import type { Offer } from '../money/billing/decide.ts'
import type { Feature, Product } from '../money/plans/catalogue.ts'
import type { Overrides } from '../money/plans/overrides.ts'
import { getAddOn, getPlan } from '../money/plans/plans.ts'
import { onAccount, type ForAccount } from './account.ts'
import { cliActor } from './actor.ts'
import { print } from './print.ts'

type ForProduct = ForAccount & { product: Product; reason?: string }
type Payment = { charge?: boolean; preview?: boolean }

export type SetPlanOptions = ForProduct &
  Payment & {
    plan: string
    perSecond?: number | null
    perMinute?: number | null
    perDay?: number
    perMonth?: number | null
    priceUsd?: number | null
    gbIncluded?: number
    features?: string[]
  }

/** Given by staff, or with `charge` bought from the API balance. */
export async function accountSetPlan(options: SetPlanOptions): Promise<void> {
  const { product, plan, charge = false, preview = false } = options
  getPlan(product, plan)
  const overrides = overridesOf(options)
  if ((charge || preview) && Object.keys(overrides).length > 0) {
    throw new OperatorError(
      'A plan is bought as it is: limits of its own are for plans that staff give, without --charge.',
    )
  }
  await onAccount(options, async (ctx, account) => {
    const offer: Offer = { product, kind: 'plan', offer: plan }
    if (preview) return printPreview(ctx, account, options, offer)
    if (charge) return buy(ctx, account, options, offer)
    const deed = { account, product, actor: cliActor(), reason: options.reason ?? null }
    const { endedSubscription } = await givePlan(ctx, { ...deed, plan, overrides })
    const value = { account_id: account.id, product, plan, overrides, ended_subscription: endedSubscription }
    const ended = endedSubscription ? ' The subscription that ran has ended, without a refund.' : ''
    print(options, value, `Account ${account.id} is on ${plan} of ${product} from its next call.${ended}`)
  })
}

function overridesOf(options: SetPlanOptions): Overrides {
  const { perSecond, perMinute, perDay, perMonth, priceUsd, gbIncluded, features } = options
  return {
    ...(perSecond !== undefined && { perSecond }),
    ...(perMinute !== undefined && { perMinute }),
    ...(perDay !== undefined && { perDay }),
    ...(perMonth !== undefined && { perMonth }),
    ...(priceUsd !== undefined && { priceUsdMicros: priceUsd }),
    ...(gbIncluded !== undefined && { bytesIncluded: gbIncluded * 1e9 }),
    ...(features !== undefined && { features: features as Feature[] }),
  }
}

/** At the end of the period that is paid for; a plan falls back to the first one then. */
export async function accountCancelPlan(options: ForProduct & { addOn?: string }): Promise<void> {
  const { product, addOn = null, reason = null } = options
  if (addOn !== null) getAddOn(product, addOn)
  await onAccount(options, async (ctx, account) => {
    const what = { kind: addOn === null ? ('plan' as const) : ('add_on' as const), offer: addOn }
    const ends = await cancelOffer(ctx, { account, product, actor: cliActor(), reason, ...what })
    const value = { account_id: account.id, product, kind: ends.kind, offer: ends.offer, ends_at: ends.periodEndAt }
    print(options, value, `${ends.offer} of ${product} ends ${ends.periodEndAt.toISOString()}.`)
  })
}

type AddOnOptions = ForProduct & Payment & { addOn: string; remove?: boolean }

/** Given by staff, bought with `charge`, or taken away at once with `remove`. */
export async function accountAddOn(options: AddOnOptions): Promise<void> {
  const { product, addOn, charge = false, preview = false, remove = false } = options
  getAddOn(product, addOn)
  if (remove && (charge || preview)) throw new OperatorError('Give either --remove, or --charge or --preview.')
  await onAccount(options, async (ctx, account) => {
    const offer: Offer = { product, kind: 'add_on', offer: addOn }
    if (preview) return printPreview(ctx, account, options, offer)
    if (charge) return buy(ctx, account, options, offer)
    const deed = { account, product, addOn, actor: cliActor(), reason: options.reason ?? null }
    const { repeated } = remove ? await takeAddOn(ctx, deed) : await giveAddOn(ctx, deed)
    const value = { account_id: account.id, product, add_on: addOn, has: !remove, repeated }
    const when = repeated ? 'as before' : 'from its next call'
    print(options, value, `Account ${account.id} ${remove ? 'is without' : 'has'} ${addOn} of ${product}, ${when}.`)
  })
}

async function buy(ctx: Ctx, account: Account, options: ForProduct, { product, kind, offer }: Offer): Promise<void> {
  const deed = { account, product, actor: cliActor(), reason: options.reason ?? null }
  const bought = await buyOffer(ctx, { ...deed, kind, offer })
  printPurchase(options, account, { product, kind, offer }, { ...bought, preview: false })
}

async function printPreview(ctx: Ctx, account: Account, options: ForProduct, offer: Offer): Promise<void> {
  const wanted = { accountId: account.id, ...offer, at: ctx.clock.now() }
  printPurchase(options, account, offer, { ...(await previewSubscription(ctx.db, wanted)), preview: true })
}

function printPurchase(
  options: ForProduct,
  account: Account,
  { product, kind, offer }: Offer,
  purchase: Awaited<ReturnType<typeof previewSubscription>> & { preview: boolean },
): void {
  const { preview, periodStartAt, periodEndAt, chargeUsdMicros, creditUsdMicros } = purchase
  const value = {
    account_id: account.id,
    product,
    kind,
    offer,
    preview,
    charge_usd: usd(chargeUsdMicros),
    credit_usd: usd(creditUsdMicros),
    period_start_at: periodStartAt.toISOString(),
    period_end_at: periodEndAt.toISOString(),
  }
  const credit = creditUsdMicros === 0 ? '' : `, after ${value.credit_usd} USD for what is unused of the one before`
  const until = `paid until ${value.period_end_at}${credit}`
  const words = preview
    ? `${offer} of ${product} would take ${value.charge_usd} USD from the API balance, ${until}.`
    : `Account ${account.id} is on ${offer} of ${product} for ${value.charge_usd} USD, ${until}.`
  print(options, value, words)
}
