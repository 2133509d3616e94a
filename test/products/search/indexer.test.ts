import assert from 'node:assert/strict'
import test from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'
import type { Ctx } from '../../../src/ctx.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { openDb } from '../../../src/lib/db/db.ts'
import { beginFilling, assetOf, defaultAsset, ensureSpaces } from '../../../src/products/search/spaces.ts'
import { putQcPictures } from '../../../src/products/search/pictures.ts'
import { testCtx } from '../../app.ts'
import { silentLog } from '../../database.ts'
import { picture, pictureAddresses, putProduct, startIndexer, until } from './shop.ts'

type Row = { product_id: number; role: string | null; address: string | null; state: string }

/** The ctx of a test on a database of its own, with an active space, and a pool to look into it. */
async function shop(t: test.TestContext, parts: Partial<Ctx> = {}) {
  const ctx = await testCtx(t, { SOURCES: 'feed' }, parts)
  await ensureSpaces(ctx)
  const { pool, close } = openDb(ctx.connection, { log: silentLog, exitWhenIdle: true })
  t.after(close)
  return { ctx, pool }
}

/** Every picture of the active space, or of the one that is being filled, and how it stands. */
async function index(pool: pg.Pool, state = 'active'): Promise<Row[]> {
  const { rows } = await pool.query<Row>(
    `select coalesce(p.product_id, v.product_id) as product_id, p.role, p.address,
       case when v.features is not null then 'made' when v.fault is not null then v.fault
         when v.removed_at is not null then 'gone' else 'missing' end as state
     from search_picture p full join (
       select v.* from search_vector v join search_space s on s.id = v.space_id where s.state = $1) v on v.picture_id = p.id
     order by 1, coalesce(p.id, v.picture_id)`,
    [state],
  )
  return rows
}

async function isIdle(pool: pg.Pool): Promise<boolean> {
  const { rows } = await pool.query<{ busy: boolean }>(
    `select exists (select from search_due)
       or exists (select from search_space where state <> 'retired' and noted_to is not null)
       or exists (select from search_space where state = 'filling') as busy`,
  )
  return !rows[0]!.busy
}

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

test('what cannot be had is told, tried again where that may help, and stops nothing else', async (t) => {
  const { ctx, pool } = await shop(t)
  const [good] = (await pictureAddresses(ctx, [31])) as [string]
  const damaged = `/media/p/aa/aa${'0'.repeat(62)}.webp`
  await ctx.blobs.put(
    damaged.slice('/media/'.length),
    Buffer.from('no picture at all, but long enough to be looked at'),
  )
  const absent = `/media/p/bb/bb${'0'.repeat(62)}.webp`
  const id = await putProduct(ctx, '131', [absent, damaged, 'not an address', 'https://127.0.0.1/a.jpg', good])
  startIndexer(t, ctx)
  await until('it is indexed', () => isIdle(pool))
  const look = async () =>
    (
      await pool.query(
        `select p.address, v.fault, v.tries, v.retry_at - $1::timestamptz > interval '30 s' as again
         from search_picture p join search_vector v on v.picture_id = p.id where p.product_id = $2 order by p.id`,
        [new Date(), id],
      )
    ).rows
  assert.deepEqual(await look(), [
    { address: absent, fault: 'It could not be fetched.', tries: 1, again: true },
    { address: damaged, fault: 'The picture is not a JPEG, PNG, WebP or AVIF file.', tries: 1, again: null },
    { address: 'not an address', fault: 'Its address is none.', tries: 1, again: null },
    { address: 'https://127.0.0.1/a.jpg', fault: 'It could not be fetched.', tries: 1, again: true },
    { address: good, fault: null, tries: 0, again: null },
  ])

  // It turns up, and its time comes.
  await ctx.blobs.put(absent.slice('/media/'.length), await picture(32))
  await pool.query(`update search_vector set retry_at = now() - interval '1 s' where retry_at is not null`)
  await until('it is found', async () => (await look())[0].fault === null)
  await until('the other one was tried again', async () => (await look())[3].tries === 2)

  // The last time is the last.
  await pool.query(`update search_vector set tries = 4, retry_at = now() where retry_at is not null`)
  await until('it is given up', async () => (await look())[3].tries === 5)
  assert.deepEqual((await look())[3], {
    address: 'https://127.0.0.1/a.jpg',
    fault: 'It could not be fetched.',
    tries: 5,
    again: null,
  })
})

test('a host that keeps one waiting is left alone for a while, and others are not', async (t) => {
  let waitedMs = 0
  const asked: string[] = []
  const guardedHttp: Ctx['guardedHttp'] = {
    download: async ({ url }) => {
      asked.push(url)
      // It would be ten seconds.
      if (url.includes('slow')) waitedMs += 10_000
      throw new Error('no answer')
    },
    send: () => Promise.reject(new Error('nobody asks for text')),
  }
  const clock = { ...systemClock, elapsedMs: () => systemClock.elapsedMs() + waitedMs }
  const { ctx, pool } = await shop(t, { guardedHttp, clock })
  const of = (host: string) => [1, 2, 3, 4, 5, 6].map((each) => `https://${host}.example/${each}.jpg`)
  for (const [at, each] of of('slow').entries()) await putProduct(ctx, `3${at}`, [each])
  startIndexer(t, ctx)
  await until('all were looked at', () => isIdle(pool))
  const quick = await putProduct(ctx, '40', of('quick'))
  await until('all were looked at', () => isIdle(pool))

  // Products are looked at four at a time, so one more may have been on its way.
  const slow = asked.filter((url) => url.includes('slow')).length
  assert(slow >= 3 && slow <= 4, `${slow} were asked for`)
  assert.deepEqual(
    asked.filter((url) => url.includes('quick')),
    of('quick'),
  )
  const { rows } = await pool.query(
    `select v.fault, v.tries, count(*)::int as count from search_vector v where product_id <> $1 group by 1, 2 order by 2`,
    [quick],
  )
  assert.deepEqual(rows, [
    { fault: 'Its host does not answer.', tries: 0, count: 6 - slow },
    { fault: 'It could not be fetched.', tries: 1, count: slow },
  ])
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
    const begun = beginFilling(ctx, assetOf(await defaultAsset()), 'default')
    await until('it waits for the writer', async () => {
      const { rows } = await pool.query(
        `select from pg_locks l where relation = 'product'::regclass and not granted
           and l.database = (select oid from pg_database where datname = current_database())`,
      )
      return rows.length > 0
    })
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
