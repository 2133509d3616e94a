import type { IdentifierType } from '../src/risk/normalise/normalised.ts'
import {
  CHINESE_STREETS,
  GERMAN_STREETS,
  hexOf,
  PROVIDERS,
  STREETS,
  type Country,
  type Draw,
  type Home,
  type Person,
} from './risk-people.ts'

/** What is sent, with the country of the shop that sends it. */
export type Written = { value: string; region: string | null }
/** Writes an identifier of a person: in another way, or one that is not theirs. Null where the person has none of the kind. */
export type Write = (person: Person, draw: Draw) => Written | string | null

export const CALLING: Readonly<Record<Country, string>> = {
  US: '1',
  GB: '44',
  DE: '49',
  BR: '55',
  MX: '52',
  CN: '86',
  AR: '54',
  IT: '39',
}

/** An identifier as it is listed. */
export const LISTED: Readonly<Record<IdentifierType, (person: Person) => string>> = {
  email: (person) => `${localOf(person)}@${person.provider}`,
  username: (person) => `${siteOf(person)}${localOf(person)}`,
  phone: ({ country, national }) => `+${CALLING[country]}${national}`,
  address: ({ home }) => homeText(home),
  ip: ({ ip }) => ip,
  device: ({ device }) => device,
}

/** The same one written otherwise, as people and programs do, or to get by. */
export const SAME: Readonly<Record<IdentifierType, Readonly<Record<string, Write>>>> = {
  email: {
    capitals: (person) => `  ${mail(person).toUpperCase()} `,
    tag: (person, draw) => `${localOf(person)}+${draw.of(['shop', 'x1', 'haul'])}@${person.provider}`,
    dots: (person) => onGmail(person, `${spreadDots(localOf(person))}@gmail.com`),
    alias: (person) => onGmail(person, `${localOf(person)}@googlemail.com`),
    'full width': (person) => fullWidth(mail(person)),
    unseen: (person) => mail(person).replace('@', '\u200b@'),
    joint: (person) =>
      apart(person, `${localOf({ ...person, joint: person.joint === '_' ? '' : '_' })}@${person.provider}`),
    leet: (person) => changed(localOf(person), leet(localOf(person)), `@${person.provider}`),
    doubled: (person, draw) => `${doubled(localOf(person), draw)}@${person.provider}`,
    'drawn alike': (person) => changed(localOf(person), cyrillic(localOf(person)), `@${person.provider}`),
    'other figures': (person, draw) => `${localOf({ ...person, figures: draw.digits(3) })}@${person.provider}`,
  },
  username: {
    capitals: (person) => `${siteOf(person)}${localOf(person).toUpperCase()}`,
    handle: (person) => `${siteOf(person)}@${localOf(person)}`,
    'full width': (person) => siteOf(person) + fullWidth(localOf(person)),
    unseen: (person) => `${siteOf(person)}${localOf(person).slice(0, 3)}\u2060${localOf(person).slice(3)}`,
    'drawn alike': (person) => siteOf(person) + cyrillic(localOf(person)),
    joint: (person) => siteOf(person) + localOf({ ...person, joint: person.joint === '' ? ('-' as '_') : '' }),
    leet: (person) => changed(localOf(person), leet(localOf(person)), '', siteOf(person)),
    shape: (person) =>
      changed(localOf(person), localOf(person).replaceAll('m', 'rn').replaceAll('w', 'vv'), '', siteOf(person)),
    doubled: (person, draw) => siteOf(person) + doubled(localOf(person), draw),
    'other figures': (person, draw) => siteOf(person) + localOf({ ...person, figures: draw.digits(3) }),
  },
  phone: {
    spaced: ({ country, national }) =>
      `+${CALLING[country]} ${national.slice(0, 3)} ${national.slice(3, 6)}-${national.slice(6)}`,
    national: ({ country, national }) => ({ value: trunk(country) + national, region: country }),
    'trunk in brackets': ({ country, national }) =>
      trunk(country) === '0' ? `+${CALLING[country]} (0)${national}` : null,
    'dialled abroad': ({ country, national }) => `00${CALLING[country]}${national}`,
    extension: ({ country, national }, draw) => `+${CALLING[country]}${national} ext. ${draw.digits(3)}`,
    'full width': ({ country, national }) => fullWidth(`+${CALLING[country]}${national}`),
    'old plan': ({ country, national }) => oldPlan(country, national),
    link: ({ country, national }) => `tel:+${CALLING[country]}-${national}`,
    "the shop's country": ({ country, national }) => {
      const shop = ({ US: 'MX', MX: 'US', DE: 'AT' } as Partial<Record<Country, string>>)[country]
      return shop === undefined ? null : { value: `${trunk(country)}${national}`, region: shop }
    },
    'without 9 or 0': ({ country, national }) =>
      country === 'AR' || country === 'IT' ? `+${CALLING[country]}${national.slice(1)}` : null,
  },
  address: {
    capitals: ({ home }) => homeText(home).toUpperCase(),
    lines: ({ home }) => homeText(home).replaceAll(', ', '\n'),
    abbreviated: ({ home }) => homeText(home, { kind: SHORT[home.kind] ?? home.kind }),
    unit: ({ home }) =>
      homeText(home, { unitWord: home.country === 'CN' ? '单元' : home.country === 'DE' ? 'Whg.' : '#' }),
    'no country': ({ home }) => ({ value: homeText(home, { land: '' }), region: home.country }),
    'with a name': ({ first, last, home }) =>
      home.country === 'CN' ? null : `${capital(first)} ${capital(last)}\n${homeText(home)}`,
    'full width': ({ home }) => fullWidth(homeText(home)),
    misspelt: ({ home }, draw) =>
      home.country === 'CN' ? null : homeText({ ...home, street: misspelt(home.street, draw) }),
    'wrong postcode': ({ home }, draw) =>
      homeText({ ...home, postcode: `${home.postcode.slice(0, -1)}${anotherEnd(home, draw)}` }),
    'no postcode': ({ home }) => homeText({ ...home, postcode: '' }),
    'no kind': ({ home }) => (home.country === 'CN' ? null : homeText(home, { kind: '' })),
    'no unit': ({ home }) => homeText(home, { unitWord: null }),
  },
  ip: {
    port: ({ ip }, draw) =>
      isV6(ip) ? `[${ip}]:${1_024 + draw.below(60_000)}` : `${ip}:${1_024 + draw.below(60_000)}`,
    mapped: ({ ip }) => (isV6(ip) ? null : `::ffff:${ip}`),
    long: ({ ip }) =>
      isV6(ip)
        ? ip
            .split(':')
            .map((group) => group.padStart(4, '0'))
            .join(':')
            .toUpperCase()
        : null,
    'as it is': ({ ip }) => ip,
    'privacy address': ({ ip }, draw) => (isV6(ip) ? reassigned(ip, 4, draw) : null),
    'new lease': ({ ip }, draw) => (isV6(ip) ? null : `${ip.slice(0, ip.lastIndexOf('.'))}.${1 + draw.below(254)}`),
  },
  device: {
    capitals: ({ device }) => device.toUpperCase(),
    bare: ({ device }) => device.replaceAll(/[:-]/g, ''),
    braces: ({ device }) => (device.includes('-') ? `{${device}}` : null),
    urn: ({ device }) => (device.includes('-') ? `urn:uuid:${device}` : null),
    'full width': ({ device }) => fullWidth(device),
  },
}

