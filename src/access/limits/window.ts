/** How much of a fixed window is used, and when it began. */
export type Window = { used: number; startedAtMs: number }
export type WindowLimit = { max: number; windowMs: number }
export type Decision =
  | { kind: 'allow'; window: Window; remaining: number }
  | { kind: 'deny'; retryAfterSeconds: number }

/**
 * Does one more call fit? The window begins with its first call. A clock that stepped back leaves the window where it is.
 * Pure: the caller keeps the window that is answered.
 */
export function decide(window: Window | null, limit: WindowLimit, nowMs: number): Decision {
  const isOver = window === null || nowMs - window.startedAtMs >= limit.windowMs
  const current = isOver ? { used: 0, startedAtMs: nowMs } : window
  if (current.used + 1 > limit.max) {
    const leftMs = Math.min(limit.windowMs, current.startedAtMs + limit.windowMs - nowMs)
    return { kind: 'deny', retryAfterSeconds: Math.max(1, Math.ceil(leftMs / 1000)) }
  }
  return {
    kind: 'allow',
    window: { used: current.used + 1, startedAtMs: current.startedAtMs },
    remaining: limit.max - current.used - 1,
  }
}
