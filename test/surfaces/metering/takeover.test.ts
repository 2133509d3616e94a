import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { InjectOptions } from 'fastify'
import { voidCharge, voidCutOff } from '../../../src/access/usage/cut-off.ts'
import type { Ctx, Watched } from '../../../src/ctx.ts'
import { apiBalanceOf } from '../../../src/money/ledger/accounts.ts'
import { listTransfers } from '../../../src/money/ledger/ledger.ts'
import type { Overrides } from '../../../src/money/plans/overrides.ts'
import type { TestApp } from '../../app.ts'
import { startShelf } from '../../products/catalog/ctx.ts'
import { listing } from '../../products/catalog/listings.ts'
import {
  assertBooks,
  balanceOf,
  CALLS,
  credit,
  daysOf,
  holdingMeter,
  MONTH,
  openBench,
  potsOf,
  PRICE,
  seedCaller,
  setPot,
  told,
  until,
  waitingCharges,
  type Answer,
  type Bench,
} from './meter-bench.ts'

// A request with an Idempotency-Key goes from a process that is taken for dead to one that lives. Whatever the first has
// done, and whatever it still does, the request is paid for once.

const CREDIT = 1_000_000
const NOBODY = 2_000_000_000
const FROM_BALANCE = { perSecond: null, perMonth: 0 }
const CUP = '600000000077'

async function open(
  t: TestContext,
  { overrides = FROM_BALANCE, ...options }: Parameters<typeof openBench>[1] & { overrides?: Overrides } = {},
) {
  const bench = await openBench(t, options)
  const { ctx, pool, nodes } = bench
  const caller = await seedCaller(ctx, { item: ['payg', overrides] }, { capUsdMicros: CREDIT })
  await credit(ctx, caller.account, CREDIT)
  const send = (node = 0, call: InjectOptions = CALLS.item) =>
    nodes[node]!.app.inject({ ...call, headers: { ...caller.headers, 'idempotency-key': 'k' } })
  const spent = async () => CREDIT - (await balanceOf(ctx, caller.accountId))
  const openCharges = async (): Promise<string[]> => {
    const { rows } = await pool.query<{ name: string }>('select name from charge where account_id = $1', [
      caller.accountId,
    ])
    return rows.map(({ name }) => name)
  }
  return { ...bench, bench, caller, send, spent, openCharges }
}

/** Others take the node for dead from now on, though it goes on working. */
async function lookDead(node: TestApp, others: TestApp[]): Promise<void> {
  await node.ctx.watch.stop()
  for (const { ctx } of others) {
    await until(async () => {
      await ctx.watch.next()
      return !ctx.watch.value.instances.includes(node.ctx.instance)
    })
  }
}

/** Stops the next priced call of a node when it has been charged, until `go`. */
function pauseCharged({ ctx }: TestApp): { charged: Promise<void>; go: () => void } {
  const { settler } = ctx
  const { settle } = settler
  const charged = Promise.withResolvers<void>()
  const gate = Promise.withResolvers<void>()
  settler.settle = async (run, call) => {
    settler.settle = settle
    const settled = await settle(run, call)
    charged.resolve()
    await gate.promise
    return settled
  }
  return { charged: charged.promise, go: gate.resolve }
}

/** What a process leaves that was killed after its call was booked and before its record was finished. */
async function leaveUnfinished({ pool }: Pick<Bench, 'pool'>, accountId: number): Promise<void> {
  const { rowCount } = await pool.query(
    `update idempotency set done_at = null, status = null, body = null, instance = $1
     where account_id = $2 and done_at is not null`,
    [NOBODY, accountId],
  )
  assert.equal(rowCount, 1)
}

/** What calls have used, without what the month includes. */
async function usedOf(ctx: Ctx, accountId: number): Promise<Record<string, number>> {
  const pots = Object.entries(await potsOf(ctx, accountId))
  return Object.fromEntries(pots.filter(([name]) => name !== 'item.included'))
}

const billing = (answer: Answer) => [
  answer.statusCode,
  answer.headers['x-billed'],
  answer.headers['x-cost'],
  answer.headers['idempotent-replayed'] ?? null,
]
const PAID = [200, 'true', '0.004', null]
const UNPAID = [200, 'false', '0.00', null]

