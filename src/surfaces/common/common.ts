import formbody from '@fastify/formbody'
import type { FastifyInstance } from 'fastify'
import type { Ctx } from '../../ctx.ts'
import { houseRefusal } from '../house.ts'
import { hangDoor, type Surface } from '../surface.ts'
import { agentRoutes } from './agents.ts'
import { linkRoutes } from './links.ts'

export const common: Surface = {
  name: 'common',
  title: 'Openhaul common API',
  description: 'What belongs to every surface: links and agents. These routes need no key and are limited per address.',
  keyHeader: 'authorization',
  // Last in the table: whatever no other surface claims answers in the house envelope.
  patterns: ['/**'],
  refuse: houseRefusal,
}

export async function commonSurface(app: FastifyInstance, { ctx }: { ctx: Ctx }): Promise<void> {
  await app.register(formbody)
  hangDoor(app, ctx, common)
  linkRoutes(app, ctx)
  agentRoutes(app)
}
