import { createStore, type Store } from './store.ts'

/** A new store with what stands in this one, in the same order. */
export function compact({ rows, file }: Store): Store {
  const store = createStore(rows.dim, file.words)
  const placeOf = new Map<number, number>()
  for (let row = 0; row < rows.count; row++) {
    if (!rows.stands(row)) continue
    const { pHash, dHash } = rows.hashes(row)
    placeOf.set(row, store.rows.write(rows.facts(row), rows.vector(row), pHash, dHash))
    store.rows.publish(undefined)
  }
  for (let word = 0; word < file.words; word++) {
    file.each(word, (posting) => {
      const row = placeOf.get(file.rowAt(posting))
      if (row !== undefined) store.file.post(word, row, ...file.signatureAt(posting), file.frameAt(posting))
    })
  }
  return store
}
