import { SIZE } from './pen.ts'
import { seeded } from './seeded.ts'

/**
 * How far a product's proportions are from the drawing of its shape, which others share: two products of one shape are
 * two things, also to who compares pictures. 1 and 0 leave them as drawn; straight lines along the axes stay straight.
 */
export type Cut = {
  wide: number
  high: number
  /** How much wider, or narrower, it grows from the middle to the foot. */
  taper: number
  /** How much its middle is stretched, and its sides thereby pressed, across and up. */
  bulge: [number, number]
}

/** The cut of a product: the same for the same seed. */
export function cutOf(seed: string): Cut {
  const dice = seeded(`cut ${seed}`)
  return {
    wide: dice.between(0.82, 1),
    high: dice.between(0.84, 1),
    taper: dice.between(-0.16, 0.16),
    bulge: [dice.between(-0.3, 0.3), dice.between(-0.3, 0.3)],
  }
}

/** The cut where a picture shows a part that fills it: what is at its edges stays there. */
export function closeUp({ bulge }: Cut): Cut {
  return { wide: 1, high: 1, taper: 0, bulge }
}

const HALF = SIZE / 2

/** Where in the drawing a point of the cut thing comes from; `foot` is the height that stays where it is. */
export function uncut({ wide, high, taper, bulge }: Cut, foot: number): (x: number, y: number) => [number, number] {
  return (x, y) => {
    const down = (y - foot) / HALF
    const across = (x - HALF) / (HALF * (1 + (taper * (y - HALF)) / HALF))
    return [
      HALF + HALF * (across / wide + (bulge[0] * Math.sin(Math.PI * across)) / Math.PI),
      foot + HALF * (down / high + (bulge[1] * Math.sin(Math.PI * down)) / Math.PI),
    ]
  }
}
