import assert from 'node:assert/strict'
import test from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'
import { putQcPictures } from '../../../src/products/search/pictures.ts'
import { stallingProxy } from '../../access/keys/stalling-proxy.ts'
import { index, isIdle, pictureAddresses, putProduct, shop, startIndexer, until } from './shop.ts'

test('products that were there, that come, change and go', async (t) => {
  const { ctx, pool } = await shop(t)
  const [first, second, third] = (await pictureAddresses(ctx, [1, 2, 3])) as [string, string, string]
  const before = await putProduct(ctx, '101', [first, first, second])
  startIndexer(t, ctx)
  await until('it is indexed', () => isIdle(pool))
  const made = (product_id: number, address: string) => ({ product_id, role: 'image', address, state: 'made' })
  assert.deepEqual(await index(pool), [made(before, first), made(before, second)])

  const later = await putProduct(ctx, '102', [first])
  await putProduct(ctx, '101', [second, third])
  await until('the changes are indexed', () => isIdle(pool))
  const gone = (product_id: number) => ({ product_id, role: null, address: null, state: 'gone' })
  assert.deepEqual(await index(pool), [gone(before), made(before, second), made(before, third), made(later, first)])

  await pool.query('delete from product where id = $1', [before])
  await until('the removal is indexed', () => isIdle(pool))
  assert.deepEqual(await index(pool), [gone(before), gone(before), gone(before), made(later, first)])
})

test('a product has its first eight pictures and its QC photos, which leave with it', async (t) => {
  const { ctx, pool } = await shop(t)
  const addresses = await pictureAddresses(ctx, [11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21])
  const images = addresses.slice(0, 9)
  const [, , , , , , , , , qc, other] = addresses
  const id = await putProduct(ctx, '111', images)
  await ctx.db.transaction().execute((tx) => putQcPictures(tx, { id }, [qc!, other!, images[0]!]))
  startIndexer(t, ctx)
  await until('it is indexed', () => isIdle(pool))
  const shown = async () =>
    (await index(pool)).filter(({ state }) => state === 'made').map(({ role, address }) => [role, address])
  const asImages = images.slice(0, 8).map((address) => ['image', address])
  assert.deepEqual(
    new Set((await shown()).map(String)),
    new Set([...asImages, ['qc', qc], ['qc', other], ['qc', images[0]]].map(String)),
  )

  await ctx.db.transaction().execute((tx) => putQcPictures(tx, { id }, [other!]))
  await until('the change is indexed', () => isIdle(pool))
  assert.deepEqual(new Set((await shown()).map(String)), new Set([...asImages, ['qc', other]].map(String)))

  await pool.query('delete from product where id = $1', [id])
  await until('the removal is indexed', () => isIdle(pool))
  assert.deepEqual(await shown(), [])
  assert.deepEqual((await pool.query('select from search_picture')).rowCount, 0)
})

test('those who change the index do not wait for one who waits for another', async (t) => {
  const { ctx, pool } = await shop(t)
  const [address] = (await pictureAddresses(ctx, [39])) as [string]
  const id = await putProduct(ctx, '140', [address])
  const other = await pool.connect()
  try {
    await other.query('begin')
    await other.query(`insert into search_picture (product_id, role, address) values ($1, 'image', $2)`, [id, address])
    startIndexer(t, ctx)
    await until('the indexer waits', async () => {
      const { rowCount } = await pool.query(
        `select from pg_stat_activity where datname = current_database()
           and application_name = 'openhaul indexer' and wait_event_type = 'Lock'`,
      )
      return rowCount === 1
    })
    await pool.query('select from search_epoch for update nowait')
  } finally {
    await other.query('rollback')
    other.release()
  }
})

test('a product that changes while it is being indexed is indexed again', async (t) => {
  const { ctx, pool } = await shop(t)
  const [before, after] = (await pictureAddresses(ctx, [41, 42])) as [string, string]
  const reading = Promise.withResolvers<void>()
  const goOn = Promise.withResolvers<void>()
  // Holds the indexer where it has read the product and not yet written what came of it.
  const blobs = {
    ...ctx.blobs,
    async get(name: string) {
      if (before.endsWith(name)) {
        reading.resolve()
        await goOn.promise
      }
      return ctx.blobs.get(name)
    },
  }
  const id = await putProduct(ctx, '141', [before])
  startIndexer(t, { ...ctx, blobs })
  await reading.promise
  await putProduct(ctx, '141', [after])
  goOn.resolve()
  await until('it is indexed', () => isIdle(pool))
  assert.deepEqual(await index(pool), [
    { product_id: id, role: null, address: null, state: 'gone' },
    { product_id: id, role: 'image', address: after, state: 'made' },
  ])
})

