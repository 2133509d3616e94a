import ipaddr from 'ipaddr.js'

/** A range of addresses as two integers, which compare faster than parsed objects. IPv4 lives at ::ffff:0:0/96. */
export type Network = { first: bigint; last: bigint }

function integerOf(address: ipaddr.IPv4 | ipaddr.IPv6): bigint {
  const bytes =
    address.kind() === 'ipv4' ? (address as ipaddr.IPv4).toIPv4MappedAddress().toByteArray() : address.toByteArray()
  return bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
}

/** Reads `203.0.113.7`, `203.0.113.0/24`, `2001:db8::/32` or an IPv4-mapped form; null when it is none of these. */
export function parseNetwork(text: string): Network | null {
  const [addressText, bitsText, ...rest] = text.split('/')
  if (rest.length > 0 || !addressText) return null
  const isFullForm = ipaddr.IPv4.isValidFourPartDecimal(addressText) || ipaddr.IPv6.isValid(addressText)
  if (!isFullForm || addressText.includes('%')) return null
  const address = ipaddr.parse(addressText)
  const width = address.kind() === 'ipv4' ? 32 : 128
  if (bitsText !== undefined && (!/^\d{1,3}$/.test(bitsText) || Number(bitsText) > width)) return null

  const hostBits = BigInt(width - Number(bitsText ?? width))
  const first = (integerOf(address) >> hostBits) << hostBits
  return { first, last: first | ((1n << hostBits) - 1n) }
}

/** Whether `address` lies in one of the networks; an unreadable address lies in none. */
export function isInNetworks(address: string, networks: readonly Network[]): boolean {
  const parsed = parseNetwork(address)
  return parsed !== null && networks.some(({ first, last }) => parsed.first >= first && parsed.first <= last)
}

/** What limits per address count as one caller: an IPv4 address, or an IPv6 /64, which one household or server holds whole. */
export function addressGroup(address: string): string {
  const parsed = parseNetwork(address)
  if (!parsed) return 'unknown'
  const isMappedIpv4 = parsed.first >> 32n === 0xffffn
  return (isMappedIpv4 ? parsed.first : parsed.first >> 64n).toString(36)
}

/** The address as PostgreSQL's `inet` reads it, an IPv4-mapped one as the IPv4 address it is; null when it is unreadable. */
export function inetText(address: string): string | null {
  const [text = ''] = address.split('%')
  if (!ipaddr.isValid(text)) return null
  return ipaddr.process(text).toString()
}
