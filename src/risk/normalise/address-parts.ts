import { ANYWHERE, COUNTRIES, COUNTRY_NAMES, POSTCODE_MARKS, type Country } from './address-countries.ts'
import { isJapanese, spaceJapanese } from './address-japanese.ts'
import { cut, segmentsOf, splice } from './address-segments.ts'
import { streetOf } from './address-street.ts'
import { cutBox, cutUnits } from './address-units.ts'
import { skeleton, STATE_CODES } from './address-words.ts'

/** An address taken apart. All texts are lower case, without diacritics. */
export type AddressParts = {
  /** Two small letters; empty when nothing says it. */
  country: string
  postcode: string | null
  /** What stands for a postcode where none is written as a rule: city and district. */
  district: string | null
  /** What says for sure where the street is: postcode and town as they are compared, or town and state; null while that is open. */
  place: string | null
  /** With its letter or range, as `12a`, `12-14`; a PO box as `pobox123`. */
  number: string | null
  /** The street's words as they are compared, in order, or a house's name where there is no number. */
  street: readonly string[]
  /** What is within the house: a door as `4`, a floor as `f3`, a building as `b2`, a staircase as `s1`. */
  units: readonly string[]
  /** The words of the town and of what may be one, and the state. */
  locality: readonly string[]
  /** Words and numbers that were not understood. */
  unread: readonly string[]
  isBox: boolean
  isPostcodeFine: boolean
}

/**
 * Takes apart an address in a script that is written with blanks. `text` is clean and lower case, its lines parted by commas.
 * `region` is the country of what names none.
 */
export function parseAddress(text: string, region: string | null): AddressParts {
  const isInJapanese = isJapanese(text, region)
  const named = cutCountry(
    segmentsOf(isInJapanese ? spaceJapanese(text) : text),
    region ?? (isInJapanese ? 'jp' : null),
  )
  const { segments } = named
  const country: Country = isInJapanese
    ? { ...named.country, numberAt: 'end', postcodeAt: 'start', isTownInStreet: true }
    : { ...named.country, isTownInStreet: /\p{Script=Hangul}/u.test(text) }
  const respell = (segment: string) =>
    country.respelled.reduce((word, [typed, letter]) => word.replace(typed, letter), segment)
  const box = cutBox(segments.map(respell), country.code)
  const { doors, others, rest: unitless } = cutUnits(box.rest, country)
  const { postcode, rest: homes } = cutPostcode(unitless, country)
  const { state, rest } = cutState(homes, country.code)
  const street = streetOf(rest, country, box.number !== null)
  const city = country.isCity ? [country.code] : []
  const town = street.town.length > 0 ? street.town : city
  const locality = street.locality.length > 0 ? street.locality : city
  return {
    country: country.code,
    postcode,
    district: null,
    number: box.number ?? street.number,
    street: street.words,
    place: placeOf({ postcode, state, town }, country),
    units: [...box.units, ...doors, ...street.units, ...others],
    locality: [...locality, ...(state === null ? [] : [state])],
    unread: street.unread,
    isBox: box.number !== null,
    isPostcodeFine: country.isPostcodeFine,
  }
}

/** Several towns may have one postcode, and several states a town of one name. */
function placeOf(
  { postcode, state, town }: { postcode: string | null; state: string | null; town: readonly string[] },
  country: Country,
): string | null {
  const isOne = postcode === null ? state !== null || country.postcode === null || country.isCity : true
  const isTownNeeded = postcode === null || !(country.isPostcodeFine || country.isTownInStreet)
  if (!isOne || (isTownNeeded && town.length === 0)) return null
  // What is short or has a number is no name that is misspelt.
  const words = town.map((word) => (word.length > 2 && !/\d/.test(word) ? skeleton(word) : word))
  return [postcode ?? state ?? '', ...words].filter((word) => word !== '').join(' ')
}

/** The country by its name at the end, by what only its postcodes look like, or the one that is assumed. */
function cutCountry(
  segments: readonly string[],
  region: string | null,
): { country: Country; segments: readonly string[] } {
  const named = namedCountry(segments, region)
  if (named) return named
  const marked = cut(segments, /(?:^| )(?:[a-z]{1,3})-(?=\d{4,5}(?: |$))/)
  const mark = marked?.found[0].trim().slice(0, -1) ?? ''
  const code = region ?? POSTCODE_MARKS.get(mark) ?? (COUNTRIES.has(mark) ? mark : null) ?? guessCountry(segments)
  return { country: (code !== null && COUNTRIES.get(code)) || { ...ANYWHERE, code: code ?? '' }, segments }
}

