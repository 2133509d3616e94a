import type { Raster } from '../../media/raster.ts'
import type { PictureFeatures, PictureQuery } from './features.ts'

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
