import { growTo, openMemory } from './shared-memory.ts'

/** What stands in a row beside its vector and hashes. */
type RowFacts = { pictureId: number; productId: number; group: number; isBlank: boolean }

/** Rows lie in blocks, column by column, so that the index grows without moving what is in it. */
export const BLOCK_ROWS = 1024
export const LOOKS = 65_536
const HASH_BYTES = 32
const HEADER_BYTES = 64
/** `until` of a row that stands. */
const FOREVER = 0xffff_ffff
const BLANK = 16

/**
 * A row for each picture, in memory that all threads share: its vector, its hashes and what it belongs to. One thread writes;
 * any number read at the same time. A reader sees the rows below the number that was published when it looked, and of them
 * those that had not been removed by then; so it sees a picture whole or not at all, and a replaced one once.
 */
export class Rows {
  readonly memory: WebAssembly.Memory
  /** Bytes of a vector with what fills it up to a multiple of 16. */
  readonly stride: number
  /** Rows seen: those published when `look` was called last. */
  count = 0
  readonly dim: number
  readonly #at: { hashes: number; products: number; pictures: number; until: number; flags: number }
  readonly #blockBytes: number
  #bytes!: Uint8Array
  #words!: Uint32Array
  #doubles!: Float64Array

  constructor(dim: number, memory = openMemory()) {
    this.memory = memory
    this.dim = dim
    this.stride = Math.ceil(dim / 16) * 16
    const hashes = BLOCK_ROWS * this.stride
    const products = hashes + BLOCK_ROWS * 2 * HASH_BYTES
    const pictures = products + BLOCK_ROWS * 8
    const until = pictures + BLOCK_ROWS * 8
    const flags = until + BLOCK_ROWS * 4
    this.#at = { hashes, products, pictures, until, flags }
    this.#blockBytes = flags + BLOCK_ROWS
    this.#view()
    this.look()
  }

  get bytes(): number {
    return HEADER_BYTES + Math.ceil(this.count / BLOCK_ROWS) * this.#blockBytes
  }

  /** Sees what was published since. */
  look(): void {
    this.count = Atomics.load(this.#words, 0)
    // Another thread may have made the memory larger, of which this one learns late.
    while (this.#bytes.length < this.bytes) {
      growTo(this.memory, this.bytes)
      this.#view()
    }
  }

  /** Writes the row behind the last, unseen until `publish`, and returns its number. */
  write(facts: RowFacts, vector: Int8Array, pHash: Uint8Array, dHash: Uint8Array): number {
    const row = this.count
    if (row % BLOCK_ROWS === 0) {
      growTo(this.memory, this.bytes + this.#blockBytes)
      this.#view()
    }
    const at = row % BLOCK_ROWS
    const block = this.#blockOf(row)
    this.#bytes.set(new Uint8Array(vector.buffer, vector.byteOffset, this.dim), block + at * this.stride)
    this.#bytes.set(pHash, this.hashesAt(row))
    this.#bytes.set(dHash, this.hashesAt(row) + HASH_BYTES)
    this.#doubles[(block + this.#at.products) / 8 + at] = facts.productId
    this.#doubles[(block + this.#at.pictures) / 8 + at] = facts.pictureId
    this.#bytes[block + this.#at.flags + at] = facts.group | (facts.isBlank ? BLANK : 0)
    this.#words[this.#untilAt(row)] = FOREVER
    return row
  }

  /** Shows the row written last, and from the same moment no longer the one that it replaces. */
  publish(replaced: number | undefined): void {
    if (replaced !== undefined) this.#words[this.#untilAt(replaced)] = this.count + 1
    this.count++
    Atomics.store(this.#words, 0, this.count)
  }

  remove(row: number): void {
    Atomics.store(this.#words, this.#untilAt(row), 0)
  }

  stands(row: number): boolean {
    return this.#words[this.#untilAt(row)]! > this.count
  }

  /** How many rows from this one on lie one after another, as far as they are seen. */
  run(row: number): number {
    return Math.min(BLOCK_ROWS - (row % BLOCK_ROWS), this.count - row)
  }

  /** Addresses in the memory. */
  vectorAt(row: number): number {
    return this.#blockOf(row) + (row % BLOCK_ROWS) * this.stride
  }

  hashesAt(row: number): number {
    return this.#blockOf(row) + this.#at.hashes + (row % BLOCK_ROWS) * 2 * HASH_BYTES
  }

  vector(row: number): Int8Array {
    return new Int8Array(this.memory.buffer, this.vectorAt(row), this.dim)
  }

  /** A number below `LOOKS`, of the lowest frequencies: the same for copies of a picture, hardly ever for others. */
  lookOf(row: number): number {
    return this.#words[this.hashesAt(row) / 4]! % LOOKS
  }

  dHash(row: number): Uint8Array {
    const at = this.hashesAt(row) + HASH_BYTES
    return this.#bytes.subarray(at, at + HASH_BYTES)
  }

  productId(row: number): number {
    return this.#doubles[(this.#blockOf(row) + this.#at.products) / 8 + (row % BLOCK_ROWS)]!
  }

  pictureId(row: number): number {
    return this.#doubles[(this.#blockOf(row) + this.#at.pictures) / 8 + (row % BLOCK_ROWS)]!
  }

  group(row: number): number {
    return this.#flags(row) & (BLANK - 1)
  }

  isBlank(row: number): boolean {
    return this.#flags(row) >= BLANK
  }

  #flags(row: number): number {
    return this.#bytes[this.#blockOf(row) + this.#at.flags + (row % BLOCK_ROWS)]!
  }

  #untilAt(row: number): number {
    return (this.#blockOf(row) + this.#at.until) / 4 + (row % BLOCK_ROWS)
  }

  #blockOf(row: number): number {
    return HEADER_BYTES + Math.floor(row / BLOCK_ROWS) * this.#blockBytes
  }

  #view(): void {
    const { buffer } = this.memory
    this.#bytes = new Uint8Array(buffer)
    this.#words = new Uint32Array(buffer)
    this.#doubles = new Float64Array(buffer)
  }
}
