import assert from 'node:assert/strict'
import { test } from 'node:test'
import type pg from 'pg'
import { openUsageUpkeep } from '../../../src/access/usage/retention.ts'
import type { Log } from '../../../src/lib/log.ts'
import { silentLog, testDatabase } from '../../database.ts'
import { manualClock } from '../../products/sources/manual-clock.ts'
import { untilWaiting } from './records.ts'

const DAY_MS = 86_400_000

test('this month and the next two have a partition, made once by two nodes that start together', async (t) => {
  const { db, pool } = await testDatabase(t, { own: true })
  const clock = manualClock('2031-11-30T23:59:59Z')
  const nodes = [1, 2].map(() => openUsageUpkeep({ db, clock, log: silentLog }))
  const made = (await partitions(pool)).length
  await Promise.all(nodes.map((node) => node.ensurePartitions()))
  assert.deepEqual((await partitions(pool)).slice(made), [
    'usage_event_203111',
    'usage_event_203112',
    'usage_event_203201',
  ])
  clock.advance(2_000)
  await nodes[0]!.ensurePartitions()
  await nodes[0]!.ensurePartitions()
  assert.deepEqual((await partitions(pool)).slice(made + 3), ['usage_event_203202'])

  await addEvent(pool, 'first', '2031-11-01T00:00:00Z')
  await addEvent(pool, 'last', '2031-11-30T23:59:59.999999Z')
  await addEvent(pool, 'next', '2031-12-01T00:00:00Z')
  assert.deepEqual(await places(pool), {
    first: 'usage_event_203111',
    last: 'usage_event_203111',
    next: 'usage_event_203112',
  })
  // Found by their indexes as everywhere else.
  const { rows } = await pool.query<{ count: number }>(
    `select count(distinct i.indrelid)::int as count from pg_index i join pg_inherits h on h.inhrelid = i.indexrelid
     where h.inhparent in (select indexrelid from pg_index where indrelid = 'usage_event'::regclass)
     group by h.inhparent`,
  )
  assert.deepEqual(new Set(rows.map(({ count }) => count)), new Set([made + 5]))
})

test('events without a month are told of once, and taken in when the month is made', async (t) => {
  const { db, pool } = await testDatabase(t, { own: true })
  const lines: string[] = []
  const log = { error: (_fields: object, message: string) => lines.push(message) } as unknown as Log
  const clock = manualClock('2031-11-15T00:00:00Z')
  const upkeep = openUsageUpkeep({ db, clock, log })
  await upkeep.ensurePartitions()
  assert.deepEqual(lines, [])

  await addEvent(pool, 'early', '2032-05-07T08:09:10.123456Z')
  await addEvent(pool, 'earlier', '2032-04-01T00:00:00Z')
  await upkeep.ensurePartitions()
  await upkeep.ensurePartitions()
  assert.deepEqual(lines, [
    'there are usage events outside the months made for them, the first of 2032-04-01T00:00:00.000Z; is a clock wrong?',
  ])
  assert.deepEqual(await places(pool), { early: 'usage_event_default', earlier: 'usage_event_default' })

  clock.advance(Date.parse('2032-03-01') - Date.parse('2031-11-15'))
  await upkeep.ensurePartitions()
  assert.deepEqual(await places(pool), { early: 'usage_event_203205', earlier: 'usage_event_203204' })
})

test('calls are written while a partition waits to be made', async (t) => {
  const { db, pool } = await testDatabase(t, { own: true })
  const now = '2031-11-15T00:00:00Z'
  const upkeep = openUsageUpkeep({ db, clock: manualClock(now), log: silentLog })
  await pool.query(`select usage_partition_ensure('2031-11-01')`)
  const reader = await pool.connect()
  await reader.query('begin; select count(*) from usage_event')
  const ensured = upkeep.ensurePartitions()
  await untilWaiting(pool, 'openhaul')
  await pool.query(`begin; set local lock_timeout = '1ms'; insert into usage_event (at, request_id, account_id, key_id, product, operation)
    values ('${now}', 'req_meanwhile', 1, 1, 'qc', 'x'); commit`)
  await reader.query('commit')
  reader.release()
  await ensured
  assert.equal((await partitions(pool)).at(-1), 'usage_event_203201')
})

