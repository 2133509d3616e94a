import ipaddr from 'ipaddr.js'

const PUBLIC_V6 = ipaddr.parseCIDR('2000::/3') as [ipaddr.IPv6, number]

/**
 * True for an address of the public internet. Everything else is false: private, loopback, link-local, carrier-grade
 * NAT, multicast, reserved and documentation networks, and IPv6 forms that carry an IPv4 address inside them.
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false
  const parsed = ipaddr.parse(address)
  if (parsed.range() !== 'unicast') return false
  // Only 2000::/3 is handed out; what lies outside has no name in the table of ranges and would pass as unicast.
  return parsed instanceof ipaddr.IPv4 || parsed.match(PUBLIC_V6)
}
