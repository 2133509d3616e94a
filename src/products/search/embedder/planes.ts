import type { Raster } from '../../media/raster.ts'

/** One number a pixel, row by row. */
export type Plane = { width: number; height: number; values: Float32Array }

/** In pixels; `right` and `bottom` are the first ones outside. */
export type Box = { left: number; top: number; right: number; bottom: number }

/** Luma, 0 to 255. */
export function grayOf({ width, height, rgb }: Raster): Plane {
  const values = new Float32Array(width * height)
  for (let at = 0, from = 0; at < values.length; at++, from += 3) {
    values[at] = 0.299 * rgb[from]! + 0.587 * rgb[from + 1]! + 0.114 * rgb[from + 2]!
  }
  return { width, height, values }
}

/** Red, green and blue apart, 0 to 255. */
export function channelsOf({ width, height, rgb }: Raster): [red: Plane, green: Plane, blue: Plane] {
  const channel = (offset: number): Plane => {
    const values = new Float32Array(width * height)
    for (let at = 0, from = offset; at < values.length; at++, from += 3) values[at] = rgb[from]!
    return { width, height, values }
  }
  return [channel(0), channel(1), channel(2)]
}

export function crop({ width, rgb }: Raster, { left, top, right, bottom }: Box): Raster {
  const cut = { width: right - left, height: bottom - top, rgb: new Uint8Array((right - left) * (bottom - top) * 3) }
  for (let y = top; y < bottom; y++) {
    const from = (y * width + left) * 3
    cut.rgb.set(rgb.subarray(from, from + cut.width * 3), (y - top) * cut.width * 3)
  }
  return cut
}

/** The mean of what each cell of a `width` × `height` grid over the plane covers; its proportions are not kept. */
export function average(plane: Plane, width: number, height: number): Plane {
  const columns = spansOf(plane.width, width)
  const narrow = new Float32Array(width * plane.height)
  for (let y = 0; y < plane.height; y++) {
    const row = y * plane.width
    for (let x = 0; x < width; x++) {
      const { first, weights } = columns[x]!
      let sum = 0
      for (let each = 0; each < weights.length; each++) sum += plane.values[row + first + each]! * weights[each]!
      narrow[y * width + x] = sum
    }
  }
  const values = new Float32Array(width * height)
  spansOf(plane.height, height).forEach(({ first, weights }, y) => {
    weights.forEach((weight, each) => {
      const row = (first + each) * width
      for (let x = 0; x < width; x++) values[y * width + x]! += narrow[row + x]! * weight
    })
  })
  return { width, height, values }
}

/** Twice as large each way; between pixels lies what a cubic through the nearest four has there. */
export function double(plane: Plane): Plane {
  return turnOver(doubleRows(turnOver(doubleRows(plane))))
}

function doubleRows({ width, height, values }: Plane): Plane {
  const doubled = new Float32Array(values.length * 2)
  for (let y = 0; y < height; y++) {
    const from = y * width
    const last = from + width - 1
    for (let at = from; at <= last; at++) {
      const right = Math.min(last, at + 1)
      const outer = values[Math.max(from, at - 1)]! + values[Math.min(last, at + 2)]!
      doubled[2 * at] = values[at]!
      doubled[2 * at + 1] = (9 * (values[at]! + values[right]!) - outer) / 16
    }
  }
  return { width: 2 * width, height, values: doubled }
}

/** Rows as columns. */
function turnOver({ width, height, values }: Plane): Plane {
  const turned = new Float32Array(values.length)
  for (let y = 0, at = 0; y < height; y++) for (let x = 0; x < width; x++, at++) turned[x * height + y] = values[at]!
  return { width: height, height: width, values: turned }
}

type Span = { first: number; weights: Float32Array }

/** Which of `length` pixels each of `cells` equal cells covers, and by which part of it. A cell is a pixel wide at least. */
function spansOf(length: number, cells: number): Span[] {
  return Array.from({ length: cells }, (_, cell) => {
    const middle = ((cell + 0.5) * length) / cells
    const reach = Math.max(0.5, length / cells / 2)
    const from = Math.max(0, middle - reach)
    const to = Math.min(length, middle + reach)
    const first = Math.floor(from)
    const weights = new Float32Array(Math.ceil(to) - first)
    for (let each = 0; each < weights.length; each++) {
      weights[each] = (Math.min(to, first + each + 1) - Math.max(from, first + each)) / (to - from)
    }
    return { first, weights }
  })
}

/** Turned by 90° clockwise. */
export function turn({ width, height, values }: Plane): Plane {
  const turned = new Float32Array(values.length)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) turned[x * height + height - 1 - y] = values[y * width + x]!
  }
  return { width: height, height: width, values: turned }
}

/** Left and right exchanged. */
export function mirror({ width, height, values }: Plane): Plane {
  const mirrored = new Float32Array(values.length)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) mirrored[y * width + width - 1 - x] = values[y * width + x]!
  }
  return { width, height, values: mirrored }
}
