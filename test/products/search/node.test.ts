import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import sharp from 'sharp'
import type { Ctx, Watched } from '../../../src/ctx.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import type { Watch } from '../../../src/lib/db/watch.ts'
import { packFeatures } from '../../../src/products/search/embedder/features.ts'
import type { SearchNode } from '../../../src/products/search/node.ts'
import { openSearchNode } from '../../../src/products/search/open-node.ts'
import { putQcPictures, storeFeatures } from '../../../src/products/search/pictures.ts'
import { assetOf, beginFilling, ensureSpaces, purgeSearch, renewDefault } from '../../../src/products/search/spaces.ts'
import { testCtx } from '../../app.ts'
import { silentLog, testDatabase } from '../../database.ts'
import { otherAsset, picture, pictureAddresses, putProduct, startIndexer, until } from './shop.ts'
import { INFO, invent, seeded } from './vectors/invented.ts'

const LIVE = [0, 1, 2, 3]

/** Two nodes on one database with nothing in it, which share their pictures; both follow, and the first one indexes. */
async function twoNodes(t: TestContext): Promise<{ first: Ctx; second: Ctx }> {
  const { pool } = await testDatabase(t)
  await pool.query('truncate product, search_space, search_asset, search_picture, search_vector, search_due cascade')
  const first = await testCtx(t)
  const second = await testCtx(t, {}, { blobs: first.blobs })
  await Promise.all([ensureSpaces(first), ensureSpaces(second)])
  await Promise.all([first.search.start(), second.search.start()])
  startIndexer(t, first)
  return { first, second }
}

/** The products that a node finds for a picture, and what they match as. */
async function find(node: SearchNode, bytes: Buffer): Promise<Record<number, string>> {
  const space = node.current()
  assert(space)
  const { found } = await space.index.search(await space.embedding.embedQuery(bytes), { groups: LIVE, limit: 10 })
  return Object.fromEntries(found.map(({ productId, match }) => [productId, match]))
}

/** A picture as a caller may have it: cut and pressed together. */
async function cut(seed: number): Promise<Buffer> {
  const { width, height } = await sharp(await picture(seed)).metadata()
  const area = { left: 12, top: 12, width: width - 24, height: height - 24 }
  return sharp(await picture(seed))
    .extract(area)
    .jpeg({ quality: 60 })
    .toBuffer()
}

test('what one node indexes the other finds, and no longer when it is gone', async (t) => {
  const { first, second } = await twoNodes(t)
  const [one, other] = (await pictureAddresses(first, [1, 2])) as [string, string]
  const id = await putProduct(first, '201', [one])
  await until('the second node finds it', async () => (await find(second.search, await cut(1)))[id] === 'same_picture')
  assert(second.search.current()!.changedAt!.getTime() > Date.now() - 60_000)

  await putProduct(first, '201', [other])
  await until(
    'the second node finds the new picture',
    async () => (await find(second.search, await cut(2)))[id] === 'same_picture',
  )
  assert.notEqual((await find(second.search, await cut(1)))[id], 'same_picture')
  assert.equal(second.search.current()!.index.stats().pictures, 1)

  await second.db.transaction().execute((tx) => putQcPictures(tx, { id }, [one]))
  await until('both find the QC photo', async () => {
    const found = await Promise.all([first, second].map(async ({ search }) => find(search, await cut(1))))
    return found.every((each) => each[id] === 'same_picture')
  })

  const { pool } = await testDatabase(t)
  await pool.query('delete from product where id = $1', [id])
  await until('neither has it', () =>
    [first, second].every(({ search }) => search.current()!.index.stats().pictures === 0),
  )
})

test('a node that starts later finds everything', async (t) => {
  const { first } = await twoNodes(t)
  const [one] = (await pictureAddresses(first, [11])) as [string]
  const id = await putProduct(first, '211', [one])
  await until('it is indexed', () => first.search.current()!.index.stats().pictures === 1)
  const third = await testCtx(t)
  assert.equal(third.search.current(), null)
  await third.search.start()
  assert.deepEqual(await find(third.search, await cut(11)), { [id]: 'same_picture' })
})

