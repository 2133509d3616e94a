import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { DomainError } from '../../../src/lib/errors.ts'
import { catalogEpochs } from '../../../src/products/catalog/catalog.sql.ts'
import { ABSENT_MS, FRESH_MS, lookUp, settleRefreshes } from '../../../src/products/catalog/catalog.ts'
import { importFeed } from '../../../src/products/catalog/import.ts'
import { storeListing } from '../../../src/products/catalog/store.ts'
import type { ListingRef } from '../../../src/products/listing.ts'
import { catalogCtx, type CatalogCtx, startShelf } from './ctx.ts'
import { listing } from './listings.ts'

const LIVE = { catalogue: 'live' } as const
const ref = (listingId: string): ListingRef => ({ marketplace: 'taobao', listingId })

async function until(check: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    if (await check()) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  assert.fail('it never came to pass')
}

/** Imports one listing with a title that nobody else gives it. */
async function feed(t: TestContext, ctx: CatalogCtx, listingId: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'openhaul-feed-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const path = join(folder, 'feed.jsonl')
  await writeFile(path, JSON.stringify({ marketplace: 'taobao', listing_id: listingId, title: '店家', price_fen: 100 }))
  const { stored } = await importFeed(ctx, { path })
  assert.equal(stored, 1)
}

async function storedRows(ctx: CatalogCtx): Promise<unknown[]> {
  const { rows } = await ctx.pool.query('select listing_id, title, source, price_fen from product')
  return rows
}
const FED = (listingId: string) => [{ listing_id: listingId, title: '店家', source: 'feed', price_fen: 100 }]

/** Absences that are past, of the listings 8000001 to 8000000 + `count`. */
async function noteOld(ctx: CatalogCtx, count: number): Promise<void> {
  await ctx.pool.query(
    `insert into product_absence select 'taobao', (8000000 + n)::text, $1 from generate_series(1, $2::int) n
     on conflict (storefront, listing_id) do update set noted_at = excluded.noted_at`,
    [new Date(ctx.clock.now().getTime() - ABSENT_MS), count],
  )
}

/** What a look-up comes to: the code of its refusal, or whatever else it met. */
async function outcome(looking: Promise<unknown>): Promise<unknown> {
  return looking.then(
    () => 'found',
    (error: unknown) => (error instanceof DomainError ? error.code : error),
  )
}

test('noting an absence does not wait for whoever holds an old one', async (t) => {
  const shelf = await startShelf(t)
  const ctx = await catalogCtx(t, {}, [shelf.source])
  await noteOld(ctx, 3)
  const other = await ctx.pool.connect()
  try {
    await other.query('begin')
    await other.query(`select from product_absence where listing_id = '8000002' for update`)
    assert.equal(await outcome(lookUp(ctx, LIVE, ref('7'))), 'not_found')
  } finally {
    await other.query('rollback')
    other.release()
  }
  const { rows } = await ctx.pool.query('select listing_id from product_absence order by 1')
  assert.deepEqual(rows, [{ listing_id: '7' }, { listing_id: '8000002' }])
})

test('look-ups at once of listings whose absence is past all end, and what is past goes', async (t) => {
  const shelf = await startShelf(t)
  const ctx = await catalogCtx(t, {}, [shelf.source])
  for (let round = 0; round < 10; round++) {
    ctx.clock.pass(ABSENT_MS)
    await noteOld(ctx, 1_500)
    const ids = Array.from({ length: 8 }, (_, at) => String(8_000_001 + ((at * 733) % 1_500)))
    const outcomes = await Promise.all(ids.map((id) => outcome(lookUp(ctx, LIVE, ref(id)))))
    assert.deepEqual(
      outcomes,
      ids.map(() => 'not_found'),
    )
  }
  const { rows } = await ctx.pool.query('select count(*)::int as count from product_absence')
  assert.deepEqual(rows, [{ count: 8 }])
})

