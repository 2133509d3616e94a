import assert from 'node:assert/strict'
import { test } from 'node:test'
import { overridesWords, showOverrides, showTerms, termsCells, termsWords } from '../../src/commands/terms.ts'
import type { Product } from '../../src/money/plans/catalogue.ts'
import type { Overrides } from '../../src/money/plans/overrides.ts'
import { resolveTerms } from '../../src/money/plans/terms.ts'

const shown = (product: Product, plan: string, overrides: Overrides = {}) =>
  showTerms(resolveTerms(product, { plan, overrides, addOns: [] }))

const rows: { product: Product; plan: string; overrides?: Overrides; words: string; cells: string[] }[] = [
  {
    product: 'qc',
    plan: 'basic',
    words: '30 calls a minute; 1000 calls a month, none beyond',
    cells: ['30/min', '1000 a month', 'refused beyond', ''],
  },
  {
    product: 'qc',
    plan: 'custom',
    words: 'no limits; with batch_and_images',
    cells: ['unlimited', 'unlimited a month', '', ''],
  },
  {
    product: 'qc',
    plan: 'custom',
    overrides: { perMonth: 0, features: [] },
    words: 'no limit of a second or a minute; 0 calls a month, none beyond',
    cells: ['unlimited', '0 a month', 'refused beyond', ''],
  },
  {
    product: 'sourcing',
    plan: 'hobby',
    words: '20 calls a minute; 1000 calls a month in advance, none beyond',
    cells: ['20/min', '1000 a month', 'refused beyond', ''],
  },
  {
    product: 'item',
    plan: 'payg',
    words: '2 calls a second; 10 calls a month on trial, then 0.004 USD each; 5 GB a month, then 0.20 USD each',
    cells: ['2/s', '10 a month', '0.004 USD', '5 GB, then 0.20 USD each'],
  },
  {
    product: 'item',
    plan: 'custom',
    overrides: { perSecond: null, perMinute: 90, bytesIncluded: 0 },
    words: '90 calls a minute; 0.004 USD a call; 0 GB a month, then 0.20 USD each',
    cells: ['90/min', '', '0.004 USD', '0 GB, then 0.20 USD each'],
  },
  {
    product: 'risk',
    plan: 'risk_shield',
    overrides: { priceUsdMicros: null },
    words: '2 calls a second; 500 calls a month in advance, none beyond',
    cells: ['2/s', '500 a month', 'refused beyond', ''],
  },
  { product: 'agent', plan: 'custom', words: 'no limits', cells: ['unlimited', '', '', ''] },
]
for (const { product, plan, overrides = {}, words, cells } of rows) {
  test(`terms of ${plan} of ${product} ${JSON.stringify(overrides)}`, () => {
    const terms = shown(product, plan, overrides)
    assert.deepEqual([termsWords(terms), termsCells(terms)], [words, cells])
  })
}

test('the price of a call is null where /pricing has null: calls without one, and calls that money does not buy', () => {
  const prices = [shown('qc', 'pro'), shown('sourcing', 'free'), shown('agent', 'default'), shown('risk', 'payg')]
  assert.deepEqual(
    prices.map(({ call_usd }) => call_usd),
    [null, null, null, '0.03'],
  )
})

test('overrides are told as the options that set them', () => {
  const overrides: Overrides = {
    perSecond: null,
    perMinute: 60,
    perDay: 0,
    perMonth: null,
    priceUsdMicros: 1_500,
    bytesIncluded: 2_000_000_000,
    features: ['batch_and_images'],
  }
  const told = showOverrides(overrides)
  assert.deepEqual(told, {
    per_second: null,
    per_minute: 60,
    per_day: 0,
    per_month: null,
    price_usd: '0.0015',
    gb_included: 2,
    features: ['batch_and_images'],
  })
  assert.equal(
    overridesWords(told),
    '--per-second unlimited --per-minute 60 --per-day 0 --per-month unlimited --price-usd 0.0015 --gb-included 2 ' +
      '--features batch_and_images',
  )
  assert.equal(overridesWords(showOverrides({ priceUsdMicros: null })), '--price-usd none')
  assert.equal(overridesWords(showOverrides({})), '')
})
