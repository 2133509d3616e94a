import type { Country } from './address-countries.ts'
import { unitId } from './address-units.ts'
import { ARTICLES, isDirection, isStreetType, letterCode, wordCode } from './address-words.ts'

const HOUSE_NUMBER = /^\d{1,6}(?:[a-z]|bis|ter|quater)?(?:[-/]\d{1,5}[a-z]?|[-/][a-z])*$/
const NUMBER_AHEAD = '(?=\\d{1,6}[a-z]?(?:[-/]\\S*)?(?: |$))'
const MARK = new RegExp(
  `(?:^| )(?:(?:house|plot) (?:no|number)|no|nr|nro|num|numero|number|hausnummer|house|plot|blk|block|дом|д) ${NUMBER_AHEAD}`,
)
/** `n` is also north, where house numbers come first. */
const SHORT_MARK = new RegExp(`(?:^| )(?:n|no|#) ${NUMBER_AHEAD}`)

export type Street = {
  number: string | null
  words: readonly string[]
  units: readonly string[]
  /** Of the one line that is a town. */
  town: readonly string[]
  /** Of all lines that may be one. */
  locality: readonly string[]
  /** What is none of these. */
  unread: readonly string[]
}

/** The house number, the street and the town of what is left of an address without country, box, postcode and units. */
export function streetOf(segments: readonly string[], country: Country, isBox: boolean): Street {
  const lines = joinNumbers(
    segments.map((segment) => joinSuffix(unmark(segment, country), country)),
    country,
  )
  if (isBox) return { number: null, words: [], units: [], ...placesOf(lines.slice(-1), lines.slice(0, -1)) }

  const readings = lines.map((line) => readLine(line, country))
  const withType = readings.findIndex((line) => line !== null && line.words.some(isStreetType))
  const at = withType >= 0 ? withType : readings.findIndex((line) => line !== null)
  const line = readings[at]
  if (!line) {
    // A house with a name: only with something behind it, as one line alone is as likely a town.
    const [name = '', ...behind] = lines.length > 1 ? lines : ['', ...lines]
    return { number: null, words: streetWords(wordsOf([name]), country), units: [], ...placesOf(behind, []) }
  }
  const behind = lines.slice(at + 1)
  const end =
    behind.length === 0 && country.numberAt === 'start' && country.kindAt === 'end'
      ? endOfStreet(line.words)
      : line.words.length
  const words = streetWords(line.words.slice(0, end), country)
  const street = { ...houseNumber(line.number, country), words }
  const beside = [...line.words.slice(end), ...line.town].join(' ')
  const rest = [beside, ...behind].filter((each) => each !== '')
  const before = lines.slice(0, at)
  if (country.isTownInStreet) {
    return { ...street, town: [], locality: words, unread: wordsOf([...before, ...line.dropped, ...rest]) }
  }
  return {
    ...street,
    ...(rest.length > 0 ? placesOf(rest, [...before, ...line.dropped]) : placesOf(before, line.dropped)),
  }
}

/**
 * The last of the lines is the town, the others may be parts of it as well as buildings or companies. Numbers in any of them are not
 * understood, but for the short ones behind a town: Dublin 2.
 */
function placesOf(lines: readonly string[], others: readonly string[]): Pick<Street, 'town' | 'locality' | 'unread'> {
  const isNumber = (word: string) => /\d/.test(word)
  const ofTown = wordsOf(lines.slice(-1))
  const isTown = (word: string, at: number) => !isNumber(word) || (at > 0 && /^\d{1,2}(?!\d)\D{0,3}$/.test(word))
  const town = ofTown.filter(isTown)
  const besides = wordsOf(lines.slice(0, -1))
  return {
    town,
    locality: [...besides.filter((word) => !isNumber(word)), ...town],
    unread: [...wordsOf(others), ...besides, ...ofTown.filter((word, at) => !isTown(word, at))],
  }
}

function wordsOf(lines: readonly string[]): string[] {
  return lines.flatMap((line) => line.split(' ')).filter((word) => word !== '')
}

function unmark(segment: string, { numberAt, hash }: Country): string {
  const plain = segment.replace(MARK, ' ')
  return (numberAt === 'end' || hash === 'number' ? plain.replace(SHORT_MARK, ' ') : plain).trim()
}

