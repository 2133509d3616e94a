import type { Clock } from '../../lib/clock.ts'

/** Hosts of pictures that keep one waiting for nothing, so that not each of their pictures has to be waited for. */
export type Hosts = {
  /** Whether the host of this address is left alone at the moment. */
  rests(address: string): boolean
  noteAnswer(address: string): void
  /** That no picture came from there, and how long that took. */
  noteFailure(address: string, tookMs: number): void
}

/** A refusal that comes at once costs nothing; one that takes longer than this does. */
const SLOW_MS = 3_000
const SLOW_MAX = 3
const REST_MS = 60_000

export function openHosts(clock: Pick<Clock, 'elapsedMs'>): Hosts {
  /** How often each host kept one waiting since it answered last, and when that was. */
  const slow = new Map<string, { count: number; atMs: number }>()
  return {
    rests(address) {
      const found = slow.get(hostOf(address))
      return found !== undefined && found.count >= SLOW_MAX && clock.elapsedMs() < found.atMs + REST_MS
    },
    noteAnswer(address) {
      slow.delete(hostOf(address))
    },
    noteFailure(address, tookMs) {
      if (tookMs < SLOW_MS) return
      const host = hostOf(address)
      slow.set(host, { count: (slow.get(host)?.count ?? 0) + 1, atMs: clock.elapsedMs() })
    },
  }
}

/** Our own pictures, and texts that are no address, are of one host without a name. */
function hostOf(address: string): string {
  return URL.parse(address)?.host ?? ''
}
