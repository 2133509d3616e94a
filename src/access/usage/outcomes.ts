/**
 * What an answer uses up of what was taken for it. `windows`: of the second and minute windows. `quota`: units of the month
 * that have no price. `paid`: credit, allowance, trial and money.
 */
export type Outcome = {
  status: string
  windows: 'all' | 'shortest' | 'none'
  quota: boolean
  paid: boolean
}

/** The billing outcomes, in the order in which they are tried. Published in docs/billing.md. */
export const OUTCOMES = [
  { status: '2xx', windows: 'all', quota: true, paid: true },
  // The caller has the answer already; asking counts as the call does.
  { status: '304', windows: 'all', quota: true, paid: true },
  // We looked: a window and a unit of the month, but nothing that has a price.
  { status: '404', windows: 'all', quota: true, paid: false },
  { status: '401', windows: 'none', quota: false, paid: false },
  { status: '402', windows: 'none', quota: false, paid: false },
  { status: '403', windows: 'none', quota: false, paid: false },
  { status: '429', windows: 'none', quota: false, paid: false },
  // The caller's mistake costs a unit of the shortest window, so that it cannot be repeated without end.
  { status: '4xx', windows: 'shortest', quota: false, paid: false },
  { status: '5xx', windows: 'all', quota: false, paid: false },
] as const satisfies readonly Outcome[]

/** By status, looked up once. */
const BY_STATUS = new Map<number, Outcome>()

/** What an answer of this status uses up. */
export function outcomeOf(status: number): Outcome {
  let outcome = BY_STATUS.get(status)
  if (!outcome) {
    const text = String(status)
    const found = OUTCOMES.find((each) => each.status === text || each.status === `${text[0]}xx`)
    // A redirection answers the call as much as a 2xx.
    outcome = found ?? OUTCOMES[0]
    BY_STATUS.set(status, outcome)
  }
  return outcome
}
