import { hash32 } from './seeded.ts'
import { SIZE } from './pen.ts'

/** Masks for shadow and volume are kept at a quarter of the size: both are soft, and it is sixteen times less work. */
const STEP = 4
const SMALL = SIZE / STEP

export type Lighting = {
  seed: string
  pose: 'flat' | 'stand'
  /** Where the shadow of a lying thing falls, in pixels. */
  shadow: [number, number]
  shadowStrength: number
  /** The row of the floor line of a standing thing. */
  floor: number
  /** How round the silhouette looks, 0 to 1. */
  volume: number
  /** Strength of film grain, in levels of 255. */
  grain: number
  vignette: number
  /** Multiplies red, green and blue. */
  tint: [number, number, number]
}

/**
 * Lays a drawn thing (RGBA) on a backdrop (RGB), both SIZE × SIZE, and lights it: a soft shadow made from its own
 * silhouette, rounded edges, grain and vignette. Returns RGB.
 */
export function lightUp(thing: Buffer, backdrop: Buffer, lighting: Lighting): Buffer {
  const mask = shrink(thing)
  const near = blur(mask, 2)
  const round = blur(blur(mask, 5), 4)
  const shadow = lighting.pose === 'flat' ? lyingShadow(near, mask, lighting) : castShadow(mask, lighting)
  const light = volumeLight(round, lighting.volume)
  // Clamped by its type: brighter than white stays white.
  const out = new Uint8ClampedArray(SIZE * SIZE * 3)
  const [tintRed, tintGreen, tintBlue] = lighting.tint
  const { grain: strength, vignette } = lighting
  const middle = SIZE / 2
  let noise = hash32(lighting.seed) | 1

  for (let y = 0; y < SIZE; y++) {
    const row = sampleRow(y)
    const above = ((y - middle) / middle) ** 2 - 0.35
    for (let x = 0; x < SIZE; x++) {
      const at = y * SIZE + x
      const opacity = thing[at * 4 + 3]!
      const beside = (x - middle) / middle
      const distance = above + beside * beside
      const frame = distance > 0 ? 1 - vignette * distance : 1
      noise ^= noise << 13
      noise ^= noise >>> 17
      noise ^= noise << 5
      // Two bytes of one draw, so that the grain leans to grey rather than to black and white.
      const grain = (((noise & 255) + ((noise >>> 8) & 255)) / 255 - 1) * strength
      const behind = opacity < 255 ? (1 - sample(shadow, row, x)) * (1 - opacity / 255) * frame : 0
      const front = opacity > 0 ? sample(light, row, x) * (opacity / 255) * frame : 0
      out[at * 3] = (backdrop[at * 3]! * behind + thing[at * 4]! * front) * tintRed + grain
      out[at * 3 + 1] = (backdrop[at * 3 + 1]! * behind + thing[at * 4 + 1]! * front) * tintGreen + grain
      out[at * 3 + 2] = (backdrop[at * 3 + 2]! * behind + thing[at * 4 + 2]! * front) * tintBlue + grain
    }
  }
  return Buffer.from(out.buffer)
}

/** The silhouette at a quarter of the size, 0 to 1. */
function shrink(thing: Buffer): Float32Array {
  const mask = new Float32Array(SMALL * SMALL)
  for (let y = 0; y < SMALL; y++) {
    for (let x = 0; x < SMALL; x++) {
      let sum = 0
      for (let row = 0; row < STEP; row += 2) {
        for (let column = 0; column < STEP; column += 2) {
          sum += thing[((y * STEP + row) * SIZE + x * STEP + column) * 4 + 3]!
        }
      }
      mask[y * SMALL + x] = sum / 1020
    }
  }
  return mask
}

/** A box blur across and down; twice gives nearly a bell. */
function blur(mask: Float32Array, radius: number): Float32Array {
  return blurLines(blurLines(mask, radius, 1, SMALL), radius, SMALL, 1)
}

