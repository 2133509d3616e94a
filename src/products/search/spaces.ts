import { readFile } from 'node:fs/promises'
import type { Ctx } from '../../ctx.ts'
import type { Db, Tx } from '../../lib/db/db.ts'
import { OperatorError } from '../../lib/errors.ts'
import { productsHold } from '../catalog/pictures.sql.ts'
import { openClassic } from './embedder/embedder.ts'
import type { Embedding } from './node.ts'
import { openEmbedding } from './embedding.ts'
import {
  type Asset,
  assetBytes,
  assetExists,
  assetUpsert,
  type Origin,
  pictureCount,
  searchEpochNext,
  searchPurge,
  spaceActivate,
  spaceInsert,
  spaceLack,
  type SpaceLack,
  spaceListOpen,
  type SpaceRow,
  spaceRetire,
  spaceStats,
} from './spaces.sql.ts'

type SpaceCtx = Pick<Ctx, 'db' | 'clock'>

/** How long nodes may take to hear of a picture that is gone, and searches to end that began in a space that was retired. */
export const REMOVED_KEPT_MS = 24 * 60 * 60_000
const RETIRED_KEPT_MS = 60 * 60_000

/** How often it is tried to keep products from being written for a moment, and the pause in which they can be. */
const HOLD_TRIES = 60
const HOLD_PAUSE_MS = 1_000
/**
 * A filled space may lack so much of what it should have: products that fail by a fault of ours, and pictures that could not
 * be fetched just now and that the space in use has. One of each is always let pass.
 */
const LACK_MAX = 0.005

/** The asset that comes with the program. */
export async function defaultAsset(): Promise<Uint8Array> {
  return readFile(new URL('embedder/classic-v1.bin', import.meta.url))
}

/** Makes sure that there is an active space. Several nodes may do this at once. */
export async function ensureSpaces(ctx: SpaceCtx, bytes?: Uint8Array): Promise<void> {
  if ((await openSpaces(ctx.db))[0] !== null) return
  const asset = assetOf(bytes ?? (await defaultAsset()))
  await holdingProducts(ctx, async (tx) => {
    // Another node may have been first.
    if ((await openSpaces(tx))[0] !== null) return
    const at = ctx.clock.now()
    await assetUpsert(tx, asset, 'default', at)
    await spaceInsert(tx, 'active', asset.fingerprint, at)
    await searchEpochNext(tx, at)
  })
}

/**
 * Begins a new space where the active one is of a default asset that this program brings a newer one for. Several nodes may
 * do this at once.
 */
export async function renewDefault(
  ctx: SpaceCtx,
  options: { bytes?: Uint8Array; signal?: AbortSignal } = {},
): Promise<void> {
  const asset = assetOf(options.bytes ?? (await defaultAsset()))
  const [active, filling] = await openSpaces(ctx.db)
  if (active?.origin !== 'default' || active.fingerprint === asset.fingerprint || filling?.origin === 'learnt') return
  // A default that was here before is an older one: this is a node of the version before, started once more.
  if (await assetExists(ctx.db, asset.fingerprint)) return
  await beginFilling(ctx, asset, 'default', options.signal)
}

/**
 * Begins a space of an asset, unless such a one is being filled; one of another asset is given up. Answers its id. The indexer
 * fills it with all pictures and makes it the active one.
 */
export async function beginFilling(ctx: SpaceCtx, asset: Asset, origin: Origin, signal?: AbortSignal): Promise<number> {
  const begin = async (tx: Tx) => {
    const [, filling] = await openSpaces(tx)
    if (filling?.fingerprint === asset.fingerprint) return filling.id
    const at = ctx.clock.now()
    await assetUpsert(tx, asset, origin, at)
    await spaceRetire(tx, 'filling', at)
    return spaceInsert(tx, 'filling', asset.fingerprint, at)
  }
  return holdingProducts(ctx, begin, signal)
}

/**
 * Does `work` in a transaction in which nobody writes products: they are noted page by page from then on, and those being
 * written at this moment must not fall between.
 */
async function holdingProducts<T>(
  { db, clock }: SpaceCtx,
  work: (tx: Tx) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await db.transaction().execute(async (tx) => {
        await productsHold(tx)
        return work(tx)
      })
    } catch (error) {
      if ((error as { code?: string }).code !== '55P03') throw error
      if (tries === HOLD_TRIES) {
        throw new OperatorError('Products are being written without a pause; try again later.', { cause: error })
      }
      await clock.sleep(HOLD_PAUSE_MS, signal).catch(() => signal?.throwIfAborted())
    }
  }
}

/** What is learnt into an asset, as `beginFilling` takes it. Throws an `OperatorError` for bytes that are no such asset. */
export function assetOf(bytes: Uint8Array): Asset {
  const { fingerprint, id } = openClassic(bytes).info
  return { fingerprint, embedder: id, bytes }
}

/** Has a space that was filled take the place of the active one; whether it was still being filled. */
export async function switchTo({ db, clock }: SpaceCtx, spaceId: number): Promise<boolean> {
  return db
    .transaction()
    .execute(async (tx) => {
      const at = clock.now()
      await spaceRetire(tx, 'active', at)
      if (!(await spaceActivate(tx, spaceId, at))) throw new Replaced()
      await searchEpochNext(tx, at)
      return true
    })
    .catch((error: unknown) => {
      if (error instanceof Replaced) return false
      throw error
    })
}

/** Another space took the place of the one that was being filled. */
class Replaced extends Error {}

/** The active space and the one that is being filled. */
export async function openSpaces(db: Db): Promise<[active: SpaceRow | null, filling: SpaceRow | null]> {
  const open = await spaceListOpen(db)
  const of = (state: SpaceRow['state']) => open.find((each) => each.state === state) ?? null
  return [of('active'), of('filling')]
}

/** The embedder of a space, which works in the worker threads. */
export async function embeddingOf(
  { db, workers }: Pick<Ctx, 'db' | 'workers'>,
  { fingerprint }: Pick<SpaceRow, 'fingerprint'>,
): Promise<Embedding> {
  return openEmbedding(workers, await assetBytes(db, fingerprint))
}

/** How far a space is; `done` and `total` are pictures, those that cannot be had counted as done. */
export type Progress = { done: number; total: number; due: number }

export async function progressOf(db: Db, spaceId: number): Promise<Progress> {
  const { pictures, faults, pictures_missing: missing, due } = await spaceStats(db, spaceId)
  const done = pictures + faults.reduce((sum, { count }) => sum + count, 0)
  return { done, total: done + missing, due }
}

/** What a space that is being filled lacks, as far as counting it is worth while, and whether it may be switched to. */
export async function lackOf(db: Db, spaceId: number): Promise<SpaceLack & { isReady: boolean }> {
  const allowed = Math.max(1, Math.floor((await pictureCount(db)) * LACK_MAX))
  const lack = await spaceLack(db, spaceId, allowed + 1)
  return { ...lack, isReady: lack.due <= allowed && lack.unfetched <= allowed }
}

/** Deletes what nobody needs any more: pictures that are gone and spaces that were retired, both since a while. */
export async function purgeSearch({ db, clock }: SpaceCtx): Promise<void> {
  const before = (ms: number) => new Date(clock.now().getTime() - ms)
  while (await searchPurge(db, before(REMOVED_KEPT_MS), before(RETIRED_KEPT_MS)));
}
