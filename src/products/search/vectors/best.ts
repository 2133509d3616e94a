/** Rows are numbers below this, so that a score and a row make one number. */
const ROWS_MAX = 2 ** 31

/** Keeps the best few of many rows by whole-numbered scores. Of equal scores the lower row is the better. */
export class Best {
  readonly #size: number
  /** Score and row in one number, the higher the better; the best so far among the first `#count`. */
  readonly #keys: Float64Array
  #count = 0
  /** What a score has to reach to be among the best. */
  #least = -Infinity

  constructor(size: number) {
    this.#size = size
    this.#keys = new Float64Array(size * 4)
  }

  offer(row: number, score: number): void {
    if (score < this.#least) return
    this.#keys[this.#count++] = score * ROWS_MAX + (ROWS_MAX - 1 - row)
    if (this.#count === this.#keys.length) this.#trim()
  }

  /** Offers rows that follow one another, those that have a one in `admits`. */
  offerRun(row: number, scores: Int32Array, admits: Uint8Array): void {
    for (let at = 0; at < scores.length; at++) {
      if (scores[at]! >= this.#least && admits[row + at] === 1) this.offer(row + at, scores[at]!)
    }
  }

  /** The best, the first the very best. */
  rows(): number[] {
    this.#trim()
    const rowOf = (key: number) => ROWS_MAX - 1 - (key - Math.floor(key / ROWS_MAX) * ROWS_MAX)
    return Array.from(this.#keys.subarray(0, this.#count), rowOf).reverse()
  }

  /** Drops all but the best, which are then in ascending order. */
  #trim(): void {
    const best = this.#keys.subarray(0, this.#count).sort().slice(-this.#size)
    this.#keys.set(best)
    this.#count = best.length
    if (best.length === this.#size) this.#least = Math.floor(best[0]! / ROWS_MAX)
  }
}
