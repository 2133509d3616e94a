import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { InjectOptions } from 'fastify'
import { revokeKey } from '../../../src/access/keys/keys.ts'
import { fillWindows, openBench, seedCaller, told, windowsUsed } from '../metering/meter-bench.ts'

// What every route of the surface says when it refuses, shown on one that reads and one that writes.

const READ = { url: '/api/v1/user/wallet/balance' } as const
const WRITE = { method: 'POST', url: '/api/v1/products/import/1688' } as const
const asJson = { 'content-type': 'application/json' }

const says = (statusCode: number, error: string, message: string | string[]) => ({ statusCode, message, error })
const bad = (message: string) => says(400, 'Bad Request', [message])
const UNAUTHORIZED = says(401, 'Unauthorized', 'Invalid API Key')

type Case = {
  name: string
  call: InjectOptions
  headers?: Record<string, string>
  body: { statusCode: number }
  retryAfter?: string
  allow?: string
}

test('every refusal, whole', async (t) => {
  const { app, ctx } = await openBench(t)
  const sk = { style: 'sk' } as const
  const good = await seedCaller(ctx, {}, sk)
  const revoked = await seedCaller(ctx, {}, sk)
  await revokeKey(ctx, revoked.id)
  await ctx.watch.next()
  const fenced = await seedCaller(ctx, {}, { ...sk, allow: ['203.0.113.0/24'] })
  const narrow = await seedCaller(ctx, {}, { ...sk, scopes: ['cart:read', 'products:read'] })
  const bare = await seedCaller(ctx, {}, { ...sk, scopes: ['cart:read'] })
  const full = await seedCaller(ctx, {}, sk)
  await fillWindows(ctx, full.accountId, 'agent', 300)

  const json = { ...good.headers, ...asJson }
  const scopes = 'Insufficient scope. Required: wallet:read. Your key has: products:read, cart:read'
  const limited = says(429, 'Too Many Requests', 'Rate limit exceeded. Try again in 60s')
  const cases: Case[] = [
    { name: 'no key', call: READ, body: UNAUTHORIZED },
    { name: 'a malformed key', call: READ, headers: { authorization: 'Bearer sk-xxx' }, body: UNAUTHORIZED },
    {
      name: 'an unknown key',
      call: READ,
      headers: { authorization: `Bearer sk-${'x'.repeat(32)}` },
      body: UNAUTHORIZED,
    },
    { name: 'a revoked key', call: READ, headers: revoked.headers, body: UNAUTHORIZED },
    { name: 'no key and no body', call: WRITE, body: UNAUTHORIZED },
    {
      name: 'another address',
      call: READ,
      headers: fenced.headers,
      body: says(403, 'Forbidden', 'This API key may not be used from this address.'),
    },
    { name: 'a scope too few', call: READ, headers: narrow.headers, body: says(403, 'Forbidden', scopes) },
    {
      name: 'a scope too few, and no body',
      call: WRITE,
      headers: bare.headers,
      body: says(403, 'Forbidden', 'Insufficient scope. Required: products:read. Your key has: cart:read'),
    },
    { name: 'a full minute', call: READ, headers: full.headers, body: limited, retryAfter: '60' },
    { name: 'a full minute, and no body', call: WRITE, headers: full.headers, body: limited, retryAfter: '60' },
    { name: 'no body', call: WRITE, headers: good.headers, body: bad('body is required.') },
    {
      name: 'an empty body',
      call: { ...WRITE, payload: '' },
      headers: json,
      body: bad('The body is empty; JSON was announced.'),
    },
    {
      name: 'a broken body',
      call: { ...WRITE, payload: '{"a' },
      headers: json,
      body: bad('The body is not valid JSON.'),
    },
    { name: 'a list', call: { ...WRITE, payload: '[]' }, headers: json, body: bad('body must be object.') },
    {
      name: 'too large a body',
      call: { ...WRITE, payload: 'x'.repeat(262_145) },
      headers: json,
      body: says(413, 'Payload Too Large', 'The body is larger than 256 KB.'),
    },
    {
      name: 'an unknown product',
      call: { url: '/api/v1/products/999999' },
      headers: good.headers,
      body: says(404, 'Not Found', 'Product not found'),
    },
    {
      name: 'an unknown path',
      call: { url: '/api/v1/user/nothing' },
      body: says(404, 'Not Found', 'There is no GET /api/v1/user/nothing.'),
    },
    {
      name: 'a word where a product’s number stands',
      call: { url: '/api/v1/products/shoes' },
      body: says(404, 'Not Found', 'There is no GET /api/v1/products/shoes.'),
    },
    {
      name: 'another method',
      call: { method: 'DELETE', url: '/api/v1/products/12345' },
      body: says(405, 'Method Not Allowed', 'DELETE is not allowed here; use GET or HEAD.'),
      allow: 'GET, HEAD',
    },
    {
      name: 'unreadable percent-encoding',
      call: { url: '/api/v1/cart/%zz' },
      body: bad('The address is not valid percent-encoding.'),
    },
  ]
  for (const { name, call, headers = {}, body, retryAfter = null, allow = null } of cases) {
    await t.test(name, async () => {
      const answer = await app.inject({ ...call, headers })
      assert.deepEqual(told(answer, 'retry-after', 'www-authenticate', 'allow', 'access-control-allow-origin'), {
        status: body.statusCode,
        body,
        'retry-after': retryAfter,
        'www-authenticate': body.statusCode === 401 ? 'Bearer' : null,
        allow,
        'access-control-allow-origin': '*',
      })
      assert.match(String(answer.headers['x-request-id']), /^req_[A-Za-z0-9]{20}$/)
    })
  }
})

