import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Registry, collectDefaultMetrics } from 'prom-client'
import type { Ctx } from '../ctx.ts'
import { isBilled } from '../access/admit.ts'
import { gauges } from './gauges.ts'
import { pathOf } from './paths.ts'
import { requestMetric } from './request-metric.ts'

/** One registry for each app, so that several apps in one process do not share their counts. */
export function observe(app: FastifyInstance, ctx: Ctx): void {
  const registry = new Registry()
  const requests = requestMetric(registry)
  gauges(registry, ctx)
  app.decorate('metrics', { registry, collectDefaults: () => collectDefaultMetrics({ register: registry }) })

  app.decorateRequest('tid', null)
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'none'
    const status = reply.statusCode
    const { visit } = request
    requests.observe(request.method, route, status, reply.elapsedTime / 1000, visit ? isBilled(visit) : false)
    if (ctx.log.isLevelEnabled('info')) {
      logRequest(ctx, request, { route, status, durationMs: Math.round(reply.elapsedTime * 10) / 10 })
    }
    done()
  })
}

/**
 * One line a request. The query, the body and the key stay out: they carry what callers look up and who they are. The path
 * is told only where no route tells it.
 */
function logRequest(
  ctx: Ctx,
  request: FastifyRequest,
  facts: { route: string; status: number; durationMs: number },
): void {
  if (facts.route === '/healthz' || facts.route === '/readyz') return
  const { accountId, keyId } = request.visit?.principal ?? {}
  const where = facts.route === 'none' ? pathOf(request.url).slice(0, 200) : facts.route
  const tid = request.tid === null ? {} : { tid: request.tid }
  const paid = request.visit?.paid
  const cost = paid
    ? { pot: paid.pot, costUsdMicros: paid.costUsdMicros, balanceAfterUsdMicros: paid.balanceAfterUsdMicros }
    : {}
  ctx.log.info(
    { requestId: request.id, method: request.method, ...facts, accountId, keyId, ...tid, ...cost },
    `${request.method} ${where} ${facts.status}`,
  )
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The caller's own mark on the call, to find it again in the log. */
    tid: string | null
  }
  interface FastifyInstance {
    metrics: { registry: Registry; collectDefaults(): void }
  }
}
