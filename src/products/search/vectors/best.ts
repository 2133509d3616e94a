/** A whole number below this many can be part of a key. */
const ROWS_MAX = 2 ** 31

/**
 * Keeps the best few of many. Of equal scores the lower row is kept. Scores are whole numbers within ± 2²⁰.
 */
export class Best {
  readonly #size: number
  /** Score and row in one number, the higher the better; sorted only when the array is full. */
  readonly #keys: Float64Array
  #count = 0
  /** Scores of less are not among the best any more. */
  #least = -Infinity

  constructor(size: number) {
    this.#size = size
    this.#keys = new Float64Array(size * 2)
  }

  offer(row: number, score: number): void {
    if (score < this.#least) return
    this.#keys[this.#count++] = score * ROWS_MAX + (ROWS_MAX - 1 - row)
    if (this.#count === this.#keys.length) this.#cut()
  }

  /** Offers rows that follow one another, those that have a one in `admits`. */
  offerRun(row: number, scores: Int32Array, admits: Uint8Array): void {
    let least = this.#least
    for (let at = 0; at < scores.length; at++) {
      if (scores[at]! < least || admits[row + at] !== 1) continue
      this.offer(row + at, scores[at]!)
      least = this.#least
    }
  }

  /** The best first. */
  list(): { row: number; score: number }[] {
    this.#cut()
    return Array.from(this.#keys.subarray(0, this.#count), (key) => {
      const score = Math.floor(key / ROWS_MAX)
      return { row: ROWS_MAX - 1 - (key - score * ROWS_MAX), score }
    }).reverse()
  }

  #cut(): void {
    this.#keys.subarray(0, this.#count).sort()
    if (this.#count <= this.#size) return
    this.#keys.copyWithin(0, this.#count - this.#size, this.#count)
    this.#count = this.#size
    this.#least = Math.floor(this.#keys[0]! / ROWS_MAX)
  }
}
