import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { InjectOptions } from 'fastify'
import { disableKey, revokeKey, rollKey } from '../../../src/access/keys/keys.ts'
import { startShelf } from '../../products/catalog/ctx.ts'
import {
  fillWindows,
  holdingMeter,
  MONTH,
  openBench,
  potsOf,
  seedCaller,
  setPot,
  TO_MONTH_END,
  told,
  type Answer,
} from './meter-bench.ts'
import { FAILING, house, item, PLACES, type Kind } from './places.ts'

// Every documented refusal of every surface, whole: status, body, and the headers that go with it.

async function open(t: TestContext) {
  const shelf = await startShelf(t)
  shelf.says.set(FAILING, 'down')
  return openBench(t, { parts: { sources: [shelf.source] } })
}

type Refusal = { status: number; body: object; retryAfterSeconds?: number; allow?: string }

/** Status, whole body, and every header that a refusal can have: there with its value, or not there. */
function assertRefusal(answer: Answer, { status, body, retryAfterSeconds, allow }: Refusal): void {
  assert.deepEqual(told(answer, 'retry-after', 'www-authenticate', 'allow', 'access-control-allow-origin'), {
    status,
    body,
    'retry-after': retryAfterSeconds === undefined ? null : String(retryAfterSeconds),
    'www-authenticate': status === 401 ? 'Bearer' : null,
    allow: allow ?? null,
    'access-control-allow-origin': '*',
  })
  assert.match(String(answer.headers['x-request-id']), /^req_[A-Za-z0-9]{20}$/)
  assert.equal(answer.headers['content-type'], 'application/json; charset=utf-8')
}

/** Callers against whom something stands, each on an account of its own. */
async function seedCallers({ ctx, clock }: Awaited<ReturnType<typeof open>>) {
  const revoked = await seedCaller(ctx)
  await revokeKey(ctx, revoked.id)
  const disabled = await seedCaller(ctx)
  await disableKey(ctx, disabled.id, { actor: 'test' })
  const rolled = await seedCaller(ctx)
  await rollKey(ctx, rolled.id, { graceSeconds: 60, actor: 'test' })
  await clock.pass(60_000)
  await ctx.watch.next()
  return {
    good: await seedCaller(ctx),
    fenced: await seedCaller(ctx, {}, { allow: ['203.0.113.0/24'] }),
    narrow: await seedCaller(ctx, {}, { scopes: ['risk:check'] }),
    full: await seedCaller(ctx),
    spent: await seedCaller(ctx),
    revoked,
    disabled,
    expired: rolled,
  }
}

for (const place of PLACES) {
  const { name, product, call, scope, say, codes } = place

  test(`${name}: every refusal, whole`, async (t) => {
    const bench = await open(t)
    const { app, ctx, pool } = bench
    const { good, fenced, narrow, full, spent, revoked, disabled, expired } = await seedCallers(bench)
    await fillWindows(ctx, full.accountId, product, 30)
    await setPot(pool, spent.accountId, 'qc.month', MONTH, 1_000)
    await setPot(pool, spent.accountId, 'sourcing.month', MONTH, 100)
    await setPot(pool, spent.accountId, 'item.trial', MONTH, 10)

    const path = call.url.split('?')[0]!
    const method = call.method ?? 'GET'
    const words = {
      full: product === 'item' ? 'Max 2 requests/sec' : 'Per-minute limit exceeded',
      spent: {
        qc: 'Monthly quota exceeded',
        sourcing: 'All credits of this month are used.',
        item: 'Balance too low; top up to continue.',
      }[product],
    }
    const fullFor = product === 'item' ? 1 : 60
    const spentFor = product === 'item' ? undefined : TO_MONTH_END - 60
    const unknownKey = { authorization: `Bearer qc_live_${'x'.repeat(32)}` }
    const told = (kind: Kind, message: string, retryAfterSeconds?: number) =>
      say(codes[kind], message, retryAfterSeconds)
    const cases: (Refusal & { name: string; call?: InjectOptions; headers: Record<string, string> })[] = [
      { name: 'no key', headers: {}, status: 401, body: told('missing', 'No API key was sent.') },
      {
        name: 'another scheme',
        headers: { authorization: `Basic ${good.key}` },
        status: 401,
        body: told('missing', 'No API key was sent.'),
      },
      {
        name: 'a malformed key',
        headers: { 'x-api-key': 'cbk_short' },
        status: 401,
        body: told('invalid', 'This is not the form of an API key.'),
      },
      { name: 'an unknown key', headers: unknownKey, status: 401, body: told('invalid', 'This API key is not known.') },
      {
        name: 'a revoked key',
        headers: revoked.headers,
        status: 401,
        body: told('revoked', 'This API key has been revoked.'),
      },
      {
        name: 'a disabled key',
        headers: disabled.headers,
        status: 401,
        body: told('revoked', 'This API key is disabled.'),
      },
      {
        name: 'an expired key',
        headers: expired.headers,
        status: 401,
        body: told('revoked', 'This API key has expired.'),
      },
      {
        name: 'another address',
        headers: fenced.headers,
        status: 403,
        body: told('address', 'This API key may not be used from this address.'),
      },
      {
        name: 'a scope too few',
        headers: narrow.headers,
        status: 403,
        body: told('scope', `Insufficient scope. Required: ${scope}. Your key has: risk:check`),
      },
      {
        name: 'a full window',
        headers: full.headers,
        status: 429,
        body: told('full', words.full, fullFor),
        retryAfterSeconds: fullFor,
      },
      {
        name: 'bad input',
        call: place.bad,
        headers: good.headers,
        status: 400,
        body: say(place.badCode, place.badWords),
      },
      {
        name: 'nothing left',
        headers: spent.headers,
        status: product === 'item' ? 402 : 429,
        body: told('spent', words.spent, spentFor),
        ...(spentFor !== undefined && { retryAfterSeconds: spentFor }),
      },
      {
        name: 'an unknown listing',
        call: place.unknown,
        headers: good.headers,
        status: 404,
        body: told('absent', 'Product not found'),
      },
      {
        name: 'an unknown path',
        call: { url: place.nowhere, method: 'GET' },
        headers: {},
        status: 404,
        body: told('absent', `There is no GET ${place.nowhere}.`),
      },
      {
        name: 'a wrong method',
        call: { url: path, method: place.wrong },
        headers: {},
        status: 405,
        body: told('method', `${place.wrong} is not allowed here; use ${place.allow.replace(', ', ' or ')}.`),
        allow: place.allow,
      },
    ]
    for (const { name, call: other, headers, ...refusal } of cases) {
      await t.test(name, async () => {
        assertRefusal(await app.inject({ method, ...call, ...other, headers }), refusal)
      })
    }
    await t.test('a source that is down', async () => {
      // On an account of its own, whose second is not full.
      const { headers } = await seedCaller(ctx)
      const message = 'No source of product data could answer. Try again in a while.'
      const answer = await app.inject({ ...place.failing, headers })
      assertRefusal(answer, { status: 500, body: told('internal', message) })
    })
  })
}

