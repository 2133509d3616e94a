import type { FastifyInstance } from 'fastify'
import { Registry, collectDefaultMetrics } from 'prom-client'
import type { Ctx } from '../ctx.ts'
import { isBilled, type Visit } from '../access/admit.ts'
import { gauges } from './gauges.ts'
import { pathOf } from './paths.ts'
import { requestMetric } from './request-metric.ts'

/** One registry for each app, so that several apps in one process do not share their counts. */
export function observe(app: FastifyInstance, ctx: Ctx): void {
  const registry = new Registry()
  const requests = requestMetric(registry)
  gauges(registry, ctx)
  app.decorate('metrics', { registry, collectDefaults: () => collectDefaultMetrics({ register: registry }) })
  app.decorate('tellAnswered', (answered: Answered) => {
    const { method, route, status, ms, visit } = answered
    requests.observe(method, route, status, ms / 1000, visit ? isBilled(visit) : false)
    if (ctx.log.isLevelEnabled('info')) logAnswered(ctx, answered)
  })

  app.decorateRequest('tid', null)
  app.addHook('onResponse', (request, reply, done) => {
    const { id: requestId, method, url, visit, tid } = request
    const route = request.routeOptions.url ?? 'none'
    app.tellAnswered({ requestId, method, url, route, status: reply.statusCode, ms: reply.elapsedTime, visit, tid })
    done()
  })
}

/** What there is to tell of a request that was answered. `route`: its pattern, or `none`. */
export type Answered = {
  requestId: string
  method: string
  url: string
  route: string
  status: number
  ms: number
  visit: Visit | null
  tid: string | null
}

/**
 * One line a request. The query, the body and the key stay out: they carry what callers look up and who they are. The path
 * is told only where no route tells it.
 */
function logAnswered(ctx: Ctx, { requestId, method, url, route, status, ms, visit, tid }: Answered): void {
  if (route === '/healthz' || route === '/readyz') return
  const { accountId, keyId } = visit?.principal ?? {}
  const { pot, costUsdMicros, balanceAfterUsdMicros } = visit?.paid ?? {}
  const where = route === 'none' ? tellablePath(url).slice(0, 200) : route
  ctx.log.info(
    {
      requestId,
      method,
      route,
      status,
      durationMs: Math.round(ms * 10) / 10,
      accountId,
      keyId,
      tid: tid ?? undefined,
      pot,
      costUsdMicros,
      balanceAfterUsdMicros,
    },
    `${method} ${where} ${status}`,
  )
}

/**
 * What a path that no route answers may tell. Whoever takes checks for GET requests, or mistypes, puts the identifier into the
 * path; so what follows `blacklist` stays out, however the rest is written.
 */
function tellablePath(url: string): string {
  return pathOf(url).replace(/blacklist.*$/is, 'blacklist/**')
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The caller's own mark on the call, to find it again in the log. */
    tid: string | null
  }
  interface FastifyInstance {
    metrics: { registry: Registry; collectDefaults(): void }
    /** Counts and logs an answer. */
    tellAnswered(answered: Answered): void
  }
}
