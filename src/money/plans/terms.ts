import { strict as assert } from 'node:assert'
import {
  findAddOn,
  findPlan,
  type AddOn,
  type Bytes,
  type Feature,
  type Plan,
  type Pot,
  type Product,
  type Windows,
} from './catalogue.ts'
import type { Overrides } from './overrides.ts'

/** What an account may do with a product and what that costs: its plan, its overrides and its add-ons in one. */
export type Terms = {
  product: Product
  plan: string
  windows: Windows
  /** Unpriced units of a UTC month (qc); a null limit is unlimited. Null: the product counts none. */
  quota: Plan['quota']
  /** Paid for in advance: item.day, item.trial, sourcing.month, risk.month. */
  pot: Pot | null
  /** Of a call that no pot pays; 0: calls have no price; null: such a call is refused. */
  priceUsdMicros: number | null
  bytes: Bytes | null
  features: ReadonlySet<Feature>
}

export type Standing = { plan: string; overrides: Overrides; addOns: readonly string[] }

/** Puts together what holds for an account. The plan, overrides and add-ons must be known to the product. */
export function resolveTerms(product: Product, { plan: id, overrides, addOns }: Standing): Terms {
  const plan = findPlan(product, id)
  assert(plan, `the catalogue has no plan ${id} of ${product}`)
  const bought = addOns.map((addOn) => {
    const found = findAddOn(product, addOn)
    assert(found, `the catalogue has no add-on ${addOn} of ${product}`)
    return found
  })
  const { perSecond = plan.windows.perSecond, perMinute = plan.windows.perMinute } = overrides
  const { priceUsdMicros = plan.callPriceUsdMicros, perMonth } = overrides
  return {
    product,
    plan: id,
    windows: { perSecond: perSecond && perSecond + sum(bought, 'perSecond'), perMinute },
    quota: plan.quota && perMonth !== undefined ? { ...plan.quota, limit: perMonth } : plan.quota,
    pot: resolvePot(product, plan, overrides),
    priceUsdMicros,
    bytes: plan.bytes && {
      ...plan.bytes,
      included: (overrides.bytesIncluded ?? plan.bytes.included) + sum(bought, 'bytes'),
    },
    features: new Set(overrides.features ?? plan.features),
  }
}

/** A pot of none is no pot: then every call is one that no pot pays. */
function resolvePot(product: Product, plan: Plan, { perDay, perMonth }: Overrides): Pot | null {
  if (perDay !== undefined) return perDay === 0 ? null : { name: `${product}.day`, period: 'day', limit: perDay }
  // What qc counts in a month has no price, and is its quota.
  if (perMonth === undefined || product === 'qc') return plan.pot
  if (perMonth === null || perMonth === 0) return null
  return { name: product === 'item' ? 'item.trial' : `${product}.month`, period: 'month', limit: perMonth }
}

function sum(addOns: readonly AddOn[], what: 'perSecond' | 'bytes'): number {
  return addOns.reduce((total, addOn) => total + addOn[what], 0)
}
