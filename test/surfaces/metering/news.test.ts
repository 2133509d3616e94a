import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setAccountCap, setLowBalance } from '../../../src/access/accounts/accounts.ts'
import { listNews } from '../../../src/events/outbox/outbox.ts'
import type { Ctx } from '../../../src/ctx.ts'
import {
  CALLS,
  credit,
  DAY,
  MONTH,
  openBench,
  PRICE,
  seedCaller,
  setPot,
  type Bench,
  type Caller,
} from './meter-bench.ts'

// What an account is told of its limits: at half, four fifths and all of each, once, and when the balance runs low.

type Told = [pot: unknown, percent: unknown, used: unknown, limit: unknown]

async function toldOf(ctx: Ctx, accountId: number): Promise<Told[]> {
  const news = await listNews(ctx.db, { accountId })
  return news
    .filter(({ event }) => event === 'limit.reached')
    .map(({ body: { pot, percent, used, limit } }) => [pot, percent, used, limit])
}

async function call({ app }: Bench, { headers }: Caller, times: number, what: object = CALLS.item): Promise<void> {
  for (let each = 0; each < times; each++) await app.inject({ ...what, headers })
}

test('the trial, an allowance and credits', async (t) => {
  const bench = await openBench(t)
  const { ctx, pool } = bench
  const trial = await seedCaller(ctx, { item: ['payg', { perSecond: null }] })
  await call(bench, trial, 12)
  assert.deepEqual(await toldOf(ctx, trial.accountId), [
    ['item.trial', 50, 5, 10],
    ['item.trial', 80, 8, 10],
    ['item.trial', 100, 10, 10],
  ])
  const day = await seedCaller(ctx, { item: ['starter', { perSecond: null }] })
  await setPot(pool, day.accountId, 'item.day', DAY, 498)
  await call(bench, day, 3)
  assert.deepEqual(await toldOf(ctx, day.accountId), [['item.day', 50, 500, 1_000]])
  const credits = await seedCaller(ctx, { sourcing: ['free', { perMinute: null }] })
  await setPot(pool, credits.accountId, 'sourcing.month', MONTH, 78)
  await call(bench, credits, 3, CALLS.sourcing)
  assert.deepEqual(await toldOf(ctx, credits.accountId), [['sourcing.month', 80, 80, 100]])
})

test('caps of the account and of a key, in money and in calls', async (t) => {
  const bench = await openBench(t)
  const { ctx } = bench
  const caps = { capUsdMicros: 4 * PRICE, capCalls: 10 }
  const caller = await seedCaller(ctx, { item: ['payg', { perSecond: null, perMonth: 0 }] }, caps)
  await credit(ctx, caller.account, 2_000_000)
  await ctx.db.transaction().execute((tx) => setAccountCap(tx, caller.accountId, 8 * PRICE))
  await call(bench, caller, 6)
  assert.deepEqual(await toldOf(ctx, caller.accountId), [
    [`key:${caller.id}:spend`, 50, 2 * PRICE, 4 * PRICE],
    ['spend', 50, 4 * PRICE, 8 * PRICE],
    [`key:${caller.id}:spend`, 80, 4 * PRICE, 4 * PRICE],
    [`key:${caller.id}:spend`, 100, 4 * PRICE, 4 * PRICE],
  ])
})

test('calls of the month are told when they are drawn', async (t) => {
  const bench = await openBench(t)
  const { ctx, pool } = bench
  const caller = await seedCaller(ctx, { qc: ['basic', { perMinute: null }] })
  await setPot(pool, caller.accountId, 'qc.month', MONTH, 490)
  await call(bench, caller, 3, CALLS.qc)
  assert.deepEqual(await toldOf(ctx, caller.accountId), [['qc.month', 50, 500, 1_000]])
})

for (const { name, isWarm } of [
  { name: 'in memory', isWarm: true },
  { name: 'made after it was paid for', isWarm: false },
]) {
  test(`bandwidth, by an answer that is ${name}`, async (t) => {
    const bench = await openBench(t)
    const { ctx, pool } = bench
    if (isWarm) await call(bench, await seedCaller(ctx), 1)
    const caller = await seedCaller(ctx, { item: ['starter'] })
    await setPot(pool, caller.accountId, 'item.bytes', MONTH, 2_499_999_999)
    await call(bench, caller, 1)
    const told = await toldOf(ctx, caller.accountId)
    assert.deepEqual(
      told.map(([pot, percent, , limit]) => [pot, percent, limit]),
      [['item.bytes', 50, 5_000_000_000]],
    )
  })
}

test('a low balance, once a day', async (t) => {
  const bench = await openBench(t)
  const { ctx } = bench
  const caller = await seedCaller(ctx, { item: ['payg', { perSecond: null, perMonth: 0 }] })
  await ctx.db.transaction().execute((tx) => setLowBalance(tx, caller.accountId, 10 * PRICE))
  const low = async () => {
    const news = await listNews(ctx.db, { accountId: caller.accountId })
    return news.filter(({ event }) => event === 'balance.low').map(({ body }) => body)
  }
  const first = { balanceUsdMicros: 9 * PRICE, thresholdUsdMicros: 10 * PRICE }
  await credit(ctx, caller.account, 11 * PRICE)
  await call(bench, caller, 1)
  assert.deepEqual(await low(), [])
  await call(bench, caller, 3)
  assert.deepEqual(await low(), [first])
  await credit(ctx, caller.account, 3 * PRICE)
  await call(bench, caller, 1)
  assert.deepEqual(await low(), [first])
})
