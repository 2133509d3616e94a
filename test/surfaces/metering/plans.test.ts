import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addAddOn, removeAddOn } from '../../../src/money/plans/plans.ts'
import {
  assertBooks,
  balanceOf,
  CALLS,
  credit,
  DAY,
  fillWindows,
  MONTH,
  openBench,
  potsOf,
  PRICE,
  putOn,
  receipt,
  returnLeases,
  seedCaller,
  setPot,
  TO_MONTH_END,
  told,
  windowsUsed,
  type Answer,
  type Bench,
  type Caller,
  type Metered,
} from './meter-bench.ts'
import { counter, GB, MONTH_ENDS, onPlan, tooLow } from './on-plan.ts'

// Every plan of every product that has a surface, at its edges. Windows and pots are filled behind the surface's back.

const BATCH = {
  method: 'POST',
  url: '/api/v1/products/batch',
  payload: { items: [{ storefront: 'weidian', listing_id: '7231368393' }] },
} as const

/** Leaves one call in the windows of an account that has no second window or no minute window. */
async function leaveOne({ ctx }: Bench, { accountId }: Caller, product: Metered, max: number): Promise<void> {
  const { minute } = await windowsUsed(ctx, accountId, product)
  await fillWindows(ctx, accountId, product, max - 1 - minute)
}

for (const { plan, perMinute, perMonth, hasBatch } of [
  { plan: 'basic', perMinute: 30, perMonth: 1_000, hasBatch: false },
  { plan: 'early_adopter', perMinute: 40, perMonth: 3_000, hasBatch: false },
  { plan: 'pro', perMinute: 300, perMonth: 25_000, hasBatch: false },
  { plan: 'pro_plus', perMinute: 1_000, perMonth: 500_000, hasBatch: true },
]) {
  test(`qc ${plan}: ${perMinute} a minute, ${perMonth} a month`, async (t) => {
    const { bench, ctx, app, clock, caller, ask, usage, pool } = await onPlan(t, 'qc', plan)
    const { accountId, id, headers } = caller
    const policy = `"minute";q=${perMinute};w=60`
    const standing = (remaining: number, seconds: number) => ({
      'ratelimit-policy': policy,
      ratelimit: `"minute";r=${remaining};t=${seconds}`,
    })
    assert.deepEqual(receipt(await ask('qc')), { 'x-billed': 'true', ...standing(perMinute - 1, 60) })
    const before = await usage()
    assert.deepEqual([before.tier, before.key], [plan, { id, mode: 'live' }])
    assert.deepEqual(before.minute, counter(perMinute, 2, 60, '2026-11-21T17:01:00.000Z'))
    assert.deepEqual(before.month, counter(perMonth, 2, TO_MONTH_END, MONTH_ENDS, MONTH))

    const batch = await app.inject({ ...BATCH, headers })
    if (hasBatch)
      assert.deepEqual(
        [batch.statusCode, receipt(batch)],
        [200, { 'x-billed': 'true', ...standing(perMinute - 3, 60) }],
      )
    else {
      const error = { code: 'FORBIDDEN', message: `This is not part of the plan "${plan}".` }
      assert.deepEqual(told(batch, 'x-billed', 'ratelimit'), {
        status: 403,
        body: { error },
        'x-billed': null,
        ratelimit: null,
      })
    }
    const used = hasBatch ? 3 : 2

    await leaveOne(bench, caller, 'qc', perMinute)
    await clock.pass(48_000)
    assert.deepEqual(receipt(await ask('qc')), { 'x-billed': 'true', ...standing(0, 12) })
    const full = await ask('qc')
    const error = { code: 'RATE_LIMITED', message: 'Per-minute limit exceeded', retry_after: 12 }
    assert.deepEqual(told(full), { status: 429, body: { error } })
    assert.deepEqual(receipt(full), { 'x-billed': 'false', ...standing(0, 12), 'retry-after': '12' })
    await clock.pass(12_000)
    assert.deepEqual(receipt(await ask('qc')), { 'x-billed': 'true', ...standing(perMinute - 1, 60) })

    await returnLeases(bench, accountId, 'qc.month', used + 2)
    await setPot(pool, accountId, 'qc.month', MONTH, perMonth - 1)
    const { month: last } = await usage()
    assert.deepEqual([last.used, last.remaining], [perMonth, 0])
    const spent = await ask('qc')
    const seconds = last.reset_in_seconds
    const quota = { code: 'QUOTA_EXCEEDED', message: 'Monthly quota exceeded', retry_after: seconds }
    assert.deepEqual(told(spent, 'retry-after', 'x-billed'), {
      status: 429,
      body: { error: quota },
      'retry-after': String(seconds),
      'x-billed': 'false',
    })
    // The refused call is not counted, and the header says so.
    assert.equal((await windowsUsed(ctx, accountId, 'qc')).minute, 2)
    assert.match(String(spent.headers['ratelimit']), new RegExp(`^"minute";r=${perMinute - 2};`))
    assert.deepEqual(await potsOf(ctx, accountId), { 'qc.month': perMonth })
  })
}

