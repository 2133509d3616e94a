import { hash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { WATCH_AGE_MAX_MS } from '../access/keys/keyring.ts'
import type { Ctx } from '../ctx.ts'
import { shardOf } from '../products/catalog/shards.ts'
import type { ListingRef } from '../products/listing.ts'

/** An answer as JSON text, ready to be sent again. Node sends text and headers in one write, and a Buffer in two. */
export type Printed = { text: string; etag: string }
type Entry = Printed & { shard: number; epoch: number; keepUntilMs: number }

/** Printed answers about products, by surface and product. Bounded by bytes; the one printed longest ago goes first, as keeping an order of use would cost each hit. */
export type PrintedCache = { entries: Map<string, Entry>; bytesUsed: number }
const BYTES_MAX = 64 * 1024 * 1024
/** What an entry costs beside its text: key, map slot, object. */
const ENTRY_OVERHEAD_BYTES = 400

export function emptyPrintedCache(): PrintedCache {
  return { entries: new Map(), bytesUsed: 0 }
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
  const slot = `${view} ${ref.marketplace} ${ref.listingId}`
  const found = printed.entries.get(slot)
  if (found && isCurrent(ctx, found)) return found

  const shard = shardOf(ref)
  // Read before printing: a change that commits meanwhile shows a newer epoch at the next poll and voids this entry.
  const epoch = ctx.watch.value.catalog[shard]!
  const { text, keepMs } = await print()
  const entry: Entry = {
    text,
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

/** Sends a printed answer as it is, or 304 when the caller has them already. */
export function sendPrinted(request: FastifyRequest, reply: FastifyReply, { text, etag }: Printed): FastifyReply {
  reply.header('ETag', etag)
  if (holds(request, etag)) return reply.code(304).send()
  return sendJson(reply, text)
}

/** Whether the caller has this answer already, by the weak comparison of RFC 9110. */
export function holds(request: FastifyRequest, etag: string): boolean {
  const header = request.headers['if-none-match']
  if (header === undefined) return false
  const opaque = (tag: string) => tag.trim().replace(/^W\//, '')
  return header.trim() === '*' || header.split(',').some((tag) => opaque(tag) === opaque(etag))
}

/** Sends text that is JSON already; the route's schema only documents it. */
export function sendJson(reply: FastifyReply, text: string): FastifyReply {
  return reply.type('application/json; charset=utf-8').serializer(asItIs).send(text)
}

const asItIs = (text: unknown) => text as string

/** In memory a text takes one byte a character, or two once it has any beyond Latin-1. */
function sizeOf({ text }: Entry): number {
  return text.length * 2
}
