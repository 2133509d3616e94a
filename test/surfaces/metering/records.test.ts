import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { InjectOptions } from 'fastify'
import type { Ctx } from '../../../src/ctx.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import {
  assertBooks,
  balanceOf,
  CALLS,
  credit,
  eventsOf,
  ITEM_URL,
  openBench,
  PRICE,
  seedCaller,
  told,
  until,
  type Answer,
} from './meter-bench.ts'

// The record of a request with an Idempotency-Key, where the database does not take it at once; and what the request log
// has of each call.

const CREDIT = 1_000_000

async function open(t: TestContext) {
  const bench = await openBench(t, { parts: { clock: systemClock } })
  const { ctx, app } = bench
  const caller = await seedCaller(ctx, { item: ['payg', { perSecond: null, perMonth: 0 }], qc: ['pro_plus'] })
  await credit(ctx, caller.account, CREDIT)
  const send = (call: InjectOptions = CALLS.item) =>
    app.inject({ ...call, headers: { ...caller.headers, 'idempotency-key': 'k', ...call.headers } })
  const spent = async () => CREDIT - (await balanceOf(ctx, caller.accountId))
  const ask = (payload: object) => send({ ...CALLS.item, payload })
  return { ...bench, bench, caller, send, spent, ask }
}

/** The first answer that is not that of a request under way. */
async function settled(send: () => Promise<Answer>): Promise<Answer> {
  let answer: Answer | null = null
  await until(async () => {
    answer = await send()
    return answer.statusCode !== 409
  })
  return answer!
}

const billing = (answer: Answer) => [
  answer.statusCode,
  answer.headers['x-billed'],
  answer.headers['x-cost'],
  answer.headers['idempotent-replayed'] ?? null,
]
const PAID = [200, 'true', '0.004', null]
const REPLAYED = [200, 'false', '0.00', 'true']

for (const { name, isWarm } of [
  { name: 'whose answer was in memory', isWarm: true },
  { name: 'whose answer had to be made', isWarm: false },
]) {
  test(`a paid call ${name} is answered though its record cannot be written, which is then written behind it`, async (t) => {
    const { app, ctx, pool, send, spent } = await open(t)
    if (isWarm) await app.inject({ ...CALLS.item, headers: (await seedCaller(ctx)).headers })
    await pool.query(
      `create function refuse() returns trigger language plpgsql as
         $$ begin raise exception 'canceling statement due to lock timeout' using errcode = '55P03'; end $$;
       create trigger refuse before update of done_at on idempotency for each row execute function refuse()`,
    )
    const drop = () => pool.query('drop function if exists refuse cascade')
    t.after(drop)
    const first = await send()
    const { 'x-balance-after': balance } = first.headers
    assert.deepEqual([...billing(first), balance, await spent()], [...PAID, '0.996', PRICE])
    // Not a second time while it is not written.
    assert.equal((await send()).statusCode, 409)
    await drop()
    const again = await settled(send)
    assert.deepEqual([billing(again), again.body], [REPLAYED, first.body])
    assert.equal(await spent(), PRICE)
    await assertBooks(ctx)
  })
}

test('a paid call is answered while the table of records is locked for longer than a statement waits', async (t) => {
  const { app, ctx, pool, caller, send, spent } = await open(t)
  await app.inject({ ...CALLS.item, headers: caller.headers })
  const holder = await pool.connect()
  const { settler } = ctx
  const { settle } = settler
  try {
    settler.settle = async (run, call) => {
      settler.settle = settle
      const result = await settle(run, call)
      await holder.query('begin; lock table idempotency in share mode')
      return result
    }
    const first = await send()
    assert.deepEqual([billing(first), await spent()], [PAID, 2 * PRICE])
    await holder.query('commit')
    const again = await settled(send)
    assert.deepEqual([billing(again), again.body], [REPLAYED, first.body])
    assert.equal(await spent(), 2 * PRICE)
    await assertBooks(ctx)
  } finally {
    await holder.query('rollback')
    holder.release()
  }
})

test('a refusal whose record cannot be forgotten is told, and the key is free as soon as it can be', async (t) => {
  const { ctx, pool, send, ask, spent } = await open(t)
  await pool.query(
    `create function keep() returns trigger language plpgsql as $$ begin raise exception 'not now'; end $$;
     create trigger keep before delete on idempotency for each row execute function keep()`,
  )
  const drop = () => pool.query('drop function if exists keep cascade')
  t.after(drop)
  const absent = { error: 'not_found', message: 'Product not found' }
  const answer = await ask({ url: 'https://weidian.com/item.html?itemID=9990000000' })
  assert.deepEqual(told(answer, 'x-billed'), { status: 404, body: absent, 'x-billed': 'false' })
  await drop()
  assert.deepEqual(billing(await settled(() => send())), PAID)
  assert.equal(await spent(), PRICE)
  await assertBooks(ctx)
})

/** Loses the answer to the first statement like this one: it was carried out, and nobody is told. Counts those after it. */
function loseAnswer({ ctx }: { ctx: Ctx }, to: string, then = 'delete from idempotency'): { followed: number } {
  const { db } = ctx
  const counted = { followed: 0 }
  const lost = new WeakSet<object>()
  const following = new WeakSet<object>()
  let isLost = false
  ctx.db = db.withPlugin({
    transformQuery({ node, queryId }) {
      const text = JSON.stringify(node)
      if (!isLost && text.includes(to)) lost.add(queryId)
      else if (text.includes(then)) following.add(queryId)
      return node
    },
    async transformResult({ result, queryId }) {
      if (following.has(queryId)) counted.followed++
      if (!lost.has(queryId)) return result
      isLost = true
      throw new Error('Connection terminated unexpectedly')
    },
  })
  return counted
}