test('a space takes over while searches go on, without an error and never mixed', async (t) => {
  const { first, second } = await twoNodes(t)
  const seeds = [21, 22, 23, 24]
  const addresses = await pictureAddresses(first, seeds)
  const ids: number[] = []
  for (const [at, address] of addresses.entries()) ids.push(await putProduct(first, `22${at}`, [address]))
  const holds = (node: Ctx, pictures: number) => node.search.current()!.index.stats().pictures === pictures
  await until('all is indexed', () => [first, second].every((node) => holds(node, 4)))

  const before = second.search.current()!.embedding.info.fingerprint
  const asset = assetOf(await otherAsset())
  assert.notEqual(asset.fingerprint, before)
  const query = await cut(23)
  const seen = new Set<string>()
  const over = new AbortController()
  const searching = (async () => {
    while (!over.signal.aborted) {
      for (const node of [first, second]) {
        const { embedding, index } = node.search.current()!
        assert.equal(embedding.info.fingerprint, index.fingerprint)
        seen.add(index.fingerprint)
        assert.equal((await find(node.search, query))[ids[2]!], 'same_picture')
      }
    }
  })()
  await beginFilling(first, asset, 'learnt')
  await Promise.race([
    searching,
    until('searches on both nodes ask the new space', () => {
      const isNew = [first, second].every(({ search }) => search.current()!.index.fingerprint === asset.fingerprint)
      return isNew && seen.has(asset.fingerprint)
    }),
  ])
  over.abort()
  await searching
  assert.deepEqual(seen, new Set([before, asset.fingerprint]))
  assert([first, second].every((node) => holds(node, 4)))

  // What was learnt stays when the program starts again.
  await renewDefault(second)
  const { pool } = await testDatabase(t)
  const states = async () =>
    (await pool.query('select state from search_space order by id')).rows.map(({ state }) => state)
  assert.deepEqual(await states(), ['retired', 'active'])
  await purgeSearch(first)
  assert.deepEqual(await states(), ['retired', 'active'])
  const later = { ...systemClock, now: () => new Date(Date.now() + 61 * 60_000) }
  await purgeSearch({ ...first, clock: later })
  assert.deepEqual(await states(), ['active'])
  assert.deepEqual((await pool.query('select count(*) from search_vector')).rows, [{ count: 4 }])
})

test('a program with a newer default asset has a space filled with it; the older one does not take it back', async (t) => {
  const { first, second } = await twoNodes(t)
  const newer = await otherAsset()
  const { fingerprint } = assetOf(newer)
  await Promise.all([renewDefault(first, { bytes: newer }), renewDefault(second, { bytes: newer })])
  await until('it took over', () => second.search.current()!.embedding.info.fingerprint === fingerprint)
  await renewDefault(second)
  const { pool } = await testDatabase(t)
  const { rows } = await pool.query(`select fingerprint, state from search_space where state <> 'retired'`)
  assert.deepEqual(rows, [{ fingerprint, state: 'active' }])
})

test('features that are at hand are stored once, and only those of the active space', async (t) => {
  const { pool } = await testDatabase(t)
  await pool.query('truncate product, search_space, search_asset, search_picture, search_vector, search_due cascade')
  const ctx = await testCtx(t)
  await ensureSpaces(ctx)
  await ctx.search.start()
  const { embedding, index } = ctx.search.current()!
  const address = '/media/demo/v2/1234567-1.webp'
  const product = { id: await putProduct(ctx, '241', [address]), catalogue: 'live', marketplace: 'taobao' } as const
  const photo = '/media/demo/v2/qc-1234567-1.webp'
  const rows = [
    { product, role: 'image' as const, address, features: await embedding.embed(await picture(41)) },
    { product, role: 'qc' as const, address: photo, features: await embedding.embed(await picture(42)) },
  ]
  const epoch = async () => (await pool.query('select value from search_epoch')).rows[0].value as number
  const atFirst = await epoch()
  await storeFeatures(ctx, 'another', rows)
  assert.equal(await epoch(), atFirst)
  // The photo is nobody's yet.
  await storeFeatures(ctx, embedding.info.fingerprint, rows)
  await until('it is loaded', () => index.stats().pictures === 1)
  await ctx.db.transaction().execute((tx) => putQcPictures(tx, product, [photo]))
  await storeFeatures(ctx, embedding.info.fingerprint, rows)
  await until('both are loaded', () => index.stats().pictures === 2)
  assert.deepEqual(
    [await find(ctx.search, await cut(41)), await find(ctx.search, await cut(42))],
    [{ [product.id]: 'same_picture' }, { [product.id]: 'same_picture' }],
  )
  const afterwards = await epoch()
  await storeFeatures(ctx, embedding.info.fingerprint, rows)
  assert.equal(await epoch(), afterwards)

  // The indexer finds nothing left to do, and could not have drawn them.
  startIndexer(t, ctx)
  await until('nothing is due', async () => (await pool.query('select from search_due')).rowCount === 0)
  assert.equal(await epoch(), afterwards)
})

