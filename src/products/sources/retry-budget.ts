/**
 * Allows second tries while they are few beside the calls. Without it, a source that fails every call would be sent
 * twice the load at the moment when it can bear it least.
 */
export type RetryBudget = { saved: number }

/** One second try for every ten calls. */
const SHARE = 0.1
/** What a quiet source may have saved; also what a new one starts with. */
const MOST = 3

export const FULL: RetryBudget = { saved: MOST }

/** The budget after a first try. */
export function earnRetry({ saved }: RetryBudget): RetryBudget {
  return { saved: Math.min(MOST, saved + SHARE) }
}

/** The budget after a second try, or null when none is left. */
export function spendRetry({ saved }: RetryBudget): RetryBudget | null {
  // Ten additions of 0.1 give a little less than 1.
  return saved >= 1 - 1e-9 ? { saved: Math.max(0, saved - 1) } : null
}