test('answers at once into a quarantine full of old ones all end', async (t) => {
  const ctx = await catalogCtx(t)
  await ctx.pool.query(
    `insert into product_quarantine (storefront, listing_id, source, reason, listing, noted_at)
     select 'taobao', n::text, 'shelf', 'x', '{}', $1 from generate_series(1, 3) n`,
    [new Date(0)],
  )
  const other = await ctx.pool.connect()
  try {
    await other.query('begin')
    await other.query(`select from product_quarantine where listing_id = '2' for update`)
    const stored = await storeListing(ctx, listing({ listingId: '9', stock: -1 }), 'shelf')
    assert.deepEqual(stored, { kind: 'quarantined', reason: 'The stock is -1.' })
  } finally {
    await other.query('rollback')
    other.release()
  }
  const { rows } = await ctx.pool.query('select listing_id from product_quarantine order by 1')
  assert.deepEqual(rows, [{ listing_id: '2' }, { listing_id: '9' }])
})

test('a feed that is imported while an unknown listing is asked for stands', async (t) => {
  const shelf = await startShelf(t)
  const ctx = await catalogCtx(t, {}, [shelf.source])
  // Also when what the source says is absurd beside it.
  for (const [listingId, priceFen] of [
    ['5', 110],
    ['6', 900_000],
  ] as const) {
    shelf.says.set(listingId, listing({ listingId, priceFen, skus: [] }))
    let answer = () => {}
    shelf.hold = new Promise((resolve) => (answer = resolve))
    const looking = lookUp(ctx, LIVE, ref(listingId))
    await until(() => shelf.calls.includes(listingId))
    await feed(t, ctx, listingId)
    const epochs = await catalogEpochs(ctx.pool)
    answer()
    const { title, source, priceFen: answered } = await looking
    assert.deepEqual({ title, source, answered }, { title: '店家', source: 'feed', answered: 100 })
    assert.deepEqual(await storedRows(ctx), FED(listingId))
    assert.deepEqual(await catalogEpochs(ctx.pool), epochs)
    await ctx.pool.query('delete from product')
  }
  const { rows } = await ctx.pool.query('select from product_quarantine')
  assert.deepEqual(rows, [])
})

test('a feed that is imported while a stale product is refreshed stands', async (t) => {
  const shelf = await startShelf(t)
  const ctx = await catalogCtx(t, {}, [shelf.source])
  shelf.says.set('5', listing({ listingId: '5', title: '旧' }))
  await lookUp(ctx, LIVE, ref('5'))
  ctx.clock.pass(FRESH_MS)
  shelf.says.set('5', listing({ listingId: '5', title: '新' }))
  let answer = () => {}
  shelf.hold = new Promise((resolve) => (answer = resolve))
  await lookUp(ctx, LIVE, ref('5'))
  await until(() => shelf.calls.length === 2)
  await feed(t, ctx, '5')
  answer()
  await settleRefreshes(ctx)
  assert.deepEqual(await storedRows(ctx), FED('5'))
})

test('a feed that commits between the look at the row and the write of it stands', async (t) => {
  const ctx = await catalogCtx(t)
  const importing = await ctx.pool.connect()
  try {
    await importing.query('begin')
    await importing.query(
      `insert into product (catalogue, marketplace, listing_id, title, price_fen, details, source, fetched_at,
         content_digest)
       select 'live', 'taobao', '5', '店家', 100, '{}', 'feed', now(), ''`,
    )
    const storing = storeListing(ctx, listing({ listingId: '5' }), 'shelf')
    // The row is not to be seen yet, and its place is taken: the write waits.
    await until(async () => {
      const { rows } = await ctx.pool.query(
        `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      )
      return rows.length === 1
    })
    await importing.query('commit')
    const stored = await storing
    assert.ok(stored.kind === 'stored')
    assert.deepEqual([stored.product.title, stored.product.source], ['店家', 'feed'])
  } finally {
    importing.release()
  }
  assert.deepEqual(await storedRows(ctx), FED('5'))
})