/** Others, as close as they come. */
export const OTHERS: Readonly<Record<IdentifierType, Readonly<Record<string, Write>>>> = {
  email: {
    'other figures': (person, draw) => `${localOf({ ...person, figures: draw.digits(2) })}@${person.provider}`,
    'other provider': (person, draw) =>
      `${localOf(person)}@${draw.of(PROVIDERS.filter((each) => each !== person.provider))}`,
    'same surname': (person, draw) =>
      mail({ ...person, first: `${draw.of('bcdfghjk'.split(''))}${person.first.slice(1)}ie` }),
    initial: (person) => mail({ ...person, first: person.first[0]! }),
    transposed: (person) => changed(localOf(person), transposed(localOf(person)), `@${person.provider}`),
    'one letter': (person, draw) => mail({ ...person, last: oneLetter(person.last, draw) }),
    'typo of the domain': (person) => `${localOf(person)}@${transposed(person.provider.split('.')[0]!)}.com`,
  },
  username: {
    'other figures': (person, draw) => siteOf(person) + localOf({ ...person, figures: draw.digits(2) }),
    'other site': (person) => `market:${localOf(person)}`,
    'same surname': (person, draw) =>
      siteOf(person) + localOf({ ...person, first: `${draw.of('bcdfghjk'.split(''))}${person.first.slice(1)}ie` }),
    transposed: (person) => changed(localOf(person), transposed(localOf(person)), '', siteOf(person)),
    'one letter': (person, draw) => siteOf(person) + localOf({ ...person, last: oneLetter(person.last, draw) }),
    longer: (person) => `${siteOf(person)}${localOf(person)}son`,
  },
  phone: {
    transposed: ({ country, national }) => changed(national, transposed(national), '', `+${CALLING[country]}`),
    'last digit': ({ country, national }, draw) =>
      `+${CALLING[country]}${national.slice(0, -1)}${(Number(national.at(-1)) + 1 + draw.below(8)) % 10}`,
    'other area': ({ country, national }) =>
      country === 'US'
        ? `+1503${national.slice(3)}`
        : country === 'GB'
          ? `+447${anotherDigits(national.slice(1, 4))}${national.slice(4)}`
          : null,
    'other country': ({ country, national }) =>
      ({ US: `+52${national}`, MX: `+1${national}` } as Partial<Record<Country, string>>)[country] ?? null,
  },
  address: {
    'next house': ({ home }) => homeText({ ...home, house: home.house + 2 }),
    'other unit': ({ home }, draw) => homeText({ ...home, unit: home.unit + 1 + draw.below(5) }),
    'other street': ({ home }, draw) => homeText({ ...home, street: anotherStreet(home, draw) }),
    'other town': ({ home }) =>
      homeText({
        ...home,
        town: home.country === 'CN' ? '四川省成都市武侯区' : 'Newport',
        postcode: farPostcode(home),
      }),
    'house turned round': ({ home }) =>
      home.house > 12 && home.house % 11 !== 0 && home.house % 10 !== 0
        ? homeText({ ...home, house: Number(String(home.house).split('').reverse().join('')) })
        : null,
    'a letter more': ({ home }) => (home.country === 'CN' ? null : homeText(home, { letter: 'A' })),
    'no unit, other house': ({ home }) => homeText({ ...home, house: home.house + 4 }, { unitWord: null }),
  },
  ip: {
    'same /24': ({ ip }, draw) => (isV6(ip) ? null : `${ip.slice(0, ip.lastIndexOf('.'))}.${1 + draw.below(254)}`),
    'same /24, next': ({ ip }) =>
      isV6(ip) ? null : `${ip.slice(0, ip.lastIndexOf('.'))}.${(Number(ip.split('.')[3]) % 254) + 1}`,
    'same /16': ({ ip }, draw) =>
      isV6(ip) ? null : `${ip.split('.').slice(0, 2).join('.')}.${draw.below(256)}.${1 + draw.below(254)}`,
    'same /48': ({ ip }, draw) => (isV6(ip) ? reassigned(ip, 3, draw) : null),
    'same /32': ({ ip }, draw) => (isV6(ip) ? reassigned(ip, 2, draw) : null),
  },
  device: {
    'one digit': ({ device }) =>
      device.replace(/[0-9a-e](?=[^0-9a-e]*$)/, (digit) => ((parseInt(digit, 16) + 1) % 16).toString(16)),
    transposed: ({ device }) => changed(device, transposed(device), ''),
    'same head': ({ device }, draw) => `${device.slice(0, -6)}${hexOf(draw, 6)}`,
    'other namespace': ({ device }) => `idfv:${device}`,
  },
}

