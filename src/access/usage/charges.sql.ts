import { sql } from 'kysely'
import type pg from 'pg'
import type { Db } from '../../lib/db/db.ts'
import type { PrintedBatch } from './runs.ts'

/** How each run of a batch was decided; see `calls_settle`. */
export type RunRow = {
  from_pot: number
  from_balance: number
  denied: 'pot' | 'balance' | 'account_cap' | 'key_cap' | 'key_calls' | null
  balance_after: number
  pot_used: number | null
}

/** Decides and books a batch. One statement, so it happens whole or not at all. */
export async function callsSettle(
  client: pg.ClientBase,
  { runs, columns }: PrintedBatch,
  instance: number,
): Promise<RunRow[]> {
  const { rows } = await client.query<RunRow>({
    name: 'calls_settle',
    text: `select from_pot, from_balance, denied, balance_after, pot_used
      from calls_settle($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    values: [runs, ...columns, instance],
  })
  return rows
}

export type FinishedRow = { ended: boolean; balance_after: number | null }

/** Ends a batch of charges, `calls` as JSON, in their order. */
export async function callsFinish(client: pg.ClientBase, calls: string): Promise<FinishedRow[]> {
  const { rows } = await client.query<FinishedRow>({
    name: 'calls_finish',
    text: `select ended, balance_after from calls_finish($1::jsonb)`,
    values: [calls],
  })
  return rows
}

export type BookedRow = { name: string; pot: string; cost_usd_micros: number; balance_after: number | null }

/** Which of these calls are booked already: for a batch whose answer was lost. */
export async function callsBooked(client: pg.ClientBase, names: string[], since: Date): Promise<BookedRow[]> {
  const { rows } = await client.query<BookedRow>(
    `select request_id as name, pot, cost_usd_micros, balance_after_usd_micros as balance_after
     from usage_event where request_id = any($1) and at >= $2 and pot is not null
     union all select name, pot, cost_usd_micros, null from charge where name = any($1)`,
    [names, since],
  )
  return rows
}

export type Undo = {
  name: string
  /** Not after the call. */
  since: Date
  bytesMetered: boolean
  capKey: number
  keyCalls: boolean
  keySpend: boolean
}

/** Takes back what a call was charged whose caller could not be answered. */
export async function chargeUndo(db: Db, call: Undo): Promise<void> {
  const { name, since, bytesMetered, capKey, keyCalls, keySpend } = call
  await sql`select call_undo(${name}, ${since}, ${bytesMetered}, ${capKey}, ${keyCalls}, ${keySpend})`.execute(db)
}

/** As `chargeUndo`, on a connection of its own. */
export async function callUndo(client: pg.ClientBase, call: Undo): Promise<void> {
  await client.query('select call_undo($1, $2, $3, $4, $5, $6)', [
    call.name,
    call.since,
    call.bytesMetered,
    call.capKey,
    call.keyCalls,
    call.keySpend,
  ])
}

export type CutOffRow = {
  name: string
  account_id: number
  key_id: number
  product: string
  operation: string
  pot: string
  cost_usd_micros: number
  tid: string | null
  at: Date
}

/** Charges of processes that are gone. */
export async function chargesCutOff(db: Db): Promise<CutOffRow[]> {
  const { rows } = await sql<CutOffRow>`
    select name, account_id, key_id, product, operation, pot, cost_usd_micros, tid, at from charges_cut_off() order by at`.execute(
    db,
  )
  return rows
}

/**
 * Gives back what these charges took, and leaves a usage event without a status for each. Answers, in their order, whether
 * it was this call that did it.
 */
export async function chargesVoid(db: Db, names: string[]): Promise<boolean[]> {
  const calls = JSON.stringify(names.map((name) => ({ name, keep: false, status: null, bytes: 0, us: null })))
  const { rows } = await sql<{ ended: boolean }>`select ended from calls_finish(${calls}::jsonb)`.execute(db)
  return rows.map(({ ended }) => ended)
}

/** What the server calls this session. */
export async function sessionNumber(client: pg.ClientBase): Promise<number> {
  const { rows } = await client.query<{ number: number }>('select pg_backend_pid() as number')
  return rows[0]!.number
}

/** Ends those of these sessions that bear this name; true when all are gone, with what they did either done or undone. */
export async function sessionsEnd(client: pg.ClientBase, numbers: number[], name: string): Promise<boolean> {
  const { rows } = await client.query<{ gone: boolean }>(
    `select pg_terminate_backend(pid, 1000) as gone from pg_stat_activity
     where pid = any($1) and pid <> pg_backend_pid() and application_name = $2 and datname = current_database()`,
    [numbers, name],
  )
  return rows.every(({ gone }) => gone)
}
