import type { Listing } from '../listing.ts'

const TERM_LENGTH_MAX = 40
const QUERY_LENGTH_MAX = 200
/** Han characters, kana and hangul are written without spaces; everything else is cut into words. */
const UNSPACED_SCRIPTS = String.raw`[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}々ー]`
const WORD = String.raw`[[\p{L}\p{N}]--${UNSPACED_SCRIPTS}]+`
const PARTS = new RegExp(`${UNSPACED_SCRIPTS}+|${WORD}`, 'gv')
const UNSPACED = new RegExp(`^${UNSPACED_SCRIPTS}`, 'v')
const WITH_APOSTROPHE = new RegExp(`${WORD}(?:'${WORD})+`, 'gv')
/** Letters and digits without a space between, as models are named. */
const MIXED = /\p{L}\p{N}|\p{N}\p{L}/u
const RUNS = /\p{L}+|\p{N}+/gu
const ASCII = /^[\0-\x7f]*$/

/**
 * The terms under which a product is found: of unspaced scripts every character and every pair of neighbours, of others
 * each word in lower case without accents; of "abc12" its two runs too, and of "women's" also "womens". Original and
 * translated titles alike; each term once.
 */
export function searchTerms(listing: Pick<Listing, 'title' | 'translations'>): string[] {
  const terms = new Set<string>()
  const addTitle = (title: string) => {
    const text = fold(title)
    addTerms(terms, text, true)
    if (!text.includes("'")) return
    for (const word of text.match(WITH_APOSTROPHE) ?? []) addTerms(terms, joined(word), true)
  }
  addTitle(listing.title)
  for (const { title } of Object.values(listing.translations)) if (title) addTitle(title)
  return [...terms]
}

/** The terms that a product must all have to match `words`; empty when there is nothing to look for. */
export function queryTerms(words: string): string[] {
  const terms = new Set<string>()
  addTerms(terms, fold(words.slice(0, QUERY_LENGTH_MAX)).replace(WITH_APOSTROPHE, joined), false)
  return [...terms]
}

function joined(word: string): string {
  return word.replaceAll("'", '')
}

/** `all`: for a title, which is found by less than the whole of a part. */
function addTerms(terms: Set<string>, text: string, all: boolean): void {
  for (const part of text.match(PARTS) ?? []) {
    if (UNSPACED.test(part)) {
      addNeighbours(terms, part, all)
      continue
    }
    terms.add(shortened(part))
    if (all && MIXED.test(part)) for (const run of part.match(RUNS) ?? []) terms.add(shortened(run))
  }
}

function shortened(word: string): string {
  // A cut through a surrogate pair would leave half a character.
  return word.length <= TERM_LENGTH_MAX ? word : word.slice(0, TERM_LENGTH_MAX).replace(/[\ud800-\udbff]$/, '')
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

/** Full-width forms and apostrophes become plain ones, accents go, letters become small. */
function fold(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase()
  // Composed again at the end: kana and hangul keep the marks that belong to them.
  return text
    .normalize('NFKD')
    .replace(/(?<=[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}])\p{M}+/gu, '')
    .normalize('NFKC')
    .replace(/[’ʼ]/g, "'")
    .toLowerCase()
}