const SHORT: Readonly<Record<string, string>> = {
  Street: 'St.',
  Avenue: 'Ave',
  Road: 'Rd',
  Boulevard: 'Blvd',
  Lane: 'Ln',
  Gardens: 'Gdns',
  straße: 'str.',
}

type Style = { kind?: string; land?: string; unitWord?: string | null; letter?: string }

export function homeText(home: Home, { kind = home.kind, land, unitWord, letter = '' }: Style = {}): string {
  const { house, street, unit, town, state, postcode } = home
  const lines = (...parts: string[]) =>
    parts
      .map((part) => part.trim())
      .filter((part) => part !== '')
      .join(', ')
  const door = (word: string) => (unitWord === null ? '' : `${unitWord ?? word} ${unit}`)
  const texts: Record<Home['country'], () => string> = {
    US: () =>
      lines(`${house}${letter} ${street} ${kind}`, door('Apartment'), town, `${state} ${postcode}`, land ?? 'USA'),
    GB: () => lines(door('Flat'), `${house}${letter} ${street} ${kind}`, town, postcode, land ?? 'United Kingdom'),
    DE: () => lines(`${street}${kind} ${house}${letter}`, door('Wohnung'), `${postcode} ${town}`, land ?? 'Germany'),
    CN: () => {
      const room = unitWord === null ? '' : `${unit}${unitWord ?? '室'}`
      return `${land ?? '中国'}${town}${street}${kind}${house}号${room} ${postcode}`.trim()
    },
  }
  return texts[home.country]()
}

