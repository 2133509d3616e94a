import { setTimeout as delay } from 'node:timers/promises'
import type { Ctx } from '../../ctx.ts'
import { dbOn, openDedicated, type Db } from '../../lib/db/db.ts'
import { DomainError } from '../../lib/errors.ts'
import { type Pictured, productIdsAfter, productPictures } from '../catalog/pictures.sql.ts'
import { type Hosts, openHosts } from './hosts.ts'
import { indexProduct } from './index-product.ts'
import type { Embedding } from './node.ts'
import { type Due, dueDelete, dueList, dueNote, type KnownPicture, pictureList, retryList } from './pictures.sql.ts'
import { embeddingOf, lackOf, switchTo } from './spaces.ts'
import { indexerLock, spaceListOpen, type SpaceRow } from './spaces.sql.ts'

/** The first pictures of a product, by which it is found. */
const IMAGES_MAX = 8
const PAGE_NOTES = 64
const PAGE_NOTED = 5_000
/** Few, as some of them keep one waiting again. */
const PAGE_RETRIES = 16
/** Each has one picture under way at a time: enough to keep the background's threads busy, and kind to hosts of pictures. */
const PRODUCTS_AT_ONCE = 4
const IDLE_MS = 400
const TAKE_OVER_MS = 1_000
const RESTART_MS = 2_000
/** How long a product is left alone that failed by a fault of ours, and one that found the threads busy. */
const PARK_MS = 10 * 60_000
const PARK_BUSY_MS = 2_000
/** How long a filled space is left that may not be switched to yet. */
const FINISH_MS = 5_000

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
    const work: Work = {
      ctx,
      db,
      stop,
      embeddings: new Map(),
      hosts: openHosts(ctx.clock),
      parked: new Map(),
      finishAtMs: 0,
    }
    // Not waited for: a picture may take long, and a server that hangs answers nothing at all.
    await untilAborted(stop, go(work))
  } finally {
    // Not for long: a server that hangs may never say goodbye.
    await Promise.race([client.end().catch(() => {}), delay(1_000, undefined, { ref: false })])
  }
}

async function go(work: Work): Promise<never> {
  const { ctx, db, stop } = work
  while (!(await indexerLock(db))) await ctx.clock.sleep(TAKE_OVER_MS, stop)
  for (;;) if (!(await step(work))) await ctx.clock.sleep(IDLE_MS, stop)
}

type Work = {
  ctx: Ctx
  /** The session with the lock. */
  db: Db
  stop: AbortSignal
  embeddings: Map<string, Promise<Embedding>>
  hosts: Hosts
  /** Products that are left alone, and until when. */
  parked: Map<number, number>
  /** When it is looked again whether the filled space may be switched to. */
  finishAtMs: number
}

/** Does a piece of what there is to do; false when there is nothing. */
async function step(work: Work): Promise<boolean> {
  const { db, stop } = work
  stop.throwIfAborted()
  const spaces = await spaceListOpen(db)
  const active = spaces.find(({ state }) => state === 'active')
  const filling = spaces.find(({ state }) => state === 'filling')
  // What changes now comes before everything else.
  if (active && ((await noteProducts(db, active)) || (await indexDue(work, active)))) return true
  if (filling && (await noteProducts(db, filling))) return true
  const isFilling = filling !== undefined && (await indexDue(work, filling))
  if (filling && !isFilling && (await finish(work, filling))) return true
  // In turns with the space that is being filled, as either may take long.
  for (const space of spaces) if (await indexLate(work, space)) return true
  return isFilling
}

/** Notes some of the products that were there before the space was; whether there may be more. */
async function noteProducts(db: Db, { id, noted_to: after }: SpaceRow): Promise<boolean> {
  if (after === null) return false
  const ids = await productIdsAfter(db, after, PAGE_NOTED)
  const to = ids.length < PAGE_NOTED ? null : ids.at(-1)!
  await db.transaction().execute((tx) => dueNote(tx, id, ids, to))
  return true
}

/** Indexes products of a space that were noted; whether there were any. */
async function indexDue(work: Work, space: SpaceRow): Promise<boolean> {
  const due = await dueList(work.db, space.id, PAGE_NOTES, parkedIn(work))
  await indexPage(work, space, due)
  return due.length > 0
}

/** Indexes products of a space with pictures that are to be asked for again; whether there were any. */
async function indexLate(work: Work, space: SpaceRow): Promise<boolean> {
  const late = await retryList(work.db, space.id, work.ctx.clock.now(), PAGE_RETRIES, parkedIn(work))
  await indexPage(
    work,
    space,
    late.map((productId) => ({ productId, noteIds: [] })),
  )
  return late.length > 0
}

function parkedIn({ ctx, parked }: Work): number[] {
  const now = ctx.clock.elapsedMs()
  for (const [productId, untilMs] of parked) if (untilMs <= now) parked.delete(productId)
  return [...parked.keys()]
}

async function indexPage(work: Work, space: SpaceRow, due: readonly Due[]): Promise<void> {
  const { db, stop } = work
  if (due.length === 0) return
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
  await Promise.all(Array.from({ length: PRODUCTS_AT_ONCE }, worker))
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

/** Switches to a space that has everything, or nearly; whether it did. */
async function finish(work: Work, space: SpaceRow): Promise<boolean> {
  const { ctx, db } = work
  if (ctx.clock.elapsedMs() < work.finishAtMs) return false
  const { isReady } = await lackOf(db, space.id)
  if (isReady && (await switchTo({ db, clock: ctx.clock }, space.id))) {
    ctx.log.info({ space: space.id }, `searches now ask the new space ${space.id}`)
    return true
  }
  work.finishAtMs = ctx.clock.elapsedMs() + FINISH_MS
  return false
}

function embeddingFor({ ctx, db, embeddings }: Work, space: SpaceRow): Promise<Embedding> {
  let embedding = embeddings.get(space.fingerprint)
  if (!embedding) embeddings.set(space.fingerprint, (embedding = embeddingOf({ db, workers: ctx.workers }, space)))
  return embedding
}

/** What `working` gives; rejects when the signal aborts first. */
async function untilAborted<T>(signal: AbortSignal, working: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const onAbort = () => reject(signal.reason as Error)
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  try {
    return await Promise.race([working, promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
