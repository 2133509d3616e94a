import type { Ctx } from '../../ctx.ts'
import { addNews } from '../../events/outbox/outbox.ts'
import { DomainError } from '../../lib/errors.ts'
import { findProduct, findProducts } from '../../products/catalog/catalog.ts'
import type { Product, Scope } from '../../products/catalog/product.ts'
import { productsOf } from '../../products/catalog/search.ts'
import {
  favoriteCount,
  favoriteDelete,
  favoriteInsert,
  favoriteListAfter,
  favoritePage,
  favoriteTell,
  type FavoriteRow,
} from './favorites.sql.ts'

/** A product that a customer keeps an eye on; `product` is null when the caller's catalogue has it no more. */
export type Favorite = { id: number; productId: number; addedAt: Date; product: Product | null }

const SWEPT_AT_ONCE = 500
const FAVORITES_MAX = 1_000

/** A page of an account's favourites, newest first, and how many there are in all. Pages count from 1. */
export async function listFavorites(
  ctx: Ctx,
  scope: Scope,
  accountId: number,
  { page, limit }: { page: number; limit: number },
): Promise<{ items: Favorite[]; total: number }> {
  const rows = await favoritePage(ctx.db, { accountId, limit, offset: (page - 1) * limit })
  const products = await findProducts(
    ctx,
    scope,
    rows.map((row) => row.product_id),
  )
  const items = rows.map((row) => favoriteOf(row, products.get(row.product_id) ?? null))
  return { items, total: await favoriteCount(ctx.db, accountId) }
}

/**
 * Adds a product of the caller's catalogue; added again, it is the same favourite. Throws `not_found`, and `conflict` when there
 * are 1,000 already.
 */
export async function addFavorite(ctx: Ctx, scope: Scope, accountId: number, productId: number): Promise<Favorite> {
  const product = await findProduct(ctx, scope, productId)
  if (!product) throw new DomainError('not_found', 'Product not found')
  if ((await favoriteCount(ctx.db, accountId)) >= FAVORITES_MAX) {
    throw new DomainError('conflict', `There are ${FAVORITES_MAX} favourites already; remove one first.`)
  }
  const row = await favoriteInsert(ctx.db, {
    account_id: accountId,
    product_id: productId,
    added_at: ctx.clock.now(),
    told_fen: product.priceFen,
  })
  return favoriteOf(row, product)
}

/** Removes a favourite of this account. Throws `not_found`. */
export async function removeFavorite({ db }: Pick<Ctx, 'db'>, accountId: number, id: number): Promise<void> {
  if (!(await favoriteDelete(db, accountId, id))) throw new DomainError('not_found', 'Favorite not found')
}

/**
 * Tells of every favourite whose product costs less than its customer was told last, as the news `favorite.price_dropped`,
 * and answers how many that were. Several nodes may do so at once: each drop is told once.
 */
export async function sweepFavorites(ctx: Pick<Ctx, 'db' | 'clock'>): Promise<number> {
  let count = 0
  for (let afterId = 0; ;) {
    const rows = await favoriteListAfter(ctx.db, afterId, SWEPT_AT_ONCE)
    const ids = new Set(rows.map((row) => row.product_id))
    const prices = new Map((await productsOf(ctx, [...ids])).map(({ id, priceFen }) => [id, priceFen]))
    for (const row of rows) {
      const priceFen = prices.get(row.product_id) ?? null
      if (priceFen === null || (row.told_fen !== null && priceFen >= row.told_fen)) continue
      if (await tellPrice(ctx, row, priceFen)) count++
    }
    if (rows.length < SWEPT_AT_ONCE) return count
    afterId = rows.at(-1)!.id
  }
}

/** Whether there was news: the first price that becomes known is only noted. */
async function tellPrice(
  { db, clock }: Pick<Ctx, 'db' | 'clock'>,
  row: FavoriteRow,
  priceFen: number,
): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    if (!(await favoriteTell(tx, row, priceFen)) || row.told_fen === null) return false
    const body = { favoriteId: row.id, productId: row.product_id, fromFen: row.told_fen, toFen: priceFen }
    await addNews(tx, { at: clock.now(), accountId: row.account_id, event: 'favorite.price_dropped', body })
    return true
  })
}

function favoriteOf(row: FavoriteRow, product: Product | null): Favorite {
  return { id: row.id, productId: row.product_id, addedAt: row.added_at, product }
}
