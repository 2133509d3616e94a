/**
 * What is kept of a picture in one space. Coordinates are of the picture fitted into 256 × 256, so they go from 0 to 255.
 * Numbers are those of `classic-v1`; another embedder may leave out hashes and points.
 */
export type PictureFeatures = {
  /** Nearly one colour: it has no points, and is never the same picture as another. */
  isBlank: boolean
  /** The global vector, its length scaled to 127 and rounded. */
  global: Int8Array
  /** 256 bits each. */
  pHash: Uint8Array
  dHash: Uint8Array
  points: Points
}

/** Local features, one place of each array for each point. */
export type Points = {
  count: number
  /** `x, y, scale, angle` as bytes: pixels; 16 steps an octave from 1 pixel; 256 steps a turn. */
  frames: Uint8Array
  /** The word of the codebook that is nearest. */
  words: Uint16Array
  /** 64 bits, two numbers a point: on which side of the word's centre the descriptor lies. */
  signatures: Uint32Array
}

/** What is asked with: the picture as it is and as it may have been made from another one. */
export type PictureQuery = {
  isBlank: boolean
  /** The first is of the picture as it is; further ones of it without its border, say. */
  globals: Int8Array[]
  /** In all 8 orientations, with and without the border. The first is of the picture as it is. */
  hashes: { pHash: Uint8Array; dHash: Uint8Array }[]
  /** Width and height of the picture fitted into 256 × 256. */
  width: number
  height: number
  points: QueryPoints
}

/** As `Points`, with several words a point, and once more as the mirrored picture would have them. */
export type QueryPoints = {
  count: number
  wordsPerPoint: number
  /** Unrounded `x, y, scale, angle`; pixels and radians. */
  frames: Float32Array
  /** `wordsPerPoint` a point. 65535: no further word. */
  words: Uint16Array
  signatures: Uint32Array
  mirroredWords: Uint16Array
  mirroredSignatures: Uint32Array
}

const VERSION = 1
const HASH_BYTES = 32
/** version, flags, dimensions, points; then the global vector, both hashes, and the points' arrays one after another. */
const HEADER_BYTES = 8
const POINT_BYTES = 4 + 2 + 8

/** The features as one run of bytes, as the database keeps them. */
export function packFeatures({ isBlank, global, pHash, dHash, points }: PictureFeatures): Buffer {
  const { count } = points
  const bytes = Buffer.alloc(HEADER_BYTES + global.length + 2 * HASH_BYTES + count * POINT_BYTES)
  bytes[0] = VERSION
  bytes[1] = isBlank ? 1 : 0
  bytes.writeUInt16LE(global.length, 2)
  bytes.writeUInt16LE(count, 4)
  let at = HEADER_BYTES
  const put = (part: Uint8Array) => {
    bytes.set(part, at)
    at += part.length
  }
  put(bytesOf(global))
  put(pHash)
  put(dHash)
  put(points.frames.subarray(0, count * 4))
  for (let each = 0; each < count; each++, at += 2) bytes.writeUInt16LE(points.words[each]!, at)
  for (let each = 0; each < count * 2; each++, at += 4) bytes.writeUInt32LE(points.signatures[each]!, at)
  return bytes
}

/** The reverse of `packFeatures`. Throws for bytes that are not such features. */
export function unpackFeatures(bytes: Uint8Array): PictureFeatures {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const dim = bytes.length < HEADER_BYTES ? 0 : view.getUint16(2, true)
  const count = bytes.length < HEADER_BYTES ? 0 : view.getUint16(4, true)
  const expected = HEADER_BYTES + dim + 2 * HASH_BYTES + count * POINT_BYTES
  if (bytes[0] !== VERSION || bytes.length !== expected) throw new Error('these are no features of a picture')
  let at = HEADER_BYTES
  // A copy, as `slice` of a Buffer is none, and its memory that of other buffers too.
  const take = (length: number) => new Uint8Array(bytes.subarray(at, (at += length)))
  const global = new Int8Array(take(dim).buffer)
  const pHash = take(HASH_BYTES)
  const dHash = take(HASH_BYTES)
  const frames = take(count * 4)
  const words = new Uint16Array(count)
  for (let each = 0; each < count; each++, at += 2) words[each] = view.getUint16(at, true)
  const signatures = new Uint32Array(count * 2)
  for (let each = 0; each < count * 2; each++, at += 4) signatures[each] = view.getUint32(at, true)
  return { isBlank: (bytes[1]! & 1) === 1, global, pHash, dHash, points: { count, frames, words, signatures } }
}

const bytesOf = (signed: Int8Array) => new Uint8Array(signed.buffer, signed.byteOffset, signed.byteLength)

/** In the place of a word that a point does not have. */
export const NO_WORD = 65_535

const SCALE_STEPS = 16
/** A scale in pixels (1 or more) as its byte, and back. */
export const scaleByte = (scale: number): number =>
  Math.max(0, Math.min(255, Math.round(Math.log2(scale) * SCALE_STEPS)))
export const scaleOf = (byte: number): number => 2 ** (byte / SCALE_STEPS)

const TURN = 2 * Math.PI
/** An angle in radians as its byte, and back. */
export const angleByte = (angle: number): number => Math.round((angle / TURN - Math.floor(angle / TURN)) * 256) & 255
export const angleOf = (byte: number): number => (byte / 256) * TURN
