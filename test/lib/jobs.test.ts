import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type pg from 'pg'
import { backup } from '../../src/commands/backup.ts'
import { restore } from '../../src/commands/restore.ts'
import { fileBlobs } from '../../src/lib/blobs.ts'
import type { Connection } from '../../src/lib/db/db.ts'
import { MIGRATIONS } from '../../src/lib/db/folder.ts'
import { startJobs, type Jobs, type TimedJob } from '../../src/lib/jobs.ts'
import type { Log } from '../../src/lib/log.ts'
import { emptyDatabase, silentLog, testDatabase } from '../database.ts'

const MINUTE_MS = 60_000
/** Before now by the database's clock too, which decides when a job is due. */
const NOON_MS = Math.floor(Date.now() / (60 * MINUTE_MS)) * 60 * MINUTE_MS - 24 * 60 * MINUTE_MS

test('of two nodes, one runs each tick', async (t) => {
  const { connection, pool } = await testDatabase(t, { own: true })
  const clock = mockDate(t, NOON_MS - 100)
  const runs = { a: 0, b: 0, hourly: 0 }
  const counting = (node: 'a' | 'b'): TimedJob[] => [
    job('every minute', async () => void runs[node]++),
    { ...job('each hour', async () => void runs.hourly++), cron: '0 * * * *' },
    { ...job('never now', () => Promise.reject(new Error('not due'))), cron: '30 * * * *' },
  ]
  const nodes = [start(t, connection, counting('a')), start(t, connection, counting('b'))]
  await Promise.all(nodes.map(({ started }) => started))
  await settled(pool, 0)
  // Both nodes find three minutes gone: 12:00, 12:01 and 12:02.
  clock(NOON_MS + 2 * MINUTE_MS + 30_000)
  await settled(pool, 4)
  assert.deepEqual([runs.a + runs.b, runs.hourly], [3, 1])
  await Promise.all(nodes.map((node) => node.stop()))
  assert.deepEqual([runs.a + runs.b, runs.hourly], [3, 1])
})

test('a job that fails is told of, and runs at its next tick', async (t) => {
  const { connection, pool } = await testDatabase(t, { own: true })
  const clock = mockDate(t, NOON_MS - 100)
  const lines: string[] = []
  let runs = 0
  const failing = job('fails', async () => {
    if (++runs === 1) throw new Error('out of paper')
  })
  const jobs = start(t, connection, [failing], logInto(lines))
  await jobs.started
  clock(NOON_MS + 1_000)
  await settled(pool, 1)
  await jobs.stop()
  assert.deepEqual([runs, lines], [1, ['error timed work failed and is tried again at its next tick: fails']])

  clock(NOON_MS + MINUTE_MS - 100)
  const again = start(t, connection, [failing], logInto(lines))
  await again.started
  clock(NOON_MS + MINUTE_MS + 1_000)
  await settled(pool, 2)
  assert.deepEqual([runs, lines.length], [2, 1])
  const { rows } = await pool.query('select count(*)::int as count from graphile_worker._private_jobs')
  assert.deepEqual(rows, [{ count: 0 }])
})

