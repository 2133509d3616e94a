import type { Metadata, Sharp } from 'sharp'
import { DomainError } from '../../lib/errors.ts'
import type { Size } from './av1.ts'
import { readContainer, type Container } from './container.ts'
import { imaging } from './imaging.ts'
import { DECODE_SECONDS_MAX, refused } from './threads.ts'
import { cutShort } from './walking.ts'

export const PICTURE_BYTES_MAX = 10 * 1024 * 1024
const PIXELS_MAX = 40_000_000
const SIDE_PIXELS_MAX = 12_000
/** What a decoder may hold of one picture. */
const HELD_BYTES_MAX = 150_000_000
/** How many pixels a JPEG may go over in all its scans. */
const SCANNED_PIXELS_MAX = 500_000_000
/** Longest side of what is kept. */
const KEPT_SIDE_MAX = 1600

export type Reencoded = { webp: Uint8Array; width: number; height: number }

/**
 * Decodes a picture from outside and encodes it anew, upright, as WebP of at most 1600 px a side without metadata. For tasks:
 * it keeps its thread busy. Throws `DomainError('unprocessable')` with a sentence for the sender when the picture is too
 * large, of another kind, animated, damaged, something else as well, or too costly to decode.
 */
export function reencode(bytes: Uint8Array): Promise<Reencoded> {
  return openPicture(bytes, async (picture) => {
    const { data, info } = await picture
      .resize({ width: KEPT_SIDE_MAX, height: KEPT_SIDE_MAX, fit: 'inside', withoutEnlargement: true })
      .webp({ quality: 82, effort: 3 })
      .toBuffer({ resolveWithObject: true })
    return { webp: data, width: info.width, height: info.height }
  })
}

/** Gives `work` a picture that passed every check, upright; EXIF, profiles and other metadata are dropped unless asked for. */
export async function openPicture<T>(given: Uint8Array, work: (picture: Sharp) => Promise<T>): Promise<T> {
  if (given.length > PICTURE_BYTES_MAX) throw refused('is larger than 10 MB')
  const bytes = Buffer.from(given.buffer, given.byteOffset, given.byteLength)
  const container = readContainer(bytes)
  const sharp = await imaging()
  const options = { limitInputPixels: PIXELS_MAX, failOn: 'truncated', sequentialRead: true } as const
  try {
    refuseCostly(container, await sharp(bytes, options).metadata())
    return await work(sharp(bytes, options).timeout({ seconds: DECODE_SECONDS_MAX }).autoOrient())
  } catch (error) {
    throw undecodable(error)
  }
}

function refuseCostly(container: Container, header: Metadata): void {
  const { format, sizes } = container
  if (header.format !== (format === 'avif' ? 'heif' : format)) throw refused('is not what its first bytes say')
  if ((header.pages ?? 1) > 1) throw refused('is animated; send a still picture')
  for (const size of [header, ...sizes]) refuseLarge(size, container, header)
}

function refuseLarge({ width, height }: Size, { format, scans }: Container, header: Metadata): void {
  if (Math.max(width, height) > SIDE_PIXELS_MAX) throw refused('has a side of more than 12,000 pixels')
  if (width * height * scans > SCANNED_PIXELS_MAX) throw refused('is a JPEG of too many scans for its size')
  const pixelsMax = HELD_BYTES_MAX / heldBytesPerPixel(format, scans, header)
  if (width * height <= pixelsMax) return
  const megapixels = Math.floor(pixelsMax / 1e6)
  throw refused(`has more than the ${megapixels} megapixels that can be decoded of its kind; send it as a plain JPEG`)
}

/** Measured. A decoder that gives rows one after another holds next to nothing. */
function heldBytesPerPixel(format: Container['format'], scans: number, header: Metadata): number {
  const { channels, depth, isProgressive } = header
  const isDeep = depth !== 'uchar'
  // Transparency is a second picture.
  if (format === 'avif') return (isDeep ? 24 : 18) + (header.hasAlpha ? 7 : 0)
  if (format === 'webp') return 4
  // Coefficients of all scans so far, two bytes each.
  if (format === 'jpeg') return isProgressive || scans > 1 ? channels * 2 : 0
  // 16 bits a sample take longer, too.
  return isProgressive || isDeep ? channels * (isDeep ? 3 : 1) : 0
}

function undecodable(error: unknown): Error {
  if (error instanceof DomainError) return error
  if (!(error instanceof Error)) return new Error('picture decoding failed', { cause: error })
  if (error.message.includes('exceeds pixel limit')) return refused('has more than 40 megapixels')
  if (error.message.startsWith('timeout')) return refused('takes too long to decode')
  return cutShort(error)
}
