import { setTimeout as delay } from 'node:timers/promises'
import type { Ctx } from '../../ctx.ts'
import type { Db, Tx } from '../../lib/db/db.ts'
import { DomainError } from '../../lib/errors.ts'
import { isListingId } from '../links/marketplaces.ts'
import { fetchListing } from '../sources/fetch.ts'
import type { Listing, ListingRef } from '../listing.ts'
import {
  absenceDeleteOld,
  absenceExists,
  absenceUpsert,
  type DemoRow,
  epochBump,
  productById,
  productByRef,
  productDeleteDemo,
  productDemoDigests,
  productLockById,
  productSetQc,
  productUpsertDemo,
} from './catalog.sql.ts'
import { type Flights, isResting, openFlights, rest, shareFlight } from './flights.ts'
import { type Catalogue, type Product, refKey, type Scope } from './product.ts'
import { productOf, rowOf } from './rows.ts'
import { productsByIds } from './search.sql.ts'
import { shardOf } from './shards.ts'
import { type Stored, storeListing } from './store.ts'

/** How long a source's answer is served without asking again. */
export const FRESH_MS = 24 * 60 * 60_000
/** How long a listing that no source knows is answered as unknown without asking again. */
export const ABSENT_MS = 60 * 60_000
/** How long a listing is left alone after an answer that brought nothing, so that a trouble is not made worse. */
export const REST_MS = 60_000

/** Nobody is asked about these again: the operator's own word, and the demo. */
const ALWAYS_FRESH = new Set(['feed', 'demo'])

type State = {
  flights: Flights<Product>
  /** Refreshes that nobody waits for. */
  refreshes: Set<Promise<void>>
  closing: boolean
}
/** By database and not by ctx, so that a ctx that was copied with another member shares it. */
const STATES = new WeakMap<Db, State>()

/**
 * The product of a listing. `demo`: from the demo alone. `live`: the stored row (a stale one is refreshed behind the
 * answer), else what the sources say, which is stored. Throws `not_found` when nobody knows the listing and
 * `sources_down` when they could not be asked.
 */
export async function lookUp(ctx: Ctx, scope: Scope, ref: ListingRef): Promise<Product> {
  if (!isListingId(ref.listingId)) throw notFound()
  const row = await productByRef(ctx.db, cataloguesOf(ctx, scope), ref)
  if (row) return served(ctx, productOf(row))
  if (scope.catalogue === 'demo' || !isServed(ctx, ref)) throw notFound()
  return shareFlight(stateOf(ctx).flights, refKey(ref), () => fetchUnknown(ctx, ref))
}

/** The product with this id in the caller's catalogue, or null; a stale one is refreshed behind the answer. */
export async function findProduct(ctx: Ctx, scope: Scope, id: number): Promise<Product | null> {
  if (!Number.isSafeInteger(id) || id < 0) return null
  const row = await productById(ctx.db, cataloguesOf(ctx, scope), id)
  return row && served(ctx, productOf(row))
}

/** The products with these ids in the caller's catalogue, by id and in one query; stale ones are refreshed behind the answer. */
export async function findProducts(ctx: Ctx, scope: Scope, ids: readonly number[]): Promise<Map<number, Product>> {
  const catalogues = cataloguesOf(ctx, scope)
  const rows = ids.length === 0 ? [] : await productsByIds(ctx.db, ids)
  const seen = rows.filter(({ catalogue }) => catalogues.includes(catalogue))
  return new Map(seen.map((row) => [row.id, served(ctx, productOf(row))]))
}

/** For how many milliseconds a product may be served from memory: 0 when it is stale, Infinity when it never is. */
export function freshForMs(product: Pick<Product, 'source' | 'fetchedAt'>, now: Date): number {
  if (ALWAYS_FRESH.has(product.source)) return Infinity
  return Math.max(0, product.fetchedAt.getTime() + FRESH_MS - now.getTime())
}

/** Waits for the refreshes under way and starts no more; for the shutdown, before the database goes. */
export async function settleRefreshes(ctx: Ctx): Promise<void> {
  const state = stateOf(ctx)
  state.closing = true
  while (state.refreshes.size > 0) await Promise.all(state.refreshes)
}

/** The demo's products stand in the live catalogue where the operator wants it. */
export function cataloguesOf(ctx: Ctx, scope: Scope): Catalogue[] {
  return scope.catalogue === 'live' && ctx.config.demo ? ['live', 'demo'] : [scope.catalogue]
}

export type DemoListing = Listing & { id: number }

/**
 * Makes the demo catalogue exactly `listings`: adds, changes and removes rows. Runs at every start, so it reads the
 * stored digests first and writes only what differs.
 */
export async function storeDemo(ctx: Pick<Ctx, 'db' | 'clock'>, listings: readonly DemoListing[]): Promise<void> {
  const stored = await productDemoDigests(ctx.db)
  const rows = listings.map(demoRow)
  const changed = rows.filter(({ id, contentDigest }) => stored.get(id) !== contentDigest)
  const ids = new Set(rows.map(({ id }) => id))
  if (changed.length === 0 && ids.size === stored.size) return

  await ctx.db.transaction().execute(async (tx) => {
    const kept = rows.map(({ id, marketplace, listingId }) => ({ id, marketplace, listingId }))
    const removed = await productDeleteDemo(tx, kept)
    if (changed.length > 0) await productUpsertDemo(tx, changed, ctx.clock.now())
    await epochBump(
      tx,
      [...removed, ...changed].map((ref: ListingRef) => shardOf(ref)),
    )
  })
}

