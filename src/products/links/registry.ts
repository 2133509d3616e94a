import { AGENTS } from './agents.ts'
import type { AnyMarketplace, Marketplace } from './marketplaces.ts'

/**
 * A form of an agent's item or shop pages. `path` is compared in lower case, without language prefix, `.html` and
 * trailing slash; `{id}` and `{code}` stand for parts of it. `id` and `code` name parameters, in lower case.
 */
export type Form = {
  path: string
  id?: readonly string[]
  code?: readonly string[]
  /** Of forms without a code; null when nothing in the address tells it. */
  marketplace?: Marketplace | null
  /** A parameter that only the agent's own servers can turn into an item. */
  token?: string
  /** The parameter's name is the code and its value the id. */
  named?: boolean
}

export type Agent = {
  id: string
  name: string
  /** legacy: of an older generation and seldom seen; renamed and defunct: read, and written only when asked for by name. */
  status: 'active' | 'legacy' | 'renamed' | 'defunct'
  /** How far the forms can be trusted, as a whole. */
  confidence: 'high' | 'medium' | 'low'
  hosts: readonly string[]
  shortHosts: readonly string[]
  /** Short hosts seen with this agent's links whose owner is not known: recognised, never followed. */
  unconfirmedHosts?: readonly string[]
  codes: Readonly<Record<string, Marketplace>>
  items: Readonly<Partial<Record<AnyMarketplace, string>>>
  decode: readonly Form[]
  stores: Readonly<Partial<Record<Marketplace, string>>>
  storeDecode: readonly Form[]
  /** Its codes contradict the addresses that it wraps, so that of the same id the address is believed. */
  addressWins?: true
  /** Its own links do not say the marketplace, so that nobody can read them back. */
  untold?: true
  /** The parameter that is written; null where none is known. */
  referral: string | null
  /** The parameters that are read, in lower case. */
  referralNames: readonly string[]
  evidence: string
  note: string | null
}

/** What stands behind a host name. */
export type Site =
  | { kind: 'marketplace'; marketplace: AnyMarketplace }
  | { kind: 'agent'; agent: Agent }
  /** Hosts pictures; its outward links wrap the address of a listing. */
  | { kind: 'album' }
  /** `follow`: its owner is known, so the resolver may ask it. */
  | { kind: 'short'; agent: Agent | null; marketplace: AnyMarketplace | null; follow: boolean }

const MARKETPLACE_HOSTS = {
  taobao: ['taobao.com'],
  tmall: ['tmall.com', 'tmall.hk'],
  goofish: ['goofish.com', '2.taobao.com'],
  weidian: ['weidian.com', 'youshop10.com', 'koudai.com'],
  '1688': ['1688.com'],
  jd: ['jd.com', 'jd.hk'],
  pinduoduo: ['yangkeduo.com', 'pinduoduo.com'],
} as const

/** Short hosts of marketplaces. m.tb.cn serves taobao, tmall and goofish alike. */
const MARKETPLACE_SHORT_HOSTS = {
  'e.tb.cn': 'taobao',
  'm.tb.cn': null,
  'tb.cn': null,
  's.click.taobao.com': 'taobao',
  'weidian.info': 'weidian',
  'qr.1688.com': '1688',
  '3.cn': 'jd',
  'u.jd.com': 'jd',
  'p.pinduoduo.com': 'pinduoduo',
} as const

/** Shorteners that anybody may use: recognised, never followed. */
const PUBLIC_SHORT_HOSTS = [
  'tinyurl.com',
  'bit.ly',
  't.cn',
  'goo.gl',
  'is.gd',
  'v.gd',
  'ow.ly',
  'rebrand.ly',
  't.co',
  'dwz.cn',
]

const SITES: ReadonlyMap<string, Site> = withUsualLabels(indexSites())

/** Adds the commonest first labels, so that most look-ups hit at once. */
function withUsualLabels(sites: ReadonlyMap<string, Site>): Map<string, Site> {
  const wider = new Map(sites)
  for (const [host, site] of sites) {
    for (const label of ['www', 'm', 'item', 'detail']) {
      if (!sites.has(`${label}.${host}`)) wider.set(`${label}.${host}`, site)
    }
  }
  return wider
}

function indexSites(): Map<string, Site> {
  const sites = new Map<string, Site>()
  for (const [marketplace, hosts] of Object.entries(MARKETPLACE_HOSTS)) {
    for (const host of hosts) {
      sites.set(host, { kind: 'marketplace', marketplace: marketplace as keyof typeof MARKETPLACE_HOSTS })
    }
  }
  for (const [host, marketplace] of Object.entries(MARKETPLACE_SHORT_HOSTS)) {
    sites.set(host, { kind: 'short', agent: null, marketplace, follow: true })
  }
  for (const host of PUBLIC_SHORT_HOSTS) {
    sites.set(host, { kind: 'short', agent: null, marketplace: null, follow: false })
  }
  sites.set('yupoo.com', { kind: 'album' })
  for (const agent of AGENTS) {
    for (const host of agent.hosts) sites.set(host, { kind: 'agent', agent })
    for (const host of agent.shortHosts) sites.set(host, { kind: 'short', agent, marketplace: null, follow: true })
    for (const host of agent.unconfirmedHosts ?? []) {
      sites.set(host, { kind: 'short', agent, marketplace: null, follow: false })
    }
  }
  return sites
}

/**
 * The site that a host name belongs to, or null. The name must be in lower case. The longest known name wins, and
 * names match whole or after a dot: `2.taobao.com` is goofish, `x.taobao.com` is taobao, `xtaobao.com` is nobody.
 */
export function findSite(host: string): Site | null {
  let name = host
  for (;;) {
    const site = SITES.get(name)
    if (site) return site
    const dot = name.indexOf('.')
    if (dot === -1) return null
    name = name.slice(dot + 1)
  }
}

const AGENT_BY_ID: ReadonlyMap<string, Agent> = new Map(AGENTS.map((agent) => [agent.id, agent]))

export function findAgent(id: string): Agent | null {
  return AGENT_BY_ID.get(id) ?? null
}

/** The marketplaces whose listings an agent can be given; tmall also where it is taken for taobao. */
export function marketplacesOf(agent: Agent): AnyMarketplace[] {
  const known = Object.keys(agent.items) as AnyMarketplace[]
  return known.includes('taobao') && !known.includes('tmall') ? [...known, 'tmall'] : known
}

/** The ids of all agents, in the registry's order. */
export const AGENT_IDS: ReadonlySet<string> = new Set(AGENT_BY_ID.keys())

/** The whole registry, in its order. */
export function listAgents(): readonly Agent[] {
  return AGENTS
}
