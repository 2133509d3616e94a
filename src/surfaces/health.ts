import type { FastifyInstance } from 'fastify'
import type { Ctx } from '../ctx.ts'
import { MIGRATIONS } from '../lib/db/folder.ts'
import { schemaState } from '../lib/db/migrate.ts'

const PUBLIC = { scope: 'public', cost: 0 } as const

/** `/healthz`: this process answers. `/readyz`: it can serve: the database is reachable, its schema current, and no stop is under way. */
export function healthRoutes(app: FastifyInstance, ctx: Ctx): void {
  app.get('/healthz', { config: PUBLIC, logLevel: 'warn' }, async () => ({ status: 'ok' }))

  app.get('/readyz', { config: PUBLIC, logLevel: 'warn' }, async (_request, reply) => {
    if (app.lifecycle.isStopping) return reply.code(503).send({ status: 'stopping' })
    try {
      const schema = await schemaState(ctx.db, MIGRATIONS)
      return reply
        .code(schema === 'current' ? 200 : 503)
        .send({ status: schema === 'current' ? 'ready' : 'not ready', schema })
    } catch {
      return reply.code(503).send({ status: 'not ready', database: 'unreachable' })
    }
  })
}
