import { decode, findParam } from './address.ts'
import type { Address, Param } from './address.ts'
import { matchForm, plainPath } from './agent-forms.ts'
import type { FormMatch } from './agent-forms.ts'
import { itemTarget, mergeTargets, otherTarget, shortTarget, storeTarget } from './link.ts'
import type { Target } from './link.ts'
import { isListingId } from './marketplaces.ts'
import { decryptPandabuy } from './pandabuy.ts'
import { keepReferral } from './reading.ts'
import type { Reading } from './reading.ts'
import { findSite } from './registry.ts'
import type { Agent } from './registry.ts'
import { scan } from './scan.ts'

type Read = (text: string, reading: Reading) => Target
/** A path with its query: the address's own, or the one after `#`. */
type View = { path: string; query: string; params: Param[] }

/** Tells what a page of an agent is; `read` reads the address that it may wrap. */
export function readAgentPage(agent: Agent, address: Address, reading: Reading, read: Read): Target {
  const views: View[] = address.route ? [address.route, address] : [address]
  for (const view of views) collectReferral(agent, view, reading)
  let best: Target | null = null
  for (const view of views) best = mergeTargets(best, readView(agent, view, reading, read))
  if (best) return best
  const what = address.path === '/' && !address.route ? 'The front page' : 'A page'
  return otherTarget('page', `${what} of ${agent.name}, not one item.`)
}

function collectReferral(agent: Agent, view: View, reading: Reading): void {
  for (const param of view.params) {
    if (param.value !== '' && agent.referralNames.includes(param.name)) {
      keepReferral(reading, agent.id, decode(param.value))
    }
  }
}

const SIGN_UP = /(?:^|\/)(?:register|login|signup|sign-up)(?:\/|$)/

function readView(agent: Agent, view: View, reading: Reading, read: Read): Target | null {
  const path = plainPath(view.path)
  if (SIGN_UP.test(path) || findParam(view.params, ['action'])?.value === 'register') {
    return otherTarget('page', `A sign-up page of ${agent.name}, not one item.`)
  }
  const match = matchForm(agent.decode, agent.codes, path, view.params)
  const direct = match ? fromMatch(agent, match) : null
  const inner = readWrapped(agent, view, reading, read)
  if (direct || inner) return combine(agent, direct, inner)
  const store = matchForm(agent.storeDecode, agent.codes, path, view.params)
  return store ? fromStoreMatch(agent, store, view, reading, read) : null
}

function fromMatch(agent: Agent, { form, id, marketplace, twice }: FormMatch): Target {
  if (form.token) return shortTarget(null, null, `Only ${agent.name} itself can tell the item of this link.`)
  if (twice) return otherTarget('ambiguous', 'The link gives two different ids or marketplaces.')
  if (!id || !isListingId(id))
    return otherTarget('page', `The id in this link of ${agent.name} is not a listing number.`)
  if (marketplace) return itemTarget(marketplace, id)
  return otherTarget('ambiguous', `The link of ${agent.name} does not tell the marketplace of its item.`, {
    listingId: id,
  })
}

/** The id form and the wrapped address of one link. */
function combine(agent: Agent, direct: Target | null, inner: Target | null): Target | null {
  const believed = agent.addressWins && inner?.type === 'item' && direct?.listingId === inner.listingId
  return believed ? inner : mergeTargets(direct, inner)
}

/** Parameters that agents wrap addresses in. */
const WRAPPING = new Set(
  'url productlink producturl product_url keyword keywork key originkeywordurl goodsurl itemurl item_url link targeturl'.split(
    ' ',
  ),
)

function readWrapped(agent: Agent, view: View, reading: Reading, read: Read): Target | null {
  let best: Target | null = null
  for (const param of view.params) {
    if (param.value === '' || !WRAPPING.has(param.name)) continue
    best = mergeTargets(best, readWrappedParam(agent, param, view, reading, read))
  }
  return best
}

const SCHEME = /^(?:https?:\/|\/\/)/i

function readWrappedParam(agent: Agent, param: Param, view: View, reading: Reading, read: Read): Target | null {
  const text = agent.id === 'pandabuy' ? openPandabuy(param.value) : findAddress(param.value)
  if (text === null) return readMessage(param.value, reading, read)
  if (text === 'sealed') return shortTarget(null, null, `Only ${agent.name} itself could tell the item of this link.`)
  let target = read(text, reading)
  if (isEmpty(target) && text === param.value && SCHEME.test(text)) {
    if (text.includes('%')) target = read(decode(text), reading)
    // Not encoded, so that its own parameters look like the agent's.
    if (isEmpty(target)) target = read(view.query.slice(param.at), reading)
  }
  if (target.type !== 'none') return target
  return otherTarget('page', `What this link of ${agent.name} wraps is not an address of a marketplace or agent.`)
}

/** The links in a whole message, as people paste it from an app into the search of an agent. */
function readMessage(value: string, reading: Reading, read: Read): Target | null {
  let text = value
  for (let decodings = 0; decodings < 3 && text.includes('%'); decodings += 1) text = decode(text)
  if (!text.includes('.')) return null
  let best: Target | null = null
  for (const candidate of scan(text)) {
    if (reading.readsLeft <= 0) break
    const target = read(candidate.text, reading)
    if (!isEmpty(target)) best = mergeTargets(best, target)
  }
  return best
}

function isEmpty(target: Target): boolean {
  return target.type === 'none' || target.type === 'page'
}

/** The text as an address once enough encodings are taken off, or null. */
function findAddress(value: string): string | null {
  let text = value
  for (let decodings = 0; decodings <= 3; decodings += 1) {
    if (SCHEME.test(text)) return text
    const bare = /^([a-z0-9-]+(?:\.[a-z0-9-]+)+)(?:[/?]|$)/i.exec(text.slice(0, 300))
    if (bare && findSite(bare[1]!.toLowerCase())) return text
    if (!text.includes('%')) return null
    text = decode(text)
  }
  return null
}

function openPandabuy(value: string): string | null {
  const text = decode(value)
  if (/^PI\d/.test(text)) return 'sealed'
  if (/^PJ\d/.test(text)) return decryptPandabuy(text) ?? 'sealed'
  return findAddress(value)
}

function fromStoreMatch(agent: Agent, match: FormMatch, view: View, reading: Reading, read: Read): Target | null {
  const { id, marketplace } = match
  if (id === null || match.twice) return null
  if (id === '-1') {
    // Pandabuy's way of saying that the shop stands in another parameter, by host.
    const host = findParam(view.params, ['o'])
    const target = host ? read(host.value, reading) : null
    return target?.type === 'store' ? target : null
  }
  if (!marketplace) {
    return otherTarget('store', `A shop at ${agent.name} whose marketplace the link does not tell.`)
  }
  const pattern = marketplace === '1688' || marketplace === 'tmall' ? /^[a-z0-9-]{1,60}$/i : /^\d{1,20}$/
  if (!pattern.test(id)) return otherTarget('page', `A shop page of ${agent.name} without a readable shop number.`)
  const bare = agent.id === 'cssbuy' && marketplace === '1688' && !id.startsWith('b2b-')
  return storeTarget(marketplace, bare ? `b2b-${id}` : id)
}
