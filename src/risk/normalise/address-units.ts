import type { Country } from './address-countries.ts'
import { cut } from './address-segments.ts'
import { wordCode } from './address-words.ts'

const BOX =
  /(?:^| )(?:p ?o ?box|pob|post office box|(g ?p ?o) ?box|postal box|postfach|boite postale|b ?p|case postale|casella postale|apartado(?: de correos| postal)?|apdo(?: de correos| postal)?|postbus|postboks|caixa postal|posta kutusu|skr(?:ytka)? poczt(?:owa)?|а я|абонентский ящик|(locked|private) bag|(packstation)) ?(?:no |nr |# )?(?<id>\d{1,3}(?: \d{2,3})+|[a-z]?\d{1,8}[a-z]?)(?= |$)/
/** What boxes are called where the word says too little elsewhere. */
const BOX_LOCAL: ReadonlyMap<string, RegExp> = new Map([
  ['se', /(?:^| )box (?<id>\d{1,6})(?= |$)/],
  ['fi', /(?:^| )pl (?<id>\d{1,6})(?= |$)/],
])
/** Whose compartment of a parcel locker it is. */
const POSTNUMMER = /^(?:postnummer |post nr )?(\d{6,10})$/

type Box = { number: string | null; units: readonly string[]; rest: readonly string[] }

/** A PO box as `pobox123`, or what else has its own numbers: `gpobox123`, `lockedbox123`, a parcel locker as `packstationbox123`. */
export function cutBox(segments: readonly string[], country: string): Box {
  const local = BOX_LOCAL.get(country)
  const box = cut(segments, BOX) ?? (local ? cut(segments, local) : null)
  if (!box) return { number: null, units: [], rest: segments }
  const [, ...groups] = box.found
  const id = box.found.groups!['id']!.replaceAll(' ', '')
  const kind = groups.find((group) => group !== undefined && group !== box.found.groups!['id'])?.replaceAll(' ', '')
  const owner = kind === 'packstation' ? cut(box.rest, POSTNUMMER) : null
  return { number: `${kind ?? 'po'}box${id}`, units: owner ? [owner.found[1]!] : [], rest: owner?.rest ?? box.rest }
}

const DOOR =
  'apartment|apartamento|appartement|apartman|apt|appt|apto|app|ap|unit|flat|suite|ste|room|rm(?! \\d{5}(?: |$))|office|ofc|studio|shop|wohnung|whg|top|tur|puerta|pta|departamento|depto|dpto|interior|interno|int|sala|mieszkanie|lokal|lok|lagenhet|lgh|daire|bus|oficina|local|квартира|кв|офис|оф|pmb|space|spc|lot'
const BUILDING = 'building|bldg|block|blk|tower|twr|batiment|bat|bloco|bloque|blq|bl|edificio|edif|wing|корпус|корп'
const STAIR = 'staircase|entrance|stiege|escalier|escalera|esc|scala|sc|klatka|подъезд'
const FLOOR = 'floor|flr|level|lvl|etage|stock|piso|andar|planta|piano|vaning|kat|этаж|эт'
const NUMBERED = '(?: ?(?:no|nr|num|number|#))? ?'
/** Letters before digits are how warehouses number their customers: `AB12345`. */
const ID = '(\\d{1,8}(?: [a-z]$|[a-z]?(?:[-/]\\d{1,5}[a-z]?|[-/][a-z])*)|[a-z]{1,4}-?\\d{1,8}[a-z]?|(?<= )[a-z])'
const ORDINAL = '(?:st|nd|rd|th|er|eme|e|o|a)?'
const NAMED_FLOOR = 'ground|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth'

type Unit = readonly [Kind, RegExp]
type Kind = 'door' | 'floor' | 'building' | 'stair'
/** In the order in which they are compared. */
const MARKS: Readonly<Record<Kind, string>> = { door: '', building: 'b', floor: 'f', stair: 's' }

/** What is called by a name, in all languages. `fl 33101` is Florida, so `fl` is a floor only with few digits. */
const UNITS: readonly Unit[] = [
  ['door', new RegExp(`(?:^| )(?:${DOOR})${NUMBERED}${ID}(?= |$)`)],
  ['building', new RegExp(`(?:^| )(?:${BUILDING})${NUMBERED}${ID}(?= |$)`)],
  ['stair', new RegExp(`(?:^| )(?:${STAIR})${NUMBERED}${ID}(?= |$)`)],
  ['floor', new RegExp(`(?:^| )(?:${FLOOR}|fl)${NUMBERED}(\\d{1,3})(?= |$)`)],
  ['floor', new RegExp(`(?:^| )(\\d{1,3})${ORDINAL} (?:${FLOOR}|og|tr|sal|emelet)(?= |$)`)],
  ['floor', new RegExp(`(?:^| )(${NAMED_FLOOR}) (?:floor|flr|fl)(?= |$)`)],
  ['floor', /(?:^| )(\d{1,3})(?:(?:st|nd|rd|th) fl|\/f)(?= |$)/],
]
/** What has a line to itself, as some write their number with a warehouse. */
const BARE_CODE: Unit = ['door', /^([a-z]{2,4}\d{3,8})$/]
/** A block is a house number where houses are blocks, as in Singapore. */
const UNITS_OF_BLOCKS = UNITS.filter(([kind]) => kind !== 'building')
const HASHED: readonly Unit[] = [
  ['door', /(?:^| )# ?(?:no |nr )?(\d{1,8}[a-z]?(?:-\d{1,5}[a-z]?)*|[a-z]{1,4}-?\d{1,8}[a-z]?|[a-z])(?= |$)/],
]
/** `5, 3º B` and `5 m. 4`: what stands behind the number of a house. */
const FLOOR_AND_DOOR =
  /(?:^|(?<=\d[a-z]?) )(\d{1,2})[oa](?: (izq|izda|izquierda|dcha|derecha|dto|dta|esq|centro|[a-z](?= |$)|\d{1,2}(?=[oa]))[oa]?)?(?= |$)/
const POLISH_DOOR = /(?<=\d[a-z]?) m ?(\d{1,4}[a-z]?)(?= |$)/
const DANISH_FLOOR_AND_DOOR = /(?:^|(?<=\d[a-z]?) )(\d{1,2}|st) (tv|th|mf)(?= |$)/
const FINNISH_STAIR_AND_DOOR = /(?<=\d) ([a-z]) (\d{1,4})(?= |$)/
const TURKISH_DOOR = /(?<=\d[a-z]?) d ?(\d{1,4}[a-z]?)(?= |$)/
const AUSTRALIAN_DOOR = /(?:^| )u ?(\d{1,5}[a-z]?)(?= |$)/
const LOCAL: ReadonlyMap<string, readonly Unit[]> = new Map(
  Object.entries({
    au: [['door', AUSTRALIAN_DOOR]],
    dk: [['floor', DANISH_FLOOR_AND_DOOR]],
    fi: [['stair', FINNISH_STAIR_AND_DOOR]],
    pl: [['door', POLISH_DOOR]],
    tr: [['door', TURKISH_DOOR]],
    es: [['floor', FLOOR_AND_DOOR]],
    pt: [['floor', FLOOR_AND_DOOR]],
  } satisfies Record<string, Unit[]>),
)
const SIDES: ReadonlyMap<string, string> = new Map(
  Object.entries({ izda: 'izq', izquierda: 'izq', derecha: 'dcha', dta: 'dto', ground: '0', st: '0' }),
)
/** `unit 4/12` is `4/12`. */
const WORD_BEFORE_SLASH = new RegExp(`(?:^| )(?:${DOOR})${NUMBERED}(?=\\d+[a-z]?/\\d)`)

/**
 * Doors, floors, buildings and staircases, marked by what they are: `apt 4` and `# 4` are `4`, `3rd floor` is `f3`. Several of a kind
 * keep their order.
 */
export function cutUnits(
  segments: readonly string[],
  { code, hash, slash }: Country,
): { doors: readonly string[]; others: readonly string[]; rest: readonly string[] } {
  const patterns = [
    ...(code === 'sg' ? UNITS_OF_BLOCKS : UNITS),
    ...(hash === 'unit' ? HASHED : []),
    ...(LOCAL.get(code) ?? []),
    BARE_CODE,
  ]
  const units: { [kind in Kind]: string[] } = { door: [], building: [], floor: [], stair: [] }
  let rest =
    slash === 'unit-first' ? segments.map((segment) => segment.replace(WORD_BEFORE_SLASH, ' ').trim()) : segments
  for (const [kind, pattern] of patterns) {
    for (let unit = cut(rest, pattern); unit; unit = cut(rest, pattern)) {
      const [, id = '', door] = unit.found
      units[kind].push(MARKS[kind] + unitId(kind === 'floor' ? wordCode(id) : id))
      if (door) units.door.push(unitId(door))
      rest = unit.rest
    }
  }
  return { doors: units.door, others: [...units.building, ...units.floor, ...units.stair], rest }
}

/** `04` is `4`, `4-b` and `4 b` are `4b`, and `ab-12` is `ab12`. */
export function unitId(id: string): string {
  return SIDES.get(id) ?? id.replace(/^0+(?=\d)/, '').replace(/[-/ ](?=[a-z]$)|(?<=^[a-z]+)-(?=\d)/, '')
}
