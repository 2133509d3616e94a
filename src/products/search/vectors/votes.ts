import { NO_WORD } from '../embedder/features.ts'
import { Best } from './best.ts'
import type { Pair } from './geometry.ts'
import { LOOKS } from './rows.ts'
import type { Scan } from './scan.ts'

/** Signatures that differ in more bits are of other points. */
const DISTANCE_MAX = 18
/** How fast the weight of a pair falls with the bits that differ. */
const SIGMA = 14
const WEIGHTS = Float64Array.from({ length: DISTANCE_MAX + 1 }, (_, bits) => Math.exp(-((bits / SIGMA) ** 2)))
/**
 * A point of the query that is found in more than this part of the pictures, and in so many of them, is a commonplace (a
 * shop's badge, the rim of a frame): it does not tell pictures apart. Copies of one picture count as one, so that a picture
 * that many listings share is found; of more copies than this, those that came first.
 */
const COMMON_PART = 0.01
const COMMON_MIN = 100
/** Votes are compared as whole numbers of these. */
const STEPS = 4

/** The points of a query, as it is or mirrored. */
export type Asked = { count: number; wordsPerPoint: number; words: Uint16Array; signatures: Uint32Array }

type PairOfRow = Pair & { row: number; weight: number }

/** What the points of a query, as it is or mirrored, say about the pictures of a store, wherever in them they lie. */
export class Votes {
  readonly #scan: Scan
  /** One where the row may be found. */
  readonly #admits: Uint8Array
  /** Of each row. */
  readonly #votes: Float32Array
  /** The last point, counted from 1, that was found in pictures of each look. */
  readonly #lastPoints = new Uint16Array(LOOKS)
  readonly #pairs: PairOfRow[] = []

  constructor(scan: Scan, admits: Uint8Array, asked: Asked) {
    const { count } = scan.store.rows
    this.#scan = scan
    this.#admits = admits
    this.#votes = new Float32Array(count)
    const most = Math.max(COMMON_MIN, COMMON_PART * count)
    for (let point = 0; point < asked.count; point++) {
      const { pairs, looks } = this.#pairsOf(point, asked)
      if (looks > most) continue
      for (const pair of pairs.slice(0, most)) {
        this.#votes[pair.row]! += pair.weight
        this.#pairs.push(pair)
      }
    }
  }

  /** The rows with most votes, the first with the most. */
  best(size: number): number[] {
    const best = new Best(size)
    for (const [row, votes] of this.#votes.entries()) if (votes > 0) best.offer(row, Math.round(votes * STEPS))
    return best.rows()
  }

  /** The pairs of these rows. */
  pairs(rows: Iterable<number>): Map<number, Pair[]> {
    const wanted = new Map<number, Pair[]>(Array.from(rows, (row) => [row, []]))
    const isWanted = new Uint8Array(this.#votes.length)
    for (const row of wanted.keys()) isWanted[row] = 1
    for (const pair of this.#pairs) if (isWanted[pair.row] === 1) wanted.get(pair.row)!.push(pair)
    return wanted
  }

  /** Where a point is found, and in how many pictures that look different. */
  #pairsOf(point: number, { wordsPerPoint, words, signatures }: Asked): { pairs: PairOfRow[]; looks: number } {
    const { rows, file } = this.#scan.store
    const pairs: PairOfRow[] = []
    let looks = 0
    for (let at = point * wordsPerPoint; at < (point + 1) * wordsPerPoint; at++) {
      const word = words[at]!
      const count = word === NO_WORD ? 0 : file.count(word)
      if (count === 0) continue
      const rarity = Math.log(1 + rows.count / count) ** 2
      const matches = this.#scan.matches(word, signatures[at * 2]!, signatures[at * 2 + 1]!, DISTANCE_MAX)
      for (let each = 0; each < matches.length; each += 2) {
        const row = file.rowAt(matches[each]!)
        // Rows beyond the last one seen are undefined here, and thereby not admitted.
        if (this.#admits[row] !== 1) continue
        const bits = matches[each + 1]!
        pairs.push({ row, point, frame: file.frameAt(matches[each]!), bits, weight: WEIGHTS[bits]! * rarity })
        const look = rows.lookOf(row)
        if (this.#lastPoints[look] !== point + 1) looks++
        this.#lastPoints[look] = point + 1
      }
    }
    return { pairs, looks }
  }
}
