import { yuan } from '../../lib/money.ts'
import type { Product } from '../../products/catalog/product.ts'
import { canonicalUrl } from '../../products/links/marketplaces.ts'
import { DEFAULT_LANGUAGE } from '../../products/translation/languages.ts'
import { translateListing } from '../../products/translation/translation.ts'
import { absoluteUrl } from '../urls.ts'

/** What qc calls a marketplace. Tmall listings are found under taobao, whose id space they share. */
export const STOREFRONTS = ['weidian', 'taobao', '1688'] as const

const PREVIEW_MAX = 5

export type WireProduct = {
  id: number
  storefront: string
  listing_id: string
  name: string
  price: string | null
  pic_url: string | null
  product_url: string
  qc_count: number
  qc_preview: string[]
}

/** In English when the whole title can be said in it, else as the seller wrote it: half a translation helps nobody. */
function nameOf(product: Product): string {
  const { text, translated } = translateListing(
    product,
    DEFAULT_LANGUAGE,
    product.machineTranslations[DEFAULT_LANGUAGE],
  ).title
  return translated ? text : product.title
}

export function toWireProduct(product: Product, publicUrl: string): WireProduct {
  return {
    id: product.id,
    storefront: product.marketplace === 'tmall' ? 'taobao' : product.marketplace,
    listing_id: product.listingId,
    name: nameOf(product),
    price: product.priceFen === null ? null : `¥${yuan(product.priceFen)}`,
    pic_url: product.images[0] ? absoluteUrl(publicUrl, product.images[0]) : null,
    product_url: canonicalUrl(product.marketplace, product.listingId),
    qc_count: product.qcPhotos.length,
    qc_preview: product.qcPhotos.slice(0, PREVIEW_MAX).map((path) => absoluteUrl(publicUrl, path)),
  }
}
