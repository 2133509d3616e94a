import type { Raster } from '../../media/raster.ts'
import { blob, goods, type Outline, placed, type Point, polygon, quad, shoe } from './invented-shapes.ts'
import {
  between,
  fractalNoise,
  inventBackdrop,
  inventColour,
  inventSurface,
  pick,
  type Surface,
} from './invented-surfaces.ts'
import { seededNumbers } from './seeded.ts'

type Unit = () => number

/**
 * `count` drawn pictures that resemble photographs as far as learning is concerned: things in front of things, of every
 * size, with texture, folds, print, light from one side, and a camera's noise. The same for the same seed.
 */
export function* inventPictures(seed: number, count: number): Generator<Raster> {
  for (let each = 0; each < count; each++) yield inventPicture(seededNumbers(seed * 1_000_003 + each * 7_919))
}

function inventPicture(unit: Unit): Raster {
  const picture = emptyRaster(unit)
  const isClutter = unit() < 0.12
  fill(picture, frameOf(picture), isClutter ? inventSurface(unit) : inventBackdrop(unit))
  if (isClutter) drawLeaves(picture, unit, 250)
  else {
    if (unit() < 0.3) drawLeaves(picture, unit, Math.floor(unit() * 15))
    if (unit() < 0.25) drawFloor(picture, unit)
    const things = unit() < 0.85 ? 1 : 2 + Math.floor(unit() * 3)
    for (let each = 0; each < things; each++) drawThing(picture, unit, things)
  }
  expose(picture, unit)
  return picture
}

/** Proportions as cameras and shops have them. */
function emptyRaster(unit: Unit): Raster {
  const ratio = pick(unit, [1, 0.75, 0.75, 0.75, 1.333, 0.667, 0.5625])
  const width = Math.round(256 * Math.min(1, ratio))
  const height = Math.round(256 * Math.min(1, 1 / ratio))
  return { width, height, rgb: new Uint8Array(width * height * 3) }
}

const frameOf = ({ width, height }: Raster): Point[] => [
  [0, 0],
  [width, 0],
  [width, height],
  [0, height],
]

/** Things of all sizes one over another, small ones the most: what lies before what is how edges come about in pictures. */
function drawLeaves(picture: Raster, unit: Unit, count: number): void {
  for (let each = 0; each < count; each++) {
    // Number falls with the square of the size and more; the largest first, lest they cover all the others.
    const size = 90 / (1 + (each / count) * 14 + unit() * 3)
    const outline = pick(unit, [blob, blob, quad, polygon])(unit)
    const points = placed(outline, unit() * picture.width, unit() * picture.height, size, unit() * 6.28)
    fill(picture, points, inventSurface(unit))
  }
}

function drawFloor(picture: Raster, unit: Unit): void {
  const { width, height } = picture
  const left = between(unit, 0.4, 0.9) * height
  const right = left + between(unit, -0.1, 0.1) * height
  fill(
    picture,
    [
      [0, left],
      [width, right],
      [width, height],
      [0, height],
    ],
    inventBackdrop(unit),
  )
}

/** A garment, a shoe or a package, with its shadow, parts, seams and print; the only one stands in the middle. */
function drawThing(picture: Raster, unit: Unit, things: number): void {
  const { width, height } = picture
  const size = (Math.min(width * 1.2, height) / 2) * (between(unit, 0.65, 1) / Math.sqrt(things))
  const off = things === 1 ? 0.06 : 0.3
  const x = width * (0.5 + between(unit, -off, off))
  const y = height * (0.5 + between(unit, -off, off))
  const turn = between(unit, -0.1, 0.1) * (unit() < 0.1 ? 15 : 1)
  const outline: Outline = pick(unit, [goods, goods, goods, goods, goods, shoe, quad, blob])(unit)
  const shadow = placed(outline, x + between(unit, -9, 9), y + between(unit, 1, 9), size * 1.03, turn)
  shade(picture, shadow, between(unit, 0.5, 0.9))
  const points = placed(outline, x, y, size, turn)
  fill(picture, points, inventSurface(unit))
  const place = () => [x + between(unit, -0.45, 0.45) * size, y + between(unit, -0.6, 0.6) * size] as const
  for (let each = Math.floor(unit() * 6); each > 0; each--) {
    const outline = pick(unit, [blob, quad, polygon])(unit)
    fill(picture, placed(outline, ...place(), size * between(unit, 0.03, 0.3), unit() * 6.28), inventSurface(unit))
  }
  for (let each = Math.floor(unit() * 8); each > 0; each--)
    drawLine(picture, place(), place(), between(unit, 0.5, 2), inventColour(unit))
  if (unit() < 0.5) drawPrint(picture, unit, place(), size * between(unit, 0.05, 0.2), turn)
}

