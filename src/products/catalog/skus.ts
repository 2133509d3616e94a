import type { Sku } from '../listing.ts'
import { translateListing } from '../translation/translation.ts'
import { skuNameOf, titleOf } from './names.ts'
import type { Product } from './product.ts'

/** The sku id of a product that comes in one form only. */
const ONLY_SKU = '0'

/** What can be bought of a product: its skus, or the product itself where its seller lists none. */
export function skusForSale(product: Product): Sku[] {
  if (product.skus.length > 0) return product.skus
  const { originalPriceFen, stock, priceRanges } = product
  const priceFen = priceRanges.length > 0 ? null : product.priceFen
  return [{ skuId: ONLY_SKU, specId: null, choices: [], priceFen, originalPriceFen, stock, image: null }]
}

/**
 * What a piece of a sku costs when so many are bought: its own price, else that of the seller's step for so many, and below the
 * lowest step the first. Null when nobody knows.
 */
export function priceAt({ priceRanges, priceFen }: Product, sku: Sku, quantity: number): number | null {
  const step = priceRanges.findLast(({ minQuantity }) => minQuantity <= quantity) ?? priceRanges[0]
  return sku.priceFen ?? step?.priceFen ?? priceFen
}

/** What a product and a sku of it are called in `language`, as far as their words are at hand: nobody is asked. */
export function namesOf(product: Product, sku: Sku | null, language: string): { title: string; skuName: string } {
  const chosen = new Map(sku?.choices)
  const options = product.options.map((option) => {
    return { ...option, values: option.values.filter(({ id }) => id === chosen.get(option.id)) }
  })
  // Only these words: a cart names many products, and to translate each whole would be most of its time.
  const words = { ...product, options, description: null, unit: null, attributes: [], seller: NOWHERE }
  const known = Object.hasOwn(product.machineTranslations, language) ? product.machineTranslations[language] : {}
  const texts = translateListing(words, language, known)
  return { title: titleOf(product, texts), skuName: sku ? skuNameOf(sku, texts) : '' }
}

const NOWHERE = { city: null, province: null }
