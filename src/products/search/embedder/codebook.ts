import { DESCRIPTOR_DIM } from './descriptors.ts'
import { NO_WORD } from './features.ts'
import { dot, project, type Projection } from './projection.ts'

/** How many numbers a descriptor is reduced to; each also gives one bit of its signature. */
export const LOCAL_DIM = 64
/** A descriptor is quantised in two halves, each by its own centres; a word is a pair of centres. */
export const HALF_DIM = LOCAL_DIM / 2
/** One centre less in the first half leaves `NO_WORD` unused. */
export const CENTRES = [255, 256] as const
export const WORDS = CENTRES[0] * CENTRES[1]

export type Codebook = {
  /** From descriptors to 64 numbers, halves of equal weight. */
  projection: Projection
  /** Both halves' centres, 32 numbers each. */
  centres: readonly [Float32Array, Float32Array]
}

export type Filed = { words: Uint16Array; signatures: Uint32Array }

/** A half's centres, the nearest first. */
type Near = { centres: Int32Array; distances: Float32Array }

/** Finds the `wordsPerPoint` nearest words of each descriptor, and on which sides of each word's centre it lies. */
export function openCodebook({ projection, centres }: Codebook) {
  const halves = centres.map((half) => ({ half, squares: squaresOf(half) }))
  return (descriptors: Uint8Array, wordsPerPoint: number): Filed => {
    const count = descriptors.length / DESCRIPTOR_DIM
    const points = project(projection, descriptors, count)
    const filed = {
      words: new Uint16Array(count * wordsPerPoint).fill(NO_WORD),
      signatures: new Uint32Array(count * wordsPerPoint * 2),
    }
    for (let point = 0; point < count; point++) {
      const [first, second] = halves.map(({ half, squares }, side) =>
        nearest(half, squares, points, point * LOCAL_DIM + side * HALF_DIM, wordsPerPoint),
      ) as [Near, Near]
      bestPairs(first, second, wordsPerPoint).forEach(([a, b], each) => {
        const at = point * wordsPerPoint + each
        filed.words[at] = a * CENTRES[1] + b
        filed.signatures[at * 2] = sidesOf(centres[0], a, points, point * LOCAL_DIM)
        filed.signatures[at * 2 + 1] = sidesOf(centres[1], b, points, point * LOCAL_DIM + HALF_DIM)
      })
    }
    return filed
  }
}

function squaresOf(centres: Float32Array): Float32Array {
  return Float32Array.from({ length: centres.length / HALF_DIM }, (_, at) =>
    dot(centres, at * HALF_DIM, centres, at * HALF_DIM, HALF_DIM),
  )
}

/** The centres nearest to a half, by the squared distance less the half's own square. */
function nearest(
  centres: Float32Array,
  squares: Float32Array,
  points: Float32Array,
  from: number,
  count: number,
): Near {
  const near: Near = { centres: new Int32Array(count), distances: new Float32Array(count).fill(Infinity) }
  for (let centre = 0; centre < squares.length; centre++) {
    const distance = squares[centre]! - 2 * dot(centres, centre * HALF_DIM, points, from, HALF_DIM)
    if (distance >= near.distances[count - 1]!) continue
    let place = count - 1
    for (; place > 0 && near.distances[place - 1]! > distance; place--) {
      near.distances[place] = near.distances[place - 1]!
      near.centres[place] = near.centres[place - 1]!
    }
    near.distances[place] = distance
    near.centres[place] = centre
  }
  return near
}

function bestPairs(first: Near, second: Near, count: number): [number, number][] {
  const pairs: { pair: [number, number]; distance: number }[] = []
  for (let a = 0; a < count; a++) {
    // A pair has at least (a + 1)(b + 1) - 1 nearer ones.
    for (let b = 0; (a + 1) * (b + 1) <= count; b++) {
      pairs.push({
        pair: [first.centres[a]!, second.centres[b]!],
        distance: first.distances[a]! + second.distances[b]!,
      })
    }
  }
  pairs.sort((x, y) => x.distance - y.distance)
  return pairs.slice(0, count).map(({ pair }) => pair)
}

/** 32 bits: in which numbers the half is greater than the centre. */
function sidesOf(centres: Float32Array, centre: number, points: Float32Array, from: number): number {
  let bits = 0
  for (let at = 0; at < HALF_DIM; at++) {
    if (points[from + at]! > centres[centre * HALF_DIM + at]!) bits |= 1 << at
  }
  return bits
}