test('a job that takes long is not run beside itself, and stopping waits for it', async (t) => {
  const { connection, pool } = await testDatabase(t, { own: true })
  const { pool: elsewhere } = await testDatabase(t)
  const clock = mockDate(t, NOON_MS - 100)
  const [begun, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  let [runs, done] = [0, 0]
  const long = job('long', async () => {
    runs++
    begun.resolve()
    await end.promise
    done++
  })
  const jobs = start(t, connection, [long])
  await jobs.started
  clock(NOON_MS + 2 * MINUTE_MS + 1_000)
  await begun.promise
  await settled(pool, 3, 1) // the two later ticks are through
  assert.equal(runs, 1)

  let isStopped = false
  const stopped = jobs.stop().then(() => (isStopped = true))
  await new Promise((resolve) => setTimeout(resolve, 200))
  assert.deepEqual([isStopped, done], [false, 0])
  end.resolve()
  await stopped
  assert.deepEqual([runs, done], [1, 1])
  await untilGone(elsewhere, connection)
})

test('stopping waits five seconds at most', async (t) => {
  const { connection } = await testDatabase(t, { own: true })
  const clock = mockDate(t, NOON_MS - 100)
  const lines: string[] = []
  const [begun, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const stuck = job('stuck', () => {
    begun.resolve()
    return end.promise
  })
  const jobs = start(t, connection, [stuck], logInto(lines))
  await jobs.started
  clock(NOON_MS + 1_000)
  await begun.promise
  const startedAtMs = performance.now()
  await jobs.stop()
  const tookMs = performance.now() - startedAtMs
  assert.ok(tookMs > 4_900 && tookMs < 6_000, `${tookMs} ms`)
  assert.deepEqual(lines, ['warn stopping without waiting any longer for stuck'])
  end.resolve()
  await new Promise((resolve) => setTimeout(resolve, 300))
})

test('when its connections are cut in the middle of a job, it says so and goes on', async (t) => {
  const { connection } = await testDatabase(t, { own: true })
  const { pool: elsewhere } = await testDatabase(t)
  const clock = mockDate(t, NOON_MS - 100)
  const lines: string[] = []
  const [begun, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const again = Promise.withResolvers<void>()
  const interrupted = job('interrupted', async () => {
    if (lines.includes('warn Timed work stands still and is started again in 1 s: its connection was lost'))
      again.resolve()
    begun.resolve()
    await end.promise
  })
  const jobs = start(t, connection, [interrupted], logInto(lines, { isVerbose: true }))
  await jobs.started
  clock(NOON_MS + 1_000)
  await begun.promise
  // Nobody may come back for a while, so that the end of the job cannot be written either.
  await refuseConnections(elsewhere, connection, true)
  await cut(elsewhere, connection)
  end.resolve()
  while (!lines.some((line) => line.includes('Timed work stands still'))) await turn()
  // Just before a tick, since where nothing is due the queue looks at the clock only then.
  clock(NOON_MS + 5 * MINUTE_MS - 100)
  await refuseConnections(elsewhere, connection, false)
  while (lines.at(-1) !== "debug queue: Worker connected and looking for jobs... (task names: 'interrupted')")
    await turn()

  clock(NOON_MS + 5 * MINUTE_MS + 1_000)
  await again.promise
  await jobs.stop()
  await untilGone(elsewhere, connection)
})

test('without a database it waits for one', async (t) => {
  const { connection } = await testDatabase(t, { own: true })
  const lines: string[] = []
  const away = { ...connection, database: 'nowhere' }
  const jobs = start(t, away, [], logInto(lines))
  while (lines.length === 0) await turn()
  assert.deepEqual(lines, [
    'warn Timed work stands still and is started again in 1 s: database "nowhere" does not exist',
  ])
  Object.assign(away, connection)
  await jobs.started
  assert.equal(lines.length, 1)
})

test('an ordinary role is enough when it may make a schema, and is told when it may not', async (t) => {
  const { connection, pool } = await testDatabase(t, { own: true })
  const { pool: elsewhere } = await testDatabase(t)
  const role = `plain_${process.pid}`
  await pool.query(`create role ${role} login`)
  // By then the database is gone, and with it what the role owns.
  t.after(() => elsewhere.query(`drop role ${role}`))
  const lines: string[] = []
  const jobs = start(t, { ...connection, user: role }, [], logInto(lines))
  while (lines.length === 0) await turn()
  assert.match(
    lines[0]!,
    /^warn Timed work stands still .* permission denied for database test_\w+; allow the role to make the schema graphile_worker: grant create on database … to …$/,
  )
  await pool.query(`grant create on database ${connection.database} to ${role}`)
  await jobs.started
  await jobs.stop()
})

test('the queue is not in a backup, and a database that has nothing else is empty', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'openhaul-jobs-'))
  t.after(() => rm(folder, { recursive: true }))
  const blobs = fileBlobs(join(folder, 'blobs'))
  const file = join(folder, 'x.backup')
  const source = await testDatabase(t, { own: true })
  const target = await emptyDatabase(t)
  for (const { connection } of [source, target]) {
    const jobs = start(t, connection, [job('x', async () => {})])
    await jobs.started
    await jobs.stop()
  }
  const parts = new Set<string>()
  const written = await backup({
    connection: source.connection,
    blobs,
    file,
    now: new Date(),
    onProgress: ({ part }) => parts.add(part),
  })
  assert.ok(parts.size > 10)
  assert.deepEqual(
    [...parts].filter((part) => !part.startsWith('public.')),
    [],
  )
  const read = await restore({ connection: target.connection, migrations: MIGRATIONS, blobs, file })
  assert.deepEqual(read, written)
  const { rows } = await target.pool.query(`select count(*)::int as count from graphile_worker._private_known_crontabs`)
  assert.deepEqual(rows, [{ count: 1 }])
})

