import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { InjectOptions } from 'fastify'
import { buyOffer } from '../../../src/access/accounts/offers.ts'
import { assertAnswer } from '../../app.ts'
import {
  assertBooks,
  balanceOf,
  credit,
  eventsOf,
  fillWindows,
  holdingMeter,
  potsOf,
  receipt,
  seedCaller,
  setPot,
  told,
} from '../metering/meter-bench.ts'
import { checkOf, list, openRisk, PRICE, cleanResult } from './risk-bench.ts'

const CREDIT = 1_000_000
const ROOM = { perSecond: null }
const BUYER = 'Risky.Buyer@example.com'
const no = (error: string, message: string) => ({ error, message })

async function open(t: TestContext, plan: [string, object?] = ['payg', ROOM]) {
  const bench = await openRisk(t)
  const { app, ctx } = bench
  const caller = await seedCaller(ctx, { risk: plan }, { style: 'cbk' })
  await credit(ctx, caller.account, CREDIT)
  const check = (fields: Record<string, string>, headers = caller.headers) => app.inject(checkOf(fields, headers))
  return { ...bench, bench, caller, check }
}

test('the documented match, whole: an entry of one’s own', async (t) => {
  const { app, ctx, caller, check } = await open(t)
  await list(ctx, {
    owner: caller.accountId,
    type: 'email',
    value: 'risky.buyer@example.com',
    reason: 'Chargeback on order #ORD-8842',
    details: { orderId: 'ORD-8842', amount: '$520.00', chargebackDate: '2024-03-15' },
    firstSeen: new Date('2024-03-15'),
  })
  const answer = await check({ type: 'email', value: BUYER })
  const { checkId } = answer.json<{ result: { checkId: string } }>().result
  assert.equal(checkId, answer.headers['x-request-id'])
  const body = {
    ok: true,
    result: {
      blacklisted: true,
      riskScore: 85,
      category: 'chargeback_user',
      matchType: 'email',
      firstSeen: '2024-03-15',
      reason: 'Chargeback on order #ORD-8842',
      details: { orderId: 'ORD-8842', amount: '$520.00', chargebackDate: '2024-03-15' },
      reasons: [
        {
          code: 'chargeback',
          says: 'Chargeback on order #ORD-8842',
          match: 'exact',
          source: 'own',
          firstSeen: '2024-03-15',
          expiresAt: '2026-03-15T00:00:00.000Z',
          disputed: false,
          strength: 0.85,
        },
      ],
      flags: [],
      ruleVersion: 1,
      checkId,
      decaysAt: '2024-07-13T00:00:00.000Z',
    },
    checked: { type: 'email', value: BUYER },
    cost: 0.03,
    timestamp: 1713168000,
  }
  assertAnswer(answer, 200, body)
  assert.deepEqual(Object.keys(answer.json()), Object.keys(body))
  const asJson = await app.inject({
    ...checkOf({}),
    payload: { type: 'email', value: BUYER },
    headers: caller.headers,
  })
  assert.deepEqual({ ...asJson.json().result, checkId }, body.result)
})

test('the documented answer without a match, whole', async (t) => {
  const { check } = await open(t)
  const answer = await check({ type: 'email', value: 'clean.buyer@example.com' })
  assertAnswer(answer, 200, {
    ok: true,
    result: cleanResult(String(answer.headers['x-request-id'])),
    checked: { type: 'email', value: 'clean.buyer@example.com' },
    cost: 0.03,
    timestamp: 1713168000,
  })
})

test('what others list counts once two of them agree, and is told without their words and figures', async (t) => {
  const { ctx, caller, check } = await open(t)
  const [one, two] = [await seedCaller(ctx), await seedCaller(ctx)]
  const entry = {
    type: 'phone',
    value: '+1 202 555 0142',
    reason: 'secret words',
    details: { orderId: 'T-1' },
  } as const
  await list(ctx, { owner: one.accountId, ...entry })
  const ask = async () => (await check({ type: 'phone', value: '(202) 555-0142', region: 'US' })).json().result
  assert.deepEqual([(await ask()).blacklisted, (await ask()).details], [false, []])
  await list(ctx, { owner: two.accountId, ...entry })
  const result = await ask()
  assert.deepEqual(
    [result.blacklisted, result.category, result.reason, result.details, result.matchType],
    [true, 'chargeback_user', 'A payment was charged back.', {}, 'phone'],
  )
  assert.ok(result.reasons.length > 0)
  // Nor the day: they were listed on the fifteenth.
  assert.equal(result.firstSeen, '2024-04-01')
  for (const { source, says, firstSeen, expiresAt } of result.reasons) {
    assert.deepEqual(
      [source, says, firstSeen, expiresAt],
      ['shared', 'A payment was charged back.', '2024-04-01', '2026-05-01T00:00:00.000Z'],
    )
  }
  assert.ok(!JSON.stringify(result).includes('secret'))
  // Of one's own, and of a sandbox, only what one has listed oneself.
  const sandbox = await seedCaller(ctx, { risk: ['payg', ROOM] }, { mode: 'test' })
  await credit(ctx, sandbox.account, CREDIT, true)
  const asked = await check({ type: 'phone', value: '+12025550142' }, sandbox.headers)
  assert.equal(asked.json().result.riskScore, 0)
  // An own list that allows it ends all doubt.
  await list(ctx, {
    owner: caller.accountId,
    kind: 'allowed',
    type: 'phone',
    value: '+12025550142',
    reason: 'A friend.',
  })
  const allowed = await ask()
  assert.deepEqual([allowed.riskScore, allowed.category, allowed.reason, allowed.details], [0, 'none', null, []])
  assert.deepEqual(
    allowed.reasons.map(({ code, says, source, strength }: Record<string, unknown>) => [code, says, source, strength]),
    [['allowed', 'A friend.', 'own', 0]],
  )
})

