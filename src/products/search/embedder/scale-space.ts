import { double, type Plane } from './planes.ts'

/** How many scales an octave has that points are looked for at. */
export const LEVELS = 3
/** The blur of an octave's first level, in its pixels. */
export const BLUR_FIRST = 1.6
/** What a picture is taken to have of its own. */
const BLUR_GIVEN = 0.5
const OCTAVES_MAX = 5
const SIDE_MIN = 16

/** A picture at half the size of the octave before, ever more blurred, and the differences between neighbours. */
export type Octave = {
  width: number
  height: number
  blurred: Float32Array[]
  differences: Float32Array[]
  /** Pixels of the picture a pixel. */
  step: number
}

/** Blur of an octave's level, in its pixels. */
export const blurOf = (level: number): number => BLUR_FIRST * 2 ** (level / LEVELS)

/** A pyramid of differences of Gaussians. */
export function scaleSpace(gray: Plane): Octave[] {
  const octaves: Octave[] = []
  let { width, height } = gray
  if (Math.min(width, height) < SIDE_MIN) return []
  let first = blur(gray.values, width, height, moreBlur(BLUR_FIRST, BLUR_GIVEN))
  while (octaves.length < OCTAVES_MAX && Math.min(width, height) >= SIDE_MIN) {
    const octave = octaveOf(first, width, height, 2 ** octaves.length)
    octaves.push(octave)
    first = halve(octave.blurred[LEVELS]!, width, height)
    width >>= 1
    height >>= 1
  }
  return octaves
}

/** Of an octave at twice the size, the levels that hold something finer than the picture's pixels can. */
const FINE_LEVELS = 3

/**
 * The octave before the first of `scaleSpace`, at twice the size, for what is smaller still. What is blurred enough is blurred
 * further at the picture's own size, which comes to the same in an eighth of the time.
 */
export function fineOctave(gray: Plane): Octave {
  const { width, height, values } = double(gray)
  const blurred = [blur(values, width, height, moreBlur(BLUR_FIRST, 2 * BLUR_GIVEN))]
  for (let level = 1; level < FINE_LEVELS; level++) {
    blurred.push(blur(blurred[level - 1]!, width, height, moreBlur(blurOf(level), blurOf(level - 1))))
  }
  let own = { ...gray, values: halve(blurred[FINE_LEVELS - 1]!, width, height) }
  for (let level = FINE_LEVELS; level < LEVELS + 3; level++) {
    const sigma = moreBlur(blurOf(level), blurOf(level - 1)) / 2
    own = { ...gray, values: blur(own.values, gray.width, gray.height, sigma) }
    blurred.push(double(own).values)
  }
  const differences = blurred.slice(1).map((more, level) => difference(more, blurred[level]!))
  return { width, height, blurred, differences, step: 0.5 }
}

/** What takes something blurred by `sigma` to one blurred by more. */
const moreBlur = (to: number, sigma: number): number => Math.sqrt(to ** 2 - sigma ** 2)

function octaveOf(first: Float32Array, width: number, height: number, step: number): Octave {
  const blurred = [first]
  const differences: Float32Array[] = []
  for (let level = 1; level < LEVELS + 3; level++) {
    const before = blurred[level - 1]!
    const more = blur(before, width, height, moreBlur(blurOf(level), blurOf(level - 1)))
    blurred.push(more)
    differences.push(difference(more, before))
  }
  return { width, height, blurred, differences, step }
}

function difference(of: Float32Array, and: Float32Array): Float32Array {
  const difference = new Float32Array(of.length)
  for (let at = 0; at < difference.length; at++) difference[at] = of[at]! - and[at]!
  return difference
}

function halve(values: Float32Array, width: number, height: number): Float32Array {
  const halfWidth = width >> 1
  const half = new Float32Array(halfWidth * (height >> 1))
  for (let y = 0, at = 0; y < height >> 1; y++) {
    for (let x = 0; x < halfWidth; x++, at++) half[at] = values[2 * y * width + 2 * x]!
  }
  return half
}

/** A Gaussian of this sigma in pixels; beyond an edge lies its last pixel. */
function blur(values: Float32Array, width: number, height: number, sigma: number): Float32Array {
  const kernel = halfKernel(sigma)
  return blurColumns(blurRows(values, width, height, kernel), width, height, kernel)
}

/** The middle of the kernel and the weights to one side of it. */
function halfKernel(sigma: number): Float32Array {
  const half = Float32Array.from({ length: Math.max(1, Math.ceil(sigma * 2.5)) + 1 }, (_, at) =>
    Math.exp((-at * at) / (2 * sigma * sigma)),
  )
  const sum = half.reduce((all, weight) => all + 2 * weight, -half[0]!)
  return half.map((weight) => weight / sum)
}

function blurRows(values: Float32Array, width: number, height: number, kernel: Float32Array): Float32Array {
  const reach = kernel.length - 1
  const blurred = new Float32Array(values.length)
  const row = new Float32Array(width + 2 * reach + 3)
  const middle = kernel[0]!
  for (let y = 0; y < height; y++) {
    const from = y * width
    row.fill(values[from]!, 0, reach)
    row.set(values.subarray(from, from + width), reach)
    row.fill(values[from + width - 1]!, reach + width)
    // Four at a time, as four sums are worked at side by side; backwards, so that the last four end with the row.
    for (let x = width - 4; x > -4; x -= 4) {
      const at = Math.max(0, x) + reach
      let first = middle * row[at]!
      let second = middle * row[at + 1]!
      let third = middle * row[at + 2]!
      let fourth = middle * row[at + 3]!
      for (let off = 1; off <= reach; off++) {
        const weight = kernel[off]!
        first += weight * (row[at - off]! + row[at + off]!)
        second += weight * (row[at + 1 - off]! + row[at + 1 + off]!)
        third += weight * (row[at + 2 - off]! + row[at + 2 + off]!)
        fourth += weight * (row[at + 3 - off]! + row[at + 3 + off]!)
      }
      const to = from + at - reach
      blurred[to] = first
      blurred[to + 1] = second
      blurred[to + 2] = third
      blurred[to + 3] = fourth
    }
  }
  return blurred
}

function blurColumns(values: Float32Array, width: number, height: number, kernel: Float32Array): Float32Array {
  const blurred = new Float32Array(values.length)
  for (let y = 0; y < height; y++) {
    const to = y * width
    const row = (off: number) => Math.max(0, Math.min(height - 1, y + off)) * width
    const middle = kernel[0]!
    for (let x = 0; x < width; x++) blurred[to + x] = middle * values[to + x]!
    // Two rows to each side at a time, as loading and storing the sums costs more than adding to them.
    for (let off = 1; off < kernel.length; off += 2) {
      const near = kernel[off]!
      const far = kernel[off + 1] ?? 0
      const above = row(-off)
      const below = row(off)
      const farAbove = row(-off - 1)
      const farBelow = row(off + 1)
      for (let x = 0; x < width; x++) {
        blurred[to + x]! +=
          near * (values[above + x]! + values[below + x]!) + far * (values[farAbove + x]! + values[farBelow + x]!)
      }
    }
  }
  return blurred
}
