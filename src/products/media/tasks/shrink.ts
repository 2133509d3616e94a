import { imaging } from '../imaging.ts'
import { DECODE_SECONDS_MAX } from '../threads.ts'

/** One of our own pictures, fitted into a square of `side` pixels and never enlarged, as WebP. */
export default async function shrink({ bytes, side }: { bytes: Uint8Array; side: number }): Promise<Uint8Array> {
  const sharp = await imaging()
  return sharp(bytes)
    .timeout({ seconds: DECODE_SECONDS_MAX })
    .resize({ width: side, height: side, fit: 'inside', withoutEnlargement: true })
    .webp({ quality: 80, effort: 4 })
    .toBuffer()
}