const DIRECT = 'This address is private; send the public address that the visitor came from.'
const TYPES = 'type must be one of email, username, phone, address, ip, device.'
const asJson = { 'content-type': 'application/json' }

test('every refusal, whole, and nothing is billed for any', async (t) => {
  const { bench, app, ctx, caller } = await open(t)
  const { headers } = caller
  const narrow = await seedCaller(ctx, {}, { scopes: ['item:read'] })
  const fenced = await seedCaller(ctx, {}, { allow: ['203.0.113.0/24'] })
  const poor = await seedCaller(ctx)
  const full = await seedCaller(ctx)
  await fillWindows(ctx, full.accountId, 'risk', 2)
  const good = { type: 'email', value: BUYER }
  const json = (payload: string): InjectOptions => ({ ...checkOf({}), payload, headers: { ...headers, ...asJson } })
  const cases: { name: string; call: InjectOptions; status: number; body: object; allow?: string }[] = [
    { name: 'no key', call: checkOf(good), status: 401, body: no('missing_api_key', 'No API key was sent.') },
    {
      name: 'no key, and a token where none are taken',
      call: checkOf({ ...good, token: 'x.y.z' }),
      status: 401,
      body: no('missing_api_key', 'No API key was sent.'),
    },
    {
      name: 'a malformed key',
      call: checkOf(good, { 'x-api-key': 'cbk_x' }),
      status: 401,
      body: no('invalid_api_key', 'This is not the form of an API key.'),
    },
    {
      name: 'an unknown key',
      call: checkOf(good, { 'x-api-key': `cbk_${'x'.repeat(32)}` }),
      status: 401,
      body: no('invalid_api_key', 'This API key is not known.'),
    },
    {
      name: 'another scope',
      call: checkOf(good, narrow.headers),
      status: 403,
      body: no('forbidden', 'Insufficient scope. Required: risk:check. Your key has: item:read'),
    },
    {
      name: 'another address',
      call: checkOf(good, fenced.headers),
      status: 403,
      body: no('forbidden', 'This API key may not be used from this address.'),
    },
    {
      name: 'a full second',
      call: checkOf(good, full.headers),
      status: 429,
      body: no('rate_limited', 'Max 2 requests/sec'),
    },
    {
      name: 'no balance',
      call: checkOf(good, poor.headers),
      status: 402,
      body: no('insufficient_balance', 'Balance too low; top up to continue.'),
    },
    {
      name: 'no type',
      call: checkOf({ value: BUYER }, headers),
      status: 400,
      body: no('missing_parameter', 'type is required.'),
    },
    {
      name: 'no value',
      call: checkOf({ type: 'email' }, headers),
      status: 400,
      body: no('missing_parameter', 'value is required.'),
    },
    { name: 'no body', call: checkOf({}, headers), status: 400, body: no('missing_parameter', 'type is required.') },
    {
      name: 'an unknown type',
      call: checkOf({ type: 'name', value: BUYER }, headers),
      status: 400,
      body: no('invalid_parameter', TYPES),
    },
    {
      name: 'an empty value',
      call: checkOf({ type: 'username', value: '' }, headers),
      status: 400,
      body: no('invalid_parameter', 'Send a user name with at least one character that can be seen.'),
    },
    {
      name: 'what cannot be checked',
      call: checkOf({ type: 'ip', value: '10.0.0.1' }, headers),
      status: 400,
      body: no('invalid_parameter', DIRECT),
    },
    {
      name: 'an odd region',
      call: checkOf({ type: 'phone', value: '2025550142', region: 'USA' }, headers),
      status: 400,
      body: no(
        'invalid_parameter',
        'region must be a country in two letters, for phone numbers and addresses that do not say their own.',
      ),
    },
    {
      name: 'broken JSON',
      call: json('{'),
      status: 400,
      body: no('invalid_parameter', 'The body is not valid JSON.'),
    },
    {
      name: 'a value that is no text',
      call: json('{"type":"email","value":{}}'),
      status: 400,
      body: no('invalid_parameter', 'value must be string.'),
    },
    {
      name: 'another type of body',
      call: { ...checkOf({}), payload: '<a/>', headers: { ...headers, 'content-type': 'text/xml' } },
      status: 400,
      body: no('invalid_parameter', 'Send the body as application/json or application/x-www-form-urlencoded.'),
    },
    {
      name: 'too large a body',
      call: checkOf({ type: 'email', value: 'x'.repeat(262_145) }, headers),
      status: 413,
      body: no('payload_too_large', 'The body is larger than 256 KB.'),
    },
    ...(['GET', 'PUT', 'PATCH', 'DELETE'] as const).map((method) => ({
      name: method,
      call: { url: '/api/v1/blacklist/check', method },
      status: 405,
      body: no('method_not_allowed', `${method} is not allowed here; use POST.`),
      allow: 'POST',
    })),
    {
      name: 'another path',
      call: { method: 'POST', url: '/api/v1/blacklist/nothing' },
      status: 404,
      body: no('not_found', 'There is no POST /api/v1/blacklist/nothing.'),
    },
  ]
  for (const { name, call, status, body, allow } of cases) {
    await t.test(name, async () => {
      const answer = await app.inject(call)
      assert.deepEqual(told(answer, 'allow', 'www-authenticate'), {
        status,
        body,
        allow: allow ?? null,
        'www-authenticate': status === 401 ? 'Bearer' : null,
      })
      assert.equal(answer.headers['retry-after'], status === 429 ? '1' : undefined)
    })
  }
  for (const { accountId } of [caller, narrow, fenced, poor, full]) assert.deepEqual(await potsOf(ctx, accountId), {})
  assert.equal(await balanceOf(ctx, caller.accountId), CREDIT)
  for (const { pot, cost } of await eventsOf(bench, caller.accountId)) assert.deepEqual([pot, cost], [null, 0])
  await assertBooks(ctx)
})

