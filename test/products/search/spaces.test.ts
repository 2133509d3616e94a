import assert from 'node:assert/strict'
import test from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'
import type { Ctx } from '../../../src/ctx.ts'
import { putQcPictures } from '../../../src/products/search/pictures.ts'
import { assetOf, beginFilling, defaultAsset, ensureSpaces, renewDefault } from '../../../src/products/search/spaces.ts'
import { index, isIdle, otherAsset, picture, pictureAddresses, putProduct, shop, startIndexer, until } from './shop.ts'

async function states(pool: pg.Pool): Promise<string[]> {
  return (await pool.query('select state from search_space order by id')).rows.map(({ state }) => state)
}

/** Whether somebody waits to keep products from being written. */
async function isWaiting(pool: pg.Pool): Promise<boolean> {
  const { rows } = await pool.query(
    `select from pg_locks l where relation = 'product'::regclass and not granted
       and l.database = (select oid from pg_database where datname = current_database())`,
  )
  return rows.length > 0
}

test('a new space is filled beside the active one and takes its place', async (t) => {
  const { ctx, pool } = await shop(t)
  const addresses = await pictureAddresses(ctx, [81, 82])
  const ids = [await putProduct(ctx, '181', [addresses[0]!]), await putProduct(ctx, '182', [addresses[1]!])]
  const indexer = startIndexer(t, ctx)
  await until('it is indexed', () => isIdle(pool))
  await indexer.stop()
  const made = await index(pool)
  assert.deepEqual(
    made.map(({ product_id, state }) => [product_id, state]),
    ids.map((id) => [id, 'made']),
  )

  await beginFilling(ctx, assetOf(await defaultAsset()), 'learnt')
  const spaces = async () => (await pool.query('select id, state from search_space order by id')).rows
  assert.deepEqual(await spaces(), [
    { id: 1, state: 'active' },
    { id: 2, state: 'filling' },
  ])
  // Both hear of what changes meanwhile.
  await putProduct(ctx, '181', [addresses[1]!])
  assert.deepEqual(
    (await pool.query('select space_id, product_id from search_due order by space_id')).rows,
    [1, 2].map((space_id) => ({ space_id, product_id: ids[0] })),
  )
  startIndexer(t, ctx)
  await until('it took over', () => isIdle(pool))
  assert.deepEqual(await spaces(), [
    { id: 1, state: 'retired' },
    { id: 2, state: 'active' },
  ])
  assert.deepEqual(
    (await index(pool)).map(({ product_id, address, state }) => [product_id, address, state]),
    [
      [ids[0], addresses[1], 'made'],
      [ids[1], addresses[1], 'made'],
    ],
  )
})

test('a product that is being written while a space is begun is in it', async (t) => {
  const { ctx, pool } = await shop(t)
  const [address] = (await pictureAddresses(ctx, [91])) as [string]
  await putProduct(ctx, '190', [])
  const writer = await pool.connect()
  try {
    await writer.query('begin')
    // Its trigger knows nothing of the new space, and nobody else sees the row yet.
    await writer.query(
      `insert into product (catalogue, marketplace, listing_id, title, details, source, fetched_at, content_digest)
       values ('live', 'taobao', '191', 'x', jsonb_build_object('images', jsonb_build_array($1::text)), 'feed', now(), '')`,
      [address],
    )
    const begun = beginFilling(ctx, assetOf(await otherAsset()), 'default')
    await until('it waits for the writer', () => isWaiting(pool))
    startIndexer(t, ctx)
    // Long enough for the indexer to note all products in a space that did not wait.
    await delay(600)
    await writer.query('commit')
    await begun
  } finally {
    writer.release()
  }
  await until('it took over', async () => {
    const { rows } = await pool.query(`select from search_space where id = 2 and state = 'active'`)
    return rows.length > 0
  })
  assert.deepEqual(
    (await index(pool)).map((row) => [row.address, row.state]),
    [[address, 'made']],
  )
})

