import { STATUS_CODES } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { Ctx } from '../../ctx.ts'
import type { DomainError, ErrorCode } from '../../lib/errors.ts'
import { openSurface, type Refusal, type Surface } from '../surface.ts'
import { addressRoutes } from './addresses.ts'
import { favoriteRoutes } from './favorites.ts'
import { cartRoutes } from './cart.ts'
import { couponRoutes } from './coupons.ts'
import { orderRoutes } from './orders.ts'
import { productRoutes } from './products.ts'
import { profileRoutes } from './profile.ts'
import { walletRoutes } from './wallet.ts'
import { strictBodies } from './wire.ts'

const STATUS: Record<ErrorCode, number> = {
  key_missing: 401,
  key_malformed: 401,
  key_unknown: 401,
  key_revoked: 401,
  address_not_allowed: 403,
  scope_missing: 403,
  tier_too_low: 403,
  rate_limited: 429,
  quota_spent: 429,
  credits_spent: 402,
  balance_too_low: 402,
  cap_reached: 402,
  input_invalid: 400,
  input_missing: 400,
  url_not_supported: 400,
  not_found: 404,
  route_unknown: 404,
  method_not_allowed: 405,
  body_too_large: 413,
  conflict: 409,
  unprocessable: 422,
  busy: 503,
  sources_down: 503,
  internal: 500,
}

/** `{"statusCode","message","error"}`; what a caller sent wrong is told as an array of sentences. */
function refuse(error: DomainError): Refusal {
  const statusCode = STATUS[error.code]
  const message = messageOf(error)
  return {
    status: statusCode,
    body: { statusCode, message: statusCode === 400 ? [message] : message, error: STATUS_CODES[statusCode]! },
  }
}

function messageOf({ code, message, details }: DomainError): string {
  if (STATUS[code] === 401) return 'Invalid API Key'
  if (code === 'rate_limited') return `Rate limit exceeded. Try again in ${details['retryAfterSeconds']}s`
  return message
}

export const agent: Surface = {
  name: 'agent',
  title: 'Openhaul agent API',
  description: 'Profile, cart, coupons, wallet and purchase orders. Send your key as `Authorization: Bearer …`.',
  keyHeader: 'authorization',
  product: 'agent',
  patterns: [
    '/api/v1/cart/**',
    '/api/v1/orders/**',
    '/api/v1/logistics/**',
    '/api/v1/shipping/**',
    '/api/v1/warehouse/**',
    '/api/v1/user/**',
    '/api/v1/products/import/**',
    '/api/v1/products/:id',
  ],
  refuse,
}

export async function agentSurface(app: FastifyInstance, { ctx }: { ctx: Ctx }): Promise<void> {
  openSurface(app, ctx, agent)
  app.setValidatorCompiler(strictBodies)
  productRoutes(app, ctx)
  cartRoutes(app, ctx)
  couponRoutes(app, ctx)
  orderRoutes(app, ctx)
  walletRoutes(app, ctx)
  profileRoutes(app, ctx)
  addressRoutes(app, ctx)
  favoriteRoutes(app, ctx)
}