function job(name: string, run: () => Promise<void>): TimedJob {
  return { name, cron: '* * * * *', run }
}

function start(t: TestContext, connection: Connection, timed: TimedJob[], log: Log = silentLog): Jobs {
  const jobs = startJobs({ connection, log, timed })
  t.after(() => jobs.stop())
  return jobs
}

/** Freezes the clock of this process, by which ticks are found, at `ms`; answers how to move it. */
function mockDate(t: TestContext, ms: number): (ms: number) => void {
  t.mock.timers.enable({ apis: ['Date'], now: ms })
  return (to) => t.mock.timers.setTime(to)
}

function logInto(lines: string[], { isVerbose = false } = {}): Log {
  const at = (level: string) => (_fields: unknown, message?: string) => void lines.push(`${level} ${message}`)
  return { debug: isVerbose ? at('debug') : () => {}, warn: at('warn'), error: at('error') } as unknown as Log
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 10))

/** Resolves when so many jobs in all have been put into the queue, and but `left` of them are through. */
async function settled(pool: pg.Pool, added: number, left = 0): Promise<void> {
  const ask = async (expression: string) => {
    const { rows } = await pool.query<{ count: number }>(`select (${expression})::int as count`)
    return rows[0]!.count
  }
  const serial = `pg_get_serial_sequence('graphile_worker._private_jobs', 'id')`
  while ((await ask(`coalesce(pg_sequence_last_value(${serial}), 0)`)) !== added) await turn()
  // A number is drawn before its job can be seen: whoever is writing is waited for.
  await pool.query('begin; lock table graphile_worker._private_jobs in share mode; commit')
  while ((await ask('select count(*) from graphile_worker._private_jobs')) !== left) await turn()
}

async function sessions(elsewhere: pg.Pool, { database }: Connection): Promise<number> {
  const { rows } = await elsewhere.query<{ count: number }>(
    `select count(*)::int as count from pg_stat_activity where application_name = 'openhaul jobs' and datname = $1`,
    [database],
  )
  return rows[0]!.count
}

/** Resolves when the server has seen the last connection end. */
async function untilGone(elsewhere: pg.Pool, connection: Connection): Promise<void> {
  while ((await sessions(elsewhere, connection)) > 0) await turn()
}

async function cut(elsewhere: pg.Pool, { database }: Connection): Promise<void> {
  await elsewhere.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'openhaul jobs' and datname = $1`,
    [database],
  )
}

/** Keeps everybody out, or lets them in again. */
async function refuseConnections(elsewhere: pg.Pool, { database }: Connection, refuse: boolean): Promise<void> {
  await elsewhere.query(`alter database ${database} with allow_connections ${!refuse}`)
}
