import assert from 'node:assert/strict'
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { sql } from 'kysely'
import { monthBucket } from '../../../src/lib/buckets.ts'
import { revokeKey } from '../../../src/access/keys/keys.ts'
import { drawn } from '../../products/qc/pictures.ts'
import { seedKey } from '../../app.ts'
import { addPhotos, openGallery, seedProduct } from './photos.ts'

const PATH = '/api/v1/products/weidian/7231368393'
/** Not known to any cache, so that the route answers. */
const BY_ROUTE = { 'if-none-match': '"another"' }

type Answer = { status: number; headers: IncomingHttpHeaders; body: string }

async function listening(t: TestContext, env: Record<string, string> = {}) {
  const { app, ctx } = await openGallery(t, {}, env)
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  const get = (headers: Record<string, string>, path = PATH): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const sent = httpRequest({ port, host: '127.0.0.1', path, headers, agent: false }, (answer) => {
        let body = ''
        answer.setEncoding('utf8').on('data', (text: string) => (body += text))
        answer.on('end', () => resolve({ status: answer.statusCode!, headers: answer.headers, body }))
      })
      sent.on('error', reject).end()
    })
  return { app, ctx, get }
}

/** What must be the same, whoever answered; the order of headers is not. */
function told({ status, headers, body }: Answer) {
  const { date: _date, 'x-request-id': id, ratelimit, ...rest } = headers
  assert.match(String(id), /^req_[A-Za-z0-9]{20}$/)
  return { status, body, rest, windows: String(ratelimit).replaceAll(/r=\d+;t=\d+/g, 'r;t') }
}

test('a look-up answered at once is the look-up that the route answers', async (t) => {
  const { ctx, get } = await listening(t)
  for (const { mode, header } of [
    { mode: 'test', header: (key: string) => ({ authorization: `Bearer ${key}` }) },
    { mode: 'live', header: (key: string) => ({ 'x-api-key': key }) },
    { mode: 'live', header: (key: string) => ({ authorization: `bearer  ${key}`, origin: 'https://shop.test' }) },
  ] as const) {
    const { key } = await seedKey(ctx, { mode })
    const first = await get(header(key))
    assert.equal(first.status, 200)
    const atOnce = await get(header(key))
    const byRoute = await get({ ...header(key), ...BY_ROUTE })
    assert.deepEqual(told(atOnce), told(first))
    assert.deepEqual(told(byRoute), told(first))
  }
})

test('what is answered at once is counted, billed, recorded and measured', async (t) => {
  const { app, ctx, get } = await listening(t)
  const { headers, id } = await seedKey(ctx)
  const left = ({ headers: { ratelimit } }: Answer) => Number(/r=(\d+)/.exec(String(ratelimit))?.[1])
  assert.deepEqual([left(await get(headers)), left(await get(headers)), left(await get(headers))], [29, 28, 27])
  const { month, minute } = JSON.parse((await get(headers, '/api/v1/usage')).body)
  assert.deepEqual([month.used, minute.used], [4, 4])
  await ctx.usage.flush()
  assert.equal(ctx.usage.pending, 0)
  const metrics = await app.metrics.registry.metrics()
  assert.match(metrics, /_count\{method="GET",route="\/api\/v1\/products\/:storefront\/:listingId",status="200"\} 3/)
  assert.ok(id > 0)
})

test('everything else goes to the route, with nothing taken', async (t) => {
  const { ctx, get } = await listening(t)
  const { headers, id } = await seedKey(ctx)
  const fenced = await seedKey(ctx, { allow: ['203.0.113.0/24'] })
  const narrow = await seedKey(ctx, { scopes: ['item:read'] })
  await get(headers)
  const cases: [name: string, answer: Answer, status: number][] = [
    ['another address', await get(fenced.headers), 403],
    ['again, now that the key is known', await get(fenced.headers), 403],
    ['another scope', await get(narrow.headers), 403],
    ['again, now that the key is known', await get(narrow.headers), 403],
    ['a query', await get(headers, `${PATH}?x=1`), 200],
    ['a slash at the end', await get(headers, `${PATH}/`), 200],
    ['letters', await get(headers, `${PATH}x`), 400],
    ['another storefront', await get(headers, '/api/v1/products/goofish/7231368393'), 400],
    ['the other spelling of a digit', await get(headers, '/api/v1/products/weidian/%37231368393'), 200],
    ['no key', await get({}), 401],
  ]
  for (const [name, { status }, expected] of cases) assert.equal(status, expected, name)
  for (let call = 0; call < 30; call++) await get(headers)
  const full = await get(headers)
  assert.equal(full.status, 429)
  assert.deepEqual(JSON.parse(full.body).error.code, 'RATE_LIMITED')
  await revokeKey(ctx, id)
  await ctx.watch.next()
  assert.equal((await get(headers)).status, 401)
})

test('the last unit of a month is taken once, and then the route says so', async (t) => {
  const { ctx, get } = await listening(t)
  const { headers, account } = await seedKey(ctx, { mode: 'live' })
  // The first look-up prints the answer, by the route.
  await get((await seedKey(ctx, { mode: 'live' })).headers)
  const bucket = monthBucket(new Date())
  await sql`insert into pot (account_id, name, bucket, used) values (${account.id}, 'qc.month', ${bucket}, 999)`.execute(
    ctx.db,
  )
  const answers = await Promise.all(Array.from({ length: 10 }, () => get(headers)))
  assert.equal(answers.filter(({ status }) => status === 200).length, 1)
  const refused = answers.find(({ status }) => status === 429)!
  assert.equal(JSON.parse(refused.body).error.code, 'QUOTA_EXCEEDED')
  // A refusal gives its window back.
  assert.match(String((await get(headers)).headers.ratelimit), /^"minute";r=29;/)
})

test('photos that are added are told at once as by the route', async (t) => {
  const { ctx, get } = await listening(t)
  const { key } = await seedKey(ctx, { mode: 'live' })
  const headers = { authorization: `Bearer ${key}` }
  const { listingId } = await seedProduct(ctx)
  const path = `/api/v1/products/taobao/${listingId}`
  const none = [await get(headers, path), await get(headers, path)]
  assert.deepEqual(
    none.map(({ body }) => JSON.parse(body).data.qc_count),
    [0, 0],
  )
  const { paths } = await addPhotos(ctx, listingId, [await drawn('express')])
  await ctx.watch.next()
  const [first, atOnce] = [await get(headers, path), await get(headers, path)]
  assert.deepEqual(JSON.parse(first.body).data.qc_preview, [
    `http://haul.test${paths[0]!.replace('.webp', '-320.webp')}`,
  ])
  assert.deepEqual(told(atOnce), told(first))
  assert.deepEqual(told(await get({ ...headers, ...BY_ROUTE }, path)), told(first))
})
