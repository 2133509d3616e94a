import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DomainError } from '../../../src/lib/errors.ts'
import {
  ABSENT_MS,
  findProduct,
  FRESH_MS,
  freshForMs,
  lookUp,
  REST_MS,
  settleRefreshes,
} from '../../../src/products/catalog/catalog.ts'
import { catalogEpochs, quarantineList } from '../../../src/products/catalog/catalog.sql.ts'
import { storeDemo } from '../../../src/products/catalog/catalog.ts'
import { shardOf } from '../../../src/products/catalog/shards.ts'
import { storeListing } from '../../../src/products/catalog/store.ts'
import type { ListingRef } from '../../../src/products/listing.ts'
import { oneboundSource } from '../../../src/products/sources/onebound/onebound.ts'
import { catalogCtx, type CatalogCtx, startShelf } from './ctx.ts'
import { listing } from './listings.ts'

const LIVE = { catalogue: 'live' } as const
const DEMO = { catalogue: 'demo' } as const
const ref = (listingId: string): ListingRef => ({ marketplace: 'taobao', listingId })
const refused = (code: string, message: string) => (error: unknown) => {
  assert.ok(error instanceof DomainError, String(error))
  assert.deepEqual({ code: error.code, message: error.message }, { code, message })
  return true
}
const notFound = refused('not_found', 'Product not found')
const sourcesDown = refused('sources_down', 'No source of product data could answer. Try again in a while.')

/** Waits for refreshes without ending them for good, as `settleRefreshes` does. */
async function until(check: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    if (await check()) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  assert.fail('it never came to pass')
}

async function titleOf(ctx: CatalogCtx, listingId: string): Promise<string | undefined> {
  const { rows } = await ctx.pool.query<{ title: string }>('select title from product where listing_id = $1', [
    listingId,
  ])
  return rows[0]?.title
}

test('an unknown listing is fetched once, stored whole, and served from then on', async (t) => {
  const shelf = await startShelf(t)
  const ctx = await catalogCtx(t, {}, [shelf.source])
  const cup = listing({ listingId: '61234567', descriptionImages: ['https://pictures.example/d.jpg'] })
  shelf.says.set('61234567', cup)
  const before = await catalogEpochs(ctx.pool)

  const first = await lookUp(ctx, LIVE, ref('61234567'))
  assert.deepEqual(first, {
    ...cup,
    id: 1_000_000,
    catalogue: 'live',
    source: 'shelf',
    fetchedAt: ctx.clock.now(),
    qcCount: 0,
    qcPhotos: [],
    machineTranslations: {},
  })
  assert.deepEqual(await lookUp(ctx, LIVE, { marketplace: 'tmall', listingId: '61234567' }), first)
  assert.deepEqual(await findProduct(ctx, LIVE, 1_000_000), first)
  assert.deepEqual(shelf.calls, ['61234567'])

  const after = await catalogEpochs(ctx.pool)
  before[shardOf(cup)]! += 1
  assert.deepEqual(after, before)
})

test('a hundred look-ups at once of one unknown listing make one call', async (t) => {
  const shelf = await startShelf(t)
  const ctx = await catalogCtx(t, {}, [shelf.source])
  shelf.says.set('7', listing({ listingId: '7' }))
  shelf.says.set('9', 'down')
  const ask = (listingId: string) =>
    Promise.allSettled(Array.from({ length: 100 }, () => lookUp(ctx, LIVE, ref(listingId))))

  const found = await ask('7')
  assert.deepEqual(new Set(found.map((each) => each.status === 'fulfilled' && each.value.id)), new Set([1_000_000]))
  assert.deepEqual(shelf.calls, ['7'])

  await ask('8')
  assert.deepEqual(shelf.calls, ['7', '8'])

  shelf.hold = new Promise((resolve) => setTimeout(resolve, 300))
  const failed = await ask('9')
  for (const each of failed) assert.ok(each.status === 'rejected' && sourcesDown(each.reason))
  assert.deepEqual(shelf.calls, ['7', '8', '9'])
})

test('what every source calls absent is remembered for an hour', async (t) => {
  const shelf = await startShelf(t)
  const ctx = await catalogCtx(t, {}, [shelf.source])
  await assert.rejects(lookUp(ctx, LIVE, ref('404')), notFound)
  ctx.clock.pass(ABSENT_MS - 1)
  await assert.rejects(lookUp(ctx, LIVE, { marketplace: 'tmall', listingId: '404' }), notFound)
  assert.deepEqual(shelf.calls, ['404'])

  ctx.clock.pass(1)
  shelf.says.set('404', listing({ listingId: '404' }))
  assert.equal((await lookUp(ctx, LIVE, ref('404'))).listingId, '404')
  assert.deepEqual(shelf.calls, ['404', '404'])
  const { rows } = await ctx.pool.query('select * from product_absence')
  assert.deepEqual(rows, [])
})

