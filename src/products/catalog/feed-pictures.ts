import { readFile, realpath, stat } from 'node:fs/promises'
import { dirname, resolve, sep } from 'node:path'
import type { Ctx } from '../../ctx.ts'
import { DomainError } from '../../lib/errors.ts'
import { PICTURE_BYTES_MAX } from '../media/intake.ts'
import { takeIn } from '../media/media.ts'
import type { Listing } from '../listing.ts'

const REMEMBERED_MAX = 10_000

/** What a path came to: where its picture is served, or why it cannot be taken. */
type Taken = { path: string } | { fault: string }
export type FeedPictures = { taken: Map<string, Promise<Taken>>; folder: string }

/** The pictures of one feed, which lie in or below its folder. */
export async function openFeedPictures(feedPath: string): Promise<FeedPictures> {
  return { taken: new Map(), folder: await realpath(dirname(feedPath)) }
}

/** Whether every picture of a listing is served where it is. */
export function hasOnlyAddresses(listing: Listing): boolean {
  return (
    listing.images.every(isAddress) &&
    listing.skus.every(({ image }) => image === null || isAddress(image)) &&
    listing.options.every(({ values }) => values.every(({ image }) => image === null || isAddress(image)))
  )
}

/**
 * Takes in the pictures that a listing names by path, and gives the listing with the paths under which they are served.
 * A sentence instead when one cannot be taken.
 */
export async function takePictures(
  ctx: Ctx,
  pictures: FeedPictures,
  listing: Listing,
): Promise<{ listing: Listing } | { fault: string }> {
  let fault: string | null = null
  const take = async <T extends string | null>(picture: T): Promise<T> => {
    if (picture === null || isAddress(picture) || fault !== null) return picture
    const taken = await takeOnce(ctx, pictures, picture)
    if ('path' in taken) return taken.path as T
    fault ??= taken.fault
    return picture
  }
  // One after another: a line may name hundreds, and others need the threads too.
  const images: string[] = []
  for (const image of listing.images) images.push(await take(image))
  const skus = []
  for (const sku of listing.skus) skus.push({ ...sku, image: await take(sku.image) })
  const options = []
  for (const option of listing.options) {
    const values = []
    for (const value of option.values) values.push({ ...value, image: await take(value.image) })
    options.push({ ...option, values })
  }
  return fault === null ? { listing: { ...listing, images, skus, options } } : { fault }
}

function isAddress(picture: string): boolean {
  return picture.startsWith('https://')
}

function takeOnce(ctx: Ctx, pictures: FeedPictures, picture: string): Promise<Taken> {
  const known = pictures.taken.get(picture)
  if (known) return known
  const taking = takeFile(ctx, pictures.folder, picture)
  pictures.taken.set(picture, taking)
  if (pictures.taken.size > REMEMBERED_MAX) pictures.taken.delete(pictures.taken.keys().next().value!)
  return taking
}

async function takeFile(ctx: Ctx, folder: string, picture: string): Promise<Taken> {
  if (/^[a-z][a-z0-9+.-]*:|^\/\//i.test(picture)) {
    return { fault: `picture ${picture} must be an https:// address or a path beside the feed.` }
  }
  const outside = { fault: `picture ${picture} lies outside the feed's folder.` }
  const named = resolve(folder, picture)
  if (picture.includes('\0') || !named.startsWith(folder + sep)) return outside
  try {
    // What a link points at counts, not where the link lies.
    const file = await realpath(named)
    if (!file.startsWith(folder + sep)) return outside
    const found = await stat(file)
    if (!found.isFile()) return { fault: `picture ${picture} is not a file.` }
    if (found.size > PICTURE_BYTES_MAX) return { fault: `picture ${picture} is larger than 10 MB.` }
    const { path } = await takeIn(ctx, await readFile(file))
    return { path }
  } catch (error) {
    if (error instanceof DomainError) return { fault: `picture ${picture}: ${error.message}` }
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return { fault: `picture ${picture} does not exist.` }
    if (code === 'EACCES' || code === 'ELOOP' || code === 'ENAMETOOLONG') {
      return { fault: `picture ${picture} cannot be read (${code}).` }
    }
    throw error
  }
}
