import type { EmbedderInfo } from '../embedder/embedder.ts'
import type { Found, Match } from './vector-index.ts'

/** What is known of a query and a picture of the index. */
export type Evidence = Found['evidence'] & {
  /** Neither of the two is blank, so that hashes and points say something. */
  isDetailed: boolean
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
const HASH_DISTANCE_SAME = 60
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
  const same = Math.max(strengthOfPoints(evidence), strengthOfHashes(evidence))
  if (same > 0) return verdict('same_picture', blend(same, likeness))
  const inliers = evidence.isDetailed ? evidence.inliers : 0
  if (inliers >= INLIERS_POSSIBLE) return verdict('possible', blend(saturating(inliers, INLIERS_POSSIBLE), likeness))
  const most = 1 + (INLIERS_POSSIBLE - 1) * LIKENESS_PER_POINT
  const similar = likeness + inliers * LIKENESS_PER_POINT
  return similar < 0 ? null : verdict('similar', similar / most)
}

function verdict(match: Match, strength: number): { match: Match; score: number } {
  const [from, to] = SCORES[match]
  return { match, score: from + (to - from) * strength }
}

/** 0 where the points do not prove the picture, else up to 1. */
function strengthOfPoints({ inliers, spread, isDetailed }: Evidence): number {
  const isEnough =
    inliers >= INLIERS_SAME && spread >= SPREAD_SAME && inliers * spread >= INLIERS_BY_SPREAD_SAME && isDetailed
  return isEnough ? saturating(inliers, INLIERS_SAME) : 0
}

function strengthOfHashes({ hashDistance, isDetailed }: Evidence): number {
  return isDetailed && hashDistance <= HASH_DISTANCE_SAME ? 1 - hashDistance / (2 * HASH_DISTANCE_SAME) : 0
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
