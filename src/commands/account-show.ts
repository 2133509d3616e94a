import { getGuard, type Account } from '../access/accounts/accounts.ts'
import { potsUsed } from '../access/limits/pots.ts'
import type { Ctx } from '../ctx.ts'
import { dayBucket, monthBucket } from '../lib/buckets.ts'
import { usd, yuan } from '../lib/money.ts'
import { listSubscriptions } from '../money/billing/billing.ts'
import { apiBalanceOf, walletOf } from '../money/ledger/accounts.ts'
import { getBalance } from '../money/ledger/ledger.ts'
import { byProduct, PRODUCTS } from '../money/plans/catalogue.ts'
import { readStandings } from '../money/plans/plans.ts'
import { resolveTerms, type Standing, type Terms } from '../money/plans/terms.ts'
import { onAccount, type ForAccount } from './account.ts'
import { print, table } from './print.ts'
import { overridesWords, showOverrides, showTerms, termsCells } from './terms.ts'

const DRAWN = 'Counters include units that running servers have drawn in advance, until about a second without calls.'

/** Everything about an account that money and limits depend on. */
export async function accountShow(options: ForAccount): Promise<void> {
  const shown = await onAccount(options, showAccount)
  print(options, shown, words(shown))
}

type Shown = Awaited<ReturnType<typeof showAccount>>
type Purse = Awaited<ReturnType<typeof showPurse>>

async function showAccount(ctx: Ctx, { id, name, twinId }: Account) {
  const standings = await readStandings(ctx.db, id)
  const subscriptions = await listSubscriptions(ctx.db, id)
  return {
    id,
    name,
    sandbox_id: twinId,
    products: byProduct((product) => showStanding(standings[product], resolveTerms(product, standings[product]))),
    subscriptions: subscriptions.map((each) => ({
      id: each.id,
      product: each.product,
      kind: each.kind,
      offer: each.offer,
      state: each.state,
      price_usd: usd(each.priceUsdMicros),
      period_start_at: each.periodStartAt.toISOString(),
      period_end_at: each.periodEndAt.toISOString(),
    })),
    live: await showPurse(ctx, id),
    sandbox: await showPurse(ctx, twinId),
  }
}

function showStanding({ plan, overrides, addOns }: Standing, terms: Terms) {
  return { plan, overrides: showOverrides(overrides), add_ons: addOns, terms: showTerms(terms) }
}

/** What a live account or a sandbox has for itself. `used` counts units that nodes have drawn and not handed out yet. */
async function showPurse({ db, clock }: Ctx, accountId: number) {
  const now = clock.now()
  const current = new Set([monthBucket(now), dayBucket(now)])
  const { capUsdMicros, lowBalanceUsdMicros } = await getGuard(db, accountId)
  const api = await getBalance(db, apiBalanceOf(accountId))
  const wallet = await getBalance(db, walletOf(accountId))
  const pots = [...(await potsUsed(db, accountId))].filter(([, { bucket }]) => current.has(bucket))
  return {
    id: accountId,
    api_balance_usd: usd(api.balanceMinor),
    wallet_cny: yuan(wallet.balanceMinor),
    wallet_frozen_cny: yuan(wallet.heldMinor),
    cap_usd: capUsdMicros === null ? null : usd(capUsdMicros),
    low_balance_usd: usd(lowBalanceUsdMicros),
    used: Object.fromEntries(pots.map(([name, { bucket, used }]) => [name, { bucket, ...unitsOf(name, used) }])),
  }
}

/** Pots of money count USD micros. */
function unitsOf(name: string, used: number): { used: number } | { used_usd: string } {
  return /(?:^|:)spend$/.test(name) ? { used_usd: usd(used) } : { used }
}

function words({ id, name, products, subscriptions, live, sandbox }: Shown): string {
  const plans = PRODUCTS.map((product) => {
    const { plan, overrides, add_ons: addOns, terms } = products[product]
    return [product, plan, ...termsCells(terms), [...addOns, overridesWords(overrides)].filter(Boolean).join(' ')]
  })
  const bought = subscriptions
    .filter(({ state }) => state !== 'ended')
    .map((each) => [each.product, each.offer, each.state, `${each.price_usd} USD`, each.period_end_at])
  const boughtTable =
    bought.length === 0 ? [] : ['', table(['PRODUCT', 'SUBSCRIBED TO', 'STATE', 'A MONTH', 'UNTIL'], bought)]
  const hasCounters = [live, sandbox].some(({ used }) => Object.keys(used).length > 0)
  return [
    `Account ${id} "${name}"`,
    '',
    table(['PRODUCT', 'PLAN', 'WINDOWS', 'IN ADVANCE', 'A CALL', 'BANDWIDTH', 'ADD-ONS, OPTIONS'], plans),
    ...boughtTable,
    ...purseWords('Live', live),
    ...purseWords('Sandbox', sandbox),
    ...(hasCounters ? ['', DRAWN] : []),
  ].join('\n')
}

function purseWords(title: string, purse: Purse): string[] {
  const cap = purse.cap_usd === null ? 'no cap' : `at most ${purse.cap_usd} USD a month`
  const used = Object.entries(purse.used).map(([name, { bucket, ...units }]) => {
    return [name, String(bucket), 'used' in units ? String(units.used) : `${units.used_usd} USD`]
  })
  return [
    '',
    `${title} (${purse.id}): API balance ${purse.api_balance_usd} USD, ${cap}, news below ${purse.low_balance_usd} USD;` +
      ` wallet ${purse.wallet_cny} CNY, of it frozen ${purse.wallet_frozen_cny} CNY`,
    ...(used.length === 0 ? [] : [table(['COUNTER', 'OF', 'USED'], used)]),
  ]
}
