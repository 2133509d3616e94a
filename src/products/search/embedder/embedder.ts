import type { Raster } from '../../media/raster.ts'
import { fingerprintOf, ID, readAsset } from './asset.ts'
import { boxWithinBorder } from './borders.ts'
import { openCodebook, WORDS } from './codebook.ts'
import { type Described, mirrorDescriptors } from './descriptors.ts'
import { fineLocalFeatures, isBlankSquare, localFeatures, rawVectorOf, squareOf } from './extract.ts'
import { angleByte, type PictureFeatures, type PictureQuery, type Points, scaleByte } from './features.ts'
import { hashesOf, hashesOfAllSides } from './hashes.ts'
import { crop } from './planes.ts'
import { project, type Projection } from './projection.ts'
import { scaleTo } from './scale.ts'

export type EmbedderInfo = {
  /** The method, such as `classic-v1`. */
  id: string
  /**
   * Of the method's version and of everything learnt that changes its numbers. Features are only ever compared when theirs
   * are equal.
   */
  fingerprint: string
  /** How many numbers its global vector has. */
  dim: number
  /** How many words its points are filed under; 0 when it has no points. */
  words: number
  /** `[share, cosine]`, ascending: this share of random pairs of pictures is less alike than the cosine. */
  cosines: readonly (readonly [share: number, cosine: number])[]
}

/**
 * Turns pictures into what can be compared. Computes, and therefore runs in a worker thread. One that runs an operator's own
 * model would stand beside `classic-v1` here, with a global vector alone.
 */
export type Embedder = {
  readonly info: EmbedderInfo
  /** What is kept of a picture. */
  embed(picture: Raster): PictureFeatures
  /** What is asked with. */
  embedQuery(picture: Raster): PictureQuery
}

/** How many points are kept of a picture, and how many a search asks with, for each of which it looks under so many words. */
const POINTS_KEPT = 120
const POINTS_ASKED = 300
const WORDS_ASKED = 6

/**
 * `classic-v1` with what it learnt: hashes, a global vector and local features, without a neural network. Throws an
 * `OperatorError` for an asset that `readAsset` refuses.
 */
export function openClassic(asset: Uint8Array): Embedder {
  const { vector, codebook, cosines } = readAsset(asset)
  const file = openCodebook(codebook)
  return {
    info: { id: ID, fingerprint: fingerprintOf(asset), dim: vector.to, words: WORDS, cosines },
    embed(picture) {
      const square = squareOf(picture)
      const isBlank = isBlankSquare(square)
      const local = localFeatures(picture, isBlank ? 0 : POINTS_KEPT)
      const points = { count: local.count, frames: bytesOfFrames(local), ...file(local.descriptors, 1) }
      return { isBlank, global: globalVector(vector, rawVectorOf(square)), ...hashesOf(square.gray), points }
    },
    embedQuery(picture) {
      const whole = squareOf(picture)
      const inner = boxWithinBorder(picture)
      const squares = inner ? [whole, squareOf(crop(picture, inner))] : [whole]
      const isBlank = isBlankSquare(whole)
      const local = fineLocalFeatures(picture, isBlank ? 0 : POINTS_ASKED)
      const { words, signatures } = file(local.descriptors, WORDS_ASKED)
      const mirrored = file(mirrorDescriptors(local.descriptors), WORDS_ASKED)
      return {
        isBlank,
        globals: squares.map((square) => globalVector(vector, rawVectorOf(square))),
        hashes: squares.flatMap(({ gray }) => hashesOfAllSides(gray)),
        width: picture.width,
        height: picture.height,
        points: {
          count: local.count,
          wordsPerPoint: WORDS_ASKED,
          frames: local.frames,
          words,
          signatures,
          mirroredWords: mirrored.words,
          mirroredSignatures: mirrored.signatures,
        },
      }
    },
  }
}

function bytesOfFrames({ count, frames }: Described): Points['frames'] {
  const bytes = new Uint8Array(count * 4)
  for (let at = 0; at < bytes.length; at += 4) {
    bytes[at] = Math.min(255, Math.max(0, Math.round(frames[at]!)))
    bytes[at + 1] = Math.min(255, Math.max(0, Math.round(frames[at + 1]!)))
    bytes[at + 2] = scaleByte(frames[at + 2]!)
    bytes[at + 3] = angleByte(frames[at + 3]!)
  }
  return bytes
}

/** The vector as signed bytes, its length scaled to 127. */
export function globalVector(vector: Projection, raw: Float32Array): Int8Array {
  const projected = project(vector, raw, 1)
  scaleTo(projected, 127)
  return Int8Array.from(projected, Math.round)
}
