import { crc32, deflateSync } from 'node:zlib'
import sharp from 'sharp'

/** Blocks of colour with noise, so that no encoder shrinks it to nothing. */
export function noisy(width: number, height: number) {
  const raw = Buffer.alloc(width * height * 3)
  let state = 7
  for (let at = 0; at < raw.length; at++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    raw[at] = (state >>> 16) & 255
  }
  return sharp(raw, { raw: { width, height, channels: 3 } })
}

/** A flat picture with a few lines, quick to make at any size. */
export function plain(width: number, height: number, channels: 3 | 4 = 3) {
  const raw = Buffer.alloc(width * height * channels, 90)
  for (let at = 0; at < raw.length; at += 997) raw[at] = at & 255
  return sharp(raw, { raw: { width, height, channels }, limitInputPixels: false })
}

export const PNG_SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')

export function chunk(type: string, data: Buffer): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt32BE(data.length)
  head.write(type, 4, 'latin1')
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE(crc32(Buffer.concat([head.subarray(4), data])))
  return Buffer.concat([head, data, sum])
}

/** After signature and IHDR. */
const BEHIND_HEADER = 8 + 25

/** A PNG with another chunk behind its header. */
export function withChunk(png: Buffer, type: string, data: Buffer): Buffer {
  return Buffer.concat([png.subarray(0, BEHIND_HEADER), chunk(type, data), png.subarray(BEHIND_HEADER)])
}

/** A small file that says it has `side` × `side` pixels of one bit, and has them. */
export function pngBomb(side: number): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(side, 0)
  header.writeUInt32BE(side, 4)
  header[8] = 1
  const rows = deflateSync(Buffer.alloc((Math.ceil(side / 8) + 1) * side))
  return Buffer.concat([PNG_SIGNATURE, chunk('IHDR', header), chunk('IDAT', rows), chunk('IEND', Buffer.alloc(0))])
}

function segment(marker: number, ...content: number[]): Buffer {
  const length = content.length + 2
  return Buffer.from([0xff, marker, length >> 8, length & 255, ...content])
}

/** A grey progressive JPEG that goes over its pixels `scans` times more and changes nothing: a few bytes for each scan. */
export function jpegOfScans(side: number, scans: number): Buffer {
  const blocks = Math.ceil(side / 8) ** 2
  // Two tables with one code of 8 zeros each: "no difference", and "the next 16,384 blocks are empty".
  const table = (kind: number, value: number) =>
    segment(0xc4, kind, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, value)
  const scan = (from: number, to: number) => segment(0xda, 1, 1, 0, from, to, 0)
  const empty = Buffer.alloc(Math.ceil((Math.ceil(blocks / 16_384) * 22) / 8))
  return Buffer.concat([
    Buffer.from([0xff, 0xd8]),
    segment(0xdb, 0, ...Array.from({ length: 64 }, () => 1)),
    segment(0xc2, 8, side >> 8, side & 255, side >> 8, side & 255, 1, 1, 0x11, 0),
    table(0x00, 0),
    table(0x10, 0xe0),
    scan(0, 0),
    Buffer.alloc(blocks),
    ...Array.from({ length: scans }, () => [scan(1, 63), empty]).flat(),
    Buffer.from([0xff, 0xd9]),
  ])
}

export async function animatedWebp(): Promise<Buffer> {
  const frames = Buffer.concat([await noisy(32, 32).raw().toBuffer(), Buffer.alloc(32 * 32 * 3, 200)])
  return sharp(frames, { raw: { width: 32, height: 64, channels: 3, pageHeight: 32 } })
    .webp({ loop: 0 })
    .toBuffer()
}

export const GIF = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64')

/** An archive with nothing in it: what unpackers look for at the end of a file. */
export const EMPTY_ZIP = Buffer.concat([Buffer.from('PK\x05\x06', 'latin1'), Buffer.alloc(18)])