test('a key that was taken by a statement whose answer was lost is free again soon', async (t) => {
  const { bench, send, spent } = await open(t)
  loseAnswer(bench, 'insert into idempotency')
  const lost = await send()
  assert.ok(lost.statusCode >= 500, String(lost.statusCode))
  assert.deepEqual([lost.headers['x-billed'], lost.json().error], ['false', 'server_error'])
  assert.ok(!lost.body.includes('terminated'))
  const answer = await settled(() => send())
  assert.deepEqual([billing(answer), await spent()], [PAID, PRICE])
  assert.deepEqual(billing(await send()), REPLAYED)
  assert.equal(await spent(), PRICE)
})

test('nor does a lost answer lock a key that was taken over from a dead process, whose charge stays what it was', async (t) => {
  const { bench, caller, pool, send, spent } = await open(t)
  assert.deepEqual(billing(await send()), PAID)
  await pool.query(
    `update idempotency set done_at = null, status = null, body = null, instance = 2000000000
     where account_id = $1`,
    [caller.accountId],
  )
  loseAnswer(bench, 'update idempotency set id')
  assert.ok((await send()).statusCode >= 500)
  const answer = await settled(() => send())
  assert.deepEqual([billing(answer), await spent()], [[200, 'false', '0.00', null], PRICE])
  assert.deepEqual(billing(await send()), REPLAYED)
  assert.equal(await spent(), PRICE)
})

test('a lost answer does not free a key that another request has', async (t) => {
  const { bench, ctx, send, spent } = await open(t)
  const { settler } = ctx
  const { settle } = settler
  const charged = Promise.withResolvers<void>()
  const gate = Promise.withResolvers<void>()
  settler.settle = async (run, call) => {
    settler.settle = settle
    const result = await settle(run, call)
    charged.resolve()
    await gate.promise
    return result
  }
  const first = send()
  await charged.promise
  const counted = loseAnswer(bench, 'insert into idempotency')
  assert.ok((await send()).statusCode >= 500)
  // Whatever frees what may have been taken has been carried out.
  await until(() => counted.followed > 0)
  assert.equal((await send()).statusCode, 409)
  gate.resolve()
  assert.deepEqual(billing(await first), PAID)
  assert.deepEqual(billing(await send()), REPLAYED)
  assert.equal(await spent(), PRICE)
})

test('the caller’s mark stands in the request log of replays and of bodies that fail the schema', async (t) => {
  const { bench, caller, ask, app } = await open(t)
  await ask({ url: ITEM_URL, tid: 'paid' })
  await ask({ url: ITEM_URL, tid: 'paid' })
  const refuse = async (payload: object) => {
    const answer = await app.inject({ ...CALLS.item, payload, headers: caller.headers })
    assert.equal(answer.statusCode, 400)
  }
  await refuse({ url: ITEM_URL, tid: 'odd language', searchlang: '!' })
  await refuse({ tid: 'no url' })
  await refuse({ url: ITEM_URL, tid: 'x'.repeat(201) })
  await refuse({ url: '', tid: 'empty url' })
  const form = { 'content-type': 'application/x-www-form-urlencoded', ...caller.headers }
  const payload = 'tid=form&searchlang=!'
  assert.equal((await app.inject({ ...CALLS.item, payload, headers: form })).statusCode, 400)
  // A number is as good as its digits, which are what is echoed.
  const numbered = await app.inject({ ...CALLS.item, payload: { url: ITEM_URL, tid: 4711 }, headers: caller.headers })
  assert.equal(numbered.json().tid, '4711')
  const events = await eventsOf(bench, caller.accountId)
  assert.deepEqual(
    events.map(({ status, tid, cost }) => [status, tid, cost]),
    [
      [200, 'paid', PRICE],
      [200, 'paid', 0],
      [400, 'odd language', 0],
      [400, 'no url', 0],
      // Longer than a mark may be: it is none.
      [400, null, 0],
      [400, 'empty url', 0],
      [400, 'form', 0],
      [200, '4711', PRICE],
    ],
  )
})

test('the request log has the size of each body before compression, whichever way it was sent', async (t) => {
  const { bench, app, caller } = await open(t)
  const gzip = { ...caller.headers, 'accept-encoding': 'gzip' }
  const batch = { items: [{ storefront: 'weidian', listing_id: '7231368393' }] }
  const calls: InjectOptions[] = [
    // Made, then from memory, then compressed.
    { ...CALLS.item, headers: caller.headers },
    { ...CALLS.item, headers: caller.headers },
    { ...CALLS.qc, headers: caller.headers },
    { url: '/api/v1/products/weidian/999', headers: caller.headers },
    { method: 'POST', url: '/api/v1/products/batch', payload: batch, headers: caller.headers },
  ]
  const sizes: number[] = []
  for (const call of calls) sizes.push(Buffer.byteLength((await app.inject(call)).body))
  const compressed = await app.inject({ ...CALLS.item, headers: gzip })
  assert.equal(compressed.headers['content-encoding'], 'gzip')
  const events = await eventsOf(bench, caller.accountId)
  assert.deepEqual(
    events.map(({ bytes }) => bytes),
    [...sizes, sizes[0]],
  )
})