test('after 30 failed attempts an address is told to wait, in each envelope; keys that work here go on working', async (t) => {
  const bench = await open(t)
  const { app, ctx, clock } = bench
  const { headers } = await seedCaller(ctx)
  const fresh = await seedCaller(ctx)
  const call = { ...PLACES[0]!.call, headers }
  assert.equal((await app.inject(call)).statusCode, 200)
  const unknown = (at: number) => ({ 'x-api-key': `cbk_${String(at).padStart(32, '0')}` })
  for (let at = 0; at < 30; at++) {
    const { call } = PLACES[at % PLACES.length]!
    assert.equal((await app.inject({ ...call, headers: unknown(at) })).statusCode, 401)
  }
  await clock.pass(20_000)
  for (const { call, say, codes } of PLACES) {
    const body = say(codes.full, 'Too many failed attempts; try again later.', 40)
    for (const headers of [unknown(31), fresh.headers]) {
      assertRefusal(await app.inject({ ...call, headers }), { status: 429, body, retryAfterSeconds: 40 })
    }
  }
  assert.equal((await app.inject(call)).statusCode, 200)
  await clock.pass(40_000)
  assert.equal((await app.inject({ ...call, headers: fresh.headers })).statusCode, 200)
})

test('of 500 unknown keys at once from one address 30 are told so, and the others to wait', async (t) => {
  const { app } = await open(t)
  const { call, say, codes } = PLACES[0]!
  const answers = await Promise.all(
    Array.from({ length: 500 }, (_each, at) =>
      app.inject({ ...call, headers: { authorization: `Bearer qc_live_${String(at).padStart(32, 'A')}` } }),
    ),
  )
  const unknown = { status: 401, body: say(codes.invalid, 'This API key is not known.') }
  const tooMany = say(codes.full, 'Too many failed attempts; try again later.', 60)
  const refused = answers.filter(({ statusCode }) => statusCode === 401)
  assert.equal(refused.length, 30)
  for (const answer of answers) {
    assertRefusal(answer, refused.includes(answer) ? unknown : { status: 429, body: tooMany, retryAfterSeconds: 60 })
  }
})

test('a database that cannot say is 503 in each envelope, with nothing charged', async (t) => {
  const { app, ctx, pool } = await open(t)
  // One after the other, as what waits longer than a statement waits for a lock is tried again in smaller batches.
  for (const { product, call, say, codes } of PLACES.filter(({ name }) => !name.includes('/scraper/'))) {
    await t.test(product, async () => {
      const { headers, accountId } = await seedCaller(ctx)
      const answer = await holdingMeter(pool, accountId, async () => app.inject({ ...call, headers }))
      const body = say(codes.busy, 'The server is busy; try again in a moment.', 1)
      assertRefusal(answer, { status: 503, body, retryAfterSeconds: 1 })
      assert.deepEqual(await potsOf(ctx, accountId), {})
    })
  }
})

