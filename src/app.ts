import compress from '@fastify/compress'
import cors from '@fastify/cors'
import Fastify, { LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import type { Ctx } from './ctx.ts'
import { DomainError } from './lib/errors.ts'
import { randomText, type Random } from './lib/ids.ts'
import { common, commonSurface } from './surfaces/common/common.ts'
import { describeSurface, docsRoutes } from './surfaces/docs.ts'
import { healthRoutes } from './surfaces/health.ts'
import { item, itemSurface } from './surfaces/item/item.ts'
import { mediaRoutes } from './surfaces/media.ts'
import { observe } from './surfaces/observe.ts'
import { compilePattern, pathOf } from './surfaces/paths.ts'
import { qc, qcSurface } from './surfaces/qc/qc.ts'
import { requireDeclaration, sendRefusal, toDomainError } from './surfaces/surface.ts'

/** Every surface, in the order in which their path patterns are tried. */
const SURFACES = [
  { surface: qc, plugin: qcSurface },
  { surface: item, plugin: itemSurface },
  { surface: common, plugin: commonSurface },
] as const

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

/** The whole application, not listening. */
export async function buildApp(ctx: Ctx): Promise<FastifyInstance> {
  const owners = SURFACES.flatMap(({ surface }) =>
    surface.patterns.map((pattern) => ({ surface, path: compilePattern(pattern) })),
  )
  const ownerOf = (target: string) => owners.find(({ path }) => path.test(pathOf(target)))!.surface

  // Its own news, such as where it listens, are ours to tell; its warnings and errors are kept.
  const logger: FastifyBaseLogger = ctx.log.child(
    {},
    { level: ctx.log.isLevelEnabled('warn') ? 'warn' : ctx.log.level },
  )
  const app = Fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: requestIds(ctx.random),
    trustProxy: ctx.config.trustProxy.length > 0 ? ctx.config.trustProxy : false,
    bodyLimit: 256 * 1024,
    requestTimeout: 30_000,
    keepAliveTimeout: 72_000,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 500, ignoreTrailingSlash: true },
    http: { maxHeaderSize: 16 * 1024 },
    ajv: { customOptions: { coerceTypes: true, removeAdditional: false, verbose: true } },
    frameworkErrors: (error, request, reply) => sendRefusal(ownerOf(request.url), toDomainError(error, request), reply),
  })
  const known: { methods: string[]; path: RegExp }[] = []

  app.addHook('onRoute', (route) => {
    requireDeclaration(route)
    known.push({ methods: [route.method].flat(), path: compilePattern(route.url.replace(/\*$/, '**')) })
  })
  app.decorate('openapiDocuments', new Map())
  observe(app, ctx)
  await app.register(cors, {
    origin: '*',
    methods: [...METHODS],
    allowedHeaders: ['Authorization', 'X-API-Key', 'Content-Type', 'Idempotency-Key'],
    exposedHeaders: EXPOSED_HEADERS,
    maxAge: 86_400,
  })
  await app.register(compress, { threshold: 1024, encodings: ['br', 'gzip'] })

  app.setNotFoundHandler((request, reply) => {
    const path = pathOf(request.url)
    const listed = METHODS.filter((method) =>
      known.some(({ methods, path: each }) => methods.includes(method) && each.test(path)),
    )
    // A handler that finds nothing ends here too, and there the method was right.
    const allowed = listed.some((method) => method === request.method) ? [] : listed
    if (allowed.length > 0) reply.header('Allow', allowed.join(', '))
    const refusal = allowed.length > 0 ? wrongMethod(request.method, allowed) : unknownRoute(request.method, path)
    return sendRefusal(ownerOf(request.url), refusal, reply)
  })

  for (const { surface, plugin } of SURFACES) {
    await app.register(
      async (scope) => {
        await describeSurface(scope, surface)
        await scope.register(plugin, { ctx })
      },
      { prefix: '/api/v1' },
    )
  }
  healthRoutes(app, ctx)
  mediaRoutes(app, ctx)
  docsRoutes(
    app,
    ctx,
    SURFACES.map(({ surface }) => surface),
  )
  return app
}

/** Ids that no other node or start gives: a random beginning and a count. Fresh randomness for each would cost more than the look-up. */
function requestIds(random: Random): () => string {
  const start = `req_${randomText(random, 12)}`
  let count = 0
  return () => start + (count++).toString(36).padStart(8, '0')
}

const EXPOSED_HEADERS = [
  'X-Request-Id',
  'Retry-After',
  'RateLimit',
  'RateLimit-Policy',
  'X-Billed',
  'X-Cost',
  'X-Balance-After',
  'Idempotent-Replayed',
]

function wrongMethod(method: string, allowed: readonly string[]): DomainError {
  return new DomainError('method_not_allowed', `${method} is not allowed here; use ${allowed.join(' or ')}.`)
}

function unknownRoute(method: string, path: string): DomainError {
  const shown = path.length > 100 ? `${path.slice(0, 100)}…` : path
  return new DomainError('route_unknown', `There is no ${method} ${shown}.`)
}
