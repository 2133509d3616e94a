import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import sharp from 'sharp'
import { fileBlobs } from '../../../src/lib/blobs.ts'
import { getMedia, takeIn, type Draw } from '../../../src/products/media/media.ts'

async function open(t: TestContext, draw: Draw | null = null) {
  const folder = await mkdtemp(join(tmpdir(), 'media-'))
  t.after(() => rm(folder, { recursive: true }))
  return { ctx: { blobs: fileBlobs(folder), draw }, folder }
}

const picture = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: '#4477aa' } })

test('a drawing is made once, kept, and served with the tag of its content', async (t) => {
  let drawn = 0
  const bytes = Buffer.from('drawn')
  const { ctx, folder } = await open(t, async (name) => {
    drawn++
    return name === 'v1/7000000001-1.webp' ? { bytes, contentType: 'image/webp' } : null
  })
  const expected = { bytes, contentType: 'image/webp', etag: `W/"${hash('sha256', bytes).slice(0, 32)}"` }
  const path = '/media/demo/v1/7000000001-1.webp'
  const answers = await Promise.all(Array.from({ length: 20 }, () => getMedia(ctx, path)))
  assert.deepEqual(
    answers,
    Array.from({ length: 20 }, () => expected),
  )
  assert.deepEqual(await getMedia(ctx, path), expected)
  assert.equal(drawn, 1)
  assert.deepEqual(await readdir(join(folder, 'demo/v1')), ['7000000001-1.webp'])

  assert.equal(await getMedia(ctx, '/media/demo/v1/7000000002-1.webp'), null)
  assert.deepEqual(await readdir(join(folder, 'demo/v1')), ['7000000001-1.webp'])
})

test('a drawing that failed is tried again', async (t) => {
  let drawn = 0
  const { ctx } = await open(t, async () => {
    if (drawn++ === 0) throw new Error('first time')
    return { bytes: Buffer.from('x'), contentType: 'image/webp' }
  })
  await assert.rejects(getMedia(ctx, '/media/demo/v1/1-1.webp'), /first time/)
  assert.equal((await getMedia(ctx, '/media/demo/v1/1-1.webp'))!.bytes.toString(), 'x')
})

test('without a drawer there are no drawings', async (t) => {
  const { ctx } = await open(t)
  assert.equal(await getMedia(ctx, '/media/demo/v1/7231368393-1.webp'), null)
})

test('paths that name nothing give null and touch nothing', async (t) => {
  const { ctx } = await open(t, async (name) => assert.fail(`asked to draw ${name}`))
  const sha = 'ab'.repeat(32)
  const paths = [
    '',
    '/',
    '/media/',
    '/media/demo/v1/',
    '/media/demo/v1/..',
    '/media/demo/v1/../../etc/passwd',
    '/media/demo/v1/%2e%2e/x.webp',
    '/media/demo/v1/..%2fx.webp',
    '/media/demo/v1/x/y.webp',
    '/media/demo/v1/.hidden.webp',
    '/media/demo/v1/a.webp\0.png',
    '/media/demo/v1/a.webp\n',
    '/media/demo/v1/A.webp',
    '/media/demo/v1/a--b.webp',
    `/media/demo/v1/${'a'.repeat(300)}.webp`,
    `/media/p/ab/${sha}.webp`,
    `/media/p/cd/${sha}.webp`,
    `/media/p/ab/${sha}.png`,
    `/media/p/ab/../ab/${sha}.webp`,
    `/media/p/ab/${sha.toUpperCase()}.webp`,
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
  assert.deepEqual([media!.contentType, media!.etag], ['image/webp', `W/"${digest.slice(0, 32)}"`])
  assert.deepEqual((await sharp(media!.bytes).metadata()).format, 'webp')
  assert.deepEqual(await readdir(join(folder, 'p')), [digest.slice(0, 2)])
})
