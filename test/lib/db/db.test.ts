import assert from 'node:assert/strict'
import test from 'node:test'
import { sql } from 'kysely'
import pino from 'pino'
import { openDb, openDedicated } from '../../../src/lib/db/db.ts'
import { DomainError } from '../../../src/lib/errors.ts'
import { silentLog, testDatabase } from '../../database.ts'
import { freePort, serverDouble } from './server-double.ts'

const BUSY = { code: 'busy', details: { retryAfterSeconds: 1 } }

test('values come in the types that the code counts on', async (t) => {
  const { db } = await testDatabase(t)
  const { rows } = await sql`
    select 7::int8 as big, -9007199254740991::int8 as least, array[1, null, 3]::int8[] as list, '{{1},{2}}'::int8[] as nested,
      count(*) as counted, sum(1::int8) as summed, 1.50::numeric as price, '2026-01-02'::date as day,
      timestamptz '2026-01-02 03:04:05.678+00' as at, null::int8 as nothing, current_setting('TimeZone') as zone`.execute(
    db,
  )
  assert.deepEqual(rows, [
    {
      big: 7,
      least: Number.MIN_SAFE_INTEGER,
      list: [1, null, 3],
      nested: [[1], [2]],
      counted: 1,
      summed: '1',
      price: '1.50',
      day: '2026-01-02',
      at: new Date('2026-01-02T03:04:05.678Z'),
      nothing: null,
      zone: 'UTC',
    },
  ])
})

test('a bigint that a number cannot hold is refused rather than rounded', async (t) => {
  const { db } = await testDatabase(t)
  for (const value of ['9007199254740992', '-9007199254740992', '9223372036854775807']) {
    await assert.rejects(sql`select ${sql.raw(value)}::int8 as big`.execute(db), {
      message: `bigint out of safe range: ${value}`,
    })
    await assert.rejects(sql`select array[${sql.raw(value)}]::int8[] as big`.execute(db), RangeError)
  }
  assert.deepEqual((await sql`select 1 as one`.execute(db)).rows, [{ one: 1 }])
})

test('a full pool answers busy after a second, through Kysely, query and connect alike', async (t) => {
  const { connection } = await testDatabase(t)
  const { db, pool, close } = openDb(connection, { log: silentLog, max: 1 })
  const holder = await pool.connect()
  const startedAtMs = performance.now()
  const asked = [sql`select 1`.execute(db), pool.query('select 1'), pool.connect()]
  for (const { reason } of (await Promise.allSettled(asked)) as PromiseRejectedResult[]) {
    assert.ok(reason instanceof DomainError)
    assert.deepEqual([reason.code, reason.details], ['busy', { retryAfterSeconds: 1 }])
  }
  const waitedMs = performance.now() - startedAtMs
  assert.ok(waitedMs > 900 && waitedMs < 3_000, `${waitedMs} ms`)
  holder.release()
  assert.deepEqual((await sql`select 1 as one`.execute(db)).rows, [{ one: 1 }])
  await Promise.all([close(), close()])
})

test('a server that hangs, is gone or takes nobody is busy; what it refuses for good is told as it is', async (t) => {
  const refusing = async (code: string) => ({
    host: '127.0.0.1',
    port: await serverDouble(t, { code, message: 'refused' }),
  })
  const cases: { name: string; where: object; expected: object }[] = [
    { name: 'hangs', where: { host: '127.0.0.1', port: await serverDouble(t, 'silence') }, expected: BUSY },
    { name: 'nobody listens', where: { host: '127.0.0.1', port: await freePort() }, expected: BUSY },
    { name: 'no socket', where: { host: '/nowhere' }, expected: BUSY },
    { name: 'was told to end', where: await refusing('57P01'), expected: BUSY },
    { name: 'is starting', where: await refusing('57P03'), expected: BUSY },
    { name: 'is full', where: await refusing('53300'), expected: BUSY },
    { name: 'has no such database', where: await refusing('3D000'), expected: { code: '3D000' } },
  ]
  await Promise.all(
    cases.map(async ({ where, expected, name }) => {
      const { db, pool, close } = openDb({ user: 'u', database: 'd', password: '', ...where }, { log: silentLog })
      const asked = [sql`select 1`.execute(db), pool.query('select 1'), pool.connect()]
      for (const answer of await Promise.allSettled(asked)) {
        assert.equal(answer.status, 'rejected', name)
        const { code, details } = (answer as { reason: { code: string; details?: object } }).reason
        assert.deepEqual({ code, ...(code === 'busy' && { details }) }, expected, name)
      }
      await close()
    }),
  )
})

test('statements, locks and idle transactions have their limits', async (t) => {
  const { connection, db } = await testDatabase(t)
  const names = sql.raw(
    ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout']
      .map((name) => `current_setting('${name}') as ${name}`)
      .join(', '),
  )
  const expected = { statement_timeout: '5s', lock_timeout: '2s', idle_in_transaction_session_timeout: '10s' }
  assert.deepEqual((await sql`select ${names}`.execute(db)).rows, [expected])

  const short = openDb(connection, { log: silentLog, statementTimeoutMs: 50 })
  t.after(short.close)
  await assert.rejects(sql`select pg_sleep(10)`.execute(short.db), { code: '57014' })

  const dedicated = await openDedicated(connection, { limits: { statement_timeout: 0 } })
  t.after(() => dedicated.end())
  assert.deepEqual((await dedicated.query(`select current_setting('statement_timeout') as a, 5::int8 as b`)).rows, [
    { a: '0', b: 5 },
  ])
})

test('lost connections are logged or told, and replaced', async (t) => {
  const { connection, pool: other } = await testDatabase(t)
  const lines: string[] = []
  const log = pino({ base: null, timestamp: false }, { write: (line: string) => void lines.push(line) })
  const { db, pool, close } = openDb(connection, { log, name: 'victim' })
  t.after(close)
  const lost = Promise.withResolvers<Error>()
  const dedicated = await openDedicated(connection, { name: 'victim', onLost: lost.resolve })
  await pool.query('select 1')
  const lent = await pool.connect()
  const { rows } = await other.query(
    `select count(pg_terminate_backend(pid)) as ended from pg_stat_activity where application_name = 'victim'`,
  )
  assert.ok((rows as [{ ended: number }])[0].ended >= 2)
  assert.match((await lost.promise).message, /terminat/)
  await assert.rejects(lent.query('select 1'))
  lent.release(true)
  await dedicated.end().catch(() => {})
  assert.deepEqual((await sql`select 1 as one`.execute(db)).rows, [{ one: 1 }])
  for (const line of lines) assert.doesNotMatch(line, /connectionParameters/)
})
