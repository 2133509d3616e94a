import { openPicture } from './intake.ts'

/** A picture as embedders take it: fitted into 256 × 256, upright, on white, three bytes a pixel, sRGB. */
export type Raster = { width: number; height: number; rgb: Uint8Array }

const SIDE = 256

/**
 * Decodes a picture from outside to a raster whose longer side is 256 pixels; smaller pictures are enlarged. For tasks: it
 * keeps its thread busy. Throws as `reencode` does.
 */
export async function decodeRaster(bytes: Uint8Array): Promise<Raster> {
  return openPicture(bytes, async (picture) => {
    const { data, info } = await picture
      .resize({ width: SIDE, height: SIDE, fit: 'inside', kernel: 'cubic' })
      .flatten({ background: '#ffffff' })
      .toColourspace('srgb')
      .raw()
      .toBuffer({ resolveWithObject: true })
    return { width: info.width, height: info.height, rgb: new Uint8Array(data) }
  })
}
