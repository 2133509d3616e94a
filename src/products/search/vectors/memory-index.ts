import { setImmediate as yieldToOthers } from 'node:timers/promises'
import type { Workers } from '../../../lib/workers.ts'
import type { EmbedderInfo } from '../embedder/embedder.ts'
import { type PictureFeatures, type PictureQuery, unpackFeatures } from '../embedder/features.ts'
import { addPicture, createStore, openStore, shareStore, type SharedStore, type Store } from './store.ts'
import type { Found, IndexEntry, SearchOptions, VectorIndex } from './vector-index.ts'

const FIND = new URL('../tasks/find.ts', import.meta.url)
const COMPACT = new URL('../tasks/compact.ts', import.meta.url)

/** Pictures written before others get their turn: about a millisecond. */
const SLICE = 20
/** Rows of removed pictures are given back when they are this part of all, and so many. */
const REMOVED_PART = 0.25
const REMOVED_MIN = 1000
/** Of the map from pictures to rows, for each picture: a number each, and what a map needs beside. */
const MAP_BYTES = 40

/** What a search thread is given. */
export type FindInput = { store: SharedStore; info: EmbedderInfo; query: PictureQuery; options: SearchOptions }

/** Compares every picture: in this process's memory, which worker threads read. */
export function openMemoryIndex({ workers, info }: { workers: Workers; info: EmbedderInfo }): VectorIndex {
  return new MemoryIndex(workers, info)
}

class MemoryIndex implements VectorIndex {
  readonly fingerprint: string
  readonly #workers: Workers
  readonly #info: EmbedderInfo
  #store: Store
  /** The row of each picture. */
  #rows = new Map<number, number>()
  #compactAt = REMOVED_MIN
  /** The last of the writes, which wait for one another. */
  #last: Promise<void> = Promise.resolve()

  constructor(workers: Workers, info: EmbedderInfo) {
    this.fingerprint = info.fingerprint
    this.#workers = workers
    this.#info = info
    this.#store = createStore(info.dim, info.words)
  }

  upsert(entries: readonly IndexEntry[]): Promise<void> {
    return this.#inTurn(entries, ({ features, ...entry }) => {
      const filed = { ...entry, features: this.#checked(features) }
      this.#rows.set(entry.pictureId, addPicture(this.#store, filed, this.#rows.get(entry.pictureId)))
    })
  }

  remove(pictureIds: readonly number[]): Promise<void> {
    return this.#inTurn(pictureIds, (pictureId) => {
      const row = this.#rows.get(pictureId)
      if (row === undefined) return
      this.#store.rows.remove(row)
      this.#rows.delete(pictureId)
    })
  }

  async search(query: PictureQuery, options: SearchOptions): Promise<{ found: Found[]; total: number }> {
    const input: FindInput = { store: shareStore(this.#store), info: this.#info, query, options }
    return this.#workers.run(FIND, input)
  }

  stats(): { kind: 'exact'; pictures: number; bytes: number } {
    const { rows, file } = this.#store
    const pictures = this.#rows.size
    return { kind: 'exact', pictures, bytes: rows.bytes + file.bytes + pictures * MAP_BYTES }
  }

  /** Writes after all that came before. */
  async #inTurn<Item>(items: readonly Item[], write: (item: Item) => void): Promise<void> {
    const mine = this.#last.then(() => inSlices(items, write))
    // The next write takes its turn whether this one succeeded or not.
    this.#last = mine.catch(() => {}).then(() => this.#compact())
    await mine
  }

  #checked(bytes: Uint8Array): PictureFeatures {
    const features = unpackFeatures(bytes)
    const { dim, words } = this.#info
    if (features.global.length !== dim || features.points.words.some((word) => word >= words)) {
      throw new Error('these features are of another space')
    }
    return features
  }

  /** Writes what stands into a new store beside, which then takes the old one's place; searches under way keep theirs. */
  async #compact(): Promise<void> {
    const { rows } = this.#store
    const removed = rows.count - this.#rows.size
    if (removed < this.#compactAt || removed < rows.count * REMOVED_PART) return
    try {
      const compacted = await this.#workers.run<SharedStore>(COMPACT, shareStore(this.#store), { isBackground: true })
      const store = openStore(compacted)
      this.#rows = await rowsByPicture(store)
      this.#store = store
      this.#compactAt = REMOVED_MIN
    } catch {
      // There was no room for both, or the threads were closed. The old store serves on; it is tried again when it pays more.
      this.#compactAt = removed * 2
    }
  }
}

/** A few at a time, so that nothing else waits long. */
async function inSlices<Item>(items: readonly Item[], write: (item: Item) => void): Promise<void> {
  for (let from = 0; from < items.length; from += SLICE) {
    if (from > 0) await yieldToOthers()
    for (const item of items.slice(from, from + SLICE)) write(item)
  }
}

async function rowsByPicture({ rows }: Store): Promise<Map<number, number>> {
  const found = new Map<number, number>()
  for (let row = 0; row < rows.count; row++) {
    if (row % 10_000 === 0) await yieldToOthers()
    found.set(rows.pictureId(row), row)
  }
  return found
}
