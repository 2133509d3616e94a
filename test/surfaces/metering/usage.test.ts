import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createKey } from '../../../src/access/keys/keys.ts'
import { SCOPES } from '../../../src/access/keys/scopes.ts'
import {
  CALLS,
  credit,
  fillWindows,
  openBench,
  PRICE,
  returnLeases,
  seedCaller,
  setPot,
  told,
  type Caller,
} from './meter-bench.ts'

const ME = '/api/v1/me'
const USAGE = '/api/v1/usage'

test('/me: the account, the key and the plans, whole, for a live key and for its sandbox', async (t) => {
  const { app, ctx } = await openBench(t)
  const caller = await seedCaller(ctx, { item: ['growth'] })
  const { account, id, headers } = caller
  const plans = { qc: 'basic', sourcing: 'free', item: 'growth', risk: 'payg', agent: 'default' }
  const body = { user: { id: account.id, username: account.name }, key: { id, mode: 'live' }, tier: 'basic', plans }
  const answer = await app.inject({ url: ME, headers })
  assert.deepEqual(told(answer, 'x-billed', 'ratelimit'), {
    status: 200,
    body: { ...body, scopes: [...SCOPES] },
    'x-billed': 'true',
    ratelimit: '"minute";r=29;t=60',
  })

  const test = await createKey(ctx, { account, style: 'cbk', mode: 'test', scopes: ['qc:read', 'item:read'] })
  const sandbox = await app.inject({ url: ME, headers: { 'x-api-key': test.key } })
  assert.deepEqual(sandbox.json(), {
    ...body,
    user: { id: account.id, username: account.name },
    key: { id: test.id, mode: 'test' },
    scopes: ['qc:read', 'item:read'],
  })
})

test('/usage: the documented numbers, this call included, and the other products beside them', async (t) => {
  const { app, ctx, clock, pool } = await openBench(t, { start: '2026-04-17T18:41:00Z' })
  const caller = await seedCaller(ctx, { qc: ['pro_plus'] })
  const { accountId, id, headers } = caller
  await fillWindows(ctx, accountId, 'qc', 11)
  await setPot(pool, accountId, 'qc.month', 202604, 1_842)
  await clock.pass(23_000)
  const toMonthEnd = { reset_in_seconds: 1_142_317, reset_at: '2026-05-01T00:00:00.000Z', bucket: 202604 }
  const answer = await app.inject({ url: USAGE, headers })
  assert.deepEqual(told(answer, 'x-billed', 'ratelimit', 'ratelimit-policy'), {
    status: 200,
    body: {
      tier: 'pro_plus',
      key: { id, mode: 'live' },
      minute: { limit: 1_000, used: 12, remaining: 988, reset_in_seconds: 37, reset_at: '2026-04-17T18:42:00.000Z' },
      month: { limit: 500_000, used: 1_843, remaining: 498_157, ...toMonthEnd },
      products: {
        sourcing: {
          plan: 'free',
          counters: { 'sourcing.month': { limit: 100, used: 0, remaining: 100, ...toMonthEnd } },
        },
        item: {
          plan: 'payg',
          counters: {
            'item.trial': { limit: 10, used: 0, remaining: 10, ...toMonthEnd },
            'item.bytes': { limit: 5_000_000_000, used: 0, remaining: 5_000_000_000, ...toMonthEnd },
          },
        },
        risk: { plan: 'payg', counters: {} },
        agent: { plan: 'default', counters: {} },
      },
      balance: { usd: '0.00', spent_this_month_usd: '0.00' },
    },
    'x-billed': 'true',
    ratelimit: '"minute";r=988;t=37',
    'ratelimit-policy': '"minute";q=1000;w=60',
  })
})

test('/usage: what has been paid for, in advance and from the balance', async (t) => {
  const { app, ctx } = await openBench(t)
  const caller = await seedCaller(ctx, { item: ['starter', { perSecond: null, perDay: 1 }] })
  const { headers } = caller
  await credit(ctx, caller.account, 10 * PRICE)
  const bodies = [await app.inject({ ...CALLS.item, headers }), await app.inject({ ...CALLS.item, headers })]
  await app.inject({ ...CALLS.sourcing, headers })
  const { products, balance } = (await app.inject({ url: USAGE, headers })).json()
  const used = (product: string, counter: string): unknown => products[product].counters[counter].used
  assert.deepEqual(
    [used('item', 'item.day'), used('item', 'item.bytes'), used('sourcing', 'sourcing.month')],
    [1, bodies.reduce((sum, { body }) => sum + Buffer.byteLength(body), 0), 1],
  )
  assert.deepEqual(balance, { usd: '0.036', spent_this_month_usd: '0.004' })
})

test('/me and /usage have one shape whatever the key, and a refusal is told in qc’s envelope', async (t) => {
  const { app, ctx } = await openBench(t)
  const qc = await seedCaller(ctx)
  const item = await createKey(ctx, { account: qc.account, style: 'cbk', mode: 'live', scopes: ['item:read'] })
  const agent = await createKey(ctx, { account: qc.account, style: 'sk', mode: 'live', scopes: ['qc:read'] })
  const keys = (answer: { json(): object }) => Object.keys(answer.json())
  for (const url of [ME, USAGE]) {
    const refused = await app.inject({ url, headers: { 'x-api-key': item.key } })
    const message = 'Insufficient scope. Required: qc:read. Your key has: item:read'
    assert.deepEqual(told(refused), { status: 403, body: { error: { code: 'FORBIDDEN', message } } })
    const one = await app.inject({ url, headers: qc.headers })
    const other = await app.inject({ url, headers: { 'x-api-key': agent.key } })
    assert.deepEqual([other.statusCode, keys(other)], [200, keys(one)])
  }
})

test('a sandbox has the limits of its account and counters of its own', async (t) => {
  const bench = await openBench(t)
  const { app, ctx } = bench
  const live = await seedCaller(ctx, { qc: ['pro'] })
  const key = await createKey(ctx, { account: live.account, style: 'qc', mode: 'test' })
  const sandbox: Caller = { ...live, ...key, headers: { authorization: `Bearer ${key.key}` } }
  const usage = async ({ headers }: Caller) => {
    const { minute, month } = (await app.inject({ url: USAGE, headers })).json()
    return [minute.limit, minute.used, month.limit, month.used]
  }
  for (let call = 0; call < 3; call++) await app.inject({ ...CALLS.qc, headers: live.headers })
  assert.deepEqual(await usage(sandbox), [300, 1, 25_000, 1])
  assert.deepEqual(await usage(live), [300, 4, 25_000, 4])
})

test('calls of the month on another node are told as soon as it has nothing drawn ahead', async (t) => {
  const bench = await openBench(t, { nodes: 2 })
  const { ctx, nodes } = bench
  const caller = await seedCaller(ctx)
  const { headers, accountId } = caller
  const month = async (at: number) => (await nodes[at]!.app.inject({ url: USAGE, headers })).json().month.used as number
  assert.equal(await month(0), 1)
  // Node 0 has ten drawn, which count as used here.
  assert.equal(await month(1), 11)
  await returnLeases(bench, accountId, 'qc.month', 2)
  assert.equal(await month(1), 3)
})