test('a QC photo that is removed while it is being indexed does not come back', async (t) => {
  const { ctx, pool } = await shop(t)
  const [photo] = (await pictureAddresses(ctx, [51])) as [string]
  const reading = Promise.withResolvers<void>()
  const goOn = Promise.withResolvers<void>()
  const blobs = {
    ...ctx.blobs,
    async get(name: string) {
      reading.resolve()
      await goOn.promise
      return ctx.blobs.get(name)
    },
  }
  const id = await putProduct(ctx, '151', [])
  await ctx.db.transaction().execute((tx) => putQcPictures(tx, { id }, [photo]))
  startIndexer(t, { ...ctx, blobs })
  await reading.promise
  await ctx.db.transaction().execute((tx) => putQcPictures(tx, { id }, []))
  goOn.resolve()
  await until('it is indexed', () => isIdle(pool))
  assert.deepEqual(await index(pool), [])
})

test('of two indexers one works, and the other takes over when it ends or loses its session', async (t) => {
  const { ctx, pool } = await shop(t)
  const addresses = await pictureAddresses(ctx, [61, 62, 63])
  const worked: string[] = []
  const named = (name: string) => ({
    ...ctx,
    blobs: {
      ...ctx.blobs,
      get: (blob: string) => {
        worked.push(name)
        return ctx.blobs.get(blob)
      },
    },
  })
  const holders = async () =>
    (
      await pool.query(
        // Other test files have databases of their own in the same cluster.
        `select l.pid from pg_locks l join pg_database d on d.oid = l.database
         where locktype = 'advisory' and objid = 731905011 and granted and datname = current_database()`,
      )
    ).rows
  const first = startIndexer(t, named('first'))
  await until('it has the lock', async () => (await holders()).length === 1)
  startIndexer(t, named('second'))
  await putProduct(ctx, '161', [addresses[0]!])
  await until('it is indexed', () => isIdle(pool))
  // Long enough for the second to have tried.
  await delay(1_200)
  assert.deepEqual(worked, ['first'])

  await first.stop()
  await putProduct(ctx, '162', [addresses[1]!])
  await until('it is indexed', () => isIdle(pool))
  assert.deepEqual(worked, ['first', 'second'])

  startIndexer(t, named('third'))
  const [{ pid }] = await holders()
  await pool.query('select pg_terminate_backend($1)', [pid])
  await putProduct(ctx, '163', [addresses[2]!])
  await until('it is indexed', () => isIdle(pool))
  assert.equal((await holders()).length, 1)
  assert.equal(worked.length, 3)
})

test('an indexer whose session was lost can write nothing any more', async (t) => {
  const { ctx, pool } = await shop(t)
  const [address] = (await pictureAddresses(ctx, [71])) as [string]
  const reading = Promise.withResolvers<void>()
  const goOn = Promise.withResolvers<void>()
  const blobs = {
    ...ctx.blobs,
    async get(name: string) {
      reading.resolve()
      await goOn.promise
      return ctx.blobs.get(name)
    },
  }
  const id = await putProduct(ctx, '171', [address])
  startIndexer(t, { ...ctx, blobs })
  await reading.promise
  await pool.query(`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and application_name = 'openhaul indexer'`)
  goOn.resolve()
  await delay(300)
  // It begins anew two seconds later.
  assert.deepEqual(await index(pool), [])
  await until('it is indexed', () => isIdle(pool))
  assert.deepEqual(await index(pool), [{ product_id: id, role: 'image', address, state: 'made' }])
})

test('an indexer stops though its database hangs', async (t) => {
  const { ctx, pool } = await shop(t)
  const proxy = await stallingProxy(t, ctx.connection)
  const indexer = startIndexer(t, { ...ctx, connection: proxy.connection })
  const [address] = (await pictureAddresses(ctx, [75])) as [string]
  await putProduct(ctx, '175', [address])
  await until('it works', () => isIdle(pool))
  proxy.stall()
  // Long enough for it to have asked for something.
  await delay(600)
  await indexer.stop()
})

test('writers of the same products in opposite orders wait for nobody in the index', async (t) => {
  const { ctx, pool } = await shop(t)
  const ids = [await putProduct(ctx, '195', []), await putProduct(ctx, '196', [])]
  const change = (client: pg.PoolClient, id: number, name: string) =>
    client.query(`update product set details = jsonb_set(details, '{images}', $2) where id = $1`, [
      id,
      JSON.stringify([`https://pictures.example/${name}.jpg`]),
    ])
  const one = await pool.connect()
  const other = await pool.connect()
  try {
    await one.query('begin')
    await other.query('begin')
    await change(one, ids[0]!, 'a')
    await change(other, ids[1]!, 'b')
    // Neither of them is committed, and each is noted again by somebody else meanwhile.
    await ctx.db.transaction().execute((tx) => putQcPictures(tx, { id: ids[0]! }, []))
    await one.query('commit')
    await ctx.db.transaction().execute((tx) => putQcPictures(tx, { id: ids[1]! }, []))
    await other.query('commit')
  } finally {
    one.release()
    other.release()
  }
  const { rows } = await pool.query(`select product_id, count(*)::int as notes from search_due group by 1 order by 1`)
  assert.deepEqual(
    rows,
    ids.map((product_id) => ({ product_id, notes: 3 })),
  )
})
