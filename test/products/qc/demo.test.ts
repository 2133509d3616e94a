import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import type { Ctx } from '../../../src/ctx.ts'
import { findProduct, storeDemo } from '../../../src/products/catalog/catalog.ts'
import { storeDemoQc, type DemoGallery } from '../../../src/products/qc/demo.ts'
import { galleryOf, removeQcSet } from '../../../src/products/qc/qc.ts'
import { testCtx } from '../../app.ts'
import { listing } from '../catalog/listings.ts'

const DEMO = { catalogue: 'demo' } as const
const product = (at: number) => ({ ...listing({ listingId: String(7_000 + at) }), id: 700_000 + at })
const photo = (name: string) => `/media/demo/v2/qc-${name}.webp`

function gallery(at: number, sets: string[][]): DemoGallery {
  const { id, marketplace, listingId } = product(at)
  const facts = { skuId: '501', source: 'warehouse', weightGrams: 250, sizeMm: [90, 80, 70], isPublic: true } as const
  return {
    id,
    marketplace,
    listingId,
    sets: sets.map((names, each) => ({
      ...facts,
      takenAt: new Date(Date.UTC(2026, 0, 20 - each)),
      photos: names.map((name) => ({ path: photo(name), phash: null })),
    })),
  }
}

/** Which rows there are, and which write they are from. */
async function written(ctx: Ctx): Promise<string[]> {
  const { rows } = await sql<{ row: string }>`
    select 'set ' || id || ' ' || xmin as row from qc_set
    union all select 'photo ' || id || ' ' || xmin from qc_photo
    union all select 'product ' || id || ' ' || xmin from product
    union all select 'picture ' || id || ' ' || xmin from search_picture
    union all select 'shard ' || shard || ' ' || value from catalog_epoch
    order by 1`.execute(ctx.db)
  return rows.map(({ row }) => row)
}

async function toldOf(ctx: Ctx, id: number) {
  const { qcCount, qcPhotos } = (await findProduct(ctx, DEMO, id))!
  const sets = (await galleryOf(ctx.db, id)).map(({ paths }) => paths)
  return { qcCount, qcPhotos, sets }
}

test('the sets of the demo are written once, then only where they differ, by however many nodes start', async (t) => {
  const ctx = await testCtx(t)
  const other = await testCtx(t)
  await storeDemo(ctx, [product(1), product(2), product(3)])
  const first = [
    gallery(1, [
      ['a', 'b', 'c', 'd'],
      ['e', 'f'],
    ]),
    gallery(2, [['g']]),
    gallery(3, []),
  ]
  await Promise.all([storeDemoQc(ctx, first), storeDemoQc(other, first), storeDemoQc(ctx, first)])
  const sets = [['a', 'b', 'c', 'd'].map(photo), ['e', 'f'].map(photo)]
  assert.deepEqual(await toldOf(ctx, 700_001), { qcCount: 6, qcPhotos: sets.flat().slice(0, 5), sets })
  assert.deepEqual(await toldOf(ctx, 700_002), { qcCount: 1, qcPhotos: [photo('g')], sets: [[photo('g')]] })
  assert.deepEqual(await toldOf(ctx, 700_003), { qcCount: 0, qcPhotos: [], sets: [] })
  const rows = await written(ctx)
  await storeDemoQc(other, first)
  assert.deepEqual(await written(ctx), rows)

  await storeDemoQc(ctx, [first[0]!, gallery(2, []), gallery(3, [['h']])])
  assert.deepEqual(await toldOf(ctx, 700_002), { qcCount: 0, qcPhotos: [], sets: [] })
  assert.deepEqual(await toldOf(ctx, 700_003), { qcCount: 1, qcPhotos: [photo('h')], sets: [[photo('h')]] })
  // Of the first product nothing was touched.
  const later = new Set(await written(ctx))
  const { rows: own } = await sql<{ row: string }>`
    select 'set ' || id || ' ' || xmin as row from qc_set where product_id = 700001`.execute(ctx.db)
  assert.equal(own.length, 2)
  for (const { row } of own) assert.ok(rows.includes(row) && later.has(row), row)

  // A product that left takes its sets along, and finds them again when it comes back.
  await storeDemo(ctx, [product(2), product(3)])
  await storeDemo(ctx, [product(1), product(2), product(3)])
  await storeDemoQc(ctx, first)
  assert.deepEqual((await toldOf(ctx, 700_001)).sets, sets)
})

test('a demo product that changes keeps its sets, and nobody removes them', async (t) => {
  const ctx = await testCtx(t)
  await storeDemo(ctx, [product(1)])
  await storeDemoQc(ctx, [gallery(1, [['a']])])
  await storeDemo(ctx, [{ ...product(1), title: '另一个' }])
  assert.equal((await toldOf(ctx, 700_001)).qcCount, 1)
  const [set] = await galleryOf(ctx.db, 700_001)
  const refusal = { code: 'input_invalid', message: 'The sets of the demo stay as they are.' }
  await assert.rejects(removeQcSet(ctx, { id: set!.id, actor: 'cli:tester' }), refusal)
  assert.equal((await toldOf(ctx, 700_001)).qcCount, 1)
})
