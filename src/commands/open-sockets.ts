import { subscribe } from 'node:diagnostics_channel'
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

export type OpenSockets = {
  /**
   * Ends every connection: at once those without a request under way, the others when theirs is answered or `graceMs`
   * have passed. Resolves when none is left. New ones are ended as they come.
   */
  close(graceMs: number): Promise<void>
}

/**
 * Follows the connections of every server in this process from here on. Node counts a connection that has sent nothing yet
 * as busy, and Fastify keeps servers of its own for a host name with several addresses; so neither can be asked.
 */
export function trackSockets(): OpenSockets {
  const requests = new Map<Socket, number>()
  const { promise: allClosed, resolve: noneLeft } = Promise.withResolvers<void>()
  let isClosing = false

  const onSocket = (message: unknown) => {
    const { socket } = message as { socket: Socket }
    if (isClosing) {
      socket.destroy()
      return
    }
    requests.set(socket, 0)
    socket.once('close', () => {
      requests.delete(socket)
      if (isClosing && requests.size === 0) noneLeft()
    })
  }
  const onRequest = (message: unknown) => {
    const { socket, response } = message as { socket: Socket; response: ServerResponse }
    requests.set(socket, (requests.get(socket) ?? 0) + 1)
    response.once('close', () => {
      const left = requests.get(socket)
      if (left === undefined) return
      requests.set(socket, left - 1)
      // What is written still goes out.
      if (isClosing && left === 1) socket.destroySoon()
    })
  }
  subscribe('net.server.socket', onSocket)
  subscribe('http.server.request.start', onRequest)

  return {
    async close(graceMs) {
      isClosing = true
      for (const [socket, underWay] of requests) if (underWay === 0) socket.destroy()
      const grace = setTimeout(() => {
        for (const socket of requests.keys()) socket.destroy()
      }, graceMs)
      if (requests.size > 0) await allClosed
      clearTimeout(grace)
    },
  }
}
