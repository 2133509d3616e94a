import { randomBytes, randomInt } from 'node:crypto'

/** Randomness as the rest of the code sees it; tests bring their own. */
export type Random = {
  bytes(count: number): Buffer
  /** A whole number from 0 up to, not including, `below`. */
  below(below: number): number
}

export const systemRandom: Random = {
  bytes: (count) => randomBytes(count),
  below: (below) => randomInt(below),
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** `count` characters of [A-Za-z0-9], each drawn evenly. */
export function randomText(random: Random, count: number): string {
  return Array.from({ length: count }, () => LETTERS[random.below(LETTERS.length)]).join('')
}
