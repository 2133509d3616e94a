import { setTimeout as delay } from 'node:timers/promises'
import type { Ctx } from '../../ctx.ts'
import { dbOn, openDedicated, type Db } from '../../lib/db/db.ts'
import { DomainError } from '../../lib/errors.ts'
import { type Pictured, productIdsAfter, productPictures } from '../catalog/pictures.sql.ts'
import { type Hosts, openHosts } from './hosts.ts'
import { indexProduct } from './index-product.ts'
import type { Embedding } from './node.ts'
import { type Due, dueDelete, dueList, dueNote, type KnownPicture, pictureList, retryList } from './pictures.sql.ts'
import { embeddingOf, progressOf, switchTo } from './spaces.ts'
import { indexerLock, spaceListOpen, type SpaceRow } from './spaces.sql.ts'

/** The first pictures of a product, by which it is found. */
const IMAGES_MAX = 8
const PAGE_NOTES = 64
const PAGE_NOTED = 5_000
/** Each has one picture under way at a time: enough to keep the background's threads busy, and kind to hosts of pictures. */
const PRODUCTS_AT_ONCE = 4
const IDLE_MS = 400
const TAKE_OVER_MS = 1_000
const RESTART_MS = 2_000
/** How long a product is left alone that failed by a fault of ours, and one that found the threads busy. */
const PARK_MS = 10 * 60_000
const PARK_BUSY_MS = 2_000
/** A filled space may be switched to with so many products left that fail by a fault of ours. */
const UNDONE_MAX = 0.005

type IndexerOptions = { signal: AbortSignal }

/**
 * Makes the features of all pictures that have none, in every space in use, until `signal` aborts. Of all processes on one
 * database one does so at a time, and another takes over when that one ends. Never throws.
 */
export async function runIndexer(ctx: Ctx, { signal }: IndexerOptions): Promise<void> {
  while (!signal.aborted) {
    try {
      await inTurn(ctx, signal)
    } catch (error) {
      if (signal.aborted) return
      ctx.log.warn({ err: error }, 'the indexing of pictures was interrupted and goes on in a moment')
      await ctx.clock.sleep(RESTART_MS, signal).catch(() => {})
    }
  }
}

/** Waits until this process is the one to index, and does until `signal` aborts or the session is lost. */
async function inTurn(ctx: Ctx, signal: AbortSignal): Promise<void> {
  const lost = new AbortController()
  const client = await openDedicated(ctx.connection, {
    name: 'openhaul indexer',
    onLost: (error) => lost.abort(error),
  })
  try {
    const stop = AbortSignal.any([signal, lost.signal])
    // Everything is written in the session that holds the lock: whoever has lost the one can no longer do the other.
    const db = dbOn(client)
    while (!(await indexerLock(db))) await ctx.clock.sleep(TAKE_OVER_MS, stop)
    const work: Work = {
      ctx,
      db,
      stop,
      stopped: aborted(stop),
      embeddings: new Map(),
      hosts: openHosts(ctx.clock),
      parked: new Map(),
    }
    for (;;) if (!(await step(work))) await ctx.clock.sleep(IDLE_MS, stop)
  } finally {
    // Not for long: a server that hangs may never say goodbye.
    await Promise.race([client.end().catch(() => {}), delay(1_000, undefined, { ref: false })])
  }
}

type Work = {
  ctx: Ctx
  /** The session with the lock. */
  db: Db
  stop: AbortSignal
  /** Rejects when `stop` aborts. */
  stopped: Promise<never>
  embeddings: Map<string, Promise<Embedding>>
  hosts: Hosts
  /** Products that are left alone, and until when. */
  parked: Map<number, number>
}

/** Does a piece of what there is to do, the active space's first; false when there is nothing. */
async function step(work: Work): Promise<boolean> {
  const { db, stop } = work
  stop.throwIfAborted()
  for (const space of await spaceListOpen(db)) {
    if (space.noted_to !== null) {
      await noteProducts(db, space, space.noted_to)
      return true
    }
    if (await indexPage(work, space)) return true
    if (space.state === 'filling' && (await finish(work, space))) return true
  }
  return false
}

