import type { Listing } from '../listing.ts'

/** Ten million yuan: dearer than anything that an agent buys. */
export const PRICE_FEN_MAX = 1_000_000_000
export const STOCK_MAX = 1_000_000_000
export const SALES_MAX = 10_000_000_000
/** Ten tonnes. */
export const WEIGHT_GRAMS_MAX = 10_000_000
/** A hundred cubic metres. */
export const SIZE_CM3_MAX = 100_000_000
export const SKUS_MAX = 5_000
export const TITLE_LENGTH_MAX = 2_000
/**
 * A price that moves by this factor or more is a unit mistaken (yuan for fen is 100) rather than a sale. Somewhat below
 * 100, because the price may have moved in earnest as well.
 */
const JUMP = 80

type Prices = Pick<Listing, 'priceFen' | 'skus'>

/**
 * Says in one sentence why a source's answer cannot be true, or null when it can. `before` is what is stored of the
 * same listing, or null.
 */
export function findAbsurdity(before: Prices | null, after: Listing): string | null {
  return findImpossible(after) ?? (before && findJump(before, after))
}

function findImpossible(listing: Listing): string | null {
  if (listing.title.replaceAll('\0', '').trim() === '') return 'The title is empty.'
  if (listing.title.length > TITLE_LENGTH_MAX) return `The title has ${listing.title.length} characters.`
  if (listing.skus.length > SKUS_MAX) return `There are ${listing.skus.length} skus.`

  const { priceFen, originalPriceFen, stock, sales, weightGrams, sizeCm3 } = listing
  return (
    outside('price in fen', priceFen, PRICE_FEN_MAX) ??
    outside('original price in fen', originalPriceFen, PRICE_FEN_MAX) ??
    outside('stock', stock, STOCK_MAX) ??
    outside('sales', sales, SALES_MAX) ??
    outside('weight in grams', weightGrams, WEIGHT_GRAMS_MAX, false) ??
    outside('size in cm³', sizeCm3, SIZE_CM3_MAX, false) ??
    first(listing.priceRanges, (range) => outside('wholesale price in fen', range.priceFen, PRICE_FEN_MAX)) ??
    first(
      listing.skus,
      (sku) =>
        outside(`price in fen of sku ${sku.skuId}`, sku.priceFen, PRICE_FEN_MAX) ??
        outside(`original price in fen of sku ${sku.skuId}`, sku.originalPriceFen, PRICE_FEN_MAX) ??
        outside(`stock of sku ${sku.skuId}`, sku.stock, STOCK_MAX),
    )
  )
}

function findJump(before: Prices, after: Prices): string | null {
  const jump = jumpOf('price', before.priceFen, after.priceFen)
  if (jump) return jump
  const earlier = new Map(before.skus.map(({ skuId, priceFen }) => [skuId, priceFen]))
  return first(after.skus, ({ skuId, priceFen }) =>
    jumpOf(`price of sku ${skuId}`, earlier.get(skuId) ?? null, priceFen),
  )
}

function jumpOf(name: string, before: number | null, after: number | null): string | null {
  if (before === null || after === null || before === 0) return null
  if (after < before * JUMP && after * JUMP > before) return null
  return `The ${name} went from ${before} to ${after} fen.`
}

function outside(name: string, value: number | null, most: number, whole = true): string | null {
  if (value === null) return null
  if (value >= 0 && value <= most && (!whole || Number.isSafeInteger(value))) return null
  return `The ${name} is ${value}.`
}

function first<T>(list: readonly T[], find: (each: T) => string | null): string | null {
  for (const each of list) {
    const found = find(each)
    if (found !== null) return found
  }
  return null
}
