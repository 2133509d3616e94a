import { hash } from 'node:crypto'
import type { Ctx } from '../../ctx.ts'
import type { Blobs } from '../../lib/blobs.ts'
import { DomainError } from '../../lib/errors.ts'
import type { RunOptions } from '../../lib/workers.ts'
import { fetchPicture } from './fetch.ts'
import { PICTURE_BYTES_MAX, type Reencoded } from './intake.ts'
import { signedUntil } from './signatures.ts'
import { inThread, refused } from './threads.ts'

/** `expiresAt`: when the address of a private picture stops working; null for a public one. */
export type Media = { bytes: Buffer; contentType: 'image/webp'; etag: string; expiresAt: Date | null }

/** Whether what has to be made waits behind what is paid for: as nobody pays for it, or as nobody waits for it either. */
type Making = Pick<RunOptions, 'isFree' | 'isBackground'>

/** Makes pictures by name, on demand, always the same for a name; null for a name it does not know. */
export type Draw = (name: string, options: Making) => Promise<{ bytes: Buffer; contentType: string } | null>

/** Longest sides of thumbnails, in pixels. */
export type ThumbnailSide = 160 | 320 | 640

type MediaCtx = Pick<Ctx, 'blobs' | 'workers' | 'draw' | 'db' | 'clock' | 'random'>
/** A picture by what its path says. `name` is its blob's, without the ending. */
type Picture = { kind: 'stored' | 'private' | 'drawn'; name: string; side: number | null }

const PATH =
  /^\/media\/(?:p\/(?<stored>([0-9a-f]{2})\/\2[0-9a-f]{62})|private\/(?<hidden>[0-9a-f]{64})|demo\/(?<drawn>v\d{1,4}\/[a-z0-9]+(?:-[a-z0-9]+){0,3}?))(?:-(?<side>160|320|640))?\.webp$/

const REENCODE = new URL('tasks/reencode.ts', import.meta.url)
const SHRINK = new URL('tasks/shrink.ts', import.meta.url)

/**
 * The picture at a target below `/media/`, or null: `/media/p/…` and, with its signature, `/media/private/…` as `takeIn` named
 * it, `/media/demo/…` drawn by `ctx.draw`. Drawings and thumbnails are made on first use and kept, behind what callers pay
 * for; throws `DomainError('busy')` when too many wait. The target is taken as it came; nothing in it is decoded.
 */
export async function getMedia(ctx: MediaCtx, target: string): Promise<Media | null> {
  return mediaAt(ctx, target, { isFree: true })
}

async function mediaAt(ctx: MediaCtx, target: string, making: Making): Promise<Media | null> {
  const [path = '', ...queries] = target.split('?')
  const picture = pictureAt(path)
  if (!picture) return null
  const expiresAt = picture.kind === 'private' ? await signedUntil(ctx, path, queries.join('?')) : null
  if (picture.kind === 'private' && !expiresAt) return null
  const bytes = await bytesOf(ctx, picture, making)
  return bytes && { bytes, contentType: 'image/webp', etag: `"${hash('sha256', bytes).slice(0, 32)}"`, expiresAt }
}

/**
 * The bytes of a picture: one of ours by its path or whole address below `/media/`, a private one's with its signature, else
 * what `fetchPicture` gets, and throws, for the address. Throws `DomainError('unprocessable')` when we have none.
 */
export async function readPicture(
  ctx: MediaCtx & Pick<Ctx, 'guardedHttp' | 'publicUrl'>,
  address: string,
  making: Making = {},
): Promise<Buffer> {
  const target = targetOf(address, ctx.publicUrl)
  if (!target.startsWith('/media/')) return fetchPicture(ctx, address)
  const media = await mediaAt(ctx, target, making)
  if (!media) throw new DomainError('unprocessable', 'There is no such picture.')
  return media.bytes
}

/** The path and query of an address of this server, however its origin is spelt; any other address as it is. */
function targetOf(address: string, publicUrl: string): string {
  if (publicUrl === '' || !URL.canParse(address)) return address
  const { origin, pathname, search } = new URL(address)
  const { origin: ours, pathname: base } = new URL(publicUrl)
  const below = base.replace(/\/$/, '')
  const isOurs = origin === ours && pathname.startsWith(`${below}/media/`)
  return isOurs ? pathname.slice(below.length) + search : address
}

