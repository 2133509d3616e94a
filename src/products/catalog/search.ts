import type { Ctx } from '../../ctx.ts'
import { DomainError } from '../../lib/errors.ts'
import { cataloguesOf } from './catalog.ts'
import type { Product, Scope, Storefront } from './product.ts'
import { productOf, type ProductRow } from './rows.ts'
import { queryTerms } from './search-terms.ts'
import { productIds, productIdsAmong, productSearch, productsByIds, type ProductFilter } from './search.sql.ts'

export const SEARCH_LIMIT_MAX = 100

/** What may be asked for beside or instead of a picture. Prices are those of the cheapest sku, both ends included. */
export type Wishes = {
  words?: string | null
  storefront?: Storefront | null
  minPriceFen?: number | null
  maxPriceFen?: number | null
}

/**
 * A page of the products whose original or translated titles have all the `words`: whole words for scripts with spaces
 * (case and accents do not matter; of "abc12" also the letters or the digits), any part for Chinese. Most sales first, then the lowest id; a product whose sales
 * move between two pages may be seen twice or missed. `next` is the cursor of the next page, null at the end. Throws
 * `input_invalid` for words without letters or digits, a limit outside 1 to 100 and a cursor that is not ours.
 */
export async function searchProducts(
  ctx: Ctx,
  scope: Scope,
  input: Wishes & { words: string; limit: number; cursor: string | null },
): Promise<{ products: Product[]; next: string | null }> {
  const { limit } = input
  if (!Number.isInteger(limit) || limit < 1 || limit > SEARCH_LIMIT_MAX) {
    throw new DomainError('input_invalid', `limit must be a whole number from 1 to ${SEARCH_LIMIT_MAX}.`)
  }
  const filter = filterOf(ctx, scope, input)
  const after = input.cursor === null ? null : readCursor(input.cursor)

  // One more than asked, to know whether there is a next page.
  const rows = await productSearch(ctx.db, filter, { after, limit: limit + 1 })
  const page = rows.slice(0, limit)
  const last = page.at(-1)
  return { products: page.map(productOf), next: rows.length > limit && last ? printCursor(last) : null }
}

/** The ids of what is wished for, as `searchProducts` orders them, `limit` at most. Throws `input_invalid` as it does. */
export async function findIds(ctx: Ctx, scope: Scope, wishes: Wishes, limit: number): Promise<number[]> {
  return productIds(ctx.db, filterOf(ctx, scope, wishes), limit)
}

/** Which of these products the caller may see and wished for. Throws `input_invalid` as `searchProducts` does. */
export async function sievedIds(ctx: Ctx, scope: Scope, wishes: Wishes, ids: readonly number[]): Promise<Set<number>> {
  return productIdsAmong(ctx.db, filterOf(ctx, scope, wishes), ids)
}

/** The products of these ids, in this order; those that are gone are left out. */
export async function productsOf(ctx: Pick<Ctx, 'db'>, ids: readonly number[]): Promise<Product[]> {
  const rows = new Map((await productsByIds(ctx.db, ids)).map((row) => [row.id, row]))
  return ids.flatMap((id) => rows.get(id) ?? []).map(productOf)
}

/** Throws `input_invalid` for words without letters or digits, and for a lowest price above the highest. */
export function assertWishes(wishes: Wishes): void {
  termsOf(wishes)
}

function filterOf(ctx: Ctx, scope: Scope, wishes: Wishes): ProductFilter {
  const { storefront = null, minPriceFen = null, maxPriceFen = null } = wishes
  const terms = termsOf(wishes)
  return { catalogues: cataloguesOf(ctx, scope), terms, storefront, minPriceFen, maxPriceFen }
}

function termsOf({ words = null, minPriceFen = null, maxPriceFen = null }: Wishes): string[] {
  const terms = words === null ? [] : queryTerms(words)
  if (words !== null && terms.length === 0) {
    throw new DomainError('input_invalid', 'Give at least one word to search for.')
  }
  if (minPriceFen !== null && maxPriceFen !== null && minPriceFen > maxPriceFen) {
    throw new DomainError('input_invalid', 'The lowest price must not be above the highest.')
  }
  return terms
}

function printCursor(row: ProductRow): string {
  return Buffer.from(`${row.sales ?? 0}.${row.id}`).toString('base64url')
}

function readCursor(cursor: string): { sales: number; id: number } {
  const match = /^(\d{1,16})\.(\d{1,16})$/.exec(Buffer.from(cursor.slice(0, 100), 'base64url').toString('latin1'))
  const [sales, id] = [Number(match?.[1]), Number(match?.[2])]
  if (Number.isSafeInteger(sales) && Number.isSafeInteger(id)) return { sales, id }
  throw new DomainError('input_invalid', 'cursor is not one that a page of results gave.')
}
