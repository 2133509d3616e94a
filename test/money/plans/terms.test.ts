import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OperatorError } from '../../../src/lib/errors.ts'
import { ADD_ONS, FIRST_PLANS, findPlan, HIGHEST_PLANS, PLANS, PRODUCTS } from '../../../src/money/plans/catalogue.ts'
import { parseOverrides } from '../../../src/money/plans/overrides.ts'
import { resolveTerms, type Terms } from '../../../src/money/plans/terms.ts'

const FREE = { quota: null, pot: null, priceUsdMicros: 0, bytes: null, features: new Set<never>() }

function qc(
  plan: string,
  perMinute: number | null,
  perMonth: number | null,
  features: 'batch_and_images'[] = [],
): Terms {
  const windows = { perSecond: null, perMinute }
  const quota = { name: 'qc.month', limit: perMonth } as const
  return { ...FREE, product: 'qc', plan, windows, quota, features: new Set(features) }
}

function sourcing(plan: string, perMinute: number | null, perMonth: number | null): Terms {
  const pot = perMonth === null ? null : ({ name: 'sourcing.month', period: 'month', limit: perMonth } as const)
  return { ...FREE, product: 'sourcing', plan, windows: { perSecond: null, perMinute }, pot, priceUsdMicros: null }
}

function item(plan: string, pot: [name: string, limit: number] | null, bytesIncluded: number): Terms {
  return {
    ...FREE,
    product: 'item',
    plan,
    windows: { perSecond: 2, perMinute: null },
    pot: pot && { name: pot[0], period: pot[0] === 'item.day' ? 'day' : 'month', limit: pot[1] },
    priceUsdMicros: 4_000,
    bytes: { included: bytesIncluded, gbPriceUsdMicros: 200_000 },
  }
}

function risk(plan: string, perMonth: number | null, priceUsdMicros: number): Terms {
  const pot = perMonth === null ? null : ({ name: 'risk.month', period: 'month', limit: perMonth } as const)
  return { ...FREE, product: 'risk', plan, windows: { perSecond: 2, perMinute: null }, pot, priceUsdMicros }
}

function agent(plan: string, perMinute: number | null): Terms {
  return { ...FREE, product: 'agent', plan, windows: { perSecond: null, perMinute } }
}

/** Every row of the catalogue with its monthly price in USD; null: not on sale. */
const ROWS: [priceUsd: number | null, terms: Terms][] = [
  [null, qc('basic', 30, 1_000)],
  [null, qc('early_adopter', 40, 3_000)],
  [null, qc('pro', 300, 25_000)],
  [null, qc('pro_plus', 1_000, 500_000, ['batch_and_images'])],
  [null, qc('custom', null, null, ['batch_and_images'])],
  [0, sourcing('free', 5, 100)],
  [30, sourcing('hobby', 20, 1_000)],
  [100, sourcing('developer', 250, 5_000)],
  [null, sourcing('custom', null, null)],
  [0, item('payg', ['item.trial', 10], 5_000_000_000)],
  [19, item('starter', ['item.day', 1_000], 5_000_000_000)],
  [79, item('growth', ['item.day', 5_000], 25_000_000_000)],
  [299, item('scale', ['item.day', 25_000], 150_000_000_000)],
  [null, item('custom', null, 5_000_000_000)],
  [0, risk('payg', null, 30_000)],
  [19, risk('risk_shield', 500, 20_000)],
  [49, risk('risk_shield_pro', 2_000, 15_000)],
  [null, risk('custom', null, 30_000)],
  [0, agent('default', 300)],
  [null, agent('custom', null)],
]

test('the catalogue has these rows and no others, in this order', () => {
  assert.deepEqual(
    PLANS.map(({ product, id, priceUsdMicros }) => [product, id, priceUsdMicros]),
    ROWS.map(([priceUsd, { product, plan }]) => [product, plan, priceUsd === null ? null : priceUsd * 1_000_000]),
  )
  assert.deepEqual(
    ADD_ONS.map(({ name: _name, ...rest }) => rest),
    [
      { product: 'item', id: 'high_speed', priceUsdMicros: 15_000_000, perSecond: 10, bytes: 0 },
      { product: 'item', id: 'extra_bandwidth', priceUsdMicros: 8_000_000, perSecond: 0, bytes: 50_000_000_000 },
    ],
  )
})

for (const [, terms] of ROWS) {
  test(`terms of ${terms.product} ${terms.plan}`, () => {
    assert.deepEqual(resolveTerms(terms.product, { plan: terms.plan, overrides: {}, addOns: [] }), terms)
  })
}

test('the first and the highest plans are in the catalogue, and money is whole', () => {
  for (const product of PRODUCTS) {
    assert.ok(findPlan(product, FIRST_PLANS[product]))
    assert.ok(findPlan(product, HIGHEST_PLANS[product]))
  }
  const money = PLANS.flatMap((plan) => [
    plan.priceUsdMicros,
    plan.callPriceUsdMicros,
    plan.bytes?.gbPriceUsdMicros ?? 0,
  ])
  assert.deepEqual(
    money.filter((each) => each !== null && !Number.isSafeInteger(each)),
    [],
  )
  assert.equal(findPlan('qc', 'payg'), null)
})

