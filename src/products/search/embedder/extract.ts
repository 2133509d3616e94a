import type { Raster } from '../../media/raster.ts'
import { isBlank } from './borders.ts'
import { describe, type Described } from './descriptors.ts'
import { rawVector } from './global-vector.ts'
import { findKeypoints } from './keypoints.ts'
import { average, channelsOf, grayOf, type Plane } from './planes.ts'
import { fineOctave, scaleSpace } from './scale-space.ts'

const SIDE = 128
const BLANK_SIDE = 32

/** A picture as a square, which is what its look as a whole is taken from. */
export type Square = { channels: [Plane, Plane, Plane]; gray: Plane }

export function squareOf(picture: Raster): Square {
  const channels = channelsOf(picture).map((plane) => average(plane, SIDE, SIDE)) as [Plane, Plane, Plane]
  const [red, green, blue] = channels
  const values = red.values.map((value, at) => 0.299 * value + 0.587 * green.values[at]! + 0.114 * blue.values[at]!)
  return { channels, gray: { ...red, values } }
}

export const isBlankSquare = ({ channels }: Square): boolean =>
  isBlank(channels.map((plane) => average(plane, BLANK_SIDE, BLANK_SIDE)))

export const rawVectorOf = ({ channels, gray }: Square): Float32Array => rawVector(channels, gray)

/** The clearest local features, `countMax` at most. */
export function localFeatures(picture: Raster, countMax: number): Described {
  return describe(findKeypoints(scaleSpace(grayOf(picture))), countMax)
}

/**
 * As `localFeatures`, and where there is room left, also features too small for it: what a picture shows may stand in
 * another one much larger.
 */
export function fineLocalFeatures(picture: Raster, countMax: number): Described {
  const gray = grayOf(picture)
  const keypoints = findKeypoints(scaleSpace(gray))
  if (keypoints.length >= countMax) return describe(keypoints, countMax)
  const fine = findKeypoints([fineOctave(gray)])
  return describe([...keypoints, ...fine], countMax)
}
