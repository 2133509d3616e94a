import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { InjectOptions } from 'fastify'
import { setAccountCap } from '../../../src/access/accounts/accounts.ts'
import { listNews } from '../../../src/events/outbox/outbox.ts'
import { apiBalanceOf } from '../../../src/money/ledger/accounts.ts'
import { findTransfer, listTransfers } from '../../../src/money/ledger/ledger.ts'
import type { TestApp } from '../../app.ts'
import {
  assertBooks,
  balanceOf,
  CALLS,
  credit,
  DAY,
  daysOf,
  eventsOf,
  holdingMeter,
  MONTH,
  openBench,
  potsOf,
  PRICE,
  seedCaller,
  setPot,
  TO_MONTH_END,
  told,
  UNKNOWN,
  until,
  waitingCharges,
  type Answer,
  type Bench,
  type Caller,
} from './meter-bench.ts'

// Two nodes on one database, without Valkey. In each race the test holds the row that every charge of the account takes
// first, starts all callers, and lets go only when all of them have come to be charged and statements of both nodes wait.

const EACH = 100
const MANY = { perSecond: null, perMinute: null }
const NO_WINDOW = { perSecond: null }

async function open(t: Parameters<typeof openBench>[0]) {
  return openBench(t, { nodes: 2 })
}

/** All callers at once, half of them on each node. */
async function race({ nodes, pool }: Bench, caller: Caller, call: InjectOptions): Promise<Answer[]> {
  const arrivals = nodes.map(countArrivals)
  const started = await holdingMeter(pool, caller.accountId, async (release) => {
    const started = nodes.flatMap(({ app }) =>
      Array.from({ length: EACH }, async () => app.inject({ ...call, headers: caller.headers })),
    )
    await until(() => arrivals.every(({ came }) => came() === EACH))
    await until(async () => {
      const statements = arrivals.map(({ statements }) => statements())
      // None of them can have come to its end, so each that was sent waits.
      const sent = statements.reduce((sum, each) => sum + each, 0)
      return statements.every((each) => each > 0) && (await waitingCharges(pool)) === sent
    })
    await release()
    return started
  })
  const answers = await Promise.all(started)
  for (const { stop } of arrivals) stop()
  return answers
}

/** Counts the callers that have come to be charged on a node, and the statements it has sent for them. */
function countArrivals({ ctx }: TestApp) {
  const { settler, leases } = ctx
  const { settle } = settler
  const { take } = leases
  const batches = settler.stats.batches
  let settled = 0
  let leased = 0
  settler.settle = (run, call) => {
    settled++
    return settle(run, call)
  }
  leases.take = (accountId, pots) => {
    leased++
    return take(accountId, pots)
  }
  return {
    came: () => settled + leased,
    // A node asks for the leases of an account with one statement at a time.
    statements: () => settler.stats.batches - batches + Math.min(1, leased),
    stop() {
      settler.settle = settle
      leases.take = take
    },
  }
}

/** One answer 200 that says so, and all others this refusal, whole. Gives the id of the one. */
function assertOnePassed(answers: Answer[], refusal: object, ...headers: string[]): string {
  assert.equal(answers.length, 2 * EACH)
  const passed = answers.filter(({ statusCode }) => statusCode === 200)
  assert.equal(passed.length, 1)
  assert.equal(passed[0]!.headers['x-billed'], 'true')
  for (const answer of answers) {
    if (answer === passed[0]) continue
    assert.deepEqual(told(answer, 'x-billed', ...headers), { ...refusal, 'x-billed': 'false' })
  }
  return String(passed[0]!.headers['x-request-id'])
}

const noMoney = {
  status: 402,
  body: { error: 'insufficient_balance', message: 'Balance too low; top up to continue.' },
}
const month = String(TO_MONTH_END)