for (const { name, isWarm, overrides, pots } of [
  { name: 'whose answer is in memory', isWarm: true, overrides: FROM_BALANCE, pots: {} },
  { name: 'whose answer has to be made', isWarm: false, overrides: FROM_BALANCE, pots: {} },
  { name: 'of the trial', isWarm: true, overrides: { perSecond: null, perMonth: 5 }, pots: { 'item.trial': 1 } },
]) {
  test(`a call ${name} that is taken over before it is charged is refused, and charged once in all`, async (t) => {
    const { nodes, pool, ctx, caller, send, spent, openCharges } = await open(t, { nodes: 2, overrides })
    if (isWarm) {
      const other = await seedCaller(ctx)
      for (const { app } of nodes) await app.inject({ ...CALLS.item, headers: other.headers })
    }
    const [old, young] = await holdingMeter(pool, caller.accountId, async () => {
      const old = send(0)
      await until(async () => (await waitingCharges(pool)) === 1)
      await lookDead(nodes[0]!, [nodes[1]!])
      const young = send(1)
      await until(async () => (await waitingCharges(pool)) === 2)
      return [old, young]
    })
    const refused = await old
    const { message } = refused.json<{ message: string }>()
    assert.deepEqual(told(refused, 'x-billed', 'x-cost', 'content-type'), {
      status: 409,
      body: { error: 'conflict', message },
      'x-billed': 'false',
      'x-cost': '0.00',
      'content-type': 'application/json; charset=utf-8',
    })
    assert.match(message, /\w/)
    const answered = await young
    const isFree = 'item.trial' in pots
    assert.deepEqual(billing(answered), isFree ? [200, 'true', '0.00', null] : PAID)
    assert.equal(await spent(), isFree ? 0 : PRICE)
    const transfers = await listTransfers(ctx.db, apiBalanceOf(caller.accountId))
    assert.deepEqual(
      transfers.filter(({ reason }) => reason === 'call').map(({ name }) => name),
      isFree ? [] : [answered.headers['x-request-id']],
    )
    const { 'item.bytes': bytes, ...counted } = await usedOf(ctx, caller.accountId)
    assert.equal(bytes, Buffer.byteLength(answered.body))
    assert.deepEqual(counted, isFree ? pots : { spend: PRICE, [`key:${caller.id}:spend`]: PRICE })
    assert.deepEqual(await openCharges(), [])
    const again = await send(1)
    assert.deepEqual([billing(again), again.body], [[200, 'false', '0.00', 'true'], answered.body])
    await assertBooks(ctx)
  })
}

/** Lets the next `count` priced calls of a node wait for each other, so that they are charged in one batch. */
function gather({ ctx }: TestApp, count: number): void {
  const { settler } = ctx
  const { settle } = settler
  const all = Promise.withResolvers<void>()
  let came = 0
  settler.settle = async (run, call) => {
    came++
    if (came === count) {
      settler.settle = settle
      all.resolve()
    }
    await all.promise
    return settle(run, call)
  }
}

test('a call that was taken over is refused alone, though it is charged in one batch with innocent ones', async (t) => {
  const { bench, nodes, pool, ctx, caller, send, spent } = await open(t, { nodes: 2 })
  const { app } = nodes[0]!
  const other = await seedCaller(ctx, { item: ['payg', FROM_BALANCE] })
  await credit(ctx, other.account, CREDIT)
  await app.inject({ ...CALLS.item, headers: other.headers })
  const { batches } = ctx.settler.stats
  gather(nodes[0]!, 3)
  const { innocent, old, young } = await holdingMeter(pool, caller.accountId, async () => {
    const innocent = [other, caller].map(({ headers }) => app.inject({ ...CALLS.item, headers }))
    const old = send(0)
    await until(async () => (await waitingCharges(pool)) === 1)
    assert.equal(ctx.settler.stats.batches, batches + 1)
    await lookDead(nodes[0]!, [nodes[1]!])
    const young = send(1)
    await until(async () => (await waitingCharges(pool)) === 2)
    return { innocent, old, young }
  })
  assert.deepEqual((await Promise.all(innocent)).map(billing), [PAID, PAID])
  assert.equal((await old).statusCode, 409)
  assert.deepEqual(billing(await young), PAID)
  assert.equal(await spent(), 2 * PRICE)
  assert.equal(CREDIT - (await balanceOf(ctx, other.accountId)), 2 * PRICE)
  assert.equal((await daysOf(bench, caller.accountId)).billed, 2)
  await assertBooks(ctx)
})

