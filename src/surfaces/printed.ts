import { hash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { WATCH_AGE_MAX_MS } from '../access/keys/keyring.ts'
import type { Ctx } from '../ctx.ts'
import { shardOf } from '../products/catalog/shards.ts'
import type { ListingRef } from '../products/listing.ts'
import { bytesOf, sendBytes, type ByteText } from './send.ts'

/** An answer as JSON, ready to be sent again. */
export type Printed = { bytes: ByteText; etag: string }
type Entry = Printed & { shard: number; epoch: number; keepUntilMs: number }

/** Printed answers about products, by surface and product. Bounded by bytes; the one printed longest ago goes first, as keeping an order of use would cost each hit. */
export type PrintedCache = { entries: Map<string, Entry>; bytesUsed: number }
const BYTES_MAX = 64 * 1024 * 1024
/** What an entry costs beside its text: key, map slot, object. */
const ENTRY_OVERHEAD_BYTES = 400

export function emptyPrintedCache(): PrintedCache {
  return { entries: new Map(), bytesUsed: 0 }
}

/** The printed answer about a listing that is in memory and current, or null. */
export function printedAtHand(ctx: Ctx, view: string, ref: ListingRef): Printed | null {
  const found = ctx.printed.entries.get(slotOf(view, ref))
  return found && isCurrent(ctx, found) ? found : null
}

function slotOf(view: string, { marketplace, listingId }: ListingRef): string {
  return `${view} ${marketplace} ${listingId}`
}

/**
 * The printed answer about a listing: from memory while nothing of its shard changed and its `keepMs` lasts, else printed
 * anew. What `print` throws is thrown on, and nothing is kept.
 */
export async function printedOnce(
  ctx: Ctx,
  view: string,
  ref: ListingRef,
  print: () => Promise<{ text: string; keepMs: number }>,
): Promise<Printed> {
  const { printed } = ctx
  const slot = slotOf(view, ref)
  const found = printed.entries.get(slot)
  if (found && isCurrent(ctx, found)) return found

  const shard = shardOf(ref)
  // Read before printing: a change that commits meanwhile shows a newer epoch at the next poll and voids this entry.
  const epoch = ctx.watch.value.catalog[shard]!
  const { text, keepMs } = await print()
  const entry: Entry = {
    bytes: bytesOf(text),
    etag: `W/"${hash('sha1', text, 'base64url')}"`,
    shard,
    epoch,
    keepUntilMs: ctx.clock.elapsedMs() + keepMs,
  }
  if (keepMs > 0) put(printed, slot, entry)
  return entry
}

/** Its time is not over, nothing of its shard has changed, and the watch that says so is as fresh as for a key. */
function isCurrent(ctx: Ctx, { shard, epoch, keepUntilMs }: Entry): boolean {
  const isWatched = ctx.watch.ageMs() < WATCH_AGE_MAX_MS
  return isWatched && epoch === ctx.watch.value.catalog[shard] && ctx.clock.elapsedMs() < keepUntilMs
}

function put(printed: PrintedCache, slot: string, entry: Entry): void {
  drop(printed, slot)
  printed.entries.set(slot, entry)
  printed.bytesUsed += sizeOf(entry) + ENTRY_OVERHEAD_BYTES
  while (printed.bytesUsed > BYTES_MAX) drop(printed, printed.entries.keys().next().value!)
}

function drop(printed: PrintedCache, slot: string): void {
  const entry = printed.entries.get(slot)
  if (!entry) return
  printed.entries.delete(slot)
  printed.bytesUsed -= sizeOf(entry) + ENTRY_OVERHEAD_BYTES
}

/** Sends a printed answer as it is, or 304 when the caller has it already. */
export function sendPrinted(request: FastifyRequest, reply: FastifyReply, { bytes, etag }: Printed): FastifyReply {
  if (holds(request, etag)) return reply.code(304).header('etag', etag).send()
  return sendBytes(request, reply, bytes, etag)
}

/** Whether the caller has this answer already, by the weak comparison of RFC 9110. */
export function holds(request: FastifyRequest, etag: string): boolean {
  const header = request.headers['if-none-match']
  if (header === undefined) return false
  const opaque = (tag: string) => tag.trim().replace(/^W\//, '')
  return header.trim() === '*' || header.split(',').some((tag) => opaque(tag) === opaque(etag))
}

function sizeOf({ bytes }: Entry): number {
  return bytes.length
}
