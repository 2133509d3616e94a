import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import test, { type TestContext } from 'node:test'
import type { Ctx } from '../../../src/ctx.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { retryList } from '../../../src/products/search/pictures.sql.ts'
import { putQcPictures } from '../../../src/products/search/pictures.ts'
import { assetOf, beginFilling } from '../../../src/products/search/spaces.ts'
import { index, isIdle, otherAsset, picture, pictureAddresses, putProduct, shop, startIndexer, until } from './shop.ts'

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

/** A network whose hosts fail, one of them after ten seconds; the clock goes on as the test says. */
function failing() {
  let aheadMs = 0
  const asked: string[] = []
  const guardedHttp: Ctx['guardedHttp'] = {
    download: async ({ url }) => {
      asked.push(url)
      if (url.includes('slow')) aheadMs += 10_000
      throw new Error('no answer')
    },
    send: () => Promise.reject(new Error('nobody asks for text')),
  }
  const clock = {
    ...systemClock,
    now: () => new Date(Date.now() + aheadMs),
    elapsedMs: () => systemClock.elapsedMs() + aheadMs,
  }
  return { asked, parts: { guardedHttp, clock }, pass: (hours: number) => (aheadMs += hours * 3_600_000) }
}

test('a host that keeps one waiting is left alone for a while, and others are not', async (t) => {
  const { asked, parts } = failing()
  const { ctx, pool } = await shop(t, parts)
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
    `select v.fault, v.tries, count(*)::int as count from search_vector v where product_id <> $1 group by 1, 2 order by 1 desc`,
    [quick],
  )
  assert.deepEqual(rows, [
    { fault: 'Its host does not answer.', tries: 1, count: 6 - slow },
    { fault: 'It could not be fetched.', tries: 1, count: slow },
  ])
})

test('the pictures of a host that is gone are given up, and no node has to hear of them', async (t) => {
  const { parts, pass } = failing()
  const { ctx, pool } = await shop(t, parts)
  for (let each = 0; each < 8; each++) await putProduct(ctx, `5${each}`, [`https://slow.example/${each}.jpg`])
  const epoch = async () => (await pool.query('select value from search_epoch')).rows[0].value as number
  const atFirst = await epoch()
  startIndexer(t, ctx)
  await until('all were looked at', () => isIdle(pool))
  for (let times = 1; times < 5; times++) {
    pass(25)
    await until('all were tried again', async () => {
      const { rowCount } = await pool.query('select from search_vector where retry_at <= $1', [ctx.clock.now()])
      return rowCount === 0
    })
  }
  const { rows } = await pool.query('select tries, retry_at, count(*)::int as count from search_vector group by 1, 2')
  assert.deepEqual(rows, [{ tries: 5, retry_at: null, count: 8 }])
  assert.equal(await epoch(), atFirst)
})

test('products that are left alone do not hide others that are to be tried again', async (t) => {
  const { ctx, pool } = await shop(t, failing().parts)
  const ids = []
  for (const each of ['55', '56']) ids.push(await putProduct(ctx, each, [`https://quick.example/${each}.jpg`]))
  const indexer = startIndexer(t, ctx)
  await until('both were tried', () => isIdle(pool))
  await indexer.stop()
  const later = new Date(Date.now() + 3_600_000)
  assert.deepEqual(await retryList(ctx.db, 1, later, 1, [ids[0]!]), [ids[1]])
  assert.deepEqual(await retryList(ctx.db, 1, later, 1, [ids[1]!]), [ids[0]])
})

test('a picture with an endless address is none, and its product has the others', async (t) => {
  const { ctx, pool } = await shop(t)
  const [address] = (await pictureAddresses(ctx, [36])) as [string]
  // Random, as a text that repeats itself takes little room in an index.
  const endless = `https://pictures.example/${randomBytes(3_000).toString('base64url')}.jpg`
  const id = await putProduct(ctx, '136', [endless, address])
  startIndexer(t, ctx)
  await until('it is indexed', () => isIdle(pool))
  assert.deepEqual(await index(pool), [{ product_id: id, role: 'image', address, state: 'made' }])
})

/** A network in which whatever is asked for comes when the test says so, and then does not. */
function held(t: TestContext) {
  const { promise: asked, resolve: onAsked } = Promise.withResolvers<void>()
  const { promise: goOn, resolve: release } = Promise.withResolvers<void>()
  t.after(() => release())
  const guardedHttp: Ctx['guardedHttp'] = {
    download: async () => {
      onAsked()
      await goOn
      throw new Error('no answer')
    },
    send: () => Promise.reject(new Error('nobody asks for text')),
  }
  return { guardedHttp, asked }
}

test('what was taken away leaves at once, whatever else the product waits for', async (t) => {
  const { guardedHttp, asked } = held(t)
  const { ctx, pool } = await shop(t, { guardedHttp })
  const [photo] = (await pictureAddresses(ctx, [37])) as [string]
  const id = await putProduct(ctx, '137', [])
  await ctx.db.transaction().execute((tx) => putQcPictures(tx, { id }, [photo]))
  const indexer = startIndexer(t, ctx)
  await until('it is indexed', () => isIdle(pool))
  await indexer.stop()

  const slow = 'https://slow.example/1.jpg'
  await putProduct(ctx, '137', [slow])
  await ctx.db.transaction().execute((tx) => putQcPictures(tx, { id }, []))
  startIndexer(t, ctx)
  await asked
  assert.deepEqual(await index(pool), [{ product_id: id, role: null, address: null, state: 'gone' }])
})

test('what failed before does not keep a new space from being filled', async (t) => {
  const { guardedHttp, asked } = held(t)
  const { ctx, pool } = await shop(t, { guardedHttp })
  const [address] = (await pictureAddresses(ctx, [38])) as [string]
  const slow = 'https://slow.example/1.jpg'
  const id = await putProduct(ctx, '138', [slow])
  const other = await putProduct(ctx, '139', [address])
  // It failed in the space in use, and its time has come again.
  await pool.query('delete from search_due')
  await pool.query('update search_space set noted_to = null')
  await pool.query(`insert into search_picture (product_id, role, address) values ($1, 'image', $2)`, [id, slow])
  await pool.query(
    `insert into search_vector (space_id, picture_id, product_id, group_no, change, fault, tries, retry_at)
     select 1, id, product_id, 0, 0, 'away', 1, now() from search_picture`,
  )
  await beginFilling(ctx, assetOf(await otherAsset()), 'default')
  startIndexer(t, ctx)
  await asked
  await until('the new space has the other one', async () =>
    (await index(pool, 'filling')).some(({ product_id, state }) => product_id === other && state === 'made'),
  )
})
