import { type Keypoint, scaleOfKeypoint } from './keypoints.ts'
import { blurOf } from './scale-space.ts'

export const DESCRIPTOR_DIM = 128
const TURN = 2 * Math.PI

/** Local features before they are filed under words. */
export type Described = {
  count: number
  /** `x, y, scale, angle`; pixels of the picture and radians. */
  frames: Float32Array
  /** 128 bytes a point. */
  descriptors: Uint8Array
}

/** A keypoint seen along one of its main directions. */
type Oriented = { keypoint: Keypoint; angle: number }

/** Describes the clearest keypoints by the gradients around them (RootSIFT), `countMax` at most. */
export function describe(keypoints: readonly Keypoint[], countMax: number): Described {
  const oriented: Oriented[] = []
  for (const keypoint of keypoints) {
    if (oriented.length >= countMax) break
    for (const angle of mainDirections(keypoint)) oriented.push({ keypoint, angle })
  }
  oriented.length = Math.min(oriented.length, countMax)
  const frames = new Float32Array(oriented.length * 4)
  const descriptors = new Uint8Array(oriented.length * DESCRIPTOR_DIM)
  oriented.forEach(({ keypoint, angle }, at) => {
    const { step } = keypoint.octave
    frames.set([keypoint.x * step, keypoint.y * step, scaleOfKeypoint(keypoint), angle], at * 4)
    descriptors.set(rootSift(gradientHistogram(keypoint, angle)), at * DESCRIPTOR_DIM)
  })
  return { count: oriented.length, frames, descriptors }
}

const DIRECTIONS = 36
/** A second direction counts when it is this strong beside the first. */
const SECOND_MIN = 0.8

/** The one or two directions that most gradients around a keypoint have, in radians. */
function mainDirections({ octave, level, x, y }: Keypoint): number[] {
  const { width, height } = octave
  const values = octave.blurred[level]!
  const sigma = 1.5 * blurOf(level)
  const reach = Math.round(3 * sigma)
  const middleX = Math.round(x)
  const middleY = Math.round(y)
  let histogram = new Float32Array(DIRECTIONS)
  for (let row = Math.max(1, middleY - reach); row <= Math.min(height - 2, middleY + reach); row++) {
    for (let column = Math.max(1, middleX - reach); column <= Math.min(width - 2, middleX + reach); column++) {
      const at = row * width + column
      const right = values[at + 1]! - values[at - 1]!
      const down = values[at + width]! - values[at - width]!
      const near = Math.exp(-((row - middleY) ** 2 + (column - middleX) ** 2) / (2 * sigma * sigma))
      const bin = Math.floor((Math.atan2(down, right) / TURN + 1) * DIRECTIONS) % DIRECTIONS
      histogram[bin]! += Math.sqrt(right * right + down * down) * near
    }
  }
  const before = (at: number) => histogram[(at + DIRECTIONS - 1) % DIRECTIONS]!
  const after = (at: number) => histogram[(at + 1) % DIRECTIONS]!
  for (let pass = 0; pass < 2; pass++) {
    histogram = histogram.map((value, at) => (before(at) + 2 * value + after(at)) / 4)
  }
  const strongest = Math.max(...histogram)
  const angles: number[] = []
  histogram.forEach((value, at) => {
    if (value < SECOND_MIN * strongest || value <= before(at) || value < after(at)) return
    const offset = (before(at) - after(at)) / 2 / (before(at) - 2 * value + after(at))
    angles.push(((at + 0.5 + offset) / DIRECTIONS) * TURN)
  })
  return angles.slice(0, 2)
}

const CELLS = 4
const BINS = 8
/** A cell's width in the keypoint's scale. */
const CELL_SCALES = 3
/** Above this many pixels around it every other one is enough. */
const DENSE_REACH_MAX = 14

const histogram = new Float32Array(DESCRIPTOR_DIM)