test('qc custom: without limits unless they are given', async (t) => {
  const { bench, ctx, app, caller, ask, usage, clock } = await onPlan(t, 'qc', 'custom')
  assert.deepEqual(receipt(await ask('qc')), { 'x-billed': 'true' })
  const { tier, minute, month } = await usage()
  assert.deepEqual(
    [tier, minute, month],
    ['custom', counter(null, 2, 60, '2026-11-21T17:01:00.000Z'), counter(null, 2, TO_MONTH_END, MONTH_ENDS, MONTH)],
  )
  assert.equal((await app.inject({ ...BATCH, headers: caller.headers })).statusCode, 200)

  await putOn(ctx, caller.account, 'qc', 'custom', { perSecond: 2, perMinute: 3, perMonth: 7, features: [] })
  assert.equal((await app.inject({ ...BATCH, headers: caller.headers })).statusCode, 403)
  await returnLeases(bench, caller.accountId, 'qc.month', 3)
  await clock.pass(60_000)
  const policy = '"second";q=2;w=1, "minute";q=3;w=60'
  const seen = [await ask('qc'), await ask('qc'), await ask('qc')]
  await clock.pass(1_000)
  seen.push(await ask('qc'), await ask('qc'))
  const told = seen.map((answer) => [answer.statusCode, answer.headers['ratelimit'], answer.headers['retry-after']])
  assert.deepEqual(told, [
    [200, '"second";r=1;t=1, "minute";r=2;t=60', undefined],
    [200, '"second";r=0;t=1, "minute";r=1;t=60', undefined],
    [429, '"second";r=0;t=1, "minute";r=1;t=60', '1'],
    [200, '"second";r=1;t=1, "minute";r=0;t=59', undefined],
    [429, '"second";r=1;t=1, "minute";r=0;t=59', '59'],
  ])
  assert.ok(seen.every(({ headers }) => headers['ratelimit-policy'] === policy))
  await clock.pass(60_000)
  assert.deepEqual((await usage()).month.remaining, 0)
  assert.equal((await ask('qc')).json().error.code, 'QUOTA_EXCEEDED')
})

