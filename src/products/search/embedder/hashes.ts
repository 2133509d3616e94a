import { cosineTransform } from './cosine-transform.ts'
import { average, mirror, type Plane, turn } from './planes.ts'

/** 256 bits each. */
export type Hashes = { pHash: Uint8Array; dHash: Uint8Array }

const SIDE = 16
const P_HASH_PLANE = 64

/** Of a square gray plane: which low frequencies are above their median, and where it becomes brighter to the right. */
export function hashesOf(gray: Plane): Hashes {
  return { pHash: pHashOf(gray), dHash: dHashOf(gray) }
}

/** As seen upright, turned by 90°, 180° and 270°, then the same mirrored. The first is of the plane as it is. */
export function hashesOfAllSides(gray: Plane): Hashes[] {
  return [gray, mirror(gray)].flatMap((side) => {
    const quarter = turn(side)
    const half = turn(quarter)
    return [side, quarter, half, turn(half)].map(hashesOf)
  })
}

function pHashOf(gray: Plane): Uint8Array {
  const count = SIDE + 1
  const all = cosineTransform(average(gray, P_HASH_PLANE, P_HASH_PLANE), count)
  // Without the first column, which says how bright the picture is rather than what it shows.
  const kept = all.filter((_, at) => at % count !== 0 && at < SIDE * count)
  const median = kept.toSorted()[kept.length >> 1]!
  return bitsOf((at) => kept[at]! > median)
}

function dHashOf(gray: Plane): Uint8Array {
  const width = SIDE + 1
  const { values } = average(gray, width, SIDE)
  return bitsOf((at) => {
    const left = Math.floor(at / SIDE) * width + (at % SIDE)
    return values[left + 1]! > values[left]!
  })
}

function bitsOf(isSet: (at: number) => boolean): Uint8Array {
  const bytes = new Uint8Array((SIDE * SIDE) / 8)
  for (let at = 0; at < SIDE * SIDE; at++) if (isSet(at)) bytes[at >> 3]! |= 1 << (at & 7)
  return bytes
}
