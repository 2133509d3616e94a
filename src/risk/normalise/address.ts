import { isChinese, parseChineseAddress } from './address-chinese.ts'
import { addressKeys } from './address-keys.ts'
import { parseAddress } from './address-parts.ts'
import { cleanText } from './clean-text.ts'
import type { Normalised } from './normalised.ts'

const LENGTH_MAX = 1_000
const UNFIT = {
  tooLong: `An address has at most ${LENGTH_MAX} characters; send the address alone.`,
  noPlace:
    'This is not one place; send the house number and street, or the PO box, with the postcode, the town and the country.',
}

/**
 * The keys of a postal address, written freely in one line or several, its country at the end or in `region` (two letters).
 *
 * Exact: its country, and its words in order as they were written. Canonical and near: `addressKeys`. Names and companies before the
 * street count in the exact key alone, and as they may as well be buildings there is no canonical key beside them. The exact key's
 * text but for its country reads as the same key again; the canonical one is no address any more, so it does not.
 *
 * Flags: `po_box`, and `incomplete` without a canonical key.
 */
export function normaliseAddress(raw: string, { region }: { region: string | null }): Normalised {
  if (raw.length > LENGTH_MAX) return { kind: 'unfit', why: UNFIT.tooLong }
  const text = plainText(raw)
  // One character of Arabic becomes eighteen.
  if (text.length > LENGTH_MAX) return { kind: 'unfit', why: UNFIT.tooLong }
  const country = region?.toLowerCase() ?? null
  const parts = isChinese(text, country) ? parseChineseAddress(text, country) : parseAddress(text, country)
  const keys = addressKeys(parts)
  if (keys.length === 0 || (parts.number === null && parts.postcode === null)) {
    return { kind: 'unfit', why: UNFIT.noPlace }
  }
  const isIncomplete = keys.every(({ form }) => form !== 'canonical')
  return {
    kind: 'fit',
    keys: [{ form: 'exact', text: `exact/${parts.country}|${wordsOf(text)}` }, ...keys],
    hint: `••• ${areaHint(parts.postcode ?? '')}••• ${parts.country.toUpperCase()}`.trim(),
    flags: [...(parts.isBox ? ['po_box'] : []), ...(isIncomplete ? ['incomplete'] : [])],
  }
}

/** Two digits, and less than half of a short postcode. */
function areaHint(postcode: string): string {
  return postcode.slice(0, Math.min(2, Math.floor(postcode.length / 2)))
}

/** Clean and lower case, its lines parted by commas; `12½` as `12 1/2`, `3ºB` as `3o b`. */
function plainText(raw: string): string {
  const spaced = raw
    .replaceAll(/[\r\n\u0085\u2028\u2029]+/g, ', ')
    .replaceAll(/[\u00bc-\u00be\u2150-\u215e]/g, ' $&')
    .replaceAll(/\.?([ºª])/g, '$1 ')
  return cleanText(spaced).replaceAll('\u2044', '/').toLowerCase().normalize('NFKC')
}

/** A text's words and numbers; of punctuation only what joins numbers or marks a unit. */
function wordsOf(text: string): string {
  return text.replaceAll(/[^\p{L}\p{N}\p{M}#/-]+/gu, ' ').trim()
}
