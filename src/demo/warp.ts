import { SIZE } from './pen.ts'

/** A projective map of the plane, row by row. */
export type Matrix = [number, number, number, number, number, number, number, number, number]

const times = (a: Matrix, b: Matrix): Matrix => {
  const cell = (row: number, column: number) =>
    a[row * 3]! * b[column]! + a[row * 3 + 1]! * b[column + 3]! + a[row * 3 + 2]! * b[column + 6]!
  return [0, 1, 2].flatMap((row) => [0, 1, 2].map((column) => cell(row, column))) as Matrix
}

const moved = (x: number, y: number): Matrix => [1, 0, x, 0, 1, y, 0, 0, 1]

type Placing = {
  /** Degrees, clockwise. */
  turn?: number
  scale?: number
  mirror?: boolean
  /** How far the far side shrinks, across and up; 0.0002 is much. */
  tilt?: [number, number]
  /** The point of the source that stays where it is, before `shift`. */
  about?: [number, number]
  shift?: [number, number]
}

/** Where the camera sees a thing: turned, scaled and tilted about a point, then shifted. */
export function placing({
  turn = 0,
  scale = 1,
  mirror = false,
  tilt = [0, 0],
  about,
  shift = [0, 0],
}: Placing): Matrix {
  const [x, y] = about ?? [SIZE / 2, SIZE / 2]
  const angle = (turn * Math.PI) / 180
  const [cos, sin] = [Math.cos(angle) * scale, Math.sin(angle) * scale]
  const flip = mirror ? -1 : 1
  const body: Matrix = [cos * flip, -sin, 0, sin * flip, cos, 0, tilt[0], tilt[1], 1]
  return times(moved(x + shift[0], y + shift[1]), times(body, moved(-x, -y)))
}

function inverse([a, b, c, d, e, f, g, h, i]: Matrix): Matrix {
  // The adjugate is enough: a projective map has no scale.
  return [
    e * i - f * h,
    c * h - b * i,
    b * f - c * e,
    f * g - d * i,
    a * i - c * g,
    c * d - a * f,
    d * h - e * g,
    b * g - a * h,
    a * e - b * d,
  ]
}

/**
 * Pixels (SIZE × SIZE, RGBA) that `from` says where they come from, seen through a projective map. Outside the source all
 * is transparent.
 */
export function warp(source: Buffer, matrix: Matrix, from: (x: number, y: number) => [number, number]): Buffer {
  const [a, b, c, d, e, f, g, h, i] = inverse(matrix)
  const out = Buffer.alloc(SIZE * SIZE * 4)
  const last = SIZE - 1
  for (let y = 0; y < SIZE; y++) {
    for (let x = 0; x < SIZE; x++) {
      const depth = g * x + h * y + i
      const [fromX, fromY] = from((a * x + b * y + c) / depth, (d * x + e * y + f) / depth)
      if (!(fromX >= 0 && fromY >= 0 && fromX < last && fromY < last)) continue
      const left = fromX | 0
      const top = fromY | 0
      const at = (top * SIZE + left) * 4
      const right = fromX - left
      const low = fromY - top
      // Weighed by opacity, or the black of clear pixels would fringe every edge.
      const one = (1 - right) * (1 - low) * source[at + 3]!
      const two = right * (1 - low) * source[at + 7]!
      const three = (1 - right) * low * source[at + SIZE * 4 + 3]!
      const four = right * low * source[at + SIZE * 4 + 7]!
      const alpha = one + two + three + four
      if (alpha < 1) continue
      const to = (y * SIZE + x) * 4
      for (let channel = 0; channel < 3; channel++) {
        const first = at + channel
        const second = first + SIZE * 4
        out[to + channel] =
          (source[first]! * one + source[first + 4]! * two + source[second]! * three + source[second + 4]! * four) /
          alpha
      }
      out[to + 3] = alpha
    }
  }
  return out
}
