import type { PictureQuery } from '../embedder/features.ts'

/** What a match rests on. */
export type Match = 'same_picture' | 'possible' | 'similar'

/** A picture in the index. */
export type IndexEntry = {
  pictureId: number
  productId: number
  /** 0 to 15; a search names those that it wants. */
  group: number
  /** As `packFeatures` gives them. */
  features: Uint8Array
}

/** One product, by the picture of it that matches best. */
export type Found = {
  productId: number
  pictureId: number
  match: Match
  /** 0 to 1, calibrated: the same meaning whatever was learnt. */
  score: number
  evidence: {
    /** Points of the query that one turn, scale and shift carries onto points of the picture. */
    inliers: number
    /** How much of the width and height they span, whichever is less, 0 to 1; of the query or of the picture. */
    spread: number
    /** Bits of 256 in which the hashes differ, the mean of both, in the nearest orientation. */
    hashDistance: number
    cosine: number
  }
}

export type SearchOptions = {
  /** Only entries of these groups. */
  groups: readonly number[]
  /** Products at most. */
  limit: number
  /** Leaves this product out. */
  except?: number
}

/**
 * Finds pictures of one space. In process now (`memory-index.ts`); an external one would answer the same. Everything in it
 * carries `fingerprint`, and whoever opens it with features of another one is refused.
 */
export type VectorIndex = {
  readonly fingerprint: string
  /** Adds pictures, or replaces those that are in. Seen by searches that begin after the promise resolves. */
  upsert(entries: readonly IndexEntry[]): Promise<void>
  remove(pictureIds: readonly number[]): Promise<void>
  /**
   * Products above the similarity floor, the best first; equal scores by product id. `total` counts them all, up to what
   * the index looks at. Rejects with `DomainError('busy')` when too many searches wait.
   */
  search(query: PictureQuery, options: SearchOptions): Promise<{ found: Found[]; total: number }>
  /** `removed`: pictures whose room is not used again; a fresh index is without them. */
  stats(): { pictures: number; removed: number; bytes: number }
  /** Lets go of its memory when the searches under way are done. Nothing is searched in it any more. */
  close(): void
}
