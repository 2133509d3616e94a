import type { Points } from '../embedder/features.ts'
import { growTo, openMemory } from './shared-memory.ts'

/** A point of a picture as it stands under its word: row u32, signature 2 × u32, frame 4 × u8. */
const POSTING_BYTES = 16

/** The first number of the memory: where the last block ends. */
const END = 0
const HEADER_BYTES = 64

/**
 * Which points of which pictures look like a word of the codebook, in memory that all threads share; written by one, read by any
 * number at the same time. Each word has a chain of blocks in the order in which its postings came: the address of the next
 * block, then postings. A word's count is stored after what it counts, so that whoever reads the count may read all of it.
 */
export class InvertedFile {
  readonly memory: WebAssembly.Memory
  readonly words: number
  #numbers!: Uint32Array

  constructor(words: number, memory?: WebAssembly.Memory) {
    this.words = words
    this.memory = memory ?? openMemory()
    this.look()
    if (memory) return
    this.#reach(HEADER_BYTES + words * 12)
    this.#numbers[END] = HEADER_BYTES + words * 12
  }

  get bytes(): number {
    return this.#numbers[END]!
  }

  /** As much of the memory as this thread may read; what was published before `look` lies below it. */
  get limit(): number {
    return this.#numbers.length * 4
  }

  look(): void {
    growTo(this.memory, 0)
    this.#numbers = new Uint32Array(this.memory.buffer)
  }

  /** Files all points of a picture under its row. */
  add(row: number, { count, frames, words, signatures }: Points): void {
    for (let each = 0; each < count; each++) {
      const f = each * 4
      const frame = frames[f]! | (frames[f + 1]! << 8) | (frames[f + 2]! << 16) | (frames[f + 3]! << 24)
      this.post(words[each]!, row, signatures[each * 2]!, signatures[each * 2 + 1]!, frame)
    }
  }

  post(word: number, row: number, low: number, high: number, frame: number): void {
    const count = this.count(word)
    const at = this.#place(word, count) >>> 2
    this.#numbers[at] = row
    this.#numbers[at + 1] = low
    this.#numbers[at + 2] = high
    this.#numbers[at + 3] = frame
    Atomics.store(this.#numbers, HEADER_BYTES / 4 + word, count + 1)
  }

  /** How many points stand under a word, those of removed pictures too. */
  count(word: number): number {
    return Atomics.load(this.#numbers, HEADER_BYTES / 4 + word)
  }

  /** The address of a word's first block; of none while its count is 0. */
  first(word: number): number {
    return this.#numbers[HEADER_BYTES / 4 + this.words + word]!
  }

  /** Of the posting at this address. */
  rowAt(address: number): number {
    return this.#numbers[address >>> 2]!
  }

  frameAt(address: number): number {
    return this.#numbers[(address >>> 2) + 3]!
  }

  /** The address for a word's next posting; opens a block where the last one is full. Only the writer asks for the last one. */
  #place(word: number, count: number): number {
    const capacity = capacityAfter(count)
    const at = count % capacity
    const firstAt = HEADER_BYTES / 4 + this.words + word
    const lastAt = firstAt + this.words
    if (at === 0) {
      const block = this.#numbers[END]!
      const end = block + 4 + capacity * POSTING_BYTES
      this.#reach(end)
      this.#numbers[END] = end
      if (count === 0) this.#numbers[firstAt] = block
      else this.#numbers[this.#numbers[lastAt]! >>> 2] = block
      this.#numbers[lastAt] = block
    }
    return this.#numbers[lastAt]! + 4 + at * POSTING_BYTES
  }

  #reach(bytes: number): void {
    if (bytes <= this.limit) return
    growTo(this.memory, bytes)
    this.#numbers = new Uint32Array(this.memory.buffer)
  }
}

/**
 * How many postings the block holds that comes after so many: an eighth of them, as a power of two from 4 to 64. So a block
 * begins wherever the count is a multiple of it, little room stays empty, and long chains have few blocks.
 */
function capacityAfter(count: number): number {
  return Math.min(64, 1 << (28 - Math.clz32(count | 32)))
}