test('a failure is not remembered, and an absence without sources neither', async (t) => {
  const shelf = await startShelf(t)
  const ctx = await catalogCtx(t, {}, [shelf.source])
  shelf.says.set('5', 'down')
  await assert.rejects(lookUp(ctx, LIVE, ref('5')), sourcesDown)
  shelf.says.set('5', listing({ listingId: '5' }))
  assert.equal((await lookUp(ctx, LIVE, ref('5'))).listingId, '5')

  const without = { ...ctx, sources: [] }
  await assert.rejects(lookUp(without, LIVE, ref('6')), notFound)
  shelf.says.set('6', listing({ listingId: '6' }))
  assert.equal((await lookUp(ctx, LIVE, ref('6'))).listingId, '6')
})

test('a stale product is served at once and refreshed behind, once', async (t) => {
  const shelf = await startShelf(t)
  const ctx = await catalogCtx(t, {}, [shelf.source])
  shelf.says.set('5', listing({ listingId: '5', title: '旧' }))
  const old = await lookUp(ctx, LIVE, ref('5'))
  ctx.clock.pass(FRESH_MS - 1)
  assert.equal(freshForMs(old, ctx.clock.now()), 1)
  await lookUp(ctx, LIVE, ref('5'))
  assert.equal(shelf.calls.length, 1)

  ctx.clock.pass(1)
  assert.equal(freshForMs(old, ctx.clock.now()), 0)
  shelf.says.set('5', listing({ listingId: '5', title: '新' }))
  let release = () => {}
  shelf.hold = new Promise((resolve) => (release = resolve))
  assert.deepEqual(await lookUp(ctx, LIVE, ref('5')), old)
  assert.deepEqual(await findProduct(ctx, LIVE, old.id), old)
  release()
  await settleRefreshes(ctx)
  assert.equal(shelf.calls.length, 2)
  assert.deepEqual(await findProduct(ctx, LIVE, old.id), { ...old, title: '新', fetchedAt: ctx.clock.now() })
})

test('a stale product outlives its sources, and they are not asked again at once', async (t) => {
  const shelf = await startShelf(t)
  const ctx = await catalogCtx(t, {}, [shelf.source])
  shelf.says.set('5', listing({ listingId: '5', title: '旧' }))
  await lookUp(ctx, LIVE, ref('5'))
  ctx.clock.pass(FRESH_MS)
  const ask = async (calls: number) => {
    assert.equal((await lookUp(ctx, LIVE, ref('5'))).title, '旧')
    await until(() => shelf.calls.length === calls)
    // The answer came; what it leads to is one more turn of the loop away.
    await new Promise((resolve) => setTimeout(resolve, 20))
  }

  shelf.says.set('5', 'down')
  await ask(2)
  await ask(2)
  ctx.clock.pass(REST_MS)
  shelf.says.set('5', 'absent')
  await ask(3)
  ctx.clock.pass(REST_MS)
  await ask(3)
  ctx.clock.pass(ABSENT_MS)
  shelf.says.set('5', listing({ listingId: '5', title: '新' }))
  await ask(4)
  await until(async () => (await titleOf(ctx, '5')) === '新')
})

test('a refresh that is under way at the end is waited for, and none begins after it', async (t) => {
  const shelf = await startShelf(t)
  const ctx = await catalogCtx(t, {}, [shelf.source])
  shelf.says.set('5', listing({ listingId: '5', title: '旧' }))
  await lookUp(ctx, LIVE, ref('5'))
  ctx.clock.pass(FRESH_MS)
  shelf.says.set('5', listing({ listingId: '5', title: '新' }))
  shelf.hold = new Promise((resolve) => setTimeout(resolve, 50))
  await lookUp(ctx, LIVE, ref('5'))
  await settleRefreshes(ctx)
  assert.equal(await titleOf(ctx, '5'), '新')

  ctx.clock.pass(FRESH_MS)
  await lookUp(ctx, LIVE, ref('5'))
  await settleRefreshes(ctx)
  assert.equal(shelf.calls.length, 2)
})

