import { sql } from 'kysely'
import type { Db, Tx } from '../../lib/db/db.ts'

export type Generation = { generation: number; proof: Buffer; settled_at: Date | null }

/** Every generation that was announced, the first first. */
export async function generationList(db: Db): Promise<Generation[]> {
  const { rows } = await sql<Generation>`
    select generation, proof, settled_at from risk_key order by generation`.execute(db)
  return rows
}

/** Lets one at a time announce a key, until the transaction ends. */
export async function generationLock(tx: Tx): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended('risk key', 0))`.execute(tx)
}

export async function generationInsert(tx: Tx, row: { generation: number; proof: Buffer; at: Date }): Promise<void> {
  await sql`
    insert into risk_key (generation, proof, announced_at) values (${row.generation}, ${row.proof}, ${row.at})`.execute(
    tx,
  )
}

/** Forgets every generation, if nothing is listed by any; answers whether it did. */
export async function generationForget(tx: Tx): Promise<boolean> {
  const { numAffectedRows } = await sql`
    delete from risk_key where not exists (select from risk_mark)`.execute(tx)
  return numAffectedRows !== 0n
}

/** The newest generation; what is written by it stays unsettled until the transaction ends. */
export async function generationShare(tx: Tx): Promise<number> {
  await sql`select from risk_key for share`.execute(tx)
  // Asked for under the lock: one that was announced before is told, and one that is announced later waits to be settled.
  const { rows } = await sql<{ generation: number | null }>`select max(generation) as generation from risk_key`.execute(
    tx,
  )
  return rows[0]!.generation ?? 0
}

/** Notes that nothing older than this generation is left, if so. */
export async function generationSettle(tx: Tx, generation: number, at: Date): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update risk_key set settled_at = ${at}
    where generation = ${generation} and settled_at is null
      and not exists (select from risk_mark where generation < ${generation})`.execute(tx)
  return numAffectedRows === 1n
}

/** Waits for those who write by what was the newest generation before this; whoever comes later knows the newest. */
export async function generationAwaitWriters(tx: Tx): Promise<void> {
  await sql`select set_config('lock_timeout', '60s', true), set_config('statement_timeout', '60s', true)`.execute(tx)
  await sql`select from risk_key order by generation for update`.execute(tx)
}

export type OldMark = { digest: Buffer; owner: number; entry_id: number; generation: number }

/** Marks that are older than a generation, locked; those that another has are passed over. */
export async function markListOld(tx: Tx, generation: number, limit: number): Promise<OldMark[]> {
  const { rows } = await sql<OldMark>`
    select digest, owner, entry_id, generation from risk_mark
    where generation < ${generation} order by generation, entry_id limit ${limit} for update skip locked`.execute(tx)
  return rows
}

export async function markRewrap(
  tx: Tx,
  rows: readonly { old: OldMark; digest: Buffer; generation: number }[],
): Promise<void> {
  await sql`
    update risk_mark m set digest = w.digest, generation = w.generation
    from unnest(${rows.map(({ old }) => old.digest)}::bytea[], ${rows.map(({ old }) => old.owner)}::bigint[],
      ${rows.map(({ old }) => old.entry_id)}::bigint[], ${rows.map(({ digest }) => digest)}::bytea[],
      ${rows.map(({ generation }) => generation)}::smallint[]) as w (old, owner, entry_id, digest, generation)
    where m.digest = w.old and m.owner = w.owner and m.entry_id = w.entry_id`.execute(tx)
}
