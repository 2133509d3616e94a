import { readFileSync } from 'node:fs'
import { BLOCK_ROWS } from './rows.ts'
import type { Store } from './store.ts'

type Kernel = {
  dots(row: number, count: number, width: number, vector: number, out: number): void
  distances(row: number, count: number, pairs: number, out: number): void
  matches(
    block: number,
    count: number,
    last: number,
    low: number,
    high: number,
    distanceMax: number,
    out: number,
  ): number
}

/** Values of rows that follow one another, from this row on. Valid during the call alone. */
type Visit = (row: number, values: Int32Array) => void

let kernel: WebAssembly.Module | undefined
let scratch: WebAssembly.Memory | undefined

/** The loops of scan.wat over one store. They share the thread's scratch memory, as a thread runs one search at a time. */
export class Scan {
  readonly #kernel: Kernel
  readonly #scratch: WebAssembly.Memory
  readonly store: Store

  constructor(store: Store) {
    kernel ??= new WebAssembly.Module(readFileSync(new URL('scan.wasm', import.meta.url)))
    scratch ??= new WebAssembly.Memory({ initial: 1 })
    const { exports } = new WebAssembly.Instance(kernel, {
      index: { rows: store.rows.memory, postings: store.file.memory },
      thread: { scratch },
    })
    this.#kernel = exports as unknown as Kernel
    this.#scratch = scratch
    this.store = store
  }

  /** The highest of the dot products of these vectors and of every row's vector. */
  dots(vectors: readonly Int8Array[], visit: Visit): void {
    const { rows } = this.store
    const query = new Int16Array(vectors.length * rows.stride)
    for (const [at, vector] of vectors.entries()) query.set(vector, at * rows.stride)
    const firstOut = this.#ask(new Uint8Array(query.buffer), vectors.length * BLOCK_ROWS * 4)
    for (let row = 0; row < rows.count; row += BLOCK_ROWS) {
      // Whole blocks, as the kernel goes four ways at once; what is in none of the rows yet is left out below.
      const results = vectors.map((_, at) => {
        const out = firstOut + at * BLOCK_ROWS * 4
        this.#kernel.dots(rows.vectorAt(row), BLOCK_ROWS, rows.stride, at * rows.stride * 2, out)
        return new Int32Array(this.#scratch.buffer, out, rows.run(row))
      })
      visit(row, results.reduce(highest))
    }
  }

  /** In how many of 512 bits every row's hashes differ from the nearest of these pairs. */
  distances(pairs: readonly { pHash: Uint8Array; dHash: Uint8Array }[], visit: Visit): void {
    const { rows } = this.store
    const out = this.#ask(Buffer.concat(pairs.flatMap(({ pHash, dHash }) => [pHash, dHash])), BLOCK_ROWS * 4)
    for (let row = 0; row < rows.count; row += BLOCK_ROWS) {
      this.#kernel.distances(rows.hashesAt(row), rows.run(row), pairs.length, out)
      visit(row, new Int32Array(this.#scratch.buffer, out, rows.run(row)))
    }
  }

  /**
   * The postings of a word whose signatures differ in at most so many bits: the address of each, and in how many. Valid until
   * the next call.
   */
  matches(word: number, low: number, high: number, distanceMax: number): Uint32Array {
    const { file } = this.store
    const count = file.count(word)
    this.#reach(count * 8)
    const end = this.#kernel.matches(file.first(word), count, file.limit - 1, low, high, distanceMax, 0)
    return new Uint32Array(this.#scratch.buffer, 0, end / 4)
  }

  /** Puts what is asked with at the beginning of the scratch memory, and returns where the results go, of so many bytes. */
  #ask(query: Uint8Array, bytes: number): number {
    this.#reach(query.length + bytes)
    new Uint8Array(this.#scratch.buffer).set(query)
    return query.length
  }

  #reach(bytes: number): void {
    const missing = Math.ceil((bytes - this.#scratch.buffer.byteLength) / 65_536)
    if (missing > 0) this.#scratch.grow(missing)
  }
}

function highest(a: Int32Array, b: Int32Array): Int32Array {
  for (let at = 0; at < a.length; at++) if (b[at]! > a[at]!) a[at] = b[at]!
  return a
}
