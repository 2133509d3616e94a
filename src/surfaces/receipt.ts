import { isBilled, type Visit } from '../access/admit.ts'
import { usd } from '../lib/money.ts'
import { UNLIMITED } from '../access/limits/limit-store.ts'

/**
 * Adds what a caller is told of the count to a list of header names and values. `RateLimit-Policy` and `RateLimit` of the IETF
 * draft: what the windows are, what is left, and when they begin anew. `X-Billed`: whether the call used up anything but
 * windows; for a priced one `X-Cost` and `X-Balance-After`.
 */
export function addReceipt(headers: string[], visit: Visit): void {
  const { hand, take, paid } = visit
  headers.push('x-billed', isBilled(visit) ? 'true' : 'false')
  if (hand.policy !== '') {
    let text = ''
    for (const { rule, remaining, resetMs } of take.standings) {
      if (rule.max === UNLIMITED) continue
      if (text !== '') text += ', '
      text += `"${rule.name}";r=${remaining};t=${Math.ceil(Math.min(resetMs, rule.windowMs) / 1000)}`
    }
    headers.push('ratelimit-policy', hand.policy, 'ratelimit', text)
  }
  if (hand.terms.priceUsdMicros !== null && hand.isPriced) {
    headers.push('x-cost', usd(paid?.costUsdMicros ?? 0))
    if (paid !== null) headers.push('x-balance-after', usd(paid.balanceAfterUsdMicros))
  }
}
