import { Type } from 'typebox'
import { yuan } from '../../lib/money.ts'
import { type Product, QC_PREVIEW_MAX, storefrontOf } from '../../products/catalog/product.ts'
import type { ListingRef } from '../../products/listing.ts'
import { canonicalUrl } from '../../products/links/marketplaces.ts'
import { thumbnailPath } from '../../products/media/media.ts'
import type { QcSet } from '../../products/qc/qc.ts'
import { DEFAULT_LANGUAGE } from '../../products/translation/languages.ts'
import { translateListing } from '../../products/translation/translation.ts'
import { absoluteUrl } from '../urls.ts'

/** What qc calls a marketplace. Tmall listings are found under taobao, whose id space they share. */
export const STOREFRONTS = ['weidian', 'taobao', '1688'] as const

/** Which listing a path names. */
export const ListingParams = Type.Object({
  storefront: Type.Enum(STOREFRONTS),
  listingId: Type.String({ pattern: '^[0-9]{1,20}$', description: '1 to 20 digits', examples: ['7231368393'] }),
})

const THUMBNAILS_MAX = 3
const THUMBNAIL_SIDE = 320

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
    ...wireRefOf(product),
    name: nameOf(product),
    price: product.priceFen === null ? null : `¥${yuan(product.priceFen)}`,
    pic_url: product.images[0] ? absoluteUrl(publicUrl, product.images[0]) : null,
    product_url: canonicalUrl(product.marketplace, product.listingId),
    qc_count: product.qcCount,
    qc_preview: thumbnailsOf(product, publicUrl, QC_PREVIEW_MAX),
  }
}

/** The count of a product's QC photos and the first of them. */
export function toWireGallery(product: Product, publicUrl: string) {
  return {
    ...wireRefOf(product),
    qc_count: product.qcCount,
    thumbnails: thumbnailsOf(product, publicUrl, THUMBNAILS_MAX),
  }
}

/** All public QC photos of a product, and what is known of each set of them. */
export function toWireImages(product: Product, sets: readonly QcSet[], publicUrl: string) {
  const wireSets = sets.map((set) => ({
    taken_at: set.takenAt?.toISOString() ?? null,
    source: set.source,
    sku_id: set.skuId,
    weight_grams: set.weightGrams,
    size_mm: set.sizeMm && { length: set.sizeMm[0], width: set.sizeMm[1], height: set.sizeMm[2] },
    images: set.paths.map((path) => absoluteUrl(publicUrl, path)),
  }))
  const images = wireSets.flatMap((set) => set.images)
  return { id: product.id, ...wireRefOf(product), qc_count: images.length, images, sets: wireSets }
}

function wireRefOf({ marketplace, listingId }: ListingRef): { storefront: string; listing_id: string } {
  return { storefront: storefrontOf(marketplace), listing_id: listingId }
}

function thumbnailsOf({ qcPhotos }: Product, publicUrl: string, count: number): string[] {
  return qcPhotos.slice(0, count).map((path) => absoluteUrl(publicUrl, thumbnailPath(path, THUMBNAIL_SIDE)))
}
