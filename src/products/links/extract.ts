import type { Link } from './link.ts'
import { readCandidate } from './parse.ts'
import { scan } from './scan.ts'

/** Characters of a text that are searched. */
export const EXTRACT_CHARS_MAX = 262_144
/** Links that one text can give. */
export const EXTRACT_LINKS_MAX = 500

/**
 * Every link in a text, in order: addresses with a scheme whatever their host (`none` when it is not of this field),
 * and known hosts without one. A link inside another's parameters belongs to it. When a limit cuts the search short,
 * one `none` with an empty input and the reason stands at the end.
 */
export function extractLinks(text: string): Link[] {
  const links: Link[] = []
  for (const candidate of scan(text.slice(0, EXTRACT_CHARS_MAX))) {
    if (links.length === EXTRACT_LINKS_MAX) {
      return [...links, cut(`Only the first ${EXTRACT_LINKS_MAX} links of a text are given.`)]
    }
    links.push(readCandidate(candidate))
  }
  if (text.length <= EXTRACT_CHARS_MAX) return links
  return [...links, cut(`Only the first ${EXTRACT_CHARS_MAX} characters of a text are searched.`)]
}

function cut(reason: string): Link {
  return {
    input: '',
    type: 'none',
    marketplace: null,
    listingId: null,
    agent: null,
    canonicalUrl: null,
    storeId: null,
    shortUrl: null,
    converted: {},
    lost: [],
    referral: null,
    reason,
  }
}