/** What was recorded: one billed call and the others refused, on both nodes. */
async function assertRecorded(
  bench: Bench,
  { accountId }: Caller,
  refused: number,
  pot: string,
  cost = 0,
): Promise<void> {
  for (const { ctx } of bench.nodes) await ctx.usage.flush()
  const events = await eventsOf(bench, accountId)
  assert.deepEqual(
    events.filter(({ status }) => status === 200).map(({ pot, cost }) => ({ pot, cost })),
    [{ pot, cost }],
  )
  assert.equal(events.filter((each) => each.status === refused && each.pot === null).length, 2 * EACH - 1)
  const { calls, billed, errors, cost: spent } = await daysOf(bench, accountId)
  assert.deepEqual({ calls, billed, errors, spent }, { calls: 200, billed: 1, errors: 199, spent: cost })
}

for (const { name, warm } of [
  { name: 'whose answer is in memory', warm: true },
  { name: 'whose answer has to be made', warm: false },
]) {
  test(`balance for one call: of 200, ${name}, one passes and is billed`, async (t) => {
    const bench = await open(t)
    const { ctx } = bench
    const caller = await seedCaller(ctx, { item: ['payg', { ...NO_WINDOW, perMonth: 0 }] })
    await credit(ctx, caller.account, PRICE)
    if (warm) {
      const other = await seedCaller(ctx)
      for (const { app } of bench.nodes) await app.inject({ ...CALLS.item, headers: other.headers })
    }
    for (const { ctx } of bench.nodes) assert.equal(ctx.printed.entries.size, warm ? 1 : 0)

    const requestId = assertOnePassed(await race(bench, caller, CALLS.item), noMoney)
    assert.equal(await balanceOf(ctx, caller.accountId), 0)
    const transfers = await listTransfers(ctx.db, apiBalanceOf(caller.accountId))
    assert.deepEqual(
      transfers
        .map(({ name, from, to, amountMinor, reason }) => ({ name, from, to, amountMinor, reason }))
        .slice(0, -1),
      [
        {
          name: requestId,
          from: `api:${caller.accountId}`,
          to: 'system:revenue:USD',
          amountMinor: PRICE,
          reason: 'call',
        },
      ],
    )
    const { 'item.bytes': bytes, ...pots } = await potsOf(ctx, caller.accountId)
    assert.ok(bytes! > 0)
    assert.deepEqual(pots, { spend: PRICE })
    await assertRecorded(bench, caller, 402, 'balance', PRICE)
    await assertBooks(ctx)
  })
}

test('the last unit of qc’s month passes once', async (t) => {
  const bench = await open(t)
  const { ctx } = bench
  const caller = await seedCaller(ctx, { qc: ['basic', MANY] })
  await setPot(bench.pool, caller.accountId, 'qc.month', MONTH, 999)
  const body = { error: { code: 'QUOTA_EXCEEDED', message: 'Monthly quota exceeded', retry_after: TO_MONTH_END } }
  const answers = await race(bench, caller, CALLS.qc)
  assertOnePassed(answers, { status: 429, body, 'retry-after': month }, 'retry-after')
  assert.deepEqual(await potsOf(ctx, caller.accountId), { 'qc.month': 1_000 })
  await assertRecorded(bench, caller, 429, 'qc.month')
  const news = await listNews(ctx.db, { accountId: caller.accountId })
  assert.deepEqual(
    news.map(({ event, body }) => ({ event, ...body })),
    [{ event: 'limit.reached', pot: 'qc.month', bucket: MONTH, percent: 100, used: 1_000, limit: 1_000 }],
  )
})

for (const { name, plan, pot, bucket, limit } of [
  { name: 'a day’s allowance', plan: 'starter', pot: 'item.day', bucket: DAY, limit: 1_000 },
  { name: 'the trial', plan: 'payg', pot: 'item.trial', bucket: MONTH, limit: 10 },
]) {
  test(`the last unit of ${name} passes once where there is no balance`, async (t) => {
    const bench = await open(t)
    const { ctx } = bench
    const caller = await seedCaller(ctx, { item: [plan, NO_WINDOW] })
    await setPot(bench.pool, caller.accountId, pot, bucket, limit - 1)
    assertOnePassed(await race(bench, caller, CALLS.item), noMoney)
    assert.equal((await potsOf(ctx, caller.accountId))[pot], limit)
    assert.deepEqual(await listTransfers(ctx.db, apiBalanceOf(caller.accountId)), [])
    await assertRecorded(bench, caller, 402, pot)
    await assertBooks(ctx)
  })
}

