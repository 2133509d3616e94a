/** One `name=value` of a query: the name decoded and in lower case, the value as it stands; `at` is where it begins. */
export type Param = { name: string; value: string; at: number }

/** A link taken apart. Built by hand: a `URL` object costs more than all the rest, and repairs what must be refused. */
export type Address = {
  /** In lower case, without port. */
  host: string
  /** As written, with slashes collapsed; `/` when absent. */
  path: string
  query: string
  params: Param[]
  /** The path and query after `#/`, which one-page shops use; null when there is none. */
  route: { path: string; query: string; params: Param[] } | null
}

/** Why a text cannot be taken as an address of a known host. */
export type Refusal = 'not an address' | 'user name' | 'port' | 'host'

const HOST = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/
/** One slash after the colon is what is left of two where a server tidied a path; browsers read it as two. */
const SCHEME = /^(?:([Hh][Tt][Tt][Pp][Ss]?):\/{1,2}|\/\/)/

/**
 * Takes an http(s) address apart; the scheme may be missing. A user name before the host, a port other than the
 * scheme's own, a backslash, and host names with anything but ASCII letters, digits, dots and hyphens are refused,
 * because browsers and servers read those differently.
 */
export function readAddress(text: string): Address | Refusal {
  const scheme = SCHEME.exec(text)
  const start = scheme ? scheme[0].length : 0
  const end = endOfAuthority(text, start)
  const authority = text.slice(start, end).toLowerCase()
  if (authority === '' || authority.length > 260) return 'not an address'
  const host = readHost(authority, scheme?.[1]?.toLowerCase())
  if (!host.includes('.')) return host === 'user name' || host === 'port' ? host : 'host'

  const rest = text.slice(end)
  const hash = rest.indexOf('#')
  const [path, query] = splitPath(hash === -1 ? rest : rest.slice(0, hash))
  return { host, path, query, params: readParams(query), route: hash === -1 ? null : readRoute(rest.slice(hash + 1)) }
}

