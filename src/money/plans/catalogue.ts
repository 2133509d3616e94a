/** What each product is sold as. An account may stand on any of these: a row is added, or changed, but never removed. */

export const PRODUCTS = ['qc', 'sourcing', 'item', 'risk', 'agent'] as const
export type Product = (typeof PRODUCTS)[number]

export const FEATURES = ['batch_and_images'] as const
export type Feature = (typeof FEATURES)[number]

/** The most that may be asked in a second and in a minute; null: as often as they like. */
export type Windows = { perSecond: number | null; perMinute: number | null }
/** Units paid for in advance, each UTC day or month anew. */
export type Pot = { name: string; period: 'day' | 'month'; limit: number }
/** Response bytes of a UTC month; what goes over is billed by the GB (10^9 bytes). */
export type Bytes = { included: number; gbPriceUsdMicros: number }

export type Plan = {
  product: Product
  id: string
  name: string
  /** Of a month; 0: free; null: not on sale, staff give it. */
  priceUsdMicros: number | null
  windows: Windows
  /** Unpriced units of a UTC month; a null limit is unlimited. Null: the product counts none. */
  quota: { name: 'qc.month'; limit: number | null } | null
  pot: Pot | null
  /** Of a call that no pot pays; 0: calls have no price; null: such a call is refused. */
  callPriceUsdMicros: number | null
  bytes: Bytes | null
  features: readonly Feature[]
}

/** Bought on top of any plan of its product, once. */
export type AddOn = {
  product: Product
  id: string
  name: string
  /** Of a month. */
  priceUsdMicros: number
  /** Requests a second more. */
  perSecond: number
  /** Response bytes of a UTC month more. */
  bytes: number
}

const USD = 1_000_000
const GB = 1_000_000_000

/** What a plan has unless it says otherwise: no limit, no price, nothing extra. */
const PLAIN = {
  windows: { perSecond: null, perMinute: null },
  quota: null,
  pot: null,
  callPriceUsdMicros: 0,
  bytes: null,
  features: [],
} as const satisfies Partial<Plan>

function qcPlan(id: string, name: string, perMinute: number | null, perMonth: number | null): Plan {
  const quota = { name: 'qc.month', limit: perMonth } as const
  return { ...PLAIN, product: 'qc', id, name, priceUsdMicros: null, windows: { perSecond: null, perMinute }, quota }
}

function sourcingPlan(id: string, name: string, priceUsdMicros: number, perMinute: number, perMonth: number): Plan {
  const pot = { name: 'sourcing.month', period: 'month', limit: perMonth } as const
  const windows = { perSecond: null, perMinute }
  return { ...PLAIN, product: 'sourcing', id, name, priceUsdMicros, windows, pot, callPriceUsdMicros: null }
}

/** Requests a second of item and of risk, each. */
const WINDOWS_2_RPS: Windows = { perSecond: 2, perMinute: null }

function itemPlan(id: string, name: string, priceUsdMicros: number | null, pot: Pot | null, gbIncluded: number): Plan {
  const bytes = { included: gbIncluded * GB, gbPriceUsdMicros: 0.2 * USD }
  const windows = WINDOWS_2_RPS
  return { ...PLAIN, product: 'item', id, name, priceUsdMicros, windows, pot, callPriceUsdMicros: 0.004 * USD, bytes }
}

function itemDay(limit: number): Pot {
  return { name: 'item.day', period: 'day', limit }
}

function riskPlan(
  id: string,
  name: string,
  priceUsdMicros: number | null,
  perMonth: number | null,
  callPriceUsdMicros: number,
): Plan {
  const pot = perMonth === null ? null : ({ name: 'risk.month', period: 'month', limit: perMonth } as const)
  const windows = WINDOWS_2_RPS
  return { ...PLAIN, product: 'risk', id, name, priceUsdMicros, windows, pot, callPriceUsdMicros }
}

/** In the order in which they are shown. The limits of `custom` come from the account's overrides. */
export const PLANS: readonly Plan[] = [
  qcPlan('basic', 'Basic', 30, 1_000),
  qcPlan('early_adopter', 'Early Adopter', 40, 3_000),
  qcPlan('pro', 'Pro', 300, 25_000),
  { ...qcPlan('pro_plus', 'Pro+', 1_000, 500_000), features: ['batch_and_images'] },
  { ...qcPlan('custom', 'Custom', null, null), features: ['batch_and_images'] },

  sourcingPlan('free', 'Free', 0, 5, 100),
  sourcingPlan('hobby', 'Hobby', 30 * USD, 20, 1_000),
  sourcingPlan('developer', 'Developer', 100 * USD, 250, 5_000),
  { ...PLAIN, product: 'sourcing', id: 'custom', name: 'Custom', priceUsdMicros: null, callPriceUsdMicros: null },

  itemPlan('payg', 'Pay as you go', 0, { name: 'item.trial', period: 'month', limit: 10 }, 5),
  itemPlan('starter', 'Starter', 19 * USD, itemDay(1_000), 5),
  itemPlan('growth', 'Growth', 79 * USD, itemDay(5_000), 25),
  itemPlan('scale', 'Scale', 299 * USD, itemDay(25_000), 150),
  itemPlan('custom', 'Custom', null, null, 5),

  riskPlan('payg', 'Pay as you go', 0, null, 0.03 * USD),
  riskPlan('risk_shield', 'Risk Shield', 19 * USD, 500, 0.02 * USD),
  riskPlan('risk_shield_pro', 'Risk Shield Pro', 49 * USD, 2_000, 0.015 * USD),
  riskPlan('custom', 'Custom', null, null, 0.03 * USD),

  {
    ...PLAIN,
    product: 'agent',
    id: 'default',
    name: 'Default',
    priceUsdMicros: 0,
    windows: { perSecond: null, perMinute: 300 },
  },
  { ...PLAIN, product: 'agent', id: 'custom', name: 'Custom', priceUsdMicros: null },
]

export const ADD_ONS: readonly AddOn[] = [
  { product: 'item', id: 'high_speed', name: 'High Speed', priceUsdMicros: 15 * USD, perSecond: 10, bytes: 0 },
  {
    product: 'item',
    id: 'extra_bandwidth',
    name: 'Extra Bandwidth',
    priceUsdMicros: 8 * USD,
    perSecond: 0,
    bytes: 50 * GB,
  },
]

/** Where a new account starts, and what it falls back to when a subscription ends. */
export const FIRST_PLANS: Readonly<Record<Product, string>> = {
  qc: 'basic',
  sourcing: 'free',
  item: 'payg',
  risk: 'payg',
  agent: 'default',
}
/** The most that is on sale, for the demo account. */
export const HIGHEST_PLANS: Readonly<Record<Product, string>> = {
  qc: 'pro_plus',
  sourcing: 'developer',
  item: 'scale',
  risk: 'risk_shield_pro',
  agent: 'default',
}

export function findPlan(product: Product, id: string): Plan | null {
  return PLANS.find((each) => each.product === product && each.id === id) ?? null
}

export function findAddOn(product: Product, id: string): AddOn | null {
  return ADD_ONS.find((each) => each.product === product && each.id === id) ?? null
}

/** One value for each product. */
export function byProduct<T>(value: (product: Product) => T): Record<Product, T> {
  return {
    qc: value('qc'),
    sourcing: value('sourcing'),
    item: value('item'),
    risk: value('risk'),
    agent: value('agent'),
  }
}
