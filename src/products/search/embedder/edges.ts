import type { Plane } from './planes.ts'
import { scaleTo } from './scale.ts'

const DIRECTIONS = 8
const CELLS = 8
/** How many cells a side each level has, and how much the level counts. */
const LEVELS = [
  { cells: 1, weight: 0.5 },
  { cells: 2, weight: 1 },
  { cells: 4, weight: 1 },
  { cells: 8, weight: 1 },
] as const
export const EDGES_DIM = (1 + 4 + 16 + 64) * DIRECTIONS + DIRECTIONS

/** A gradient below this is noise. */
const MAGNITUDE_MIN = 4

/** Where edges run which way: histograms of directions in a pyramid of cells (PHOG) of a square plane, of length 1. */
export function edgePyramid(gray: Plane): Float32Array {
  const cells = cellsOf(gray)
  const pyramid = new Float32Array(EDGES_DIM)
  let from = 0
  for (const { cells: side, weight } of LEVELS) {
    const level = pyramid.subarray(from, (from += side * side * DIRECTIONS))
    const merged = CELLS / side
    cells.forEach((value, at) => {
      const cell = Math.floor(at / DIRECTIONS)
      const row = Math.floor(cell / CELLS / merged)
      const column = Math.floor((cell % CELLS) / merged)
      level[(row * side + column) * DIRECTIONS + (at % DIRECTIONS)]! += value
    })
    // Divided by what the cell has in all, and by a floor, lest noise in an empty cell count as much as a drawing.
    const floor = 2 * (gray.width / side) ** 2
    for (let first = 0; first < level.length; first += DIRECTIONS) {
      const cell = level.subarray(first, first + DIRECTIONS)
      const sum = cell.reduce((all, value) => all + value, floor)
      cell.forEach((value, at) => (cell[at] = Math.sqrt(value / sum)))
    }
    scaleTo(level, weight)
  }
  let energy = 1e-9
  for (const value of cells) energy += value
  cells.forEach((value, at) => (pyramid[from + (at % DIRECTIONS)]! += (0.3 * value) / energy))
  scaleTo(pyramid, 1)
  return pyramid
}

/** Gradient magnitudes by cell and direction (of 180°), each spread over the nearest four cells and two directions. */
function cellsOf({ width, height, values }: Plane): Float32Array {
  const cells = new Float32Array(CELLS * CELLS * DIRECTIONS)
  for (let y = 1; y < height - 1; y++) {
    const cellY = (y * CELLS) / height - 0.5
    for (let x = 1; x < width - 1; x++) {
      const at = y * width + x
      const right = values[at + 1]! - values[at - 1]!
      const down = values[at + width]! - values[at - width]!
      const magnitude = Math.sqrt(right * right + down * down)
      if (magnitude < MAGNITUDE_MIN) continue
      const direction = ((Math.atan2(down, right) / Math.PI + 2) * DIRECTIONS) % DIRECTIONS
      spread(cells, (x * CELLS) / width - 0.5, cellY, direction, magnitude)
    }
  }
  return cells
}

function spread(cells: Float32Array, x: number, y: number, direction: number, magnitude: number): void {
  const left = Math.floor(x)
  const top = Math.floor(y)
  const bin = Math.floor(direction)
  const between = direction - bin
  for (let row = top; row <= top + 1; row++) {
    if (row < 0 || row >= CELLS) continue
    for (let column = left; column <= left + 1; column++) {
      if (column < 0 || column >= CELLS) continue
      const weight = (1 - Math.abs(x - column)) * (1 - Math.abs(y - row)) * magnitude
      const cell = (row * CELLS + column) * DIRECTIONS
      cells[cell + bin]! += weight * (1 - between)
      cells[cell + ((bin + 1) % DIRECTIONS)]! += weight * between
    }
  }
}
