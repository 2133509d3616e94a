import assert from 'node:assert/strict'

/** The whole life of a subscription. If a move is not written here, it cannot happen. */
const NEXT = {
  /** Paid for, and renewed at the period's end. */
  active: ['cancelling', 'ended'],
  /** Paid for to the period's end, and not renewed unless resumed before. */
  cancelling: ['active', 'ended'],
  ended: [],
} as const satisfies Record<string, readonly string[]>
export type SubscriptionState = keyof typeof NEXT

export function isMove(from: SubscriptionState, to: SubscriptionState): boolean {
  const allowed: readonly SubscriptionState[] = NEXT[from]
  return allowed.includes(to)
}

/** For moves that were decided on; another is a fault of ours. */
export function assertMove(from: SubscriptionState, to: SubscriptionState): void {
  assert(isMove(from, to), `a subscription that is ${from} cannot become ${to}`)
}
