import type pg from 'pg'

const DEMO_KEYS_LOCK = 731_905_004

/** Waits for whoever opens the demo keys at this moment. Held until the session ends. */
export async function demoKeysLock(client: pg.ClientBase): Promise<void> {
  await client.query('select pg_advisory_lock($1)', [DEMO_KEYS_LOCK])
}
