import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'
import type { Ctx } from '../ctx.ts'
import { listBreakers } from '../products/sources/state.ts'
import { pathOf } from './paths.ts'

const BREAKER_VALUES = { closed: 0, half_open: 0.5, open: 1 } as const

/** One registry for each app, so that several apps in one process do not share their counts. */
export function observe(app: FastifyInstance, ctx: Ctx): void {
  const registry = new Registry()
  const duration = new Histogram({
    name: 'openhaul_request_duration_seconds',
    help: 'Time from the first byte read to the last byte written, by route and status.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10],
    registers: [registry],
  })
  const breaker = new Gauge({
    name: 'openhaul_source_breaker_open',
    help: 'How a source of product data stands: 0 asked, 0.5 on trial, 1 left alone after failures.',
    labelNames: ['source'],
    registers: [registry],
    collect() {
      for (const { source, state } of listBreakers(ctx)) breaker.set({ source }, BREAKER_VALUES[state])
    },
  })
  app.decorate('metrics', { registry, collectDefaults: () => collectDefaultMetrics({ register: registry }) })

  app.decorateRequest('tid', null)
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('X-Request-Id', request.id)
    done()
  })
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'none'
    const status = reply.statusCode
    const seconds = reply.elapsedTime / 1000
    duration.observe({ method: request.method, route, status: String(status) }, seconds)
    logRequest(ctx, request, { route, status, durationMs: Math.round(reply.elapsedTime * 10) / 10 })
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
  const { accountId, keyId } = request.principal ?? {}
  const where = facts.route === 'none' ? pathOf(request.url).slice(0, 200) : facts.route
  const tid = request.tid === null ? {} : { tid: request.tid }
  ctx.log.info(
    { requestId: request.id, method: request.method, ...facts, accountId, keyId, ...tid },
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
