import { type Embedder, openClassic } from '../src/products/search/embedder/embedder.ts'
import { packFeatures } from '../src/products/search/embedder/features.ts'
import { inventPictures } from '../src/products/search/embedder/invented.ts'

export type DistractorOrder = { asset: Uint8Array; seed: number; count: number }

let embedder: Embedder | null = null

/** A task: the packed features of drawn pictures, to search among more than the sample has. */
export default function distractors({ asset, seed, count }: DistractorOrder): Uint8Array[] {
  embedder ??= openClassic(asset)
  const { embed } = embedder
  return Array.from(inventPictures(seed, count), (picture) => packFeatures(embed(picture)))
}
