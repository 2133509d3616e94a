import { decodeRaster } from '../../media/raster.ts'
import { isBlankSquare, squareOf } from '../../search/embedder/extract.ts'
import { hashesOf } from '../../search/embedder/hashes.ts'

/** The perceptual hash of an encoded picture in hexadecimal, null when it is blank; refuses what `takeIn` refuses. */
export default async function task({ bytes }: { bytes: Uint8Array }): Promise<string | null> {
  const square = squareOf(await decodeRaster(bytes))
  return isBlankSquare(square) ? null : Buffer.from(hashesOf(square.gray).pHash).toString('hex')
}
