import type { Clock } from '../../../src/lib/clock.ts'

/** A clock that moves only when told, or when somebody sleeps. */
export function manualClock(start = '2026-01-01T00:00:00Z'): Clock & { advance(ms: number): void; sleptMs: number[] } {
  let passedMs = 0
  const sleptMs: number[] = []
  return {
    now: () => new Date(Date.parse(start) + passedMs),
    elapsedMs: () => passedMs,
    sleep: async (ms) => {
      sleptMs.push(ms)
      passedMs += ms
      // Others get their turn, as they would during a real sleep.
      await new Promise((resolve) => setImmediate(resolve))
    },
    advance: (ms) => {
      passedMs += ms
    },
    sleptMs,
  }
}
