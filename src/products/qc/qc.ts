import { hash } from 'node:crypto'
import type { Ctx } from '../../ctx.ts'
import { audit } from '../../events/audit/audit.ts'
import type { Db, Tx } from '../../lib/db/db.ts'
import { DomainError } from '../../lib/errors.ts'
import { lockProduct, lookUp, setQcPhotos } from '../catalog/catalog.ts'
import { type Product, QC_PREVIEW_MAX, refKey } from '../catalog/product.ts'
import type { ListingRef } from '../listing.ts'
import { takeIn } from '../media/media.ts'
import { inThread } from '../media/threads.ts'
import { putQcPictures } from '../search/pictures.ts'
import { assertFacts, type QcFacts } from './facts.ts'
import {
  qcSetByDigest,
  qcSetById,
  qcSetDelete,
  qcSetInsert,
  qcSetList,
  type QcSetInsert,
  type QcSetRow,
} from './qc.sql.ts'
import { findReused, type Reused } from './reuse.ts'

export const SET_PICTURES_MAX = 50
/** `paths` are those of the photos, below `/media/`. */
export type QcSet = QcFacts & { id: number; productId: number; addedAt: Date; paths: string[] }

export type NewQcSet = QcFacts & {
  ref: ListingRef
  /** Encoded as they came: JPEG, PNG, WebP or AVIF. */
  pictures: readonly Buffer[]
  /** As the audit names it. */
  actor: string
}

/** A photo as it is kept; its hash is hexadecimal, null when the picture is blank. */
export type Photo = { path: string; phash: string | null }

/**
 * Adds photos of a live product: all of them or none. The same pictures taken at the same time are added once, whoever sends
 * them again: then `isNew` is false and `set` is the one that is there. `reused` names photos that another product has, which
 * is told and not refused. Throws `input_invalid`, `not_found` for a product that nobody knows, `sources_down`, and
 * `unprocessable` for a picture that cannot be taken, with its number from 1 in the details.
 */
export async function addQcSet(
  ctx: Ctx,
  input: NewQcSet,
): Promise<{ set: QcSet; product: Product; isNew: boolean; reused: Reused[] }> {
  const count = input.pictures.length
  if (count < 1 || count > SET_PICTURES_MAX) {
    throw new DomainError('input_invalid', `A set has 1 to ${SET_PICTURES_MAX} pictures.`)
  }
  assertFacts(input, ctx.clock.now())
  const product = await getLive(ctx, input)
  const { id } = product
  // Looked for before anything is kept; two who add it at once meet at the lock.
  const known = await qcSetByDigest(ctx.db, id, digestOf(input))
  if (known) return { set: setOf(known), product, isNew: false, reused: [] }
  const photos = await takePhotos(ctx, input)
  const reused = await findReused(ctx, id, photos)
  const stored = await ctx.db.transaction().execute((tx) => storeSet(ctx, tx, id, input, photos))
  return { ...stored, reused }
}

/** All sets of a product, private ones too: the newest taken first, those of unknown time last. */
export async function listQcSets(db: Db, productId: number): Promise<QcSet[]> {
  return (await qcSetList(db, productId)).map(setOf)
}

/** The sets of a product that everybody may see, in the order of `listQcSets`. */
export async function galleryOf(db: Db, productId: number): Promise<QcSet[]> {
  return (await listQcSets(db, productId)).filter(({ isPublic }) => isPublic)
}

/** Removes a set with its photos; the demo's stay. Throws `not_found`, and `input_invalid` for the demo's. */
export async function removeQcSet(ctx: Ctx, { id, actor }: { id: number; actor: string }): Promise<QcSet> {
  return ctx.db.transaction().execute(async (tx) => {
    const found = await qcSetById(tx, id)
    const product = found && (await lockProduct(tx, found.product_id))
    // Read again behind the lock, as somebody else may have removed it meanwhile.
    const row = product && (await qcSetById(tx, id))
    if (!row) throw new DomainError('not_found', `There is no set ${id}.`)
    if (product.catalogue === 'demo') throw new DomainError('input_invalid', 'The sets of the demo stay as they are.')
    const set = setOf(row)
    await qcSetDelete(tx, id)
    await audit(tx, {
      at: ctx.clock.now(),
      actor,
      action: 'qc.remove',
      accountId: null,
      subject: `qc-set:${id}`,
      before: auditedOf(product, set),
    })
    await tellProduct(tx, product)
    return set
  })
}

