import { decodeEntities } from './address.ts'
import { findSite } from './registry.ts'

/** A stretch of a text that may be a link; `wider` reaches on to the next blank, for addresses with raw Chinese in them. */
export type Candidate = { text: string; wider: string | null }

/** Characters that chat programs and web pages put into links without showing them. */
const INVISIBLE = /[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g
/**
 * Text without breaks. A tag of plain text ends it, any other `<` is kept, so that what follows an id spoils it rather than vanishes;
 * so do digits of other scripts. Chinese letters and marks end it.
 */
const RUN = /(?:[!#-;=?-_a-z{-~]|\p{Nd}|<(?!\/|>|(?:br|p|li|td|tr|div|span|b|i|u|em|strong|a)\b))+/giu
/** Where an address with a scheme starts: plain, percent-encoded up to three times, or disguised as hxxp. */
const START = /h(?:tt|xx)ps?(?::|%(?:25){0,2}3a)(?:\/|%(?:25){0,2}2f){1,2}/gi
/** Taken as long as it goes and looked at afterwards: an expression that knew of dots would start over at each letter. */
const HOST_LETTERS = /[a-z0-9.-]+/gi
/** What stands before an address that belongs to the one it stands in. */
const INSIDE = /(?:[=/?&#]|%(?:25){0,2}(?:3d|2f|3f|26))$/i

const WIDER_MAX = 2_000
/** The length of the shortest known host. */
const SHORTEST = 4

/**
 * Every stretch of `text` that may be a link, in order: addresses with a scheme, and known hosts without one. Each
 * character is looked at a bounded number of times.
 */
export function* scan(text: string): Generator<Candidate> {
  const source = unfold(text)
  for (const run of source.matchAll(RUN)) {
    if (run[0].length < SHORTEST) continue
    yield* splitRun(run[0], (end) => widen(source, run.index + end, run.index + run[0].length))
  }
}

/** JSON's and JavaScript's escapes of the marks that addresses are made of, once or twice escaped. */
const ESCAPED_MARK = /\\{1,4}(?:u00|x)(2[356bdef]|3[adf]|40|5f|7e)/gi
/** Entities that hide where an address starts or how it goes on. Ampersands alone hide neither. */
const HIDING_ENTITY = /&(?:#|sol;|colon;|quest;|equals;|period;)/i

/** Takes off what hides links from programs: invisible characters, escaped marks, entities, `[.]` for a dot. */
function unfold(text: string): string {
  let source = text
  INVISIBLE.lastIndex = 0
  if (INVISIBLE.test(source)) source = source.replace(INVISIBLE, '')
  if (source.includes('\\')) {
    source = source
      .replace(/\\{1,8}\//g, '/')
      .replace(ESCAPED_MARK, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  }
  if (HIDING_ENTITY.test(source)) source = decodeEntities(source)
  if (source.includes('.]') || source.includes('.)')) source = source.replace(/\[\.\]|\(\.\)/g, '.')
  return joinSplitHosts(source)
}

/** A blank inside a host, as in `https://item. taobao.com/`, is closed where that gives a host of a listing page. */
function joinSplitHosts(text: string): string {
  if (!text.includes(' ')) return text
  return text.replace(
    /(https?:\/\/)([a-z0-9.-]{1,30}) {1,3}([a-z0-9.-]{1,30})(?=\/)/gi,
    (whole, scheme: string, head: string, tail: string) => {
      const host = head + tail
      return LISTING_HOSTS.has(host.toLowerCase()) && !findSite(head.toLowerCase()) ? scheme + host : whole
    },
  )
}

const LISTING_HOSTS = new Set([
  'item.taobao.com',
  'detail.tmall.com',
  'detail.1688.com',
  'weidian.com',
  'www.weidian.com',
  'www.goofish.com',
  'item.jd.com',
  'mobile.yangkeduo.com',
])

function* splitRun(run: string, wider: (end: number) => string | null): Generator<Candidate> {
  const starts = findStarts(run)
  for (const [at, start] of starts.entries()) {
    const end = starts[at + 1] ?? run.length
    const text = trim(run.slice(start, end), run[start - 1])
    // The label of a markdown link that repeats its target is the same link.
    const next = starts[at + 1]
    if (next !== undefined && run.startsWith('](', next - 2) && run.startsWith(text, next)) continue
    const rest = end === run.length ? wider(run.length) : null
    yield { text: revealScheme(text), wider: rest === null ? null : revealScheme(run.slice(start, end) + rest) }
  }
}

function revealScheme(text: string): string {
  return /^hxxp/i.test(text) ? `http${text.slice(4)}` : text
}

/** Where links start in a run, ascending. An address inside another one's parameters is not a start. */
function findStarts(run: string): number[] {
  const starts: number[] = []
  const schemes = [...run.matchAll(START)].map((match) => match.index)
  let from = 0
  for (const scheme of [...schemes, run.length]) {
    bareHosts(run, from, scheme, starts)
    if (scheme < run.length && (starts.length === 0 || !INSIDE.test(run.slice(Math.max(0, scheme - 8), scheme)))) {
      starts.push(scheme)
    }
    from = scheme + 1
  }
  return starts
}

/** Known hosts without a scheme between two places of a run: at its head, or after a mark that ends a link before. */
function bareHosts(run: string, from: number, to: number, starts: number[]): void {
  const part = run.slice(from, to)
  if (from !== 0 && !/[,;|]/.test(part)) return
  for (const match of part.matchAll(HOST_LETTERS)) {
    const name = match[0]
    if (name.length > 253 || !name.includes('.')) continue
    const at = from + match.index
    const before = run[at - 1] ?? ''
    const first = starts.length === 0 && from === 0
    const stands = first ? (at === 2 && run.startsWith('//')) || !/[@\w=/]/.test(before) : /[,;|]/.test(before)
    if (stands && !/[@\w\\]/.test(run[at + name.length] ?? '') && findSite(bareName(name))) starts.push(at)
  }
}

/** The name in lower case, without the full stop of a sentence. */
function bareName(name: string): string {
  return (name.endsWith('.') ? name.slice(0, -1) : name).toLowerCase()
}

const TRAILING = /[.,;:!?'")\]}>\\]/

/** Cuts marks of the sentence off the end: also those of markdown when the same mark stands before. */
function trim(text: string, before: string | undefined): string {
  let end = text.length
  while (end > 0) {
    const last = text[end - 1]!
    const mark = TRAILING.test(last) || ('*_~|`'.includes(last) && last === before)
    // The opening half of a markdown target, left over when the next link starts.
    if (!mark && last !== '(' && last !== '[' && last !== '*') break
    end -= 1
  }
  return text.slice(0, end)
}

/** The rest up to the next blank, when something other than a blank ended the run and parameters still follow. */
function widen(source: string, end: number, runEnd: number): string | null {
  if (end !== runEnd) return null
  const ahead = source.slice(end, end + WIDER_MAX)
  const rest = /^[^\s"<>]*/.exec(ahead)?.[0] ?? ''
  return rest.includes('&') ? rest : null
}
