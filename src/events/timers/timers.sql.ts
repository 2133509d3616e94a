import { sql } from 'kysely'
import type { Db, Tx } from '../../lib/db/db.ts'

export type TimerRow = {
  id: number
  account_id: number
  due_at: Date
  kind: string
  ref: string
  tries: number
  /** Of the account's clock. */
  offset_ms: number
}

export async function accountClockOffset(db: Db, accountId: number): Promise<number> {
  const { rows } = await sql<{ offset_ms: number }>`
    select offset_ms from account_clock where account_id = ${accountId}`.execute(db)
  return rows[0]?.offset_ms ?? 0
}

export async function timerUpsert(
  tx: Tx,
  timer: { accountId: number; dueAt: Date; kind: string; ref: string },
): Promise<void> {
  await sql`
    insert into timer (account_id, due_at, kind, ref)
    values (${timer.accountId}, ${timer.dueAt}, ${timer.kind}, ${timer.ref})
    on conflict (kind, ref) do update set
      account_id = excluded.account_id, due_at = excluded.due_at, tries = 0, not_before = null`.execute(tx)
}

export async function timerDelete(tx: Tx, { kind, ref }: { kind: string; ref: string }): Promise<void> {
  await sql`delete from timer where kind = ${kind} and ref = ${ref}`.execute(tx)
}

/** The ids of timers that are due and do not rest, of one account or of all, the longest due first. */
export async function timerListDue(
  db: Db,
  { at, accountId, limit }: { at: Date; accountId: number | null; limit: number },
): Promise<number[]> {
  const wanted = sql`(not_before is null or not_before <= ${at})
    and (${accountId}::bigint is null or timer.account_id = ${accountId})`
  // Apart, so that each half has an index: no clock is behind real time, and few are ahead of it.
  const { rows } = await sql<{ id: number }>`
    select id, due_at from timer where due_at <= ${at} and ${wanted}
    union
    select id, due_at from account_clock join timer using (account_id)
    where due_at <= ${at}::timestamptz + offset_ms * interval '1 millisecond' and ${wanted}
    order by due_at, id limit ${limit}`.execute(db)
  return rows.map(({ id }) => id)
}

/** Takes the right to run a timer until the transaction ends; false while somebody else has it. */
export async function timerClaim(tx: Tx, id: number): Promise<boolean> {
  const { rows } = await sql<{ claimed: boolean }>`
    select pg_try_advisory_xact_lock(hashtextextended('timer ' || ${id}::bigint, 0)) as claimed`.execute(tx)
  return rows[0]!.claimed
}

/** The timer of this id when it is due and does not rest, or null. */
export async function timerFindDue(tx: Tx, id: number, at: Date): Promise<TimerRow | null> {
  const { rows } = await sql<TimerRow>`
    select id, account_id, due_at, kind, ref, tries, coalesce(offset_ms, 0) as offset_ms
    from timer left join account_clock using (account_id)
    where id = ${id} and due_at <= ${at}::timestamptz + coalesce(offset_ms, 0) * interval '1 millisecond'
      and (not_before is null or not_before <= ${at})`.execute(tx)
  return rows[0] ?? null
}

/** Deletes a timer unless it was dropped or set anew since it was read; says whether it did. */
export async function timerFinish(tx: Tx, { id, due_at: dueAt }: TimerRow): Promise<boolean> {
  const { numAffectedRows } = await sql`delete from timer where id = ${id} and due_at = ${dueAt}`.execute(tx)
  return numAffectedRows === 1n
}

/** Lets a timer rest after a failure, unless it was dropped or set anew since it was read; says whether it did. */
export async function timerRest(db: Db, { id, due_at: dueAt, tries }: TimerRow, notBefore: Date): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update timer set tries = tries + 1, not_before = ${notBefore}
    where id = ${id} and due_at = ${dueAt} and tries = ${tries}`.execute(db)
  return numAffectedRows === 1n
}
