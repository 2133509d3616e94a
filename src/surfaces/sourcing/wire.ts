import { Type } from 'typebox'
import { yuan } from '../../lib/money.ts'
import type { Product } from '../../products/catalog/product.ts'
import { canonicalUrl } from '../../products/links/marketplaces.ts'
import type { Hit } from '../../products/search/search.ts'
import { errorAnswersOf } from '../surface.ts'
import { absoluteUrl } from '../urls.ts'

/** The error answers of a route, for its schema. */
export const errorAnswers = errorAnswersOf(
  Type.Object({
    status: Type.Literal('error'),
    error: Type.Object({ code: Type.String(), message: Type.String() }),
  }),
)

const price = (amountFen: number | null) => (amountFen === null ? null : yuan(amountFen))

/** The `data` of a product's details: texts as the seller wrote them, prices as strings in yuan. */
export function toWireDetails(product: Product, publicUrl: string) {
  const { priceRanges, skus, seller } = product
  const pricesFen = [
    product.priceFen,
    ...priceRanges.map(({ priceFen }) => priceFen),
    ...skus.map(({ priceFen }) => priceFen),
  ]
  const known = pricesFen.filter((each) => each !== null)
  const labels = new Map(
    product.options.flatMap(({ id, name, values }) =>
      values.map((value) => [`${id}:${value.id}`, { name, value: value.name }] as const),
    ),
  )
  return {
    offer_id: product.listingId,
    title: product.title,
    min_price: known.length > 0 ? yuan(Math.min(...known)) : null,
    max_price: known.length > 0 ? yuan(Math.max(...known)) : null,
    unit: product.unit,
    moq: product.minimumOrder,
    city: seller.city,
    province: seller.province,
    images: product.images.map((image) => absoluteUrl(publicUrl, image)),
    detail_url: canonicalUrl('1688', product.listingId),
    shop_name: seller.name,
    sales: product.sales,
    price_ranges: priceRanges.map((range) => ({ min_quantity: range.minQuantity, price: yuan(range.priceFen) })),
    attributes: product.attributes.map(({ name, value }) => ({ name, value })),
    skus: skus.map((sku) => ({
      sku_id: sku.skuId,
      spec_id: sku.specId,
      price: price(sku.priceFen),
      stock: sku.stock,
      options: sku.choices.flatMap(([option, value]) => labels.get(`${option}:${value}`) ?? []),
      image_url: sku.image === null ? null : absoluteUrl(publicUrl, sku.image),
    })),
  }
}

/** One product of a search. */
export function toWireHit({ product, match, score, matchedPicture }: Hit, publicUrl: string) {
  return {
    offer_id: product.listingId,
    title: product.title,
    price: price(product.priceFen),
    image_url: product.images[0] ? absoluteUrl(publicUrl, product.images[0]) : null,
    shop_name: product.seller.name,
    city: product.seller.city,
    score,
    match,
    matched_image_url: matchedPicture === null ? null : absoluteUrl(publicUrl, matchedPicture),
  }
}
