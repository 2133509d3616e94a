import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import { sql } from 'kysely'
import sharp from 'sharp'
import type { Ctx } from '../../../src/ctx.ts'
import { listAudit } from '../../../src/events/audit/audit.ts'
import type { DomainError } from '../../../src/lib/errors.ts'
import { findProduct, storeDemo } from '../../../src/products/catalog/catalog.ts'
import { storeListing } from '../../../src/products/catalog/store.ts'
import { getMedia } from '../../../src/products/media/media.ts'
import {
  addQcSet,
  galleryOf,
  listQcSets,
  removeQcSet,
  SET_PICTURES_MAX,
  type NewQcSet,
} from '../../../src/products/qc/qc.ts'
import { testCtx } from '../../app.ts'
import { listing } from '../catalog/listings.ts'
import { blank, drawn } from './pictures.ts'

const LIVE = { catalogue: 'live' } as const
let listings = 0

/** A live product of its own, with skus 501 and 502. */
async function seedProduct(ctx: Ctx): Promise<{ id: number; ref: NewQcSet['ref'] }> {
  const listingId = String(61_000_000 + ++listings)
  const stored = await storeListing(ctx, listing({ listingId }), 'shelf')
  assert.ok(stored.kind === 'stored')
  return { id: stored.product.id, ref: { marketplace: 'taobao', listingId } }
}

const facts = {
  skuId: null,
  source: 'upload',
  takenAt: null,
  weightGrams: null,
  sizeMm: null,
  isPublic: true,
  actor: 'cli:tester',
} as const

async function blobs(ctx: Ctx): Promise<string[]> {
  const names: string[] = []
  for await (const name of ctx.blobs.list()) names.push(name)
  return names.sort()
}

async function searchedBy(ctx: Ctx, productId: number): Promise<string[]> {
  const { rows } = await sql<{ address: string }>`
    select address from search_picture where product_id = ${productId} and role = 'qc' order by id`.execute(ctx.db)
  return rows.map(({ address }) => address)
}

async function open(t: TestContext) {
  const ctx = await testCtx(t)
  return { ctx, product: await seedProduct(ctx) }
}

test('a set is kept with what is known of it, and told on the product, in the index and in the audit', async (t) => {
  const { ctx, product } = await open(t)
  const { id, ref } = product
  const pictures = await Promise.all(['a', 'b', 'c', 'd'].map((seed) => drawn(seed)))
  const takenAt = new Date('2026-05-01T08:30:00Z')
  const measured = { skuId: '502', source: 'warehouse', takenAt, weightGrams: 512, sizeMm: [300, 200, 150] } as const
  const added = await addQcSet(ctx, { ...facts, ...measured, ref, pictures })

  const { set } = added
  assert.deepEqual(
    { ...added, product: added.product.id },
    {
      set: { id: set.id, productId: id, ...measured, isPublic: true, addedAt: set.addedAt, paths: set.paths },
      product: id,
      isNew: true,
      reused: [],
    },
  )
  assert.equal(new Set(set.paths).size, 4)
  for (const path of set.paths) assert.match(path, /^\/media\/p\/[0-9a-f]{2}\/[0-9a-f]{64}\.webp$/)
  assert.ok(await getMedia(ctx, set.paths[3]!))
  assert.deepEqual(await listQcSets(ctx.db, id), [set])
  assert.deepEqual(await galleryOf(ctx.db, id), [set])

  const two = await addQcSet(ctx, { ...facts, ref, takenAt: new Date('2026-05-02'), pictures: pictures.slice(0, 2) })
  const old = await addQcSet(ctx, { ...facts, ref, pictures: [pictures[3]!] })
  assert.deepEqual(
    (await galleryOf(ctx.db, id)).map((each) => each.id),
    [two.set.id, set.id, old.set.id],
    'the newest taken first, those of unknown time last',
  )
  const { qcCount, qcPhotos } = (await findProduct(ctx, LIVE, id))!
  assert.deepEqual({ qcCount, qcPhotos }, { qcCount: 7, qcPhotos: [...two.set.paths, ...set.paths.slice(0, 3)] })
  assert.deepEqual(new Set(await searchedBy(ctx, id)), new Set(set.paths))

  const [last, , first] = await listAudit(ctx.db, { limit: 3 })
  assert.deepEqual([last!.subject, first!.subject], [`qc-set:${old.set.id}`, `qc-set:${set.id}`])
  assert.deepEqual(
    { actor: first!.actor, action: first!.action, before: first!.before, after: first!.after },
    {
      actor: 'cli:tester',
      action: 'qc.add',
      before: null,
      after: {
        product: `taobao/${ref.listingId}`,
        sku: '502',
        source: 'warehouse',
        taken_at: '2026-05-01T08:30:00.000Z',
        public: true,
        photos: 4,
      },
    },
  )
})

