import { type Embedder, openClassic } from '../embedder/embedder.ts'
import { packFeatures, type PictureQuery } from '../embedder/features.ts'
import { decodeRaster } from '../../media/raster.ts'

/** An encoded picture and what to make of it. The asset is shared between threads; a thread opens it once. */
export type EmbedOrder = {
  bytes: Uint8Array
  asset: Uint8Array
  fingerprint: string
  as: 'features' | 'query'
}

/** Those opened last, by fingerprint: while one space replaces another, a thread works for both. */
const opened = new Map<string, Embedder>()
const OPENED_MAX = 2

/** Packed features of an encoded picture, or what a search asks with. Throws as `decodeRaster` does. */
export default async function embed(order: EmbedOrder): Promise<Uint8Array | PictureQuery> {
  const raster = await decodeRaster(order.bytes)
  const embedder = embedderOf(order)
  return order.as === 'features' ? packFeatures(embedder.embed(raster)) : embedder.embedQuery(raster)
}

function embedderOf({ fingerprint, asset }: EmbedOrder): Embedder {
  const known = opened.get(fingerprint)
  if (known) return known
  const embedder = openClassic(asset)
  for (const oldest of [...opened.keys()].slice(0, Math.max(0, opened.size + 1 - OPENED_MAX))) opened.delete(oldest)
  opened.set(fingerprint, embedder)
  return embedder
}