test('the last of an allowance and of the balance behind it: two pass, one paid by each', async (t) => {
  const bench = await open(t)
  const { ctx } = bench
  const caller = await seedCaller(ctx, { item: ['starter', NO_WINDOW] })
  await setPot(bench.pool, caller.accountId, 'item.day', DAY, 999)
  await credit(ctx, caller.account, PRICE)
  const answers = await race(bench, caller, CALLS.item)
  const costs = answers.filter(({ statusCode }) => statusCode === 200).map(({ headers }) => String(headers['x-cost']))
  assert.deepEqual(costs.sort(), ['0.00', '0.004'])
  assert.equal(await balanceOf(ctx, caller.accountId), 0)
  assert.equal((await potsOf(ctx, caller.accountId))['item.day'], 1_000)
  await assertBooks(ctx)
})

test('the last call under the account’s spending cap passes once', async (t) => {
  const bench = await open(t)
  const { ctx } = bench
  const caller = await seedCaller(ctx, { item: ['payg', { ...NO_WINDOW, perMonth: 0 }] })
  await credit(ctx, caller.account, 1_000_000)
  await ctx.db.transaction().execute((tx) => setAccountCap(tx, caller.accountId, 10 * PRICE + 1))
  await setPot(bench.pool, caller.accountId, 'spend', MONTH, 9 * PRICE)
  const message = 'The spending cap of the account is reached for this month.'
  const requestId = assertOnePassed(await race(bench, caller, CALLS.item), {
    status: 402,
    body: { error: 'insufficient_balance', message },
  })
  assert.equal((await findTransfer(ctx.db, requestId))?.amountMinor, PRICE)
  assert.equal(await balanceOf(ctx, caller.accountId), 1_000_000 - PRICE)
  assert.equal((await potsOf(ctx, caller.accountId))['spend'], 10 * PRICE)
  await assertRecorded(bench, caller, 402, 'balance', PRICE)
  await assertBooks(ctx)
})

test('the last call under a key’s cap in money passes once, and another key goes on', async (t) => {
  const bench = await open(t)
  const { ctx } = bench
  const caller = await seedCaller(
    ctx,
    { item: ['payg', { ...NO_WINDOW, perMonth: 0 }] },
    { capUsdMicros: 5 * PRICE + PRICE - 1 },
  )
  const spent = `key:${caller.id}:spend`
  await credit(ctx, caller.account, 1_000_000)
  await setPot(bench.pool, caller.accountId, spent, MONTH, 4 * PRICE)
  const message = 'The spending cap of this key is reached for this month.'
  assertOnePassed(await race(bench, caller, CALLS.item), {
    status: 402,
    body: { error: 'insufficient_balance', message },
  })
  const pots = await potsOf(ctx, caller.accountId)
  assert.deepEqual([pots[spent], pots['spend']], [5 * PRICE, PRICE])
  assert.equal(await balanceOf(ctx, caller.accountId), 1_000_000 - PRICE)
  await assertRecorded(bench, caller, 402, 'balance', PRICE)
  await assertBooks(ctx)
})

test('the last call under a key’s cap in calls passes once, priced', async (t) => {
  const bench = await open(t)
  const { ctx } = bench
  const caller = await seedCaller(ctx, { item: ['payg', { ...NO_WINDOW, perMonth: 0 }] }, { capCalls: 50 })
  const calls = `key:${caller.id}:calls`
  await credit(ctx, caller.account, 1_000_000)
  await setPot(bench.pool, caller.accountId, calls, MONTH, 49)
  const body = { error: 'rate_limited', message: 'Monthly cap of this key exceeded' }
  assertOnePassed(await race(bench, caller, CALLS.item), { status: 429, body, 'retry-after': month }, 'retry-after')
  assert.equal((await potsOf(ctx, caller.accountId))[calls], 50)
  assert.equal(await balanceOf(ctx, caller.accountId), 1_000_000 - PRICE)
  await assertRecorded(bench, caller, 429, 'balance', PRICE)
  await assertBooks(ctx)
})

