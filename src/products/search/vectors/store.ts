import { type PictureFeatures } from '../embedder/features.ts'
import { InvertedFile } from './inverted-file.ts'
import { Rows } from './rows.ts'

/** What another thread needs to read a store. */
export type SharedStore = { dim: number; words: number; rows: WebAssembly.Memory; postings: WebAssembly.Memory }

/** Everything that is kept of a space's pictures. */
export type Store = { rows: Rows; file: InvertedFile }

export type Filed = { pictureId: number; productId: number; group: number; features: PictureFeatures }

export function createStore(dim: number, words: number): Store {
  return { rows: new Rows(dim), file: new InvertedFile(words) }
}

/** A store that another thread has made, as it is now. */
export function openStore({ dim, words, rows, postings }: SharedStore): Store {
  return { rows: new Rows(dim, rows), file: new InvertedFile(words, postings) }
}

export function shareStore({ rows, file }: Store): SharedStore {
  return { dim: rows.dim, words: file.words, rows: rows.memory, postings: file.memory }
}

/** Adds a picture, in the place of the row that it replaces, and returns its row. Throws `RangeError` when there is no room. */
export function addPicture({ rows, file }: Store, picture: Filed, replaced: number | undefined): number {
  const { features } = picture
  const { isBlank, global, pHash, dHash, points } = features
  const row = rows.write({ ...picture, isBlank }, global, pHash, dHash)
  try {
    file.add(row, points)
  } catch (error) {
    // Some of its points stand under this number, so that no other picture may have it.
    rows.publish(undefined)
    rows.remove(row)
    throw error
  }
  rows.publish(replaced)
  return row
}
