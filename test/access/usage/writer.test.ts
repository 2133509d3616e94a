import assert from 'node:assert/strict'
import { test } from 'node:test'
import type pg from 'pg'
import { openUsageWriter, type UsageWriter } from '../../../src/access/usage/writer.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import type { Connection } from '../../../src/lib/db/db.ts'
import type { Log } from '../../../src/lib/log.ts'
import { silentLog, testDatabase } from '../../database.ts'
import { freePort } from '../../lib/db/server-double.ts'
import { cuttingProxy } from './cutting-proxy.ts'
import { seedUser, untilWaiting, usageRecord } from './records.ts'

const NOON = Date.parse('2026-11-21T12:00:00.007Z')

test('a batch is written whole: events, days, and when keys were used', async (t) => {
  const database = await testDatabase(t)
  const { accountId, keyId } = await seedUser(database)
  const lines: string[] = []
  const writer = open(t, database.connection, logInto(lines))
  const common = { accountId, keyId }
  writer.record(usageRecord({ ...common, atMs: NOON, requestId: 'req_w1', tid: 'order 7', durationUs: 12.6 }))
  writer.record(usageRecord({ ...common, atMs: NOON + 1_000, requestId: 'req_w2', status: 404, address: '::1' }))
  writer.record(usageRecord({ ...common, atMs: NOON + 500, requestId: 'req_w3', status: 429, pot: null, bytes: 9 }))
  const nextDay = { ...common, atMs: NOON + 86_400_000, operation: 'getImages' }
  writer.record(usageRecord({ ...nextDay, requestId: 'req_w4', address: '198.51.100.1' }))
  assert.equal(writer.pending, 4)
  await writer.flush()
  assert.equal(writer.pending, 0)

  const event = { account_id: accountId, key_id: keyId, product: 'qc', operation: 'getProduct', status: 200 }
  const rest = { pot: 'qc.month', cost_usd_micros: 0, transfer_id: null, balance_after_usd_micros: null, tid: null }
  assert.deepEqual(await eventsOf(database.pool, accountId), [
    {
      at: '2026-11-21T12:00:00.007Z',
      request_id: 'req_w1',
      ...event,
      ...rest,
      bytes: 1000,
      duration_us: 13,
      tid: 'order 7',
    },
    {
      at: '2026-11-21T12:00:00.507Z',
      request_id: 'req_w3',
      ...event,
      ...rest,
      status: 429,
      pot: null,
      bytes: 9,
      duration_us: 250,
    },
    {
      at: '2026-11-21T12:00:01.007Z',
      request_id: 'req_w2',
      ...event,
      ...rest,
      status: 404,
      bytes: 1000,
      duration_us: 250,
    },
    {
      at: '2026-11-22T12:00:00.007Z',
      request_id: 'req_w4',
      ...event,
      ...rest,
      operation: 'getImages',
      bytes: 1000,
      duration_us: 250,
    },
  ])
  const day = { account_id: accountId, key_id: keyId, product: 'qc', cost_usd_micros: 0 }
  assert.deepEqual(await daysOf(database.pool, accountId), [
    {
      ...day,
      day: '2026-11-21',
      operation: 'getProduct',
      calls: 3,
      billed: 2,
      errors: 2,
      bytes: 2009,
      duration_us: 513,
    },
    {
      ...day,
      day: '2026-11-22',
      operation: 'getImages',
      calls: 1,
      billed: 1,
      errors: 0,
      bytes: 1000,
      duration_us: 250,
    },
  ])
  assert.deepEqual(await lastUse(database.pool, keyId), { at: '2026-11-22T12:00:00.007Z', address: '198.51.100.1' })

  // What is noted later and happened before does not move it back.
  writer.touch(keyId, NOON, '203.0.113.1')
  await writer.flush()
  assert.deepEqual(await lastUse(database.pool, keyId), { at: '2026-11-22T12:00:00.007Z', address: '198.51.100.1' })
  writer.touch(keyId, NOON + 90_000_000, '203.0.113.1')
  await writer.flush()
  assert.deepEqual(await lastUse(database.pool, keyId), { at: '2026-11-22T13:00:00.007Z', address: '203.0.113.1' })
  assert.deepEqual(lines, [])
})

