import type { FastifyInstance } from 'fastify'
import type { Ctx } from '../../ctx.ts'
import type { DomainError } from '../../lib/errors.ts'
import { HOUSE } from '../house.ts'
import { openSurface, type Refusal, type Surface } from '../surface.ts'
import { detailRoutes } from './details.ts'
import { searchRoutes } from './search.ts'

/** As the house's, but for its own words for these. */
const REFUSALS: typeof HOUSE = {
  ...HOUSE,
  address_not_allowed: [403, 'FORBIDDEN'],
  quota_spent: [429, 'CREDITS_EXHAUSTED'],
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
  searchRoutes(app, ctx, { prefix: '/api/v1/1688', operationId: 'searchByImage' })
  searchRoutes(app, ctx, { prefix: '/scraper/:scraperId', operationId: 'searchScraperByImage' })
  detailRoutes(app, ctx, { prefix: '/api/v1/1688', operationId: 'getProductDetails' })
  detailRoutes(app, ctx, { prefix: '/scraper/:scraperId', operationId: 'getScraperProductDetails' })
}
