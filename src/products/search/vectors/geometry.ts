import { angleOf, scaleOf } from '../embedder/features.ts'

/** A point of the query and one of a picture that look alike. */
export type Pair = {
  /** Which point of the query. */
  point: number
  /** The point of the picture as its file has it: `x, y, scale, angle`, a byte each from the lowest on. */
  frame: number
  /** Bits in which their signatures differ. */
  bits: number
}

export type Fit = {
  /** Pairs that one turn, scale and shift explains, counted as distinct places. */
  inliers: number
  /**
   * How much of the width and of the height the box around them takes up, whichever is less, 0 to 1: of the query or of the
   * picture, whichever is more. So what fills a part of the other is spread, and a badge or a strip on both is not.
   */
  spread: number
  /** How far the fit moves the corner of the query that it moves farthest, in widths of the picture; 0 for none. */
  moved: number
}

/** The query's points as they are compared: its own, or those of its mirrored picture. */
export type Frames = { width: number; height: number; frames: Float32Array }

/** No more of the pairs than these, the most alike, are tried as what the others have to follow. */
const HYPOTHESES_MAX = 60
const SCALE_MIN = 0.15
const SCALE_MAX = 6.5
/** How far the scale and the angle of a pair may be off. */
const SCALE_SLACK = 1.67
const ANGLE_SLACK = 0.5
/** A point of the picture that more of the query's look like is of a pattern, which fits onto itself in many ways. */
const PARTNERS_MAX = 3
/** Points nearer to each other than this, in pixels, are one place. */
const PLACE = 3
const SIDE = 256

export const NO_FIT: Fit = { inliers: 0, spread: 0, moved: 0 }

/** The frames of a query's points when it is mirrored left to right. */
export function mirrored({ width, height, frames }: Frames): Frames {
  const turned = frames.slice()
  for (let at = 0; at < turned.length; at += 4) {
    turned[at] = width - turned[at]!
    turned[at + 3] = Math.PI - turned[at + 3]!
  }
  return { width, height, frames: turned }
}

/**
 * The turn, scale and shift that carries most points of the query onto their partners. One pair is enough to know it, since a
 * point has a scale and an angle, so each pair is tried.
 */
export function fit(pairs: readonly Pair[], query: Frames): Fit {
  const points = unambiguous(pairs).map((pair) => pointOf(pair, query))
  const likeliest =
    points.length > HYPOTHESES_MAX ? points.toSorted((a, b) => a.bits - b.bits).slice(0, HYPOTHESES_MAX) : points
  let best = NO_FIT
  for (const { scale, turn, ...from } of likeliest) {
    if (scale < SCALE_MIN || scale > SCALE_MAX) continue
    const cos = Math.cos(turn) * scale
    const sin = Math.sin(turn) * scale
    const shiftX = from.toX - (cos * from.x - sin * from.y)
    const shiftY = from.toY - (sin * from.x + cos * from.y)
    const slack = (5 + 2 * Math.min(3, scale)) ** 2
    const inliers = points.filter((each) => {
      const x = cos * each.x - sin * each.y + shiftX - each.toX
      const y = sin * each.x + cos * each.y + shiftY - each.toY
      if (x * x + y * y > slack) return false
      const ratio = each.scale / scale
      if (ratio > SCALE_SLACK || ratio < 1 / SCALE_SLACK) return false
      const turned = Math.abs(each.turn - turn) % (2 * Math.PI)
      return Math.min(turned, 2 * Math.PI - turned) <= ANGLE_SLACK
    })
    if (inliers.length <= best.inliers) continue
    const places = Math.min(count(inliers, 'x', 'y'), count(inliers, 'toX', 'toY'))
    if (places <= best.inliers) continue
    const ofQuery = Math.min(span(inliers, 'x') / query.width, span(inliers, 'y') / query.height)
    const ofPicture = Math.min(span(inliers, 'toX'), span(inliers, 'toY')) / SIDE
    const moved = corners(query).map(([x, y]) =>
      Math.hypot(cos * x - sin * y + shiftX - x, sin * x + cos * y + shiftY - y),
    )
    best = {
      inliers: places,
      spread: Math.min(1, Math.max(ofQuery, ofPicture)),
      moved: Math.max(...moved) / SIDE,
    }
  }
  return best
}

const corners = ({ width, height }: Frames) =>
  [
    [0, 0],
    [width, 0],
    [0, height],
    [width, height],
  ] as const

function unambiguous(pairs: readonly Pair[]): Pair[] {
  const partners = new Map<number, number>()
  for (const { frame } of pairs) partners.set(frame, (partners.get(frame) ?? 0) + 1)
  return pairs.filter(({ frame }) => partners.get(frame)! <= PARTNERS_MAX)
}

type Point = { x: number; y: number; toX: number; toY: number; scale: number; turn: number; bits: number }

function pointOf({ point, frame, bits }: Pair, { frames }: Frames): Point {
  const at = point * 4
  return {
    x: frames[at]!,
    y: frames[at + 1]!,
    toX: frame & 255,
    toY: (frame >>> 8) & 255,
    scale: scaleOf((frame >>> 16) & 255) / frames[at + 2]!,
    turn: angleOf(frame >>> 24) - frames[at + 3]!,
    bits,
  }
}

function count(points: readonly Point[], x: 'x' | 'toX', y: 'y' | 'toY'): number {
  return new Set(points.map((point) => Math.round(point[x] / PLACE) * 1000 + Math.round(point[y] / PLACE))).size
}

function span(points: readonly Point[], axis: 'x' | 'y' | 'toX' | 'toY'): number {
  const values = points.map((point) => point[axis])
  return Math.max(...values) - Math.min(...values)
}
