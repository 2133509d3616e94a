/** One case: what a link points at. The keys are those of the shared corpus. */
export type Row = {
  url: string
  kind: 'marketplace' | 'agent' | 'invalid'
  type: string
  marketplace: string | null
  listing_id: string | null
  agent: string | null
}

/** An answer in the words of the judge; `named` says that it names a listing, of whatever marketplace. */
export type Verdict = 'right' | 'wrong' | 'unanswered'
export type Answer = { type: string; marketplace: string | null; listingId: string | null; agent: string | null }

const LISTING = new Set(['item', 'unsupported'])

/**
 * What counts as right:
 * - invalid rows: no listing is named (neither item nor unsupported);
 * - short rows: type short, the same agent, and the marketplace where the row tells it;
 * - all others name a listing: type item (unsupported for jd and pinduoduo) with the same marketplace, id and agent.
 * A listing that is named where another or none is due is wrong; anything else that falls short is unanswered.
 */
export function judge(row: Row, answer: Answer): Verdict {
  const named = LISTING.has(answer.type)
  if (row.kind === 'invalid') return named ? 'wrong' : 'right'
  if (row.type === 'short') {
    if (named) return 'wrong'
    const place = row.marketplace === null || row.marketplace === answer.marketplace
    return answer.type === 'short' && place && answer.agent === row.agent ? 'right' : 'unanswered'
  }
  if (!named) return 'unanswered'
  const due = row.marketplace === 'jd' || row.marketplace === 'pinduoduo' ? 'unsupported' : 'item'
  const same =
    answer.type === due &&
    answer.marketplace === row.marketplace &&
    answer.listingId === row.listing_id &&
    answer.agent === row.agent
  return same ? 'right' : 'wrong'
}

/** An address with its ids blanked, so that a case can be named without one. */
export function withoutIds(url: string): string {
  return url.replace(/\d{6,}/g, '#')
}

/** Rows of the shared corpus whose expectation is not ours, by their address without ids, each with the reason. */
const DISPUTED: ReadonlyMap<string, string> = new Map([
  [
    'https://x.yupoo.com/external?url=https%3A%2F%2Fweidian.com%2Fitem.html%3FitemID%3D#',
    'the listing is right; an album host is not one of the 61 agents, so the agent is null and not yupoo-external',
  ],
])

export function isDisputed(row: Row): boolean {
  return DISPUTED.has(withoutIds(row.url))
}
