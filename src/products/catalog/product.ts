import type { Marketplace } from '../links/marketplaces.ts'
import type { Listing, ListingRef } from '../listing.ts'

/** Live rows come from sources and feeds; demo rows are ours, and all that a test-mode key sees. */
export type Catalogue = 'live' | 'demo'

/** Which catalogue a caller sees. */
export type Scope = { catalogue: Catalogue }

/** A listing as the catalogue keeps it. */
export type Product = Listing & {
  /** Stable for the life of the listing; below 1,000,000 for the demo. */
  id: number
  catalogue: Catalogue
  /** The connector that gave it, or `feed` or `demo`. */
  source: string
  fetchedAt: Date
  /** How many public QC photos there are. */
  qcCount: number
  /** The first `QC_PREVIEW_MAX` of them, as paths below `/media/`. */
  qcPhotos: string[]
  /** What a translation service answered: language → original → translation. */
  machineTranslations: Record<string, Record<string, string>>
}

/** So many QC photos stand on a product itself, so that look-ups read one row; the others are the qc noun's to tell. */
export const QC_PREVIEW_MAX = 5

/** An id space of listings. */
export type Storefront = Exclude<Marketplace, 'tmall'>

/** Tmall's listings have their ids from Taobao's space, and each is found under either name. */
export function storefrontOf(marketplace: Marketplace): Storefront {
  return marketplace === 'tmall' ? 'taobao' : marketplace
}

/** One text for one listing, the same whichever of its marketplaces is named. */
export function refKey(ref: ListingRef): string {
  return `${storefrontOf(ref.marketplace)}/${ref.listingId}`
}