test('an absurd answer goes into quarantine for a week, and the stored product stays', async (t) => {
  const shelf = await startShelf(t)
  const ctx = await catalogCtx(t, {}, [shelf.source])
  const fair = listing({ listingId: '5', priceFen: 1_990, skus: [] })
  shelf.says.set('5', fair)
  const stored = await lookUp(ctx, LIVE, ref('5'))
  const epochs = await catalogEpochs(ctx.pool)
  ctx.clock.pass(FRESH_MS)
  const absurd = { ...fair, priceFen: 199_000 }
  shelf.says.set('5', absurd)
  assert.deepEqual(await lookUp(ctx, LIVE, ref('5')), stored)
  await until(async () => (await quarantineList(ctx.db, 10)).length === 1)
  const notedAt = ctx.clock.now()

  shelf.says.set('6', listing({ listingId: '6', stock: -4 }))
  ctx.clock.pass(6 * FRESH_MS)
  await assert.rejects(lookUp(ctx, LIVE, ref('6')), sourcesDown)
  assert.equal(await titleOf(ctx, '6'), undefined)
  const kept = await quarantineList(ctx.db, 10)
  assert.deepEqual(kept, [
    {
      storefront: 'taobao',
      listing_id: '6',
      source: 'shelf',
      reason: 'The stock is -4.',
      listing: listing({ listingId: '6', stock: -4 }),
      noted_at: ctx.clock.now(),
    },
    {
      storefront: 'taobao',
      listing_id: '5',
      source: 'shelf',
      reason: 'The price went from 1990 to 199000 fen.',
      listing: absurd,
      noted_at: notedAt,
    },
  ])
  assert.deepEqual(await catalogEpochs(ctx.pool), epochs)

  // What is a week old goes; the same again is not kept twice.
  ctx.clock.pass(2 * FRESH_MS)
  await assert.rejects(lookUp(ctx, LIVE, ref('6')), sourcesDown)
  assert.deepEqual(await quarantineList(ctx.db, 10), kept.slice(0, 1))
  ctx.clock.pass(6 * FRESH_MS)
  await assert.rejects(lookUp(ctx, LIVE, ref('6')), sourcesDown)
  assert.deepEqual(await quarantineList(ctx.db, 10), [{ ...kept[0]!, noted_at: ctx.clock.now() }])
})

test('an unknown listing whose answer cannot be used is left alone for a while', async (t) => {
  const shelf = await startShelf(t)
  const ctx = await catalogCtx(t, {}, [shelf.source])
  const ask = async (listingId: string, calls: number) => {
    for (let look = 0; look < 20; look++) await assert.rejects(lookUp(ctx, LIVE, ref(listingId)), sourcesDown)
    assert.equal(shelf.calls.filter((id) => id === listingId).length, calls)
  }
  const kept = async () => (await quarantineList(ctx.db, 10)).map((row) => [row.listing_id, row.reason])

  shelf.says.set('5', listing({ listingId: '5', stock: -4 }))
  await ask('5', 1)
  ctx.clock.pass(ABSENT_MS - 1)
  await ask('5', 1)
  ctx.clock.pass(1)
  await ask('5', 2)
  assert.deepEqual(await kept(), [['5', 'The stock is -4.']])
  shelf.says.set('5', listing({ listingId: '5', stock: -5 }))
  ctx.clock.pass(ABSENT_MS)
  await ask('5', 3)
  assert.deepEqual(await kept(), [
    ['5', 'The stock is -5.'],
    ['5', 'The stock is -4.'],
  ])

  shelf.says.set('6', listing({ listingId: '7' }))
  await ask('6', 1)
  ctx.clock.pass(REST_MS)
  shelf.says.set('6', listing({ listingId: '6' }))
  assert.equal((await lookUp(ctx, LIVE, ref('6'))).listingId, '6')

  // What the operator imports meanwhile is served at once.
  shelf.says.set('8', listing({ listingId: '8', stock: -4 }))
  await ask('8', 1)
  await storeListing(ctx, listing({ listingId: '8' }), 'shelf')
  assert.equal((await lookUp(ctx, LIVE, ref('8'))).listingId, '8')
})

test('a price below zero or beyond reason leaves the good one in place', async (t) => {
  const ctx = await catalogCtx(t)
  const source = oneboundSource({ url: 'https://vendor.example', key: 'k', secret: 's', lang: 'cn' })
  await storeListing(ctx, listing({ listingId: '5', priceFen: 4_100, skus: [] }), 'onebound')
  for (const price of ['-41.00', -41, '¥-41', '99999999999999', 1e300]) {
    const item = { num_iid: '5', title: '手工水杯', price }
    const answer = source.parseItem(ref('5'), 200, JSON.stringify({ item, error_code: '0000' }))
    assert.ok(answer.kind === 'found', String(price))
    assert.equal((await storeListing(ctx, answer.listing, 'onebound')).kind, 'quarantined', String(price))
  }
  const { rows } = await ctx.pool.query('select price_fen from product')
  assert.deepEqual(rows, [{ price_fen: 4_100 }])
})

