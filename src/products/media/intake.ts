import { DomainError } from '../../lib/errors.ts'
import { imaging, inTurn } from './imaging.ts'

export const PICTURE_BYTES_MAX = 10 * 1024 * 1024
const PIXELS_MAX = 40_000_000
/** Longest side of what is kept. */
const SIDE_MAX = 1600
const DECODE_SECONDS_MAX = 20

type Format = 'jpeg' | 'png' | 'webp' | 'avif'

/**
 * Decodes a picture from outside and encodes it anew. Throws `DomainError('unprocessable')` when it is too large, of
 * another kind, animated, damaged, or has more than 40 megapixels.
 */
export async function reencode(bytes: Buffer): Promise<{ webp: Buffer; width: number; height: number }> {
  if (bytes.length > PICTURE_BYTES_MAX) throw refused('is larger than 10 MB')
  const format = formatOf(bytes)
  return inTurn(async () => {
    const sharp = await imaging()
    const options = { limitInputPixels: PIXELS_MAX, failOn: 'truncated', sequentialRead: true } as const
    const header = await sharp(bytes, options)
      .metadata()
      .catch((error: unknown) => {
        throw undecodable(error)
      })
    if (header.format !== (format === 'avif' ? 'heif' : format)) throw refused('is not what its first bytes say')
    if ((header.pages ?? 1) > 1) throw refused('is animated; send a still picture')
    const { data, info } = await sharp(bytes, options)
      .timeout({ seconds: DECODE_SECONDS_MAX })
      // Upright by its EXIF; EXIF, profiles and all other metadata are dropped by not asking for them.
      .autoOrient()
      .resize({ width: SIDE_MAX, height: SIDE_MAX, fit: 'inside', withoutEnlargement: true })
      .webp({ quality: 82, effort: 4 })
      .toBuffer({ resolveWithObject: true })
      .catch((error: unknown) => {
        throw undecodable(error)
      })
    return { webp: data, width: info.width, height: info.height }
  })
}

/** By the first bytes alone, before any decoder sees the picture: that keeps SVG and everything unusual away from them. */
function formatOf(bytes: Buffer): Format {
  const ascii = (from: number, to: number) => bytes.toString('latin1', from, to)
  if (bytes.length < 16) throw refused('is empty or cut short')
  if (ascii(0, 3) === '\xff\xd8\xff') return 'jpeg'
  if (ascii(0, 8) === '\x89PNG\r\n\x1a\n') {
    if (animatedPng(bytes)) throw refused('is animated; send a still picture')
    return 'png'
  }
  if (ascii(0, 4) === 'RIFF' && ascii(8, 12) === 'WEBP') {
    // Bit 1 of the extended header's flags: animation.
    if (ascii(12, 16) === 'VP8X' && (bytes[20]! & 2) !== 0) throw refused('is animated; send a still picture')
    return 'webp'
  }
  if (ascii(4, 8) === 'ftyp') {
    const end = Math.min(bytes.readUInt32BE(0), 256, bytes.length)
    const brands = new Set([ascii(8, 12), ...brandsFrom(bytes, end)])
    if (brands.has('avis')) throw refused('is animated; send a still picture')
    if (brands.has('avif')) return 'avif'
  }
  throw refused('is not a JPEG, PNG, WebP or AVIF file')
}

function brandsFrom(bytes: Buffer, end: number): string[] {
  const brands: string[] = []
  for (let at = 16; at + 4 <= end; at += 4) brands.push(bytes.toString('latin1', at, at + 4))
  return brands
}

/** An animation control chunk comes before the first pixels. */
function animatedPng(bytes: Buffer): boolean {
  for (let at = 8; at + 8 <= bytes.length; at += 12 + bytes.readUInt32BE(at)) {
    const chunk = bytes.toString('latin1', at + 4, at + 8)
    if (chunk === 'acTL') return true
    if (chunk === 'IDAT' || chunk === 'IEND') return false
  }
  return false
}

function refused(reason: string): DomainError {
  return new DomainError('unprocessable', `The picture ${reason}.`)
}

function undecodable(error: unknown): Error {
  if (!(error instanceof Error)) return new Error('picture decoding failed', { cause: error })
  const message = error.message
  if (message.includes('exceeds pixel limit')) return refused('has more than 40 megapixels')
  if (message.startsWith('timeout')) return refused('takes too long to decode')
  return new DomainError('unprocessable', 'The picture is damaged or cut short.', {}, { cause: error })
}
