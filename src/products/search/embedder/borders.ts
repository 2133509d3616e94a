import type { Raster } from '../../media/raster.ts'
import type { Box, Plane } from './planes.ts'

/** Sum of the three channels' differences from the line's mean from which a pixel is not of the border's colour. */
const DIFFERENCE_MIN = 36
/** Which part of a line may be so and the line still be border. */
const DIFFERENT_SHARE_MAX = 0.06
/** A border takes less than this part of the picture on each side. */
const BORDER_SHARE_MAX = 0.45

/** The picture without the plain lines around it; null when there are none worth leaving out. */
export function boxWithinBorder({ width, height, rgb }: Raster): Box | null {
  const box: Box = { left: 0, top: 0, right: width, bottom: height }
  const isPlainRow = (y: number) => isPlain(rgb, (y * width + box.left) * 3, 3, box.right - box.left)
  const isPlainColumn = (x: number) => isPlain(rgb, (box.top * width + x) * 3, width * 3, box.bottom - box.top)
  // Twice: once the sides are gone, a row may be plain that was not.
  for (let pass = 0; pass < 2; pass++) {
    while (box.top < height * BORDER_SHARE_MAX && isPlainRow(box.top)) box.top++
    while (box.bottom > height * (1 - BORDER_SHARE_MAX) && isPlainRow(box.bottom - 1)) box.bottom--
    while (box.left < width * BORDER_SHARE_MAX && isPlainColumn(box.left)) box.left++
    while (box.right > width * (1 - BORDER_SHARE_MAX) && isPlainColumn(box.right - 1)) box.right--
  }
  const cutOff = 1 - ((box.right - box.left) * (box.bottom - box.top)) / (width * height)
  return cutOff < 0.02 || box.right - box.left < 8 || box.bottom - box.top < 8 ? null : box
}

function isPlain(rgb: Uint8Array, first: number, step: number, count: number): boolean {
  const mean = [0, 0, 0]
  for (let each = 0, at = first; each < count; each++, at += step) {
    for (let channel = 0; channel < 3; channel++) mean[channel]! += rgb[at + channel]! / count
  }
  let different = 0
  for (let each = 0, at = first; each < count; each++, at += step) {
    const difference =
      Math.abs(rgb[at]! - mean[0]!) + Math.abs(rgb[at + 1]! - mean[1]!) + Math.abs(rgb[at + 2]! - mean[2]!)
    if (difference > DIFFERENCE_MIN) different++
  }
  return different < count * DIFFERENT_SHARE_MAX
}

/** How far, of 255, a place of the picture must be from the mean to count as something. */
const DETAIL_MIN = 12
/** Which part of the picture's places must be so for it to show something. */
const DETAIL_SHARE_MIN = 0.002

/** Whether small planes of a picture (red, green, blue) show nearly one colour: such a picture is like any other such. */
export function isBlank(planes: readonly Plane[]): boolean {
  return planes.every(({ values }) => {
    let mean = 0
    for (const value of values) mean += value / values.length
    let far = 0
    for (const value of values) if (Math.abs(value - mean) > DETAIL_MIN) far++
    return far <= values.length * DETAIL_SHARE_MIN
  })
}