const AUTHORITY_END = /[/?#&]/g

function endOfAuthority(text: string, start: number): number {
  AUTHORITY_END.lastIndex = start
  return AUTHORITY_END.exec(text)?.index ?? text.length
}

function readHost(authority: string, scheme: string | undefined): string {
  if (authority.includes('@')) return 'user name'
  const colon = authority.indexOf(':')
  const host = colon === -1 ? authority : authority.slice(0, colon)
  if (colon !== -1) {
    const port = authority.slice(colon)
    const usual = (port === ':443' && scheme !== 'http') || (port === ':80' && scheme !== 'https') || port === ':'
    if (!usual) return 'port'
  }
  return HOST.test(host) && !host.includes('..') ? host : 'host'
}

/** Links shared by hand sometimes join the first parameter to the path with `&`. */
function splitPath(text: string): [path: string, query: string] {
  const cut = text.search(/[?&]/)
  const path = cut === -1 ? text : text.slice(0, cut)
  return [path.includes('//') ? path.replace(/\/{2,}/g, '/') : path || '/', cut === -1 ? '' : text.slice(cut + 1)]
}

const ENCODED_ROUTE = /^!?%(?:25){0,2}2f/i

function readRoute(fragment: string): Address['route'] {
  let text = fragment
  for (let decodings = 0; decodings < 3 && ENCODED_ROUTE.test(text); decodings += 1) text = decode(text)
  if (text.startsWith('!')) text = text.slice(1)
  // Without a slash it is a place on the page, unless it has parameters.
  if (text.charCodeAt(0) !== 47) text = text.includes('?') ? `/${text}` : ''
  if (text.length < 2) return null
  const [path, query] = splitPath(text)
  return { path, query, params: readParams(query) }
}

function readParams(query: string): Param[] {
  const params: Param[] = []
  let at = 0
  while (at < query.length && params.length < 200) {
    let end = query.indexOf('&', at)
    if (end === -1) end = query.length
    if (end > at) params.push(readParam(query.slice(at, end), at))
    at = end + 1
  }
  return params
}

function readParam(text: string, at: number): Param {
  let equals = text.indexOf('=')
  let width = 1
  if (equals === -1) {
    // A whole query that went through an encoder once too often.
    const mangled = /%(?:25){0,2}3d/i.exec(text)
    if (mangled) [equals, width] = [mangled.index, mangled[0].length]
  }
  const written = equals === -1 ? text : text.slice(0, equals)
  const value = equals === -1 ? '' : text.slice(equals + width)
  let name = (written.includes('%') ? decode(written) : written).toLowerCase()
  // What is left of an ampersand whose semicolon was percent-encoded.
  while (name.startsWith('amp;')) name = name.slice(4)
  return {
    name,
    value,
    at: at + (equals === -1 ? text.length : equals + width),
  }
}

/** Percent-decoding that never throws: what is not valid UTF-8 keeps its escapes, ASCII is decoded all the same. */
export function decode(text: string): string {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return text.replace(/%([0-7][0-9a-f])/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  }
}

const NAMED_ENTITIES: Readonly<Record<string, string>> = {
  equals: '=',
  sol: '/',
  colon: ':',
  quest: '?',
  num: '#',
  percnt: '%',
  period: '.',
  lowbar: '_',
}
const ENTITY = /&(?:#0{0,6}(\d{2,3})|#x0{0,6}([0-9a-f]{2})|(equals|sol|colon|quest|num|percnt|period|lowbar));/gi
/** What addresses are made of. Quotes and brackets stay as they are: they end an address, and `&` ends it as well. */
const ADDRESS_CHARACTER = /[\w#%&+./:=?@~-]/

/** The characters of an address that went through an HTML encoder, ampersands once or several times. */
export function decodeEntities(text: string): string {
  if (!text.includes('&') || !text.includes(';')) return text
  return text
    .replace(/&(?:(?:amp|#0{0,6}38|#x0{0,6}26);)+/gi, '&')
    .replace(ENTITY, (entity: string, decimal?: string, hex?: string, name?: string) => {
      if (name !== undefined) return NAMED_ENTITIES[name.toLowerCase()]!
      const character = String.fromCharCode(decimal === undefined ? Number.parseInt(hex!, 16) : Number(decimal))
      return ADDRESS_CHARACTER.test(character) ? character : entity
    })
}

const AFTER_LINK = /[\s。，、；！？）】」]/

/** Cuts off blanks and the Chinese marks that end a sentence, which get encoded together with an address. */
export function trimMarks(text: string): string {
  let end = text.length
  while (end > 0 && AFTER_LINK.test(text[end - 1]!)) end -= 1
  return end === text.length ? text : text.slice(0, end)
}

/**
 * The first value of the first of `names` that has one, decoded and trimmed; null when none has. `twice`: there is a
 * second, different value. Under another name only a number counts as that, as pages fill in words like `undefined`.
 */
export function findParam(
  params: readonly Param[],
  names: readonly string[],
): { value: string; twice: boolean } | null {
  let value: string | null = null
  let valueName = ''
  for (const name of names) {
    for (const param of params) {
      if (param.name !== name || param.value === '') continue
      const decoded = trimMarks(decode(param.value))
      if (value === null) [value, valueName] = [decoded, name]
      else if (value !== decoded && (name === valueName || /^\d+$/.test(decoded))) return { value, twice: true }
    }
  }
  return value === null ? null : { value, twice: false }
}

/** The address up to a blank, over https, as a program may ask for it; null when it is not all printable ASCII. */
export function httpsUrl({ host, path, query }: Address): string | null {
  const [rest = ''] = (query === '' ? path : `${path}?${query}`).split(/\s/, 1)
  return /^[!-~]*$/.test(rest) ? `https://${host}${rest}` : null
}
