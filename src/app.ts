import type { Socket } from 'node:net'
import compress from '@fastify/compress'
import Fastify, {
  type ConnectionError,
  LogController,
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify'
import type { Ctx } from './ctx.ts'
import { DomainError } from './lib/errors.ts'
import { randomText, type Random } from './lib/ids.ts'
import { METHODS, receive } from './surfaces/arrival.ts'
import { agent, agentSurface } from './surfaces/agent/agent.ts'
import { common, commonSurface } from './surfaces/common/common.ts'
import { fromText, serializers } from './surfaces/compilers.ts'
import { describeSurface, docsRoutes } from './surfaces/docs.ts'
import { healthRoutes } from './surfaces/health.ts'
import { item, itemSurface } from './surfaces/item/item.ts'
import { risk, riskSurface } from './surfaces/item/risk.ts'
import { mediaRoutes } from './surfaces/media.ts'
import { observe } from './surfaces/observe.ts'
import { compilePattern, pathOf } from './surfaces/paths.ts'
import { openExpress } from './surfaces/qc/express.ts'
import { qc, qcSurface } from './surfaces/qc/qc.ts'
import { sourcing, sourcingSurface } from './surfaces/sourcing/sourcing.ts'
import { requireDeclaration, sendRefusal, toDomainError, type Surface } from './surfaces/surface.ts'

/** Every surface, in the order in which their path patterns are tried. */
const SURFACES = [
  { surface: qc, plugin: qcSurface, prefix: '/api/v1' },
  // Has two addresses, which it names itself.
  { surface: sourcing, plugin: sourcingSurface, prefix: '' },
  { surface: item, plugin: itemSurface, prefix: '/api/v1' },
  { surface: risk, plugin: riskSurface, prefix: '/api/v1' },
  { surface: agent, plugin: agentSurface, prefix: '/api/v1' },
  { surface: common, plugin: commonSurface, prefix: '/api/v1' },
] as const

/** The whole application, not listening. */
export async function buildApp(ctx: Ctx): Promise<FastifyInstance> {
  const ids = requestIds(ctx.random)
  const app = openFastify(ctx, ids)
  app.setValidatorCompiler(fromText).setSerializerCompiler(serializers)
  app.decorate('openapiDocuments', new Map())
  app.addHook('onRoute', requireDeclaration)
  receive(app, answerUnknown(app))
  observe(app, ctx)
  // For routes outside the surfaces, such as pictures; each surface sets its own.
  app.setErrorHandler((error: FastifyError, request, reply) =>
    sendRefusal(ownerOf(request.url), toDomainError(error, request), reply),
  )
  // JSON and forms are all that is read; anything else is told so.
  app.removeContentTypeParser('text/plain')
  await app.register(compress, { threshold: 1024, encodings: ['br', 'gzip'] })

  for (const { surface, plugin, prefix } of SURFACES) {
    const mount = async (scope: FastifyInstance) => {
      await describeSurface(scope, surface)
      await scope.register(plugin, { ctx })
    }
    await app.register(mount, { prefix })
  }
  healthRoutes(app, ctx)
  mediaRoutes(app, ctx)
  const surfaces = SURFACES.map(({ surface }) => surface)
  docsRoutes(app, ctx, surfaces)
  openExpress(app, ctx, ids)
  return app
}

function openFastify(ctx: Ctx, ids: () => string): FastifyInstance {
  // Its own news, such as where it listens, are ours to tell; its warnings and errors are kept.
  const level = ctx.log.isLevelEnabled('warn') ? 'warn' : ctx.log.level
  const logger: FastifyBaseLogger = ctx.log.child({}, { level })
  // A logger of its own for each request costs more than most requests log; what is logged names the request.
  logger.child = () => logger
  return Fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    genReqId: ids,
    trustProxy: ctx.config.trustProxy.length > 0 ? ctx.config.trustProxy : false,
    bodyLimit: 256 * 1024,
    requestTimeout: 30_000,
    keepAliveTimeout: 72_000,
    forceCloseConnections: 'idle',
    // While stopping, what still arrives on kept connections is served; /readyz says that it is the end.
    return503OnClosing: false,
    // Longer than any address can be: how long a parameter may be is the route's to say, after the key.
    routerOptions: { maxParamLength: 20_000, ignoreTrailingSlash: true },
    http: { maxHeaderSize: 16 * 1024 },
    frameworkErrors: (error, request, reply) => {
      // No hook has run: the address could not be read.
      reply.header('X-Request-Id', request.id).header('Access-Control-Allow-Origin', '*')
      ctx.log.info(
        { requestId: request.id, method: request.method, status: 400 },
        `${request.method} unreadable address 400`,
      )
      return sendRefusal(ownerOf(request.url), toDomainError(error, request), reply)
    },
    clientErrorHandler: (error, socket) => {
      const requestId = ids()
      ctx.log.info({ requestId, reason: error.code }, `unreadable request: ${error.code}`)
      refuseUnreadable(error, socket, requestId)
    },
  })
}

