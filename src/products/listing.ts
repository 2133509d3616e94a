import type { Marketplace } from './links/marketplaces.ts'

/** One listing on one marketplace. Tmall shares Taobao's id space. */
export type ListingRef = { marketplace: Marketplace; listingId: string }

/** Text in other languages, by language code; `terms` maps an original word (option, value, attribute, unit) to its translation. */
export type Translation = { title?: string; description?: string; terms?: Record<string, string> }

export type OptionValue = { id: string; name: string; image: string | null }
/** A choice the buyer makes, such as colour: `id` is the marketplace's pid, each value's its vid. */
export type Option = { id: string; name: string; values: OptionValue[] }

export type Sku = {
  skuId: string
  /** The marketplace's second id of a sku, which 1688 needs to order it. */
  specId: string | null
  /** One `[option id, value id]` for each option, in the order of `Listing.options`. */
  choices: [string, string][]
  priceFen: number | null
  originalPriceFen: number | null
  stock: number | null
  image: string | null
}

export type Seller = {
  id: string | null
  name: string | null
  url: string | null
  city: string | null
  province: string | null
}

/** What a source says of one listing, normalized: ids are digit strings, money is integer fen, pictures are absolute https URLs. */
export type Listing = {
  /** For Taobao and Tmall, which share ids, the one that the answer names: it may be the other one than was asked for. */
  marketplace: Marketplace
  listingId: string
  /** As the seller wrote it, usually Chinese. */
  title: string
  /** Plain text with line breaks; markup, scripts and trackers are gone. */
  description: string | null
  /** The lowest sku price; null when unknown. */
  priceFen: number | null
  originalPriceFen: number | null
  /** Wholesale steps, ascending by quantity; empty for retail. */
  priceRanges: { minQuantity: number; priceFen: number }[]
  minimumOrder: number | null
  unit: string | null
  stock: number | null
  sales: number | null
  images: string[]
  /** Pictures out of the description, from the marketplaces' own picture hosts only. */
  descriptionImages?: string[]
  options: Option[]
  skus: Sku[]
  attributes: { name: string; value: string }[]
  seller: Seller
  weightGrams: number | null
  sizeCm3: number | null
  /** Days from order to the warehouse, as text because marketplaces print "2.5" or "3-5". */
  deliveryDays: string | null
  categoryId: string | null
  translations: Record<string, Translation>
}
