import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { sql } from 'kysely'
import { addNews, listNews } from '../../../src/events/outbox/outbox.ts'
import { accountNow, dropTimer, runDueTimers, setTimer, type TimerHandler } from '../../../src/events/timers/timers.ts'
import { untilWaiting } from '../../access/waiting.ts'
import { newAccount } from '../../access/accounts/new-account.ts'
import { silentLog, testDatabase } from '../../database.ts'
import { manualClock } from '../../products/sources/manual-clock.ts'

const START = '2031-03-01T00:00:00Z'
const MINUTE = 60_000
const HOUR = 60 * MINUTE

async function open(t: TestContext) {
  const { db, pool } = await testDatabase(t, { own: true })
  const clock = manualClock(START)
  const errors: string[] = []
  const log = silentLog.child({})
  log.error = (_fields: unknown, message?: string) => void errors.push(message ?? '')
  const ctx = { db, clock, log }
  const at = (ms: number) => new Date(Date.parse(START) + ms)
  const set = (accountId: number, kind: string, ref: string, ms: number) =>
    db.transaction().execute((tx) => setTimer(tx, { accountId, kind, ref, dueAt: at(ms) }))
  const left = async () =>
    (await pool.query(`select kind, ref, due_at as "dueAt", tries from timer order by kind, ref`)).rows
  const told = async () => (await listNews(db)).map(({ body }) => body['ref'])
  return { db, pool, ctx, clock, errors, at, set, left, told }
}

/** Writes down in the transaction that it ran. */
const note: TimerHandler = async ({ clock }, tx, { accountId, ref }) =>
  addNews(tx, { at: clock.now(), accountId, event: 'timer.ran', body: { ref } })

test('what is due runs once, the longest due first; what is set anew or dropped runs no more', async (t) => {
  const { db, ctx, clock, at, set, left, told } = await open(t)
  const { id } = await newAccount(db)
  const seen: object[] = []
  const handlers = {
    note: (async (ctx, tx, timer) => {
      seen.push(timer)
      await note(ctx, tx, timer)
    }) satisfies TimerHandler,
  }
  await set(id, 'note', 'second', 2 * MINUTE)
  await set(id, 'note', 'first', MINUTE)
  await set(id, 'note', 'moved', MINUTE)
  await set(id, 'note', 'moved', HOUR)
  await set(id, 'note', 'dropped', MINUTE)
  await db.transaction().execute((tx) => dropTimer(tx, { kind: 'note', ref: 'dropped' }))

  assert.equal(await runDueTimers(ctx, handlers), 0)
  clock.advance(2 * MINUTE)
  assert.equal(await runDueTimers(ctx, handlers), 2)
  assert.equal(await runDueTimers(ctx, handlers), 0)
  assert.deepEqual(seen, [
    { accountId: id, ref: 'first', dueAt: at(MINUTE), now: at(2 * MINUTE) },
    { accountId: id, ref: 'second', dueAt: at(2 * MINUTE), now: at(2 * MINUTE) },
  ])
  assert.deepEqual(await told(), ['first', 'second'])
  assert.deepEqual(await left(), [{ kind: 'note', ref: 'moved', dueAt: at(HOUR), tries: 0 }])
})

test('a sandbox whose clock is ahead comes first; nobody else does', async (t) => {
  const { db, pool, ctx, at, set, told } = await open(t)
  const { id, twinId } = await newAccount(db)
  const other = await newAccount(db)
  await pool.query(`insert into account_clock values ($1, $2), ($3, $2)`, [twinId, 2 * HOUR, other.twinId])
  for (const each of [id, twinId, other.twinId]) await set(each, 'note', String(each), HOUR)
  await set(twinId, 'note', 'later', 3 * HOUR)

  assert.deepEqual(await accountNow(db, ctx.clock, id), at(0))
  assert.deepEqual(await accountNow(db, ctx.clock, twinId), at(2 * HOUR))
  const nows: Date[] = []
  const handlers = {
    note: (async (ctx, tx, timer) => {
      nows.push(timer.now)
      await note(ctx, tx, timer)
    }) satisfies TimerHandler,
  }
  assert.equal(await runDueTimers(ctx, handlers, { accountId: twinId }), 1)
  assert.deepEqual(await told(), [String(twinId)])
  assert.deepEqual(nows, [at(2 * HOUR)])
  assert.equal(await runDueTimers(ctx, handlers), 1)
  assert.deepEqual(await told(), [String(twinId), String(other.twinId)])
})

