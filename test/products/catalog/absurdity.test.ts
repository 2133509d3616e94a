import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findAbsurdity } from '../../../src/products/catalog/absurdity.ts'
import type { Listing } from '../../../src/products/listing.ts'
import { listing } from './listings.ts'

const before = listing({ listingId: '1' })
const sku = before.skus[0]!

test('an impossible answer is told in a sentence', () => {
  const cases: [Partial<Listing>, string | null][] = [
    [{}, null],
    [{ priceFen: null, stock: null, sales: null, weightGrams: null, sizeCm3: null }, null],
    [{ priceFen: -1 }, 'The price in fen is -1.'],
    [{ priceFen: 19.9 }, 'The price in fen is 19.9.'],
    [{ priceFen: Number.NaN }, 'The price in fen is NaN.'],
    [{ priceFen: 1_000_000_001 }, 'The price in fen is 1000000001.'],
    [{ originalPriceFen: -5 }, 'The original price in fen is -5.'],
    [{ stock: -1 }, 'The stock is -1.'],
    [{ stock: 2e9 }, 'The stock is 2000000000.'],
    [{ sales: -3 }, 'The sales is -3.'],
    [{ weightGrams: 256.11 }, null],
    [{ weightGrams: -0.5 }, 'The weight in grams is -0.5.'],
    [{ weightGrams: 1e9 }, 'The weight in grams is 1000000000.'],
    [{ sizeCm3: Infinity }, 'The size in cm³ is Infinity.'],
    [{ title: ' \0 ' }, 'The title is empty.'],
    [{ title: '长'.repeat(2_001) }, 'The title has 2001 characters.'],
    [{ priceRanges: [{ minQuantity: 2, priceFen: -1 }] }, 'The wholesale price in fen is -1.'],
    [{ skus: [{ ...sku, stock: -1 }] }, 'The stock of sku 501 is -1.'],
    [{ skus: [{ ...sku, priceFen: -1 }] }, 'The price in fen of sku 501 is -1.'],
    [{ skus: Array.from({ length: 5_001 }, () => sku) }, 'There are 5001 skus.'],
  ]
  for (const [change, expected] of cases) {
    assert.equal(findAbsurdity(null, { ...before, ...change }), expected, JSON.stringify(change).slice(0, 100))
  }
})

test('a price that jumps as units do is absurd, and one that moves is not', () => {
  const cases: [number | null, number | null, string | null][] = [
    [1_990, 199_000, 'The price went from 1990 to 199000 fen.'],
    [199_000, 1_990, 'The price went from 199000 to 1990 fen.'],
    [1_990, 0, 'The price went from 1990 to 0 fen.'],
    [1_990, 159_199, null],
    [1_990, 159_200, 'The price went from 1990 to 159200 fen.'],
    [1_990, 995, null],
    [0, 1_990, null],
    [null, 1_990, null],
    [1_990, null, null],
  ]
  for (const [was, is, expected] of cases) {
    const [old, fresh] = [was, is].map((priceFen) => listing({ listingId: '1', priceFen, skus: [] }))
    assert.equal(findAbsurdity(old!, fresh!), expected, `${was} to ${is}`)
  }
  const dearer = { ...before, skus: [sku, { ...before.skus[1]!, priceFen: 219_000 }] }
  assert.equal(findAbsurdity(before, dearer), 'The price of sku 502 went from 2190 to 219000 fen.')
})
