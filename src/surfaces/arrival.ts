import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { follow } from './lifecycle.ts'

export const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

const EXPOSED = [
  'X-Request-Id',
  'Retry-After',
  'RateLimit',
  'RateLimit-Policy',
  'X-Billed',
  'X-Cost',
  'X-Balance-After',
  'Idempotent-Replayed',
].join(', ')

const PREFLIGHT = {
  'access-control-allow-methods': METHODS.join(', '),
  'access-control-allow-headers': 'Authorization, X-API-Key, Content-Type, Idempotency-Key',
  'access-control-max-age': '86400',
}

/**
 * What happens to every request before its route, and to every answer before it leaves: browsers of any origin may read it,
 * and it has an id. `answerUnknown` answers what no route does.
 */
export function receive(
  app: FastifyInstance,
  answerUnknown: (request: FastifyRequest, reply: FastifyReply) => void,
): void {
  app.decorate('lifecycle', { isStopping: false })
  app.addHook('onRequest', (request, reply, done) => {
    follow(request.raw.socket, 1)
    // OPTIONS is a browser's question before its request, or like one: no key, nothing counted.
    if (request.method === 'OPTIONS') void reply.code(204).headers(PREFLIGHT).send()
    else if (request.is404) answerUnknown(request, reply)
    else done()
  })
  app.addHook('onSend', (request, reply, payload, done) => {
    reply.header('x-request-id', request.id).header('access-control-allow-origin', '*')
    if (request.headers.origin !== undefined) reply.header('access-control-expose-headers', EXPOSED)
    done(null, payload)
  })
  // Also called when the caller hung up before the answer.
  app.addHook('onResponse', (request, _reply, done) => {
    follow(request.raw.socket, -1)
    done()
  })
}

/** Adds the same headers to a list of names and values, for an answer that is written without hooks. */
export function addHeaders(headers: string[], requestId: string, origin: string | undefined): void {
  headers.push('x-request-id', requestId, 'access-control-allow-origin', '*')
  if (origin !== undefined) headers.push('access-control-expose-headers', EXPOSED)
}

declare module 'fastify' {
  interface FastifyInstance {
    /** `isStopping` is set when a stop was asked for, while requests under way still end. */
    lifecycle: { isStopping: boolean }
  }
}
