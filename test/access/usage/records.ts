import type pg from 'pg'
import type { Clock } from '../../../src/lib/clock.ts'
import { createAccount } from '../../../src/access/accounts/accounts.ts'
import type { UsageRecord } from '../../../src/access/usage/batch.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import type { Db } from '../../../src/lib/db/db.ts'

let accounts = 0
let requests = 0

/** A new account and a key of it, so that tests do not meet each other's rows. */
export async function seedUser(
  { db, pool }: { db: Db; pool: pg.Pool },
  clock: Clock = systemClock,
): Promise<{ accountId: number; twinId: number; name: string; keyId: number }> {
  const { id, twinId, name } = await createAccount({ db, clock }, `usage ${process.pid} ${++accounts}`)
  const { rows } = await pool.query<{ id: number }>(
    `insert into api_key (account_id, style, mode, digest, hint, scopes, created_at)
     values ($1, 'qc', 'live', sha256($2), 'hint', '{}', now()) returning id`,
    [id, Buffer.from(name)],
  )
  return { accountId: id, twinId, name, keyId: rows[0]!.id }
}

/** A record with an id of its own. */
export function usageRecord(wish: Partial<UsageRecord> & Pick<UsageRecord, 'accountId' | 'keyId'>): UsageRecord {
  return {
    atMs: Date.now(),
    requestId: `req_${process.pid}_${++requests}`,
    product: 'qc',
    operation: 'getProduct',
    status: 200,
    pot: 'qc.month',
    bytes: 1_000,
    durationUs: 250,
    tid: null,
    address: '203.0.113.7',
    ...wish,
  }
}

/** Resolves when a session of this name waits for a lock. */
export async function untilWaiting(pool: pg.Pool, name: string): Promise<number> {
  for (let tries = 0; tries < 2_000; tries++) {
    const { rows } = await pool.query<{ pid: number }>(
      `select pid from pg_stat_activity
       where application_name = $1 and datname = current_database() and wait_event_type = 'Lock'`,
      [name],
    )
    if (rows[0]) return rows[0].pid
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  throw new Error(`${name} never waited for a lock`)
}
