import type { FastifyInstance } from 'fastify'
import type { Ctx } from '../../ctx.ts'
import type { DomainError, ErrorCode } from '../../lib/errors.ts'
import { openSurface, type Refusal, type Surface } from '../surface.ts'
import { detailRoutes } from './details.ts'

const REFUSALS: Record<ErrorCode, [status: number, code: string]> = {
  key_missing: [401, 'UNAUTHORIZED'],
  key_malformed: [401, 'INVALID_KEY'],
  key_unknown: [401, 'INVALID_KEY'],
  key_revoked: [401, 'REVOKED_KEY'],
  address_not_allowed: [403, 'FORBIDDEN'],
  scope_missing: [403, 'FORBIDDEN'],
  tier_too_low: [403, 'FORBIDDEN'],
  rate_limited: [429, 'RATE_LIMITED'],
  quota_spent: [429, 'CREDITS_EXHAUSTED'],
  credits_spent: [429, 'CREDITS_EXHAUSTED'],
  balance_too_low: [402, 'INSUFFICIENT_BALANCE'],
  cap_reached: [402, 'SPENDING_CAP_REACHED'],
  input_invalid: [400, 'BAD_REQUEST'],
  input_missing: [400, 'BAD_REQUEST'],
  url_not_supported: [400, 'BAD_REQUEST'],
  not_found: [404, 'NOT_FOUND'],
  route_unknown: [404, 'NOT_FOUND'],
  method_not_allowed: [405, 'METHOD_NOT_ALLOWED'],
  body_too_large: [413, 'PAYLOAD_TOO_LARGE'],
  conflict: [409, 'CONFLICT'],
  unprocessable: [422, 'UNPROCESSABLE'],
  busy: [503, 'BUSY'],
  sources_down: [500, 'INTERNAL'],
  internal: [500, 'INTERNAL'],
}

/** `{"status":"error","error":{"code","message"}}` */
function refuse(error: DomainError): Refusal {
  const [status, code] = REFUSALS[error.code]
  return { status, body: { status: 'error', error: { code, message: error.message } } }
}

export const sourcing: Surface = {
  name: 'sourcing',
  title: 'Openhaul sourcing API',
  description: 'Wholesale products of 1688. Send your key as `X-API-Key`. One call takes one credit.',
  keyHeader: 'x-api-key',
  product: 'sourcing',
  patterns: ['/api/v1/1688/**', '/scraper/**'],
  refuse,
}

/** The same routes under both addresses: the one that clients of its text know, with any scraper id, and the house's. */
export async function sourcingSurface(app: FastifyInstance, { ctx }: { ctx: Ctx }): Promise<void> {
  openSurface(app, ctx, sourcing)
  detailRoutes(app, ctx, { prefix: '/api/v1/1688', operationId: 'getProductDetails' })
  detailRoutes(app, ctx, { prefix: '/scraper/:scraperId', operationId: 'getScraperProductDetails' })
}
