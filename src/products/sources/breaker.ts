/**
 * A breaker keeps calls away from a source that fails, so that look-ups do not wait for it and it is left to recover.
 * Pure: time comes in as milliseconds of a clock that never steps back.
 */
export type Breaker = {
  /** Faults in a row since the last good answer. */
  faults: number
  /** How many times in a row it opened without a good answer in between; each one lasts longer. */
  openings: number
  /** Open until then; null when closed. */
  openUntilMs: number | null
  /** One call is trying whether the source is back. */
  probing: boolean
}

/**
 * `quota`: the account is used up or refused; `throttled`: too fast; `fault`: no usable answer; `neutral`: one that says
 * nothing of the source.
 */
export type Outcome = 'good' | 'neutral' | 'fault' | 'throttled' | 'quota'

export const CLOSED: Breaker = { faults: 0, openings: 0, openUntilMs: null, probing: false }

/** One bad answer may be chance; five in a row are not. */
const FAULTS_TO_OPEN = 5
const OPEN_MS: Record<Exclude<Outcome, 'good' | 'neutral'>, { firstMs: number; mostMs: number }> = {
  fault: { firstMs: 5_000, mostMs: 60_000 },
  throttled: { firstMs: 10_000, mostMs: 320_000 },
  quota: { firstMs: 300_000, mostMs: 3_600_000 },
}

export type BreakerState = 'closed' | 'open' | 'half_open'

export function stateOf(breaker: Breaker, nowMs: number): BreakerState {
  if (breaker.openUntilMs === null) return 'closed'
  return nowMs < breaker.openUntilMs ? 'open' : 'half_open'
}

/** Whether a call may go out now. Half open, one call at a time probes and the others are kept away. */
export function admitCall(breaker: Breaker, nowMs: number): { admitted: boolean; breaker: Breaker } {
  const state = stateOf(breaker, nowMs)
  if (state === 'closed') return { admitted: true, breaker }
  if (state === 'open' || breaker.probing) return { admitted: false, breaker }
  return { admitted: true, breaker: { ...breaker, probing: true } }
}

/** The breaker after a call that was admitted and from which nothing was learnt, as when the caller gave it up. */
export function abandonCall(breaker: Breaker): Breaker {
  return { ...breaker, probing: false }
}

/** The breaker after a call that was admitted. */
export function afterCall(breaker: Breaker, outcome: Outcome, nowMs: number): Breaker {
  if (outcome === 'good') return CLOSED
  if (outcome === 'neutral') return abandonCall(breaker)
  const faults = breaker.faults + 1
  const opens = outcome !== 'fault' || breaker.openUntilMs !== null || faults >= FAULTS_TO_OPEN
  if (!opens) return { ...breaker, faults }

  const { firstMs, mostMs } = OPEN_MS[outcome]
  // Calls that were under way when it opened must neither lengthen nor shorten what the first of them decided.
  if (stateOf(breaker, nowMs) === 'open') {
    const openUntilMs = Math.max(breaker.openUntilMs!, nowMs + (outcome === 'fault' ? 0 : firstMs))
    return { ...breaker, faults, openUntilMs }
  }
  const lastsMs = Math.min(firstMs * 2 ** Math.min(breaker.openings, 20), mostMs)
  return { faults, openings: breaker.openings + 1, openUntilMs: nowMs + lastsMs, probing: false }
}