test('the same pictures taken at the same time are one set, however often and in whatever order they come', async (t) => {
  const { ctx, product } = await open(t)
  const { id, ref } = product
  const [one, two] = [await drawn('one'), await drawn('two')]
  const takenAt = new Date('2026-05-01')
  const send = (pictures: Buffer[], change: Partial<NewQcSet> = {}) =>
    addQcSet(ctx, { ...facts, ref, takenAt, pictures, ...change })
  const together = await Promise.all(Array.from({ length: 6 }, (_, at) => send(at % 2 ? [one, two] : [two, one])))
  assert.equal(together.filter(({ isNew }) => isNew).length, 1)
  assert.equal(new Set(together.map(({ set }) => set.id)).size, 1)
  const again = await send([one, one, two], { isPublic: false, source: 'feed' })
  assert.deepEqual([again.isNew, again.set], [false, together[0]!.set])
  assert.equal((await findProduct(ctx, LIVE, id))!.qcCount, 2)

  // Another time, other pictures, another product: another set. A picture that is sent twice in one set is one photo.
  assert.equal((await send([one, two], { takenAt: null })).isNew, true)
  assert.deepEqual((await send([one, one])).set.paths.length, 1)
  const { ref: other } = await seedProduct(ctx)
  assert.equal((await send([one, two], { ref: other })).isNew, true)
  assert.equal((await findProduct(ctx, LIVE, id))!.qcCount, 5)
})

test('sets that are added and removed at the same time, by two nodes, leave the right count', async (t) => {
  const { ctx, product } = await open(t)
  const other = await testCtx(t)
  const { id, ref } = product
  const pictures = await Promise.all(Array.from({ length: 10 }, (_, at) => drawn(`race ${at}`)))
  const add = (at: number) =>
    addQcSet(at % 2 ? other : ctx, { ...facts, ref, pictures: [pictures[at]!, pictures[(at + 1) % 10]!] })
  const remove = (ctx: Ctx, id: number) =>
    removeQcSet(ctx, { id, actor: 'cli:tester' }).then(
      () => true,
      (error: DomainError) => {
        assert.equal(error.code, 'not_found')
        return false
      },
    )
  const first = await Promise.all([0, 1, 2, 3].map(add))
  const isDone = await Promise.all([
    ...first.flatMap(({ set }) => [remove(ctx, set.id), remove(other, set.id)]),
    ...[4, 5, 6, 7, 8, 9].map((at) => add(at).then(({ isNew }) => isNew)),
  ])
  // Of two who remove one set one does, and the other is told that there is none.
  assert.equal(isDone.filter(Boolean).length, 4 + 6)
  const sets = await galleryOf(ctx.db, id)
  const paths = sets.flatMap((set) => set.paths)
  assert.equal(sets.length, 6)
  const { qcCount, qcPhotos } = (await findProduct(ctx, LIVE, id))!
  assert.deepEqual({ qcCount, qcPhotos }, { qcCount: 12, qcPhotos: paths.slice(0, 5) })
  assert.deepEqual(new Set(await searchedBy(ctx, id)), new Set(paths))
})

test('what cannot be added is refused, whole', async (t) => {
  const { ctx, product } = await open(t)
  const { id, ref } = product
  const demo = { ...ctx, config: { ...ctx.config, demo: true } }
  await storeDemo(ctx, [{ ...listing({ listingId: '7000000001' }), id: 900_001 }])
  const good = await drawn('good')
  const damaged = good.subarray(0, good.length - 200)
  const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')
  const tomorrow = new Date(ctx.clock.now().getTime() + 86_400_000)
  const key = `taobao/${ref.listingId}`
  const rows: [name: string, change: Partial<NewQcSet>, code: string, message: string][] = [
    ['no picture', { pictures: [] }, 'input_invalid', `A set has 1 to ${SET_PICTURES_MAX} pictures.`],
    [
      'too many',
      { pictures: Array.from({ length: SET_PICTURES_MAX + 1 }, () => good) },
      'input_invalid',
      `A set has 1 to ${SET_PICTURES_MAX} pictures.`,
    ],
    ['a sku of nobody', { skuId: '503' }, 'input_invalid', `${key} has no sku 503.`],
    ['the future', { takenAt: tomorrow }, 'input_invalid', 'Photos cannot be taken in the future.'],
    ['no time', { takenAt: new Date(NaN) }, 'input_invalid', 'Photos cannot be taken in the future.'],
    ['no weight', { weightGrams: 0 }, 'input_invalid', 'The weight must be 1 to 1000000 whole grams.'],
    ['part of a gram', { weightGrams: 1.5 }, 'input_invalid', 'The weight must be 1 to 1000000 whole grams.'],
    ['a long side', { sizeMm: [1, 2, 20_001] }, 'input_invalid', 'The sides must be 1 to 20000 whole millimetres.'],
    ['an unknown product', { ref: { ...ref, listingId: '9' } }, 'not_found', 'Product not found'],
    [
      'a product of the demo',
      { ref: { ...ref, listingId: '7000000001' } },
      'input_invalid',
      'taobao/7000000001 is a product of the demo, which has drawn photos only.',
    ],
  ]
  for (const [name, change, code, message] of rows) {
    const adding = addQcSet(demo, { ...facts, ref, pictures: [good], ...change })
    await assert.rejects(adding, { name: 'DomainError', code, message }, name)
  }
  for (const bad of [damaged, svg, Buffer.alloc(0)]) {
    const adding = addQcSet(demo, { ...facts, ref, pictures: [good, await drawn('second'), bad] })
    await assert.rejects(adding, { code: 'unprocessable', details: { picture: 3 } })
  }
  assert.deepEqual(await listQcSets(ctx.db, id), [])
  assert.deepEqual(await blobs(ctx), [])
})