test('a reference of any text comes back as it was, without NUL', async (t) => {
  const database = await testDatabase(t)
  const { accountId, keyId } = await seedUser(database)
  const writer = open(t, database.connection)
  const tids = [
    'a\tb',
    'a\nb',
    'a\r\nb',
    '\\',
    '\\N',
    '\\.',
    'a\\tb',
    '',
    ' ',
    '中文 😀',
    "'; drop table x; --",
    'nul\0nul',
    '\ud800',
  ]
  for (const [at, tid] of tids.entries()) writer.record(usageRecord({ accountId, keyId, atMs: NOON + at, tid }))
  await writer.flush()
  const read = (await eventsOf(database.pool, accountId)).map(({ tid }) => tid)
  assert.deepEqual(read, [...tids.slice(0, -2), 'nulnul', '\ufffd'])
})

test('it writes by itself, when a batch is full and after a while', async (t) => {
  const database = await testDatabase(t)
  const { accountId, keyId } = await seedUser(database)
  const writer = open(t, database.connection)
  for (let at = 0; at < 4_097; at++) writer.record(usageRecord({ accountId, keyId }))
  const startedAtMs = performance.now()
  while (writer.pending > 0) await new Promise((resolve) => setTimeout(resolve, 10))
  assert.ok(performance.now() - startedAtMs < 5_000)
  await assertSums(database.pool, accountId, 4_097)
})

const CUTS: { name: string; hold: string }[] = [
  { name: 'while the events are sent', hold: 'lock table usage_event in exclusive mode' },
  { name: 'between events and days', hold: 'lock table usage_day in exclusive mode' },
  { name: 'before the commit', hold: 'lock table api_key in exclusive mode' },
]
for (const { name, hold } of CUTS) {
  test(`cut off ${name}, a batch is written whole and once by the next attempt`, async (t) => {
    const database = await testDatabase(t, { own: true })
    const { accountId, keyId } = await seedUser(database)
    const lines: string[] = []
    const writer = open(t, database.connection, logInto(lines))
    const blocker = await database.pool.connect()
    try {
      await blocker.query('begin')
      await blocker.query(hold)
      // Fewer than fill a batch, so that nothing is written before it is asked for.
      for (let at = 0; at < 200; at++) writer.record(usageRecord({ accountId, keyId, operation: `op${at % 3}` }))
      const flushed = writer.flush()
      const pid = await untilWaiting(database.pool, 'openhaul usage')
      await database.pool.query('select pg_terminate_backend($1)', [pid])
      await flushed
      assert.equal(writer.pending, 200)
      assert.deepEqual(await daysOf(database.pool, accountId), [])
    } finally {
      await blocker.query('rollback')
      blocker.release()
    }

    writer.record(usageRecord({ accountId, keyId, operation: 'later' }))
    await writer.flush()
    assert.equal(writer.pending, 0)
    await assertSums(database.pool, accountId, 201)
    assert.match(lines[0]!, /^warn Usage cannot be written and is kept for now: terminating connection/)
    assert.deepEqual(lines.slice(1), ['info usage is written again'])
  })
}

test('a batch whose commit was not answered is not written twice', async (t) => {
  const database = await testDatabase(t, { own: true })
  const { accountId, keyId } = await seedUser(database)
  const state = { cuts: 1 }
  const writer = open(t, await cuttingProxy(t, database.connection, state))
  for (let at = 0; at < 200; at++) writer.record(usageRecord({ accountId, keyId }))
  await writer.flush()
  assert.equal(state.cuts, 0)
  // It is there, and the writer does not know.
  assert.equal(writer.pending, 200)
  await assertSums(database.pool, accountId, 200)

  state.cuts = 1
  writer.record(usageRecord({ accountId, keyId }))
  await writer.flush()
  assert.equal(writer.pending, 201)
  await writer.flush()
  assert.equal(writer.pending, 0)
  await assertSums(database.pool, accountId, 201)
})

