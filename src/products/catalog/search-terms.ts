import type { Listing } from '../listing.ts'

const TERM_LENGTH_MAX = 40
const QUERY_LENGTH_MAX = 200
/** Han characters, kana and hangul are written without spaces; everything else is cut into words. */
const PARTS =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}々ー]+|[[\p{L}\p{N}]--[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}々ー]]+/gv
const UNSPACED = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}々ー]/u
const ASCII = /^[\0-\x7f]*$/

/**
 * The terms under which a product is found: of unspaced scripts every character and every pair of neighbours, of others
 * each word in lower case without accents. Original and translated titles alike; each term once.
 */
export function searchTerms(listing: Pick<Listing, 'title' | 'translations'>): string[] {
  const terms = new Set<string>()
  addTerms(terms, listing.title, true)
  for (const { title } of Object.values(listing.translations)) if (title) addTerms(terms, title, true)
  return [...terms]
}

/** The terms that a product must all have to match `words`; empty when there is nothing to look for. */
export function queryTerms(words: string): string[] {
  const terms = new Set<string>()
  addTerms(terms, words.slice(0, QUERY_LENGTH_MAX), false)
  return [...terms]
}

function addTerms(terms: Set<string>, text: string, single: boolean): void {
  for (const part of fold(text).match(PARTS) ?? []) {
    if (UNSPACED.test(part)) addNeighbours(terms, part, single)
    else terms.add(part.slice(0, TERM_LENGTH_MAX))
  }
}

function addNeighbours(terms: Set<string>, run: string, single: boolean): void {
  let previous = ''
  for (const character of run) {
    if (single) terms.add(character)
    if (previous) terms.add(previous + character)
    previous = character
  }
  if (!single && run === previous) terms.add(run)
}

/** Full-width forms become plain ones, accents go, letters become small. */
function fold(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase()
  // Composed again at the end: kana and hangul keep the marks that belong to them.
  return text
    .normalize('NFKD')
    .replace(/(?<=[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}])\p{M}+/gu, '')
    .normalize('NFKC')
    .toLowerCase()
}
