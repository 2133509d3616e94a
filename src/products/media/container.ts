import type { Size } from './av1.ts'
import { readAvif } from './avif.ts'
import { refused } from './threads.ts'
import { animated, ascii, cutShort, isZeroFrom, partCounter } from './walking.ts'

export type Format = 'jpeg' | 'png' | 'webp' | 'avif'

/**
 * What a file says of itself before anything is decoded. `scans`: how often a JPEG goes over its pixels. `sizes`: of pictures
 * that are decoded besides what the header tells.
 */
export type Container = { format: Format; scans: number; sizes: Size[] }

const SOI = 0xd8
const EOI = 0xd9
const SOS = 0xda

/** By the first bytes alone, before any decoder sees the picture: that keeps SVG and everything unusual away from them. */
export function formatOf(bytes: Buffer): Format {
  if (bytes.length < 16) throw refused('is empty or cut short')
  if (ascii(bytes, 0, 3) === '\xff\xd8\xff') return 'jpeg'
  if (ascii(bytes, 0, 8) === '\x89PNG\r\n\x1a\n') return 'png'
  if (ascii(bytes, 0, 4) === 'RIFF' && ascii(bytes, 8, 12) === 'WEBP') return 'webp'
  if (ascii(bytes, 4, 8) === 'ftyp') {
    const brands = brandsOf(bytes)
    if (brands.has('avis')) throw animated()
    if (brands.has('avif')) return 'avif'
  }
  throw refused('is not a JPEG, PNG, WebP or AVIF file')
}

/**
 * Walks the file's own structure to its end. Throws `DomainError('unprocessable')` for what is none of the four formats, is
 * cut short, moves, or has anything but zeros behind its end: a file that is something else as well.
 */
export function readContainer(bytes: Buffer): Container {
  const format = formatOf(bytes)
  const walks: Record<Format, (bytes: Buffer) => End> = { jpeg: jpegEnd, png: pngEnd, webp: webpEnd, avif: readAvif }
  const { end, scans = 1, sizes = [] } = walks[format](bytes)
  // Cameras fill up blocks with zeros.
  if (!isZeroFrom(bytes, end)) throw refused('carries other data behind its end')
  return { format, scans, sizes }
}

type End = { end: number; scans?: number; sizes?: Size[] }

/** Phones put smaller versions of the picture behind it, as whole JPEGs: those belong to it. */
function jpegEnd(bytes: Buffer): End {
  const first = oneJpegEnd(bytes, 0)
  let { end } = first
  while (bytes[end] === 0xff && bytes[end + 1] === SOI) ({ end } = oneJpegEnd(bytes, end))
  return { end, scans: first.scans }
}

function oneJpegEnd(bytes: Buffer, from: number): { end: number; scans: number } {
  let scans = 0
  const count = partCounter()
  for (let at = nextMarker(bytes, from + 2); ; at = nextMarker(bytes, at)) {
    count()
    const marker = bytes[at++]
    if (marker === EOI) return { end: at, scans }
    if (isAlone(marker)) continue
    if (at + 2 > bytes.length) throw cutShort()
    // Its content, such as a thumbnail with an end of its own, is passed over.
    at += bytes.readUInt16BE(at)
    if (marker !== SOS) continue
    scans++
    at = scanEnd(bytes, at)
  }
}

/** The place of the next marker's code. Decoders pass over what lies before it, and over 0xff that fill up. */
function nextMarker(bytes: Buffer, from: number): number {
  let at = bytes.indexOf(0xff, from)
  while (bytes[at] === 0xff) at++
  if (at === -1 || at >= bytes.length) throw cutShort()
  return at
}

/** Where the coded pixels end: at a marker that is none of those within them. */
function scanEnd(bytes: Buffer, from: number): number {
  let at = bytes.indexOf(0xff, from)
  while (at !== -1 && (bytes[at + 1] === 0 || bytes[at + 1] === 0xff || isAlone(bytes[at + 1])))
    at = bytes.indexOf(0xff, at + 1)
  if (at === -1) throw cutShort()
  return at
}

/** Markers without content: restarts, and one that means nothing. */
const isAlone = (marker = 0) => marker === 1 || (marker >= 0xd0 && marker <= 0xd7)

function pngEnd(bytes: Buffer): End {
  const count = partCounter()
  for (let at = 8; at + 12 <= bytes.length;) {
    count()
    const chunk = ascii(bytes, at + 4, at + 8)
    if (['acTL', 'fcTL', 'fdAT'].includes(chunk)) throw animated()
    at += 12 + bytes.readUInt32BE(at)
    if (chunk === 'IEND' && at <= bytes.length) return { end: at }
  }
  throw cutShort()
}

function webpEnd(bytes: Buffer): End {
  const end = 8 + bytes.readUInt32LE(4)
  if (end > bytes.length) throw cutShort()
  const count = partCounter()
  for (let at = 12; at + 8 <= end;) {
    count()
    const chunk = ascii(bytes, at, at + 4)
    // The header of an extended file says it too, in bit 1 of its flags.
    const saysSo = chunk === 'VP8X' && (bytes[at + 8]! & 2) !== 0
    if (saysSo || chunk === 'ANIM' || chunk === 'ANMF') throw animated()
    const length = bytes.readUInt32LE(at + 4)
    at += 8 + length + (length % 2)
  }
  return { end }
}

function brandsOf(bytes: Buffer): Set<string> {
  const end = Math.min(bytes.readUInt32BE(0), 256, bytes.length)
  const brands = new Set([ascii(bytes, 8, 12)])
  for (let at = 16; at + 4 <= end; at += 4) brands.add(ascii(bytes, at, at + 4))
  return brands
}
