import { dot } from './projection.ts'
import { seededNumbers } from './seeded.ts'

const ROUNDS = 12

/** The middles of `count` clusters of vectors that stand one after another, `dim` numbers each (a multiple of 4). */
export function kMeans(vectors: Float32Array, dim: number, count: number): Float32Array {
  const unit = seededNumbers(count)
  const any = () => {
    const from = Math.floor((unit() * vectors.length) / dim) * dim
    return vectors.subarray(from, from + dim)
  }
  const centres = new Float32Array(count * dim)
  for (let centre = 0; centre < count; centre++) centres.set(any(), centre * dim)
  for (let round = 0; round < ROUNDS; round++) {
    const sums = new Float64Array(count * dim)
    const sizes = new Uint32Array(count)
    const squares = Float32Array.from(sizes, (_, centre) => dot(centres, centre * dim, centres, centre * dim, dim))
    for (let from = 0; from < vectors.length; from += dim) {
      const centre = nearest(vectors, from, centres, squares, dim)
      sizes[centre]!++
      for (let at = 0; at < dim; at++) sums[centre * dim + at]! += vectors[from + at]!
    }
    for (let centre = 0; centre < count; centre++) {
      // One that nothing is near to starts again somewhere else.
      if (sizes[centre] === 0) centres.set(any(), centre * dim)
      else for (let at = 0; at < dim; at++) centres[centre * dim + at] = sums[centre * dim + at]! / sizes[centre]!
    }
  }
  return centres
}

function nearest(
  vectors: Float32Array,
  from: number,
  centres: Float32Array,
  squares: Float32Array,
  dim: number,
): number {
  let best = 0
  let least = Infinity
  for (let centre = 0; centre < squares.length; centre++) {
    const distance = squares[centre]! - 2 * dot(centres, centre * dim, vectors, from, dim)
    if (distance < least) {
      least = distance
      best = centre
    }
  }
  return best
}