test('a handler that fails leaves nothing but its timer, which rests longer each time; the others run', async (t) => {
  const { db, ctx, clock, errors, at, set, left, told } = await open(t)
  const { id } = await newAccount(db)
  let isBroken = true
  const handlers = {
    note,
    broken: (async (ctx, tx, timer) => {
      await note(ctx, tx, timer)
      if (isBroken) await sql`select 1 / 0`.execute(tx)
    }) satisfies TimerHandler,
  }
  await set(id, 'broken', 'b', 0)
  await set(id, 'note', 'n', 0)
  await set(id, 'unheard', 'u', 0)
  assert.equal(await runDueTimers(ctx, handlers), 1)
  assert.deepEqual(await told(), ['n'])
  assert.deepEqual(await left(), [
    { kind: 'broken', ref: 'b', dueAt: at(0), tries: 1 },
    { kind: 'unheard', ref: 'u', dueAt: at(0), tries: 1 },
  ])
  assert.deepEqual(errors, [
    'The timer broken of b failed and rests for 1 min.',
    'The timer unheard of u failed and rests for 1 min.',
  ])
  for (const [minutes, rests] of [
    [1, 5],
    [5, 30],
    [30, 120],
    [120, 120],
  ] as const) {
    errors.length = 0
    clock.advance(minutes * MINUTE - 1)
    await runDueTimers(ctx, handlers)
    assert.deepEqual(errors, [])
    clock.advance(1)
    await runDueTimers(ctx, handlers)
    assert.equal(errors[0], `The timer broken of b failed and rests for ${rests} min.`)
  }
  isBroken = false
  clock.advance(120 * MINUTE)
  assert.equal(await runDueTimers(ctx, handlers), 1)
  assert.deepEqual(await told(), ['n', 'b'])
})

test('a timer that one node runs is passed over by another', async (t) => {
  const { db, ctx, set, left, told } = await open(t)
  const { id } = await newAccount(db)
  await set(id, 'slow', 'slow', 0)
  await set(id, 'note', 'quick', 0)
  const begun = Promise.withResolvers<void>()
  const gate = Promise.withResolvers<void>()
  let ran = 0
  const slow: TimerHandler = async (ctx, tx, timer) => {
    if (++ran > 1) return
    begun.resolve()
    await gate.promise
    await note(ctx, tx, timer)
  }
  const first = runDueTimers(ctx, { slow, note })
  await begun.promise
  assert.equal(await runDueTimers(ctx, { slow, note }), 1)
  assert.deepEqual(await told(), ['quick'])
  gate.resolve()
  // It had both on its list, and finds one of them done.
  assert.equal(await first, 1)
  assert.equal(ran, 1)
  assert.deepEqual(await told(), ['quick', 'slow'])
  assert.deepEqual(await left(), [])
})

// Whoever moves an order locks the order and then its timer, while the timer's handler waits for the order.
for (const [what, change, then] of [
  ['dropped', null, []],
  ['set anew', HOUR, [{ kind: 'expire', ref: 'order', dueAt: new Date(Date.parse(START) + HOUR), tries: 0 }]],
] as const) {
  test(`a timer that is ${what} while its handler waits leaves nothing done, and nobody is locked out`, async (t) => {
    const { db, pool, ctx, errors, at, set, left, told } = await open(t)
    const { id } = await newAccount(db)
    await set(id, 'expire', 'order', 0)
    const lockOrder = sql`select from account where id = ${id} for update`
    const expire: TimerHandler = async (ctx, tx, timer) => {
      await lockOrder.execute(tx)
      await note(ctx, tx, timer)
    }
    const running = await db.transaction().execute(async (tx) => {
      await lockOrder.execute(tx)
      const running = runDueTimers(ctx, { expire })
      await untilWaiting(pool, 1)
      if (change === null) await dropTimer(tx, { kind: 'expire', ref: 'order' })
      else await setTimer(tx, { accountId: id, kind: 'expire', ref: 'order', dueAt: at(change) })
      return { running }
    })
    assert.equal(await running.running, 0)
    assert.deepEqual(await told(), [])
    assert.deepEqual(await left(), then)
    assert.deepEqual(errors, [])
  })
}
