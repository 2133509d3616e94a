/** Draws numbers from a seed: the same ones every time. */
export type Draw = {
  /** 0 up to, and without, a number. */
  below(limit: number): number
  of<T>(list: readonly T[]): T
  digits(count: number): string
}

export function drawFrom(seed: number): Draw {
  let state = seed >>> 0
  // Mulberry32.
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const below = (limit: number) => Math.floor(next() * limit)
  return {
    below,
    of: (list) => list[below(list.length)]!,
    digits: (count) => Array.from({ length: count }, () => below(10)).join(''),
  }
}

export type Country = 'US' | 'GB' | 'DE' | 'BR' | 'MX' | 'CN' | 'AR' | 'IT'
/** Somebody invented, in parts, so that each can be written otherwise. */
export type Person = {
  first: string
  last: string
  /** Behind the name in e-mail addresses and user names; often none. */
  figures: string
  joint: '' | '.' | '_'
  provider: string
  site: string
  country: Country
  /** The number within the country, without a trunk prefix. */
  national: string
  home: Home
  ip: string
  device: string
}
export type Home = {
  country: 'US' | 'GB' | 'DE' | 'CN'
  house: number
  street: string
  kind: string
  unit: number
  town: string
  state: string
  postcode: string
}

const FIRST =
  'ada bela cleo dario enzo fay gustav hana ivo june kai lena milo nora otis pia remy suna tomas uma vera wim xenia yara zeno alba bruno celia dilan elke felix greta hugo ines jonas klara luca mara nils olga petra rosa silas tilda'.split(
    ' ',
  )
const LAST =
  'moss brook heller lindqvist okafor santoro weaver kobayashi duarte finch marlow petrov nakano oliveira quist rowe schreiber tanaka ulrich vance whitlow yilmaz zander ashby berger castellan dorn eklund farrow grell hollis ibarra jansen kessler larkin mercer norling osborn pruitt renner sorel thorne underhill vesper wexler'.split(
    ' ',
  )
export const PROVIDERS = ['gmail.com', 'gmail.com', 'outlook.com', 'yahoo.com', 'post.example.net', 'mail.example.org']
const SITES = ['any', 'any', 'forum', 'chat']
export const STREETS =
  'Harbour Mill Orchard Station Chapel Meadow Quarry Bridge Garden Weaver Juniper Foxglove Lantern Copper Willow Heron Saddler Cobble Ferry Granary'.split(
    ' ',
  )
export const GERMAN_STREETS =
  'Mühlen Garten Linden Ahorn Bahnhof Kirsch Wiesen Brücken Weber Müller Schäfer Höfe Rösler Tannen Eichen'.split(' ')
export const CHINESE_STREETS = ['人民', '建设', '解放', '和平', '文化', '青年', '朝阳', '长江', '花园', '学府']
const AMERICAN_TOWNS = [
  ['Springfield', 'IL', '627'],
  ['Riverton', 'UT', '840'],
  ['Fairview', 'OR', '970'],
  ['Georgetown', 'TX', '786'],
] as const
const BRITISH_TOWNS = [
  ['Bristol', 'BS'],
  ['Leeds', 'LS'],
  ['York', 'YO'],
  ['Exeter', 'EX'],
] as const
const GERMAN_TOWNS = [
  ['Kassel', '341'],
  ['Ulm', '890'],
  ['Jena', '077'],
  ['Köln', '506'],
] as const
const CHINESE_TOWNS = [
  ['广东省深圳市南山区', '518'],
  ['浙江省杭州市西湖区', '310'],
  ['福建省厦门市思明区', '361'],
] as const
const LETTERS = 'ABDEFGHJLNPQRSTUWXYZ'.split('')