test('a test-mode caller sees the demo alone, and a live one sees it when the operator wants that', async (t) => {
  const shelf = await startShelf(t)
  const ctx = await catalogCtx(t, {}, [shelf.source])
  const mixed = { ...ctx, config: { ...ctx.config, demo: true } }
  await storeDemo(ctx, [{ ...listing({ listingId: '5', title: '样品' }), id: 500_001 }])
  shelf.says.set('5', listing({ listingId: '5', title: '真品' }))
  shelf.says.set('6', listing({ listingId: '6' }))

  const demo = await lookUp(ctx, DEMO, ref('5'))
  assert.deepEqual(demo, {
    ...listing({ listingId: '5', title: '样品' }),
    id: 500_001,
    catalogue: 'demo',
    source: 'demo',
    fetchedAt: ctx.clock.now(),
    qcCount: 0,
    qcPhotos: [],
    machineTranslations: {},
  })
  assert.equal(freshForMs(demo, ctx.clock.now()), Infinity)
  await assert.rejects(lookUp(ctx, DEMO, ref('6')), notFound)
  assert.deepEqual(await lookUp(mixed, LIVE, ref('5')), demo)
  assert.deepEqual(await findProduct(mixed, LIVE, 500_001), demo)
  assert.equal(await findProduct(ctx, LIVE, 500_001), null)
  assert.deepEqual(shelf.calls, [])

  const live = await lookUp(ctx, LIVE, ref('5'))
  assert.equal(live.title, '真品')
  assert.deepEqual(await lookUp(mixed, LIVE, ref('5')), live)
  assert.deepEqual(await lookUp(mixed, DEMO, ref('5')), demo)
  assert.equal(await findProduct(ctx, DEMO, live.id), null)
  ctx.clock.pass(30 * FRESH_MS)
  await lookUp(mixed, DEMO, ref('5'))
  await settleRefreshes(ctx)
  assert.deepEqual(shelf.calls, ['5'])
})

test('what cannot be a listing or a product is not found, without a call', async (t) => {
  const shelf = await startShelf(t)
  const ctx = await catalogCtx(t, {}, [shelf.source])
  for (const id of ['', 'abc', '-1', '1 ', "1' or '1'='1", '9'.repeat(20), '0', '007', '\0', '１２']) {
    await assert.rejects(lookUp(ctx, LIVE, ref(id)), notFound, JSON.stringify(id))
    await assert.rejects(lookUp(ctx, DEMO, ref(id)), notFound, JSON.stringify(id))
  }
  for (const id of [-1, 0, 1.5, Number.NaN, Infinity, 2 ** 60, 1_000_000])
    assert.equal(await findProduct(ctx, LIVE, id), null)
  assert.deepEqual(shelf.calls, [])
})

test('text that PostgreSQL cannot hold is stored without what it cannot hold', async (t) => {
  const ctx = await catalogCtx(t)
  const odd = listing({ listingId: '5', title: 'a\0b\ud800c', description: 'x\0y\\u0000z\udc00\n"' })
  const stored = await storeListing(ctx, odd, 'shelf')
  assert.ok(stored.kind === 'stored')
  assert.deepEqual([stored.product.title, stored.product.description], ['ab\ufffdc', 'xy\\u0000z\ufffd\n"'])
})

test('many writers of overlapping products at once all finish, and every epoch counts every write', async (t) => {
  const ctx = await catalogCtx(t)
  const ids = Array.from({ length: 8 }, (_, at) => String(at + 1))
  await Promise.all(
    Array.from({ length: 5 }, (_, round) =>
      Promise.all(ids.map((id) => storeListing(ctx, listing({ listingId: id, title: `第${round}` }), 'shelf'))),
    ),
  )
  const epochs = await catalogEpochs(ctx.pool)
  assert.equal(epochs.length, 64)
  assert.equal(
    epochs.reduce((sum, each) => sum + each),
    40,
  )
  const { rows } = await ctx.pool.query('select count(*)::int as count, min(id)::int >= 1000000 as live from product')
  assert.deepEqual(rows, [{ count: 8, live: true }])
})
