import assert from 'node:assert/strict'
import { connect, type AddressInfo } from 'node:net'
import { test } from 'node:test'
import type { InjectOptions } from 'fastify'
import sharp from 'sharp'
import { getMedia, takeIn, thumbnailPath } from '../../src/products/media/media.ts'
import { signedPath } from '../../src/products/media/signatures.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { DomainError } from '../../src/lib/errors.ts'
import { startS3 } from '../../src/upstreams/s3.ts'
import { assertAnswer, testApp } from '../app.ts'

const jpeg = () =>
  sharp({ create: { width: 400, height: 200, channels: 3, background: '#4477aa' } })
    .jpeg()
    .toBuffer()
const NONE = { error: { code: 'NOT_FOUND', message: 'There is no such picture.' } }
const ALWAYS = 'public, max-age=31536000, immutable'

/** What of an answer's headers a picture decides. */
function told(headers: Record<string, unknown>) {
  const names = ['cache-control', 'etag', 'content-type', 'content-length', 'content-range', 'accept-ranges']
  return Object.fromEntries(names.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]]])))
}

test('a picture is served for good, whole, in ranges, as its head, and not twice', async (t) => {
  const { app, ctx } = await testApp(t)
  const { path: url } = await takeIn(ctx, await jpeg())
  const { bytes, etag } = (await getMedia(ctx, url))!
  const size = bytes.length
  const ask = async (headers: Record<string, string>, method: InjectOptions['method'] = 'GET') => {
    const answer = await app.inject({ url, headers, ...(method && { method }) })
    assert.equal(answer.headers['x-content-type-options'], 'nosniff')
    assert.equal(answer.headers['content-security-policy'], "default-src 'none'")
    return { status: answer.statusCode, bytes: answer.rawPayload, headers: told(answer.headers) }
  }
  const type = { 'content-type': 'image/webp' }
  const kept = { 'cache-control': ALWAYS, etag, 'accept-ranges': 'bytes' }
  const whole = { status: 200, bytes, headers: { ...kept, ...type, 'content-length': `${size}` } }
  const part = (from: number, to: number) => ({
    status: 206,
    bytes: bytes.subarray(from, to),
    headers: {
      ...kept,
      ...type,
      'content-length': `${to - from}`,
      'content-range': `bytes ${from}-${to - 1}/${size}`,
    },
  })
  const outside = {
    status: 416,
    bytes: Buffer.alloc(0),
    headers: {
      ...kept,
      ...type,
      'cache-control': 'no-store',
      'content-length': '0',
      'content-range': `bytes */${size}`,
    },
  }
  const same = { status: 304, bytes: Buffer.alloc(0), headers: kept }

  const rows: [headers: Record<string, string>, expected: unknown][] = [
    [{}, whole],
    [{ 'accept-encoding': 'gzip, br' }, whole],
    [{ range: 'bytes=0-0' }, part(0, 1)],
    [{ range: 'bytes=10-19' }, part(10, 20)],
    [{ range: 'bytes=10-' }, part(10, size)],
    [{ range: 'bytes=-5' }, part(size - 5, size)],
    [{ range: `bytes=0-${size * 2}` }, part(0, size)],
    [{ range: `bytes=-${size * 2}` }, part(0, size)],
    [{ range: `bytes=${size - 1}-` }, part(size - 1, size)],
    [{ range: `bytes=${size}-` }, outside],
    [{ range: `bytes=${size}-${size + 9}` }, outside],
    [{ range: 'bytes=-0' }, outside],
    [{ range: `bytes=${'9'.repeat(400)}-` }, outside],
    [{ range: 'bytes=5-4' }, whole],
    [{ range: 'bytes=-' }, whole],
    [{ range: 'bytes=0-1,3-4' }, whole],
    [{ range: 'lines=0-1' }, whole],
    [{ range: 'bytes=a-b' }, whole],
    [{ range: 'bytes=0-9', 'if-range': etag }, part(0, 10)],
    [{ range: 'bytes=0-9', 'if-range': `W/${etag}` }, whole],
    [{ range: 'bytes=0-9', 'if-range': '"other"' }, whole],
    [{ range: 'bytes=0-9', 'if-range': 'Wed, 21 Oct 2015 07:28:00 GMT' }, whole],
    [{ 'if-none-match': etag }, same],
    [{ 'if-none-match': `"x", W/${etag}` }, same],
    [{ 'if-none-match': '*' }, same],
    [{ 'if-none-match': etag, range: 'bytes=0-9' }, same],
    [{ 'if-none-match': '"other"' }, whole],
  ]
  for (const [headers, expected] of rows) assert.deepEqual(await ask(headers), expected, JSON.stringify(headers))
  assert.deepEqual(await ask({}, 'HEAD'), { ...whole, bytes: Buffer.alloc(0) })
  assert.deepEqual(await ask({ range: 'bytes=0-9' }, 'HEAD'), { ...whole, bytes: Buffer.alloc(0) })
  assert.equal((await ask({ 'if-none-match': etag }, 'HEAD')).status, 304)
})

