import formbody from '@fastify/formbody'
import type { FastifyInstance } from 'fastify'
import type { Ctx } from '../../ctx.ts'
import { openSurface, type Surface } from '../surface.ts'
import { refuse } from './refusals.ts'
import { lookupRoutes } from './lookup.ts'

export const item: Surface = {
  name: 'item',
  title: 'Openhaul item API',
  description: 'One normalized product for any marketplace or agent link. Send your key as `X-API-Key`.',
  keyHeader: 'x-api-key',
  product: 'item',
  patterns: ['/api/v1/item'],
  refuse,
}

export async function itemSurface(app: FastifyInstance, { ctx }: { ctx: Ctx }): Promise<void> {
  await app.register(formbody)
  openSurface(app, ctx, item)
  lookupRoutes(app, ctx)
}
