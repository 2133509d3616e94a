import { sql } from 'kysely'
import type { Db, Tx } from '../../lib/db/db.ts'

export type IdentifiersRow = { order_id: number; account_id: number; at: Date; generation: number; sealed: Buffer }

export async function identifiersInsert(tx: Tx, row: IdentifiersRow): Promise<void> {
  await sql`
    insert into customer_identifiers (order_id, account_id, at, generation, sealed)
    values (${row.order_id}, ${row.account_id}, ${row.at}, ${row.generation}, ${row.sealed})`.execute(tx)
}

export async function identifiersByOrder(db: Db, orderId: number): Promise<IdentifiersRow | null> {
  const { rows } = await sql<IdentifiersRow>`
    select order_id, account_id, at, generation, sealed from customer_identifiers where order_id = ${orderId}`.execute(
    db,
  )
  return rows[0] ?? null
}

/** Those of an account, oldest first. */
export async function identifiersListOf(db: Db, accountId: number): Promise<IdentifiersRow[]> {
  const { rows } = await sql<IdentifiersRow>`
    select order_id, account_id, at, generation, sealed from customer_identifiers
    where account_id = ${accountId} order by order_id`.execute(db)
  return rows
}

export async function identifiersDeleteAll(tx: Tx, accountId: number): Promise<void> {
  await sql`delete from customer_identifiers where account_id = ${accountId}`.execute(tx)
}

/** Deletes at most `limit` that were kept before a time; answers how many. */
export async function identifiersPurge(db: Db, before: Date, limit: number): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from customer_identifiers where order_id in (
      select order_id from customer_identifiers where at < ${before} order by at limit ${limit})`.execute(db)
  return Number(numAffectedRows)
}
