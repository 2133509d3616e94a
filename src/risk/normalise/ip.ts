import ipaddr from 'ipaddr.js'
import { cleanText } from './clean-text.ts'
import type { Normalised } from './normalised.ts'

const LENGTH_MAX = 64
const UNFIT_FORM =
  'This is not an IP address; send one IPv4 address as four decimal numbers without leading zeros, or one IPv6 address without a zone.'
const UNFIT_NETWORK_FORM = 'This is not a network; send an address and a prefix length, such as 198.51.100.0/24.'

const IPV4 = /^(?:(?:0|[1-9]\d{0,2})\.){3}(?:0|[1-9]\d{0,2})$/
const PORT = /^(?:\[([^\]]*)\](?::\d{1,5})?|(\d[\d.]*):\d{1,5})$/

/** The widest network that an entry may name, in bits: a whole registry's block has too many innocent users. */
const PREFIX_MIN = { 4: 8, 6: 16 } as const

const TUNNELS = new Set(['6to4', 'teredo'])
const FIT_RANGES = new Set(['unicast', ...TUNNELS])
const DOCUMENTATION = ['192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', '2001:db8::/32'].map((network) =>
  ipaddr.parseCIDR(network),
)
/** What is handed out of IPv6; beyond it lies nothing that has a name. */
const GLOBAL_V6 = ipaddr.parseCIDR('2000::/3') as [ipaddr.IPv6, number]
const RANGE_NAMES: Record<string, string> = {
  private: 'private',
  uniqueLocal: 'private',
  loopback: 'a loopback address',
  linkLocal: 'link-local',
  carrierGradeNat: 'shared behind a carrier (100.64.0.0/10)',
  multicast: 'multicast',
  unspecified: 'unspecified',
  broadcast: 'broadcast',
}

/** An address by its sixteen-bit groups: two for IPv4, eight for IPv6. */
type Address = { version: 4 | 6; groups: readonly number[] }
type Options = { allowDocumentation?: boolean }

/**
 * The keys of an IP address: exact and canonical are its own text (dotted decimal, RFC 5952), near the /48, /56 and /64 around an IPv6
 * address, which are what sites and households are given. None is near an IPv4 address: its neighbours are other people's.
 *
 * A port and brackets are taken off. IPv4 inside IPv6 (mapped, compatible, and NAT64's 64:ff9b::/96 of RFC 6052) is IPv4; 6to4 and
 * Teredo stay IPv6 and have the flag `tunnel`. Octal, hexadecimal and short forms are unfit, as programs disagree on what they mean; so
 * is what nobody has on the internet (IANA's special-purpose registries). `allowDocumentation` lets in the networks of RFC 5737 and
 * RFC 3849, for tests and the demo.
 */
export function normaliseIp(raw: string, options: Options = {}): Normalised {
  if (raw.length > LENGTH_MAX) return { kind: 'unfit', why: UNFIT_FORM }
  const text = cleanText(raw)
  const address = parseAddress(PORT.exec(text)?.slice(1).find(Boolean) ?? text)
  if (!address) return { kind: 'unfit', why: UNFIT_FORM }
  const range = rangeOf(address)
  const notPublic = refusal(range, address, options)
  if (notPublic !== null) return { kind: 'unfit', why: notPublic }

  const own = textOf(address)
  const around = address.version === 4 ? [] : [64, 56, 48]
  return {
    kind: 'fit',
    keys: [
      { form: 'exact', text: `exact/${own}` },
      { form: 'canonical', text: `canonical/${own}` },
      ...around.map((bits) => ({ form: 'near' as const, text: `near/${networkText(address, bits)}` })),
    ],
    hint: hintOf(address),
    flags: TUNNELS.has(range) ? ['tunnel'] : [],
  }
}

/**
 * The one key of a network (CIDR), `net/…`: exact, its host bits zero. Unfit when it is wider than /8 or, of IPv6, /16, or lies wholly
 * where nobody has an address. Networks inside ::ffff:0:0/96 and 64:ff9b::/96 are IPv4.
 */
export function normaliseNetwork(raw: string, options: Options = {}): Normalised {
  if (raw.length > LENGTH_MAX) return { kind: 'unfit', why: UNFIT_NETWORK_FORM }
  const [, addressText = '', bitsText = ''] = /^([^/]+)\/(\d{1,3})$/.exec(cleanText(raw)) ?? []
  const address = parseAddress(addressText)
  if (!address) return { kind: 'unfit', why: UNFIT_NETWORK_FORM }
  const isInside = address.version === 4 && addressText.includes(':')
  const bits = Number(bitsText) - (isInside ? 96 : 0)
  if (bits > address.groups.length * 16) return { kind: 'unfit', why: UNFIT_NETWORK_FORM }
  const widest = PREFIX_MIN[address.version]
  if (bits < widest) return { kind: 'unfit', why: `A network of IPv${address.version} is /${widest} or longer.` }

  const first = { ...address, groups: masked(address.groups, bits, 0) }
  const last = { ...address, groups: masked(address.groups, bits, 0xffff) }
  const notPublic = refusal(rangeOf(first), first, options)
  if (notPublic !== null && refusal(rangeOf(last), last, options) !== null) return { kind: 'unfit', why: notPublic }
  return {
    kind: 'fit',
    keys: [{ form: 'exact', text: `net/${networkText(address, bits)}` }],
    hint: `${hintOf(address)}/${bits}`,
    flags: [],
  }
}

