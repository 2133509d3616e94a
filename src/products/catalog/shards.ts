import type { ListingRef } from '../listing.ts'
import { refKey } from './product.ts'

/** Parts of the catalogue that are told apart when something changed. Fixed: the table has a row for each. */
export const SHARD_COUNT = 64

/** The shard of a listing, from 0 to 63: FNV-1a, as it must be the same on every node and in every version. */
export function shardOf(ref: ListingRef): number {
  const key = refKey(ref)
  let hash = 0x811c9dc5
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193)
  // FNV's low bits are weak for digits, so the high ones are folded in.
  return ((hash ^ (hash >>> 16)) >>> 0) % SHARD_COUNT
}
