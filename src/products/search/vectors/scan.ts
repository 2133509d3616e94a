import { readFileSync } from 'node:fs'
import type { Store } from './store.ts'

type Kernel = {
  dots(row: number, count: number, width: number, vectors: number, out: number): void
  distances(row: number, count: number, pairs: number, out: number): void
  matches(
    block: number,
    count: number,
    limit: number,
    low: number,
    high: number,
    distanceMax: number,
    out: number,
  ): number
}

/** Values of rows that lie one after another, from this row on. Valid during the call alone. */
type Visit = (row: number, values: Int32Array) => void

let kernel: WebAssembly.Module | undefined
let scratch: WebAssembly.Memory | undefined

/** The loops of scan.wat over one store. They share the thread's scratch memory, as a thread runs one search at a time. */
export class Scan {
  readonly #kernel: Kernel
  readonly #scratch: WebAssembly.Memory
  readonly #store: Store

  constructor(store: Store) {
    kernel ??= new WebAssembly.Module(readFileSync(new URL('scan.wasm', import.meta.url)))
    scratch ??= new WebAssembly.Memory({ initial: 1 })
    const { exports } = new WebAssembly.Instance(kernel, {
      index: { rows: store.rows.memory, postings: store.file.memory },
      thread: { scratch },
    })
    this.#kernel = exports as unknown as Kernel
    this.#scratch = scratch
    this.#store = store
  }

  /** The highest of the dot products of these vectors and of every row's vector. */
  dots(vectors: readonly Int8Array[], visit: Visit): void {
    const { rows } = this.#store
    const query = new Int16Array(vectors.length * rows.stride)
    for (const [at, vector] of vectors.entries()) query.set(vector, at * rows.stride)
    this.#overRows(new Uint8Array(query.buffer), visit, (row, count, out) =>
      this.#kernel.dots(rows.vectorAt(row), count, rows.stride, vectors.length, out),
    )
  }

  /** In how many of 512 bits every row's hashes differ from the nearest of these pairs. */
  distances(pairs: readonly { pHash: Uint8Array; dHash: Uint8Array }[], visit: Visit): void {
    const { rows } = this.#store
    const query = Buffer.concat(pairs.flatMap(({ pHash, dHash }) => [pHash, dHash]))
    this.#overRows(query, visit, (row, count, out) =>
      this.#kernel.distances(rows.hashesAt(row), count, pairs.length, out),
    )
  }

  /**
   * The postings of a word whose signatures differ in at most so many bits: the address of each, and in how many. Valid until
   * the next call.
   */
  matches(word: number, low: number, high: number, distanceMax: number): Uint32Array {
    const { file } = this.#store
    const count = file.count(word)
    this.#reach(count * 8)
    const end = this.#kernel.matches(file.first(word), count, file.limit - 1, low, high, distanceMax, 0)
    return new Uint32Array(this.#scratch.buffer, 0, end / 4)
  }

  #overRows(query: Uint8Array, visit: Visit, scan: (row: number, count: number, out: number) => void): void {
    const { rows } = this.#store
    const out = query.length
    this.#reach(out + rows.run(0) * 4)
    new Uint8Array(this.#scratch.buffer).set(query)
    for (let row = 0, count: number; row < rows.count; row += count) {
      count = rows.run(row)
      scan(row, count, out)
      visit(row, new Int32Array(this.#scratch.buffer, out, count))
    }
  }

  #reach(bytes: number): void {
    const missing = Math.ceil((bytes - this.#scratch.buffer.byteLength) / 65_536)
    if (missing > 0) this.#scratch.grow(missing)
  }
}