test('a node that was cut off for longer than removals are kept reads everything anew', async (t) => {
  const { first } = await twoNodes(t)
  const addresses = await pictureAddresses(first, [51, 52])
  const gone = await putProduct(first, '251', [addresses[0]!])
  const kept = await putProduct(first, '252', [addresses[1]!])
  await until('both are indexed', () => first.search.current()!.index.stats().pictures === 2)

  let hours = 0
  const clock = { ...systemClock, elapsedMs: () => systemClock.elapsedMs() + hours * 3_600_000 }
  const watched = { value: first.watch.value, ageMs: () => 0 }
  const node = openSearchNode({
    db: first.db,
    clock,
    log: silentLog,
    workers: first.workers,
    watch: watched as unknown as Watch<Watched>,
  })
  t.after(() => node.close())
  await node.start()
  const before = node.current()
  watched.ageMs = () => Infinity
  const { pool } = await testDatabase(t)
  await pool.query('delete from product where id = $1', [gone])
  await until('it is gone', () => first.search.current()!.index.stats().pictures === 1)
  const muchLater = { ...systemClock, now: () => new Date(Date.now() + 25 * 3_600_000) }
  await purgeSearch({ ...first, clock: muchLater })
  hours = 25
  Object.assign(watched, { value: first.watch.value, ageMs: () => 0 })
  await until('it has read again', () => node.current() !== before)
  assert.deepEqual(
    [await find(node, await cut(51)), await find(node, await cut(52))].map((found) => found[gone] ?? null),
    [null, null],
  )
  assert.equal((await find(node, await cut(52)))[kept], 'same_picture')
})

/** A node of its own with features that nobody made, and what it has to say. */
async function invented(t: TestContext, pictures: number) {
  const { pool } = await testDatabase(t)
  await pool.query('truncate product, search_space, search_asset, search_picture, search_vector, search_due cascade')
  const ctx = await testCtx(t)
  await ensureSpaces(ctx)
  const { rows } = await pool.query(`select id from search_space`)
  const features = packFeatures(invent(seeded(1), { ...INFO, dim: 192, words: 65_280 }, 120))
  await pool.query(
    `insert into search_vector (space_id, picture_id, product_id, group_no, change, features)
     select $1, each, each, 0, each, $2::bytea from generate_series(1, $3::int) each`,
    [rows[0].id, features, pictures],
  )
  const told: string[] = []
  const log = { ...silentLog, error: (_: object, line: string) => told.push(line) } as unknown as Ctx['log']
  const watched = { value: { search: 1 }, ageMs: () => 0 }
  const node = openSearchNode({ ...ctx, log, watch: watched as unknown as Watch<Watched> })
  t.after(() => node.close())
  return { pool, node, told, watched, pictures: () => node.current()!.index.stats().pictures }
}

test('a damaged row is left out, and all others are found', async (t) => {
  const { pool, node, told, pictures } = await invented(t, 300)
  await pool.query(`update search_vector set features = 'damaged' where picture_id in (7, 205)`)
  await node.start()
  assert.equal(pictures(), 298)
  assert.deepEqual(told, ['picture 7 cannot be searched', 'picture 205 cannot be searched'])
})

test('a node whose memory is full serves what it has, and hears of what is gone', async (t) => {
  const { pool, node, told, watched, pictures } = await invented(t, 2_000)
  // As where all that 32-bit addresses reach is used.
  const { grow } = WebAssembly.Memory.prototype
  t.mock.method(WebAssembly.Memory.prototype, 'grow', function (this: WebAssembly.Memory, pages: number) {
    if (pages > 0 && this.buffer.byteLength > 2 ** 20) throw new RangeError('no room')
    return grow.call(this, pages)
  })
  await node.start()
  const loaded = pictures()
  assert(loaded > 100 && loaded < 2_000, `${loaded} are loaded`)
  assert.deepEqual(told, [`the picture index is full at ${loaded} pictures`])

  await pool.query(`update search_vector set features = null, removed_at = now(), change = 3000 where picture_id <= 5`)
  watched.value = { search: 2 }
  await until('they are gone', () => pictures() === loaded - 5)
  assert.equal(told.length, 1)
})

test('a node that always has something to read does not read everything anew', async (t) => {
  const { first } = await twoNodes(t)
  let hours = 0
  let looks = 0
  const clock = { ...systemClock, elapsedMs: () => systemClock.elapsedMs() + hours * 3_600_000 }
  const watched = {
    get value() {
      return { search: looks++ }
    },
    ageMs: () => 0,
  }
  const node = openSearchNode({ ...first, log: silentLog, clock, watch: watched as unknown as Watch<Watched> })
  t.after(() => node.close())
  await node.start()
  const before = node.current()
  for (hours of [7, 14]) {
    const from = looks
    await until('it read on', () => looks > from + 3)
  }
  assert.equal(node.current(), before)
})
