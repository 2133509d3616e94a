import { decode, decodeEntities, findParam, httpsUrl, readAddress } from './address.ts'
import type { Address, Refusal } from './address.ts'
import { readAgentPage } from './agent-pages.ts'
import { otherTarget, shortTarget } from './link.ts'
import type { Target } from './link.ts'
import { readMarketplacePage } from './marketplace-pages.ts'
import { keepReferral } from './reading.ts'
import type { Reading } from './reading.ts'
import { findSite } from './registry.ts'
import type { Site } from './registry.ts'

const DECODINGS_MAX = 3

/** Reads one address, encoded up to three times, with or without scheme. */
export function readLink(text: string, reading: Reading): Target {
  if (reading.readsLeft <= 0) return otherTarget('none', 'Too many links are wrapped in each other.')
  reading.readsLeft -= 1
  const address = openAddress(decodeEntities(text))
  if (typeof address === 'string') return otherTarget('none', REFUSALS[address])
  const site = findSite(address.host)
  if (!site) return otherTarget('none', 'The host is not one of a known marketplace or agent.')
  if (site.kind === 'marketplace') return readMarketplacePage(site.marketplace, address)
  if (site.kind === 'short') return readShort(site, address, reading)
  if (site.kind === 'album') return readAlbum(address, reading)
  reading.agent ??= site.agent.id
  return readAgentPage(site.agent, address, reading, readLink)
}

/** Albums of pictures are no links of this field, except where they lead out to a listing. */
function readAlbum(address: Address, reading: Reading): Target {
  const outward = address.path === '/external' ? findParam(address.params, ['url']) : null
  return outward && !outward.twice
    ? readLink(outward.value, reading)
    : otherTarget('none', 'An album of pictures, not a listing.')
}

const REFUSALS: Record<Refusal, string> = {
  'not an address': 'This is not a web address.',
  host: 'The host name is not a plain one of letters, digits, dots and hyphens.',
  port: 'The address names a port, which links of marketplaces and agents do not.',
  'user name': 'The address carries a user name before its host, as forged links do.',
}

function openAddress(text: string): Address | Refusal {
  let current = text
  let address = readAddress(current)
  for (let decodings = 0; decodings < DECODINGS_MAX; decodings += 1) {
    const encoded = current.includes('%') && (typeof address === 'string' || ENCODED_QUERY.test(address.path))
    if (!encoded) break
    current = decodeEntities(decode(current))
    address = readAddress(current)
  }
  return address
}

const ENCODED_QUERY = /%(?:25){0,2}(?:3f|26)/i

function readShort(site: Extract<Site, { kind: 'short' }>, address: Address, reading: Reading): Target {
  if (site.agent) reading.agent ??= site.agent.id
  const invitation = /^\/r\/([\w-]{1,64})\/?$/.exec(address.path)
  if (site.agent && invitation) {
    keepReferral(reading, site.agent.id, invitation[1]!)
    return otherTarget('page', `An invitation to ${site.agent.name}, not one item.`)
  }
  if (address.path === '/') return otherTarget('page', 'The front page of a short-link host.')
  if (!site.follow) {
    return shortTarget(
      null,
      null,
      'A short link whose owner could be anybody: open it and paste the address it leads to.',
    )
  }
  return shortTarget(httpsUrl(address), site.marketplace, 'A short link: it has to be followed to know its item.')
}
