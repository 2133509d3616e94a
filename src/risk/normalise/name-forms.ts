import { LEET, LOOKS_LIKE, PLAIN_LETTERS } from './confusables.ts'

/** Below this many characters too many people share what is left of a name. */
const NEAR_CHARACTERS_MIN = 3

/** Letters and what they carry, up to the next blank, digit or sign. */
const WORD = /[\p{L}\p{M}]+/gu
const LATIN = /\p{Script=Latin}/u

/**
 * A clean name (cleanText) without what it can be typed otherwise by: full case folding (ß is ss, ς is σ, İ and ı are i), no marks that
 * did not become part of a letter (é stays; a struck-out or dripping e is e), single blanks.
 */
export function foldName(clean: string): string {
  return (
    foldCase(clean)
      // Marks of one script, such as the vowels of Devanagari, are its letters; these are what any letter can carry, or be ringed with.
      .replaceAll(/[\p{Me}[\p{M}&&\p{Script=Inherited}]]/gv, '')
      .normalize('NFKC')
      .replaceAll(/[\s\u2800]+/g, ' ')
      .trim()
  )
}

/**
 * A clean name, folded, where words with a Latin letter have Latin ones for what is drawn like them, as no language mixes the two within
 * a word: аdа, with the Cyrillic а, is "ada", but the Cyrillic тома is тома. UTS #39's skeleton, but for ASCII: there nothing is drawn
 * alike enough to be the same. Two texts where capitals were typed that are drawn otherwise than their small letters: ΗERMES, with the
 * Greek Η, is "ηermes" and "hermes".
 */
export function withLatinWords(clean: string): readonly string[] {
  return drawings(clean, (text) => text.replaceAll(WORD, (word) => (LATIN.test(word) ? inLatin(word) : word)))
}

/** As `withLatinWords`, but of whatever language a word is: the Cyrillic тома is "toma", the Greek νινα "viva", and ΝΙΝΑ also "nina". */
export function drawnLike(clean: string): readonly string[] {
  return drawings(clean, inLatin)
}

/** Ways to read a name in which another of the same person may agree, each blind to one kind of difference, the last to most of them. */
export const NEAR_FORMS: Readonly<Record<string, (name: string) => string>> = {
  leet: (name) => withoutLeet(plainLetters(name)),
  shape: oneShape,
  joined: withoutSeparators,
  squeezed: withoutRepeats,
  // A discriminator (#1234) tells people of one name apart, so that it is near at most.
  stem: (name) => name.replace(/[\d\s._#\p{Pd}]+$/u, ''),
  loose: (name) => withoutRepeats(withoutLeet(oneShape(plainLetters(withoutSeparators(name))))),
}

/** The near keys' texts of a name: `form/scope(text)`, without those too short to tell people apart. */
export function nearTexts(name: string, scoped: (text: string) => string): string[] {
  return Object.entries(NEAR_FORMS)
    .map(([form, read]) => ({ form, text: read(name) }))
    .filter(({ text }) => Array.from(text).length >= NEAR_CHARACTERS_MIN)
    .map(({ form, text }) => `${form}/${scoped(text)}`)
}

/** What staff see of a name: its first character, or none where that and one more would be all of it. */
export function maskedName(name: string): string {
  const characters = Array.from(name)
  return `${characters.length < 3 ? '' : characters[0]}•••`
}

function foldCase(text: string): string {
  return text.toUpperCase().toLowerCase().replaceAll('ς', 'σ')
}

function drawings(clean: string, draw: (text: string) => string): string[] {
  return [...new Set([clean, draw(clean)].map((text) => foldName(draw(foldName(text)))))]
}

function inLatin(text: string): string {
  return Array.from(text, letterInLatin).join('')
}

/** A letter whose mark no Latin one can carry stays as it is: ў without its breve would be у. */
function letterInLatin(letter: string): string {
  const [base = '', ...marks] = letter.normalize('NFD')
  const drawn = [LOOKS_LIKE.get(base) ?? base, ...marks].join('').normalize('NFC')
  return Array.from(drawn).length === 1 ? drawn : letter
}

function plainLetters(name: string): string {
  const bare = name
    .normalize('NFD')
    .replaceAll(/\p{Script=Inherited}/gu, '')
    .normalize('NFC')
  return replaceEach(inLatin(bare), PLAIN_LETTERS)
}

/** Three digits in a row and more are a number, not letters in disguise. */
function withoutLeet(name: string): string {
  return name.replaceAll(/\d+|[@$!|l]/g, (run) => (run.length > 2 ? run : replaceEach(run, LEET)))
}

/** Pairs that a small font draws like one letter. */
function oneShape(name: string): string {
  return name.replaceAll('rn', 'm').replaceAll('vv', 'w').replaceAll('cl', 'd')
}

function withoutSeparators(name: string): string {
  return name.replaceAll(/[\s._\p{Pd}]+/gu, '')
}

/** Of letters only: 11234 and 1234 are two numbers. */
function withoutRepeats(name: string): string {
  return name.replaceAll(/(\p{L})\1+/gu, '$1')
}

function replaceEach(text: string, by: ReadonlyMap<string, string>): string {
  return Array.from(text, (character) => by.get(character) ?? character).join('')
}
