/** One fixed window of a plan, at most a minute long. It begins with its first call. */
export type WindowRule = { name: 'second' | 'minute'; windowMs: number; max: number }

/** The `max` of a window that is counted without a limit. */
export const UNLIMITED = 1_000_000_000_000_000

/** How a window stands after a decision. */
export type Standing = {
  rule: WindowRule
  /** What applies here: all of the rule's `max`, or this node's share of it where nodes count alone. */
  max: number
  remaining: number
  /** Until the window is over; never more than its length. */
  resetMs: number
  /** Which window it was, on the store's own clock. */
  startedAtMs: number
}

/** `denied`: the first rule that is full, by its index; -1 when the call was counted in all of them. */
export type Take = { denied: number; standings: Standing[] }

/** Counts calls in windows of a second and a minute; whatever lasts longer is a pot. */
export type LimitStore = {
  /**
   * Counts one call in every window of `rules`, or, when one of them is full, in none. `slot` names whose windows they are.
   * Never rejects. Calls of one slot should pass the same array of rules as long as nothing about them changes.
   */
  take(slot: string, rules: readonly WindowRule[]): Take | Promise<Take>
  /**
   * Gives a counted call back, once: to all its windows, or to all but the shortest. A window that is over by then is left
   * alone, and so is a refused take.
   */
  giveBack(slot: string, take: Take, which: 'all' | 'longer'): void
  /** Resolves when it can be asked, or counts alone for now. */
  started(): Promise<void>
  /** What the nodes share is away, and this one counts alone. */
  isFallback(): boolean
  close(): Promise<void>
}

/** No rule is longer, so a slot that was silent for this long has no window left. */
export const WINDOW_MS_MAX = 60_000

/** Which of the nodes that run this one is, ranks counted from 0. */
export type Share = { nodes: number; rank: number }

/** What one node may let through of `max` where nodes cannot count together; at least one, so that every node answers. */
export function shareOf(max: number, { nodes, rank }: Share): number {
  if (nodes <= 1) return max
  const share = Math.floor(max / nodes) + (rank < max % nodes ? 1 : 0)
  return share === 0 && max > 0 ? 1 : share
}

/** The standings that a call is given back to. */
export function givenBack(take: Take, which: 'all' | 'longer'): Standing[] {
  if (take.denied !== -1) return []
  if (which === 'all') return take.standings
  const shortestMs = Math.min(...take.standings.map(({ rule }) => rule.windowMs))
  return take.standings.filter(({ rule }) => rule.windowMs > shortestMs)
}