test('a batch waits for its own first attempt when that is still at its commit', async (t) => {
  const database = await testDatabase(t, { own: true })
  const { accountId, keyId } = await seedUser(database)
  const writer = open(t, database.connection)
  const record = usageRecord({ accountId, keyId })
  const first = await database.pool.connect()
  await first.query('begin')
  await first.query(
    `insert into usage_event (at, request_id, account_id, key_id, product, operation) values ($1, $2, $3, $4, 'qc', 'x')`,
    [new Date(record.atMs), record.requestId, accountId, keyId],
  )
  writer.record(record)
  writer.record(usageRecord({ accountId, keyId }))
  const flushed = writer.flush()
  await untilWaiting(database.pool, 'openhaul usage')
  await first.query('commit')
  first.release()
  await flushed
  assert.equal(writer.pending, 0)
  assert.deepEqual([(await eventsOf(database.pool, accountId)).length, await callsOf(database.pool, accountId)], [2, 1])
})

test('one record that cannot be stored does not take the others along', async (t) => {
  const database = await testDatabase(t, { own: true })
  const { accountId, keyId } = await seedUser(database)
  const lines: string[] = []
  const writer = open(t, database.connection, logInto(lines))
  for (let at = 0; at < 100; at++) writer.record(usageRecord({ accountId, keyId }))
  writer.record(usageRecord({ accountId: 999_999_999, keyId: 1, requestId: 'req_stray' }))
  writer.record(usageRecord({ accountId, keyId, status: 70_000, requestId: 'req_odd' }))
  for (let at = 0; at < 100; at++) writer.record(usageRecord({ accountId, keyId }))
  await writer.flush()
  assert.deepEqual([writer.pending, writer.dropped], [0, 2])
  await assertSums(database.pool, accountId, 200)
  assert.deepEqual(lines, [
    'error a record of usage cannot be stored and is given up: req_stray',
    'error a record of usage cannot be stored and is given up: req_odd',
  ])
})

test('without a database it keeps 200,000 records at most, drops the oldest, and neither waits nor throws', async (t) => {
  const database = await testDatabase(t, { own: true })
  const { accountId, keyId } = await seedUser(database)
  const lines: string[] = []
  const away = { ...database.connection, host: '127.0.0.1', port: await freePort() }
  const writer = open(t, away, logInto(lines))
  for (let at = 0; at < 250_000; at++) {
    writer.record(usageRecord({ accountId, keyId, requestId: `req_a${at}` }))
    assert.ok(writer.pending <= 200_000)
  }
  await writer.flush()
  assert.equal(writer.pending + writer.dropped, 250_000)
  assert.ok(writer.pending > 190_000)
  assert.deepEqual(
    lines.map((line) => line.replace(/kept for now: .*/, 'kept for now')),
    [
      'error the oldest records of usage are given up: too many wait for the database',
      'warn Usage cannot be written and is kept for now',
    ],
  )
  // What is kept is the newest: the database appears where it was looked for.
  Object.assign(away, database.connection)
  const { pending } = writer
  await writer.flush()
  assert.equal(writer.pending, 0)
  const { rows } = await database.pool.query(
    `select count(*)::int as count, min(substring(request_id, 6)::int) as first, max(substring(request_id, 6)::int) as last
     from usage_event where account_id = $1`,
    [accountId],
  )
  assert.deepEqual(rows, [{ count: pending, first: 250_000 - pending, last: 249_999 }])
  assert.deepEqual(lines.slice(2), [
    'info usage is written again',
    `error ${250_000 - pending} records of usage were given up: the database was away`,
  ])
})

test('closing writes what is there, and without a database tells what is lost', async (t) => {
  const database = await testDatabase(t)
  const { accountId, keyId } = await seedUser(database)
  const writer = open(t, database.connection)
  writer.record(usageRecord({ accountId, keyId }))
  await writer.close()
  await assertSums(database.pool, accountId, 1)

  const lines: string[] = []
  const lost = open(t, { ...database.connection, host: '127.0.0.1', port: await freePort() }, logInto(lines))
  lost.record(usageRecord({ accountId, keyId }))
  await lost.close()
  assert.deepEqual([lost.pending, lost.dropped], [0, 1])
  assert.equal(lines.at(-1), 'error 1 records of usage were given up: the database was away')
})

