/** How a country writes its addresses. */
export type Country = {
  code: string
  /** Its postcodes, lower case and without anchors; a prefix such as `D-` stands before it in another place. */
  postcode: string | null
  /** What of a postcode is compared, where not all of it: without the four digits that a ZIP+4 adds. */
  postcodeKept: RegExp
  /** Where in its line the postcode stands: before its town, or at the end. */
  postcodeAt: 'start' | 'end'
  /** Where the house number stands. */
  numberAt: 'start' | 'end'
  /** Whether the kind of a street stands before its name (rue de la Paix) or behind it (Main Street). */
  kindAt: 'start' | 'end'
  /** Words that streets are joined with (`Musterstrasse`), which may also be written apart or short. */
  compounds: RegExp | null
  /** Letters and what is typed instead of them. */
  respelled: readonly (readonly [RegExp, string])[]
  /** What `#` and `/` mean. */
  hash: 'unit' | 'number'
  slash: 'whole' | 'unit-first' | 'unit-last'
  /** A postcode so fine that with the house number it says the street: Ireland's Eircode, the Netherlands, Singapore. */
  isPostcodeFine: boolean
  /** A country that is one city, so that none is written. */
  isCity: boolean
  /** Whether the town is written in one with the street, as in Japanese and Korean. */
  isTownInStreet: boolean
}

type Form = Partial<Omit<Country, 'code' | 'postcode'>>
type Row = [names: string, postcode: string | null, form: Form]

const GERMAN: Form = {
  numberAt: 'end',
  postcodeAt: 'start',
  compounds: /(?:strasse|str|gasse|platz|weg|allee|damm|ufer|ring|chaussee)$/,
  respelled: [[/([aou])e/g, '$1']],
}
const DUTCH: Form = {
  numberAt: 'end',
  postcodeAt: 'start',
  compounds: /(?:straat|str|laan|weg|plein|kade|gracht|singel|dijk)$/,
}
const NORDIC: Form = {
  numberAt: 'end',
  postcodeAt: 'start',
  compounds: /(?:gatan|gata|gaten|gade|gate|vagen|vag|vej|veien|vegen|vei|plads|plassen|alle|stig|stien|katu|tie)$/,
  respelled: [
    [/aa/g, 'a'],
    [/([ao])e/g, '$1'],
  ],
}
const CONTINENTAL: Form = { numberAt: 'end', postcodeAt: 'start' }
const FRENCH: Form = { numberAt: 'start', postcodeAt: 'start', kindAt: 'start' }
const ENGLISH: Form = { numberAt: 'start', postcodeAt: 'end' }
const LATIN: Form = { numberAt: 'end', postcodeAt: 'start', hash: 'number' }
const SLAVIC: Form = { numberAt: 'end', postcodeAt: 'end' }
const SLASHED: Form = { ...CONTINENTAL, slash: 'unit-last' }