function namedCountry(
  segments: readonly string[],
  region: string | null,
): { country: Country; segments: readonly string[] } | null {
  const before = segments.slice(0, -1)
  const last = segments.at(-1) ?? ''
  const found = (name: string, rest: readonly string[]) => {
    const code = COUNTRY_NAMES.get(name)
    return code === undefined ? null : { country: COUNTRIES.get(code)!, segments: rest }
  }
  // Two letters may as well be a state: CA, DE, IN.
  const isSure = (name: string) => name.length > 2 || name === 'uk'
  const alone = found(last, before)
  const isState = region !== null && STATE_CODES.get(region)?.has(last) === true
  if (
    alone &&
    before.length > 0 &&
    (isSure(last) || alone.country.code === region || (!isState && hasPostcode(before, alone.country)))
  ) {
    return alone
  }
  const [, ahead = '', code = ''] = /^(\D+) (\S*\d\S*)$/.exec(last) ?? []
  const withPostcode = isSure(ahead) ? found(ahead, [...before, code]) : null
  if (withPostcode && hasPostcode([code], withPostcode.country)) return withPostcode

  const words = last.split(' ')
  for (const length of [4, 3, 2, 1]) {
    if (length >= words.length) continue
    const name = words.slice(-length).join(' ')
    const behind = isSure(name) ? found(name, [...before, words.slice(0, -length).join(' ')]) : null
    // A street may be called after a country; then no postcode stands before it.
    if (behind && hasPostcode(behind.segments, behind.country)) return behind
  }
  return null
}

/** Also true where a country has none. */
function hasPostcode(segments: readonly string[], { postcode }: Country): boolean {
  if (postcode === null) return true
  const pattern = new RegExp(`(?<![^ ])(?:[a-z]{1,3}-)?${postcode}(?![^ ])`)
  return segments.some((segment) => pattern.test(segment))
}

const BRITISH = /(?:^| )[a-z]{1,2}\d[a-z\d]? ?\d[a-z]{2}$/
const CANADIAN = /(?:^| )[a-z]\d[a-z] ?\d[a-z]\d$/
const AMERICAN = new RegExp(`(?:^| )(?:${[...STATE_CODES.get('us')!.keys()].join('|')}) \\d{5}(?:-\\d{4})?$`)

function guessCountry(segments: readonly string[]): string | null {
  const has = (pattern: RegExp) => segments.some((segment) => pattern.test(segment))
  if (has(AMERICAN)) return 'us'
  if (has(CANADIAN)) return 'ca'
  return has(BRITISH) ? 'gb' : null
}

/**
 * The postcode by the country's pattern: the last that stands where postcodes do, or else the last. When there is no other number,
 * one that stands elsewhere is the house's: 12345 Main Street.
 */
function cutPostcode(
  segments: readonly string[],
  { postcode, postcodeAt, postcodeKept }: Country,
): { postcode: string | null; rest: readonly string[] } {
  if (postcode === null) return { postcode: null, rest: segments }
  const pattern = new RegExp(`(?<![^ ])(?:[a-z]{1,3}-)?(${postcode})(?![^ ])`, 'g')
  const places = segments.flatMap((segment, at) =>
    [...segment.matchAll(pattern)].map((match) => ({
      text: match[1]!,
      rest: splice(segments, at, match.index, match.index + match[0].length),
      fits: postcodeAt === 'start' ? match.index === 0 : match.index + match[0].length === segment.length,
    })),
  )
  const hasOther = ({ rest }: { rest: readonly string[] }) => rest.some((segment) => /\d/.test(segment))
  const place = places.findLast(({ fits }) => fits) ?? places.findLast(hasOther)
  if (!place) return { postcode: null, rest: segments }
  const letters = place.text.replaceAll(/[ -]/g, '')
  return { postcode: postcodeKept.exec(letters)?.[0] ?? letters, rest: place.rest }
}

/** Where towns are written with the two letters of their province. */
const PROVINCED = new Set(['br', 'it'])

/** The code of the state that the last segment ends with or is. A province of two letters says no more than its postcode. */
function cutState(segments: readonly string[], country: string): { state: string | null; rest: readonly string[] } {
  const last = segments.at(-1) ?? ''
  if (PROVINCED.has(country)) {
    const isAlone = /^[a-z]{2}$/.test(last) && /^\D+$/.test(segments.at(-2) ?? '')
    const town = isAlone ? [] : [last.replace(/^(\D+) [a-z]{2}$/, '$1')]
    return { state: null, rest: segments.length === 0 ? segments : [...segments.slice(0, -1), ...town] }
  }
  for (const [spelling, code] of STATE_CODES.get(country) ?? []) {
    const isWhole = last === spelling && segments.length > 1
    if (isWhole || last.endsWith(` ${spelling}`)) {
      return { state: code, rest: splice(segments, segments.length - 1, last.length - spelling.length, last.length) }
    }
  }
  return { state: null, rest: segments }
}