for (const { plan, perMinute, perMonth } of [
  { plan: 'free', perMinute: 5, perMonth: 100 },
  { plan: 'hobby', perMinute: 20, perMonth: 1_000 },
  { plan: 'developer', perMinute: 250, perMonth: 5_000 },
]) {
  test(`sourcing ${plan}: ${perMinute} a minute, ${perMonth} credits a month`, async (t) => {
    const { bench, ctx, clock, caller, ask, usage, pool } = await onPlan(t, 'sourcing', plan)
    const { accountId } = caller
    const credits = async () => {
      const { sourcing } = (await usage()).products
      assert.deepEqual([sourcing.plan, Object.keys(sourcing.counters)], [plan, ['sourcing.month']])
      return sourcing.counters['sourcing.month']
    }
    const standing = (remaining: number, seconds: number) => ({
      'ratelimit-policy': `"minute";q=${perMinute};w=60`,
      ratelimit: `"minute";r=${remaining};t=${seconds}`,
    })
    // Credits are not money: there is no price to tell.
    const paid = { 'x-billed': 'true' }
    const unpaid = { 'x-billed': 'false' }
    assert.deepEqual(await credits(), counter(perMonth, 0, TO_MONTH_END, MONTH_ENDS, MONTH))
    assert.deepEqual(receipt(await ask('sourcing')), { ...paid, ...standing(perMinute - 1, 60) })
    assert.deepEqual(await credits(), counter(perMonth, 1, TO_MONTH_END, MONTH_ENDS, MONTH))

    await leaveOne(bench, caller, 'sourcing', perMinute)
    await clock.pass(30_000)
    assert.deepEqual(receipt(await ask('sourcing')), { ...paid, ...standing(0, 30) })
    const full = await ask('sourcing')
    const error = { code: 'RATE_LIMITED', message: 'Per-minute limit exceeded' }
    assert.deepEqual(told(full), { status: 429, body: { status: 'error', error } })
    assert.deepEqual(receipt(full), { ...unpaid, ...standing(0, 30), 'retry-after': '30' })

    await clock.pass(30_000)
    await setPot(pool, accountId, 'sourcing.month', MONTH, perMonth - 1)
    assert.deepEqual(receipt(await ask('sourcing')), { ...paid, ...standing(perMinute - 1, 60) })
    assert.equal((await credits()).remaining, 0)
    // Money buys no credits.
    await credit(ctx, caller.account, 1_000_000)
    const spent = await ask('sourcing')
    const none = { code: 'CREDITS_EXHAUSTED', message: 'All credits of this month are used.' }
    assert.deepEqual(told(spent), { status: 429, body: { status: 'error', error: none } })
    const retry = String(TO_MONTH_END - 60)
    assert.deepEqual(receipt(spent), { ...unpaid, ...standing(perMinute - 1, 60), 'retry-after': retry })
    assert.equal((await windowsUsed(ctx, accountId, 'sourcing')).minute, 1)
    assert.equal(await balanceOf(ctx, accountId), 1_000_000)
  })
}

test('sourcing custom: the credits that are given, and no window', async (t) => {
  const { ask } = await onPlan(t, 'sourcing', 'custom', { perMonth: 2 })
  const paid = { 'x-billed': 'true' }
  assert.deepEqual([receipt(await ask('sourcing')), receipt(await ask('sourcing'))], [paid, paid])
  assert.equal((await ask('sourcing')).statusCode, 429)
})

for (const { plan, pot, bucket, limit, gb } of [
  { plan: 'payg', pot: 'item.trial', bucket: MONTH, limit: 10, gb: 5 },
  { plan: 'starter', pot: 'item.day', bucket: DAY, limit: 1_000, gb: 5 },
  { plan: 'growth', pot: 'item.day', bucket: DAY, limit: 5_000, gb: 25 },
  { plan: 'scale', pot: 'item.day', bucket: DAY, limit: 25_000, gb: 150 },
]) {
  test(`item ${plan}: 2 a second, ${limit} in advance, then the balance`, async (t) => {
    const { ctx, clock, caller, ask, usage, pool } = await onPlan(t, 'item', plan)
    const { accountId } = caller
    const [seconds, resetAt] = bucket === DAY ? [25_200, '2026-11-22T00:00:00.000Z'] : [TO_MONTH_END, MONTH_ENDS]
    const counters = async () => (await usage()).products.item
    const standing = (remaining: number) => ({
      'ratelimit-policy': '"second";q=2;w=1',
      ratelimit: `"second";r=${remaining};t=1`,
    })
    const paid = (cost: string, after: string) => ({ 'x-billed': 'true', 'x-cost': cost, 'x-balance-after': after })
    const unpaid = { 'x-billed': 'false', 'x-cost': '0.00' }

    const first = await ask('item')
    assert.deepEqual(receipt(first), { ...paid('0.00', '0.00'), ...standing(1) })
    assert.deepEqual(await counters(), {
      plan,
      counters: {
        [pot]: counter(limit, 1, seconds, resetAt, bucket),
        'item.bytes': counter(gb * GB, Buffer.byteLength(first.body), TO_MONTH_END, MONTH_ENDS, MONTH),
      },
    })
    assert.deepEqual(receipt(await ask('item')), { ...paid('0.00', '0.00'), ...standing(0) })
    const full = await ask('item')
    assert.deepEqual(told(full), { status: 429, body: { error: 'rate_limited', message: 'Max 2 requests/sec' } })
    assert.deepEqual(receipt(full), { ...unpaid, ...standing(0), 'retry-after': '1' })

    await clock.pass(1_000)
    await setPot(pool, accountId, pot, bucket, limit - 1)
    await credit(ctx, caller.account, PRICE + 1_000)
    assert.deepEqual(receipt(await ask('item')), { ...paid('0.00', '0.005'), ...standing(1) })
    assert.deepEqual(receipt(await ask('item')), { ...paid('0.004', '0.001'), ...standing(0) })
    await clock.pass(1_000)
    const spent = await ask('item')
    assert.deepEqual(told(spent), tooLow)
    assert.deepEqual(receipt(spent), { ...unpaid, ...standing(2) })
    const { balance, products } = await usage()
    assert.deepEqual(balance, { usd: '0.001', spent_this_month_usd: '0.004' })
    assert.deepEqual([products.item.counters[pot].used, products.item.counters[pot].remaining], [limit, 0])
    await assertBooks(ctx)
  })
}

