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
const SCHEME = /^(?:([Hh][Tt][Tt][Pp][Ss]?):)?\/\//

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

function readRoute(fragment: string): Address['route'] {
  const from = fragment.startsWith('!/') ? 1 : 0
  if (fragment.charCodeAt(from) !== 47 || fragment.length === from + 1) return null
  const [path, query] = splitPath(fragment.slice(from))
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
  const name = equals === -1 ? text : text.slice(0, equals)
  const value = equals === -1 ? '' : text.slice(equals + width)
  return {
    name: (name.includes('%') ? decode(name) : name).toLowerCase(),
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

/** Ampersands and equals signs that went through an HTML encoder, once or several times. */
export function decodeEntities(text: string): string {
  if (!text.includes('amp;') && !text.includes('&#') && !text.includes('&equals;')) return text
  return text
    .replace(/&(?:amp;)+/gi, '&')
    .replace(/&#(?:0*38|x0*26);/gi, '&')
    .replace(/&(?:#(?:0*61|x0*3d)|equals);/gi, '=')
}

/** The first value of the first of `names` that has one, decoded; null when none has. Two different values: `twice`. */
export function findParam(
  params: readonly Param[],
  names: readonly string[],
): { value: string; twice: boolean } | null {
  for (const name of names) {
    let value: string | null = null
    for (const param of params) {
      if (param.name !== name || param.value === '') continue
      const decoded = decode(param.value)
      if (value !== null && value !== decoded) return { value, twice: true }
      value = decoded
    }
    if (value !== null) return { value, twice: false }
  }
  return null
}

/** The address over https as a program may ask for it; null when it holds anything but printable ASCII. */
export function httpsUrl({ host, path, query }: Address): string | null {
  const rest = query === '' ? path : `${path}?${query}`
  return /^[!-~]*$/.test(rest) ? `https://${host}${rest}` : null
}
