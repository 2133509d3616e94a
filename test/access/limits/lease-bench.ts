import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type pg from 'pg'
import pino from 'pino'
import { openLeases, type LeaseAnswer, type LeasePot, type Leases } from '../../../src/access/limits/leases.ts'
import { potsUsed } from '../../../src/access/limits/pots.ts'
import { systemClock, type Clock } from '../../../src/lib/clock.ts'
import { DomainError } from '../../../src/lib/errors.ts'
import { testDatabase, type TestDatabase } from '../../database.ts'

let accounts = 0

/** A new account with its meter, so that tests do not meet each other's rows. */
export async function seedMeter({ pool }: Pick<TestDatabase, 'pool'>): Promise<number> {
  const { rows } = await pool.query<{ id: number }>(
    `with made as (insert into account (name, created_at) values ($1, now()) returning id)
     insert into meter (account_id) select id from made returning account_id as id`,
    [`lease ${process.pid} ${++accounts}`],
  )
  return rows[0]!.id
}

export type LeaseBench = TestDatabase & {
  accountId: number
  /** Another process's leases on the same database. */
  node(clock?: Clock): Leases
  /** What the nodes logged, by level. */
  said: { level: number; msg: string }[]
}

/** An account, and nodes that are closed at the test's end. */
export async function leaseBench(t: TestContext, options: { own?: boolean } = {}): Promise<LeaseBench> {
  const database = await testDatabase(t, options)
  const said: LeaseBench['said'] = []
  const log = pino({ level: 'info' }, { write: (line: string) => said.push(JSON.parse(line) as LeaseBench['said'][0]) })
  const node = (clock: Clock = systemClock) => {
    const leases = openLeases({ db: database.db, clock, log })
    t.after(() => leases.close())
    return leases
  }
  return { ...database, accountId: await seedMeter(database), node, said }
}

export async function setUsed({ pool, accountId }: LeaseBench, pot: LeasePot, used: number): Promise<void> {
  await pool.query(
    `insert into pot (account_id, name, bucket, used) values ($1, $2, $3, $4)
     on conflict (account_id, name) do update set bucket = excluded.bucket, used = excluded.used`,
    [accountId, pot.name, pot.bucket, used],
  )
}

/** The counters as `name bucket used`. */
export async function counters({ db, accountId }: LeaseBench): Promise<string[]> {
  const used = await potsUsed(db, accountId)
  return [...used].map(([name, pot]) => `${name} ${pot.bucket} ${pot.used}`).sort()
}

/** What became of a take: `granted`, the pot that was empty, or the code of the refusal. */
export async function outcome(taking: true | Promise<LeaseAnswer>): Promise<string> {
  if (taking === true) return 'granted'
  return taking.then(
    (answer) => (answer.granted ? 'granted' : answer.pot),
    (error: unknown) => {
      if (error instanceof DomainError) return error.code
      throw error
    },
  )
}

export async function takeMany(leases: Leases, accountId: number, pots: LeasePot[], calls: number): Promise<string[]> {
  return Promise.all(Array.from({ length: calls }, async () => outcome(leases.take(accountId, pots))))
}

export function count(outcomes: readonly string[], wanted = 'granted'): number {
  return outcomes.filter((each) => each === wanted).length
}

/** Locks rows for as long as `run` takes. */
export async function holding<T>(
  { pool }: LeaseBench,
  statement: string,
  values: unknown[],
  run: (holder: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const holder = await pool.connect()
  try {
    await holder.query('begin')
    await holder.query(statement, values)
    return await run(holder)
  } finally {
    await holder.query('rollback')
    holder.release()
  }
}

/** Resolves with the backends that wait for a lock, once there are `number` of them. */
export async function queued({ pool }: LeaseBench, number: number): Promise<number[]> {
  let pids: number[] = []
  await until(async () => {
    const { rows } = await pool.query<{ pid: number }>(
      `select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    )
    pids = rows.map(({ pid }) => pid)
    return pids.length === number
  })
  return pids
}

export async function until(check: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 1_000; tries++) {
    if (await check()) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  assert.fail('it never came to pass')
}