test('item custom: what is given is what holds', async (t) => {
  const overrides = { perSecond: 3, perMinute: 100, perDay: 1, priceUsdMicros: 1_500 }
  const { ctx, caller, ask } = await onPlan(t, 'item', 'custom', overrides)
  await credit(ctx, caller.account, 2_000)
  const policy = '"second";q=3;w=1, "minute";q=100;w=60'
  const seen = [await ask('item'), await ask('item'), await ask('item')]
  const paid = seen.map(({ statusCode, headers }) => [statusCode, headers['x-cost'], headers['x-balance-after']])
  assert.deepEqual(paid, [
    [200, '0.00', '0.002'],
    [200, '0.0015', '0.0005'],
    [402, '0.00', undefined],
  ])
  assert.ok(seen.every(({ headers }) => headers['ratelimit-policy'] === policy))
})

test('item add-ons: 10 a second more, 50 GB more, from the next call on and until they are taken away', async (t) => {
  const { ctx, caller, ask, usage } = await onPlan(t, 'item', 'starter')
  const change = async (how: typeof addAddOn, addOn: string) => {
    await ctx.db.transaction().execute((tx) => how(tx, caller.account.id, 'item', addOn))
    await ctx.watch.next()
  }
  const included = async () => (await usage()).products.item.counters['item.bytes'].limit
  assert.equal(await included(), 5 * GB)
  await change(addAddOn, 'extra_bandwidth')
  assert.equal(await included(), 55 * GB)
  await change(addAddOn, 'high_speed')
  const answers: Answer[] = []
  for (let call = 0; call < 13; call++) answers.push(await ask('item'))
  assert.ok(answers.slice(0, 12).every(({ statusCode }) => statusCode === 200))
  assert.equal(answers[11]!.headers['ratelimit'], '"second";r=0;t=1')
  assert.deepEqual(told(answers[12]!, 'ratelimit-policy'), {
    status: 429,
    body: { error: 'rate_limited', message: 'Max 12 requests/sec' },
    'ratelimit-policy': '"second";q=12;w=1',
  })
  await change(removeAddOn, 'high_speed')
  await change(removeAddOn, 'extra_bandwidth')
  assert.deepEqual((await ask('item')).json(), { error: 'rate_limited', message: 'Max 2 requests/sec' })
  assert.equal(await included(), 5 * GB)
})

test('a change of plan holds from the next call on, on another node too, for the sandbox as well', async (t) => {
  const bench = await openBench(t, { nodes: 2 })
  const { ctx, nodes } = bench
  const caller = await seedCaller(ctx)
  const sandbox = await seedCaller(ctx, {}, { mode: 'test' })
  const policies = async ({ headers }: Caller) =>
    Promise.all(nodes.map(async ({ app }) => (await app.inject({ ...CALLS.qc, headers })).headers['ratelimit-policy']))
  const minute = (max: number) => Array.from({ length: 2 }, () => `"minute";q=${max};w=60`)
  for (const [plan, max] of [
    ['basic', 30],
    ['pro', 300],
    ['early_adopter', 40],
  ] as const) {
    for (const each of [caller, sandbox]) {
      await putOn(ctx, each.account, 'qc', plan)
      await nodes[1]!.ctx.watch.next()
      assert.deepEqual(await policies(each), minute(max))
    }
  }
})
