import type { Socket } from 'node:net'

/** How many requests are under way on a connection; kept on the socket, which lives as long. */
const UNDER_WAY = Symbol('requests under way')
type Counted = Socket & { [UNDER_WAY]?: number }

/** Counts a request of this connection as under way, or as ended, so that a stop knows what it would cut off. */
export function follow(socket: Socket, change: 1 | -1): void {
  const counted = socket as Counted
  counted[UNDER_WAY] = (counted[UNDER_WAY] ?? 0) + change
}

export function isBusy(socket: Socket): boolean {
  return ((socket as Counted)[UNDER_WAY] ?? 0) > 0
}
