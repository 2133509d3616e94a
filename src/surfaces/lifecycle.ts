import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'

/** How many requests are under way on a connection; kept on the socket, which lives as long. */
const UNDER_WAY = Symbol('requests under way')
type Counted = Socket & { [UNDER_WAY]?: number }

/** Lets a stop know what it would cut off. */
export function followRequests(app: FastifyInstance): void {
  const add = (socket: Counted, change: 1 | -1) => {
    socket[UNDER_WAY] = (socket[UNDER_WAY] ?? 0) + change
  }
  app.decorate('lifecycle', { isStopping: false })
  app.addHook('onRequest', (request, _reply, done) => {
    add(request.raw.socket, 1)
    done()
  })
  // Also called when the caller hung up before the answer.
  app.addHook('onResponse', (request, _reply, done) => {
    add(request.raw.socket, -1)
    done()
  })
}

export function isBusy(socket: Socket): boolean {
  return ((socket as Counted)[UNDER_WAY] ?? 0) > 0
}

declare module 'fastify' {
  interface FastifyInstance {
    /** `isStopping` is set when a stop was asked for, while requests under way still end. */
    lifecycle: { isStopping: boolean }
  }
}