/** Names in the country's own language and in English; forms by the addressing sheets of the Universal Postal Union (S42). */
const ROWS: Record<string, Row> = {
  AE: ['united arab emirates|uae|are', null, ENGLISH],
  AR: ['argentina|arg', '(?:[a-z]\\d{4}[a-z]{3}|[a-z]?\\d{4})', { ...LATIN, hash: 'unit', postcodeKept: /\d{4}/ }],
  AT: ['austria|osterreich|oesterreich|aut', '\\d{4}', { ...GERMAN, slash: 'unit-last' }],
  AU: ['australia|aus', '\\d{4}', { ...ENGLISH, slash: 'unit-first' }],
  BE: ['belgium|belgie|belgique|belgien|bel', '\\d{4}', DUTCH],
  BG: ['bulgaria|българия|bgr', '\\d{4}', CONTINENTAL],
  BR: ['brazil|brasil|bra', '\\d{5}-?\\d{3}', { ...LATIN, hash: 'unit', postcodeAt: 'end' }],
  CA: ['canada|can', '[a-z]\\d[a-z][ -]?\\d[a-z]\\d', ENGLISH],
  CH: ['switzerland|schweiz|suisse|svizzera|che', '\\d{4}', GERMAN],
  CL: ['chile|chl', '\\d{3}-?\\d{4}', LATIN],
  CN: ['china|prc|p r china|peoples republic of china|chn', '\\d{6}', ENGLISH],
  CO: ['colombia|col', '\\d{6}', LATIN],
  CZ: ['czech republic|czechia|ceska republika|cesko|cze', '\\d{3} ?\\d{2}', CONTINENTAL],
  DE: ['germany|deutschland|allemagne|alemania|deu', '\\d{5}', GERMAN],
  DK: ['denmark|danmark|dnk', '\\d{4}', NORDIC],
  EE: ['estonia|eesti|est', '\\d{5}', CONTINENTAL],
  ES: ['spain|espana|esp', '\\d{5}', CONTINENTAL],
  FI: ['finland|suomi|fin', '\\d{5}', NORDIC],
  FR: ['france|fra|frankreich', '\\d{2} ?\\d{3}', FRENCH],
  GB: [
    'united kingdom|great britain|england|scotland|wales|northern ireland|uk|gbr',
    '[a-z]{1,2}\\d[a-z\\d]? ?\\d[a-z]{2}',
    ENGLISH,
  ],
  GR: ['greece|ελλαδα|hellas|grc', '\\d{3} ?\\d{2}', CONTINENTAL],
  HK: ['hong kong|hongkong|hong kong sar|hkg', null, { ...ENGLISH, isCity: true }],
  HR: ['croatia|hrvatska|hrv', '\\d{5}', CONTINENTAL],
  HU: ['hungary|magyarorszag|hun', '\\d{4}', CONTINENTAL],
  ID: ['indonesia|idn', '\\d{5}', { ...CONTINENTAL, postcodeAt: 'end' }],
  IE: ['ireland|eire|irl', '[a-z]\\d[\\dw] ?[a-z\\d]{4}', { ...ENGLISH, isPostcodeFine: true }],
  IL: ['israel|isr', '\\d{5}(?:\\d{2})?', FRENCH],
  IN: ['india|bharat|ind', '\\d{3} ?\\d{3}', ENGLISH],
  IS: ['iceland|island|isl', '\\d{3}', CONTINENTAL],
  IT: ['italy|italia|ita', '\\d{5}', CONTINENTAL],
  JP: ['japan|nippon|日本|日本国|jpn', '\\d{3}-?\\d{4}', ENGLISH],
  KR: ['south korea|korea|republic of korea|대한민국|kor', '\\d{5}', { ...CONTINENTAL, postcodeAt: 'end' }],
  KZ: ['kazakhstan|казахстан|kaz', '\\d{6}', SLAVIC],
  LT: ['lithuania|lietuva|ltu', '\\d{5}', CONTINENTAL],
  LU: ['luxembourg|luxemburg|letzebuerg|lux', '\\d{4}', FRENCH],
  LV: ['latvia|latvija|lva', '\\d{4}', { ...CONTINENTAL, postcodeAt: 'end' }],
  MT: ['malta|mlt', '[a-z]{3} ?\\d{4}', ENGLISH],
  MX: ['mexico|mex', '\\d{5}', LATIN],
  MY: ['malaysia|mys', '\\d{5}', FRENCH],
  NL: ['netherlands|the netherlands|nederland|holland|nld', '\\d{4} ?[a-z]{2}', { ...DUTCH, isPostcodeFine: true }],
  NO: ['norway|norge|noreg|nor', '\\d{4}', NORDIC],
  NZ: ['new zealand|aotearoa|nzl', '\\d{4}', { ...ENGLISH, slash: 'unit-first' }],
  PH: ['philippines|pilipinas|phl', '\\d{4}', FRENCH],
  PL: ['poland|polska|pol', '\\d{2}-?\\d{3}', SLASHED],
  PT: ['portugal|prt', '\\d{4}(?:-?\\d{3})?', CONTINENTAL],
  RO: ['romania|rou', '\\d{6}', CONTINENTAL],
  RS: ['serbia|srbija|србија|srb', '\\d{5}', SLASHED],
  RU: ['russia|russian federation|россия|российская федерация|рф|rus', '\\d{6}', SLAVIC],
  SA: ['saudi arabia|ksa|sau', '\\d{5}(?:-?\\d{4})?', { ...ENGLISH, postcodeKept: /^\d{5}/ }],
  SE: ['sweden|sverige|swe', '\\d{3} ?\\d{2}', NORDIC],
  SG: ['singapore|sgp', '\\d{6}', { ...ENGLISH, isPostcodeFine: true, isCity: true }],
  SI: ['slovenia|slovenija|svn', '\\d{4}', CONTINENTAL],
  SK: ['slovakia|slovensko|slovak republic|svk', '\\d{3} ?\\d{2}', CONTINENTAL],
  TH: ['thailand|tha', '\\d{5}', ENGLISH],
  TR: ['turkey|turkiye|tur', '\\d{5}', CONTINENTAL],
  TW: ['taiwan|twn', '\\d{3}(?:-?\\d{2,3})?', { ...ENGLISH, postcodeKept: /^\d{3}/ }],
  UA: ['ukraine|україна|украина|ukr', '\\d{5}', SLAVIC],
  US: [
    'united states|united states of america|usa|u s a|u s',
    '\\d{5}(?:-\\d{4})?',
    { ...ENGLISH, postcodeKept: /^\d{5}/ },
  ],
  VN: ['vietnam|viet nam|vnm', '\\d{5,6}', ENGLISH],
  ZA: ['south africa|suid afrika|zaf', '\\d{4}', ENGLISH],
}

const PLAIN: Omit<Country, 'code' | 'postcode'> = {
  postcodeKept: /.+/,
  postcodeAt: 'end',
  numberAt: 'start',
  kindAt: 'end',
  compounds: null,
  respelled: [],
  hash: 'unit',
  slash: 'whole',
  isPostcodeFine: false,
  isCity: false,
  isTownInStreet: false,
}

/** What is known of no country: postcodes of five or six digits, and those that no house number looks like. */
export const ANYWHERE: Country = {
  ...PLAIN,
  code: '',
  postcode: '(?:\\d{5,6}|[a-z]{1,2}\\d[a-z\\d]? ?\\d[a-z]{2}|[a-z]\\d[a-z] ?\\d[a-z]\\d|\\d{4} ?[a-z]{2})',
}

/** By two small letters, as ISO 3166 has them. */
export const COUNTRIES: ReadonlyMap<string, Country> = new Map(
  Object.entries(ROWS).map(([code, [, postcode, form]]) => {
    const small = code.toLowerCase()
    return [small, { ...PLAIN, ...form, code: small, postcode }]
  }),
)

/** A country's code by its names and codes. */
export const COUNTRY_NAMES: ReadonlyMap<string, string> = new Map(
  Object.entries(ROWS).flatMap(([code, [names]]) =>
    [code.toLowerCase(), ...names.split('|')].map((name) => [name, code.toLowerCase()] as const),
  ),
)

/** The marks of countries that stand before postcodes, as in `D-10115`, where they are not the code. */
export const POSTCODE_MARKS: ReadonlyMap<string, string> = new Map(
  Object.entries({ d: 'de', f: 'fr', a: 'at', i: 'it', e: 'es', b: 'be', l: 'lu', s: 'se', n: 'no', fin: 'fi' }),
)
