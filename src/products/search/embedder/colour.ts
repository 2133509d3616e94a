import { cosineTransform } from './cosine-transform.ts'
import type { Plane } from './planes.ts'
import { scaleTo } from './scale.ts'

/** L 0 to 100, a and b around 0. */
export type Lab = { lightness: Plane; a: Plane; b: Plane }

const LINEAR = Float32Array.from({ length: 256 }, (_, value) => {
  const part = value / 255
  return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
})

/** CIE L*a*b* (white D65) of sRGB planes. */
export function labOf([red, green, blue]: readonly [Plane, Plane, Plane]): Lab {
  const empty = (): Plane => ({ ...red, values: new Float32Array(red.values.length) })
  const lab: Lab = { lightness: empty(), a: empty(), b: empty() }
  for (let at = 0; at < red.values.length; at++) {
    const r = LINEAR[Math.round(red.values[at]!)]!
    const g = LINEAR[Math.round(green.values[at]!)]!
    const b = LINEAR[Math.round(blue.values[at]!)]!
    const x = rootOf((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047)
    const y = rootOf(0.2126 * r + 0.7152 * g + 0.0722 * b)
    const z = rootOf((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883)
    lab.lightness.values[at] = 116 * y - 16
    lab.a.values[at] = 500 * (x - y)
    lab.b.values[at] = 200 * (y - z)
  }
  return lab
}

const rootOf = (part: number): number => (part > 0.008856 ? Math.cbrt(part) : 7.787 * part + 16 / 116)

const HUES = 8
/** A neutral bin, then the hues of low and those of high chroma. */
const BINS_A_LIGHTNESS = 1 + 2 * HUES
const LIGHTNESSES = 4
const BINS = LIGHTNESSES * BINS_A_LIGHTNESS
/** The whole picture, its middle, its four quarters, and how much each counts. */
const REGION_WEIGHTS = [1, 1, 0.5, 0.5, 0.5, 0.5]
export const HISTOGRAM_DIM = BINS * REGION_WEIGHTS.length

/** Which colours stand where: soft histograms of Lab in six regions, Hellinger-scaled, of length 1 together. */
export function colourHistogram({ lightness, a, b }: Lab): Float32Array {
  const { width, height } = lightness
  const histogram = new Float32Array(HISTOGRAM_DIM)
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      const fromMiddleX = (x + 0.5) / width - 0.5
      const fromMiddleY = (y + 0.5) / height - 0.5
      const regions = [0, 2 + (fromMiddleY < 0 ? 0 : 2) + (fromMiddleX < 0 ? 0 : 1)]
      if (fromMiddleX ** 2 + fromMiddleY ** 2 < 0.09) regions.push(1)
      addColour(histogram, regions, lightness.values[at]!, a.values[at]!, b.values[at]!)
    }
  }
  REGION_WEIGHTS.forEach((weight, region) => {
    const bins = histogram.subarray(region * BINS, (region + 1) * BINS)
    let sum = 1e-9
    for (const bin of bins) sum += bin
    bins.forEach((bin, at) => (bins[at] = Math.sqrt((bin / sum) * weight)))
  })
  scaleTo(histogram, 1)
  return histogram
}

/** Spreads one pixel over the two nearest lightnesses, hues and chromas, so that no small change moves a whole pixel. */
function addColour(histogram: Float32Array, regions: readonly number[], l: number, a: number, b: number): void {
  const level = Math.max(0, Math.min(LIGHTNESSES - 1.001, (l / 100) * LIGHTNESSES - 0.5))
  const hue = ((Math.atan2(b, a) / (2 * Math.PI) + 1) * HUES) % HUES
  const chroma = Math.sqrt(a * a + b * b)
  const low = chroma < 20 ? Math.max(0, (chroma - 4) / 16) : Math.max(0, (50 - chroma) / 30)
  const neutral = chroma < 20 ? 1 - low : 0
  const high = chroma < 20 ? 0 : 1 - low
  const hueBins = [Math.floor(hue), (Math.floor(hue) + 1) % HUES] as const
  for (const near of [0, 1]) {
    const levelWeight = near === 0 ? 1 - (level % 1) : level % 1
    const first = (Math.floor(level) + near) * BINS_A_LIGHTNESS
    for (const region of regions) {
      const from = region * BINS + first
      histogram[from]! += levelWeight * neutral
      for (const [side, bin] of hueBins.entries()) {
        const hueWeight = levelWeight * (side === 0 ? 1 - (hue % 1) : hue % 1)
        histogram[from + 1 + bin]! += hueWeight * low
        histogram[from + 1 + HUES + bin]! += hueWeight * high
      }
    }
  }
}

const LIGHTNESS_FREQUENCIES = 8
const COLOUR_FREQUENCIES = 6
export const LAYOUT_DIM = LIGHTNESS_FREQUENCIES ** 2 + 2 * COLOUR_FREQUENCIES ** 2

/** Where it is light and of which colour, roughly: the lowest frequencies of square planes, of length 1 together. */
export function colourLayout({ lightness, a, b }: Lab): Float32Array {
  const layout: number[] = []
  for (const [plane, count, mean, meanWeight] of [
    [lightness, LIGHTNESS_FREQUENCIES, 50, 0.3],
    [a, COLOUR_FREQUENCIES, 0, 0.5],
    [b, COLOUR_FREQUENCIES, 0, 0.5],
  ] as const) {
    cosineTransform(plane, count).forEach((coefficient, at) => {
      const frequency = (at % count) + Math.floor(at / count)
      const value = at === 0 ? (coefficient - mean * plane.width) * meanWeight : coefficient
      layout.push((Math.sign(value) * Math.sqrt(Math.abs(value))) / (1 + 0.1 * frequency))
    })
  }
  const scaled = Float32Array.from(layout)
  scaleTo(scaled, 1)
  return scaled
}
