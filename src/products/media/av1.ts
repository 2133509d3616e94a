import { cutShort, isZeroFrom, partCounter } from './walking.ts'

/** In pixels. */
export type Size = { width: number; height: number }

const SEQUENCE_HEADER = 1
const FRAME_HEADER = 3
const FRAME = 6

/**
 * The frames in a stream of AV1 as files keep it, and the size that none of them exceeds; a decoder goes through all of them,
 * whichever it then shows. Throws `DomainError('unprocessable')` when it is damaged.
 */
export function readAv1(bytes: Buffer): { frames: number; size: Size } {
  const size = { width: 0, height: 0 }
  let frames = 0
  const count = partCounter()
  for (let at = 0; at < bytes.length && !isZeroFrom(bytes, at);) {
    count()
    const head = bytes[at]!
    const type = (head >> 3) & 15
    // Without a size of its own nobody could tell what follows.
    if ((head & 2) === 0) throw cutShort()
    const { value: length, end: from } = leb128(bytes, at + ((head & 4) === 0 ? 1 : 2))
    at = from + length
    if (at > bytes.length) throw cutShort()
    if (type === FRAME_HEADER || type === FRAME) frames++
    if (type !== SEQUENCE_HEADER) continue
    const { width, height } = frameSizeMax(bytes.subarray(from, at))
    size.width = Math.max(size.width, width)
    size.height = Math.max(size.height, height)
  }
  return { frames, size }
}

/** Seven bits a byte, the lowest first; the eighth says that there are more. */
function leb128(bytes: Buffer, from: number): { value: number; end: number } {
  let value = 0
  for (let at = from; at < from + 5; at++) {
    const byte = bytes[at] ?? 0
    value += (byte & 127) * 2 ** (7 * (at - from))
    if (byte < 128) return { value, end: at + 1 }
  }
  throw cutShort()
}

/** Of a sequence header: a frame may be smaller and not larger. */
function frameSizeMax(header: Buffer): Size {
  const bits = bitReader(header)
  // Its profile, and that it is a still picture.
  bits(4)
  const isReduced = bits(1) === 1
  if (isReduced) bits(5)
  else passOverPoints(bits)
  const [widthBits, heightBits] = [bits(4) + 1, bits(4) + 1]
  return { width: bits(widthBits) + 1, height: bits(heightBits) + 1 }
}

function passOverPoints(bits: (count: number) => number): void {
  // When to show which frame: no still picture says that.
  if (bits(1) === 1) throw cutShort()
  const hasDelays = bits(1) === 1
  for (let points = bits(5) + 1; points > 0; points--) {
    bits(12)
    const level = bits(5)
    if (level > 7) bits(1)
    if (hasDelays && bits(1) === 1) bits(4)
  }
}

function bitReader(bytes: Buffer): (count: number) => number {
  let at = 0
  return (count) => {
    let value = 0
    for (const end = at + count; at < end; at++) {
      if (at >= bytes.length * 8) throw cutShort()
      value = value * 2 + ((bytes[at >> 3]! >> (7 - (at & 7))) & 1)
    }
    return value
  }
}
