import { cleanText } from './clean-text.ts'
import { drawnLike, foldName, maskedName, nearTexts, withLatinWords } from './name-forms.ts'
import { splitNamespace } from './namespace.ts'
import type { Key, Normalised } from './normalised.ts'

const LENGTH_MAX = 256

const SCRIPTS = [
  'Latin',
  'Greek',
  'Cyrillic',
  'Armenian',
  'Cherokee',
  'Coptic',
  'Lisu',
  'Georgian',
  'Hebrew',
  'Arabic',
  'Devanagari',
  'Bengali',
  'Tamil',
  'Thai',
  'Ethiopic',
]
const LETTERS_OF = SCRIPTS.map((script) => ({ script, letter: new RegExp(`[\\p{L}&&\\p{scx=${script}}]`, 'v') }))
/** Chinese, Japanese and Korean are each written in several of these. */
const EAST_ASIAN = /[\p{L}&&[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Hangul}\p{scx=Bopomofo}]]/v
/** Scripts with letters drawn like Latin ones: nobody's language mixes them with those. */
const DRAWN_LIKE_LATIN = new Set(['Greek', 'Cyrillic', 'Armenian', 'Cherokee', 'Coptic', 'Lisu'])

/**
 * A user name, with or without a namespace: `ada.moss`, `reddit:ada.moss`. All keys carry the namespace, `any` if none is told, and
 * look like `exact/reddit:ada.moss`.
 *
 * - exact: Unicode's NFC, no blanks around; case counts.
 * - canonical: NFKC, nothing unseen, full case folding, no `@` of a handle in front, no `#0` behind, with which Discord writes a name that
 *   has no discriminator any more, and within a word with Latin letters the others as the Latin ones that they are drawn like
 *   (withLatinWords). `ali#1234` and `ali#4321` are two people, as are тома and toma, and Arno and Amo. Normalised again, a canonical
 *   key's text gives that key, as long as it is not over the limit: some characters stand for a whole sentence in NFKC.
 * - near: NEAR_FORMS of the name as it is drawn in Latin letters (drawnLike).
 *
 * Flag `mixed_script` (after UTS #39's "moderately restrictive"): letters of two scripts, but for those of one language, and for Latin
 * beside a script that it cannot be taken for.
 */
export function normaliseUsername(raw: string): Normalised {
  if (raw.length > LENGTH_MAX) return { kind: 'unfit', why: `Send a user name of at most ${LENGTH_MAX} characters.` }
  const sent = splitNamespace(raw.toWellFormed().normalize('NFC').trim())
  const { namespace, value } = splitNamespace(cleanText(raw))
  const name = bareName(foldName(value))
  if (name === '') return { kind: 'unfit', why: 'Send a user name with at least one character that can be seen.' }

  const scoped = (text: string) => `${namespace}:${text}`
  const keys: Key[] = [
    { form: 'exact', text: `exact/${sent.namespace}:${sent.value}` },
    ...withLatinWords(value).map(
      (text) => ({ form: 'canonical', text: `canonical/${scoped(bareName(text))}` }) as const,
    ),
    ...drawnLike(value)
      .flatMap((text) => nearTexts(bareName(text), scoped))
      .map((text) => ({ form: 'near', text }) as const),
  ]
  return { kind: 'fit', keys, hint: maskedName(name), flags: isMixed(sent.value) ? ['mixed_script'] : [] }
}

/** A name is left whole when nothing else would be left of it. */
function bareName(name: string): string {
  return name.replace(/^[@\s]+/, '').replace(/(\s*#0)+$/, '') || name
}

function isMixed(name: string): boolean {
  const scripts = LETTERS_OF.filter(({ letter }) => letter.test(name)).map(({ script }) => script)
  const others = scripts.filter((script) => script !== 'Latin')
  if (EAST_ASIAN.test(name)) others.push('East Asian')
  return others.length > 1 || (scripts.length > others.length && others.some((script) => DRAWN_LIKE_LATIN.has(script)))
}