async function storeSet(ctx: Ctx, tx: Tx, productId: number, input: NewQcSet, photos: readonly Photo[]) {
  // Whoever changes sets of a product does so one after another: the count on the product is of what is committed.
  const product = await lockProduct(tx, productId)
  if (!product) throw new DomainError('not_found', 'Product not found')
  const digest = digestOf(input)
  const known = await qcSetByDigest(tx, productId, digest)
  if (known) return { set: setOf(known), product, isNew: false }

  const now = ctx.clock.now()
  const [id] = await qcSetInsert(tx, [insertOf(productId, input, photos, digest)], now)
  const set = setOf((await qcSetById(tx, id!))!)
  await audit(tx, {
    at: now,
    actor: input.actor,
    action: 'qc.add',
    accountId: null,
    subject: `qc-set:${set.id}`,
    after: auditedOf(product, set),
  })
  await tellProduct(tx, product)
  return { set, product, isNew: true }
}

/** Writes on the product, and into the index of pictures, what its public photos now are. */
async function tellProduct(tx: Tx, product: Product): Promise<void> {
  const paths = (await galleryOf(tx, product.id)).flatMap((set) => set.paths)
  await putQcPictures(tx, product, paths)
  await setQcPhotos(tx, [{ ...product, qcCount: paths.length, qcPhotos: paths.slice(0, QC_PREVIEW_MAX) }])
}

/** The live product of a set that is to be added, which has the sku. */
async function getLive(ctx: Ctx, { ref, skuId }: NewQcSet): Promise<Product> {
  const product = await lookUp(ctx, { catalogue: 'live' }, ref)
  if (product.catalogue === 'demo') {
    throw new DomainError('input_invalid', `${refKey(ref)} is a product of the demo, which has drawn photos only.`)
  }
  if (skuId !== null && !product.skus.some((sku) => sku.skuId === skuId)) {
    throw new DomainError('input_invalid', `${refKey(ref)} has no sku ${skuId}.`)
  }
  return product
}

const HASH = new URL('tasks/hash.ts', import.meta.url)

/** Keeps the pictures, each once. All are decoded before the first is kept, so that a bad one leaves nothing behind. */
async function takePhotos(ctx: Ctx, { pictures, isPublic }: NewQcSet): Promise<(Photo & { picture: number })[]> {
  const hashes = await eachNumbered(pictures, (bytes) => inThread<string | null>(ctx.workers, HASH, { bytes }))
  const taken = await eachNumbered(pictures, (picture) => takeIn(ctx, picture, { isPrivate: !isPublic }))
  const photos = taken.map(({ path }, at) => ({ picture: at + 1, path, phash: hashes[at]! }))
  return photos.filter(({ path }, at) => photos.findIndex((each) => each.path === path) === at)
}

/** Does `work` with each picture; a refusal tells which one it is of. */
async function eachNumbered<T>(pictures: readonly Buffer[], work: (picture: Buffer) => Promise<T>): Promise<T[]> {
  const done: T[] = []
  for (const picture of pictures) {
    try {
      done.push(await work(picture))
    } catch (error) {
      if (!(error instanceof DomainError)) throw error
      throw new DomainError(error.code, error.message, { ...error.details, picture: done.length + 1 }, { cause: error })
    }
  }
  return done
}

/** In whatever order the pictures come. */
function digestOf({ takenAt, pictures }: NewQcSet): string {
  const digests = new Set(pictures.map((picture) => hash('sha256', picture)))
  return hash('sha256', [takenAt?.toISOString() ?? 'unknown', ...[...digests].sort()].join('\n'))
}

/** A set as it is written; `digest` is what tells it from the product's others. */
export function insertOf(
  productId: number,
  { skuId, source, takenAt, weightGrams, sizeMm, isPublic }: QcFacts,
  photos: readonly Photo[],
  digest: string,
): QcSetInsert {
  return {
    product_id: productId,
    sku_id: skuId,
    source,
    taken_at: takenAt?.toISOString() ?? null,
    weight_grams: weightGrams,
    length_mm: sizeMm?.[0] ?? null,
    width_mm: sizeMm?.[1] ?? null,
    height_mm: sizeMm?.[2] ?? null,
    is_public: isPublic,
    digest,
    photos,
  }
}

function setOf(row: QcSetRow): QcSet {
  const { length_mm: length, width_mm: width, height_mm: height } = row
  return {
    id: row.id,
    productId: row.product_id,
    skuId: row.sku_id,
    source: row.source,
    takenAt: row.taken_at,
    weightGrams: row.weight_grams,
    sizeMm: length === null || width === null || height === null ? null : [length, width, height],
    isPublic: row.is_public,
    addedAt: row.created_at,
    paths: row.paths,
  }
}

function auditedOf(product: Product, { skuId, source, takenAt, isPublic, paths }: QcSet): Record<string, unknown> {
  const takenAtText = takenAt?.toISOString() ?? null
  return { product: refKey(product), sku: skuId, source, taken_at: takenAtText, public: isPublic, photos: paths.length }
}
