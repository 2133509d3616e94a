import { RANK, moreExact, namesListing, otherTarget, sameListing } from './link.ts'
import type { Link, Target } from './link.ts'
import { readLink } from './read.ts'
import { startReading } from './reading.ts'
import type { Reading } from './reading.ts'
import { scan } from './scan.ts'
import type { Candidate } from './scan.ts'

/** Longer texts are not looked at by `parseLink`; `extractLinks` takes them. */
export const PARSE_CHARS_MAX = 16_384

/** No backslash: text out of a program is unescaped by the scan. */
const CLEAN = /^[Hh][Tt][Tt][Pp][Ss]?:\/\/[!#-;=?-[\]-_a-z{-~]+$/
/** What tells nothing of a listing, so that a second look pays. */
const EMPTY: ReadonlySet<string> = new Set(['page', 'none'])
/** Marks of a sentence, or a second address: what a bare address seldom has. */
const CLUTTER = /[,;|()[\]'*{}\\`~]|[.:!?_]$|.h(?:tt|xx)ps?[:%]/i
/** Candidates of one text that are looked at for its one link. */
const CANDIDATES_MAX = 50

/**
 * Tells what the link in `text` is: a bare address, or a message with one link in it. Never throws and needs no
 * network. With several listings in the text the answer is `ambiguous`; `extractLinks` gives them all. Texts over
 * `PARSE_CHARS_MAX` characters are `none`.
 */
export function parseLink(text: string): Link {
  if (text.length > PARSE_CHARS_MAX) {
    return finish(text, otherTarget('none', `The text is longer than ${PARSE_CHARS_MAX} characters.`), startReading())
  }
  const trimmed = text.trim()
  if (trimmed === '') return finish(text, otherTarget('none', 'There is no text.'), startReading())

  const whole = CLEAN.test(trimmed) ? parseAddress(text, trimmed) : null
  if (whole && (!EMPTY.has(whole.type) || !CLUTTER.test(trimmed))) return whole
  const found = chooseLink(trimmed)
  if (!found || (whole && RANK[found.type] >= RANK[whole.type])) {
    return whole ?? finish(text, otherTarget('none', 'There is no link in this text.'), startReading())
  }
  return { ...found, input: text }
}

/** Reads `address` as one link and nothing else, however many it may hold. */
export function parseAddress(input: string, address: string): Link {
  const reading = startReading()
  return finish(input, readLink(address, reading), reading)
}

/** Reads one candidate of a scan. */
export function readCandidate({ text, wider }: Candidate): Link {
  const reading = startReading()
  const target = readLink(text, reading)
  if (target.type === 'page' && wider !== null) {
    const again = startReading()
    const wideTarget = readLink(wider, again)
    if (wideTarget.type === 'item' || wideTarget.type === 'unsupported') return finish(wider, wideTarget, again)
  }
  return finish(text, target, reading)
}

function finish(input: string, target: Target, reading: Reading): Link {
  // Written out, as a spread costs a tenth of the whole parse.
  return {
    input,
    type: target.type,
    marketplace: target.marketplace,
    listingId: target.listingId,
    agent: reading.agent,
    canonicalUrl: target.canonicalUrl,
    converted: {},
    lost: [],
    referral: reading.referral,
    reason: target.reason,
    storeId: target.storeId,
    shortUrl: target.shortUrl,
  } as Link
}

/** The link that tells most speaks for a text. */
function chooseLink(text: string): Link | null {
  let best: Link | null = null
  let looked = 0
  for (const candidate of scan(text)) {
    looked += 1
    if (looked > CANDIDATES_MAX) break
    const link = readCandidate(candidate)
    if (best && namesListing(link) && namesListing(best)) {
      if (!sameListing(best, link)) {
        return finish(text, otherTarget('ambiguous', 'The text holds links to several listings.'), startReading())
      }
      best = moreExact(best, link)
    } else if (!best || RANK[link.type] < RANK[best.type]) {
      best = link
    }
  }
  return best
}
