import type { Link, LinkType } from './link.ts'

/** A link as the interface and the command line print it. */
export type WireLink = {
  input: string
  type: LinkType
  marketplace: string | null
  listing_id: string | null
  agent: string | null
  canonical_url: string | null
  converted: Record<string, string>
  lost: string[]
  referral: Record<string, string> | null
  reason: string | null
}

export function toWireLink(link: Link): WireLink {
  return {
    input: link.input,
    type: link.type,
    marketplace: link.marketplace,
    listing_id: link.listingId,
    agent: link.agent,
    canonical_url: link.canonicalUrl,
    converted: link.converted,
    lost: link.lost,
    referral: link.referral,
    reason: link.reason,
  }
}