test('an open charge is voided by whoever takes its request over, who is charged; its old owner is billed nothing', async (t) => {
  const { nodes, ctx, caller, send, spent, openCharges } = await open(t, { nodes: 2 })
  const { charged, go } = pauseCharged(nodes[0]!)
  const old = send(0)
  await charged
  const left = await openCharges()
  assert.deepEqual([left.length, await spent()], [1, PRICE])
  await lookDead(nodes[0]!, [nodes[1]!])
  const young = await send(1)
  assert.deepEqual(billing(young), PAID)
  assert.deepEqual([await openCharges(), await spent()], [[], PRICE])
  go()
  const late = await old
  assert.deepEqual([late.headers['x-billed'], late.headers['x-cost']], ['false', '0.00'])
  assert.equal(await spent(), PRICE)
  // What the old owner has made is not kept for repeats.
  const again = await send(1)
  assert.deepEqual([billing(again), again.body], [[200, 'false', '0.00', 'true'], young.body])
  const { 'item.bytes': bytes, ...counted } = await usedOf(ctx, caller.accountId)
  assert.equal(bytes, Buffer.byteLength(young.body))
  assert.deepEqual(counted, { spend: PRICE, [`key:${caller.id}:spend`]: PRICE })
  await assertBooks(ctx)
})

test('an open charge that is voided by the others before its request is taken over is not taken for paid', async (t) => {
  const { nodes, ctx, pool, caller, send, spent, openCharges } = await open(t, { nodes: 2 })
  const { charged, go } = pauseCharged(nodes[0]!)
  const old = send(0)
  await charged
  const [name] = await openCharges()
  await lookDead(nodes[0]!, [nodes[1]!])
  const blocked = (count: number) =>
    until(async () => {
      const { rows } = await pool.query(
        `select from pg_stat_activity
         where datname = current_database() and wait_event_type = 'Lock' and query ~ '(calls_|call_|charge|idempotency)'`,
      )
      return rows.length >= count
    })
  // Both wait for the account, and the one who only clears away is first.
  const [voided, young] = await holdingMeter(pool, caller.accountId, async () => {
    const voided = voidCutOff(nodes[1]!.ctx)
    await blocked(1)
    const young = send(1)
    await blocked(2)
    return [voided, young] as const
  })
  assert.deepEqual(
    (await voided).map((each) => each.name),
    [name],
  )
  assert.deepEqual(billing(await young), PAID)
  assert.deepEqual([await spent(), await openCharges()], [PRICE, []])
  go()
  assert.equal((await old).headers['x-billed'], 'false')
  assert.equal(await spent(), PRICE)
  await assertBooks(ctx)
})

test('a charge that is given back while its call is at work is not billed by its answer', async (t) => {
  const { bench, nodes, ctx, caller, app, spent, openCharges } = await open(t)
  const { charged, go } = pauseCharged(nodes[0]!)
  const answering = app.inject({ ...CALLS.item, headers: caller.headers })
  await charged
  const [name] = await openCharges()
  assert.equal(await voidCharge(ctx, name!), true)
  go()
  const answer = await answering
  assert.deepEqual([billing(answer), answer.headers['x-balance-after'] ?? null], [UNPAID, null])
  assert.equal(await spent(), 0)
  assert.equal((await daysOf(bench, caller.accountId)).billed, 0)
  await assertBooks(ctx)
})

