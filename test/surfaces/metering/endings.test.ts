import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { InjectOptions } from 'fastify'
import { systemClock } from '../../../src/lib/clock.ts'
import { house, item } from './places.ts'
import {
  assertBooks,
  balanceOf,
  CALLS,
  credit,
  daysOf,
  openBench,
  potsOf,
  PRICE,
  seedCaller,
  setPot,
  MONTH,
  told,
  until,
  windowsUsed,
} from './meter-bench.ts'

// A priced call whose charge was taken, and that cannot be ended: it is refused in the surface's own words, once, and
// nothing stays charged.

const CREDIT = 1_000_000
const busy = 'The server is busy; try again in a moment.'
const CASES = [
  { product: 'item', call: CALLS.item, body: item('server_error', busy), cost: '0.00', isPaid: [PRICE, 10] },
  {
    product: 'sourcing',
    call: CALLS.sourcing,
    body: { status: 'error', ...house('BUSY', busy) },
    // Paid for in credits, so no cost is told.
    cost: null,
    isPaid: [0, 11],
  },
] as const

async function open(t: TestContext) {
  const bench = await openBench(t, { parts: { clock: systemClock } })
  const { ctx, app, pool } = bench
  const caller = await seedCaller(ctx, {
    item: ['payg', { perSecond: null, perMinute: 1_000, perMonth: 0 }],
    sourcing: ['free', { perMinute: 1_000 }],
  })
  await credit(ctx, caller.account, CREDIT)
  await setPot(pool, caller.accountId, 'sourcing.month', MONTH, 10)
  const send = (call: InjectOptions, key?: string) =>
    app.inject({ ...call, headers: { ...caller.headers, ...(key && { 'idempotency-key': key }) } })
  const spent = async () => [
    CREDIT - (await balanceOf(ctx, caller.accountId)),
    (await potsOf(ctx, caller.accountId))['sourcing.month'],
  ]
  return { ...bench, bench, caller, send, spent }
}

for (const { product, call, body, cost, isPaid } of CASES) {
  test(`${product}: a call that cannot be ended is 503 in the surface’s words, counted once and given back`, async (t) => {
    const { bench, ctx, pool, caller, send, spent } = await open(t)
    const { settler } = ctx
    const { settle, finish } = settler
    let finished = 0
    settler.finish = (one) => {
      finished++
      return finish(one)
    }
    const holder = await pool.connect()
    t.after(async () => {
      await holder.query('rollback')
      holder.release()
    })
    settler.settle = async (run, charge) => {
      settler.settle = settle
      const settled = await settle(run, charge)
      await holder.query('begin')
      await holder.query('select from meter where account_id = $1 for update', [caller.accountId])
      return settled
    }
    // Two calls stand in the window, which the failed one must leave there.
    for (let count = 0; count < 2; count++) {
      await ctx.limits.take(`${caller.accountId}:${product}`, [{ name: 'minute', windowMs: 60_000, max: 1_000 }])
    }
    const before = await windowsUsed(ctx, caller.accountId, product)
    const failed = await send(call, product === 'item' ? 'k' : undefined)
    assert.deepEqual(told(failed, 'retry-after', 'content-type', 'x-billed', 'x-cost', 'x-balance-after'), {
      status: 503,
      body,
      'retry-after': '1',
      'content-type': 'application/json; charset=utf-8',
      'x-billed': 'false',
      'x-cost': cost,
      'x-balance-after': null,
    })
    assert.equal(finished, 1)
    const after = await windowsUsed(ctx, caller.accountId, product)
    assert.ok(after.minute >= before.minute && after.minute <= before.minute + 1, JSON.stringify({ before, after }))

    await holder.query('rollback')
    const left = () => pool.query('select from charge where account_id = $1', [caller.accountId])
    await until(async () => (await left()).rows.length === 0)
    assert.deepEqual(await spent(), [0, 10])
    assert.equal((await daysOf(bench, caller.accountId)).billed, 0)
    // Sent again, it is a first one.
    let again = await send(call, 'k')
    await until(async () => {
      if (again.statusCode === 409) again = await send(call, 'k')
      return again.statusCode === 200
    })
    assert.equal(again.headers['x-billed'], 'true')
    assert.deepEqual(await spent(), isPaid)
    await assertBooks(ctx)
  })

  test(`${product}: a fault in ending a call tells nothing of itself`, async (t) => {
    const { ctx, send } = await open(t)
    const { settler } = ctx
    let finished = 0
    settler.finish = async () => {
      finished++
      throw new Error('relation "secret" of host 10.1.2.3')
    }
    const failed = await send(call)
    assert.ok(failed.statusCode === 500 || failed.statusCode === 503, String(failed.statusCode))
    const code = failed.statusCode === 503 ? 'BUSY' : 'INTERNAL'
    const message = failed.statusCode === 503 ? busy : 'Internal error'
    assert.deepEqual(
      failed.json(),
      product === 'item' ? item('server_error', message) : { status: 'error', ...house(code, message) },
    )
    assert.deepEqual(
      [failed.headers['content-type'], failed.headers['x-billed'], failed.headers['x-cost'] ?? null, finished],
      ['application/json; charset=utf-8', 'false', cost, 1],
    )
    assert.match(String(failed.headers['x-request-id']), /^req_/)
  })
}
