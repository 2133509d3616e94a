import { canonicalUrl, family, storeUrl } from './marketplaces.ts'
import type { AnyMarketplace, Marketplace, UnsupportedMarketplace } from './marketplaces.ts'

/** What every link tells, whatever it is. */
type Common = {
  /** The text as it was given, or the part of it that is the link. */
  input: string
  /** The agent whose link it is; of links inside links, the outermost. */
  agent: string | null
  /** Addresses by agent id, filled by conversion. */
  converted: Record<string, string>
  /** What conversion lost, one sentence each, starting with the agent's id. */
  lost: string[]
  /** Invitation codes found, by agent id. */
  referral: Record<string, string> | null
}

/** A listing on a marketplace that we carry. */
export type ItemLink = Common & {
  type: 'item'
  marketplace: Marketplace
  listingId: string
  canonicalUrl: string
  storeId: null
  shortUrl: null
  reason: null
}

/**
 * Anything else, with the reason in one sentence. `store`: a seller's page. `short`: has to be followed to know its
 * target. `page`: another page of a marketplace or agent. `unsupported`: a listing on a marketplace that is not
 * carried. `ambiguous`: could be several listings. `none`: not a link of this field.
 */
export type OtherLink = Common & {
  type: 'store' | 'short' | 'page' | 'unsupported' | 'ambiguous' | 'none'
  marketplace: AnyMarketplace | null
  listingId: string | null
  canonicalUrl: string | null
  /** The marketplace's number or name of the shop, of stores. */
  storeId: string | null
  /** Where a short link starts, when its owner is known and it can be followed. */
  shortUrl: string | null
  reason: string
}

export type Link = ItemLink | OtherLink
export type LinkType = Link['type']

/** A link before it is known which text it stood in and who wrapped it. */
export type Target =
  | Pick<ItemLink, 'type' | 'marketplace' | 'listingId' | 'canonicalUrl' | 'storeId' | 'shortUrl' | 'reason'>
  | Pick<OtherLink, 'type' | 'marketplace' | 'listingId' | 'canonicalUrl' | 'storeId' | 'shortUrl' | 'reason'>

export function itemTarget(marketplace: Marketplace, listingId: string): Target {
  return {
    type: 'item',
    marketplace,
    listingId,
    canonicalUrl: canonicalUrl(marketplace, listingId),
    storeId: null,
    shortUrl: null,
    reason: null,
  }
}

export function otherTarget(
  type: OtherLink['type'],
  reason: string,
  known: Partial<Pick<OtherLink, 'marketplace' | 'listingId' | 'canonicalUrl' | 'storeId' | 'shortUrl'>> = {},
): Target {
  return {
    type,
    marketplace: null,
    listingId: null,
    canonicalUrl: null,
    storeId: null,
    shortUrl: null,
    reason,
    ...known,
  }
}

export function storeTarget(marketplace: Marketplace, storeId: string): Target {
  return otherTarget('store', `A shop on ${marketplace}, not one of its items.`, {
    marketplace,
    storeId,
    canonicalUrl: storeUrl(marketplace, storeId),
  })
}

export function unsupportedTarget(marketplace: UnsupportedMarketplace, listingId: string): Target {
  return otherTarget('unsupported', `Listings of ${marketplace} are recognised but not carried.`, {
    marketplace,
    listingId,
    canonicalUrl: canonicalUrl(marketplace, listingId),
  })
}

/** `url` null: nobody but the issuer can follow it. */
export function shortTarget(url: string | null, marketplace: AnyMarketplace | null, reason: string): Target {
  return otherTarget('short', reason, { marketplace, shortUrl: url })
}

/** How much an answer tells: the smaller, the more. */
export const RANK: Readonly<Record<LinkType, number>> = {
  item: 0,
  unsupported: 0,
  ambiguous: 1,
  short: 2,
  store: 3,
  page: 4,
  none: 5,
}

type Naming = Pick<Link, 'type' | 'marketplace' | 'listingId'>

/** Whether it names one listing, carried or not. */
export function namesListing({ type }: Naming): boolean {
  return RANK[type] === 0
}

/** Whether two that name a listing name the same one; one under tmall's name and taobao's is the same. */
export function sameListing(one: Naming, other: Naming): boolean {
  return one.listingId === other.listingId && family(one.marketplace!) === family(other.marketplace!)
}

/** Of two that name the same listing, the one that says tmall, which is the more exact; else the first. */
export function moreExact<T extends Naming>(one: T, other: T): T {
  return other.marketplace === 'tmall' ? other : one
}

/**
 * What two parts of one link tell together: the listing that both name, `ambiguous` when they name two, else what tells
 * more. An `ambiguous` with an id is settled by a listing of that id, and by nothing else.
 */
export function mergeTargets(one: Target | null, other: Target | null): Target | null {
  if (!one || !other) return one ?? other
  const [first, second] = RANK[one.type] <= RANK[other.type] ? [one, other] : [other, one]
  if (first.listingId === null || second.listingId === null) {
    return namesListing(first) && second.type === 'ambiguous' ? second : first
  }
  const both = namesListing(second)
  const same = both ? sameListing(first, second) : first.listingId === second.listingId
  if (!same) return otherTarget('ambiguous', 'The link names two different listings.')
  return both ? moreExact(first, second) : first
}
