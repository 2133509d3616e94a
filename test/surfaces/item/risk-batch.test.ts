import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { assertAnswer } from '../../app.ts'
import {
  assertBooks,
  balanceOf,
  credit,
  eventsOf,
  holdingMeter,
  potsOf,
  receipt,
  seedCaller,
  setPot,
  told,
  windowsUsed,
} from '../metering/meter-bench.ts'
import { batchOf, list, openRisk, PRICE, cleanResult } from './risk-bench.ts'

const LISTED = { type: 'device', value: 'fp:0a1b2c3d4e5f' }
const CLEAN = { type: 'username', value: 'ada' }
const no = (error: string, message: string) => ({ ok: false, error, message, cost: 0 })
const TOO_LOW = no('insufficient_balance', 'Balance too low; top up to continue.')

async function open(t: TestContext, usdMicros: number, plan: [string, object?] = ['payg', { perSecond: 5 }]) {
  const bench = await openRisk(t)
  const { app, ctx } = bench
  const caller = await seedCaller(ctx, { risk: plan }, { style: 'cbk' })
  if (usdMicros > 0) await credit(ctx, caller.account, usdMicros)
  const check = (items: readonly object[]) => app.inject(batchOf(items, caller.headers))
  const spent = async () => usdMicros - (await balanceOf(ctx, caller.accountId))
  return { ...bench, bench, caller, check, spent }
}

test('each line has its own result, price or refusal', async (t) => {
  const { bench, ctx, caller, check, spent } = await open(t, 1_000_000)
  await list(ctx, { owner: caller.accountId, type: 'device', value: LISTED.value })
  const batchesBefore = ctx.settler.stats.batches
  const answer = await check([
    LISTED,
    { type: 'ip', value: '192.168.0.1' },
    CLEAN,
    {},
    { type: 'name', value: 'x' },
    { type: 'email' },
    { type: 'email', value: ['x'] },
    { type: 'phone', value: 12025550142, region: 'US' },
    { type: 'phone', value: '2025550142', region: 'usa' },
  ])
  assert.equal(ctx.settler.stats.batches, batchesBefore + 1)
  const id = String(answer.headers['x-request-id'])
  const { results } = answer.json<{ results: { result: { riskScore: number; checkId: string } }[] }>()
  const [{ result: listed }] = results as [(typeof results)[0]]
  assert.deepEqual([listed.riskScore, listed.checkId], [85, `${id}-1`])
  assertAnswer(answer, 200, {
    ok: true,
    results: [
      { ok: true, result: listed, checked: LISTED, cost: 0.03 },
      no('invalid_parameter', 'This address is private; send the public address that the visitor came from.'),
      { ok: true, result: cleanResult(`${id}-3`), checked: CLEAN, cost: 0.03 },
      no('missing_parameter', 'type is required.'),
      no('invalid_parameter', 'type must be one of email, username, phone, address, ip, device.'),
      no('missing_parameter', 'value is required.'),
      no('invalid_parameter', 'value must be string.'),
      { ok: true, result: cleanResult(`${id}-8`), checked: { type: 'phone', value: '12025550142' }, cost: 0.03 },
      no('invalid_parameter', 'region must be a country in two letters.'),
    ],
    cost: 0.09,
    timestamp: 1713168000,
  })
  assert.deepEqual(receipt(answer), {
    'x-billed': 'true',
    'x-cost': '0.09',
    'x-balance-after': '0.91',
    'ratelimit-policy': '"second";q=5;w=1',
    ratelimit: '"second";r=4;t=1',
  })
  assert.equal(await spent(), 3 * PRICE)
  assert.deepEqual(
    (await eventsOf(bench, caller.accountId)).map(({ operation, status, cost }) => [operation, status, cost]),
    [1, 2, 3].map(() => ['checkIdentifiers', 200, PRICE]),
  )
  await assertBooks(ctx)
})

