import { NO_WORD } from '../embedder/features.ts'
import { Best } from './best.ts'
import type { Pair } from './geometry.ts'
import type { Scan } from './scan.ts'
import type { Store } from './store.ts'

/** Signatures that differ in more bits are of other points. */
const DISTANCE_MAX = 18
/** How fast the weight of a pair falls with the bits that differ. */
const SIGMA = 14
const WEIGHTS = Float64Array.from({ length: DISTANCE_MAX + 1 }, (_, bits) => Math.exp(-((bits / SIGMA) ** 2)))
/**
 * A point of the query that is found in more than this part of the pictures, and in so many of them, is a commonplace (a
 * shop's badge, the rim of a frame): it does not tell pictures apart.
 */
const COMMON_PART = 0.01
const COMMON_MIN = 100
/** So that a picture of many points does not win by them alone. */
const POINTS_OFFSET = 20
/** Votes are compared as whole numbers of these. */
const STEPS = 16

/** The points of a query, as it is or mirrored. */
export type Asked = { count: number; wordsPerPoint: number; words: Uint16Array; signatures: Uint32Array }

/** What the points of a query, as it is or mirrored, say about the pictures of a store, wherever in them they lie. */
export class Votes {
  readonly #store: Store
  readonly #scan: Scan
  /** One where the row may be found. */
  readonly #admits: Uint8Array
  /** Of each row. */
  readonly #votes: Float32Array
  /** Pairs of points, one place of each array a pair. */
  readonly #rows: number[] = []
  readonly #points: number[] = []
  readonly #frames: number[] = []
  readonly #bits: number[] = []

  constructor(store: Store, scan: Scan, admits: Uint8Array, asked: Asked) {
    this.#store = store
    this.#scan = scan
    this.#admits = admits
    this.#votes = new Float32Array(store.rows.count)
    for (let point = 0; point < asked.count; point++) this.#cast(point, asked)
  }

  /** The rows with most votes, the first with the most. */
  best(size: number): number[] {
    const { rows } = this.#store
    const best = new Best(size)
    for (let row = 0; row < this.#votes.length; row++) {
      if (this.#votes[row] === 0) continue
      const votes = this.#votes[row]! / Math.sqrt(rows.points(row) + POINTS_OFFSET)
      best.offer(row, Math.round(votes * STEPS))
    }
    return best.rows()
  }

  /** The pairs of these rows. */
  pairs(rows: Iterable<number>): Map<number, Pair[]> {
    const wanted = new Map<number, Pair[]>(Array.from(rows, (row) => [row, []]))
    const isWanted = new Uint8Array(this.#votes.length)
    for (const row of wanted.keys()) isWanted[row] = 1
    for (let at = 0; at < this.#rows.length; at++) {
      const row = this.#rows[at]!
      if (isWanted[row] === 0) continue
      wanted.get(row)!.push({ point: this.#points[at]!, frame: this.#frames[at]!, bits: this.#bits[at]! })
    }
    return wanted
  }

  #cast(point: number, { wordsPerPoint, words, signatures }: Asked): void {
    const { rows, file } = this.#store
    const from = this.#rows.length
    const weights: number[] = []
    for (let at = point * wordsPerPoint; at < (point + 1) * wordsPerPoint; at++) {
      const word = words[at]!
      const count = word === NO_WORD ? 0 : file.count(word)
      if (count === 0) continue
      const rarity = Math.log(1 + rows.count / count) ** 2
      const found = this.#scan.matches(word, signatures[at * 2]!, signatures[at * 2 + 1]!, DISTANCE_MAX)
      for (let each = 0; each < found.length; each += 2) {
        const row = file.rowAt(found[each]!)
        // Rows beyond the last one seen are undefined here, and thereby not admitted.
        if (this.#admits[row] !== 1) continue
        this.#rows.push(row)
        this.#points.push(point)
        this.#frames.push(file.frameAt(found[each]!))
        this.#bits.push(found[each + 1]!)
        weights.push(WEIGHTS[found[each + 1]!]! * rarity)
      }
    }
    if (weights.length > Math.max(COMMON_MIN, COMMON_PART * rows.count)) this.#forget(from)
    else for (const [at, weight] of weights.entries()) this.#votes[this.#rows[from + at]!]! += weight
  }

  #forget(from: number): void {
    for (const list of [this.#rows, this.#points, this.#frames, this.#bits]) list.length = from
  }
}
