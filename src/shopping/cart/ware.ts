import type { Ctx } from '../../ctx.ts'
import { DomainError } from '../../lib/errors.ts'
import { findProducts } from '../../products/catalog/catalog.ts'
import type { Product, Scope } from '../../products/catalog/product.ts'
import { namesOf, priceAt, skusForSale } from '../../products/catalog/skus.ts'
import type { ListingRef } from '../../products/listing.ts'
import { DEFAULT_LANGUAGE } from '../../products/translation/languages.ts'

export const QUANTITY_MAX = 9_999

/** A sku as it is on sale now, in some quantity. */
export type Ware = ListingRef & {
  productId: number
  skuId: string
  title: string
  skuName: string
  priceFen: number
  /** Null: unknown, which keeps nobody from buying. */
  stock: number | null
  minimumOrder: number
  /** A path of ours or an absolute URL. */
  image: string | null
}

/** The wares of these skus, in their order and with one query; null for what is not on sale in the caller's catalogue. */
export async function findWares(
  ctx: Ctx,
  scope: Scope,
  wanted: readonly { productId: number; skuId: string; quantity: number }[],
): Promise<(Ware | null)[]> {
  const products = await findProducts(ctx, scope, [...new Set(wanted.map(({ productId }) => productId))])
  return wanted.map(({ productId, ...each }) => wareOf(products.get(productId), each, scope))
}

/**
 * Null where the product or the sku is gone, where nobody knows what it costs, and for what is only shown: a live account
 * sees the demo's products, and its money buys none of them.
 */
export function wareOf(
  product: Product | undefined,
  { skuId, quantity }: { skuId: string; quantity: number },
  { catalogue }: Scope,
): Ware | null {
  if (product?.catalogue !== catalogue) return null
  const sku = skusForSale(product).find((each) => each.skuId === skuId)
  const priceFen = sku ? priceAt(product, sku, quantity) : null
  if (!sku || priceFen === null || priceFen <= 0) return null
  return {
    productId: product.id,
    marketplace: product.marketplace,
    listingId: product.listingId,
    skuId,
    ...namesOf(product, sku, DEFAULT_LANGUAGE),
    priceFen,
    stock: sku.stock,
    minimumOrder: product.minimumOrder ?? 1,
    image: sku.image ?? product.images[0] ?? null,
  }
}

/**
 * Why so many cannot be bought at once, or null: `input_invalid` below the seller's minimum and above `QUANTITY_MAX`,
 * `conflict` when the stock does not cover `quantity` and the `others` of the same sku.
 */
export function quantityFault(ware: Ware, quantity: number, others = 0): DomainError | null {
  const { minimumOrder, stock, skuId } = ware
  if (quantity < minimumOrder) {
    const told = `quantity of SKU ${skuId} must be at least ${minimumOrder}, the seller's minimum order.`
    return new DomainError('input_invalid', told, { minimumOrder })
  }
  if (quantity > QUANTITY_MAX) {
    const told = `quantity of SKU ${skuId} must be at most ${QUANTITY_MAX} in one line.`
    return new DomainError('input_invalid', told, { quantityMax: QUANTITY_MAX })
  }
  if (stock !== null && quantity + others > stock) {
    return new DomainError('conflict', `Only ${stock} of SKU ${skuId} are in stock.`, { stock })
  }
  return null
}

/** Throws what `quantityFault` says, and `not_found` for a sku that is not on sale. */
export function assertQuantity(
  ware: Ware | null,
  sku: { productId: number; skuId: string },
  quantity: number,
  others = 0,
): asserts ware is Ware {
  const fault = ware === null ? notOnSale(sku) : quantityFault(ware, quantity, others)
  if (fault) throw fault
}

/** For a sku that `findWares` answered null for. */
export function notOnSale({ productId, skuId }: { productId: number; skuId: string }): DomainError {
  return new DomainError('not_found', `SKU ${skuId} of product ${productId} is not on sale.`)
}