/** Where the thumbnail of a picture below `/media/` is served; a private one's path has to be signed for itself. */
export function thumbnailPath(path: string, side: ThumbnailSide): string {
  return path.replace(/\.webp$/, `-${side}.webp`)
}

function pictureAt(path: string): Picture | null {
  const groups = path.length > 200 ? undefined : PATH.exec(path)?.groups
  if (!groups) return null
  const { stored, hidden, drawn } = groups
  const side = groups['side'] === undefined ? null : Number(groups['side'])
  if (stored !== undefined) return { kind: 'stored', name: `p/${stored}`, side }
  if (hidden !== undefined) return { kind: 'private', name: `private/${hidden.slice(0, 2)}/${hidden}`, side }
  return { kind: 'drawn', name: `demo/${drawn}`, side }
}

async function bytesOf(ctx: MediaCtx, picture: Picture, making: Making): Promise<Buffer | null> {
  if (picture.side === null) return wholeOf(ctx, picture, making)
  return keptOrMade(ctx.blobs, `${picture.name}-${picture.side}.webp`, making, async () => {
    const bytes = await wholeOf(ctx, picture, making)
    return bytes && bufferOf(await inThread<Uint8Array>(ctx.workers, SHRINK, { bytes, side: picture.side }, making))
  })
}

async function wholeOf({ blobs, draw }: MediaCtx, { kind, name }: Picture, making: Making): Promise<Buffer | null> {
  if (kind !== 'drawn') return blobs.get(`${name}.webp`)
  if (!draw) return null
  return keptOrMade(
    blobs,
    `${name}.webp`,
    making,
    async () => (await draw(`${name.slice('demo/'.length)}.webp`, making))?.bytes ?? null,
  )
}

const underWay = new WeakMap<Blobs, Map<string, Promise<Buffer | null>>>()

/** The blob, else what `make` makes and is then kept. Several callers who want the same new one wait for one. */
async function keptOrMade(
  blobs: Blobs,
  blob: string,
  { isFree, isBackground }: Making,
  make: () => Promise<Buffer | null>,
): Promise<Buffer | null> {
  const kept = await blobs.get(blob)
  if (kept) return kept

  const running = underWay.get(blobs) ?? new Map<string, Promise<Buffer | null>>()
  underWay.set(blobs, running)
  // Who pays does not wait for one that waits behind others.
  const key = `${isBackground ? 'late' : isFree ? 'free' : 'paid'} ${blob}`
  const known = running.get(key)
  if (known) return known
  const made = makeAndKeep(blobs, blob, make).finally(() => running.delete(key))
  running.set(key, made)
  return made
}

async function makeAndKeep(blobs: Blobs, blob: string, make: () => Promise<Buffer | null>): Promise<Buffer | null> {
  const bytes = await make()
  if (bytes) await blobs.put(blob, bytes)
  return bytes
}

/**
 * Takes a picture from outside in: checks it, makes it upright, drops everything but its pixels, and keeps it as WebP of
 * at most 1600 px a side under the name of its content, so that the same picture is kept once. `path` begins with
 * `/media/`; that of a private picture opens nothing without `signedPath`. Throws `DomainError('unprocessable')` with a
 * sentence for the sender when it is no acceptable picture, `DomainError('busy')` when too many wait.
 */
export async function takeIn(
  ctx: Pick<Ctx, 'blobs' | 'workers'>,
  bytes: Uint8Array,
  { isPrivate = false }: { isPrivate?: boolean } = {},
): Promise<{ path: string; width: number; height: number }> {
  // Before it is copied for a thread.
  if (bytes.length > PICTURE_BYTES_MAX) throw refused('is larger than 10 MB')
  const { webp, width, height } = await inThread<Reencoded>(ctx.workers, REENCODE, { bytes })
  const digest = hash('sha256', webp)
  const place = `${digest.slice(0, 2)}/${digest}.webp`
  const blob = isPrivate ? `private/${place}` : `p/${place}`
  if (!(await ctx.blobs.get(blob))) await ctx.blobs.put(blob, bufferOf(webp))
  return { path: isPrivate ? `/media/private/${digest}.webp` : `/media/${blob}`, width, height }
}

/** What came from a thread is an array of its own; this copies nothing. */
function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}