/** The product of this id, locked until the transaction ends, or null. */
export async function lockProduct(tx: Tx, id: number): Promise<Product | null> {
  const row = await productLockById(tx, id)
  return row && productOf(row)
}

/**
 * Writes on products what is told of their public QC photos: how many there are, and the first `QC_PREVIEW_MAX` paths. The last
 * statements of the caller's transaction, as every node has to hear of it.
 */
export async function setQcPhotos(
  tx: Tx,
  told: readonly (ListingRef & Pick<Product, 'id' | 'qcCount' | 'qcPhotos'>)[],
): Promise<void> {
  await productSetQc(
    tx,
    told.map(({ id, qcCount, qcPhotos }) => ({ id, qcCount, qcPhotos })),
  )
  await epochBump(tx, told.map(shardOf))
}

/** Asks the sources about a listing that was not stored a moment ago. */
async function fetchUnknown(ctx: Ctx, ref: ListingRef): Promise<Product> {
  // Read again: the flight before this one may have landed since the caller looked.
  const row = await productByRef(ctx.db, ['live'], ref)
  if (row) return productOf(row)
  const absentSince = new Date(ctx.clock.now().getTime() - ABSENT_MS)
  if (await absenceExists(ctx.db, ref, absentSince)) throw notFound()
  const key = refKey(ref)
  if (isResting(stateOf(ctx).flights, key, ctx.clock.elapsedMs())) throw sourcesDown()

  const answer = await fetchListing(ctx, ref)
  if (answer.kind === 'absent') {
    await absenceUpsert(ctx.db, ref, ctx.clock.now())
    await absenceDeleteOld(ctx.db, absentSince)
    throw notFound()
  }
  if (answer.kind === 'down') {
    // A source that is down may be back at the next look-up; a broken listing will not have mended itself.
    if (answer.item) restFor(ctx, key, REST_MS)
    ctx.log.warn(
      { listing: key, reasons: answer.reasons },
      `no source could answer for ${key}: ${answer.reasons.join('; ')}`,
    )
    throw sourcesDown()
  }
  const stored = await storeListing(ctx, answer.listing, answer.source)
  if (stored.kind === 'stored') return stored.product
  warnQuarantined(ctx, ref, answer.source, stored)
  restFor(ctx, key, ABSENT_MS)
  throw sourcesDown()
}

/** Gives the product, and starts a refresh behind it when it is stale. */
function served(ctx: Ctx, product: Product): Product {
  if (freshForMs(product, ctx.clock.now()) > 0) return product
  const state = stateOf(ctx)
  const key = refKey(product)
  if (state.closing || state.flights.under.has(key) || !isServed(ctx, product)) return product
  if (isResting(state.flights, key, ctx.clock.elapsedMs())) return product

  const refresh = refreshBehind(ctx, product).finally(() => state.refreshes.delete(refresh))
  state.refreshes.add(refresh)
  return product
}

async function refreshBehind(ctx: Ctx, product: Product): Promise<void> {
  const key = refKey(product)
  try {
    await shareFlight(stateOf(ctx).flights, key, () => refreshProduct(ctx, product))
  } catch (error) {
    restFor(ctx, key, REST_MS)
    ctx.log.error({ err: error, listing: key }, `the refresh of ${key} failed`)
  }
}

async function refreshProduct(ctx: Ctx, product: Product): Promise<Product> {
  const key = refKey(product)
  // Off the answer's own path: whoever was served is answered first.
  await delay(0)
  const answer = await fetchListing(ctx, { marketplace: product.marketplace, listingId: product.listingId })
  if (answer.kind === 'found') {
    const stored = await storeListing(ctx, answer.listing, answer.source)
    if (stored.kind === 'stored') return stored.product
    warnQuarantined(ctx, product, answer.source, stored)
    restFor(ctx, key, ABSENT_MS)
  } else if (answer.kind === 'absent') {
    // Kept: what was bought must stay readable after the seller took it down.
    restFor(ctx, key, ABSENT_MS)
  } else {
    restFor(ctx, key, REST_MS)
    ctx.log.warn({ listing: key, reasons: answer.reasons }, `${key} stays stale: ${answer.reasons.join('; ')}`)
  }
  return product
}

function restFor(ctx: Ctx, key: string, durationMs: number): void {
  rest(stateOf(ctx).flights, key, ctx.clock.elapsedMs() + durationMs)
}

/** Whether some source serves the listing's marketplace. Without one nothing is asked and nothing remembered. */
function isServed(ctx: Ctx, ref: ListingRef): boolean {
  return ctx.sources.some(({ marketplaces }) => marketplaces.includes(ref.marketplace))
}

function stateOf({ db }: Ctx): State {
  let state = STATES.get(db)
  if (!state) STATES.set(db, (state = { flights: openFlights(), refreshes: new Set(), closing: false }))
  return state
}

function warnQuarantined(
  ctx: Ctx,
  ref: ListingRef,
  source: string,
  { reason }: Stored & { kind: 'quarantined' },
): void {
  ctx.log.warn(
    { listing: refKey(ref), source, reason },
    `${source}'s answer for ${refKey(ref)} was put into quarantine: ${reason}`,
  )
}

function notFound(): DomainError {
  return new DomainError('not_found', 'Product not found')
}

function sourcesDown(): DomainError {
  return new DomainError('sources_down', 'No source of product data could answer. Try again in a while.')
}

function demoRow(listing: DemoListing): DemoRow {
  return { ...rowOf(listing, String(listing.id)), id: listing.id }
}
