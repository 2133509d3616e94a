import { fromGlossary } from './glossary.ts'
import { DEFAULT_LANGUAGE, SELLERS_LANGUAGE } from './languages.ts'

/** A text for a reader; `translated` is false while it is still, in whole or in part, as the seller wrote it. */
export type Translated = { text: string; translated: boolean }

/** What is known of a language's words: original to translation, as a source or a translation service gave them. */
export type Terms = Readonly<Record<string, string>>

/** The texts of a listing in one language, in the order and with the ids of the listing. */
export type TranslatedListing = {
  language: string
  title: Translated
  description: Translated | null
  unit: Translated | null
  options: { id: string; name: Translated; values: { id: string; name: Translated }[] }[]
  attributes: { name: Translated; value: Translated }[]
  seller: { city: Translated | null; province: Translated | null }
}

/** The parts of a listing that are texts. */
export type Texts = {
  title: string
  description: string | null
  unit: string | null
  options: readonly { id: string; name: string; values: readonly { id: string; name: string }[] }[]
  attributes: readonly { name: string; value: string }[]
  seller: { city: string | null; province: string | null }
  /** What the source gave, by language. */
  translations: Readonly<Record<string, { title?: string; description?: string; terms?: Terms }>>
}

const WORDLESS = /^(?:[\P{L}]|\b(?:[XSML]{1,5}|\d*XL|cm|mm|m|kg|g|ml|l|w|v|mah|inch|usb|led)\b)*$/iu

/**
 * Writes `text` in `language`. `given` (what the source sent) goes before the glossary, the glossary before `machine`
 * (what a translation service answered earlier). What none of them knows stays as it is, with `translated: false`.
 */
export function translateText(text: string, language: string, given: Terms = {}, machine: Terms = {}): Translated {
  if (language === SELLERS_LANGUAGE) return { text, translated: true }
  const known = termOf(given, text)
  if (known !== null) return { text: known, translated: true }
  const offline = language === DEFAULT_LANGUAGE ? fromGlossary(text) : { text, translated: WORDLESS.test(text) }
  if (offline.translated) return offline
  const asked = termOf(machine, text)
  return asked === null ? offline : { text: asked, translated: true }
}

/** Writes every text of a listing in `language`, with the precedence of `translateText`. Pure and offline. */
export function translateListing(listing: Texts, language: string, machine: Terms = {}): TranslatedListing {
  const given = Object.hasOwn(listing.translations, language) ? listing.translations[language]! : {}
  const write = (text: string) => translateText(text, language, given.terms, machine)
  const writeWhole = (text: string, whole: string | undefined) =>
    whole && language !== SELLERS_LANGUAGE ? { text: whole, translated: true } : write(text)
  const maybe = (text: string | null) => (text === null ? null : write(text))

  return {
    language,
    title: writeWhole(listing.title, given.title),
    description: listing.description === null ? null : writeWhole(listing.description, given.description),
    unit: maybe(listing.unit),
    options: listing.options.map(({ id, name, values }) => ({
      id,
      name: write(name),
      values: values.map((value) => ({ id: value.id, name: write(value.name) })),
    })),
    attributes: listing.attributes.map(({ name, value }) => ({ name: write(name), value: write(value) })),
    seller: { city: maybe(listing.seller.city), province: maybe(listing.seller.province) },
  }
}

/** The distinct texts that are still as the seller wrote them, in the order of the listing. */
export function untranslatedTexts(listing: Texts, translated: TranslatedListing): string[] {
  const texts = new Set<string>()
  const note = (text: string | null, result: Translated | null) => {
    if (text !== null && text.trim() !== '' && result?.translated === false) texts.add(text)
  }
  note(listing.title, translated.title)
  listing.options.forEach(({ name, values }, at) => {
    const option = translated.options[at]!
    note(name, option.name)
    values.forEach((value, place) => note(value.name, option.values[place]!.name))
  })
  listing.attributes.forEach(({ name, value }, at) => {
    note(name, translated.attributes[at]!.name)
    note(value, translated.attributes[at]!.value)
  })
  note(listing.unit, translated.unit)
  note(listing.seller.city, translated.seller.city)
  note(listing.seller.province, translated.seller.province)
  note(listing.description, translated.description)
  return [...texts]
}

/** Words arrive from outside, so `constructor` must not find what every object inherits. */
function termOf(terms: Terms, text: string): string | null {
  if (Object.hasOwn(terms, text) && terms[text]) return terms[text]
  const trimmed = text.trim()
  return trimmed !== text && Object.hasOwn(terms, trimmed) && terms[trimmed] ? terms[trimmed] : null
}
