import { DomainError } from '../../lib/errors.ts'
import type { Link } from './link.ts'
import { canonicalUrl, storeUrl } from './marketplaces.ts'
import type { AnyMarketplace, Marketplace } from './marketplaces.ts'
import { findAgent, listAgents } from './registry.ts'
import type { Agent } from './registry.ts'

/**
 * Invitation codes on what is written: `none`; `keep` those found in the link, each at its own agent; or codes of the
 * caller's own by agent id.
 */
export type ReferralPolicy = 'none' | 'keep' | Readonly<Record<string, string>>

/**
 * Reads the policy as it is written in a query or on a command line: `none`, `keep`, or `agent:code,agent:code`. Throws
 * `input_invalid` for anything else.
 */
export function readReferralPolicy(text = 'none'): ReferralPolicy {
  if (text === 'none' || text === 'keep') return text
  const codes = text.split(',').map((pair) => /^([a-z0-9]+):(.+)$/.exec(pair.trim()))
  if (codes.every((match) => match !== null)) {
    return checkCodes(Object.fromEntries(codes.map((match) => [match[1]!, match[2]!])))
  }
  throw new DomainError('input_invalid', 'referral is none, keep, or a list like agent:code,agent:code.', {
    parameter: 'referral',
  })
}

type Written = { url: string | null; lost: string[] }

/**
 * The link with `converted` and `lost` filled for one agent or for `all`; unchanged when `to` is undefined. Listings
 * and shops convert, anything else stays as it is. `all` leaves out agents that are closed or renamed; asked for by
 * name, they are written too, with a word in `lost`. Throws `input_invalid` for an unknown agent and for a code that
 * is not 1 to 128 printable ASCII characters.
 */
export function convertLink(link: Link, to: string | undefined, referral: ReferralPolicy = 'none'): Link {
  if (to === undefined) return link
  const agents = to === 'all' ? listAgents().filter(isOpen) : [getAgent(to)]
  const codes = referral === 'none' ? {} : referral === 'keep' ? (link.referral ?? {}) : checkCodes(referral)
  const converted: Record<string, string> = {}
  const lost: string[] = []
  for (const agent of agents) {
    const written = write(agent, link)
    lost.push(...written.lost.map((each) => `${agent.id}: ${each}`))
    if (written.url === null) continue
    const code = Object.hasOwn(codes, agent.id) ? codes[agent.id] : undefined
    if (code !== undefined && agent.referral === null) lost.push(`${agent.id}: takes no invitation code that is known.`)
    converted[agent.id] = code === undefined ? written.url : withReferral(written.url, agent, code)
  }
  return { ...link, converted, lost }
}

function isOpen(agent: Agent): boolean {
  return agent.status === 'active' || agent.status === 'legacy'
}

function getAgent(id: string): Agent {
  const agent = findAgent(id)
  if (!agent) throw new DomainError('input_invalid', `"${id.slice(0, 40)}" is not a known agent.`, { parameter: 'to' })
  return agent
}

function checkCodes(codes: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  for (const [id, code] of Object.entries(codes)) {
    getAgent(id)
    if (!/^[\x21-\x7e]{1,128}$/.test(code)) {
      throw new DomainError('input_invalid', `The invitation code of ${id} is not 1 to 128 printable characters.`)
    }
  }
  return codes
}

function withReferral(url: string, agent: Agent, code: string): string {
  if (agent.referral === null) return url
  return `${url}${url.includes('?') ? '&' : '?'}${agent.referral}=${encodeURIComponent(code)}`
}

function write(agent: Agent, link: Link): Written {
  if (link.marketplace === null) return { url: null, lost: [] }
  if (link.type === 'item' || (link.type === 'unsupported' && link.listingId !== null)) {
    return writeItem(agent, link.marketplace, link.listingId!)
  }
  if (link.type === 'store' && link.storeId !== null) {
    return writeStore(agent, link.marketplace as Marketplace, link.storeId)
  }
  return { url: null, lost: [] }
}

function writeItem(agent: Agent, marketplace: AnyMarketplace, listingId: string): Written {
  const shown = agent.items[marketplace] === undefined && marketplace === 'tmall' ? 'taobao' : marketplace
  const template = agent.items[shown]
  if (template === undefined) return { url: null, lost: [`does not carry ${marketplace}.`] }
  const url = fill(template, listingId, canonicalUrl(shown, listingId))
  return { url, lost: [...loss(agent, marketplace, shown), ...(agent.untold ? [UNTOLD] : [])] }
}

const UNTOLD = 'its link does not say the marketplace, so it cannot be read back.'

function writeStore(agent: Agent, marketplace: Marketplace, storeId: string): Written {
  const shown = agent.stores[marketplace] === undefined && marketplace === 'tmall' ? 'taobao' : marketplace
  const template = agent.stores[shown]
  if (template === undefined) return { url: null, lost: [`has no known address for shops of ${marketplace}.`] }
  const id = shopId(agent, shown, storeId)
  if (id === null && template.includes('{id}')) {
    return { url: null, lost: [`cannot be given this shop of ${marketplace} by the id that its link has.`] }
  }
  return { url: fill(template, id ?? '', storeUrl(shown, storeId)), lost: loss(agent, marketplace, shown) }
}

/** Agents know shops by number; CSSBuy those of 1688 by the other id, without its prefix. */
function shopId(agent: Agent, marketplace: Marketplace, storeId: string): string | null {
  if (agent.id === 'cssbuy' && marketplace === '1688') return /^b2b-(.+)$/.exec(storeId)?.[1] ?? null
  return /^\d+$/.test(storeId) ? storeId : null
}

function loss(agent: Agent, marketplace: AnyMarketplace, shown: AnyMarketplace): string[] {
  const lost = shown === marketplace ? [] : [`shows it as ${shown}, having no code for ${marketplace}.`]
  if (agent.status === 'defunct') lost.push('is closed, so the link opens nothing.')
  if (agent.status === 'renamed') lost.push('goes by another name now, so the link may open nothing.')
  return lost
}

function fill(template: string, id: string, url: string): string {
  const once = encodeURIComponent(url)
  return template.replaceAll('{url}', once).replace('{url2}', encodeURIComponent(once)).replace('{id}', id)
}