test('300 requests a minute are the account’s, and an answer tells what is left of them', async (t) => {
  const { app, ctx, clock } = await openBench(t)
  const caller = await seedCaller(ctx, {}, { style: 'sk' })
  const read = async () => {
    const { statusCode, headers } = await app.inject({ ...READ, headers: caller.headers })
    return [statusCode, headers['ratelimit-policy'], headers['ratelimit'], headers['x-billed'], headers['retry-after']]
  }
  const policy = '"minute";q=300;w=60'
  assert.deepEqual(await read(), [200, policy, '"minute";r=299;t=60', 'true', undefined])
  await fillWindows(ctx, caller.accountId, 'agent', 298)
  await clock.pass(15_000)
  assert.deepEqual(await read(), [200, policy, '"minute";r=0;t=45', 'true', undefined])
  const answer = await app.inject({ ...READ, headers: caller.headers })
  assert.deepEqual(told(answer, 'retry-after'), {
    status: 429,
    body: says(429, 'Too Many Requests', 'Rate limit exceeded. Try again in 45s'),
    'retry-after': '45',
  })
  await clock.pass(45_000)
  assert.equal((await read())[0], 200)
})

test('what the caller sent wrong counts in the windows, and what is refused before does not', async (t) => {
  const { app, ctx } = await openBench(t)
  const caller = await seedCaller(ctx, {}, { style: 'sk', scopes: ['products:read'] })
  const used = async () => (await windowsUsed(ctx, caller.accountId, 'agent')).minute
  await app.inject({ ...READ, headers: caller.headers })
  assert.equal(await used(), 0)
  await app.inject({ ...WRITE, headers: caller.headers, payload: {} })
  assert.equal(await used(), 1)
  await app.inject({ url: '/api/v1/products/999999', headers: caller.headers })
  assert.equal(await used(), 2)
})

test('a key of any style works in either header', async (t) => {
  const { app, ctx } = await openBench(t)
  for (const style of ['qc', 'oh', 'cbk', 'sk'] as const) {
    const { key } = await seedCaller(ctx, {}, { style })
    for (const headers of [{ authorization: `Bearer ${key}` }, { 'x-api-key': key }]) {
      assert.equal((await app.inject({ ...READ, headers })).statusCode, 200, style)
    }
  }
})

test('the same request with the same key is answered with the first outcome; another one is a conflict', async (t) => {
  const { app, ctx } = await openBench(t)
  const caller = await seedCaller(ctx, {}, { style: 'sk', mode: 'test' })
  const headers = { ...caller.headers, 'idempotency-key': 'once' }
  const send = (offerId: string) => app.inject({ ...WRITE, headers, payload: { offerId } })
  const first = await send('688012346012')
  const again = await send('688012346012')
  assert.equal(first.statusCode, 200)
  assert.deepEqual(told(again, 'idempotent-replayed'), {
    status: 200,
    body: first.json(),
    'idempotent-replayed': 'true',
  })
  const other = await send('791912182230')
  assert.deepEqual([other.statusCode, other.json().statusCode, other.json().error], [409, 409, 'Conflict'])
})
