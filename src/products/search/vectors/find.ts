import type { EmbedderInfo } from '../embedder/embedder.ts'
import type { PictureQuery } from '../embedder/features.ts'
import { Best } from './best.ts'
import { type Fit, fit, mirrored, NO_FIT } from './geometry.ts'
import type { Scan } from './scan.ts'
import type { Store } from './store.ts'
import type { Found, SearchOptions } from './vector-index.ts'
import { judge } from './verdict.ts'
import { Votes } from './votes.ts'

/** As many pictures as this, the most alike, may be found as `similar`. */
export const SIMILAR_MAX = 2048
/** `total` counts to this, and no more products are found. */
export const TOTAL_MAX = 1000
/** How many pictures each of the three ways puts forward, whose points are then compared place by place. */
const BY_POINTS = 50
const BY_HASH = 10
const BY_VECTOR = 20
/** Hash distances are counted over both hashes. */
const HASHES = 2

/**
 * Finds the products with pictures like the query. Each of hashes, vectors and points puts forward what it finds likeliest; of
 * those the points are compared place by place; and of a product the picture that matches best is taken.
 */
export function find(
  scan: Scan,
  info: EmbedderInfo,
  query: PictureQuery,
  options: SearchOptions,
): { found: Found[]; total: number } {
  const { store } = scan
  const admits = admitted(store, query, options)
  const byVector = nearestVectors(scan, query.globals, admits)
  const hashBits = hashDistances(scan, query)
  const byHash = nearestHashes(hashBits, admits)
  const fits = compare(scan, query, admits, [...byHash, ...byVector.slice(0, BY_VECTOR)])

  const best = new Map<number, Found>()
  for (const row of new Set([...fits.keys(), ...byVector])) {
    const hashDistance = Math.round(hashBits[row]! / HASHES)
    const found = judgeRow(store, row, { ...(fits.get(row) ?? NO_FIT), hashDistance }, query, info)
    const other = found && best.get(found.productId)
    if (found && (!other || inOrder(found, other) < 0)) best.set(found.productId, found)
  }
  const sorted = [...best.values()].sort(inOrder).slice(0, TOTAL_MAX)
  return { found: sorted.slice(0, options.limit), total: sorted.length }
}

/** The better first; of equals the product, and of one product the picture, that came first. */
function inOrder(a: Found, b: Found): number {
  return b.score - a.score || a.productId - b.productId || a.pictureId - b.pictureId
}

/** One for each row that may be found. A blank picture is like every other blank one, so it finds none of them. */
function admitted({ rows }: Store, query: PictureQuery, { groups, except }: SearchOptions): Uint8Array {
  const isWanted = Array.from({ length: 16 }, (_, group) => groups.includes(group))
  const admits = new Uint8Array(rows.count)
  for (let row = 0; row < rows.count; row++) {
    const isOut =
      !isWanted[rows.group(row)] ||
      !rows.stands(row) ||
      (query.isBlank && rows.isBlank(row)) ||
      (except !== undefined && rows.productId(row) === except)
    admits[row] = isOut ? 0 : 1
  }
  return admits
}

/** The rows nearest to any of the vectors, the nearest first. `admits` has a one for each row that may be among them. */
export function nearestVectors(scan: Scan, vectors: readonly Int8Array[], admits: Uint8Array): number[] {
  const best = new Best(SIMILAR_MAX)
  scan.dots(vectors, (row, dots) => best.offerRun(row, dots, admits))
  return best.rows()
}

/** The best of the vectors' cosines with this one. */
function bestCosine(vectors: readonly Int8Array[], other: Int8Array): number {
  const dot = (a: Int8Array, b: Int8Array) => {
    let sum = 0
    for (let at = 0; at < a.length; at++) sum += a[at]! * b[at]!
    return sum
  }
  const length = dot(other, other)
  return Math.max(...vectors.map((vector) => dot(vector, other) / Math.sqrt(Math.max(1, length * dot(vector, vector)))))
}

/** In how many bits each row's pair of hashes differs from the nearest pair of the query's. */
function hashDistances(scan: Scan, { hashes }: PictureQuery): Uint16Array {
  const bits = new Uint16Array(scan.store.rows.count).fill(HASHES * 256)
  if (hashes.length > 0) scan.distances(hashes, (row, values) => bits.set(values, row))
  return bits
}

function nearestHashes(hashBits: Uint16Array, admits: Uint8Array): number[] {
  const best = new Best(BY_HASH)
  for (let row = 0; row < hashBits.length; row++) if (admits[row] === 1) best.offer(row, -hashBits[row]!)
  return best.rows()
}

/** Compares the points of the likeliest pictures, and of these `others`, with the query's, as it is and mirrored. */
function compare(
  scan: Scan,
  { points, width, height }: PictureQuery,
  admits: Uint8Array,
  others: readonly number[],
): Map<number, Fit> {
  const { count, wordsPerPoint } = points
  const asIs = { width, height, frames: points.frames }
  const passes = [
    { frames: asIs, words: points.words, signatures: points.signatures },
    { frames: mirrored(asIs), words: points.mirroredWords, signatures: points.mirroredSignatures },
  ].map(({ frames, words, signatures }) => ({
    frames,
    votes: new Votes(scan, admits, { count, wordsPerPoint, words, signatures }),
  }))
  const rows = new Set([...others, ...passes.flatMap(({ votes }) => votes.best(BY_POINTS))])
  const fits = new Map<number, Fit>()
  for (const { frames, votes } of passes) {
    for (const [row, pairs] of votes.pairs(rows)) {
      const found = fit(pairs, frames)
      const other = fits.get(row)
      if (!other || found.inliers > other.inliers) fits.set(row, found)
    }
  }
  return fits
}

function judgeRow(
  { rows }: Store,
  row: number,
  known: Fit & { hashDistance: number },
  { globals, isBlank }: PictureQuery,
  info: EmbedderInfo,
): Found | null {
  const { inliers, spread, hashDistance } = known
  const cosine = bestCosine(globals, rows.vector(row))
  const edges = bitsSet(rows.dHash(row))
  const verdict = judge({ ...known, cosine, edges, isDetailed: !isBlank && !rows.isBlank(row) }, info)
  if (!verdict) return null
  return {
    productId: rows.productId(row),
    pictureId: rows.pictureId(row),
    ...verdict,
    evidence: { inliers, spread, hashDistance, cosine },
  }
}

function bitsSet(bytes: Uint8Array): number {
  let count = 0
  for (const byte of bytes) for (let rest = byte; rest > 0; rest &= rest - 1) count++
  return count
}