test('where the balance ends, the first lines are checked and the rest are refused', async (t) => {
  const { ctx, caller, check, spent } = await open(t, 2 * PRICE + 1)
  const answer = await check([CLEAN, CLEAN, CLEAN, CLEAN])
  const { results, cost } = answer.json<{ results: { ok: boolean }[]; cost: number }>()
  assert.deepEqual([answer.statusCode, cost, results.map(({ ok }) => ok)], [200, 0.06, [true, true, false, false]])
  assert.deepEqual(results.slice(2), [TOO_LOW, TOO_LOW])
  assert.equal(await spent(), 2 * PRICE)

  const again = await check([CLEAN])
  assert.deepEqual(told(again, 'x-billed', 'x-cost'), {
    status: 200,
    body: { ok: true, results: [TOO_LOW], cost: 0, timestamp: 1713168000 },
    'x-billed': 'false',
    'x-cost': '0.00',
  })
  assert.equal((await windowsUsed(ctx, caller.accountId, 'risk')).second, 2)
  await assertBooks(ctx)
})

test('what a plan includes pays for the first lines', async (t) => {
  const { ctx, caller, check, pool } = await open(t, 1_000_000, ['risk_shield'])
  await setPot(pool, caller.accountId, 'risk.month', 202404, 499)
  const { results, cost } = (await check([CLEAN, CLEAN])).json<{ results: { cost: number }[]; cost: number }>()
  assert.deepEqual([results.map((line) => line.cost), cost], [[0, 0.02], 0.02])
  assert.equal((await potsOf(ctx, caller.accountId))['risk.month'], 500)
})

test('a batch of which nothing can be checked, and one that is none', async (t) => {
  const { bench, ctx, app, caller, check, spent } = await open(t, 1_000_000)
  const answer = await check([{ type: 'email', value: 'x' }])
  assert.deepEqual([answer.statusCode, answer.json().cost, answer.headers['x-billed']], [200, 0, 'false'])
  const none = { error: 'invalid_parameter', message: 'items must NOT have fewer than 1 items.' }
  assertAnswer(await check([]), 400, none)
  assertAnswer(await check(Array.from({ length: 101 }, () => CLEAN)), 400, {
    error: 'invalid_parameter',
    message: 'items must NOT have more than 100 items.',
  })
  assertAnswer(await app.inject({ ...batchOf([]), payload: {}, headers: caller.headers }), 400, {
    error: 'missing_parameter',
    message: 'items is required.',
  })
  assert.equal(await spent(), 0)
  const events = await eventsOf(bench, caller.accountId)
  assert.deepEqual(
    events.map(({ status, pot }) => [status, pot]),
    [200, 400, 400, 400].map((status) => [status, null]),
  )
  await assertBooks(ctx)
})

test('a hundred lines are charged in one commit, and given back together when the list cannot be asked', async (t) => {
  const { ctx, pool, caller, check, spent } = await open(t, 10_000_000)
  const items = Array.from({ length: 100 }, (_each, at) => ({ type: 'username', value: `ada${at}` }))
  const { batches } = ctx.settler.stats
  const answer = await check(items)
  assert.deepEqual([answer.statusCode, answer.json().cost, answer.json().results.length], [200, 3, 100])
  assert.equal(ctx.settler.stats.batches, batches + 1)
  assert.equal(await spent(), 100 * PRICE)

  const busy = { error: 'server_error', message: 'The server is busy; try again in a moment.' }
  const holder = await pool.connect()
  await holder.query('begin; lock table risk_mark in access exclusive mode')
  const unasked = await check(items)
  await holder.query('rollback')
  holder.release()
  assert.deepEqual(told(unasked, 'x-billed'), { status: 503, body: busy, 'x-billed': 'false' })
  const uncharged = await holdingMeter(pool, caller.accountId, async () => check([CLEAN]))
  assertAnswer(uncharged, 503, busy)
  assert.equal(await spent(), 100 * PRICE)
  await assertBooks(ctx)
})