test("callers' references are blanked after 30 days, however many there are", async (t) => {
  const { db, pool } = await testDatabase(t, { own: true })
  const clock = manualClock('2031-12-31T12:00:00Z')
  const upkeep = openUsageUpkeep({ db, clock, log: silentLog })
  // A migrated database has the months that were to come when it was made.
  await upkeep.retain()
  for (const month of ['2031-11-01', '2031-12-01']) await pool.query('select usage_partition_ensure($1)', [month])
  await pool.query(
    `insert into usage_event (at, request_id, account_id, key_id, product, operation, tid)
     select timestamptz '2031-12-01T12:00:00Z' - n * interval '1 second', 'req_old_' || n, 1, 1, 'qc', 'x', 'tid ' || n
     from generate_series(1, 12000) n`,
  )
  await addEvent(pool, 'young', '2031-12-01T12:00:00Z', 'stays a while')
  await addEvent(pool, 'without', '2031-11-02T12:00:00Z')
  const references = async () => {
    const { rows } = await pool.query('select request_id, tid from usage_event where tid is not null')
    return rows as unknown[]
  }
  assert.equal((await references()).length, 12_001)
  assert.deepEqual(await upkeep.retain(), { blanked: 12_000, droppedMonths: [] })
  assert.deepEqual(await references(), [{ request_id: 'young', tid: 'stays a while' }])
  assert.deepEqual(await upkeep.retain(), { blanked: 0, droppedMonths: [] })
  clock.advance(1)
  assert.deepEqual(await upkeep.retain(), { blanked: 1, droppedMonths: [] })
  const { rows } = await pool.query('select count(*)::int as count, count(tid)::int as tids from usage_event')
  assert.deepEqual(rows, [{ count: 12_002, tids: 0 }])
})

test('months are dropped when they are 13 months past, and sums of days stay', async (t) => {
  const { db, pool } = await testDatabase(t, { own: true })
  const clock = manualClock('2032-01-31T23:59:59.999Z')
  const upkeep = openUsageUpkeep({ db, clock, log: silentLog })
  for (const month of ['2030-11', '2030-12', '2031-01', '2032-01', '2032-02']) {
    await pool.query('select usage_partition_ensure($1)', [`${month}-01`])
    await addEvent(pool, month, `${month}-28T00:00:00Z`)
  }
  await addEvent(pool, 'stray', '2029-01-01T00:00:00Z')
  const { rows } = await pool.query<{ id: number }>(
    'insert into account (name, created_at) values ($1, now()) returning id',
    ['x'],
  )
  await pool.query(`select usage_day_add($1, 1, 'qc', 'x', '2020-01-01', 1, 1, 0, 0, 0, 0)`, [rows[0]!.id])
  // A migrated database has the months that were to come when it was made.
  const others = (await partitions(pool))
    .filter((name) => name < 'usage_event_203011')
    .map((name) => Number(name.slice(-6)))

  assert.deepEqual(await upkeep.retain(), { blanked: 0, droppedMonths: [...others, 203011] })
  assert.deepEqual(Object.keys(await places(pool)), ['2030-12', '2031-01', '2032-01', '2032-02'])
  clock.advance(1)
  assert.deepEqual(await upkeep.retain(), { blanked: 0, droppedMonths: [203012] })
  assert.deepEqual(Object.keys(await places(pool)), ['2031-01', '2032-01', '2032-02'])
  assert.deepEqual(await upkeep.retain(), { blanked: 0, droppedMonths: [] })
  const days = await pool.query('select count(*)::int as count from usage_day')
  assert.deepEqual(days.rows, [{ count: 1 }])
})

test('a month that is being read is not waited for, so that calls do not wait either', async (t) => {
  const { db, pool } = await testDatabase(t, { own: true })
  const clock = manualClock('2033-01-01T00:00:00Z')
  const upkeep = openUsageUpkeep({ db, clock, log: silentLog })
  await pool.query(`select usage_partition_ensure('2031-01-01')`)
  const reader = await pool.connect()
  await reader.query('begin; select count(*) from usage_event')
  const startedAtMs = performance.now()
  await assert.rejects(upkeep.retain(), { code: '55P03' })
  assert.ok(performance.now() - startedAtMs < 1_500)
  await reader.query('commit')
  reader.release()
  clock.advance(DAY_MS)
  assert.equal((await upkeep.retain()).droppedMonths.at(-1), 203101)
})

async function addEvent(pool: pg.Pool, requestId: string, at: string, tid: string | null = null): Promise<void> {
  await pool.query(
    `insert into usage_event (at, request_id, account_id, key_id, product, operation, tid) values ($1, $2, 1, 1, 'qc', 'x', $3)`,
    [at, requestId, tid],
  )
}

async function partitions(pool: pg.Pool): Promise<string[]> {
  const { rows } = await pool.query<{ name: string }>(
    `select inhrelid::regclass::text as name from pg_inherits
     where inhparent = 'usage_event'::regclass and inhrelid <> 'usage_event_default'::regclass order by 1`,
  )
  return rows.map(({ name }) => name)
}

async function places(pool: pg.Pool): Promise<Record<string, string>> {
  const { rows } = await pool.query<{ request_id: string; place: string }>(
    'select request_id, tableoid::regclass::text as place from usage_event order by request_id',
  )
  return Object.fromEntries(rows.map(({ request_id: requestId, place }) => [requestId, place]))
}