test('thumbnails are served beside their pictures', async (t) => {
  const { app, ctx } = await testApp(t)
  const { path } = await takeIn(ctx, await jpeg())
  const answer = await app.inject({ url: thumbnailPath(path, 160) })
  assert.deepEqual([answer.statusCode, answer.headers['cache-control']], [200, ALWAYS])
  assert.equal((await sharp(answer.rawPayload).metadata()).width, 160)
  assertAnswer(await app.inject({ url: path.replace('.webp', '-161.webp') }), 404, NONE)
})

test('a private picture is kept by its viewer until its address ends, and then is like none', async (t) => {
  let nowMs = Date.UTC(2026, 4, 1)
  const clock = { ...systemClock, now: () => new Date(nowMs) }
  const { app, ctx } = await testApp(t, {}, { clock })
  const { path } = await takeIn(ctx, await jpeg(), { isPrivate: true })
  const url = await signedPath(ctx, path, { forSeconds: 600 })
  nowMs += 100_500
  const answer = await app.inject({ url })
  assert.deepEqual([answer.statusCode, answer.headers['cache-control']], [200, 'private, max-age=499, immutable'])
  const expired = nowMs + 499_500
  assertAnswer(await app.inject({ url: path }), 404, NONE)
  assertAnswer(await app.inject({ url: url.slice(0, -1) }), 404, NONE)
  nowMs = expired
  assertAnswer(await app.inject({ url }), 404, NONE)
})

test('a path is taken as it came', async (t) => {
  const { app, ctx } = await testApp(t)
  const { path } = await takeIn(ctx, await jpeg())
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  const ask = async (target: string) => {
    const socket = connect(port, '127.0.0.1')
    socket.write(`GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
    const chunks: Buffer[] = []
    for await (const chunk of socket) chunks.push(chunk as Buffer)
    const text = Buffer.concat(chunks).toString('latin1')
    return Number(text.split(' ')[1])
  }
  assert.equal(await ask(path), 200)
  assert.equal(await ask(`${path}?x=1`), 200)
  const spellings = [
    path.replace('/p/', '/p/../p/'),
    path.replace('/p/', '/./p/'),
    path.replace('/p/', '//p/'),
    path.replace('/p/', '/%70/'),
    path.replace('.webp', '%2ewebp'),
    path.replace('.webp', '.webp/'),
    path.replace('.webp', '.webp%00'),
    path.toUpperCase().replace('/MEDIA/', '/media/'),
    '/media/../../../../etc/passwd',
    '/media/%2e%2e%2f%2e%2e%2fetc/passwd',
    '/media/demo/v2/..%2f..%2fp/x.webp',
  ]
  for (const target of spellings) assert.equal(await ask(target), 404, target)
})

test('pictures are kept in the bucket that the settings name', async (t) => {
  const s3 = await startS3({ clock: systemClock })
  t.after(() => s3.stop())
  const { app, ctx } = await testApp(t, s3.env)
  const { path } = await takeIn(ctx, await jpeg())
  const answers = [path, thumbnailPath(path, 160)].map((url) => app.inject({ url }))
  const [whole, small] = (await Promise.all(answers)).map(({ rawPayload }) => rawPayload)
  const name = path.slice('/media/'.length)
  assert.deepEqual(
    s3.objects,
    new Map([
      [name, whole],
      [thumbnailPath(name, 160), small],
    ]),
  )
})

test('a bucket that does not answer is told as such, and is asked again', async (t) => {
  const s3 = await startS3({ clock: systemClock })
  t.after(() => s3.stop())
  const { app, ctx } = await testApp(t, s3.env)
  const { path } = await takeIn(ctx, await jpeg())
  s3.faults.push('drop', 'slow-down', 'http-500', 'drop')
  assertAnswer(await app.inject({ url: path }), 503, {
    error: { code: 'BUSY', message: 'Pictures are not at hand; try again in a moment.', retry_after: 5 },
  })
  assert.equal((await app.inject({ url: path })).statusCode, 200)
})

test('too many new pictures at once are told to wait', async (t) => {
  const busy = new DomainError('busy', 'The server is busy; try again in a moment.', { retryAfterSeconds: 1 })
  const { app } = await testApp(t, {}, { draw: async () => Promise.reject(busy) })
  assertAnswer(await app.inject({ url: '/media/demo/v2/7231368393-1.webp' }), 503, {
    error: { code: 'BUSY', message: 'The server is busy; try again in a moment.', retry_after: 1 },
  })
})
