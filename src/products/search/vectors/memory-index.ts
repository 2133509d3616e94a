import { setImmediate as yieldToOthers } from 'node:timers/promises'
import type { Workers } from '../../../lib/workers.ts'
import type { EmbedderInfo } from '../embedder/embedder.ts'
import { type PictureFeatures, type PictureQuery, unpackFeatures } from '../embedder/features.ts'
import { collectGarbage } from './shared-memory.ts'
import { addPicture, createStore, shareStore, type SharedStore, type Store } from './store.ts'
import type { Found, IndexEntry, SearchOptions, VectorIndex } from './vector-index.ts'

const FIND = new URL('../tasks/find.ts', import.meta.url)

/** Pictures written before others get their turn: about a millisecond. */
const SLICE = 20
/** Of the map from pictures to rows, for each picture: a number each, and what a map needs beside. */
const MAP_BYTES = 40

/** What a search thread is given; it opens each index once, by its number. */
export type FindInput = {
  index: number
  store: SharedStore
  info: EmbedderInfo
  query: PictureQuery
  options: SearchOptions
}

let indexes = 0

/** Compares every picture: in this process's memory, which worker threads read. */
export function openMemoryIndex({ workers, info }: { workers: Workers; info: EmbedderInfo }): VectorIndex {
  return new MemoryIndex(workers, info)
}

class MemoryIndex implements VectorIndex {
  readonly fingerprint: string
  readonly #workers: Workers
  readonly #info: EmbedderInfo
  readonly #number = ++indexes
  readonly #store: Store
  /** The row of each picture. */
  readonly #rows = new Map<number, number>()
  #searching = 0
  #isClosed = false
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
    const input: FindInput = {
      index: this.#number,
      store: shareStore(this.#store),
      info: this.#info,
      query,
      options,
    }
    this.#searching++
    try {
      return await this.#workers.run(FIND, input)
    } finally {
      this.#searching--
      this.#letGo()
    }
  }

  close(): void {
    this.#isClosed = true
    this.#letGo()
  }

  stats(): { pictures: number; removed: number; bytes: number } {
    const { rows, file } = this.#store
    const pictures = this.#rows.size
    const bytes = rows.bytes + file.bytes + pictures * MAP_BYTES
    return { pictures, removed: rows.count - pictures, bytes }
  }

  /** Writes after all that came before. */
  async #inTurn<Item>(items: readonly Item[], write: (item: Item) => void): Promise<void> {
    const mine = this.#last.then(() => inSlices(items, write))
    // The next write takes its turn whether this one succeeded or not.
    this.#last = mine.catch(() => {})
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

  /** Whoever had it opened holds it until his garbage is collected, which need not be ever: so threads are ended once. */
  #letGo(): void {
    if (!this.#isClosed || this.#searching > 0) return
    this.#workers.renew()
    // When whoever closed it does not refer to it any more.
    setImmediate(collectGarbage)
  }
}

/** A few at a time, so that nothing else waits long. */
async function inSlices<Item>(items: readonly Item[], write: (item: Item) => void): Promise<void> {
  for (let from = 0; from < items.length; from += SLICE) {
    if (from > 0) await yieldToOthers()
    for (const item of items.slice(from, from + SLICE)) write(item)
  }
}