test('QC photos that are being put while a space is begun are in it', async (t) => {
  const { ctx, pool } = await shop(t)
  const [image, photo] = (await pictureAddresses(ctx, [92, 93])) as [string, string]
  const id = await putProduct(ctx, '192', [image])
  startIndexer(t, ctx)
  await until('it is indexed', () => isIdle(pool))

  const noted = Promise.withResolvers<void>()
  const goOn = Promise.withResolvers<void>()
  const putting = ctx.db.transaction().execute(async (tx) => {
    await putQcPictures(tx, { id }, [photo])
    noted.resolve()
    await goOn.promise
  })
  await noted.promise
  const begun = beginFilling(ctx, assetOf(await otherAsset()), 'default')
  const isBegun = begun.then(() => true)
  await Promise.race([isBegun, until('it waits for the photos', () => isWaiting(pool))])
  // Long enough for a space that did not wait to be filled and switched to.
  await Promise.race([
    isBegun.then(() => until('it took over', async () => (await states(pool))[1] === 'active')),
    delay(600),
  ])
  goOn.resolve()
  await Promise.all([putting, begun])
  await until('it took over', async () => (await isIdle(pool)) && (await states(pool))[1] === 'active')
  assert.deepEqual(
    (await index(pool)).map(({ address, state }) => [address, state]),
    [
      [image, 'made'],
      [photo, 'made'],
    ],
  )
})

test('products can be written while a space waits to be begun', async (t) => {
  const { ctx, pool } = await shop(t)
  await putProduct(ctx, '193', [])
  await putProduct(ctx, '194', [])
  const write = (client: pg.Pool | pg.PoolClient, listing: string) =>
    client.query('update product set fetched_at = now() where listing_id = $1', [listing])
  const writer = await pool.connect()
  try {
    await writer.query('begin')
    await write(writer, '193')
    const begun = renewDefault(ctx, { bytes: await otherAsset() })
    await until('it waits for the writer', () => isWaiting(pool))
    // Nothing of it keeps a server from starting.
    await ensureSpaces(ctx, await otherAsset())
    assert.deepEqual(await states(pool), ['active'])
    // It would be refused after two seconds.
    await write(pool, '194')
    await writer.query('commit')
    await begun
  } finally {
    writer.release()
  }
  assert.deepEqual(await states(pool), ['active', 'filling'])
})

test('an index is not replaced by one that lacks its pictures while they cannot be fetched', async (t) => {
  const bytes = await picture(95)
  let isAway = false
  const guardedHttp: Ctx['guardedHttp'] = {
    download: async () => {
      if (isAway) throw new Error('no network')
      return { status: 200, headers: {}, bytes }
    },
    send: () => Promise.reject(new Error('nobody asks for text')),
  }
  const { ctx, pool } = await shop(t, { guardedHttp })
  for (let each = 0; each < 6; each++) await putProduct(ctx, `96${each}`, [`https://pictures.example/${each}.jpg`])
  startIndexer(t, ctx)
  await until('it is indexed', () => isIdle(pool))

  isAway = true
  // Never there, so nobody waits for it.
  await putProduct(ctx, '966', ['https://pictures.example/6.jpg'])
  await beginFilling(ctx, assetOf(await otherAsset()), 'default')
  const tried = async () =>
    (await pool.query('select from search_vector where space_id = 2 and fault is not null')).rowCount
  await until('everything was tried', async () => (await tried()) === 7)
  // Long enough to have switched.
  await delay(1_000)
  assert.deepEqual(await states(pool), ['active', 'filling'])

  isAway = false
  // All but one come back: that one is not waited for.
  await pool.query(
    `update search_vector v set retry_at = now() from search_picture p
     where p.id = v.picture_id and v.retry_at is not null and p.address <> 'https://pictures.example/5.jpg'`,
  )
  await until('it took over', () => isIdle(pool))
  assert.deepEqual(await states(pool), ['retired', 'active'])
  assert.deepEqual((await index(pool)).map(({ state }) => state).toSorted(), [
    'It could not be fetched.',
    ...Array.from({ length: 6 }, () => 'made'),
  ])
})

test('a product that fails by a fault of ours does not keep a space from taking over', async (t) => {
  const { ctx, pool } = await shop(t)
  const [good, bad] = (await pictureAddresses(ctx, [97, 98])) as [string, string]
  await putProduct(ctx, '197', [good])
  await putProduct(ctx, '198', [bad])
  await beginFilling(ctx, assetOf(await otherAsset()), 'default')
  const blobs = {
    ...ctx.blobs,
    get: async (name: string) => {
      if (bad.endsWith(name)) throw new Error('a fault of ours')
      return ctx.blobs.get(name)
    },
  }
  startIndexer(t, { ...ctx, blobs })
  await until('it took over', async () => (await states(pool))[1] === 'active')
  assert.deepEqual(
    (await index(pool)).map(({ address, state }) => [address, state]),
    [[good, 'made']],
  )
})