test('a charge that books the same days in another order makes the batch wait, and neither fails', async (t) => {
  const database = await testDatabase(t, { own: true })
  const [first, second] = [await seedUser(database), await seedUser(database)]
  const lines: string[] = []
  const writer = open(t, database.connection, logInto(lines))
  for (const { accountId, keyId } of [first, second]) writer.record(usageRecord({ accountId, keyId, atMs: NOON }))
  const charge = await database.pool.connect()
  const book = ({ accountId, keyId }: typeof first) =>
    charge.query(`select usage_day_add($1, $2, 'qc', 'getProduct', '2026-11-21', 1, 1, 0, 0, 0, 0)`, [accountId, keyId])
  await charge.query('begin')
  const ids = [first.accountId, second.accountId]
  await charge.query('select 1 from meter where account_id = any($1) order by account_id for update', [ids])
  await book(second)
  const flushed = writer.flush()
  await untilWaiting(database.pool, 'openhaul usage')
  // Had the batch taken the first account's day by now, this would be a deadlock.
  await book(first)
  await charge.query('commit')
  charge.release()
  await flushed
  assert.deepEqual(lines, [])
  for (const { accountId } of [first, second]) assert.equal(await callsOf(database.pool, accountId), 2)
})

function open(t: { after(done: () => unknown): void }, connection: Connection, log: Log = silentLog): UsageWriter {
  const writer = openUsageWriter({ connection, clock: systemClock, log })
  t.after(() => writer.close())
  return writer
}

function logInto(lines: string[]): Log {
  const at = (level: string) => (first: unknown, second?: string) =>
    void lines.push(`${level} ${second ?? String(first)}`)
  return { info: at('info'), warn: at('warn'), error: at('error') } as unknown as Log
}

async function eventsOf(pool: pg.Pool, accountId: number) {
  const { rows } = await pool.query<{ at: Date; tid: string | null }>(
    'select * from usage_event where account_id = $1 order by at, request_id',
    [accountId],
  )
  return rows.map((row) => ({ ...row, at: row.at.toISOString() }))
}

async function daysOf(pool: pg.Pool, accountId: number) {
  const { rows } = await pool.query<object>(
    'select * from usage_day where account_id = $1 order by day, operation, key_id',
    [accountId],
  )
  return rows
}

async function callsOf(pool: pg.Pool, accountId: number): Promise<number> {
  const { rows } = await pool.query<{ calls: number }>(
    'select sum(calls)::int as calls from usage_day where account_id = $1',
    [accountId],
  )
  return rows[0]!.calls
}

/** Each of so many calls is one event, and the days' sums are those of the events. */
async function assertSums(pool: pg.Pool, accountId: number, calls: number): Promise<void> {
  const { rows: events } = await pool.query(
    `select (at at time zone 'UTC')::date as day, operation, count(*)::int as calls, count(pot)::int as billed,
       count(*) filter (where status >= 400)::int as errors, sum(bytes)::int as bytes, sum(duration_us)::int as duration_us
     from usage_event where account_id = $1 group by 1, 2 order by 1, 2`,
    [accountId],
  )
  const { rows: days } = await pool.query(
    `select day, operation, calls, billed, errors, bytes, duration_us from usage_day where account_id = $1 order by 1, 2`,
    [accountId],
  )
  assert.deepEqual(days, events)
  assert.equal(
    events.reduce((sum, row) => sum + (row as { calls: number }).calls, 0),
    calls,
  )
}

async function lastUse(pool: pg.Pool, keyId: number) {
  const { rows } = await pool.query<{ at: Date; address: string }>(
    'select last_used_at as at, host(last_used_from) as address from api_key where id = $1',
    [keyId],
  )
  return { at: rows[0]!.at.toISOString(), address: rows[0]!.address }
}
