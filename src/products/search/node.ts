import type { EmbedderInfo } from './embedder/embedder.ts'
import type { PictureQuery } from './embedder/features.ts'
import type { VectorIndex } from './vectors/vector-index.ts'

/** An embedder as the main thread has it: it works in the worker threads. */
export type Embedding = {
  readonly info: EmbedderInfo
  /**
   * The features of an encoded picture, as `packFeatures` gives them. Rejects with `DomainError('unprocessable')` for what is
   * no acceptable picture. `isBackground`: behind what callers wait for.
   */
  embed(picture: Buffer, options?: { isBackground?: boolean }): Promise<Buffer>
  /** What a search asks with. Rejects as `embed` does, and with `busy` when too many wait. */
  embedQuery(picture: Buffer): Promise<PictureQuery>
}

/** The space that searches on this node ask. */
export type LoadedSpace = {
  spaceId: number
  embedding: Embedding
  index: VectorIndex
  /** When something in it changed last. */
  changedAt: Date | null
}

/** This node's copy of the active space, which follows the database. */
export type SearchNode = {
  /** Loads the active space and follows it until `close`; resolves when it is loaded. */
  start(): Promise<void>
  /** Null until it is loaded. */
  current(): LoadedSpace | null
  close(): Promise<void>
}
