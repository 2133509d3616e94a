import sharp from 'sharp'
import { seeded } from '../../../src/demo/seeded.ts'

/** A drawn picture that is like no other one of another seed. */
export async function drawn(seed: string, { width = 300, height = 240 } = {}): Promise<Buffer> {
  const dice = seeded(seed)
  const shapes = Array.from({ length: 24 }, () => {
    const colour = `rgb(${dice.whole(0, 255)},${dice.whole(0, 255)},${dice.whole(0, 255)})`
    return dice.unit() < 0.5
      ? `<circle cx="${dice.whole(0, 300)}" cy="${dice.whole(0, 240)}" r="${dice.whole(8, 60)}" fill="${colour}"/>`
      : `<rect x="${dice.whole(0, 260)}" y="${dice.whole(0, 200)}" width="${dice.whole(10, 110)}" height="${dice.whole(10, 90)}" fill="${colour}"/>`
  })
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 240" width="${width}" height="${height}"><rect width="300" height="240" fill="#ddd"/>${shapes.join('')}</svg>`
  return sharp(Buffer.from(svg)).png().toBuffer()
}

/** One colour. */
export async function blank(background: string): Promise<Buffer> {
  return sharp({ create: { width: 200, height: 200, channels: 3, background } })
    .png()
    .toBuffer()
}