const OWNERS = SURFACES.flatMap(({ surface }) =>
  surface.patterns.map((pattern) => ({ surface, path: compilePattern(pattern) })),
)

/** The surface in whose envelope a path is answered when no route answers it. */
function ownerOf(target: string): Surface {
  return OWNERS.find(({ path }) => path.test(pathOf(target)))?.surface ?? common
}

/** One answer for every path and method that no route has: 405 where another method is known, else 404; before the body is read. */
function answerUnknown(app: FastifyInstance): (request: FastifyRequest, reply: FastifyReply) => void {
  const known: { methods: string[]; path: RegExp }[] = []
  const answer = (request: FastifyRequest, reply: FastifyReply) => {
    const path = pathOf(request.url)
    const routes = known.filter((route) => route.path.test(path))
    const listed = METHODS.filter((method) => routes.some(({ methods }) => methods.includes(method)))
    // A handler that finds nothing ends here too, and there the method was right.
    const allowed = listed.some((method) => method === request.method) ? [] : listed
    if (allowed.length > 0) reply.header('Allow', allowed.join(', '))
    const refusal = allowed.length > 0 ? wrongMethod(request.method, allowed) : unknownRoute(request.method, path)
    return sendRefusal(ownerOf(request.url), refusal, reply)
  }

  app.addHook('onRoute', (route) => {
    known.push({ methods: [route.method].flat(), path: compilePattern(route.url.replace(/\*$/, '**')) })
  })
  app.setNotFoundHandler(answer)
  return answer
}

/** What is not HTTP, or too much of it, never reaches a route; it is told so and hung up on. */
function refuseUnreadable(error: ConnectionError, socket: Socket, requestId: string): void {
  if (!socket.writable) return
  const [status, code, message] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? ['431 Request Header Fields Too Large', 'BAD_REQUEST', 'The headers are larger than 16 KB.']
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? ['408 Request Timeout', 'BAD_REQUEST', 'The request did not arrive within 30 seconds.']
        : ['400 Bad Request', 'BAD_REQUEST', 'This is not a readable HTTP request.']
  const body = JSON.stringify({ error: { code, message } })
  const head = `HTTP/1.1 ${status}\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${body.length}\r\nX-Request-Id: ${requestId}\r\nConnection: close`
  socket.end(`${head}\r\n\r\n${body}`)
}

/** Ids that no other node or start gives: a random beginning and a count. Fresh randomness for each would cost more than the look-up. */
function requestIds(random: Random): () => string {
  const start = `req_${randomText(random, 12)}`
  let count = 0
  return () => start + (count++).toString(36).padStart(8, '0')
}

function wrongMethod(method: string, allowed: readonly string[]): DomainError {
  return new DomainError('method_not_allowed', `${method} is not allowed here; use ${allowed.join(' or ')}.`)
}

function unknownRoute(method: string, path: string): DomainError {
  const shown = path.length > 100 ? `${path.slice(0, 100)}…` : path
  return new DomainError('route_unknown', `There is no ${method} ${shown}.`)
}
