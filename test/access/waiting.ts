import type pg from 'pg'
import { setTimeout as delay } from 'node:timers/promises'

/** Resolves once `count` sessions of this database wait for a lock; throws when they do not come. */
export async function untilWaiting(pool: pg.Pool, count: number): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    const { rows } = await pool.query(
      `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    )
    if (rows.length === count) return
    await delay(10)
  }
  throw new Error(`there never were ${count} sessions waiting for a lock`)
}
