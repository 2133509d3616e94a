import { between, pick } from './invented-surfaces.ts'

export type Point = readonly [x: number, y: number]
type Unit = () => number

/** A closed line around the origin, about 1 away from it. */
export type Outline = readonly Point[]

/** A pebble, a leaf or a star: a circle whose radius wavers. */
export function blob(unit: Unit): Outline {
  const waves = Array.from({ length: 4 }, (_, at) => ({
    turns: at + 1,
    size: (unit() * 0.5) / (at + 1),
    shift: unit() * 6.28,
  }))
  const flat = between(unit, 0.4, 1)
  return Array.from({ length: 40 }, (_, at) => {
    const angle = (at / 40) * 2 * Math.PI
    const radius = 0.8 + waves.reduce((sum, { turns, size, shift }) => sum + size * Math.sin(turns * angle + shift), 0)
    return [radius * Math.cos(angle), radius * Math.sin(angle) * flat] as const
  })
}

/** A box or a card, seen a little from the side. */
export function quad(unit: Unit): Outline {
  const flat = between(unit, 0.3, 1)
  const off = () => between(unit, -0.15, 0.15)
  return [
    [-0.9 + off(), -flat + off()],
    [0.9 + off(), -flat + off()],
    [0.9 + off(), flat + off()],
    [-0.9 + off(), flat + off()],
  ]
}

export function polygon(unit: Unit): Outline {
  const corners = 3 + Math.floor(unit() * 5)
  return Array.from({ length: corners }, (_, at) => {
    const angle = ((at + between(unit, -0.3, 0.3)) / corners) * 2 * Math.PI
    const radius = between(unit, 0.6, 1.1)
    return [radius * Math.cos(angle), radius * Math.sin(angle)] as const
  })
}

/** One side of a thing that hangs straight, from the top down; the other side mirrors it. */
const SIDES: readonly (readonly Point[])[] = [
  // A shirt with sleeves.
  [
    [0.15, -0.85],
    [0.35, -0.95],
    [0.6, -0.85],
    [1, -0.2],
    [0.75, -0.05],
    [0.52, -0.45],
    [0.5, 0.95],
  ],
  // A coat or a dress.
  [
    [0.12, -0.95],
    [0.4, -0.9],
    [0.9, 0.1],
    [0.7, 0.2],
    [0.42, -0.4],
    [0.38, 0],
    [0.75, 1],
  ],
  // Trousers.
  [
    [0.4, -1],
    [0.45, -0.6],
    [0.55, 1],
    [0.2, 1],
    [0.03, -0.3],
  ],
  // Shorts or a skirt.
  [
    [0.45, -0.7],
    [0.75, 0.6],
    [0.1, 0.65],
    [0.05, 0.1],
  ],
  // A bag.
  [
    [0.1, -0.9],
    [0.35, -0.85],
    [0.3, -0.3],
    [0.7, -0.3],
    [0.8, 0.8],
  ],
  // A bottle or a jar.
  [
    [0.15, -1],
    [0.18, -0.6],
    [0.45, -0.35],
    [0.45, 0.95],
  ],
]

/** Something to wear or to buy, hanging straight. */
export function goods(unit: Unit): Outline {
  const wide = between(unit, 0.7, 1.2)
  const right = pick(unit, SIDES).map(
    ([x, y]) => [x * wide + between(unit, -0.05, 0.05), y + between(unit, -0.05, 0.05)] as const,
  )
  return [...right, ...right.toReversed().map(([x, y]) => [-x + between(unit, -0.04, 0.04), y] as const)]
}

/** A shoe from the side. */
export function shoe(unit: Unit): Outline {
  const off = () => between(unit, -0.06, 0.06)
  const side = unit() < 0.5 ? 1 : -1
  const points = [
    [-0.9, -0.5],
    [-0.45, -0.55],
    [-0.2, -0.2],
    [0.4, 0],
    [0.9, 0.15],
    [1, 0.4],
    [-0.95, 0.42],
  ] as const
  return points.map(([x, y]) => [side * x + off(), y + off()] as const)
}

/** The outline at a place, so large and so turned. */
export function placed(outline: Outline, x: number, y: number, size: number, turn: number): Point[] {
  const cos = Math.cos(turn) * size
  const sin = Math.sin(turn) * size
  return outline.map(([px, py]) => [x + px * cos - py * sin, y + px * sin + py * cos] as const)
}
