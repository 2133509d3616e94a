/** A linear map to fewer numbers: subtracts the mean, then takes the dot product with each row. */
export type Projection = {
  from: number
  to: number
  mean: Float32Array
  /** `to` rows of `from` numbers. */
  rows: Float32Array
}

/** Projects `count` vectors that stand one after another. */
export function project({ from, to, mean, rows }: Projection, vectors: ArrayLike<number>, count: number): Float32Array {
  const projected = new Float32Array(count * to)
  const centred = new Float32Array(from)
  for (let each = 0; each < count; each++) {
    for (let at = 0; at < from; at++) centred[at] = vectors[each * from + at]! - mean[at]!
    for (let row = 0; row < to; row++) projected[each * to + row] = dot(rows, row * from, centred, 0, from)
  }
  return projected
}

/** Dot product of `length` numbers, a multiple of 4. */
export function dot(a: Float32Array, aFrom: number, b: Float32Array, bFrom: number, length: number): number {
  // Four sums, which the processor works at side by side.
  let first = 0
  let second = 0
  let third = 0
  let fourth = 0
  for (let at = 0; at < length; at += 4) {
    first += a[aFrom + at]! * b[bFrom + at]!
    second += a[aFrom + at + 1]! * b[bFrom + at + 1]!
    third += a[aFrom + at + 2]! * b[bFrom + at + 2]!
    fourth += a[aFrom + at + 3]! * b[bFrom + at + 3]!
  }
  return first + second + (third + fourth)
}
