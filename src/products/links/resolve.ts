import { HttpError } from '../../lib/http.ts'
import type { Http, HttpResponse } from '../../lib/http.ts'
import { extractLinks } from './extract.ts'
import { moreExact, namesListing, sameListing } from './link.ts'
import type { Link, OtherLink } from './link.ts'
import { parseAddress } from './parse.ts'

const HOPS_MAX = 5
const HOP_TIMEOUT_MS = 5_000
/** Of an answer's text, what is searched: the address stands near the top. */
const PAGE_CHARS_MAX = 131_072
const LOCATION_CHARS_MAX = 8_192

/**
 * Follows a short link to what it leads to, by at most five requests, each over https to a short-link host of the
 * registry; any other address is read and never asked. `http` must not follow redirects itself. Everything but a
 * short link comes back as it is. Whatever the other side does, nothing is
 * thrown: a link that leads nowhere stays `short`, with the reason.
 */
export async function resolveShortLink(link: Link, http: Http, signal?: AbortSignal): Promise<Link> {
  if (link.type !== 'short') return link
  const seen = new Set<string>()
  let current: Link = link
  for (let hop = 0; hop < HOPS_MAX; hop += 1) {
    if (current.type !== 'short') return carry(link, current)
    const url: string | null = current.shortUrl
    if (url === null) return unresolved(link, current.reason)
    if (seen.has(url)) return unresolved(link, 'The short link leads back to itself.')
    seen.add(url)
    const next = await ask(url, http, signal)
    if (typeof next === 'string') return unresolved(link, next)
    current = next
  }
  return current.type === 'short'
    ? unresolved(link, `The short link leads on after ${HOPS_MAX} steps.`)
    : carry(link, current)
}

/** One request; the link that the answer names, or the reason why there is none. */
async function ask(url: string, http: Http, signal: AbortSignal | undefined): Promise<Link | string> {
  let answer: HttpResponse
  try {
    const request = { method: 'GET' as const, url, headers: {}, body: null, timeoutMs: HOP_TIMEOUT_MS }
    answer = await http.send(request, signal)
  } catch (error) {
    if (!(error instanceof HttpError)) throw error
    return error.kind === 'too_large' ? 'The short link answers with too much.' : 'The short-link host did not answer.'
  }
  if (answer.status >= 300 && answer.status < 400) return readRedirect(url, answer)
  if (answer.status === 200) return readPage(answer.text.slice(0, PAGE_CHARS_MAX))
  return `The short-link host answered with status ${answer.status}.`
}

function readRedirect(url: string, answer: HttpResponse): Link | string {
  const location = answer.headers['location'] ?? ''
  const target = location.length > LOCATION_CHARS_MAX ? null : URL.parse(location, url)
  if (location === '' || !target) return 'The short-link host redirects without an address.'
  const next = parseAddress(target.href, target.href)
  if (next.type === 'none') return 'The short link leads to a host that is not of a known marketplace or agent.'
  if (next.type === 'short' && target.protocol !== 'https:') return 'The short link leads on over plain http.'
  return next
}

/** e.tb.cn and m.tb.cn answer with a page whose script holds the address; other links on it are the page's furniture. */
function readPage(text: string): Link | string {
  const script = /\burl\s*=\s*(["'])(https?:[^"'\s]{1,4000})\1/i.exec(text)
  const named = script ? parseAddress(script[2]!, script[2]!) : null
  if (named && named.type !== 'none') return named
  const items = extractLinks(text).filter(namesListing)
  const [first] = items
  if (!first) return 'The page behind the short link names no listing.'
  const one = items.every((each) => sameListing(first, each))
  return one ? items.reduce(moreExact) : 'The page behind the short link names several listings.'
}

/** What was reached, as an answer to what was asked. */
function carry(asked: OtherLink, reached: Link): Link {
  const referral = asked.referral || reached.referral ? { ...reached.referral, ...asked.referral } : null
  return { ...reached, input: asked.input, agent: asked.agent ?? reached.agent, referral }
}

function unresolved(asked: OtherLink, reason: string): Link {
  return { ...asked, reason }
}
