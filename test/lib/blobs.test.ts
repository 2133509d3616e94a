import assert from 'node:assert/strict'
import { existsSync, statSync } from 'node:fs'
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { test, type TestContext } from 'node:test'
import { type Blobs, fileBlobs } from '../../src/lib/blobs.ts'
import { s3Blobs, type S3Options } from '../../src/lib/blobs-s3.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { openHttp } from '../../src/lib/http-client.ts'
import { startS3, type S3Server } from '../../src/upstreams/s3.ts'
import { testServer } from './http-server.ts'

async function files(t: TestContext): Promise<{ folder: string; blobs: Blobs }> {
  const folder = await mkdtemp(join(tmpdir(), 'openhaul-blobs-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return { folder, blobs: fileBlobs(join(folder, 'blobs')) }
}

/** Pauses between tries are noted and not waited for. */
async function s3(
  t: TestContext,
  given: Partial<S3Options> = {},
): Promise<{ blobs: Blobs; server: S3Server; pausesMs: number[] }> {
  const server = await startS3({ clock: systemClock, pageSize: 3 })
  const http = openHttp()
  t.after(async () => {
    await http.close()
    await server.stop()
  })
  const pausesMs: number[] = []
  const clock = { ...systemClock, sleep: async (ms: number) => void pausesMs.push(ms) }
  const { S3_ENDPOINT: endpoint, S3_BUCKET: bucket, S3_REGION: region } = server.env
  const { S3_ACCESS_KEY: accessKey, S3_SECRET_KEY: secretKey } = server.env
  const blobs = s3Blobs({ endpoint, bucket, region, accessKey, secretKey, http, clock, ...given })
  return { blobs, server, pausesMs }
}

async function namesOf(blobs: Blobs): Promise<string[]> {
  const names: string[] = []
  for await (const name of blobs.list()) names.push(name)
  return names.sort()
}

/** Notes what is flushed to disk; `note` hears of each flush which of `paths` it was of. */
async function watchFlushes(t: TestContext, paths: string[], note: (path: string) => void): Promise<void> {
  const handle = await open(tmpdir(), 'r')
  const prototype = Object.getPrototypeOf(handle) as FileHandle
  await handle.close()
  const sync = prototype.sync
  t.mock.method(prototype, 'sync', async function (this: FileHandle) {
    await sync.call(this)
    const { ino } = await this.stat()
    note(paths.find((path) => existsSync(path) && statSync(path).ino === ino) ?? 'a file under another name')
  })
}

for (const [kind, open] of Object.entries({ files, s3 })) {
  test(`${kind}: bytes come back, whole and under their name`, async (t) => {
    const { blobs } = await open(t)
    assert.equal(await blobs.get('a/b.jpg'), null)
    assert.deepEqual(await namesOf(blobs), [])
    await blobs.put('a/b.jpg', Buffer.from('one'))
    await blobs.put('a/b.jpg', Buffer.from('two'))
    await blobs.put('c', Buffer.alloc(0))
    const every = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
    await blobs.put('a/every.bin', every)
    assert.deepEqual(await blobs.get('a/b.jpg'), Buffer.from('two'))
    assert.deepEqual(await blobs.get('c'), Buffer.alloc(0))
    assert.deepEqual(await blobs.get('a/every.bin'), every)
    assert.deepEqual(await namesOf(blobs), ['a/b.jpg', 'a/every.bin', 'c'])
    await blobs.delete('a/b.jpg')
    await blobs.delete('a/b.jpg')
    assert.equal(await blobs.get('a/b.jpg'), null)
    assert.deepEqual(await namesOf(blobs), ['a/every.bin', 'c'])
  })

  test(`${kind}: a blob of 20 MB and many small ones, written and read at once`, async (t) => {
    const { blobs } = await open(t)
    const large = Buffer.alloc(20_000_000, 'large')
    const names = Array.from({ length: 20 }, (_, at) => `p/${at}-x.webp`)
    await Promise.all([blobs.put('large', large), ...names.map((name) => blobs.put(name, Buffer.from(name)))])
    assert.ok(large.equals((await blobs.get('large'))!))
    const read = await Promise.all(names.map((name) => blobs.get(name)))
    assert.deepEqual(read.map(String), names)
    assert.deepEqual(await namesOf(blobs), ['large', ...names].sort())
  })

  test(`${kind}: a name that is none touches nothing`, async (t) => {
    const { blobs } = await open(t)
    for (const name of ['', '/a', 'a/', '../a', 'a/../b', 'A', 'a b', 'a\0', '.a', 'a//b', 'x'.repeat(201)]) {
      for (const act of [blobs.get(name), blobs.put(name, Buffer.alloc(1)), blobs.delete(name)]) {
        await assert.rejects(act, /^Error: not a blob name/, JSON.stringify(name))
      }
    }
    assert.deepEqual(await namesOf(blobs), [])
  })
}

test('put returns when the bytes, their name and new folders are on disk', async (t) => {
  const { folder, blobs } = await files(t)
  const below = (path: string) => join(folder, path)
  const paths = ['', 'blobs', 'blobs/a', 'blobs/a/b', 'blobs/a/b/c.jpg'].map(below)
  const flushed: string[] = []
  await watchFlushes(t, paths, (path) => flushed.push(path.startsWith(folder) ? relative(folder, path) || '.' : path))

  await blobs.put('a/b/c.jpg', Buffer.from('one'))
  assert.deepEqual(flushed.splice(0), ['a file under another name', 'blobs/a/b', 'blobs/a', 'blobs', '.'])
  await blobs.put('a/b/c.jpg', Buffer.from('two'))
  assert.deepEqual(flushed.splice(0), ['a file under another name', 'blobs/a/b'])
})

test('s3: what fails for a while is tried again, and what goes on failing is told', async (t) => {
  const { blobs, server, pausesMs } = await s3(t)
  server.faults.push('http-500', 'drop', 'slow-down')
  await blobs.put('a', Buffer.from('one'))
  assert.deepEqual([server.calls.length, pausesMs.splice(0)], [4, [100, 400, 1_600]])
  server.faults.push('drop')
  assert.deepEqual(await blobs.get('a'), Buffer.from('one'))
  assert.deepEqual(pausesMs.splice(0), [100])

  server.faults.push('http-500', 'http-500', 'http-500', 'http-500')
  await assert.rejects(blobs.get('a'), {
    name: 'BlobsDown',
    message: `S3 at ${server.env.S3_ENDPOINT} answers 500 (InternalError) to a GET`,
  })
  server.faults.push('drop', 'drop', 'drop', 'drop')
  await assert.rejects(blobs.delete('a'), /^BlobsDown: S3 at \S+ does not answer a DELETE: no whole answer/)
  server.faults.push('slow-down')
  assert.deepEqual(await namesOf(blobs), ['a'])
})

test('s3: what is in the bucket and no blob is not listed', async (t) => {
  const { blobs, server } = await s3(t)
  const names = ['A', 'a', 'a&b', 'b/c.webp', 'd e', 'x/../y', 'z']
  for (const name of names) server.objects.set(name, Buffer.alloc(1))
  assert.deepEqual(await namesOf(blobs), ['a', 'b/c.webp', 'z'])
  const lists = server.calls.filter((call) => call.includes('list-type=2'))
  assert.equal(lists.length, 3)
})

const refusals: [name: string, given: Partial<S3Options>, says: RegExp][] = [
  ['an unknown key', { accessKey: 'OTHER' }, /answers 403 \(InvalidAccessKeyId\): check S3_ACCESS_KEY, S3_SECRET_KEY/],
  ['a wrong secret', { secretKey: 'other' }, /answers 403 \(SignatureDoesNotMatch\): check S3_ACCESS_KEY/],
  ['another region', { region: 'elsewhere-1' }, /answers 400 \(AuthorizationHeaderMalformed\): check .*S3_REGION/],
  [
    'no such bucket',
    { bucket: 'other-bucket' },
    /answers 404 \(NoSuchBucket\): make the bucket other-bucket, or correct/,
  ],
  [
    'a clock that is wrong',
    { clock: { ...systemClock, now: () => new Date(Date.now() - 3_600_000) } },
    /answers 403 \(RequestTimeTooSkewed\)/,
  ],
]
for (const [name, given, says] of refusals) {
  test(`s3: ${name} is told once, to the operator`, async (t) => {
    const { blobs, server } = await s3(t, given)
    server.objects.set('a', Buffer.from('one'))
    await assert.rejects(blobs.get('a'), { name: 'OperatorError', message: says })
    await assert.rejects(blobs.put('a', Buffer.from('two')), { name: 'OperatorError', message: says })
    assert.deepEqual([server.calls.length, String(server.objects.get('a'))], [2, 'one'])
  })
}

for (const [name, answer, says] of [
  ['nothing there', { status: 404, text: '<h1>Not Found</h1>' }, /is no S3 \(404, no reason\): correct S3_ENDPOINT/],
  ['another reason', { status: 404, text: '<Code>NoSuchPage</Code>' }, /is no S3 \(404, NoSuchPage\)/],
] as const) {
  test(`s3: a server that is no S3, with ${name}, is told, and nothing counts as stored`, async (t) => {
    const other = await testServer(t, (request, response) =>
      request.resume().on('end', () => response.writeHead(answer.status).end(answer.text)),
    )
    const { blobs } = await s3(t, { endpoint: other.url })
    const told = { name: 'OperatorError', message: says }
    await assert.rejects(blobs.put('a', Buffer.from('one')), told)
    await assert.rejects(blobs.get('a'), told)
    await assert.rejects(namesOf(blobs), told)
    await blobs.delete('a')
  })
}

test('s3: a page that is no list is not taken for an empty one', async (t) => {
  const other = await testServer(t, (_, response) => response.end('<h1>Welcome</h1>'))
  const { blobs } = await s3(t, { endpoint: other.url })
  await assert.rejects(namesOf(blobs), { name: 'OperatorError', message: /is no S3 \(no list of objects\)/ })
})

test('s3: the local server refuses a body that is not the signed one, and a target that is not', async (t) => {
  const { blobs, server } = await s3(t)
  const http = openHttp()
  t.after(() => http.close())
  const send = http.download
  // What `s3Blobs` sends, changed on its way.
  const changed = (change: (request: Parameters<typeof send>[0]) => Parameters<typeof send>[0]) =>
    s3(t, { endpoint: server.env.S3_ENDPOINT, http: { download: (request) => send(change(request)) } })
  await blobs.put('a', Buffer.from('one'))
  const body = await changed((request) => ({ ...request, body: Buffer.from('two') }))
  await assert.rejects(body.blobs.put('a', Buffer.from('one')), /XAmzContentSHA256Mismatch/)
  const target = await changed((request) => ({ ...request, url: request.url.replace('/b', '/a') }))
  await assert.rejects(target.blobs.delete('b'), /SignatureDoesNotMatch/)
  const method = await changed((request) => ({ ...request, method: 'DELETE' }))
  await assert.rejects(method.blobs.get('a'), /SignatureDoesNotMatch/)
  assert.deepEqual(await blobs.get('a'), Buffer.from('one'))
})