async function noteProducts(db: Db, { id }: SpaceRow, after: number): Promise<void> {
  const ids = await productIdsAfter(db, after, PAGE_NOTED)
  const to = ids.length < PAGE_NOTED ? null : ids.at(-1)!
  await db.transaction().execute((tx) => dueNote(tx, id, ids, to))
}

/** Indexes some products of a space; whether there were any. */
async function indexPage(work: Work, space: SpaceRow): Promise<boolean> {
  const { db, stop } = work
  const due = await dueOf(work, space.id)
  if (due.length === 0) return false
  // Read after the notes: a change that this does not see has a note that is not among them.
  const ids = due.map(({ productId }) => productId)
  const products = new Map((await productPictures(db, ids, IMAGES_MAX)).map((each) => [each.id, each]))
  const known = Map.groupBy(await pictureList(db, space.id, ids), ({ productId }) => productId)
  const embedding = await embeddingFor(work, space)

  const waiting = due.values()
  const worker = async () => {
    for (const each of waiting) {
      if (stop.aborted) return
      const { productId } = each
      await indexOne(work, {
        space,
        due: each,
        embedding,
        product: products.get(productId) ?? null,
        known: known.get(productId) ?? [],
      })
    }
  }
  const workers = Promise.all(Array.from({ length: PRODUCTS_AT_ONCE }, worker))
  await Promise.race([workers, work.stopped])
  return true
}

async function dueOf({ ctx, db, parked }: Work, spaceId: number): Promise<Due[]> {
  const now = ctx.clock.elapsedMs()
  for (const [productId, untilMs] of parked) if (untilMs <= now) parked.delete(productId)
  const noted = await dueList(db, spaceId, PAGE_NOTES, [...parked.keys()])
  if (noted.length > 0) return noted
  const late = await retryList(db, spaceId, ctx.clock.now(), PAGE_NOTES)
  return late.filter((productId) => !parked.has(productId)).map((productId) => ({ productId, noteIds: [] }))
}

type One = {
  space: SpaceRow
  due: Due
  embedding: Embedding
  product: Pictured | null
  known: KnownPicture[]
}

/** A product that fails is left for later, and the others go on. */
async function indexOne({ ctx, db, stop, hosts, parked }: Work, { space, due, ...rest }: One): Promise<void> {
  const { productId } = due
  try {
    const isWhole = await indexProduct(ctx, db, { spaceId: space.id, productId, hosts, stop, ...rest })
    if (isWhole && due.noteIds.length > 0) await dueDelete(db, space.id, due.noteIds)
  } catch (error) {
    if (stop.aborted) return
    const isBusy = error instanceof DomainError && error.code === 'busy'
    parked.set(productId, ctx.clock.elapsedMs() + (isBusy ? PARK_BUSY_MS : PARK_MS))
    if (!isBusy)
      ctx.log.error({ err: error, product: productId }, `the pictures of product ${productId} could not be indexed`)
  }
}

/** Switches to a space that has everything, but for what fails by a fault of ours; whether it did. */
async function finish({ ctx, db }: Work, space: SpaceRow): Promise<boolean> {
  const { due, total } = await progressOf(db, space.id)
  if (due > total * UNDONE_MAX) return false
  const isActive = await switchTo({ db, clock: ctx.clock }, space.id)
  if (isActive)
    ctx.log.info({ space: space.id, pictures: total }, `searches now ask the new space of ${total} pictures`)
  return isActive
}

function embeddingFor({ ctx, db, embeddings }: Work, space: SpaceRow): Promise<Embedding> {
  let embedding = embeddings.get(space.fingerprint)
  if (!embedding) embeddings.set(space.fingerprint, (embedding = embeddingOf({ db, workers: ctx.workers }, space)))
  return embedding
}

/** Rejects when the signal aborts. */
function aborted(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>()
  signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
  promise.catch(() => {})
  return promise
}