/** Rows of signs made of strokes, like lettering that nobody can read. */
function drawPrint(picture: Raster, unit: Unit, [x, y]: Point, size: number, turn: number): void {
  const colour = inventColour(unit)
  const signs = 3 + Math.floor(unit() * 7)
  const rows = 1 + Math.floor(unit() * 3)
  const thick = size * between(unit, 0.06, 0.14)
  const at = (along: number, across: number): Point => [
    x + (along * Math.cos(turn) - across * Math.sin(turn)) * size,
    y + (along * Math.sin(turn) + across * Math.cos(turn)) * size,
  ]
  for (let row = 0; row < rows; row++) {
    for (let sign = 0; sign < signs; sign++) {
      const corner = () =>
        at(sign * 0.75 - signs * 0.375 + pick(unit, [0, 0.25, 0.5]), row * 1.4 + pick(unit, [0, 0.5, 1]))
      for (let stroke = 2 + Math.floor(unit() * 3); stroke > 0; stroke--)
        drawLine(picture, corner(), corner(), thick, colour)
    }
  }
}

function drawLine(
  picture: Raster,
  [ax, ay]: Point,
  [bx, by]: Point,
  half: number,
  colour: readonly [number, number, number],
): void {
  const length = Math.hypot(bx - ax, by - ay) + 1e-6
  const acrossX = (-(by - ay) / length) * half
  const acrossY = ((bx - ax) / length) * half
  const points: Point[] = [
    [ax + acrossX, ay + acrossY],
    [bx + acrossX, by + acrossY],
    [bx - acrossX, by - acrossY],
    [ax - acrossX, ay - acrossY],
  ]
  fill(picture, points, () => colour)
}

/** Paints the inside of a closed line. */
function fill({ width, height, rgb }: Raster, points: readonly Point[], surface: Surface): void {
  inside(points, width, height, (x, y) => {
    const colour = surface(x, y)
    for (let channel = 0; channel < 3; channel++) rgb[(y * width + x) * 3 + channel] = within(colour[channel]!)
  })
}

function shade({ width, height, rgb }: Raster, points: readonly Point[], light: number): void {
  inside(points, width, height, (x, y) => {
    const at = (y * width + x) * 3
    for (let channel = at; channel < at + 3; channel++) rgb[channel] = rgb[channel]! * light
  })
}

const within = (value: number): number => Math.max(0, Math.min(255, value))

/** Visits the pixels whose middles lie inside a closed line, row by row (even-odd). */
function inside(points: readonly Point[], width: number, height: number, visit: (x: number, y: number) => void): void {
  const heights = points.map(([, y]) => y)
  const last = Math.min(height - 1, Math.floor(Math.max(...heights)))
  for (let y = Math.max(0, Math.floor(Math.min(...heights))); y <= last; y++) {
    const crossings: number[] = []
    points.forEach(([ax, ay], at) => {
      const [bx, by] = points[(at + 1) % points.length]!
      const middle = y + 0.5
      if (ay <= middle === by <= middle) return
      crossings.push(ax + ((middle - ay) / (by - ay)) * (bx - ax))
    })
    crossings.sort((a, b) => a - b)
    for (let pair = 0; pair + 1 < crossings.length; pair += 2) {
      const end = Math.min(width, Math.round(crossings[pair + 1]!))
      for (let x = Math.max(0, Math.round(crossings[pair]!)); x < end; x++) visit(x, y)
    }
  }
}

/** Light, mostly from above, a lens that is not quite sharp, and a sensor's noise. */
function expose({ width, height, rgb }: Raster, unit: Unit): void {
  const turn = between(unit, -1.6, 1.6) - Math.PI / 2
  const strength = between(unit, 0, 0.4)
  const patches = fractalNoise(unit, 120, 0.5)
  const noise = unit() ** 2 * 10
  const sharp = between(unit, 0.3, 0.9)
  const before = rgb.slice()
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const along = (x / width - 0.5) * Math.cos(turn) + (y / height - 0.5) * Math.sin(turn)
      const light = 1 + along * strength + (patches(x, y) - 0.5) * strength
      for (let channel = 0; channel < 3; channel++) {
        const at = (y * width + x) * 3 + channel
        const value = before[at]! * sharp + (1 - sharp) * around(before, at, x, y, width, height)
        rgb[at] = within(value * light + (unit() + unit() - 1) * noise)
      }
    }
  }
}

/** The mean of the four pixels beside one, or of itself beyond the edge. */
function around(rgb: Uint8Array, at: number, x: number, y: number, width: number, height: number): number {
  const row = width * 3
  const left = rgb[x > 0 ? at - 3 : at]!
  const right = rgb[x < width - 1 ? at + 3 : at]!
  const above = rgb[y > 0 ? at - row : at]!
  const below = rgb[y < height - 1 ? at + row : at]!
  return (left + right + above + below) / 4
}
