import type { HttpRequest } from '../../lib/http.ts'
import type { Marketplace } from '../links/marketplaces.ts'
import type { Listing, ListingRef } from '../listing.ts'

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
      /** The source works, and what it says of this one listing cannot be used. */
      item?: boolean
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
