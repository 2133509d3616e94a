import type { Raster } from '../../../../src/products/media/raster.ts'

type Colour = readonly [red: number, green: number, blue: number]
type Paint = (x: number, y: number) => Colour | null

const SIDE = 256
const WHITE: Colour = [255, 255, 255]
/** Each pixel is the mean of so many places on either axis. */
const FINE = 3

const disc = (x: number, y: number, radius: number) => Math.hypot(x - 128, y - 128) < radius
const box = (x: number, y: number, left: number, top: number, right: number, bottom: number) =>
  x > left && x < right && y > top && y < bottom
const ring = (x: number, y: number, radius: number, width: number) =>
  Math.abs(Math.hypot(x - 128, y - 128) - radius) < width / 2
/** A shirt of this width at the waist, with sleeves that reach down to `cuff`. */
const shirt = (x: number, y: number, waist: number, cuff: number) => {
  const out = Math.abs(x - 128)
  const sleeve = y > 52 && y < cuff && out < 72 && y - 52 > (out - 34) * 0.9 && y - 52 < 34 + (out - 34) * 0.5
  return (y > 52 && y < 208 && out < waist && !(out < 14 && y < 58)) || (out >= waist && sleeve)
}
const filled =
  (colour: Colour, isIn: (x: number, y: number) => boolean): Paint =>
  (x, y) =>
    isIn(x, y) ? colour : null

/** Simple goods on white, some of one shape in different colours. */
const GOODS: Record<string, Paint> = {
  'red ball': filled([200, 34, 34], (x, y) => disc(x, y, 77)),
  'blue plate': filled([34, 51, 170], (x, y) => disc(x, y, 77)),
  'green plate': filled([40, 140, 70], (x, y) => disc(x, y, 77)),
  'dark box': filled([51, 51, 51], (x, y) => box(x, y, 55, 55, 201, 201)),
  'phone case': filled([51, 51, 51], (x, y) => box(x, y, 85, 34, 171, 222)),
  'red phone case': filled([190, 40, 60], (x, y) => box(x, y, 85, 34, 171, 222)),
  bottle: filled([34, 102, 68], (x, y) => box(x, y, 106, 26, 150, 68) || box(x, y, 90, 60, 166, 230)),
  'black shirt': filled([34, 34, 34], (x, y) => shirt(x, y, 38, 104)),
  'brown shirt': filled([170, 102, 51], (x, y) => shirt(x, y, 38, 104)),
  'pink shirt': filled([235, 150, 180], (x, y) => shirt(x, y, 38, 104)),
  'long black shirt': filled([34, 34, 34], (x, y) => shirt(x, y, 34, 118)),
  ring: filled([204, 153, 0], (x, y) => ring(x, y, 64, 13)),
  'silver ring': filled([150, 155, 160], (x, y) => ring(x, y, 64, 13)),
  bracelet: filled([51, 51, 51], (x, y) => ring(x, y, 70, 9) && Math.atan2(y - 128, x - 128) % 0.2 > -0.15),
  clock: (x, y) => {
    const isHand = box(x, y, 126, 72, 131, 128) || box(x, y, 128, 126, 168, 131)
    if (isHand || ring(x, y, 77, 7)) return [17, 17, 17]
    return disc(x, y, 77) ? [238, 238, 238] : null
  },
}

export function drawGoods(): { name: string; raster: Raster }[] {
  return Object.entries(GOODS).map(([name, paint]) => ({ name, raster: draw(paint) }))
}

function draw(paint: Paint): Raster {
  const rgb = new Uint8Array(SIDE * SIDE * 3)
  for (let at = 0; at < SIDE * SIDE; at++) {
    const sum = [0, 0, 0]
    for (let part = 0; part < FINE * FINE; part++) {
      const x = (at % SIDE) + ((part % FINE) + 0.5) / FINE
      const y = Math.floor(at / SIDE) + (Math.floor(part / FINE) + 0.5) / FINE
      const colour = paint(x, y) ?? WHITE
      for (const channel of colour.keys()) sum[channel]! += colour[channel]!
    }
    rgb.set(
      sum.map((each) => each / FINE ** 2),
      at * 3,
    )
  }
  return { width: SIDE, height: SIDE, rgb }
}
