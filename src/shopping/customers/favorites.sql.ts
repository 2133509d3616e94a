import { sql } from 'kysely'
import type { Db, Tx } from '../../lib/db/db.ts'

export type FavoriteRow = {
  id: number
  account_id: number
  product_id: number
  added_at: Date
  told_fen: number | null
}

/** Inserts a favourite, if this product is none yet, and gives the row as it is. */
export async function favoriteInsert(db: Db, row: Omit<FavoriteRow, 'id'>): Promise<FavoriteRow> {
  // The empty update makes a row of before come back as a new one does.
  const { rows } = await sql<FavoriteRow>`
    insert into favorite (account_id, product_id, added_at, told_fen)
    values (${row.account_id}, ${row.product_id}, ${row.added_at}, ${row.told_fen})
    on conflict (account_id, product_id) do update set product_id = excluded.product_id
    returning *`.execute(db)
  return rows[0]!
}

/** A page of an account's favourites, newest first. */
export async function favoritePage(
  db: Db,
  { accountId, limit, offset }: { accountId: number; limit: number; offset: number },
): Promise<FavoriteRow[]> {
  const { rows } = await sql<FavoriteRow>`
    select * from favorite where account_id = ${accountId} order by id desc limit ${limit} offset ${offset}`.execute(db)
  return rows
}

export async function favoriteCount(db: Db, accountId: number): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) from favorite where account_id = ${accountId}`.execute(db)
  return rows[0]!.count
}

/** All favourites of an account, oldest first. */
export async function favoriteList(db: Db, accountId: number): Promise<FavoriteRow[]> {
  const { rows } = await sql<FavoriteRow>`
    select * from favorite where account_id = ${accountId} order by id`.execute(db)
  return rows
}

/** Everybody's favourites after an id, in the order of ids. */
export async function favoriteListAfter(db: Db, afterId: number, limit: number): Promise<FavoriteRow[]> {
  const { rows } = await sql<FavoriteRow>`
    select * from favorite where id > ${afterId} order by id limit ${limit}`.execute(db)
  return rows
}

/** Writes the price told now, unless another was told since the row was read; says whether it did. */
export async function favoriteTell(tx: Tx, { id, told_fen: toldFen }: FavoriteRow, priceFen: number): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update favorite set told_fen = ${priceFen}
    where id = ${id} and told_fen is not distinct from ${toldFen}::bigint`.execute(tx)
  return numAffectedRows === 1n
}

/** Deletes a favourite of this account; says whether there was one. */
export async function favoriteDelete(db: Db, accountId: number, id: number): Promise<boolean> {
  const { numAffectedRows } = await sql`
    delete from favorite where account_id = ${accountId} and id = ${id}`.execute(db)
  return numAffectedRows === 1n
}

export async function favoriteDeleteAll(tx: Tx, accountId: number): Promise<void> {
  await sql`delete from favorite where account_id = ${accountId}`.execute(tx)
}
