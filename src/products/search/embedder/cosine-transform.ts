import type { Plane } from './planes.ts'

const tables = new Map<number, Float32Array>()

/** `cos` of the first `count` frequencies at `size` places, orthonormal. */
function tableOf(size: number, count: number): Float32Array {
  const key = size * 1_000 + count
  let table = tables.get(key)
  if (table) return table
  table = new Float32Array(count * size)
  for (let frequency = 0; frequency < count; frequency++) {
    const scale = Math.sqrt((frequency === 0 ? 1 : 2) / size)
    for (let at = 0; at < size; at++) {
      table[frequency * size + at] = Math.cos(((2 * at + 1) * frequency * Math.PI) / (2 * size)) * scale
    }
  }
  tables.set(key, table)
  return table
}

/** The `count` × `count` lowest coefficients of a square plane's two-dimensional DCT-II, the horizontal frequency last. */
export function cosineTransform({ width: size, values }: Plane, count: number): Float32Array {
  const table = tableOf(size, count)
  const rows = new Float32Array(size * count)
  for (let y = 0; y < size; y++) {
    for (let u = 0; u < count; u++) {
      let sum = 0
      for (let x = 0; x < size; x++) sum += table[u * size + x]! * values[y * size + x]!
      rows[y * count + u] = sum
    }
  }
  const coefficients = new Float32Array(count * count)
  for (let v = 0; v < count; v++) {
    for (let y = 0; y < size; y++) {
      const weight = table[v * size + y]!
      for (let u = 0; u < count; u++) coefficients[v * count + u]! += weight * rows[y * count + u]!
    }
  }
  return coefficients
}