for (const { name, says, status } of [
  { name: 'whose source is down now', says: 'down', status: 500 },
  { name: 'that is gone now', says: 'absent', status: 404 },
] as const) {
  test(`a paid request that was cut off and taken up again, for a listing ${name}, is given back whole`, async (t) => {
    const shelf = await startShelf(t)
    const opened = await open(t, { parts: { sources: [shelf.source] } })
    const { bench, ctx, pool, caller, send, spent, openCharges } = opened
    const call = { ...CALLS.item, payload: { url: `https://item.taobao.com/item.htm?id=${CUP}` } }
    const key = `key:${caller.id}:spend`
    // Another source of truth than the memory of the process that died.
    const forgetCup = async () => {
      ctx.printed.entries.clear()
      ctx.printed.bytesUsed = 0
      await pool.query('delete from product where listing_id = $1', [CUP])
    }
    await forgetCup()
    shelf.says.set(CUP, listing({ listingId: CUP }))
    const first = await send(0, call)
    assert.deepEqual([billing(first), await spent()], [PAID, PRICE])

    for (const attempt of [1, 2]) {
      if (attempt === 2) assert.deepEqual(billing(await send(0, call)), PAID)
      await leaveUnfinished(opened, caller.accountId)
      await forgetCup()
      shelf.says.set(CUP, says)
      const failed = await send(0, call)
      assert.deepEqual(
        [failed.statusCode, failed.headers['x-billed'], failed.headers['x-cost']],
        [status, 'false', '0.00'],
      )
      assert.equal(await spent(), 0)
      assert.deepEqual(await usedOf(ctx, caller.accountId), { 'item.bytes': 0, spend: 0, [key]: 0 })
      assert.deepEqual([(await daysOf(bench, caller.accountId)).billed, await openCharges()], [0, []])
      // Nothing stands in the way of the next one.
      await pool.query('delete from product_absence where listing_id = $1', [CUP])
      shelf.says.set(CUP, listing({ listingId: CUP }))
    }
    const again = await send(0, call)
    assert.deepEqual([billing(again), again.body], [PAID, first.body])
    assert.deepEqual(billing(await send(0, call)), [200, 'false', '0.00', 'true'])
    assert.equal(await spent(), PRICE)
    assert.equal((await daysOf(bench, caller.accountId)).billed, 1)
    await assertBooks(ctx)
  })
}

test('a trial call that was cut off, taken up again and then fails gives its unit back', async (t) => {
  const shelf = await startShelf(t)
  const overrides = { perSecond: null, perMonth: 5 }
  const opened = await open(t, { parts: { sources: [shelf.source] }, overrides })
  const { ctx, pool, caller, send } = opened
  const id = '600000000078'
  const call = { ...CALLS.item, payload: { url: `https://item.taobao.com/item.htm?id=${id}` } }
  await setPot(pool, caller.accountId, 'item.trial', MONTH, 2)
  shelf.says.set(id, listing({ listingId: id }))
  assert.deepEqual(billing(await send(0, call)), [200, 'true', '0.00', null])
  assert.equal((await potsOf(ctx, caller.accountId))['item.trial'], 3)
  await leaveUnfinished(opened, caller.accountId)
  ctx.printed.entries.clear()
  ctx.printed.bytesUsed = 0
  await pool.query('delete from product where listing_id = $1', [id])
  shelf.says.set(id, 'down')
  assert.equal((await send(0, call)).statusCode, 500)
  assert.deepEqual(await usedOf(ctx, caller.accountId), { 'item.bytes': 0, 'item.trial': 2 })
  shelf.says.set(id, listing({ listingId: id }))
  assert.deepEqual(billing(await send(0, call)), [200, 'true', '0.00', null])
  assert.equal((await potsOf(ctx, caller.accountId))['item.trial'], 3)
})

test('a process that this one has not heard of yet is asked for before its request is taken over', async (t) => {
  const { nodes, pool, caller, ctx, send, spent } = await open(t, { nodes: 2 })
  const there = nodes[1]!.ctx
  const { watch } = there
  let value: Watched = { ...watch.value, instances: [there.instance] }
  there.watch = {
    get value() {
      return value
    },
    ageMs: () => watch.ageMs(),
    async next() {
      await watch.next()
      value = watch.value
    },
    stop: () => watch.stop(),
  }
  const { charged, go } = pauseCharged(nodes[0]!)
  const first = send(0)
  await charged
  assert.equal((await send(1)).statusCode, 409)
  go()
  assert.deepEqual(billing(await first), PAID)
  assert.equal(await spent(), PRICE)

  // As long as it cannot be told who lives, nobody is taken for dead.
  await leaveUnfinished({ pool }, caller.accountId)
  there.watch = { ...there.watch, value: watch.value, next: () => new Promise(() => {}) }
  const message = 'The server is busy; try again in a moment.'
  assert.deepEqual(told(await send(1), 'retry-after', 'x-billed'), {
    status: 503,
    body: { error: 'server_error', message },
    'retry-after': '1',
    'x-billed': 'false',
  })
  there.watch = watch
  assert.deepEqual(billing(await send(1)), UNPAID)
  assert.equal(await spent(), PRICE)
  await assertBooks(ctx)
})
