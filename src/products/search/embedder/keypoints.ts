import { blurOf, LEVELS, type Octave } from './scale-space.ts'

/** A place that stands out at one scale, in pixels of its octave. */
export type Keypoint = { octave: Octave; level: number; x: number; y: number; contrast: number }

/** Difference of Gaussians (of 255) from which a place stands out. */
const CONTRAST_MIN = 0.6
/** Ratio of the principal curvatures of 10, above which a place lies on an edge: (r + 1)² / r. */
const EDGE_MAX = 12.1
const MARGIN = 5

/** Extremes over place and scale that lie on no edge, the clearest first. */
export function findKeypoints(octaves: readonly Octave[]): Keypoint[] {
  const found: Keypoint[] = []
  for (const octave of octaves) for (let level = 1; level <= LEVELS; level++) scanLevel(octave, level, found)
  return found.sort((a, b) => b.contrast - a.contrast)
}

/** Radius of a keypoint in pixels of the picture. */
export const scaleOfKeypoint = ({ octave, level }: Keypoint): number => blurOf(level) * octave.step

function scanLevel(octave: Octave, level: number, found: Keypoint[]): void {
  const { width, height, differences } = octave
  const here = differences[level]!
  for (let y = MARGIN; y < height - MARGIN; y++) {
    for (let x = MARGIN; x < width - MARGIN; x++) {
      const at = y * width + x
      const value = here[at]!
      if (value > -CONTRAST_MIN && value < CONTRAST_MIN) continue
      if (!isExtreme(differences, level, at, width)) continue
      const keypoint = refine(here, at, width)
      if (keypoint) found.push({ octave, level, x: x + keypoint.x, y: y + keypoint.y, contrast: Math.abs(value) })
    }
  }
}

/** Whether none of the 26 neighbours is beyond the value, and none of those that were passed already equals it. */
function isExtreme(differences: readonly Float32Array[], level: number, at: number, width: number): boolean {
  const here = differences[level]!
  const value = here[at]!
  const sign = value > 0 ? 1 : -1
  const size = sign * value
  // The nearest first: most places fail here.
  if (sign * here[at - 1]! >= size || sign * here[at + 1]! > size) return false
  if (sign * here[at - width]! >= size || sign * here[at + width]! > size) return false
  const finer = differences[level - 1]!
  const coarser = differences[level + 1]!
  for (let row = at - width; row <= at + width; row += width) {
    for (let near = row - 1; near <= row + 1; near++) {
      if (sign * finer[near]! > size || sign * coarser[near]! > size || sign * here[near]! > size) return false
    }
  }
  return true
}

/** By how much the extreme lies beside its pixel; null when it lies on an edge. */
function refine(here: Float32Array, at: number, width: number): { x: number; y: number } | null {
  const left = here[at - 1]!
  const right = here[at + 1]!
  const above = here[at - width]!
  const below = here[at + width]!
  const curveX = left + right - 2 * here[at]!
  const curveY = above + below - 2 * here[at]!
  const curveXY = (here[at + width + 1]! - here[at + width - 1]! - here[at - width + 1]! + here[at - width - 1]!) / 4
  const determinant = curveX * curveY - curveXY * curveXY
  if (determinant <= 0 || (curveX + curveY) ** 2 / determinant > EDGE_MAX) return null
  const within = (offset: number) => Math.max(-0.5, Math.min(0.5, offset))
  return { x: within((left - right) / 2 / curveX), y: within((above - below) / 2 / curveY) }
}
