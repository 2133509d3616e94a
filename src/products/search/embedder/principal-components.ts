import { dot } from './projection.ts'
import { seededNumbers } from './seeded.ts'

export type Components = {
  mean: Float32Array
  /** `count` rows of unit length, the one along which the vectors differ most first. */
  rows: Float32Array
  /** How much they differ along each. */
  variances: Float32Array
}

const ROUNDS = 12

/** The main directions of vectors of `dim` numbers (a multiple of 4): covariance, then subspace iteration. */
export function principalComponents(vectors: readonly ArrayLike<number>[], dim: number, count: number): Components {
  const mean = new Float32Array(dim)
  for (const vector of vectors) for (let at = 0; at < dim; at++) mean[at]! += vector[at]! / vectors.length
  const covariance = covarianceOf(vectors, mean)
  const unit = seededNumbers(1)
  let rows = Float32Array.from({ length: count * dim }, () => unit() - 0.5)
  const variances = new Float32Array(count)
  for (let round = 0; round < ROUNDS; round++) {
    const moved = new Float32Array(count * dim)
    for (let row = 0; row < count; row++) {
      for (let at = 0; at < dim; at++) moved[row * dim + at] = dot(covariance, at * dim, rows, row * dim, dim)
    }
    orthonormalise(moved, dim, variances)
    rows = moved
  }
  return { mean, rows, variances }
}

function covarianceOf(vectors: readonly ArrayLike<number>[], mean: Float32Array): Float32Array {
  const dim = mean.length
  const sums = new Float64Array(dim * dim)
  const centred = new Float32Array(dim)
  for (const vector of vectors) {
    for (let at = 0; at < dim; at++) centred[at] = vector[at]! - mean[at]!
    for (let a = 0; a < dim; a++) {
      const value = centred[a]!
      // Half of it: the other half is the same.
      for (let b = a; b < dim; b++) sums[a * dim + b]! += value * centred[b]!
    }
  }
  const covariance = new Float32Array(dim * dim)
  for (let a = 0; a < dim; a++) {
    for (let b = a; b < dim; b++) {
      covariance[a * dim + b] = covariance[b * dim + a] = sums[a * dim + b]! / vectors.length
    }
  }
  return covariance
}

/** Makes rows of unit length, each square to those before it (Gram-Schmidt), and notes how long they were. */
export function orthonormalise(rows: Float32Array, dim: number, lengths = new Float32Array(rows.length / dim)): void {
  for (let row = 0; row < lengths.length; row++) {
    const own = rows.subarray(row * dim, (row + 1) * dim)
    for (let before = 0; before < row; before++) {
      const along = dot(rows, before * dim, rows, row * dim, dim)
      for (let at = 0; at < dim; at++) own[at]! -= along * rows[before * dim + at]!
    }
    lengths[row] = Math.sqrt(dot(own, 0, own, 0, dim))
    for (let at = 0; at < dim; at++) own[at]! /= lengths[row]! + 1e-12
  }
}