test('private photos are kept apart', async (t) => {
  const { ctx, product } = await open(t)
  const { id, ref } = product
  const pictures = [await drawn('hidden')]
  const { set } = await addQcSet(ctx, { ...facts, ref, pictures, isPublic: false })
  assert.match(set.paths[0]!, /^\/media\/private\/[0-9a-f]{64}\.webp$/)
  assert.equal(await getMedia(ctx, set.paths[0]!), null)
  assert.deepEqual(await listQcSets(ctx.db, id), [set])
  assert.deepEqual(await galleryOf(ctx.db, id), [])
  const { qcCount, qcPhotos } = (await findProduct(ctx, LIVE, id))!
  assert.deepEqual({ qcCount, qcPhotos }, { qcCount: 0, qcPhotos: [] })
  assert.deepEqual(await searchedBy(ctx, id), [])
})

test('a photo that another product has is told, whatever was done to it; blank ones are like no other', async (t) => {
  const { ctx, product } = await open(t)
  const other = await seedProduct(ctx)
  const original = await drawn('reused', { width: 900, height: 720 })
  const first = await addQcSet(ctx, { ...facts, ref: product.ref, pictures: [await drawn('mine'), original] })
  const again = await sharp(original).resize(400).jpeg({ quality: 50 }).toBuffer()
  assert.notEqual(hash('sha256', again), hash('sha256', original))
  const pictures = [await drawn('theirs'), again, await blank('#fff')]
  const { reused, set } = await addQcSet(ctx, { ...facts, ref: other.ref, pictures, isPublic: false })
  assert.deepEqual(
    reused.map((each) => ({ ...each, product: each.product.id, distance: each.distance <= 24 })),
    [{ picture: 2, path: set.paths[1], product: product.id, otherPath: first.set.paths[1], distance: true }],
  )
  // Its own earlier photos are nothing to tell, and a blank one is no photo of anything.
  const third = await seedProduct(ctx)
  const white = await sharp(await blank('#fdfdfd'))
    .jpeg()
    .toBuffer()
  assert.deepEqual((await addQcSet(ctx, { ...facts, ref: third.ref, pictures: [white] })).reused, [])
  const own = await addQcSet(ctx, { ...facts, ref: product.ref, pictures: [original], takenAt: new Date(0) })
  assert.deepEqual(
    own.reused.map((each) => each.product.id),
    [other.id],
  )
})

test('a set is removed with everything that was told of it', async (t) => {
  const { ctx, product } = await open(t)
  const { id, ref } = product
  const [one, two] = [await drawn('stays'), await drawn('goes')]
  const stays = await addQcSet(ctx, { ...facts, ref, pictures: [one], takenAt: new Date('2026-01-01') })
  const goes = await addQcSet(ctx, { ...facts, ref, pictures: [two, one], takenAt: new Date('2026-02-01') })
  assert.deepEqual(await removeQcSet(ctx, { id: goes.set.id, actor: 'cli:tester' }), goes.set)
  assert.deepEqual(await listQcSets(ctx.db, id), [stays.set])
  const { qcCount, qcPhotos } = (await findProduct(ctx, LIVE, id))!
  assert.deepEqual({ qcCount, qcPhotos }, { qcCount: 1, qcPhotos: stays.set.paths })
  assert.deepEqual(await searchedBy(ctx, id), stays.set.paths)
  const [entry] = await listAudit(ctx.db, { limit: 1 })
  assert.deepEqual([entry!.action, entry!.subject, entry!.after], ['qc.remove', `qc-set:${goes.set.id}`, null])
  const missing = { code: 'not_found', message: `There is no set ${goes.set.id}.` }
  await assert.rejects(removeQcSet(ctx, { id: goes.set.id, actor: 'cli:tester' }), missing)
  // Once it is gone it can be added anew.
  assert.equal(
    (await addQcSet(ctx, { ...facts, ref, pictures: [two, one], takenAt: new Date('2026-02-01') })).isNew,
    true,
  )
})
