import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'kysely'
import sharp from 'sharp'
import type { Ctx } from '../../../src/ctx.ts'
import { fileBlobs } from '../../../src/lib/blobs.ts'
import { demoListings } from '../../../src/demo/catalogue.ts'
import { drawDemo } from '../../../src/demo/draw.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { openDb, type Db } from '../../../src/lib/db/db.ts'
import type { DomainError } from '../../../src/lib/errors.ts'
import { systemRandom } from '../../../src/lib/ids.ts'
import { openWorkers, WorkerTimeout } from '../../../src/lib/workers.ts'
import { PICTURE_BYTES_MAX } from '../../../src/products/media/intake.ts'
import { getMedia, readPicture, takeIn, thumbnailPath, type Draw } from '../../../src/products/media/media.ts'
import { signedPath } from '../../../src/products/media/signatures.ts'
import { silentLog, testDatabase } from '../../database.ts'

const workers = openWorkers({ threads: 2 })
after(() => workers.close())

async function open(t: TestContext, draw: Draw | null = null) {
  const { db } = await testDatabase(t)
  const folder = await mkdtemp(join(tmpdir(), 'media-'))
  t.after(() => rm(folder, { recursive: true }))
  const jobs: unknown[] = []
  const counted: Ctx['workers'] = {
    ...workers,
    run: (task, input, options) => {
      jobs.push(task)
      return workers.run(task, input, options)
    },
  }
  const guardedHttp = {
    send: async () => assert.fail('sent'),
    download: async ({ url }: { url: string }) => assert.fail(`asked ${url}`),
  }
  const ctx = {
    blobs: fileBlobs(folder),
    draw,
    db,
    clock: systemClock,
    random: systemRandom,
    workers: counted,
    publicUrl: 'http://haul.test',
    guardedHttp,
  }
  return { ctx, folder, jobs }
}

const picture = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: '#4477aa' } })

test('a drawing is made once, kept, and served with the tag of its content', async (t) => {
  let drawn = 0
  const bytes = Buffer.from('drawn')
  const { ctx, folder } = await open(t, async (name) => {
    drawn++
    return name === 'v2/7000000001-1.webp' ? { bytes, contentType: 'image/webp' } : null
  })
  const expected = {
    bytes,
    contentType: 'image/webp',
    etag: `"${hash('sha256', bytes).slice(0, 32)}"`,
    expiresAt: null,
  }
  const path = '/media/demo/v2/7000000001-1.webp'
  const answers = await Promise.all(Array.from({ length: 20 }, () => getMedia(ctx, path)))
  assert.deepEqual(
    answers,
    Array.from({ length: 20 }, () => expected),
  )
  assert.deepEqual(await getMedia(ctx, path), expected)
  assert.equal(drawn, 1)
  assert.deepEqual(await readdir(join(folder, 'demo/v2')), ['7000000001-1.webp'])

  assert.equal(await getMedia(ctx, '/media/demo/v2/7000000002-1.webp'), null)
  assert.deepEqual(await readdir(join(folder, 'demo/v2')), ['7000000001-1.webp'])
})

test('a drawing that failed is tried again', async (t) => {
  let drawn = 0
  const { ctx } = await open(t, async () => {
    if (drawn++ === 0) throw new Error('first time')
    return { bytes: Buffer.from('x'), contentType: 'image/webp' }
  })
  await assert.rejects(getMedia(ctx, '/media/demo/v2/1-1.webp'), /first time/)
  assert.equal((await getMedia(ctx, '/media/demo/v2/1-1.webp'))!.bytes.toString(), 'x')
})

test('without a drawer there are no drawings', async (t) => {
  const { ctx } = await open(t)
  assert.equal(await getMedia(ctx, '/media/demo/v2/7231368393-1.webp'), null)
})