export function personOf(draw: Draw): Person {
  const country = draw.of<Country>(['US', 'US', 'GB', 'GB', 'DE', 'DE', 'BR', 'MX', 'CN', 'AR', 'IT'])
  return {
    first: draw.of(FIRST),
    last: draw.of(LAST),
    figures: draw.of(['', '', String(50 + draw.below(50)), draw.digits(3), draw.digits(4)]),
    joint: draw.of(['', '.', '_']),
    provider: draw.of(PROVIDERS),
    site: draw.of(SITES),
    country,
    national: nationalOf(draw, country),
    home: homeOf(draw),
    ip: draw.below(3) === 0 ? addressV6(draw) : addressV4(draw),
    device: draw.of([
      () => uuidOf(draw),
      () => hexOf(draw, 12).replaceAll(/(..)(?!$)/g, '$1:'),
      () => hexOf(draw, 40),
    ])(),
  }
}

export function hexOf(draw: Draw, count: number): string {
  return Array.from({ length: count }, () => draw.below(16).toString(16)).join('')
}

function uuidOf(draw: Draw): string {
  return [8, 4, 4, 4, 12].map((count) => hexOf(draw, count)).join('-')
}

/** Mobile numbers, and Italian landlines, as their plans have them. */
function nationalOf(draw: Draw, country: Country): string {
  const from = (low: number, high: number) => String(low + draw.below(high - low))
  const numbers: Record<Country, () => string> = {
    US: () => `${draw.of(['312', '206', '415', '617', '702'])}${from(200, 1_000)}${draw.digits(4)}`,
    GB: () => `7${draw.of(['400', '512', '701', '812', '915'])}${draw.digits(6)}`,
    DE: () => `${draw.of(['151', '160', '171', '176'])}${from(10_000_000, 100_000_000)}`,
    BR: () => `${draw.of(['11', '21', '31', '51'])}9${from(80_000_000, 100_000_000)}`,
    MX: () => `${draw.of(['55', '33', '81'])}${from(10_000_000, 100_000_000)}`,
    AR: () => `911${from(20_000_000, 70_000_000)}`,
    IT: () => `06${from(20_000_000, 90_000_000)}`,
    CN: () => `${draw.of(['138', '150', '186'])}${draw.digits(8)}`,
  }
  return numbers[country]()
}

export function homeOf(draw: Draw): Home {
  const shared = { house: 1 + draw.below(190), unit: 1 + draw.below(40), state: '' }
  const homes: Record<Home['country'], () => Home> = {
    US: () => {
      const [town, state, zone] = draw.of(AMERICAN_TOWNS)
      const kind = draw.of(['Street', 'Avenue', 'Road', 'Boulevard', 'Lane'])
      const postcode = `${zone}${draw.digits(2)}`
      return { ...shared, country: 'US', street: draw.of(STREETS), kind, town, state, postcode }
    },
    GB: () => {
      const [town, area] = draw.of(BRITISH_TOWNS)
      const inward = `${draw.below(10)}${draw.of(LETTERS)}${draw.of(LETTERS)}`
      const kind = draw.of(['Street', 'Road', 'Lane', 'Gardens'])
      const postcode = `${area}${1 + draw.below(20)} ${inward}`
      return { ...shared, country: 'GB', street: draw.of(STREETS), kind, town, postcode }
    },
    DE: () => {
      const [town, zone] = draw.of(GERMAN_TOWNS)
      const postcode = `${zone}${draw.digits(2)}`
      return { ...shared, country: 'DE', street: draw.of(GERMAN_STREETS), kind: 'straße', town, postcode }
    },
    CN: () => {
      const [town, zone] = draw.of(CHINESE_TOWNS)
      const postcode = `${zone}${draw.digits(3)}`
      return { ...shared, country: 'CN', street: draw.of(CHINESE_STREETS), kind: '路', town, postcode }
    },
  }
  return homes[draw.of(['US', 'US', 'GB', 'DE', 'CN'] as const)]()
}

function addressV4(draw: Draw): string {
  return [23 + draw.below(60), draw.below(256), draw.below(256), 1 + draw.below(254)].join('.')
}

/** Each in a site's /48 of its own, mostly. */
function addressV6(draw: Draw): string {
  const group = () => (1 + draw.below(0xffff)).toString(16)
  return `2a0${draw.below(8)}:${group()}:${group()}:${group()}:${group()}:${group()}:${group()}:${group()}`
}
