/** Rows are numbers below this, so that a score and a row make one number. */
const ROWS_MAX = 2 ** 31
/** Scores are counted one by one between these, and together beyond them. */
const SCORE_MIN = -32_768
const SCORE_MAX = 32_767

/** Keeps the best few of many rows by whole-numbered scores. Of equal scores the lower row is the better. */
export class Best {
  readonly #size: number
  /** How many rows of each score were offered. */
  readonly #counts = new Uint32Array(SCORE_MAX - SCORE_MIN + 1)
  /** Score and row in one number, the higher the better, of every row that was among the best when it came. */
  readonly #keys: number[] = []
  /** How many of these have at least the score below which none is among the best any more. */
  #count = 0
  #least = SCORE_MIN

  constructor(size: number) {
    this.#size = size
  }

  offer(row: number, score: number): void {
    const counted = Math.max(SCORE_MIN, Math.min(SCORE_MAX, score))
    if (counted < this.#least) return
    this.#keys.push(score * ROWS_MAX + (ROWS_MAX - 1 - row))
    this.#counts[counted - SCORE_MIN]!++
    this.#count++
    for (;;) {
      const last = this.#counts[this.#least - SCORE_MIN]!
      if (this.#count - last < this.#size) return
      this.#count -= last
      this.#least++
    }
  }

  /** Offers rows that follow one another, those that have a one in `admits`. */
  offerRun(row: number, scores: Int32Array, admits: Uint8Array): void {
    let least = this.#from
    for (let at = 0; at < scores.length; at++) {
      if (scores[at]! < least || admits[row + at] !== 1) continue
      this.offer(row + at, scores[at]!)
      least = this.#from
    }
  }

  /** The best, the first the very best. */
  rows(): number[] {
    const least = this.#from * ROWS_MAX
    const keys = Float64Array.from(this.#keys.filter((key) => key >= least)).sort()
    const rowOf = (key: number) => ROWS_MAX - 1 - (key - Math.floor(key / ROWS_MAX) * ROWS_MAX)
    return Array.from(keys.subarray(-this.#size), rowOf).reverse()
  }

  /** What a score has to reach. */
  get #from(): number {
    return this.#least === SCORE_MIN ? -Infinity : this.#least
  }
}