test('paths that name nothing give null and touch nothing', async (t) => {
  const { ctx } = await open(t, async (name) => assert.fail(`asked to draw ${name}`))
  const sha = 'ab'.repeat(32)
  const paths = [
    '',
    '/',
    '/media/',
    '/media/demo/v2/',
    '/media/demo/v2/..',
    '/media/demo/v2/../../etc/passwd',
    '/media/demo/v2/%2e%2e/x.webp',
    '/media/demo/v2/..%2fx.webp',
    '/media/demo/v2/x/y.webp',
    '/media/demo/v2/.hidden.webp',
    '/media/demo/v2/a.webp\0.png',
    '/media/demo/v2/a.webp\n',
    '/media/demo/v2/A.webp',
    '/media/demo/v2/a--b.webp',
    `/media/demo/v2/${'a'.repeat(300)}.webp`,
    `/media/p/ab/${sha}.webp`,
    `/media/p/cd/${sha}.webp`,
    `/media/p/ab/${sha}.png`,
    `/media/p/ab/../ab/${sha}.webp`,
    `/media/p/ab/${sha.toUpperCase()}.webp`,
    `/media/p/ab/${sha}-320.webp`,
    `/media/private/${sha}.webp`,
    `/media/private/${sha}.webp?expires=4000000000&signature=${'A'.repeat(43)}`,
    `/media/private/ab/${sha}.webp`,
    `/x/media/p/ab/${sha}.webp`,
    '\\media\\demo\\x.webp',
  ]
  for (const path of paths) assert.equal(await getMedia(ctx, path), null, path)
})

test('what was taken in is served by its path, and the same picture is kept once', async (t) => {
  const { ctx, folder } = await open(t)
  const jpeg = await picture(300, 200).jpeg().toBuffer()
  const taken = await takeIn(ctx, jpeg)
  assert.deepEqual(await takeIn(ctx, jpeg), taken)
  const media = await getMedia(ctx, taken.path)
  const digest = hash('sha256', media!.bytes)
  assert.deepEqual(taken, { path: `/media/p/${digest.slice(0, 2)}/${digest}.webp`, width: 300, height: 200 })
  assert.deepEqual([media!.contentType, media!.etag], ['image/webp', `"${digest.slice(0, 32)}"`])
  assert.deepEqual((await sharp(media!.bytes).metadata()).format, 'webp')
  assert.deepEqual(await readdir(join(folder, 'p')), [digest.slice(0, 2)])
})

test('thumbnails come in three sizes, are never enlarged, and are made once for all who ask', async (t) => {
  const { ctx, folder, jobs } = await open(t)
  const { path } = await takeIn(ctx, await picture(1000, 500).jpeg().toBuffer())
  jobs.length = 0
  for (const [side, width, height] of [
    [160, 160, 80],
    [320, 320, 160],
    [640, 640, 320],
  ] as const) {
    const target = thumbnailPath(path, side)
    const answers = await Promise.all(Array.from({ length: 10 }, () => getMedia(ctx, target)))
    assert.ok(answers.every((answer) => answer!.bytes.equals(answers[0]!.bytes)))
    const found = await sharp(answers[0]!.bytes).metadata()
    assert.deepEqual([found.format, found.width, found.height], ['webp', width, height])
    assert.deepEqual(await getMedia(ctx, target), answers[0])
  }
  assert.equal(jobs.length, 3)
  const name = path.slice('/media/p/ab/'.length, -'.webp'.length)
  const kept = await readdir(join(folder, 'p', name.slice(0, 2)))
  assert.deepEqual(kept.sort(), ['', '-160', '-320', '-640'].map((end) => `${name}${end}.webp`).sort())

  for (const side of ['0', '1', '161', '1600', '0320', '320-320', '320.webp-160']) {
    assert.equal(await getMedia(ctx, path.replace('.webp', `-${side}.webp`)), null, side)
  }
  assert.equal(jobs.length, 3)

  const small = await takeIn(ctx, await picture(90, 30).png().toBuffer())
  const { width, height } = await sharp((await getMedia(ctx, thumbnailPath(small.path, 320)))!.bytes).metadata()
  assert.deepEqual([width, height], [90, 30])
})

test('a thumbnail of a drawing draws it, and there is none of what cannot be drawn', async (t) => {
  const drawn: string[] = []
  const webp = await picture(800, 800).webp().toBuffer()
  const { ctx } = await open(t, async (name) => {
    drawn.push(name)
    return name === 'v2/qc-7000000001-1.webp' ? { bytes: webp, contentType: 'image/webp' } : null
  })
  const path = '/media/demo/v2/qc-7000000001-1.webp'
  const thumbnails = await Promise.all([160, 320].map((side) => getMedia(ctx, thumbnailPath(path, side as 160 | 320))))
  const sizes = await Promise.all(thumbnails.map(async (each) => (await sharp(each!.bytes).metadata()).width))
  assert.deepEqual(sizes, [160, 320])
  assert.deepEqual(drawn, ['v2/qc-7000000001-1.webp'])
  assert.equal(await getMedia(ctx, '/media/demo/v2/qc-7000000002-1-320.webp'), null)
  assert.equal(await getMedia(ctx, '/media/demo/v2/qc-7000000001-1-321.webp'), null)
  assert.deepEqual(drawn.slice(1), ['v2/qc-7000000002-1.webp', 'v2/qc-7000000001-1-321.webp'])
})

