import {
  buyOffer,
  cancelOffer,
  giveAddOn,
  givePlan,
  previewOffer,
  resumeOffer,
  takeAddOn,
} from '../access/accounts/offers.ts'
import type { Account } from '../access/accounts/accounts.ts'
import type { Ctx } from '../ctx.ts'
import { OperatorError } from '../lib/errors.ts'
import { usd } from '../lib/money.ts'
import type { Offer, Purchase } from '../money/billing/decide.ts'
import { apiBalanceOf } from '../money/ledger/accounts.ts'
import { getBalance } from '../money/ledger/ledger.ts'
import type { Feature, Product } from '../money/plans/catalogue.ts'
import type { Overrides } from '../money/plans/overrides.ts'
import { getAddOn, getPlan, readStandings } from '../money/plans/plans.ts'
import { resolveTerms, type Standing } from '../money/plans/terms.ts'
import { onAccount, type ForAccount } from './account.ts'
import { cliActor } from './actor.ts'
import { print } from './print.ts'
import { overridesWords, showOverrides, showTerms, termsWords, type ShownTerms } from './terms.ts'

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
    const { endedSubscription, former } = await givePlan(ctx, { ...deed, plan, overrides })
    const terms = termsOf(product, await standingOf(ctx, account, product))
    const value = {
      account_id: account.id,
      product,
      plan,
      overrides: showOverrides(overrides),
      former_overrides: showOverrides(former.overrides),
      terms,
      ended_subscription: endedSubscription,
    }
    const ended = endedSubscription ? ' The subscription that ran has ended, without a refund.' : ''
    const now = `Account ${account.id} is on ${plan} of ${product} from its next call: ${termsWords(terms)}.`
    print(options, value, `${now}${goneWords(former.overrides)}${ended}`)
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

async function standingOf({ db }: Ctx, { id }: Account, product: Product): Promise<Standing> {
  return (await readStandings(db, id))[product]
}

function termsOf(product: Product, standing: Standing): ShownTerms {
  return showTerms(resolveTerms(product, standing))
}

/** A plan's own options are whole each time: nothing of those before is left. */
function goneWords(former: Overrides, verb = 'are'): string {
  const gone = overridesWords(showOverrides(former))
  return gone === '' ? '' : ` The options of before ${verb} gone: ${gone}.`
}

/** At the end of the period that is paid for; a plan falls back to the first one then. */
export async function accountCancelPlan(options: ForProduct & { addOn?: string }): Promise<void> {
  const { product } = options
  await onAccount(options, async (ctx, account) => {
    const ends = await cancelOffer(ctx, deedOn(options, account))
    const value = { account_id: account.id, product, kind: ends.kind, offer: ends.offer, ends_at: ends.periodEndAt }
    print(options, value, `${ends.offer} of ${product} ends ${ends.periodEndAt.toISOString()}.`)
  })
}

/** Takes a cancellation back before the period is over. */
export async function accountResumePlan(options: ForProduct & { addOn?: string }): Promise<void> {
  const { product } = options
  await onAccount(options, async (ctx, account) => {
    const runs = await resumeOffer(ctx, deedOn(options, account))
    const value = { account_id: account.id, product, kind: runs.kind, offer: runs.offer, renews_at: runs.periodEndAt }
    print(options, value, `${runs.offer} of ${product} goes on, and is renewed ${runs.periodEndAt.toISOString()}.`)
  })
}

function deedOn({ product, addOn, reason }: ForProduct & { addOn?: string }, account: Account) {
  if (addOn !== undefined) getAddOn(product, addOn)
  const what =
    addOn === undefined ? ({ kind: 'plan', offer: null } as const) : { kind: 'add_on' as const, offer: addOn }
  return { account, product, actor: cliActor(), reason: reason ?? null, ...what }
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
    const { repeated, endedSubscription } = remove
      ? await takeAddOn(ctx, deed)
      : { ...(await giveAddOn(ctx, deed)), endedSubscription: false }
    const terms = termsOf(product, await standingOf(ctx, account, product))
    const done = { repeated, ended_subscription: endedSubscription }
    const value = { account_id: account.id, product, add_on: addOn, has: !remove, ...done, terms }
    const what = `Account ${account.id} ${remove ? 'is without' : 'has'} ${addOn} of ${product}`
    const ended = endedSubscription
      ? ' What was paid for it is not refunded; `account cancel-plan --add-on` ends one when its period is over.'
      : ''
    print(options, value, `${what}, ${repeated ? 'as before' : 'from its next call'}: ${termsWords(terms)}.${ended}`)
  })
}

async function buy(ctx: Ctx, account: Account, options: ForProduct, offer: Offer): Promise<void> {
  const { product } = offer
  const former = await standingOf(ctx, account, product)
  const deed = { account, actor: cliActor(), reason: options.reason ?? null }
  const purchase = await buyOffer(ctx, { ...deed, ...offer })
  const { availableMinor } = await getBalance(ctx.db, apiBalanceOf(account.id))
  const terms = termsOf(product, await standingOf(ctx, account, product))
  const { value, until, former: gone } = describe(account, offer, purchase, { former, terms })
  const left = usd(availableMinor)
  const words = `Account ${account.id} is on ${offer.offer} of ${product} for ${value.charge_usd} USD, ${until}`
  print(
    options,
    { ...value, preview: false, balance_usd: left },
    `${words}: ${termsWords(terms)}.${goneWords(gone)} The API balance has ${left} USD left.`,
  )
}

async function printPreview(ctx: Ctx, account: Account, options: ForProduct, offer: Offer): Promise<void> {
  const { product, kind } = offer
  const former = await standingOf(ctx, account, product)
  const { availableUsdMicros, ...purchase } = await previewOffer(ctx, { account, ...offer })
  const addOns = new Set([...former.addOns, ...(kind === 'add_on' ? [offer.offer] : [])])
  const plan = kind === 'plan' ? { plan: offer.offer, overrides: {} } : former
  const terms = termsOf(product, { ...plan, addOns: [...addOns] })
  const { value, until, former: gone } = describe(account, offer, purchase, { former, terms })
  const covered = purchase.chargeUsdMicros <= availableUsdMicros
  const has = usd(availableUsdMicros)
  const words = `${offer.offer} of ${product} would take ${value.charge_usd} USD from the API balance, ${until}`
  print(
    options,
    { ...value, preview: true, balance_usd: has, covered },
    `${words}: ${termsWords(terms)}.${goneWords(gone, 'would be')} The API balance has ${has} USD, which ${covered ? 'covers' : 'does not cover'} it.`,
  )
}

/** What a purchase and its preview tell alike. */
function describe(
  account: Account,
  { product, kind, offer }: Offer,
  { periodStartAt, periodEndAt, chargeUsdMicros, creditUsdMicros }: Purchase,
  { former, terms }: { former: Standing; terms: ShownTerms },
) {
  const overrides = kind === 'plan' ? former.overrides : {}
  const value = {
    account_id: account.id,
    product,
    kind,
    offer,
    charge_usd: usd(chargeUsdMicros),
    credit_usd: usd(creditUsdMicros),
    period_start_at: periodStartAt.toISOString(),
    period_end_at: periodEndAt.toISOString(),
    former_overrides: showOverrides(overrides),
    terms,
  }
  const credit = creditUsdMicros === 0 ? '' : `, after ${value.credit_usd} USD for what is unused of the one before`
  return { value, until: `paid until ${value.period_end_at}${credit}`, former: overrides }
}
