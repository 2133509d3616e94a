import type { TestContext } from 'node:test'
import type pg from 'pg'
import { openDb } from '../../../src/lib/db/db.ts'
import { untilWaiting } from '../../access/waiting.ts'
import { testApp, type TestApp } from '../../app.ts'
import { silentLog, testDatabase } from '../../database.ts'

export type TwoNodes = { nodes: [TestApp, TestApp]; pool: pg.Pool }

/** Two instances of the application on one database, each with connections of its own. */
export async function openTwo(t: TestContext, { max = 10 }: { max?: number } = {}): Promise<TwoNodes> {
  const { pool, connection } = await testDatabase(t)
  const open = async () => {
    const { db, close } = openDb(connection, { log: silentLog, exitWhenIdle: true, max })
    t.after(close)
    return testApp(t, {}, { db })
  }
  return { nodes: [await open(), await open()], pool }
}

/**
 * Holds what `lock` (with `$1`) locks, starts all `calls`, and lets go once each of them waits for it and `meanwhile` is done;
 * their outcomes in the order of the calls.
 */
export async function raceFor<T>(
  pool: pg.Pool,
  lock: { text: string; value: number | string },
  calls: readonly (() => Promise<T>)[],
  meanwhile: () => Promise<unknown> = async () => {},
): Promise<T[]> {
  const holder = await pool.connect()
  try {
    await holder.query('begin')
    await holder.query(lock.text, [lock.value])
    // An inject starts when it is waited for.
    const started = Promise.all(calls.map(async (call) => call()))
    await untilWaiting(pool, calls.length)
    await meanwhile()
    await holder.query('commit')
    return await started
  } finally {
    await holder.query('rollback')
    holder.release()
  }
}