test('pictures that strangers have made keep nobody from work that is paid for', async (t) => {
  const { ctx } = await open(t)
  const few = openWorkers({ threads: 1, queueMax: 1, freeMax: 12 })
  t.after(() => few.close())
  const shop: typeof ctx = { ...ctx, workers: few, draw: drawDemo(few) }
  const { path } = await takeIn(shop, await picture(300, 200).jpeg().toBuffer())
  const drawings = demoListings().flatMap(({ images }) => images)
  let made = 0
  const first = drawings.slice(0, 6).map((image) => thumbnailPath(image, 320))
  const cold = [...drawings.slice(6, 12), ...first, thumbnailPath(path, 160)]
  const strangers = cold.map((each) => getMedia(shop, each).then((media) => media && made++))
  const { width } = await takeIn(shop, await picture(320, 200).jpeg().toBuffer())
  assert.deepEqual([width, made < cold.length - 1], [320, true])
  // What a caller asks for by its address is not queued behind strangers who want it too.
  assert.ok((await readPicture(shop, cold.at(-2)!)).length > 0)
  assert.ok(made < cold.length - 1, `${made}`)
  await Promise.all(strangers)
  assert.equal(made, cold.length)

  // No more than may wait; while they come, one or two of them may be done.
  const crowd = await Promise.allSettled(drawings.slice(20, 60).map((image) => getMedia(shop, image)))
  const refused = crowd.flatMap((each) => (each.status === 'rejected' ? [(each.reason as DomainError).code] : []))
  assert.ok(refused.length >= 20 && refused.every((code) => code === 'busy'), `${refused.length}`)
})

test('a private picture is kept apart and opened by its signature only', async (t) => {
  const { ctx, folder } = await open(t)
  const jpeg = await picture(700, 300).jpeg().toBuffer()
  const taken = await takeIn(ctx, jpeg, { isPrivate: true })
  const digest = /^\/media\/private\/([0-9a-f]{64})\.webp$/.exec(taken.path)![1]!
  assert.deepEqual(await readdir(folder, { recursive: true }), [
    'private',
    `private/${digest.slice(0, 2)}`,
    `private/${digest.slice(0, 2)}/${digest}.webp`,
  ])
  const thumbnail = thumbnailPath(taken.path, 320)
  const unsigned = [taken.path, thumbnail, `/media/p/${digest.slice(0, 2)}/${digest}.webp`]
  for (const path of unsigned) assert.equal(await getMedia(ctx, path), null, path)

  const nowMs = Date.UTC(2026, 4, 1, 12)
  const at = (ms: number) => ({ ...ctx, clock: { ...systemClock, now: () => new Date(nowMs + ms) } })
  const signed = await signedPath(at(0), taken.path, { forSeconds: 60 })
  assert.match(signed, new RegExp(`^${taken.path}\\?expires=${nowMs / 1000 + 60}&signature=[A-Za-z0-9_-]{43}$`))
  assert.deepEqual((await getMedia(at(59_999), signed))!.expiresAt, new Date(nowMs + 60_000))
  assert.equal(await getMedia(at(60_000), signed), null)
  const small = await getMedia(at(0), await signedPath(at(0), thumbnail, { forSeconds: 60 }))
  assert.equal((await sharp(small!.bytes).metadata()).width, 320)

  const [path, query] = signed.split('?') as [string, string]
  const signature = query.split('signature=')[1]!
  const wrong = [
    `${thumbnail}?${query}`,
    `${path}?${query}&x=1`,
    `${path}?x=1&${query}`,
    `${path}?${query.replace(/expires=\d+/, `expires=${nowMs / 1000 + 61}`)}`,
    `${path}?${query.replace('expires=', 'expires=0')}`,
    `${path}?${query.replace('expires=', 'expires=+')}`,
    `${path}?signature=${signature}&expires=${nowMs / 1000 + 60}`,
    `${path}?${query}=`,
    `${path}?${query.slice(0, -1)}`,
    `${path}?${query.slice(0, -1)}${query.endsWith('A') ? 'Q' : 'A'}`,
    `${path}?${query}?${query}`,
    `${path}?expires=${nowMs / 1000 + 60}`,
    `${path}?`,
  ]
  for (const target of wrong) assert.equal(await getMedia(at(0), target), null, target)
})

