import { type RawBuilder, sql } from 'kysely'
import type { Db } from '../../lib/db/db.ts'
import { COLUMNS } from './catalog.sql.ts'
import type { Catalogue, Storefront } from './product.ts'
import type { ProductRow } from './rows.ts'

/** Which products are meant: those that have all `terms` (none: every one), of one storefront, at prices from and to. */
export type ProductFilter = {
  catalogues: readonly Catalogue[]
  terms: readonly string[]
  storefront: Storefront | null
  minPriceFen: number | null
  maxPriceFen: number | null
}

/** A demo row is left out where the live catalogue, when asked too, holds the same listing. */
function matching({ catalogues, terms, storefront, minPriceFen, maxPriceFen }: ProductFilter): RawBuilder<unknown> {
  const isTwin = sql`catalogue = 'demo' and exists (
    select from product other
    where other.catalogue = 'live' and other.storefront = product.storefront
      and other.listing_id = product.listing_id)`
  return sql.join(
    [
      sql`catalogue = any(${catalogues}::text[])`,
      ...(terms.length > 0 ? [sql`search_terms @> ${terms}::text[]`] : []),
      ...(storefront === null ? [] : [sql`storefront = ${storefront}`]),
      ...(minPriceFen === null ? [] : [sql`price_fen >= ${minPriceFen}`]),
      ...(maxPriceFen === null ? [] : [sql`price_fen <= ${maxPriceFen}`]),
      ...(catalogues.length > 1 ? [sql`not (${isTwin})`] : []),
    ],
    sql` and `,
  )
}

/** A page of what the filter means: most sales first, then the lowest id. `after` is the last row of the page before. */
export async function productSearch(
  db: Db,
  filter: ProductFilter,
  { after, limit }: { after: { sales: number; id: number } | null; limit: number },
): Promise<ProductRow[]> {
  const behind = after
    ? sql`and (coalesce(sales, 0) < ${after.sales} or (coalesce(sales, 0) = ${after.sales} and id > ${after.id}))`
    : sql``
  const { rows } = await sql<ProductRow>`
    select ${COLUMNS} from product where ${matching(filter)} ${behind}
    order by coalesce(sales, 0) desc, id limit ${limit}`.execute(db)
  return rows
}

/** The ids of what the filter means, in the order of `productSearch`, `limit` at most. */
export async function productIds(db: Db, filter: ProductFilter, limit: number): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`
    select id from product where ${matching(filter)} order by coalesce(sales, 0) desc, id limit ${limit}`.execute(db)
  return rows.map(({ id }) => id)
}

/** Which of these products the filter means. */
export async function productIdsAmong(db: Db, filter: ProductFilter, ids: readonly number[]): Promise<Set<number>> {
  const { rows } = await sql<{ id: number }>`
    select id from product where id = any(${ids}::bigint[]) and ${matching(filter)}`.execute(db)
  return new Set(rows.map(({ id }) => id))
}

/** These rows, in no promised order; none for what is not there. */
export async function productsByIds(db: Db, ids: readonly number[]): Promise<ProductRow[]> {
  const { rows } = await sql<ProductRow>`
    select ${COLUMNS} from product where id = any(${ids}::bigint[])`.execute(db)
  return rows
}
