import formbody from '@fastify/formbody'
import type { FastifyInstance } from 'fastify'
import type { Ctx } from '../../ctx.ts'
import { houseRefusal } from '../house.ts'
import { openSurface, type Surface } from '../surface.ts'
import { agentRoutes } from './agents.ts'
import { linkRoutes } from './links.ts'
import { pricingRoutes } from './pricing.ts'

export const common: Surface = {
  name: 'common',
  title: 'Openhaul common API',
  description:
    'What belongs to every surface: links, agents and prices. These routes need no key and are limited per address.',
  keyHeader: 'authorization',
  product: 'qc',
  // Last in the table: whatever no other surface claims answers in the house envelope.
  patterns: ['/**'],
  refuse: houseRefusal,
}

export async function commonSurface(app: FastifyInstance, { ctx }: { ctx: Ctx }): Promise<void> {
  await app.register(formbody)
  openSurface(app, ctx, common)
  linkRoutes(app, ctx)
  agentRoutes(app)
  pricingRoutes(app)
}