test('two checks a second pass by default, and are counted apart from item', async (t) => {
  const { ctx, caller, check } = await open(t, ['payg'])
  await fillWindows(ctx, caller.accountId, 'item', 2)
  const statuses: number[] = []
  for (let at = 0; at < 3; at++) statuses.push((await check({ type: 'username', value: 'ada' })).statusCode)
  assert.deepEqual(statuses, [200, 200, 429])
})

test('pay as you go: three cents a check, told in the body and in the headers', async (t) => {
  const { bench, ctx, caller, check } = await open(t)
  const answer = await check({ type: 'ip', value: '8.8.4.4' })
  assert.equal(answer.json().cost, 0.03)
  assert.deepEqual(receipt(answer), { 'x-billed': 'true', 'x-cost': '0.03', 'x-balance-after': '0.97' })
  assert.equal(await balanceOf(ctx, caller.accountId), CREDIT - PRICE)
  assert.deepEqual(
    (await eventsOf(bench, caller.accountId)).map(({ operation, status, pot, cost, bytes }) => [
      operation,
      status,
      pot,
      cost,
      bytes,
    ]),
    [['checkIdentifier', 200, 'balance', PRICE, Buffer.byteLength(answer.body)]],
  )
  await assertBooks(ctx)
})

for (const { plan, included, beyond } of [
  { plan: 'risk_shield', included: 500, beyond: 0.02 },
  { plan: 'risk_shield_pro', included: 2_000, beyond: 0.015 },
]) {
  test(`${plan}, bought: ${included} included, then ${beyond}`, async (t) => {
    const { app, ctx, caller, pool } = await open(t)
    const { account, accountId, headers } = caller
    await credit(ctx, account, 100_000_000)
    const deed = { account, product: 'risk', kind: 'plan', offer: plan, actor: 'test' } as const
    await buyOffer(ctx, deed)
    await ctx.watch.next()
    const ask = async (value: string) => {
      const answer = await app.inject(checkOf({ type: 'username', value }, headers))
      assert.equal(answer.statusCode, 200)
      return [answer.json().cost, answer.headers['x-cost'], answer.headers['x-billed']]
    }
    await setPot(pool, accountId, 'risk.month', 202404, included - 1)
    const before = await balanceOf(ctx, accountId)
    assert.deepEqual(await ask('first'), [0, '0.00', 'true'])
    assert.deepEqual(await ask('second'), [beyond, String(beyond), 'true'])
    assert.equal(await balanceOf(ctx, accountId), before - beyond * 1_000_000)
    assert.equal((await potsOf(ctx, accountId))['risk.month'], included)
    await assertBooks(ctx)
  })
}

test('a charge that cannot be made, and a list that cannot be asked, are 503 and cost nothing', async (t) => {
  const { app, ctx, pool, caller } = await open(t)
  const { accountId, headers } = caller
  const call = checkOf({ type: 'email', value: BUYER }, headers)
  const busy = no('server_error', 'The server is busy; try again in a moment.')
  const uncharged = await holdingMeter(pool, accountId, async () => app.inject(call))
  assert.deepEqual(told(uncharged, 'retry-after'), { status: 503, body: busy, 'retry-after': '1' })

  const holder = await pool.connect()
  await holder.query('begin; lock table risk_mark in access exclusive mode')
  const unasked = await app.inject(call)
  await holder.query('rollback')
  holder.release()
  assert.deepEqual(told(unasked, 'x-billed'), { status: 503, body: busy, 'x-billed': 'false' })

  assert.equal(await balanceOf(ctx, accountId), CREDIT)
  await assertBooks(ctx)
})
