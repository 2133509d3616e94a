import { CLOSED, stateOf } from './breaker.ts'
import { FULL } from './retry-budget.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Breaker, BreakerState } from './breaker.ts'
import type { RetryBudget } from './retry-budget.ts'
import type { Source } from './source.ts'
import type { StoredToken } from './sources.sql.ts'

/** What this process remembers of one source between calls. */
export type SourceState = {
  breaker: Breaker
  retries: RetryBudget
  /** A token refresh under way, which every caller that needs one waits for. */
  refreshing: Promise<StoredToken> | null
  /** Whether the operator's token of this start was put into the database. */
  seeded: boolean
}

/** By source and not by ctx, so that a ctx that was copied with another member shares it. */
const STATES = new WeakMap<Source, SourceState>()

export function stateFor(source: Source): SourceState {
  const known = STATES.get(source)
  if (known) return known
  const fresh: SourceState = { breaker: CLOSED, retries: FULL, refreshing: null, seeded: false }
  STATES.set(source, fresh)
  return fresh
}

/** The state of each source's breaker, for metrics. */
export function listBreakers(ctx: { sources: Source[]; clock: Clock }): { source: string; state: BreakerState }[] {
  const nowMs = ctx.clock.elapsedMs()
  return ctx.sources.map((source) => ({ source: source.name, state: stateOf(stateFor(source).breaker, nowMs) }))
}
