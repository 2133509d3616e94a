import type { Clock } from '../../lib/clock.ts'

/** Hosts of pictures that keep one waiting for nothing, so that not each of their pictures has to be waited for. */
export type Hosts = {
  /** For how many milliseconds the host of this address is left alone; 0 when it may be asked. */
  restsForMs(address: string): number
  /** That a picture came from there, or did not, and how long that took. */
  note(address: string, isThere: boolean, tookMs: number): void
}

/** A refusal that comes at once costs nothing; one that takes longer than this does. */
const SLOW_MS = 3_000
const SLOW_MAX = 3
const REST_MIN_MS = 60_000
const REST_MAX_MS = 60 * 60_000

export function openHosts(clock: Pick<Clock, 'elapsedMs'>): Hosts {
  const slow = new Map<string, { count: number; untilMs: number }>()
  return {
    restsForMs(address) {
      const untilMs = slow.get(hostOf(address))?.untilMs ?? 0
      return Math.max(0, untilMs - clock.elapsedMs())
    },
    note(address, isThere, tookMs) {
      const host = hostOf(address)
      if (isThere) slow.delete(host)
      if (isThere || tookMs < SLOW_MS) return
      const count = (slow.get(host)?.count ?? 0) + 1
      const restMs = count < SLOW_MAX ? 0 : Math.min(REST_MAX_MS, REST_MIN_MS * 2 ** (count - SLOW_MAX))
      slow.set(host, { count, untilMs: clock.elapsedMs() + restMs })
    },
  }
}

/** Our own pictures, and texts that are no address, are of one host without a name. */
function hostOf(address: string): string {
  return URL.parse(address)?.host ?? ''
}
