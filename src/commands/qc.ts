import { readFileSync, statSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { readConfig } from '../config.ts'
import { withCtx, type Ctx } from '../ctx.ts'
import { DomainError, OperatorError } from '../lib/errors.ts'
import { lookUp } from '../products/catalog/catalog.ts'
import { refKey } from '../products/catalog/product.ts'
import { MARKETPLACES } from '../products/links/marketplaces.ts'
import { parseLink } from '../products/links/parse.ts'
import type { ListingRef } from '../products/listing.ts'
import { PICTURE_BYTES_MAX } from '../products/media/intake.ts'
import { signedPath } from '../products/media/signatures.ts'
import type { QcSource, SizeMm } from '../products/qc/facts.ts'
import { addQcSet, listQcSets, removeQcSet, type QcSet } from '../products/qc/qc.ts'
import { absoluteUrl } from '../surfaces/urls.ts'
import { cliActor } from './actor.ts'
import { print } from './print.ts'

type Json = { json?: boolean }

export type QcAddOptions = Json & {
  sku?: string
  source: QcSource
  taken?: Date
  weight?: number
  size?: SizeMm
  private?: boolean
}

/** For how long the addresses of private photos that are listed work. */
const SIGNED_SECONDS = 3_600

/** Adds photos of one product, all or none; says which of them are photos of another product too. */
export async function qcAdd(product: string, files: string[], options: QcAddOptions): Promise<void> {
  const ref = readRef(product)
  const pictures = files.map(readPictureFile)
  const facts = {
    skuId: options.sku ?? null,
    source: options.source,
    takenAt: options.taken ?? null,
    weightGrams: options.weight ?? null,
    sizeMm: options.size ?? null,
    isPublic: options.private !== true,
  }
  const added = await withCtx(readConfig(), async (ctx) =>
    addQcSet(ctx, { ref, pictures, ...facts, actor: cliActor() }).catch((error: unknown) => {
      throw explain(error, ref, files)
    }),
  )
  const { set, isNew } = added
  const reused = added.reused.map(({ picture, path, product, otherPath, distance }) => {
    return { file: files[picture - 1]!, photo: path, product: refKey(product), product_photo: otherPath, distance }
  })
  const value = { set: set.id, product: refKey(ref), new: isNew, public: set.isPublic, photos: set.paths, reused }
  const told = `${photosOf(set)} of ${refKey(ref)}, ${visibilityOf(set)}`
  const isOther = Object.entries(facts).some(([name, fact]) => !isDeepStrictEqual(fact, set[name as keyof QcSet]))
  const remedy = isOther ? ' What else is said of it stays as it was; remove it first to say otherwise.' : ''
  const words = [
    isNew ? `Set ${set.id}: ${told}.` : `Set ${set.id} has them already: ${told}. Nothing was added.${remedy}`,
    ...reused.map((each) => `${each.file} shows what a photo of ${each.product} shows: ${each.product_photo}`),
  ]
  print(options, value, words.join('\n'))
}

/** Lists the sets of a product; private photos with addresses that work for an hour. */
export async function qcList(product: string, options: Json): Promise<void> {
  const ref = readRef(product)
  const sets = await withCtx(readConfig(), async (ctx) => {
    const { id } = await lookUp(ctx, { catalogue: 'live' }, ref).catch((error: unknown) => {
      throw explain(error, ref)
    })
    return Promise.all((await listQcSets(ctx.db, id)).map((set) => addressed(ctx, set)))
  })
  const value = { product: refKey(ref), sets: sets.map(toJson) }
  const words = sets.map((set) => [headOf(set), ...set.paths.map((path) => `  ${path}`)].join('\n'))
  print(options, value, words.join('\n') || `There are no photos of ${refKey(ref)}.`)
}

/** Removes a set. Its pictures stay among the blobs, as others may use them. */
export async function qcRemove(id: number, options: Json): Promise<void> {
  const set = await withCtx(readConfig(), (ctx) => removeQcSet(ctx, { id, actor: cliActor() }))
  print(options, { set: set.id, removed: set.paths.length }, `Removed set ${set.id} with ${photosOf(set)}.`)
}

/** `weidian/7231368393`, or a link to a listing. */
function readRef(text: string): ListingRef {
  const [, name, listingId] = /^([a-z0-9]+)\/([1-9]\d{0,18})$/.exec(text) ?? []
  const marketplace = MARKETPLACES.find((each) => each === name)
  if (marketplace && listingId !== undefined) return { marketplace, listingId }
  const link = parseLink(text)
  if (link.type === 'item') return { marketplace: link.marketplace, listingId: link.listingId }
  throw new OperatorError(`"${text}" is no product; give a link to one, or a text such as weidian/7231368393.`)
}

function readPictureFile(file: string): Buffer {
  const size = statSync(file, { throwIfNoEntry: false })?.size
  if (size === undefined) throw new OperatorError(`There is no file ${file}.`)
  if (size > PICTURE_BYTES_MAX) throw new OperatorError(`${file} is larger than 10 MB.`)
  try {
    return readFileSync(file)
  } catch (error) {
    throw new OperatorError(`${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`)
  }
}

/** Says of which file, or of which product, a refusal is. */
function explain(error: unknown, ref: ListingRef, files: readonly string[] = []): unknown {
  if (!(error instanceof DomainError)) return error
  const file = files[Number(error.details['picture']) - 1]
  if (file !== undefined) return new OperatorError(`${file}: ${error.message}`, { cause: error })
  if (error.code !== 'not_found') return error
  return new OperatorError(`Nobody knows ${refKey(ref)}; import it first (docs/feed.md).`, { cause: error })
}

/** With addresses in the place of paths. */
async function addressed(ctx: Ctx, set: QcSet): Promise<QcSet> {
  const paths = set.isPublic
    ? set.paths
    : await Promise.all(set.paths.map((path) => signedPath(ctx, path, { forSeconds: SIGNED_SECONDS })))
  return { ...set, paths: paths.map((path) => absoluteUrl(ctx.publicUrl, path)) }
}

function toJson(set: QcSet) {
  return {
    id: set.id,
    sku_id: set.skuId,
    source: set.source,
    taken_at: set.takenAt?.toISOString() ?? null,
    weight_grams: set.weightGrams,
    size_mm: set.sizeMm && { length: set.sizeMm[0], width: set.sizeMm[1], height: set.sizeMm[2] },
    public: set.isPublic,
    added_at: set.addedAt.toISOString(),
    photos: set.paths,
  }
}

function headOf(set: QcSet): string {
  const known = [
    set.takenAt && `taken ${set.takenAt.toISOString()}`,
    set.skuId && `sku ${set.skuId}`,
    set.weightGrams && `${set.weightGrams} g`,
    set.sizeMm && `${set.sizeMm.join(' × ')} mm`,
  ]
  return [`Set ${set.id}: ${photosOf(set)}`, visibilityOf(set), `by ${set.source}`, ...known].filter(Boolean).join(', ')
}

function photosOf({ paths }: QcSet): string {
  return `${paths.length} photo${paths.length === 1 ? '' : 's'}`
}

function visibilityOf({ isPublic }: QcSet): string {
  return isPublic ? 'public' : 'private'
}