function blurLines(mask: Float32Array, radius: number, along: number, across: number): Float32Array {
  const out = new Float32Array(mask.length)
  const share = 1 / (2 * radius + 1)
  const last = SMALL - 1
  for (let line = 0; line < SMALL; line++) {
    const start = line * across
    const end = start + last * along
    let sum = mask[start]! * (radius + 1)
    for (let at = 1; at <= radius; at++) sum += mask[start + at * along]!
    for (let at = 0; at < SMALL; at++) {
      out[start + at * along] = sum * share
      const entering = at + radius + 1 > last ? mask[end]! : mask[start + (at + radius + 1) * along]!
      sum += entering - (at < radius ? mask[start]! : mask[start + (at - radius) * along]!)
    }
  }
  return out
}

/** A wide soft shadow to one side and a tight one under the edge. */
function lyingShadow(near: Float32Array, mask: Float32Array, lighting: Lighting): Float32Array {
  const wide = blur(blur(mask, 4), 5)
  const [right, down] = lighting.shadow.map((pixels) => Math.round(pixels / STEP)) as [number, number]
  return map((x, y) => {
    const soft = pixel(wide, x - right, y - down)
    const tight = pixel(near, x - Math.round(right / 3), y - Math.round(down / 3))
    return Math.min(0.75, lighting.shadowStrength * (soft * 0.55 + tight * 0.35))
  })
}

/** The silhouette laid down behind the thing on the floor, and a dark line where it touches. */
function castShadow(mask: Float32Array, lighting: Lighting): Float32Array {
  const floor = lighting.floor / STEP
  const lean = lighting.shadow[0] / 20
  const cast = map((x, y) => {
    const behind = floor - y
    if (behind < -1) return 0
    return (
      pixel(mask, Math.round(x - behind * lean), Math.round(floor - 1 - behind * 3.6)) * (1 - Math.min(1, behind / 55))
    )
  })
  const touch = map((x, y) => {
    const from = Math.abs(y - floor)
    return from > 5 ? 0 : pixel(mask, x, Math.round(floor - 3)) * (1 - from / 6)
  })
  const soft = blur(blur(cast, 3), 4)
  const tight = blur(blur(touch, 3), 2)
  return map((x, y) => Math.min(0.8, lighting.shadowStrength * (pixel(soft, x, y) * 0.5 + pixel(tight, x, y) * 0.75)))
}

/** Treats the blurred silhouette as a height and lights its slopes from the upper left. */
function volumeLight(round: Float32Array, strength: number): Float32Array {
  return map((x, y) => {
    const across = pixel(round, x + 1, y) - pixel(round, x - 1, y)
    const down = pixel(round, x, y + 1) - pixel(round, x, y - 1)
    const slope = across * 0.62 + down * 0.78
    return 1 + Math.max(-0.42, Math.min(0.16, slope * strength * 3.2)) - 0.1 * strength * (1 - pixel(round, x, y))
  })
}

function map(value: (x: number, y: number) => number): Float32Array {
  const out = new Float32Array(SMALL * SMALL)
  for (let y = 0; y < SMALL; y++) for (let x = 0; x < SMALL; x++) out[y * SMALL + x] = value(x, y)
  return out
}

const pixel = (mask: Float32Array, x: number, y: number): number =>
  x < 0 || y < 0 || x >= SMALL || y >= SMALL ? 0 : mask[y * SMALL + x]!

type Row = { above: number; below: number; share: number }

function sampleRow(y: number): Row {
  const at = Math.max(0, Math.min(SMALL - 1.001, (y - STEP / 2 + 0.5) / STEP))
  const above = Math.floor(at)
  return { above: above * SMALL, below: Math.min(SMALL - 1, above + 1) * SMALL, share: at - above }
}

function sample(mask: Float32Array, row: Row, x: number): number {
  const at = Math.max(0, Math.min(SMALL - 1.001, (x - STEP / 2 + 0.5) / STEP))
  const left = Math.floor(at)
  const share = at - left
  const top = mask[row.above + left]! * (1 - share) + mask[row.above + left + 1]! * share
  const bottom = mask[row.below + left]! * (1 - share) + mask[row.below + left + 1]! * share
  return top * (1 - row.share) + bottom * row.share
}
