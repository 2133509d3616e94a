import type { Ctx } from '../../ctx.ts'
import type { Db } from '../../lib/db/db.ts'
import { DomainError } from '../../lib/errors.ts'
import type { Pictured } from '../catalog/pictures.sql.ts'
import { storefrontOf } from '../catalog/product.ts'
import { readPicture } from '../media/media.ts'
import { groupOf } from './groups.ts'
import type { Hosts } from './hosts.ts'
import type { Embedding } from './node.ts'
import {
  type KnownPicture,
  type MadePicture,
  pictureDelete,
  pictureInsert,
  type Role,
  vectorRegroup,
  vectorRemove,
  vectorUpsert,
} from './pictures.sql.ts'
import { searchEpochNext } from './spaces.sql.ts'

/** How long a product may take at a time, so that pictures that never come do not keep others waiting. */
const PRODUCT_MS = 30_000
const MINUTE_MS = 60_000
/** After the first, second, … time that a picture could not be fetched; it is given up after the last one. */
const PAUSES_MS = [1, 10, 120, 1440].map((minutes) => minutes * MINUTE_MS)
/** An index of the database takes no longer text; what picture could be there? */
const ADDRESS_BYTES_MAX = 2_000

type Wanted = { role: Role; address: string; tries: number }

/** What has to be done so that a space has the pictures of a product. */
export type Plan = {
  /** 0 when the product is gone. */
  groupNo: number
  /** Addresses of pictures, in the role `image`, that the product has now; what is too long for one is none. */
  images: string[]
  make: Wanted[]
  /** Something that is there is no longer the product's, or in another group. */
  isOutdated: boolean
}

/** Decides what there is to do. `product`: null when it is gone; `known`: everything that there is of it. */
export function planProduct(product: Pictured | null, known: readonly KnownPicture[], now: Date): Plan {
  if (product === null) return { groupNo: 0, images: [], make: [], isOutdated: known.length > 0 }
  const groupNo = groupOf(product.catalogue, storefrontOf(product.marketplace))
  const images = [...new Set(product.images)].filter((address) => Buffer.byteLength(address) <= ADDRESS_BYTES_MAX)
  const isGone = ({ role, address }: KnownPicture) => role === null || (role === 'image' && !images.includes(address!))
  const there = known.filter((each) => !isGone(each))
  const listed = new Set(there.filter(({ role }) => role === 'image').map(({ address }) => address))
  const fresh = images.filter((address) => !listed.has(address))
  const missing = there.filter(
    ({ groupNo: its, hasFeatures, retryAt }) => its === null || (!hasFeatures && retryAt !== null && retryAt <= now),
  )
  return {
    groupNo,
    images,
    make: [
      ...missing.map(({ role, address, tries }) => ({ role: role!, address: address!, tries: tries ?? 0 })),
      ...fresh.map((address) => ({ role: 'image' as const, address, tries: 0 })),
    ],
    isOutdated: known.some((each) => isGone(each) || (each.groupNo !== null && each.groupNo !== groupNo)),
  }
}

type Indexing = {
  spaceId: number
  productId: number
  product: Pictured | null
  known: readonly KnownPicture[]
  embedding: Embedding
  hosts: Hosts
  stop: AbortSignal
}

/**
 * Brings what a space has of a product up to date on `db`: in one transaction what is no longer the product's, and in another
 * the features that were made. Answers whether that was all; not when its pictures take too long. What a picture suffers from
 * is kept beside it; what this throws is a fault of ours or `DomainError('busy')`.
 */
export async function indexProduct(ctx: Ctx, db: Db, indexing: Indexing): Promise<boolean> {
  const { productId, product, stop } = indexing
  const plan = planProduct(product, indexing.known, ctx.clock.now())
  // First, so that what was taken away is no longer found while others are waited for.
  if (plan.isOutdated) await takeAway(ctx, db, indexing, plan)

  const made: MadePicture[] = []
  const untilMs = ctx.clock.elapsedMs() + PRODUCT_MS
  for (const { role, address, tries } of plan.make) {
    if (made.length > 0 && ctx.clock.elapsedMs() >= untilMs) break
    const twin = made.find((each) => each.address === address)
    const what = twin ?? (await makeFeatures(ctx, indexing, { role, address, tries }))
    made.push({ ...what, productId, role, address, groupNo: plan.groupNo })
    stop.throwIfAborted()
  }
  if (made.length > 0) await store(ctx, db, indexing.spaceId, made)
  return made.length === plan.make.length
}

async function takeAway({ clock }: Ctx, db: Db, { productId, product }: Indexing, plan: Plan): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const at = clock.now()
    await pictureDelete(tx, productId, 'image', plan.images)
    if (product === null) await pictureDelete(tx, productId, 'qc', [])
    const change = await searchEpochNext(tx, at)
    if (product !== null) await vectorRegroup(tx, productId, plan.groupNo, change)
    await vectorRemove(tx, productId, change, at)
  })
}

async function store({ clock }: Ctx, db: Db, spaceId: number, made: readonly MadePicture[]): Promise<void> {
  await db.transaction().execute(async (tx) => {
    // QC photos are the photos' own noun's to add: one that was removed meanwhile must not come back.
    await pictureInsert(
      tx,
      made.filter(({ role }) => role === 'image'),
    )
    // Nodes need not hear of a picture that cannot be had.
    const isNews = made.some(({ features }) => features !== null)
    await vectorUpsert(tx, spaceId, isNews ? await searchEpochNext(tx, clock.now()) : 0, made)
  })
}

type Made = Pick<MadePicture, 'features' | 'fault' | 'tries' | 'retryAt'>

/** The features of a picture, or what is wrong with it. Throws `DomainError('busy')` when the threads are. */
async function makeFeatures(
  ctx: Ctx,
  { embedding, hosts }: Pick<Indexing, 'embedding' | 'hosts'>,
  { address, tries }: Wanted,
): Promise<Made> {
  const failed = (fault: string, pauseMs: number | null): Made => {
    const retryAt = pauseMs === null ? null : new Date(ctx.clock.now().getTime() + pauseMs)
    return { features: null, fault, tries: tries + 1, retryAt }
  }
  // A try too, or the pictures of a host that is gone would be tried for ever.
  if (hosts.rests(address)) return failed('Its host does not answer.', PAUSES_MS[tries] ?? null)
  let picture: Buffer
  const beganAtMs = ctx.clock.elapsedMs()
  try {
    picture = await readPicture(ctx, address, { isBackground: true })
    hosts.noteAnswer(address)
  } catch (error) {
    if (!(error instanceof DomainError) || error.code === 'busy') throw error
    if (error.code === 'input_invalid') return failed('Its address is none.', null)
    hosts.noteFailure(address, ctx.clock.elapsedMs() - beganAtMs)
    return failed('It could not be fetched.', PAUSES_MS[tries] ?? null)
  }
  try {
    return { features: await embedding.embed(picture, { isBackground: true }), fault: null, tries: 0, retryAt: null }
  } catch (error) {
    if (error instanceof DomainError && error.code === 'busy') throw error
    if (error instanceof DomainError) return failed(error.message, null)
    // Its thread ended over it, or it took too long: it must not be able to do so for ever.
    ctx.log.warn({ err: error, address }, `the picture at ${address} could not be read`)
    return failed('It could not be read.', PAUSES_MS[tries] ?? null)
  }
}