test('the last call under a key’s cap in calls passes once, without a price, and takes one unit of the month', async (t) => {
  const bench = await open(t)
  const { ctx, nodes } = bench
  const caller = await seedCaller(ctx, { qc: ['basic', MANY] }, { capCalls: 50 })
  await setPot(bench.pool, caller.accountId, `key:${caller.id}:calls`, MONTH, 49)
  const body = {
    error: { code: 'QUOTA_EXCEEDED', message: 'Monthly cap of this key exceeded', retry_after: TO_MONTH_END },
  }
  const answers = await race(bench, caller, CALLS.qc)
  assertOnePassed(answers, { status: 429, body, 'retry-after': month }, 'retry-after')
  await assertRecorded(bench, caller, 429, 'qc.month')
  // Of the units that were drawn for the month, all but one go back.
  for (const { ctx } of nodes) await ctx.leases.close()
  assert.deepEqual(await potsOf(ctx, caller.accountId), { [`key:${caller.id}:calls`]: 50, 'qc.month': 1 })
})

test('the last credit passes once', async (t) => {
  const bench = await open(t)
  const { ctx } = bench
  const caller = await seedCaller(ctx, { sourcing: ['free', MANY] })
  await setPot(bench.pool, caller.accountId, 'sourcing.month', MONTH, 99)
  const error = { code: 'CREDITS_EXHAUSTED', message: 'All credits of this month are used.' }
  const refusal = { status: 429, body: { status: 'error', error }, 'retry-after': month }
  assertOnePassed(await race(bench, caller, CALLS.sourcing), refusal, 'retry-after')
  assert.deepEqual(await potsOf(ctx, caller.accountId), { 'sourcing.month': 100 })
  await assertRecorded(bench, caller, 429, 'sourcing.month')
})

test('calls that find nothing give the last unit back: nobody is billed, and it is there for the next', async (t) => {
  const bench = await open(t)
  const { ctx, app } = bench
  const caller = await seedCaller(ctx, { item: ['payg', { ...NO_WINDOW, perMonth: 0 }] })
  await credit(ctx, caller.account, PRICE)
  const answers = await race(bench, caller, UNKNOWN.item)
  const statuses = new Set(answers.map(({ statusCode }) => statusCode))
  assert.ok(statuses.has(404) && [...statuses].every((status) => status === 404 || status === 402))
  assert.equal(await balanceOf(ctx, caller.accountId), PRICE)
  assert.deepEqual(await potsOf(ctx, caller.accountId), { spend: 0 })
  const { rows } = await bench.pool.query('select name from charge')
  assert.deepEqual(rows, [])
  const found = await app.inject({ ...CALLS.item, headers: caller.headers })
  assert.deepEqual([found.statusCode, found.headers['x-balance-after']], [200, '0.00'])
  await assertBooks(ctx)
})

for (const { product, max, shares } of [
  { product: 'qc', max: 30, shares: [15, 15] },
  { product: 'sourcing', max: 5, shares: [2, 3] },
  { product: 'item', max: 2, shares: [1, 1] },
] as const) {
  test(`without Valkey, windows of two nodes let through together what the plan of ${product} has`, async (t) => {
    const bench = await open(t)
    const { nodes, ctx } = bench
    const caller = await seedCaller(ctx)
    assert.equal(nodes.length, 2)
    const call = { ...CALLS[product], headers: caller.headers }
    const passed = await Promise.all(
      nodes.map(async ({ app }) => {
        const answers = await Promise.all(Array.from({ length: 40 }, async () => app.inject(call)))
        assert.ok(answers.every(({ statusCode }) => statusCode === 200 || statusCode === 429))
        return answers.filter(({ statusCode }) => statusCode === 200).length
      }),
    )
    assert.deepEqual(
      passed.toSorted((a, b) => a - b),
      shares,
    )
    assert.equal(passed[0]! + passed[1]!, max)
  })
}
