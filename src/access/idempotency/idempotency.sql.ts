import { sql } from 'kysely'
import type { Db, Tx } from '../../lib/db/db.ts'

export type IdempotencyRow = {
  id: number
  fingerprint: Buffer
  instance: number
  charge: string | null
  status: number | null
  body: string | null
  done_at: Date | null
}

export type IdempotencySlot = { accountId: number; route: string; key: string }

/**
 * Takes the place of a key that is free, or whose row was made before `olderThan`; answers the row's id, or null when
 * another has the place. One statement, so of any number of callers one gets it.
 */
export async function idempotencyInsert(
  db: Db,
  row: IdempotencySlot & { fingerprint: Buffer; instance: number; at: Date; olderThan: Date },
): Promise<number | null> {
  const { rows } = await sql<{ id: number }>`
    insert into idempotency as i (account_id, route, key, fingerprint, instance, created_at)
    values (${row.accountId}, ${row.route}, ${row.key}, ${row.fingerprint}, ${row.instance}, ${row.at})
    on conflict (account_id, route, key) do update set id = default, fingerprint = excluded.fingerprint,
      instance = excluded.instance, charge = null, status = null, body = null,
      created_at = excluded.created_at, done_at = null
    where i.created_at <= ${row.olderThan}
    returning id`.execute(db)
  return rows[0]?.id ?? null
}

export async function idempotencyBySlot(db: Db, slot: IdempotencySlot): Promise<IdempotencyRow | null> {
  const { rows } = await sql<IdempotencyRow>`
    select id, fingerprint, instance, charge, status, body, done_at from idempotency
    where account_id = ${slot.accountId} and route = ${slot.route} and key = ${slot.key}`.execute(db)
  return rows[0] ?? null
}

/**
 * Takes over what runs under this id; null when it is done, gone, or taken over already. The id is new, so whoever had it
 * before can neither finish nor release it.
 */
export async function idempotencyTakeOver(
  db: Db,
  id: number,
  { instance, at }: { instance: number; at: Date },
): Promise<{ id: number; charge: string | null } | null> {
  const { rows } = await sql<{ id: number; charge: string | null }>`
    update idempotency set id = default, instance = ${instance}, created_at = ${at} where id = ${id} and done_at is null
    returning id, charge`.execute(db)
  return rows[0] ?? null
}

/** Pins the outcome of what runs under this id; false when nothing does. */
export async function idempotencyFinish(
  db: Db,
  id: number,
  outcome: { status: number; body: string; at: Date },
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update idempotency set status = ${outcome.status},
      body = ${outcome.body}, done_at = ${outcome.at}
    where id = ${id} and done_at is null`.execute(db)
  return numAffectedRows === 1n
}

/** Forgets what runs under this id. */
export async function idempotencyRelease(db: Db, id: number): Promise<void> {
  await sql`delete from idempotency where id = ${id} and done_at is null`.execute(db)
}

/** Forgets what this process claimed at this time and has not begun; what was paid for before that can be taken over again. */
export async function idempotencyReleaseClaim(
  db: Db,
  { accountId, route, key, instance, at }: IdempotencySlot & { instance: number; at: Date },
): Promise<void> {
  const claimed = sql`account_id = ${accountId} and route = ${route} and key = ${key}
    and instance = ${instance} and created_at = ${at} and done_at is null`
  await sql`delete from idempotency where ${claimed} and charge is null`.execute(db)
  // The number of no process.
  await sql`update idempotency set instance = 0 where ${claimed}`.execute(db)
}

export async function idempotencyCharge(db: Db, id: number): Promise<string | null> {
  const { rows } = await sql<{ charge: string | null }>`select charge from idempotency where id = ${id}`.execute(db)
  return rows[0]?.charge ?? null
}

/** Deletes what an account's routes that begin with one of these paths answered. */
export async function idempotencyForget(tx: Tx, accountId: number, paths: readonly string[]): Promise<void> {
  await sql`
    delete from idempotency
    where account_id = ${accountId} and done_at is not null
      and exists (select from unnest(${paths}::text[]) as path where starts_with(split_part(route, ' ', 2), path))`.execute(
    tx,
  )
}

/** Deletes at most `limit` rows made before `olderThan`; answers how many. */
export async function idempotencyPurge(db: Db, olderThan: Date, limit: number): Promise<number> {
  const { numAffectedRows = 0n } = await sql`
    delete from idempotency where id in (
      select id from idempotency where created_at <= ${olderThan} order by created_at limit ${limit} for update skip locked
    )`.execute(db)
  return Number(numAffectedRows)
}
