import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DomainError } from '../../../src/lib/errors.ts'
import { storeDemo } from '../../../src/products/catalog/catalog.ts'
import { searchProducts } from '../../../src/products/catalog/search.ts'
import { storeListing } from '../../../src/products/catalog/store.ts'
import type { Listing } from '../../../src/products/listing.ts'
import { catalogCtx } from './ctx.ts'
import { listing } from './listings.ts'

const LIVE = { catalogue: 'live' } as const

test('words are found in original and translated titles, and all must match', async (t) => {
  const ctx = await catalogCtx(t)
  const stock: (Partial<Listing> & { listingId: string })[] = [
    { listingId: '1', title: '复古蓝牙耳机', sales: 5, translations: { en: { title: 'Retro Bluetooth earphones' } } },
    { listingId: '2', title: '无线耳机', sales: 90, translations: {} },
    {
      listingId: '3',
      title: '陶瓷咖啡杯',
      sales: null,
      translations: { en: { title: 'Café cup' }, fr: { title: 'Tasse' } },
    },
    { listingId: '4', title: '帆布包', sales: 90, translations: { en: { title: 'NULL bag' } } },
    { listingId: '5', title: 'WavePhone15 手机壳', sales: 1, translations: { en: { title: "Women's case" } } },
  ]
  for (const each of stock) await storeListing(ctx, listing(each), 'shelf')
  const find = async (words: string) => {
    const { products, next } = await searchProducts(ctx, LIVE, { words, limit: 10, cursor: null })
    assert.equal(next, null)
    return products.map(({ listingId }) => listingId).join(' ')
  }

  const cases: [string, string][] = [
    ['耳机', '2 1'],
    ['蓝牙', '1'],
    ['蓝牙耳机', '1'],
    ['耳机 复古', '1'],
    ['包', '4'],
    ['杯', '3'],
    ['bluetooth', '1'],
    ['BLUETOOTH retro', '1'],
    ['耳机 bluetooth', '1'],
    ['cafe', '3'],
    ['tasse', '3'],
    ['null', '4'],
    ['wavephone', '5'],
    ['15', '5'],
    ['wavephone15', '5'],
    ['womens', '5'],
    ['women’s', '5'],
    ['women', '5'],
    ['phone15', ''],
    ['tooth', ''],
    ['蓝耳', ''],
    ['耳机 包', ''],
    [`'; select pg_sleep(9) --`, ''],
    ['x'.repeat(10_000), ''],
  ]
  for (const [words, found] of cases) assert.equal(await find(words), found, words.slice(0, 50))
})

test('pages follow each other without gap or repeat, most sales first', async (t) => {
  const ctx = await catalogCtx(t)
  for (let id = 1; id <= 23; id++) {
    await storeListing(ctx, listing({ listingId: String(id), sales: id % 4 === 0 ? null : id % 3 }), 'shelf')
  }
  const seen: { id: number; sales: number }[] = []
  const sizes: number[] = []
  let cursor: string | null = null
  do {
    const page: Awaited<ReturnType<typeof searchProducts>> = await searchProducts(ctx, LIVE, {
      words: '陶瓷',
      limit: 5,
      cursor,
    })
    sizes.push(page.products.length)
    seen.push(...page.products.map(({ id, sales }) => ({ id, sales: sales ?? 0 })))
    cursor = page.next
  } while (cursor !== null)
  assert.deepEqual(sizes, [5, 5, 5, 5, 3])
  const expected = [...seen].sort((a, b) => b.sales - a.sales || a.id - b.id)
  assert.deepEqual(seen, expected)
  assert.equal(new Set(seen.map(({ id }) => id)).size, 23)
})

test('the demo stays apart, and gives way to a live row of the same listing', async (t) => {
  const ctx = await catalogCtx(t)
  const mixed = { ...ctx, config: { ...ctx.config, demo: true } }
  await storeDemo(ctx, [
    { ...listing({ listingId: '1' }), id: 500_001 },
    { ...listing({ listingId: '2' }), id: 500_002 },
  ])
  await storeListing(ctx, listing({ listingId: '2' }), 'shelf')
  const find = async (searched: typeof ctx, catalogue: 'live' | 'demo') => {
    const page = await searchProducts(searched, { catalogue }, { words: '陶瓷', limit: 10, cursor: null })
    return page.products.map(({ id }) => id)
  }
  assert.deepEqual(await find(ctx, 'live'), [1_000_000])
  assert.deepEqual(await find(ctx, 'demo'), [500_001, 500_002])
  assert.deepEqual(await find(mixed, 'demo'), [500_001, 500_002])
  assert.deepEqual(await find(mixed, 'live'), [500_001, 1_000_000])
})

test('a search that cannot be run is refused', async (t) => {
  const ctx = await catalogCtx(t)
  const words = 'Give at least one word to search for.'
  const limit = 'limit must be a whole number from 1 to 100.'
  const cursor = 'cursor is not one that a page of results gave.'
  const cases: [{ words: string; limit: number; cursor: string | null }, string][] = [
    [{ words: '', limit: 10, cursor: null }, words],
    [{ words: ' % _ \0 ', limit: 10, cursor: null }, words],
    [{ words: 'cup', limit: 0, cursor: null }, limit],
    [{ words: 'cup', limit: 101, cursor: null }, limit],
    [{ words: 'cup', limit: 1.5, cursor: null }, limit],
    [{ words: 'cup', limit: 10, cursor: '' }, cursor],
    [{ words: 'cup', limit: 10, cursor: 'garbage' }, cursor],
    [{ words: 'cup', limit: 10, cursor: Buffer.from('1.2.3').toString('base64url') }, cursor],
    [{ words: 'cup', limit: 10, cursor: Buffer.from('9999999999999999.1').toString('base64url') }, cursor],
    [{ words: 'cup', limit: 10, cursor: 'x'.repeat(100_000) }, cursor],
  ]
  for (const [input, message] of cases) {
    await assert.rejects(searchProducts(ctx, LIVE, input), (error: unknown) => {
      assert.ok(error instanceof DomainError)
      assert.deepEqual({ code: error.code, message: error.message }, { code: 'input_invalid', message })
      return true
    })
  }
})
