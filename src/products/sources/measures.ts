import { decimal, text } from './wobble.ts'

const GRAMS: Readonly<Record<string, number>> = { g: 1, 克: 1, kg: 1_000, 千克: 1_000, 公斤: 1_000, 斤: 500 }

/** A weight that names its unit ("0.5kg", "300 克") in whole grams. One without a unit could be either: null. */
export function readWeightGrams(value: unknown): number | null {
  const match = /^(\d{1,9}(?:\.\d{1,6})?)\s*(g|克|kg|千克|公斤|斤)$/i.exec(text(value) ?? '')
  return match ? grams(Number(match[1]) * GRAMS[match[2]!.toLowerCase()]!) : null
}

/** A size "20*15*10" or "20x15x10cm", which is in centimetres, as cm³ with at most two decimals. */
export function readSizeCm3(value: unknown): number | null {
  const sides = (text(value) ?? '').replace(/\s*(?:cm|厘米)$/i, '').split(/\s*[*x×X]\s*/)
  return sides.length === 3 ? volumeCm3(...(sides as [string, string, string])) : null
}

/** The volume of a box whose sides are in centimetres; null when one is missing or zero. */
export function volumeCm3(length: unknown, width: unknown, height: unknown): number | null {
  const sides = [length, width, height].map(decimal)
  if (sides.includes(null)) return null
  return Math.round(sides.reduce((product: number, side) => product * side!, 1) * 100) / 100 || null
}

/** Whole grams above zero, at most ten tonnes. */
export function grams(value: number): number | null {
  const rounded = Math.round(value)
  return rounded > 0 && rounded <= 10_000_000 ? rounded : null
}
