import type { EmbedderInfo } from '../../../../src/products/search/embedder/embedder.ts'
import {
  angleOf,
  NO_WORD,
  type PictureFeatures,
  type PictureQuery,
  scaleByte,
  scaleOf,
} from '../../../../src/products/search/embedder/features.ts'

export const INFO: EmbedderInfo = {
  id: 'invented',
  fingerprint: 'of-no-embedder',
  dim: 40,
  words: 500,
  cosines: [
    [0.5, 0],
    [0.9, 0.2],
    [0.99, 0.35],
    [0.999, 0.5],
    [0.9999, 0.7],
  ],
}

export type Draw = (below: number) => number

/** Whole numbers below what is asked for, always the same ones for a seed. */
export function seeded(seed: number): Draw {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

/** A picture as no embedder saw it: random vector, hashes and points. */
export function invent(draw: Draw, { dim, words }: EmbedderInfo = INFO, count = 60): PictureFeatures {
  const frames = new Uint8Array(count * 4)
  for (let each = 0; each < count; each++) {
    frames.set([20 + draw(216), 20 + draw(216), scaleByte(2 + draw(40) / 10), draw(256)], each * 4)
  }
  return {
    isBlank: false,
    global: inventVector(draw, dim),
    pHash: Uint8Array.from({ length: 32 }, () => draw(256)),
    dHash: Uint8Array.from({ length: 32 }, () => draw(256)),
    points: {
      count,
      frames,
      words: Uint16Array.from({ length: count }, () => draw(words)),
      signatures: Uint32Array.from({ length: count * 2 }, () => draw(2 ** 32)),
    },
  }
}

export function inventVector(draw: Draw, dim: number): Int8Array {
  const values = Float64Array.from({ length: dim }, () => draw(2001) - 1000 || 1)
  const length = Math.hypot(...values)
  return Int8Array.from(values, (value) => Math.round((value / length) * 127))
}

/** How a query was made from a picture: turned around the middle, made larger, shifted, mirrored; with some points lost. */
export type Change = {
  turn?: number
  scale?: number
  shiftX?: number
  shiftY?: number
  mirror?: boolean
  keep?: number
}

/** What is asked with when a picture was changed like this; hashes and vector say nothing any more. */
export function changed(picture: PictureFeatures, draw: Draw, change: Change): PictureQuery {
  const { turn = 0, scale = 1, shiftX = 0, shiftY = 0, mirror = false, keep = picture.points.count } = change
  const { points } = picture
  const frames = new Float32Array(keep * 4)
  const words = points.words.slice(0, keep)
  const signatures = points.signatures.slice(0, keep * 2)
  for (let at = 0; at < keep * 4; at += 4) {
    const [x, y] = [points.frames[at]! - 128, points.frames[at + 1]! - 128]
    const angle = angleOf(points.frames[at + 3]!) + turn
    const turnedX = (Math.cos(turn) * x - Math.sin(turn) * y) * scale + 128 + shiftX
    frames[at] = mirror ? 256 - turnedX : turnedX
    frames[at + 1] = (Math.sin(turn) * x + Math.cos(turn) * y) * scale + 128 + shiftY
    frames[at + 2] = scaleOf(points.frames[at + 2]!) * scale
    frames[at + 3] = mirror ? Math.PI - angle : angle
  }
  const none = { words: new Uint16Array(keep).fill(NO_WORD), signatures: new Uint32Array(keep * 2) }
  const [asIs, inMirror] = mirror ? [none, { words, signatures }] : [{ words, signatures }, none]
  return {
    isBlank: picture.isBlank,
    globals: [inventVector(draw, picture.global.length)],
    hashes: [{ pHash: invent(draw).pHash, dHash: invent(draw).dHash }],
    width: 256,
    height: 256,
    points: {
      count: keep,
      wordsPerPoint: 1,
      frames,
      words: asIs.words,
      signatures: asIs.signatures,
      mirroredWords: inMirror.words,
      mirroredSignatures: inMirror.signatures,
    },
  }
}

/** The query that asks for pictures like one whose features are kept. */
export function queryOf(features: PictureFeatures): PictureQuery {
  const { isBlank, global, pHash, dHash, points } = features
  const frames = new Float32Array(points.count * 4)
  for (let at = 0; at < frames.length; at += 4) {
    frames[at] = points.frames[at]!
    frames[at + 1] = points.frames[at + 1]!
    frames[at + 2] = scaleOf(points.frames[at + 2]!)
    frames[at + 3] = angleOf(points.frames[at + 3]!)
  }
  return {
    isBlank,
    globals: [global],
    hashes: [{ pHash, dHash }],
    width: 256,
    height: 256,
    points: {
      count: points.count,
      wordsPerPoint: 1,
      frames,
      words: points.words,
      signatures: points.signatures,
      // Whatever is kept is seen from one side; the mirrored pass finds nothing.
      mirroredWords: new Uint16Array(points.count).fill(NO_WORD),
      mirroredSignatures: new Uint32Array(points.count * 2),
    },
  }
}
