/** Numbers that follow from a seed alone, so that every start and every machine shows the same demo. */
export type Seeded = {
  /** From 0 up to, not including, 1. */
  unit(): number
  /** A whole number from `low` to `high`, both included. */
  whole(low: number, high: number): number
  /** From `low` up to `high`. */
  between(low: number, high: number): number
  pick<T>(values: readonly T[]): T
  /** `count` decimal digits, 2 to 18, the first not 0. */
  digits(count: number): string
}

/** A 32-bit FNV-1a hash. */
export function hash32(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash >>> 0
}

export function seeded(seed: string): Seeded {
  let state = hash32(seed)
  // mulberry32
  const unit = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const whole = (low: number, high: number) => low + Math.floor(unit() * (high - low + 1))
  return {
    unit,
    whole,
    between: (low, high) => low + unit() * (high - low),
    pick: (values) => values[Math.floor(unit() * values.length)]!,
    // Half at a time: a draw has 32 bits, which is nine digits.
    digits: (count) => {
      const rest = count >> 1
      const first = count - rest
      return `${whole(10 ** (first - 1), 10 ** first - 1)}${String(whole(0, 10 ** rest - 1)).padStart(rest, '0')}`
    },
  }
}