test('add-ons come on top of the plan, and of what differs from it', () => {
  const addOns = ['high_speed', 'extra_bandwidth']
  assert.deepEqual(resolveTerms('item', { plan: 'growth', overrides: {}, addOns }), {
    ...item('growth', ['item.day', 5_000], 75_000_000_000),
    windows: { perSecond: 12, perMinute: null },
  })
  const overrides = { perSecond: 20, bytesIncluded: 0 }
  assert.deepEqual(resolveTerms('item', { plan: 'growth', overrides, addOns }), {
    ...item('growth', ['item.day', 5_000], 50_000_000_000),
    windows: { perSecond: 30, perMinute: null },
  })
  const unlimited = resolveTerms('item', { plan: 'growth', overrides: { perSecond: null }, addOns })
  assert.equal(unlimited.windows.perSecond, null)
})

test('what is different for one account holds instead of the plan', () => {
  const custom = (product: Terms['product'], plan: string, overrides: object) =>
    resolveTerms(product, { plan, overrides: parseOverrides(product, overrides), addOns: [] })
  assert.deepEqual(
    custom('qc', 'custom', { perMinute: 5_000, perMonth: 9_000_000, features: [] }),
    qc('custom', 5_000, 9_000_000),
  )
  assert.deepEqual(custom('qc', 'basic', { perMonth: null, perMinute: null }), qc('basic', null, null))
  assert.deepEqual(custom('sourcing', 'custom', { perMonth: 20_000, perMinute: 400 }), sourcing('custom', 400, 20_000))
  assert.deepEqual(custom('sourcing', 'free', { perMonth: 0 }), sourcing('free', 5, null))
  assert.deepEqual(
    custom('item', 'custom', { perDay: 100_000, perSecond: 50, priceUsdMicros: null, bytesIncluded: 1 }),
    {
      ...item('custom', ['item.day', 100_000], 1),
      windows: { perSecond: 50, perMinute: null },
      priceUsdMicros: null,
    },
  )
  assert.deepEqual(custom('item', 'payg', { perDay: 3 }), item('payg', ['item.day', 3], 5_000_000_000))
  assert.deepEqual(custom('item', 'payg', { perMonth: 3 }), item('payg', ['item.trial', 3], 5_000_000_000))
  assert.deepEqual(custom('item', 'payg', { perMonth: 0 }), item('payg', null, 5_000_000_000))
  assert.deepEqual(custom('item', 'payg', { perDay: 0 }), item('payg', null, 5_000_000_000))
  assert.deepEqual(custom('risk', 'custom', { perMonth: 7, priceUsdMicros: 1 }), risk('custom', 7, 1))
  assert.deepEqual(custom('agent', 'custom', { perMinute: 900 }), agent('custom', 900))
})

test('overrides that a product cannot have are refused in words', () => {
  const refused: [product: Terms['product'], value: unknown, message: RegExp][] = [
    ['qc', null, /are an object/],
    ['qc', [], /are an object/],
    ['qc', { perDay: 1 }, /^"perDay" cannot be set on qc; it has perSecond, perMinute, perMonth, features\.$/],
    ['qc', { priceUsdMicros: 1 }, /cannot be set on qc/],
    ['qc', { features: ['teleport'] }, /^features of qc must be a list out of: batch_and_images\.$/],
    ['qc', { features: 'batch_and_images' }, /must be a list/],
    ['qc', { perMinute: 0 }, /^perMinute of qc must be a whole number from 1, or null\.$/],
    ['qc', { perMinute: 1.5 }, /must be a whole number/],
    ['qc', { perMinute: '60' }, /must be a whole number/],
    ['qc', { constructor: 1 }, /cannot be set/],
    ['sourcing', { perMonth: null }, /^perMonth of sourcing must be a whole number from 0\.$/],
    ['sourcing', { priceUsdMicros: 1 }, /cannot be set on sourcing/],
    ['item', { perDay: null }, /must be a whole number from 0\.$/],
    ['item', { perDay: -1 }, /must be a whole number from 0\.$/],
    ['item', { priceUsdMicros: 0 }, /must be a whole number from 1, or null\.$/],
    ['item', { bytesIncluded: 2 ** 53 }, /must be a whole number/],
    ['risk', { perDay: 1 }, /cannot be set on risk/],
    ['agent', { perMonth: 1 }, /cannot be set on agent/],
  ]
  for (const [product, value, message] of refused) {
    const fails = () => parseOverrides(product, value)
    assert.throws(
      fails,
      (error) => error instanceof OperatorError && message.test(error.message),
      JSON.stringify(value),
    )
  }
})
