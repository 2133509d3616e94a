import type { HttpRequest } from '../../lib/http.ts'
import type { Marketplace } from '../links/marketplaces.ts'

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

/** A parsed answer: the listing, or a reason why there is none. `failed` says whether trying again can help. */
export type Answer =
  | { kind: 'found'; listing: Listing }
  | { kind: 'absent' }
  | {
      kind: 'failed'
      reason: string
      retry: boolean
      /** The account's quota or credentials are the cause. */
      quota?: boolean
      /** Too many calls in a short time: the source wants to be left alone for some seconds. */
      throttled?: boolean
      /** The access token is no longer good; a fresh one may be. */
      tokenExpired?: boolean
    }

/** What the operator was given when the app was authorized. Later tokens are kept by the database. */
export type SeedToken = { accessToken: string; refreshToken: string }

/**
 * A parsed answer to a token refresh. Without a refresh token the one that was used stays good. `retry` of a failure
 * says whether a later refresh with the same token can work.
 */
export type TokenAnswer =
  | { kind: 'renewed'; accessToken: string; refreshToken: string | null; expiresAt: Date | null }
  | { kind: 'failed'; reason: string; retry: boolean }

/** A connector: builds a request, parses an answer. Sends nothing and keeps nothing. */
export type Source = {
  name: string
  marketplaces: readonly Marketplace[]
  /** `accessToken` is given when the source has a `token`. */
  itemRequest(ref: ListingRef, at: Date, accessToken?: string): HttpRequest
  /** `status` and `body` as they came; never throws. */
  parseItem(ref: ListingRef, status: number, body: string): Answer
  /** Present when calls carry an access token that runs out. */
  token?: {
    seed: SeedToken
    refreshRequest(refreshToken: string, at: Date): HttpRequest
    /** `at` is when the request was sent, from which the lifetime counts; never throws. */
    parseToken(status: number, body: string, at: Date): TokenAnswer
  }
}