/**
 * The keys of all networks that an entry may have and this address lies in, as `normaliseNetwork` writes them, the smallest first: 25
 * for IPv4, 113 for IPv6. `ip` is what follows the slash in the address's canonical key.
 */
export function networksOf(ip: string): readonly string[] {
  const address = parseAddress(ip)!
  const widest = PREFIX_MIN[address.version]
  const longest = address.groups.length * 16
  const heads = headsOf(address.groups)
  const lengths = Array.from({ length: longest - widest + 1 }, (_, shorter) => longest - shorter)
  return lengths.map((bits) => `net/${networkText(address, bits, heads)}`)
}

function parseAddress(text: string): Address | null {
  if (IPV4.test(text)) return ipaddr.IPv4.isValid(text) ? fromBytes(ipaddr.IPv4.parse(text).toByteArray()) : null
  // The parser would take `::ffff:010.0.0.1` for 10.0.0.1, and zones.
  const dotted = /[^:]*\..*$/.exec(text)?.[0]
  if (text.includes('%') || (dotted !== undefined && !IPV4.test(dotted)) || !ipaddr.IPv6.isValid(text)) return null
  const bytes = ipaddr.IPv6.parse(text).toByteArray()
  const isAround = (head: readonly number[]) => bytes.slice(0, 12).every((byte, index) => byte === (head[index] ?? 0))
  const isMapped = isAround([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff])
  const isCompatible = isAround([]) && (bytes[12]! > 0 || bytes[13]! > 0)
  const isNat64 = isAround([0, 0x64, 0xff, 0x9b])
  return fromBytes(isMapped || isCompatible || isNat64 ? bytes.slice(12) : bytes)
}

function fromBytes(bytes: readonly number[]): Address {
  const groups = Array.from({ length: bytes.length / 2 }, (_, at) => bytes[2 * at]! * 256 + bytes[2 * at + 1]!)
  return { version: bytes.length === 4 ? 4 : 6, groups }
}

function textOf({ version, groups }: Address): string {
  return version === 4 ? dottedText(groups[0]!, groups[1]!) : new ipaddr.IPv6([...groups]).toRFC5952String()
}

function dottedText(high: number, low: number): string {
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`
}

function masked(groups: readonly number[], bits: number, filler: 0 | 0xffff): number[] {
  return groups.map((group, at) => {
    const hostBits = Math.min(16, Math.max(0, (at + 1) * 16 - bits))
    const mask = (0xffff << hostBits) & 0xffff
    return (group & mask) | (filler & ~mask)
  })
}

/** A network by its first address, written to be made quickly rather than shortest: groups as far as the prefix reaches. */
function networkText({ version, groups }: Address, bits: number, heads = headsOf(groups)): string {
  if (version === 4) {
    const [high, low] = masked(groups, bits, 0)
    return `${dottedText(high!, low!)}/${bits}`
  }
  const whole = bits >> 4
  const rest = bits & 15
  const part = rest === 0 ? '' : `:${(groups[whole]! & (0xffff << (16 - rest))).toString(16)}`
  return `${heads[whole]}${part}${bits > 112 ? '' : '::'}/${bits}`
}

/** The first none, one, two … groups of an IPv6 address as text. */
function headsOf(groups: readonly number[]): string[] {
  const texts = groups.map((group) => group.toString(16))
  return Array.from({ length: groups.length + 1 }, (_, count) => texts.slice(0, count).join(':'))
}

/** Enough to tell two apart at a glance, not to find anybody: half of an IPv4 address, the provider's block of an IPv6 one. */
function hintOf({ version, groups }: Address): string {
  const [first = 0, second = 0] = groups
  return version === 4 ? `${first >> 8}.${first & 255}.•.•` : `${first.toString(16)}:${second.toString(16)}:•`
}

/** What the library calls the address's range; `reserved` where its table has no name. */
function rangeOf(address: Address): string {
  const parsed = parsedOf(address)
  const range = parsed.range()
  return range === 'unicast' && parsed instanceof ipaddr.IPv6 && !parsed.match(GLOBAL_V6) ? 'reserved' : range
}

function parsedOf({ version, groups }: Address): ipaddr.IPv4 | ipaddr.IPv6 {
  if (version === 6) return new ipaddr.IPv6([...groups])
  return new ipaddr.IPv4(groups.flatMap((group) => [group >> 8, group & 255]))
}

/** Why an address cannot be anybody's on the internet, or null when it can. */
function refusal(range: string, address: Address, { allowDocumentation = false }: Options): string | null {
  if (FIT_RANGES.has(range)) return null
  const parsed = parsedOf(address)
  const isIn = (network: (typeof DOCUMENTATION)[number]) => parsed.kind() === network[0].kind() && parsed.match(network)
  if (allowDocumentation && DOCUMENTATION.some(isIn)) return null
  return `This address is ${RANGE_NAMES[range] ?? 'reserved'}; send the public address that the visitor came from.`
}
