import { sql } from 'kysely'
import type { Db, Tx } from '../../lib/db/db.ts'
import type { Marketplace } from '../links/marketplaces.ts'
import type { Catalogue } from './product.ts'

/** A product and the addresses of its pictures, in their order. */
export type Pictured = { id: number; catalogue: Catalogue; marketplace: Marketplace; images: string[] }

/** Those of `ids` that are there, each with its first `imagesMax` pictures. */
export async function productPictures(db: Db, ids: readonly number[], imagesMax: number): Promise<Pictured[]> {
  const { rows } = await sql<Pictured>`
    select id, catalogue, marketplace, array(
      select image from jsonb_array_elements_text(details -> 'images') with ordinality as listed (image, place)
      where place <= ${imagesMax} order by place) as images
    from product where id = any(${ids}::bigint[])`.execute(db)
  return rows
}

/** The ids of all products in ascending order, a page at a time: those above `after`. */
export async function productIdsAfter(db: Db, after: number, limit: number): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`
    select id from product where id > ${after} order by id limit ${limit}`.execute(db)
  return rows.map(({ id }) => id)
}

/** Has this transaction count as one that writes products, before it does: `productsHold` then waits for its end. */
export async function productsWrite(tx: Tx): Promise<void> {
  await sql`lock table product in row exclusive mode`.execute(tx)
}

/**
 * Waits for the transactions that have written products, and keeps others from writing, and from doing this, until this one
 * ends: what it commits is known to every write that is not yet seen. Whoever writes waits meanwhile, so it gives up after a
 * moment, with PostgreSQL's 55P03, and the transaction has to be begun again.
 */
export async function productsHold(tx: Tx): Promise<void> {
  await sql`set local lock_timeout = '300ms'`.execute(tx)
  await sql`lock table product in share row exclusive mode`.execute(tx)
}