function mail(person: Person): string {
  return LISTED.email(person)
}

function localOf({ first, joint, last, figures }: Person): string {
  return `${first}${joint}${last}${figures}`
}

function siteOf({ site }: Person): string {
  return site === 'any' ? '' : `${site}:`
}

function onGmail({ provider }: Person, text: string): string | null {
  return provider === 'gmail.com' ? text : null
}

/** Gmail's own look past dots, not past underscores. */
function apart(person: Person, text: string): string {
  return text === mail(person) ? text.replace('@', '_@') : text
}

function changed(before: string, after: string, end: string, start = ''): string | null {
  return before === after ? null : `${start}${after}${end}`
}

function spreadDots(local: string): string {
  const plain = local.replaceAll('.', '')
  return `${plain.slice(0, 2)}.${plain.slice(2, 5)}.${plain.slice(5)}`.replace(/\.$/, '')
}

function fullWidth(text: string): string {
  return text.replaceAll(/[!-~]/g, (ascii) => String.fromCharCode(ascii.charCodeAt(0) + 0xfee0))
}

function leet(text: string): string {
  return text.replaceAll(/[oei]/g, (letter) => ({ o: '0', e: '3', i: '1' })[letter]!)
}

function doubled(text: string, draw: Draw): string {
  const at = 1 + draw.below(3)
  return `${text.slice(0, at)}${text[at - 1]}${text.slice(at)}`
}

function cyrillic(text: string): string {
  return text.replaceAll(/[aeo]/g, (letter) => ({ a: 'а', e: 'е', o: 'о' })[letter]!)
}

function transposed(text: string): string {
  const at = text
    .split('')
    .findLastIndex(
      (each, place) => place > 0 && /[\p{L}\p{N}]/u.test(each + text[place - 1]!) && each !== text[place - 1],
    )
  return at < 1 ? text : `${text.slice(0, at - 1)}${text[at]}${text[at - 1]}${text.slice(at + 1)}`
}

function oneLetter(text: string, draw: Draw): string {
  return `${draw.of('bdgkpt'.split('').filter((each) => each !== text[0]))}${text.slice(1)}`
}

function trunk(country: Country): string {
  return country === 'GB' || country === 'DE' ? '0' : ''
}

function oldPlan(country: Country, national: string): string | null {
  if (country === 'MX') return `+521${national}`
  return country === 'BR' ? `+55${national.slice(0, 2)}${national.slice(3)}` : null
}

function anotherDigits(text: string): string {
  return text === '400' ? '512' : '400'
}

function misspelt(street: string, draw: Draw): string {
  const vowel = /[aeiou](?=.)/g
  const places = [...street.matchAll(vowel)].map(({ index }) => index).filter((index) => index > 0)
  if (places.length === 0) return `${street}e`
  const at = draw.of(places)
  return `${street.slice(0, at)}${street[at] === 'e' ? 'a' : 'e'}${street.slice(at + 1)}`
}

function anotherEnd({ postcode }: Home, draw: Draw): string {
  const last = postcode.at(-1)!
  return /\d/.test(last)
    ? String((Number(last) + 1 + draw.below(8)) % 10)
    : draw.of('ABDEF'.split('').filter((each) => each !== last))
}

function anotherStreet({ country, street }: Home, draw: Draw): string {
  const streets = country === 'DE' ? GERMAN_STREETS : country === 'CN' ? CHINESE_STREETS : STREETS
  return draw.of(streets.filter((each) => each !== street))
}

function farPostcode({ country }: Home): string {
  return { US: '02840', GB: 'NP20 4AB', DE: '24105', CN: '610041' }[country]
}

function isV6(ip: string): boolean {
  return ip.includes(':')
}

/** The same first groups, and others behind. */
function reassigned(ip: string, kept: number, draw: Draw): string {
  return ip
    .split(':')
    .map((group, at) => (at < kept ? group : hexOf(draw, 4).replace(/^0+(?=.)/, '')))
    .join(':')
}

function capital(text: string): string {
  return `${text[0]!.toUpperCase()}${text.slice(1)}`
}
