import type { InjectOptions } from 'fastify'
import { CALLS, UNKNOWN, type Metered } from './meter-bench.ts'

// Where calls are counted, and what each place says in its own words when it refuses one.

export type Say = (code: string, message: string, retryAfterSeconds?: number) => object
export type Place = {
  name: string
  product: Metered
  call: InjectOptions & { url: string }
  unknown: InjectOptions
  /** A listing that the source cannot tell about. */
  failing: InjectOptions
  /** Bad input, and what is said of it. */
  bad: InjectOptions
  badCode: string
  badWords: string
  /** A path of the surface that does not exist. */
  nowhere: string
  /** A method that the path of `call` does not have, and those that it has. */
  wrong: 'DELETE' | 'POST' | 'GET'
  allow: string
  scope: string
  say: Say
  codes: Record<Kind, string>
}
export type Kind =
  | 'missing'
  | 'invalid'
  | 'revoked'
  | 'address'
  | 'scope'
  | 'full'
  | 'spent'
  | 'absent'
  | 'method'
  | 'internal'
  | 'busy'

export const FAILING = '600000000031'
const digits = '1 to 20 digits.'
export const house: Say = (code, message, retryAfterSeconds) => ({
  error: { code, message, ...(retryAfterSeconds !== undefined && { retry_after: retryAfterSeconds }) },
})
const sourcing: Say = (code, message) => ({ status: 'error', error: { code, message } })
export const item: Say = (error, message) => ({ error, message })

const QC_CODES: Record<Kind, string> = {
  missing: 'UNAUTHORIZED',
  invalid: 'INVALID_KEY',
  revoked: 'REVOKED_KEY',
  address: 'IP_NOT_AUTHORIZED',
  scope: 'FORBIDDEN',
  full: 'RATE_LIMITED',
  spent: 'QUOTA_EXCEEDED',
  absent: 'NOT_FOUND',
  method: 'METHOD_NOT_ALLOWED',
  internal: 'INTERNAL',
  busy: 'BUSY',
}
const SOURCING_CODES: Record<Kind, string> = { ...QC_CODES, address: 'FORBIDDEN', spent: 'CREDITS_EXHAUSTED' }
const ITEM_CODES: Record<Kind, string> = {
  missing: 'missing_api_key',
  invalid: 'invalid_api_key',
  revoked: 'invalid_api_key',
  address: 'forbidden',
  scope: 'forbidden',
  full: 'rate_limited',
  spent: 'insufficient_balance',
  absent: 'not_found',
  method: 'method_not_allowed',
  internal: 'server_error',
  busy: 'server_error',
}

/** The two addresses of sourcing answer alike. */
function sourcingAt(base: string): Place {
  const at = (query: string) => ({ url: `${base}/get_product_details?${query}` })
  return {
    name: `sourcing at ${base}`,
    product: 'sourcing',
    call: at('offer_id=791912182230'),
    unknown: at('offer_id=999'),
    failing: at(`offer_id=${FAILING}`),
    bad: at('offer_id=79x1'),
    badCode: 'BAD_REQUEST',
    badWords: `offer_id must be ${digits}`,
    nowhere: `${base}/nothing`,
    wrong: 'POST',
    allow: 'GET, HEAD',
    scope: 'sourcing:read',
    say: sourcing,
    codes: SOURCING_CODES,
  }
}

export const PLACES: Place[] = [
  {
    name: 'qc',
    product: 'qc',
    call: CALLS.qc,
    unknown: UNKNOWN.qc,
    failing: { url: `/api/v1/products/taobao/${FAILING}` },
    bad: { url: '/api/v1/products/weidian/72x1' },
    badCode: 'BAD_REQUEST',
    badWords: `listingId must be ${digits}`,
    nowhere: '/api/v1/qc/nothing/at/all',
    wrong: 'DELETE',
    allow: 'GET, HEAD',
    scope: 'qc:read',
    say: house,
    codes: QC_CODES,
  },
  sourcingAt('/api/v1/1688'),
  sourcingAt('/scraper/bce3cd9b-591a-4e87-a406-6e57ab0dd092'),
  sourcingAt('/scraper/any'),
  {
    name: 'item',
    product: 'item',
    call: CALLS.item,
    unknown: UNKNOWN.item,
    failing: { ...CALLS.item, payload: { url: `https://item.taobao.com/item.htm?id=${FAILING}` } },
    bad: { ...CALLS.item, payload: { url: 'https://weidian.com.evil.test/item.html?itemID=7266541641' } },
    badCode: 'invalid_url',
    badWords: 'URL not allowed or unsafe',
    nowhere: '/api/v1/blacklist/nothing',
    wrong: 'GET',
    allow: 'POST',
    scope: 'item:read',
    say: item,
    codes: ITEM_CODES,
  },
]