test('processes that need the secret first at the same time go on with one', async (t) => {
  const { db, connection } = await testDatabase(t, { own: true })
  const other = openDb(connection, { log: silentLog, exitWhenIdle: true })
  t.after(() => other.close())
  const sign = (each: Db) =>
    signedPath({ db: each, random: systemRandom, clock: systemClock }, '/media/private/x.webp', { forSeconds: 60 })
  // Both have looked and found none, and wait to write their own.
  const paths = await db.transaction().execute(async (tx) => {
    await sql`lock table media_secret in exclusive mode`.execute(tx)
    const both = Promise.all([sign(db), sign(other.db)])
    const waiting = sql<{ n: number }>`
      select count(*)::int as n from pg_locks where relation = 'media_secret'::regclass and not granted`
    while ((await waiting.execute(tx)).rows[0]!.n < 2) await delay(5)
    return { both }
  })
  const [first, second] = await paths.both
  assert.equal(first.slice(-43), second.slice(-43))
})

test('a picture of ours is read without asking anybody, by its path or its whole address', async (t) => {
  const { ctx } = await open(t)
  const taken = await takeIn(ctx, await picture(300, 200).jpeg().toBuffer())
  const { bytes } = (await getMedia(ctx, taken.path))!
  assert.deepEqual(await readPicture(ctx, taken.path), bytes)
  assert.deepEqual(await readPicture(ctx, `http://haul.test${taken.path}`), bytes)

  const hidden = await takeIn(ctx, await picture(300, 200).png().toBuffer(), { isPrivate: true })
  const none = { name: 'DomainError', code: 'unprocessable', message: 'There is no such picture.' }
  await assert.rejects(readPicture(ctx, hidden.path), none)
  await assert.rejects(readPicture(ctx, `http://haul.test${hidden.path}`), none)
  await assert.rejects(readPicture(ctx, '/media/../etc/passwd'), none)
  const signed = await signedPath(ctx, hidden.path, { forSeconds: 60 })
  assert.ok((await readPicture(ctx, signed)).length > 0)
  assert.ok((await readPicture(ctx, `http://haul.test${signed}`)).length > 0)
  // However the origin is spelt, and below a path where that is the server's address.
  assert.deepEqual(await readPicture(ctx, `HTTP://Haul.Test:80${taken.path}`), bytes)
  assert.deepEqual(
    await readPicture({ ...ctx, publicUrl: 'http://haul.test/shop' }, `http://haul.test/shop${taken.path}`),
    bytes,
  )

  // Only what begins exactly with our address is ours.
  const nobodys = ['', 'media/x', '/mediax', '//haul.test/media/x', taken.path.slice(1)]
  for (const address of nobodys) await assert.rejects(readPicture(ctx, address), { code: 'input_invalid' }, address)
  const others = [`http://haul.test.evil.example${taken.path}`, `https://haul.test${taken.path}`]
  for (const address of others) await assert.rejects(readPicture(ctx, address), /No picture could be fetched/, address)
  await assert.rejects(readPicture({ ...ctx, publicUrl: '' }, 'media/x'), { code: 'input_invalid' })
})

test('a picture that takes too long in its thread is refused, and too large a one never gets there', async (t) => {
  const { ctx, jobs } = await open(t)
  const late: Ctx['workers'] = { ...workers, run: async () => Promise.reject(new WorkerTimeout('late')) }
  await assert.rejects(takeIn({ ...ctx, workers: late }, Buffer.alloc(100)), {
    code: 'unprocessable',
    message: 'The picture takes too long to decode.',
  })
  await assert.rejects(takeIn(ctx, Buffer.alloc(PICTURE_BYTES_MAX + 1)), {
    code: 'unprocessable',
    message: 'The picture is larger than 10 MB.',
  })
  assert.deepEqual(jobs, [])
})
