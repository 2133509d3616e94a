/** What a word is compared as, and what else is written for it in the languages of the world. Two words of one country are never one. */
const SHORT: Record<string, string> = {
  // English
  st: 'street saint sankt sint szent svaty',
  ave: 'avenue av aven avn avnue avenida avda avd avenija',
  rd: 'road',
  dr: 'drive drv doctor doktor doutor',
  ln: 'lane laan',
  ct: 'court crt',
  pl: 'place platz plads plass plassen plac praca pc pca',
  plaza: 'piazza pza plz pzza',
  plein: 'pln',
  plaats: 'plts',
  blvd: 'boulevard boul bd blv bulevar bulevard bulevardul bulwar',
  sq: 'square',
  ter: 'terrace terr tce',
  cir: 'circle circ',
  cr: 'crescent cres crs',
  kr: 'carrera cra',
  clo: 'close',
  calle: 'cl carrer',
  gdns: 'gardens gdn garden',
  gr: 'grove grv gro',
  hwy: 'highway hway hiway',
  pkwy: 'parkway pky pkway',
  way: 'wy',
  trl: 'trail',
  expy: 'expressway expwy',
  aly: 'alley',
  ctr: 'centre center cntr centro zentrum',
  mt: 'mount monte',
  ft: 'fort',
  hts: 'heights',
  jct: 'junction',
  est: 'estate estates',
  pde: 'parade',
  esp: 'esplanade',
  n: 'north',
  s: 'south',
  e: 'east',
  w: 'west',
  ne: 'northeast',
  nw: 'northwest',
  se: 'southeast',
  sw: 'southwest',
  // German, Dutch, Romanian
  str: 'strasse straat strada',
  gasse: 'gatan gata gaten gade gate gt',
  weg: 'wg',
  al: 'allee aleja aleje alle alameda',
  // Romance
  rue: 'rua',
  via: '',
  vico: 'vicolo',
  vag: 'vagen vej veien vegen vei',
  vle: 'viale',
  cso: 'corso',
  lgo: 'largo',
  chem: 'chemin che',
  imp: 'impasse',
  pas: 'passage pasaje psg',
  pso: 'paseo passeig passeio',
  rte: 'route rota',
  quai: '',
  trv: 'travessa travesia',
  cam: 'camino caminho',
  ctra: 'carretera',
  // Slavic, Baltic, Finnish, Hungarian, Turkish
  пр: 'проспект просп',
  пер: 'переулок',
  пл: 'площадь площа',
  бул: 'бульвар бр',
  katu: '',
  utca: '',
  ut: 'utja',
  cad: 'caddesi cd',
  sok: 'sokak sokagi sk',
}

/** Words that come and go without meaning another street. */
export const ARTICLES: ReadonlySet<string> = new Set(
  'the of de la le les du des del della dello dei degli di da do dos das el los las et ul ulica ulice ulitsa улица ул вулиця вул'.split(
    ' ',
  ),
)

const CODES: ReadonlyMap<string, string> = new Map(
  Object.entries(SHORT).flatMap(([code, words]) =>
    `${code} ${words}`
      .trim()
      .split(' ')
      .map((word) => [word, code] as const),
  ),
)
/** Where streets are not called by letters, as they are in English. */
const LETTER_CODES: ReadonlyMap<string, string> = new Map(
  Object.entries({ c: 'calle', g: 'gasse', k: 'katu', q: 'quai', r: 'rue', u: 'utca', v: 'via' }),
)

const DIRECTIONS = new Set(['n', 's', 'e', 'w', 'ne', 'nw', 'se', 'sw'])

const ORDINALS: ReadonlyMap<string, string> = new Map(
  [
    'first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth',
    'erste zweite dritte vierte funfte sechste siebte achte neunte zehnte',
  ].flatMap((words) => words.split(' ').map((word, at) => [word, String(at + 1)] as const)),
)

/** What a word of a street is compared as: its shortest spelling, an ordinal as its number. */
export function wordCode(word: string): string {
  return CODES.get(word) ?? ORDINALS.get(word) ?? word.replace(/^(\d+)(?:st|nd|rd|th|er|eme|e|o)$/, '$1')
}

/** What a letter is short for as the kind of a street, or the letter. */
export function letterCode(letter: string): string {
  return LETTER_CODES.get(letter) ?? letter
}

/** Whether a word says what kind of street it is rather than which. */
export function isStreetType(word: string): boolean {
  return (CODES.has(word) || LETTER_CODES.has(word)) && !isDirection(word)
}

export function isDirection(word: string): boolean {
  return DIRECTIONS.has(CODES.get(word) ?? word)
}

/** A word by its consonants as they sound: what is misheard, misspelt or written with `ue` for `ü` stays the same. */
export function skeleton(word: string): string {
  return word
    .replaceAll('ph', 'f')
    .replaceAll(/ck|qu?|c(?![eiy])/g, 'k')
    .replaceAll(/sch|sh|ch|[cz]/g, 's')
    .replaceAll('w', 'v')
    .replaceAll(/(?<=.)h/gu, '')
    .replaceAll(/^[aeiouy]+/g, 'a')
    .replaceAll(/(?<=.)[aeiouy]/gu, '')
    .replaceAll(/(\p{L})\1+/gu, '$1')
}

/** States that stand beside postcodes, by country: their names lead to their codes. */
const STATES: Record<string, string> = {
  us: 'al alabama,ak alaska,az arizona,ar arkansas,ca california,co colorado,ct connecticut,de delaware,dc district of columbia,fl florida,ga georgia,hi hawaii,id idaho,il illinois,in indiana,ia iowa,ks kansas,ky kentucky,la louisiana,me maine,md maryland,ma massachusetts,mi michigan,mn minnesota,ms mississippi,mo missouri,mt montana,ne nebraska,nv nevada,nh new hampshire,nj new jersey,nm new mexico,ny new york,nc north carolina,nd north dakota,oh ohio,ok oklahoma,or oregon,pa pennsylvania,pr puerto rico,ri rhode island,sc south carolina,sd south dakota,tn tennessee,tx texas,ut utah,vt vermont,va virginia,wa washington,wv west virginia,wi wisconsin,wy wyoming',
  ca: 'ab alberta,bc british columbia,mb manitoba,nb new brunswick,nl newfoundland and labrador,ns nova scotia,nt northwest territories,nu nunavut,on ontario,pe prince edward island,qc quebec,sk saskatchewan,yt yukon',
  au: 'act australian capital territory,nsw new south wales,nt northern territory,qld queensland,sa south australia,tas tasmania,vic victoria,wa western australia',
}

/** A country's states: every spelling leads to the code, longest spelling first. */
export const STATE_CODES: ReadonlyMap<string, ReadonlyMap<string, string>> = new Map(
  Object.entries(STATES).map(([country, list]) => {
    const spellings = list.split(',').flatMap((each) => {
      const [code = ''] = each.split(' ')
      return [[code, code] as const, [each.slice(code.length + 1), code] as const]
    })
    return [country, new Map(spellings.sort(([one], [other]) => other.length - one.length))]
  }),
)
