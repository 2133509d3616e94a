import { subscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

const LOOK_MS = 10
/** Closed ones are dropped each time this many have come. */
const SWEEP_EVERY = 256

export type OpenSockets = {
  /**
   * Ends every connection: at once those that are not busy, the others when they no longer are or `graceMs` have passed.
   * Resolves when none is left. New ones are ended as they come.
   */
  close(graceMs: number, isBusy: (socket: Socket) => boolean): Promise<void>
}

/**
 * Follows the connections of every server in this process from here on. Node counts a connection that has sent nothing yet
 * as busy, and Fastify keeps servers of its own for a host name with several addresses; so neither can be asked. No listener
 * is hung on the sockets: with one on `close`, each small collection took 20 ms under load instead of half of one.
 */
export function trackSockets(): OpenSockets {
  const sockets = new Set<Socket>()
  let come = 0
  const sweep = () => {
    for (const socket of sockets) if (socket.destroyed) sockets.delete(socket)
  }
  subscribe('net.server.socket', (message: unknown) => {
    sockets.add((message as { socket: Socket }).socket)
    come += 1
    if (come % SWEEP_EVERY === 0) sweep()
  })

  return {
    async close(graceMs, isBusy) {
      const endsAtMs = performance.now() + graceMs
      for (sweep(); sockets.size > 0; sweep()) {
        for (const socket of sockets) {
          if (performance.now() > endsAtMs) socket.destroy()
          // What is written still goes out.
          else if (!isBusy(socket)) socket.destroySoon()
        }
        await delay(LOOK_MS)
      }
    },
  }
}
