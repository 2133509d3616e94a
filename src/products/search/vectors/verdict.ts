import type { EmbedderInfo } from '../embedder/embedder.ts'
import type { Found, Match } from './vector-index.ts'

/** What is known of a query and a picture of the index. */
export type Evidence = Found['evidence'] & {
  /** Neither of the two is blank, so that hashes and points say something. */
  isDetailed: boolean
  /** In how many places of 256 the picture of the index becomes brighter to the right: the bits set in its `dHash`. */
  edges: number
  /** How far the fit of the points moves what it moves farthest, in widths of the picture; 0 when both are framed alike. */
  moved: number
}

/**
 * By measurement: with the true picture taken out, one query in a thousand has another one that passes. Wrong inliers are few and
 * stand close together, or lie on a floor that two photos share; so few have to be spread, and of more it is enough that
 * they stand on less, though never on a badge or a strip alone.
 */
const INLIERS_SAME = 7
const SPREAD_SAME = 0.15
const INLIERS_BY_SPREAD_SAME = 2.2
const INLIERS_POSSIBLE = 5
/**
 * Goods of one cut that are framed alike share their outline, and so points that fit. Points know no colours, but where both
 * pictures show all of the goods their vectors do: the less alike they are, the more points it takes. And the plainer the
 * pictures, as goods on white, the more of the points are of the outline.
 */
const MOVED_FRAMED_ALIKE = 0.16
const INLIERS_FRAMED_ALIKE = 38
const INLIERS_BY_LIKENESS = 30
const INLIERS_BY_EDGE = 0.25
/**
 * Hashes speak of brightness alone, and hardly of goods on white: the plainer a picture, the nearer they have to be, and the
 * colours have to agree too.
 */
const HASH_DISTANCE_SAME = 24
const HASH_DISTANCE_POSSIBLE = 48
const LIKENESS_SAME = 0.97
/** Of 256; a picture with fewer is plain. One with something everywhere becomes brighter in half of them. */
const EDGES_PLAIN = 96
/** `similar` is what is more alike than this share of random pairs, or a little less where some points fit too. */
const FLOOR_SHARE = 0.9

/** From the weakest to the strongest evidence of each kind. They do not overlap, so that the kind goes before all else. */
const SCORES: Record<Match, readonly [from: number, to: number]> = {
  similar: [0, 0.49],
  possible: [0.5, 0.74],
  same_picture: [0.75, 1],
}
/** How much of a score the likeness makes out, which so orders what the points or hashes find equal. */
const LIKENESS_PART = 0.1
/** How much likeness each point is worth where they are too few for more. */
const LIKENESS_PER_POINT = 0.15

/**
 * What the evidence amounts to; null when it is less than `similar`. The score grows with the inliers, with the nearness of the
 * hashes, and with how rare so high a cosine is among random pairs.
 */
export function judge(evidence: Evidence, info: EmbedderInfo): { match: Match; score: number } | null {
  const likeness = likenessOf(evidence.cosine, info)
  const inliers = evidence.isDetailed ? evidence.inliers : 0
  const byPoints = isSameByPoints(evidence, likeness) ? saturating(inliers, INLIERS_SAME) : 0
  const byHashes = likeness >= LIKENESS_SAME ? nearness(evidence, HASH_DISTANCE_SAME) : 0
  const same = Math.max(byPoints, byHashes)
  if (same > 0) return verdict('same_picture', blend(same, likeness))
  const somePoints = inliers >= INLIERS_POSSIBLE ? saturating(inliers, INLIERS_POSSIBLE) : 0
  const possible = Math.max(somePoints, nearness(evidence, HASH_DISTANCE_POSSIBLE))
  if (possible > 0) return verdict('possible', blend(possible, likeness))
  const most = 1 + (INLIERS_POSSIBLE - 1) * LIKENESS_PER_POINT
  const similar = likeness + inliers * LIKENESS_PER_POINT
  return similar < 0 ? null : verdict('similar', similar / most)
}

function verdict(match: Match, strength: number): { match: Match; score: number } {
  const [from, to] = SCORES[match]
  return { match, score: from + (to - from) * strength }
}

function isSameByPoints({ inliers, spread, moved, edges, isDetailed }: Evidence, likeness: number): boolean {
  const isSpread = spread >= SPREAD_SAME && inliers * spread >= INLIERS_BY_SPREAD_SAME
  if (!isDetailed || inliers < INLIERS_SAME || !isSpread) return false
  const lackingEdges = Math.max(0, EDGES_PLAIN - edges)
  const agreement = inliers + INLIERS_BY_LIKENESS * Math.max(0, likeness) - INLIERS_BY_EDGE * lackingEdges
  return moved >= MOVED_FRAMED_ALIKE || agreement >= INLIERS_FRAMED_ALIKE
}

/** A half for hashes as far apart as they may be, 1 for equal ones; 0 for those that are farther. */
function nearness({ hashDistance, edges, isDetailed }: Evidence, most: number): number {
  const isNear = hashDistance <= most * Math.min(1, edges / EDGES_PLAIN)
  return isDetailed && isNear ? 1 - hashDistance / (2 * most) : 0
}

/** A half for the least that counts, nearing 1 the more there are. */
const saturating = (count: number, least: number) => 1 - least / (2 * count)

const blend = (strength: number, likeness: number) =>
  strength * (1 - LIKENESS_PART) + Math.max(0, likeness) * LIKENESS_PART

/**
 * How rare so high a cosine is among random pairs: 0 at the floor, 1 for equal vectors, even steps for every power of ten
 * between. Negative below the floor.
 */
export function likenessOf(cosine: number, { cosines }: EmbedderInfo): number {
  const rarities = cosines.map(([share, at]) => ({ at, rarity: -Math.log10(1 - share) }))
  const top = { at: 1, rarity: (rarities.at(-1)?.rarity ?? 0) + 1 }
  const steps = [{ at: -1, rarity: 0 }, ...rarities, top]
  const above = steps.findIndex(({ at }) => at > cosine)
  const [left, right] = above === -1 ? [top, top] : [steps[above - 1] ?? steps[0]!, steps[above]!]
  const part = right.at > left.at ? Math.max(0, cosine - left.at) / (right.at - left.at) : 0
  const floor = -Math.log10(1 - FLOOR_SHARE)
  return (left.rarity + (right.rarity - left.rarity) * part - floor) / (top.rarity - floor)
}
