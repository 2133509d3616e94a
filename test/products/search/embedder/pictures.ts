import sharp, { type Sharp } from 'sharp'
import type { Raster } from '../../../../src/products/media/raster.ts'
import { inventPictures } from '../../../../src/products/search/embedder/invented.ts'

/** Drawn pictures, other ones than the default asset was learnt from. */
export const drawPictures = (count: number): Raster[] => [...inventPictures(77, count)]

export const plainPicture = (
  width: number,
  height: number,
  [red, green, blue]: readonly [number, number, number],
): Raster => {
  const rgb = new Uint8Array(width * height * 3)
  for (let at = 0; at < rgb.length; at += 3) rgb.set([red, green, blue], at)
  return { width, height, rgb }
}

export const open = ({ width, height, rgb }: Raster): Sharp => sharp(rgb, { raw: { width, height, channels: 3 } })

export const encode = (picture: Raster): Promise<Buffer> => open(picture).png().toBuffer()

/** What the product promises to see through, each as it is done to a picture. */
export const CHANGES: Record<string, (picture: Raster) => Promise<Buffer>> = {
  'a quarter of each side cut off': (picture) =>
    open(picture)
      .extract({
        left: picture.width >> 3,
        top: picture.height >> 3,
        width: Math.floor(picture.width * 0.75),
        height: Math.floor(picture.height * 0.75),
      })
      .png()
      .toBuffer(),
  'turned by 90°': (picture) => open(picture).rotate(90).png().toBuffer(),
  'turned by 180°': (picture) => open(picture).rotate(180).png().toBuffer(),
  'turned by 10°': (picture) => open(picture).rotate(10, { background: '#ffffff' }).png().toBuffer(),
  // Neither the hashes, which are of the whole, nor descriptors that do not turn with their points would find it.
  'turned by 90° and cut': async (picture) => {
    const { width, height } = picture
    const turned = await open(picture).rotate(90).png().toBuffer()
    const cut = {
      left: Math.floor(height * 0.15),
      top: 0,
      width: Math.floor(height * 0.8),
      height: Math.floor(width * 0.8),
    }
    return sharp(turned).extract(cut).png().toBuffer()
  },
  mirrored: (picture) => open(picture).flop().png().toBuffer(),
  'with a border': (picture) =>
    open(picture).extend({ top: 40, bottom: 60, left: 30, right: 30, background: '#f5f0e6' }).png().toBuffer(),
  'a poor JPEG': (picture) => open(picture).jpeg({ quality: 20 }).toBuffer(),
  'without colour': (picture) => open(picture).grayscale().png().toBuffer(),
  darker: (picture) => open(picture).linear(0.6, 0).png().toBuffer(),
  'cut, turned and compressed': async (picture) => {
    const cut = await open(picture)
      .extract({ left: 20, top: 10, width: picture.width - 40, height: picture.height - 30 })
      .png()
      .toBuffer()
    return sharp(cut).rotate(-6, { background: '#ffffff' }).jpeg({ quality: 40 }).toBuffer()
  },
}
