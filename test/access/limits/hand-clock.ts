import type { Clock } from '../../../src/lib/clock.ts'

/** A clock that moves only when told to. Whoever sleeps wakes when it has passed their time. */
export type HandClock = Clock & { pass(ms: number): Promise<void> }

export function handClock(start = '2026-11-21T17:00:00Z'): HandClock {
  let passedMs = 0
  let sleepers: { untilMs: number; wake: () => void }[] = []
  return {
    now: () => new Date(Date.parse(start) + passedMs),
    elapsedMs: () => passedMs,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        signal?.throwIfAborted()
        sleepers.push({ untilMs: passedMs + ms, wake: resolve })
        signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
      }),
    /** Wakes each sleeper at its own time, and lets it go on until it sleeps again or waits for something real. */
    async pass(ms) {
      const endMs = passedMs + ms
      for (;;) {
        const next = sleepers.filter(({ untilMs }) => untilMs <= endMs).sort((a, b) => a.untilMs - b.untilMs)[0]
        if (!next) break
        sleepers = sleepers.filter((each) => each !== next)
        passedMs = Math.max(passedMs, next.untilMs)
        next.wake()
        await new Promise((resolve) => setImmediate(resolve))
      }
      passedMs = endMs
    },
  }
}
