/** A number from 0 to 1 for every place; the coordinates are pixels. */
export type Field = (x: number, y: number) => number
export type Colour = readonly [red: number, green: number, blue: number]
/** The colour at a place. */
export type Surface = (x: number, y: number) => Colour

type Unit = () => number

export const between = (unit: Unit, low: number, high: number): number => low + unit() * (high - low)
export const pick = <T>(unit: Unit, values: readonly T[]): T => values[Math.floor(unit() * values.length)]!

const TILE = 64

/** Noise that looks alike at every scale, as most natural surfaces do: values on grids, each finer and fainter. */
export function fractalNoise(unit: Unit, period: number, fading: number): Field {
  const values = Float32Array.from({ length: TILE * TILE }, unit)
  // A grid finer than the pixels would be noise of its own kind, and takes as long.
  const layers = [1, 2, 4, 8, 16]
    .filter((finer) => finer === 1 || period / finer >= 1.5)
    .map((finer, at) => ({ scale: finer / period, weight: fading ** at, shift: unit() * TILE }))
  const sum = layers.reduce((all, { weight }) => all + weight, 0)
  return (x, y) => {
    let value = 0
    for (const { scale, weight, shift } of layers)
      value += weight * smooth(values, x * scale + shift, y * scale + shift)
    // Sums lie close to the middle; spread them over the whole.
    return Math.max(0, Math.min(1, (value / sum - 0.5) * 2 + 0.5))
  }
}

function smooth(values: Float32Array, x: number, y: number): number {
  const left = Math.floor(x)
  const top = Math.floor(y)
  const ease = (part: number) => part * part * (3 - 2 * part)
  const across = ease(x - left)
  const down = ease(y - top)
  const at = (column: number, row: number) => values[(row & (TILE - 1)) * TILE + (column & (TILE - 1))]!
  const above = at(left, top) * (1 - across) + at(left + 1, top) * across
  const below = at(left, top + 1) * (1 - across) + at(left + 1, top + 1) * across
  return above * (1 - down) + below * down
}

/** Mostly muted. So often warm, as lamps, wood and skin make rooms; else blue as cloth often is, or anything else. */
export function inventColour(unit: Unit, warm = 0.4): Colour {
  const light = between(unit, 20, 245)
  const strength = unit() ** 3 * Math.min(light, 255 - light) * 1.2 + 3
  const kind = unit()
  const around = unit() + unit() - 1
  const hue = kind < warm ? 0.5 + 0.6 * around : kind < warm + 0.2 ? 4 + 0.4 * around : unit() * 2 * Math.PI
  const channel = (turn: number) => Math.max(0, Math.min(255, light + strength * Math.cos(hue - turn)))
  return [channel(0), channel(2.094), channel(4.189)]
}

const mix = (a: Colour, b: Colour, part: number): Colour => [
  a[0] + (b[0] - a[0]) * part,
  a[1] + (b[1] - a[1]) * part,
  a[2] + (b[2] - a[2]) * part,
]

/** A material: a pattern of two colours, under folds and grain. */
export function inventSurface(unit: Unit): Surface {
  const base = inventColour(unit)
  return cover(
    unit,
    pick(unit, PATTERNS)(unit),
    base,
    unit() < 0.5 ? inventColour(unit) : mix(base, inventColour(unit), 0.3),
  )
}

/** What goods lie on or hang before: quieter than goods. */
export function inventBackdrop(unit: Unit): Surface {
  const base = inventColour(unit, 0.75)
  return cover(unit, pick(unit, WALLS)(unit), base, mix(base, inventColour(unit), between(unit, 0.05, 0.3)))
}

function cover(unit: Unit, pattern: Field, base: Colour, other: Colour): Surface {
  const folds = fractalNoise(unit, between(unit, 15, 90), between(unit, 0.3, 0.6))
  const foldDepth = between(unit, 0.05, 0.5)
  const grain = fractalNoise(unit, between(unit, 2, 6), 0.7)
  const grainDepth = unit() ** 3 * 60
  return (x, y) => {
    const colour = mix(base, other, pattern(x, y))
    const light = 1 + (folds(x, y) - 0.5) * foldDepth * 2
    const grit = (grain(x, y) - 0.5) * grainDepth
    return [colour[0] * light + grit, colour[1] * light + grit, colour[2] * light + grit]
  }
}

type Pattern = (unit: Unit) => Field

const plain: Pattern = () => () => 0

/** Slow changes from one colour to the other. */
const cloudy: Pattern = (unit) => fractalNoise(unit, between(unit, 20, 120), between(unit, 0.35, 0.7))

/** Sharp blots, as in camouflage, stone or prints. */
const blotted: Pattern = (unit) => {
  const noise = fractalNoise(unit, between(unit, 8, 50), between(unit, 0.3, 0.6))
  const levels = pick(unit, [2, 3, 4])
  return (x, y) => Math.floor(noise(x, y) * levels) / (levels - 0.999)
}

/** Bands at an angle, of uneven widths. */
const striped: Pattern = (unit) => {
  const turn = unit() * Math.PI
  const period = between(unit, 3, 30)
  const share = between(unit, 0.2, 0.8)
  const bend = fractalNoise(unit, 60, 0.5)
  const bending = unit() ** 2 * period
  return (x, y) => {
    const along = (x * Math.cos(turn) + y * Math.sin(turn) + bend(x, y) * bending) / period
    return along - Math.floor(along) < share ? 0 : 1
  }
}

/** Bands both ways. */
const checked: Pattern = (unit) => {
  const across = striped(unit)
  const down = striped(unit)
  return (x, y) => (across(x, y) + down(y, -x)) / 2
}

/** Grain along one direction: wood, fur, brushed metal, knitwear. */
const drawn: Pattern = (unit) => {
  const turn = unit() * Math.PI
  const long = between(unit, 4, 14)
  const noise = fractalNoise(unit, between(unit, 4, 14), 0.7)
  const cos = Math.cos(turn)
  const sin = Math.sin(turn)
  return (x, y) => noise((x * cos + y * sin) / long, y * cos - x * sin)
}

/** Spots in rows, some missing. */
const dotted: Pattern = (unit) => {
  const period = between(unit, 5, 24)
  const radius = between(unit, 0.15, 0.45)
  const missing = fractalNoise(unit, period * 1.7, 0.9)
  return (x, y) => {
    const column = Math.floor(x / period)
    const row = Math.floor(y / period)
    const far = Math.hypot(x / period - column - 0.5, y / period - row - 0.5)
    return far < radius && missing(column * period, row * period) > 0.35 ? 1 : 0
  }
}

const PATTERNS: readonly Pattern[] = [plain, plain, cloudy, cloudy, blotted, striped, checked, drawn, dotted]
const WALLS: readonly Pattern[] = [plain, plain, cloudy, drawn, striped, checked]
