import { sql } from 'kysely'
import type { Db, Tx } from '../../lib/db/db.ts'
import type { IdentifierType } from '../normalise/normalised.ts'

export type DisputeState = 'open' | 'upheld' | 'removed'
export type DisputeRow = {
  id: number
  type: IdentifierType
  hint: string
  state: DisputeState
  statement: string
  opened_at: Date
  decided_at: Date | null
  decided_by: string | null
  decision: string | null
}

/** Writes an open dispute of entries and answers its number. */
export async function disputeInsert(
  tx: Tx,
  row: Pick<DisputeRow, 'type' | 'hint' | 'statement' | 'opened_at'>,
  entryIds: readonly number[],
): Promise<number> {
  const { rows } = await sql<{ id: number }>`
    with opened as (
      insert into risk_dispute (type, hint, state, statement, opened_at)
      values (${row.type}, ${row.hint}, 'open', ${row.statement}, ${row.opened_at}) returning id),
    named as (
      insert into risk_dispute_entry (dispute_id, entry_id)
      select opened.id, entry_id from opened, unnest(${entryIds}::bigint[]) as entry_id)
    select id from opened`.execute(tx)
  return rows[0]!.id
}

/** The disputes of these entries, which still have them. */
export async function disputeListOf(
  db: Db,
  entryIds: readonly number[],
): Promise<{ entry_id: number; state: DisputeState }[]> {
  const { rows } = await sql<{ entry_id: number; state: DisputeState }>`
    select de.entry_id, d.state from risk_dispute_entry de join risk_dispute d on d.id = de.dispute_id
    where de.entry_id = any(${entryIds})`.execute(db)
  return rows
}

export async function disputeLock(tx: Tx, id: number): Promise<DisputeRow | null> {
  const { rows } = await sql<DisputeRow>`select * from risk_dispute where id = ${id} for update`.execute(tx)
  return rows[0] ?? null
}

/** The entries of a dispute that are still there. */
export async function disputeEntryList(db: Db, id: number): Promise<number[]> {
  const { rows } = await sql<{ entry_id: number }>`
    select entry_id from risk_dispute_entry where dispute_id = ${id} order by entry_id`.execute(db)
  return rows.map(({ entry_id: entryId }) => entryId)
}

export async function disputeDecide(
  tx: Tx,
  row: Pick<DisputeRow, 'id' | 'state' | 'decision'> & { decided_at: Date; decided_by: string },
): Promise<void> {
  await sql`
    update risk_dispute set state = ${row.state}, decided_at = ${row.decided_at}, decided_by = ${row.decided_by},
      decision = ${row.decision}
    where id = ${row.id}`.execute(tx)
}

/** The open disputes, oldest first, or with `isOpen` false the decided ones, newest first, each with its entries. */
export async function disputeList(
  db: Db,
  { isOpen, limit }: { isOpen: boolean; limit: number },
): Promise<(DisputeRow & { entry_ids: number[] })[]> {
  const { rows } = await sql<DisputeRow & { entry_ids: number[] }>`
    select d.*, array(select entry_id from risk_dispute_entry where dispute_id = d.id order by entry_id) as entry_ids
    from risk_dispute d where (d.state = 'open') = ${isOpen}
    order by case when ${isOpen} then d.id else -d.id end limit ${limit}`.execute(db)
  return rows
}

/** Empties the statements of disputes that were decided before a time; answers how many. */
export async function disputeBlank(db: Db, before: Date): Promise<number> {
  const { numAffectedRows } = await sql`
    update risk_dispute set statement = '' where decided_at < ${before} and statement <> ''`.execute(db)
  return Number(numAffectedRows)
}
