import { setTimeout as delay } from 'node:timers/promises'

/** Time as the rest of the code sees it; tests bring their own. */
export type Clock = {
  now(): Date
  /** Milliseconds that never step back, for durations and ages. */
  elapsedMs(): number
  /** Resolves after `ms`; rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

export const systemClock: Clock = {
  now: () => new Date(),
  elapsedMs: () => performance.now(),
  sleep: (ms, signal) => delay(ms, undefined, signal ? { signal } : {}),
}
