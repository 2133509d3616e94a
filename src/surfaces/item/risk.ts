import formbody from '@fastify/formbody'
import type { FastifyInstance } from 'fastify'
import type { Ctx } from '../../ctx.ts'
import { openSurface, type Surface } from '../surface.ts'
import { disputeRoutes } from './disputes.ts'
import { refuse } from './refusals.ts'
import { riskBatchRoutes } from './risk-batch.ts'
import { riskCheckRoutes } from './risk-check.ts'

/** Beside `item`: the same envelope, and counters and prices of its own. */
export const risk: Surface = {
  name: 'risk',
  title: 'Openhaul risk API',
  description:
    'Whether an e-mail address, user name, phone number, address, IP address or device is listed, and why. Send your key as ' +
    '`X-API-Key`, or an ID token as the member `token` of the body. What is only checked is not kept.',
  keyHeader: 'x-api-key',
  product: 'risk',
  takesIdTokens: true,
  patterns: ['/api/v1/blacklist/**'],
  refuse,
}

export async function riskSurface(app: FastifyInstance, { ctx }: { ctx: Ctx }): Promise<void> {
  await app.register(formbody)
  openSurface(app, ctx, risk)
  riskCheckRoutes(app, ctx)
  riskBatchRoutes(app, ctx)
  disputeRoutes(app, ctx)
}