/** Gradients in 4 × 4 cells along the direction, by 8 directions relative to it. Overwritten by the next call. */
function gradientHistogram({ octave, level, x, y }: Keypoint, angle: number): Float32Array {
  const { width, height } = octave
  const values = octave.blurred[level]!
  const cell = CELL_SCALES * blurOf(level)
  const reach = Math.round((cell * Math.SQRT2 * (CELLS + 1)) / 2)
  const stride = reach > DENSE_REACH_MAX ? 2 : 1
  const cos = Math.cos(angle) / cell
  const sin = Math.sin(angle) / cell
  const middleX = Math.round(x)
  const middleY = Math.round(y)
  histogram.fill(0)
  for (let offY = -reach; offY <= reach; offY += stride) {
    const row = middleY + offY
    if (row < 1 || row >= height - 1) continue
    for (let offX = -reach; offX <= reach; offX += stride) {
      const column = middleX + offX
      if (column < 1 || column >= width - 1) continue
      const along = cos * offX + sin * offY
      const across = cos * offY - sin * offX
      const cellX = along + CELLS / 2 - 0.5
      const cellY = across + CELLS / 2 - 0.5
      if (cellX <= -1 || cellX >= CELLS || cellY <= -1 || cellY >= CELLS) continue
      const at = row * width + column
      const right = values[at + 1]! - values[at - 1]!
      const down = values[at + width]! - values[at - width]!
      const near = Math.exp(-(along * along + across * across) / 8)
      const part = (Math.atan2(down, right) - angle) / TURN
      addGradient(cellX, cellY, (part - Math.floor(part)) * BINS, Math.sqrt(right * right + down * down) * near)
    }
  }
  return histogram
}

/** Spreads a gradient over the nearest four cells and two directions. */
function addGradient(x: number, y: number, direction: number, magnitude: number): void {
  const left = Math.floor(x)
  const top = Math.floor(y)
  const bin = Math.floor(direction)
  const between = direction - bin
  for (let row = Math.max(0, top); row <= Math.min(CELLS - 1, top + 1); row++) {
    const rowWeight = (1 - Math.abs(y - row)) * magnitude
    for (let column = Math.max(0, left); column <= Math.min(CELLS - 1, left + 1); column++) {
      const weight = rowWeight * (1 - Math.abs(x - column))
      const from = (row * CELLS + column) * BINS
      histogram[from + (bin & 7)]! += weight * (1 - between)
      histogram[from + ((bin + 1) & 7)]! += weight * between
    }
  }
}

/** No direction may make up more of a descriptor than this, lest one strong light decide. */
const VALUE_MAX = 0.2

/** Square roots of the parts of a whole, as bytes, so that their distance is Hellinger's. */
function rootSift(values: Float32Array): Uint8Array {
  let squares = 1e-9
  for (const value of values) squares += value * value
  const length = Math.sqrt(squares)
  let sum = 1e-9
  for (const value of values) sum += Math.min(VALUE_MAX, value / length)
  return Uint8Array.from(values, (value) =>
    Math.min(255, Math.round(Math.sqrt(Math.min(VALUE_MAX, value / length) / sum) * 512)),
  )
}

/** Where each number of a mirrored picture's descriptor stands in the picture's. */
const MIRRORED = Uint8Array.from({ length: DESCRIPTOR_DIM }, (_, at) => {
  const row = Math.floor(at / (CELLS * BINS))
  const column = Math.floor(at / BINS) % CELLS
  return ((CELLS - 1 - row) * CELLS + column) * BINS + ((BINS - (at % BINS)) % BINS)
})

/** The descriptors that the same points have in the mirrored picture. */
export function mirrorDescriptors(descriptors: Uint8Array): Uint8Array {
  const mirrored = new Uint8Array(descriptors.length)
  for (let first = 0; first < descriptors.length; first += DESCRIPTOR_DIM) {
    for (let at = 0; at < DESCRIPTOR_DIM; at++) mirrored[first + at] = descriptors[first + MIRRORED[at]!]!
  }
  return mirrored
}
