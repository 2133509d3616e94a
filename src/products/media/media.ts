import { hash } from 'node:crypto'
import type { Ctx } from '../../ctx.ts'
import type { Blobs } from '../../lib/blobs.ts'
import { reencode } from './intake.ts'

export type Media = { bytes: Buffer; contentType: string; etag: string }

/** Makes pictures by name, on demand, always the same for a name; null for a name it does not know. */
export type Draw = (name: string) => Promise<{ bytes: Buffer; contentType: string } | null>

const STORED = /^\/media\/p\/([0-9a-f]{2})\/(\1[0-9a-f]{62})\.webp$/
const DRAWN = /^\/media\/demo\/(v\d{1,4}\/[a-z0-9]+(?:-[a-z0-9]+){0,3}\.webp)$/

/**
 * The picture at a path below `/media/`, or null: `/media/p/…` as `takeIn` named it, `/media/demo/…` drawn by `ctx.draw` on
 * first use and kept. The path is taken as it came; nothing in it is decoded.
 */
export async function getMedia(ctx: Pick<Ctx, 'blobs' | 'draw'>, path: string): Promise<Media | null> {
  if (path.length > 200) return null
  const stored = STORED.exec(path)
  if (stored) return media(await ctx.blobs.get(`p/${stored[1]}/${stored[2]}.webp`))
  const drawn = DRAWN.exec(path)
  return drawn && ctx.draw ? media(await drawOnce(ctx.blobs, ctx.draw, drawn[1]!)) : null
}

function media(bytes: Buffer | null): Media | null {
  return bytes && { bytes, contentType: 'image/webp', etag: `W/"${hash('sha256', bytes).slice(0, 32)}"` }
}

const drawing = new WeakMap<Blobs, Map<string, Promise<Buffer | null>>>()

/** Several callers who ask for the same new drawing wait for one. */
async function drawOnce(blobs: Blobs, draw: Draw, name: string): Promise<Buffer | null> {
  const blob = `demo/${name}`
  const kept = await blobs.get(blob)
  if (kept) return kept

  const running = drawing.get(blobs) ?? new Map<string, Promise<Buffer | null>>()
  drawing.set(blobs, running)
  const known = running.get(blob)
  if (known) return known
  const made = drawAndKeep(blobs, draw, blob, name).finally(() => running.delete(blob))
  running.set(blob, made)
  return made
}

async function drawAndKeep(blobs: Blobs, draw: Draw, blob: string, name: string): Promise<Buffer | null> {
  const drawn = await draw(name)
  if (!drawn) return null
  await blobs.put(blob, drawn.bytes)
  return drawn.bytes
}

/**
 * Takes a picture from outside in: checks it, makes it upright, drops everything but its pixels, and keeps it as WebP of
 * at most 1600 px a side under the name of its content, so that the same picture is kept once. `path` begins with
 * `/media/`. Throws `DomainError('unprocessable')` with a sentence for the sender when it is no acceptable picture.
 */
export async function takeIn(
  ctx: Pick<Ctx, 'blobs'>,
  bytes: Buffer,
): Promise<{ path: string; width: number; height: number }> {
  const { webp, width, height } = await reencode(bytes)
  const digest = hash('sha256', webp)
  const name = `p/${digest.slice(0, 2)}/${digest}.webp`
  if (!(await ctx.blobs.get(name))) await ctx.blobs.put(name, webp)
  return { path: `/media/${name}`, width, height }
}