/** `12 a`, `12 bis` and `12 1/4` as one word; but 12 A Street and 12 N Main Street have no letter. */
function joinSuffix(segment: string, { numberAt, kindAt }: Country): string {
  const joined = segment
    .replace(/^(\d+) (?=(?:bis|ter|quater)(?: |$))/, '$1')
    .replace(/^(\d+) (?=\d\/\d(?: |$))/, '$1-')
  if (numberAt === 'end') return joined.replace(/(?<= \d+) (?=(?:[a-z]|bis|ter|quater)$)/, '')
  return joined.replace(/^(\d+) ([a-z]) (\S+)/, (whole, number, letter, next) =>
    isDirection(letter) || isStreetType(next) !== (kindAt === 'start') ? whole : `${number}${letter} ${next}`,
  )
}

/** `Sec. 1, Zhongshan N. Rd.` is one street. */
const SECTION = /^(?:sec|section|ln|lane|aly|alley) \d+(?:-\d+)?$/

/** A number that has a segment to itself belongs to the street beside it. */
function joinNumbers(segments: readonly string[], { code, numberAt }: Country): string[] {
  const lines: string[] = []
  let waiting = ''
  for (const segment of segments) {
    const isNumber = HOUSE_NUMBER.test(segment)
    const last = lines.at(-1)
    if (isNumber && numberAt === 'end' && last !== undefined) lines[lines.length - 1] = `${last} ${segment}`
    else if (isNumber && waiting === '') waiting = segment
    else if (code === 'tw' && SECTION.test(segment)) waiting = `${waiting} ${segment}`.trim()
    else {
      lines.push(waiting === '' ? segment : `${waiting} ${segment}`)
      waiting = ''
    }
  }
  if (waiting === '') return lines
  return lines.length === 0 ? [waiting] : [...lines.slice(0, -1), `${lines.at(-1)} ${waiting}`]
}

/** `dropped` stands before the number where that begins the line. */
type Line = { number: string; words: readonly string[]; town: readonly string[]; dropped: readonly string[] }

function readLine(line: string, { code, numberAt }: Country): Line | null {
  const words = line.split(' ')
  const places = words
    .keys()
    .filter((place) => HOUSE_NUMBER.test(words[place]!))
    .toArray()
  const isBehind = (each: number) => each > 0
  // In Japan the room stands behind it.
  const atEnd = code === 'jp' ? places.find(isBehind) : places.findLast(isBehind)
  const place = (numberAt === 'start' ? places.find((each) => each < words.length - 1) : atEnd) ?? places[0]
  if (place === undefined) return null
  const before = words.slice(0, place)
  const after = words.slice(place + 1)
  const isAhead = after.length > 0 && (numberAt === 'start' || before.length === 0)
  const number = words[place]!
  return isAhead
    ? { number, words: after, town: [], dropped: before }
    : { number, words: before, town: after, dropped: [] }
}

/** How many of the words are the street when a town follows: to the last of its first words of kind, and the direction or number behind. */
function endOfStreet(words: readonly string[]): number {
  const type = words.findIndex((word, at) => at > 0 && isStreetType(word))
  if (type < 0) return words.length
  const isOfStreet = (word: string) => isStreetType(word) || isDirection(word) || /^\d+$/.test(word)
  const beyond = words.findIndex((word, at) => at > type && !isOfStreet(word))
  return beyond < 0 ? words.length : beyond
}

/** In the order in which they are written: Grove Park is not Park Grove. */
function streetWords(words: readonly string[], { compounds, numberAt, kindAt }: Country): string[] {
  const single = words
    .flatMap((word) => word.split(/[-/]/))
    .flatMap((word) => {
      const kind = compounds?.exec(word)
      return kind && kind.index >= 3 ? [word.slice(0, kind.index), kind[0]] : [word]
    })
  const telling = single.filter((word) => !ARTICLES.has(word))
  const kept = telling.length > 0 ? telling : single
  // East Street is called by a direction, E Street by a letter.
  const isNamed = kept.some((word) => !isStreetType(word) && !isDirection(word))
  const isLettered = numberAt === 'start' && kindAt === 'end'
  return kept.map((word) => {
    if (isDirection(word)) return isNamed ? wordCode(word) : word
    return isLettered ? wordCode(word) : letterCode(wordCode(word))
  })
}

function houseNumber(written: string, { slash }: Country): { number: string; units: string[] } {
  const [first = '', ...others] = written.split('/')
  const isHalf = /-\d\/\d$/.test(written)
  const [number, unit] =
    others.length === 0 || slash === 'whole' || isHalf || /^[a-z]$/.test(others[0]!)
      ? [written, null]
      : slash === 'unit-first'
        ? [others.join('/'), first]
        : [first, others.join('/')]
  return { number: unitId(number), units: unit === null ? [] : [unitId(unit)] }
}
