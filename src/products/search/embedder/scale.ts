/** Scales a vector in place to this length; one of zeros stays. */
export function scaleTo(vector: Float32Array, length: number): void {
  let squares = 0
  for (const value of vector) squares += value * value
  const factor = length / (Math.sqrt(squares) + 1e-9)
  for (let at = 0; at < vector.length; at++) vector[at]! *= factor
}
