import { storableText } from '../../lib/text.ts'
import { hash } from 'node:crypto'
import type { Marketplace } from '../links/marketplaces.ts'
import type { Listing } from '../listing.ts'
import type { Catalogue, Product } from './product.ts'
import { searchTerms } from './search-terms.ts'

/** What of a listing has no column of its own. */
type Details = Omit<Listing, 'marketplace' | 'listingId' | 'title' | 'priceFen' | 'sales' | 'translations'>

/** A row of `product` as it is read. */
export type ProductRow = {
  id: number
  catalogue: Catalogue
  marketplace: Marketplace
  listing_id: string
  title: string
  price_fen: number | null
  sales: number | null
  details: Details
  translations: Listing['translations']
  machine_translations: Product['machineTranslations']
  qc_count: number
  qc_photos: string[]
  source: string
  fetched_at: Date
}

/** A listing as its columns take it; JSON is text already, so that it is printed once. */
export type ListingRow = {
  marketplace: Marketplace
  listingId: string
  title: string
  priceFen: number | null
  sales: number | null
  details: string
  translations: string
  searchTerms: string[]
  /** In hexadecimal. */
  contentDigest: string
}

export function productOf(row: ProductRow): Product {
  return {
    ...row.details,
    id: row.id,
    catalogue: row.catalogue,
    marketplace: row.marketplace,
    listingId: row.listing_id,
    title: row.title,
    priceFen: row.price_fen,
    sales: row.sales,
    translations: row.translations,
    machineTranslations: row.machine_translations,
    qcCount: row.qc_count,
    qcPhotos: row.qc_photos,
    source: row.source,
    fetchedAt: row.fetched_at,
  }
}

/** `extra` goes into the digest only: what the caller keeps beside the listing. */
export function rowOf(listing: Listing, extra = ''): ListingRow {
  const title = storableText(listing.title)
  const details = storableJson({
    description: listing.description,
    originalPriceFen: listing.originalPriceFen,
    priceRanges: listing.priceRanges,
    minimumOrder: listing.minimumOrder,
    unit: listing.unit,
    stock: listing.stock,
    images: listing.images,
    ...(listing.descriptionImages && { descriptionImages: listing.descriptionImages }),
    options: listing.options,
    skus: listing.skus,
    attributes: listing.attributes,
    seller: listing.seller,
    weightGrams: listing.weightGrams,
    sizeCm3: listing.sizeCm3,
    deliveryDays: listing.deliveryDays,
    categoryId: listing.categoryId,
  } satisfies Details)
  const translations = storableJson(listing.translations)
  const content = `${listing.marketplace} ${listing.listingId}\n${title}\n${listing.priceFen}\n${listing.sales}\n${translations}\n${extra}\n${details}`
  return {
    marketplace: listing.marketplace,
    listingId: listing.listingId,
    title,
    priceFen: listing.priceFen,
    sales: listing.sales,
    details,
    translations,
    searchTerms: searchTerms({ title, translations: listing.translations }),
    contentDigest: hash('sha1', content, 'hex'),
  }
}

/** Prints JSON that `jsonb` takes: without the two escapes that it refuses. */
export function storableJson(value: unknown): string {
  const json = JSON.stringify(value)
  if (!json.includes('\\u')) return json
  return json.replace(/\\(?:\\|u0000|ud[89a-f][0-9a-f]{2})/g, (escape) => {
    if (escape === '\\\\') return escape
    return escape === '\\u0000' ? '' : '\ufffd'
  })
}