const lookUp = PLACES.find(({ name }) => name === 'item')!.call
const batch = { method: 'POST', url: '/api/v1/products/batch' } as const
const form = { 'content-type': 'application/x-www-form-urlencoded' }
const json = { 'content-type': 'application/json' }

test('item: what is wrong with the body, whole', async (t) => {
  const { app, ctx } = await open(t)
  const { headers } = await seedCaller(ctx, { item: ['payg', { perSecond: null }] })
  const link = 'https://weidian.com/item.html?itemID=7266541641'
  const unsafe = item('invalid_url', 'URL not allowed or unsafe')
  const cases: { name: string; payload: string; type?: Record<string, string>; status: number; body: object }[] = [
    { name: 'no url', payload: 'tid=1', status: 400, body: item('missing_parameter', 'url is required.') },
    { name: 'an empty body', payload: '', status: 400, body: item('missing_parameter', 'url is required.') },
    { name: 'another host', payload: 'url=https://example.com/item?id=1', status: 400, body: unsafe },
    { name: 'no link', payload: 'url=x', status: 400, body: unsafe },
    {
      name: 'an odd language',
      payload: `url=${encodeURIComponent(link)}&searchlang=e%20n`,
      status: 400,
      body: item('invalid_parameter', 'searchlang must be a language code such as en or zh; en unless given.'),
    },
    {
      name: 'a long tid',
      payload: `url=${encodeURIComponent(link)}&tid=${'x'.repeat(201)}`,
      status: 400,
      body: item('invalid_parameter', 'tid must NOT have more than 200 characters.'),
    },
    {
      name: 'broken JSON',
      payload: '{',
      type: json,
      status: 400,
      body: item('invalid_parameter', 'The body is not valid JSON.'),
    },
    {
      name: 'another type',
      payload: '<a/>',
      type: { 'content-type': 'text/xml' },
      status: 400,
      body: item('invalid_parameter', 'Send the body as application/json or application/x-www-form-urlencoded.'),
    },
    {
      name: 'too large a body',
      payload: `url=${'x'.repeat(262_145)}`,
      status: 413,
      body: item('payload_too_large', 'The body is larger than 256 KB.'),
    },
  ]
  for (const { name, payload, type = form, status, body } of cases) {
    await t.test(name, async () => {
      assertRefusal(await app.inject({ ...lookUp, payload, headers: { ...headers, ...type } }), { status, body })
    })
  }
})

test('qc’s batch: what is wrong with the body, whole, and with an item of it', async (t) => {
  const { app, ctx } = await open(t)
  const { headers } = await seedCaller(ctx, { qc: ['pro_plus'] })
  const ask = (payload: string) => app.inject({ ...batch, payload, headers: { ...headers, ...json } })
  const no = (message: string) => house('BAD_REQUEST', message)
  const cases: [name: string, payload: string, status: number, body: object][] = [
    ['nothing', '', 400, no('The body is empty; JSON was announced.')],
    ['no items', '{}', 400, no('items is required.')],
    ['a list', '[]', 400, no('body must be object.')],
    ['items that are no list', '{"items":{"a":1}}', 400, no('items must be array.')],
    ['none', '{"items":[]}', 400, no('items must NOT have fewer than 1 items.')],
    [
      '101',
      JSON.stringify({ items: Array.from({ length: 101 }, () => ({})) }),
      400,
      no('items must NOT have more than 100 items.'),
    ],
    ['a text among them', '{"items":["7231368393"]}', 400, no('items.0 must be object.')],
    [
      'too much',
      JSON.stringify({ items: ['x'.repeat(262_145)] }),
      413,
      house('PAYLOAD_TOO_LARGE', 'The body is larger than 256 KB.'),
    ],
  ]
  for (const [name, payload, status, body] of cases) {
    await t.test(name, async () => assertRefusal(await ask(payload), { status, body }))
  }
  const error = (code: string) => ({ error: { code } })
  const known = { storefront: 'weidian', listing_id: '7231368393' }
  const { data } = (await app.inject({ ...PLACES[0]!.call, headers })).json()
  const items = [
    { storefront: 'taobao', listing_id: FAILING },
    known,
    { storefront: 'goofish', listing_id: '1' },
    { storefront: 'weidian', listing_id: '72x1' },
    { storefront: 'weidian', listing_id: '999' },
    {},
    known,
  ]
  const answer = await ask(JSON.stringify({ items }))
  const bad = error('BAD_REQUEST')
  assert.deepEqual(told(answer, 'x-billed'), {
    status: 200,
    body: { results: [error('INTERNAL'), { data }, bad, bad, error('NOT_FOUND'), bad, { data }] },
    'x-billed': 'true',
  })
})
