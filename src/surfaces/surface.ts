import { STATUS_CODES } from 'node:http'
import type {
  FastifyError,
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  FastifySchemaValidationError,
  RouteOptions,
} from 'fastify'
import type { TSchema } from 'typebox'
import type { Ctx } from '../ctx.ts'
import { BlobsDown } from '../lib/blobs.ts'
import { DomainError } from '../lib/errors.ts'
import type { Product } from '../money/plans/catalogue.ts'
import { hangDoor } from './door.ts'

export type Refusal = { status: number; body: object }

/** What a surface decides: where its docs put the key, which paths are its own, and what its "no" looks like. */
export type Surface = {
  name: string
  title: string
  description: string
  keyHeader: 'authorization' | 'x-api-key'
  /** Whose windows, quota and prices its routes count on. */
  product: Product
  /** Its routes take an ID token as the member `token` of the body too, in the place of a key. */
  takesIdTokens?: true
  /** Path patterns, with `:name` for one segment and a final `**` for any rest, that answer in this envelope. */
  patterns: readonly string[]
  refuse(error: DomainError): Refusal
}

/** Hangs the door into a surface's scope, and answers failures in the surface's envelope. */
export function openSurface(app: FastifyInstance, ctx: Ctx, surface: Surface): void {
  hangDoor(app, ctx, surface)
  app.setErrorHandler((error: FastifyError, request, reply) =>
    sendRefusal(surface, toDomainError(error, request), reply),
  )
}

/** What makes the error answers of routes, for their schemas, of the one shape that a surface's refusals have. */
export function errorAnswersOf<Wire extends TSchema>(wire: Wire): (...statuses: number[]) => Record<number, Wire> {
  return (...statuses) =>
    Object.fromEntries(statuses.map((status) => [status, { ...wire, description: STATUS_CODES[status] }]))
}

/** A route without a scope would be open and one without a cost would be free: refuse to start. */
export function requireDeclaration(route: RouteOptions): void {
  if (route.method === 'OPTIONS') return
  if (!route.config?.scope || route.config.cost === undefined) {
    throw new Error(`${String(route.method)} ${route.url} must declare config.scope and config.cost`)
  }
}

/** Live keys see the live catalogue, test keys only the demo products. */
export function catalogueOf(request: FastifyRequest): { catalogue: 'live' | 'demo' } {
  return { catalogue: request.visit?.principal.mode === 'test' ? 'demo' : 'live' }
}

export function sendRefusal(surface: Surface, error: DomainError, reply: FastifyReply): FastifyReply {
  const { status, body } = surface.refuse(error)
  const retryAfterSeconds = error.details['retryAfterSeconds']
  if (retryAfterSeconds !== undefined) reply.header('Retry-After', String(retryAfterSeconds))
  if (status === 401) reply.header('WWW-Authenticate', 'Bearer')
  return reply.code(status).send(body)
}

/** What the caller caused becomes a typed refusal; anything else is logged whole here and told as `internal`. */
export function toDomainError(error: FastifyError | DomainError, request: FastifyRequest): DomainError {
  if (error instanceof DomainError) return error
  if (error.validation) return validationError(error)
  if (error.statusCode === 413) return new DomainError('body_too_large', `The body is larger than ${bodyMax(request)}.`)
  if (error.statusCode === 415) {
    const isUpload = request.routeOptions.schema?.consumes?.includes('multipart/form-data') ?? false
    const isForm = request.server.hasContentTypeParser('application/x-www-form-urlencoded')
    const types = `${isUpload ? 'multipart/form-data, ' : ''}application/json`
    return new DomainError(
      'input_invalid',
      `Send the body as ${types}${isForm ? ' or application/x-www-form-urlencoded' : ''}.`,
    )
  }
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
    return new DomainError('input_invalid', readableMessage(error))
  }
  if (isPassing(error)) {
    return new DomainError('busy', 'The server is busy; try again in a moment.', { retryAfterSeconds: 1 })
  }
  request.log.error({ err: error, requestId: request.id }, 'a request failed for a reason of ours')
  if (error instanceof BlobsDown) {
    return new DomainError('busy', 'Pictures are not at hand; try again in a moment.', { retryAfterSeconds: 5 })
  }
  return new DomainError('internal', 'Internal error')
}

/** What a body may have: one with a picture more than the others. */
function bodyMax({ headers }: FastifyRequest): string {
  return headers['content-type']?.startsWith('multipart/') ? '10 MB' : '256 KB'
}

/** What the database says of lock and statement time-outs, deadlocks, and of itself at its limits. */
function isPassing({ code }: FastifyError): boolean {
  return /^(?:55P03|57014|40001|40P01|53\d{3})$/.test(code ?? '')
}

/** What ajv tells in its verbose mode. */
type SchemaFault = FastifySchemaValidationError & { parentSchema?: Record<string, unknown>; data?: unknown }

/** Turns what the schema says into a sentence about the parameter; patterns are told by their description. */
function validationError(error: FastifyError): DomainError {
  const first = error.validation![0]! as SchemaFault
  const { keyword, params, message = 'is not valid' } = first
  if (keyword === 'required') {
    const missing = [...first.instancePath.split('/').slice(1), params['missingProperty']].join('.')
    return new DomainError('input_missing', `${missing} is required.`, { parameter: missing })
  }
  if (keyword === 'type' && first.instancePath === '' && first.data == null) {
    const [missing = 'body'] = (first.parentSchema?.['required'] as string[] | undefined) ?? []
    return new DomainError('input_missing', `${missing} is required.`, { parameter: missing })
  }
  if (keyword === 'additionalProperties') {
    const unknown = String(params['additionalProperty'])
    return new DomainError('input_invalid', `${unknown} is unknown here.`, { parameter: unknown })
  }
  const parameter = first.instancePath.slice(1).replaceAll('/', '.') || error.validationContext || 'input'
  const description = first.parentSchema?.['description'] as string | undefined
  if (keyword === 'enum') {
    const allowed = (params['allowedValues'] as string[]).join(', ')
    return new DomainError('input_invalid', `${parameter} must be one of ${allowed}.`, { parameter })
  }
  const told = keyword === 'pattern' && description ? `must be ${description}` : message
  return new DomainError('input_invalid', `${parameter} ${told}.`, { parameter })
}

function readableMessage(error: FastifyError): string {
  if (error.code === 'FST_ERR_CTP_INVALID_JSON_BODY' || error instanceof SyntaxError)
    return 'The body is not valid JSON.'
  if (error.code === 'FST_ERR_CTP_EMPTY_JSON_BODY') return 'The body is empty; JSON was announced.'
  if (error.code === 'FST_ERR_BAD_URL') return 'The address is not valid percent-encoding.'
  return error.message
}
