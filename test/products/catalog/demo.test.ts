import assert from 'node:assert/strict'
import { test } from 'node:test'
import { catalogEpochs } from '../../../src/products/catalog/catalog.sql.ts'
import { lookUp, storeDemo } from '../../../src/products/catalog/catalog.ts'
import { shardOf } from '../../../src/products/catalog/shards.ts'
import { catalogCtx } from './ctx.ts'
import { listing } from './listings.ts'

const DEMO = { catalogue: 'demo' } as const
const demo = (at: number, change: Partial<ReturnType<typeof listing>> = {}) => ({
  ...listing({ listingId: String(7_000 + at), marketplace: 'weidian', ...change }),
  id: 500_000 + at,
})

test('the demo is written once, then only where it differs', async (t) => {
  const ctx = await catalogCtx(t)
  const listings = Array.from({ length: 200 }, (_, at) => demo(at))
  await storeDemo(ctx, listings)
  const written = async () => {
    const { rows } = await ctx.pool.query<{ id: string; row: string }>(
      'select id::text, xmin::text as row from product order by id',
    )
    return new Map(rows.map(({ id, row }) => [Number(id), row]))
  }
  const first = await written()
  assert.equal(first.size, 200)
  const epochs = await catalogEpochs(ctx.pool)

  await storeDemo(ctx, listings)
  assert.deepEqual(await written(), first)
  assert.deepEqual(await catalogEpochs(ctx.pool), epochs)

  const changed = listings.map((each, at) => (at === 3 ? demo(3, { title: '另一个' }) : each)).slice(0, 199)
  await storeDemo(ctx, changed)
  const second = await written()
  assert.deepEqual(
    [...first.keys()].filter((id) => second.get(id) !== first.get(id)),
    [500_003, 500_199],
  )
  for (const shard of new Set([demo(3), demo(199)].map(shardOf))) epochs[shard]! += 1
  assert.deepEqual(await catalogEpochs(ctx.pool), epochs)

  const product = await lookUp(ctx, DEMO, { marketplace: 'weidian', listingId: '7003' })
  assert.deepEqual(product, {
    ...demo(3, { title: '另一个' }),
    catalogue: 'demo',
    source: 'demo',
    fetchedAt: ctx.clock.now(),
    machineTranslations: {},
    qcCount: 0,
    qcPhotos: [],
  })
})

test('listings may trade their ids between two versions of the demo', async (t) => {
  const ctx = await catalogCtx(t)
  await storeDemo(ctx, [demo(1), demo(2)])
  await storeDemo(ctx, [
    { ...demo(1), id: demo(2).id },
    { ...demo(2), id: demo(1).id },
  ])
  const { rows } = await ctx.pool.query('select id::int, listing_id from product order by id')
  assert.deepEqual(rows, [
    { id: 500_001, listing_id: '7002' },
    { id: 500_002, listing_id: '7001' },
  ])
})
