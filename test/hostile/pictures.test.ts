import { test } from 'node:test'
import { deflateSync } from 'node:zlib'
import { u16 } from '../products/media/avif.ts'
import {
  animatedWebp,
  EMPTY_ZIP,
  GIF,
  jpegOfScans,
  noisy,
  plain,
  PNG_SIGNATURE,
  pngBomb,
  withChunk,
} from '../products/media/pictures.ts'
import { BROKEN, KIND, MEGAPIXELS, MORE, MOVING, refused, type Row, TAKEN, takeAll, tooMany } from './taking.ts'

const svg = (content: string) =>
  Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="90" height="90">${content}</svg>`)
const jpeg = () => noisy(400, 300).jpeg().toBuffer()
const png = () => noisy(400, 300).png().toBuffer()
const avif = (width: number, height: number, options: object = {}) =>
  plain(width, height)
    .avif({ effort: 0, quality: 40, ...options })
    .toBuffer()

/** A copy with a number of four bytes at a place behind a mark. */
function changed(bytes: Buffer, mark: string, behind: number, value: number): Buffer {
  const copy = Buffer.from(bytes)
  copy.writeUInt32BE(value, copy.indexOf(mark, 0, 'latin1') + behind)
  return copy
}

/** A still WebP with the header of an extended one, whose canvas has this side. */
function onCanvas(webp: Buffer, side: number): Buffer {
  const chunk = Buffer.from('VP8X\x0a\0\0\0\0\0\0\0\0\0\0\0\0\0', 'latin1')
  chunk.writeUIntLE(side - 1, 12, 3)
  chunk.writeUIntLE(side - 1, 15, 3)
  const file = Buffer.concat([webp.subarray(0, 12), chunk, webp.subarray(12)])
  file.writeUInt32LE(file.length - 8, 4)
  return file
}

/** Says that it has so many pixels, and has none of them. */
function emptyJpeg(width: number, height: number): Buffer {
  const head = Buffer.from('ffd8ffc0000b08000000000101110 0ffda0008010100003f00'.replace(' ', ''), 'hex')
  head.writeUInt16BE(height, 7)
  head.writeUInt16BE(width, 9)
  return Buffer.concat([head, Buffer.alloc(64), Buffer.from([0xff, 0xd9])])
}

const rows: Row[] = [
  // Bombs: few bytes, many pixels.
  { name: 'PNG of 256 megapixels', make: () => pngBomb(16_000), becomes: MEGAPIXELS },
  { name: 'PNG of 49 megapixels', make: () => pngBomb(7_000), becomes: MEGAPIXELS },
  {
    name: 'PNG that says 2^31 a side',
    make: async () => changed(changed(await png(), 'IHDR', 4, 2 ** 31 - 1), 'IHDR', 8, 2 ** 31 - 1),
    becomes: /DomainError/,
  },
  { name: 'JPEG that says 65,500 a side', make: () => emptyJpeg(65_500, 65_500), becomes: /DomainError/ },
  { name: 'JPEG of 39 megapixels without pixels', make: () => emptyJpeg(7_000, 5_600), becomes: BROKEN },
  {
    name: 'a side of 12,001 pixels',
    make: () => plain(12_001, 4).png().toBuffer(),
    becomes: refused('has a side of more than 12,000 pixels'),
  },
  {
    name: 'WebP of 49 megapixels',
    make: () => plain(7_000, 7_000).webp({ lossless: true, effort: 0 }).toBuffer(),
    becomes: MEGAPIXELS,
  },
  { name: 'AVIF of 20 megapixels', make: () => avif(5_000, 4_000), becomes: tooMany(8) },
  {
    name: 'AVIF that says it is small and is not',
    make: async () => changed(changed(await avif(4_000, 3_000), 'ispe', 8, 400), 'ispe', 12, 300),
    becomes: tooMany(8),
  },
  {
    name: 'WebP with a small canvas for 37 megapixels',
    make: async () => onCanvas(await plain(7_400, 5_000).webp({ lossless: true, effort: 0 }).toBuffer(), 64),
    becomes: BROKEN,
  },
  {
    name: 'WebP with a canvas of 256 megapixels',
    make: async () => onCanvas(await plain(300, 300).webp().toBuffer(), 16_000),
    becomes: BROKEN,
  },
  {
    name: 'PNG with a second header, of 39 megapixels',
    make: async () => {
      const [first, second] = [await plain(64, 64).png().toBuffer(), await plain(7_800, 5_000).png().toBuffer()]
      return Buffer.concat([first.subarray(0, 33), second.subarray(8)])
    },
    becomes: BROKEN,
  },
  {
    name: 'JPEG with a second frame header, of 96 megapixels',
    make: async () => {
      const bytes = await plain(64, 64).jpeg().toBuffer()
      const [from, to] = [bytes.indexOf('ffc0', 'hex'), bytes.indexOf('ffc4', 'hex')]
      const second = Buffer.from(bytes.subarray(from, to))
      second.set(u16(8_000, 12_000), 5)
      return Buffer.concat([bytes.subarray(0, to), second, bytes.subarray(to)])
    },
    becomes: BROKEN,
  },
  {
    name: 'JPEG with another of 96 megapixels behind it',
    make: async () =>
      Buffer.concat([await plain(64, 64).jpeg().toBuffer(), await plain(8_000, 12_000).jpeg().toBuffer()]),
    becomes: TAKEN,
  },
  {
    name: 'interlaced PNG of 39 megapixels with transparency',
    make: () => plain(7_800, 5_000, 4).png({ progressive: true, compressionLevel: 1 }).toBuffer(),
    becomes: tooMany(37),
  },
  {
    name: 'PNG of 20 megapixels, 16 bits a sample',
    make: () => plain(5_000, 4_000, 4).toColourspace('rgb16').png({ compressionLevel: 1 }).toBuffer(),
    becomes: tooMany(12),
  },
  {
    name: 'progressive JPEG of 30 megapixels',
    make: () => plain(6_000, 5_000).jpeg({ progressive: true }).toBuffer(),
    becomes: tooMany(25),
  },
  {
    name: 'JPEG of 1,000 scans',
    make: () => jpegOfScans(3_000, 1_000),
    becomes: refused('is a JPEG of too many scans for its size'),
  },
  {
    name: 'JPEG of 19,000 scans, 300 pixels a side',
    make: () => jpegOfScans(300, 19_000),
    becomes: refused('is a JPEG of too many scans for its size'),
  },
  {
    name: 'PNG with a text of 100 MB, packed',
    make: async () =>
      withChunk(
        await png(),
        'zTXt',
        Buffer.concat([Buffer.from('a\0\0', 'latin1'), deflateSync(Buffer.alloc(100_000_000))]),
      ),
    becomes: /.*/,
  },
  {
    name: 'PNG with a colour profile of 100 MB, packed',
    make: async () =>
      withChunk(
        await png(),
        'iCCP',
        Buffer.concat([Buffer.from('a\0\0', 'latin1'), deflateSync(Buffer.alloc(100_000_000))]),
      ),
    becomes: /.*/,
  },
  {
    name: 'PNG with 500,000 chunks',
    make: async () => {
      const bytes = await png()
      return Buffer.concat([
        bytes.subarray(0, 33),
        Buffer.alloc(500_000 * 12, withChunk(PNG_SIGNATURE, 'tEXt', Buffer.alloc(0)).subarray(8)),
        bytes.subarray(33),
      ])
    },
    becomes: refused('is made of too many parts'),
  },
  {
    name: 'PNG with 19,000 texts',
    make: async () => {
      const bytes = await png()
      return Buffer.concat([
        bytes.subarray(0, 33),
        Buffer.alloc(19_000 * 14, withChunk(PNG_SIGNATURE, 'tEXt', Buffer.from('a\0')).subarray(8)),
        bytes.subarray(33),
      ])
    },
    becomes: TAKEN,
  },
  {
    name: 'JPEG with 19,000 comments',
    make: async () => {
      const bytes = await jpeg()
      return Buffer.concat([
        bytes.subarray(0, 2),
        Buffer.alloc(19_000 * 104, Buffer.concat([Buffer.from([0xff, 0xfe, 0, 102]), Buffer.alloc(100, 'x')])),
        bytes.subarray(2),
      ])
    },
    becomes: TAKEN,
  },
  {
    name: 'JPEG with 9 MB of profile in pieces',
    make: async () => {
      const bytes = await jpeg()
      return Buffer.concat([
        bytes.subarray(0, 2),
        Buffer.alloc(
          140 * 65_537,
          Buffer.concat([
            Buffer.from([0xff, 0xe2, 0xff, 0xff]),
            Buffer.from('ICC_PROFILE\0\x01\x01', 'latin1'),
            Buffer.alloc(65_519),
          ]),
        ),
        bytes.subarray(2),
      ])
    },
    becomes: /.*/,
  },
  // The most of each kind that is taken.
  { name: 'JPEG of 40 megapixels', make: () => plain(8_000, 5_000).jpeg().toBuffer(), becomes: TAKEN },
  {
    name: 'JPEG of 40 megapixels, on its side',
    make: () => plain(8_000, 5_000).withMetadata({ orientation: 6 }).jpeg().toBuffer(),
    becomes: TAKEN,
  },
  {
    name: 'CMYK JPEG of 40 megapixels',
    make: () => plain(8_000, 5_000).toColourspace('cmyk').jpeg().toBuffer(),
    becomes: TAKEN,
  },
  {
    name: 'progressive JPEG of 24 megapixels',
    make: () => plain(6_000, 4_000).jpeg({ progressive: true, chromaSubsampling: '4:4:4' }).toBuffer(),
    becomes: TAKEN,
  },
  { name: 'JPEG of 100 scans and 5 megapixels', make: () => jpegOfScans(2_200, 98), becomes: TAKEN },
  {
    name: 'PNG of 40 megapixels with transparency',
    make: () => plain(8_000, 5_000, 4).png({ compressionLevel: 1 }).toBuffer(),
    becomes: TAKEN,
  },
  {
    name: 'PNG of 40 megapixels with transparency, upside down',
    make: () => plain(8_000, 5_000, 4).withMetadata({ orientation: 3 }).png({ compressionLevel: 1 }).toBuffer(),
    becomes: TAKEN,
  },
  {
    name: 'PNG of 40 megapixels, on its side',
    make: () => plain(8_000, 5_000).withMetadata({ orientation: 6 }).png({ compressionLevel: 1 }).toBuffer(),
    becomes: TAKEN,
  },
  {
    name: 'interlaced PNG of 40 megapixels',
    make: () => plain(8_000, 5_000).png({ progressive: true, compressionLevel: 1 }).toBuffer(),
    becomes: TAKEN,
  },
  {
    name: 'PNG of 12 megapixels, 16 bits a sample',
    make: () => plain(4_000, 3_000, 4).toColourspace('rgb16').png({ compressionLevel: 1 }).toBuffer(),
    becomes: TAKEN,
  },
  {
    name: 'WebP of 37 megapixels',
    make: () => plain(7_400, 5_000, 4).webp({ lossless: true, effort: 0 }).toBuffer(),
    becomes: TAKEN,
  },
  { name: 'AVIF of 8 megapixels', make: () => avif(3_300, 2_500), becomes: TAKEN },
  { name: 'AVIF of 6 megapixels, 12 bits a sample', make: () => avif(3_000, 2_050, { bitdepth: 12 }), becomes: TAKEN },
  // Noise is the most work for its size.
  {
    name: 'noisy PNG of 3 megapixels',
    make: () => noisy(2_000, 1_600).png({ compressionLevel: 1 }).toBuffer(),
    becomes: TAKEN,
  },
  {
    name: 'noisy JPEG of 12 megapixels',
    make: () => noisy(4_000, 3_000).jpeg({ quality: 60 }).toBuffer(),
    becomes: TAKEN,
  },
  // Documents, and what else can be made to look like a picture.
  {
    name: 'SVG that reads a file',
    make: () =>
      Buffer.from(
        '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><svg xmlns="http://www.w3.org/2000/svg"><text>&e;</text></svg>',
      ),
    becomes: KIND,
  },
  {
    name: 'SVG of a million laughs',
    make: () =>
      Buffer.from(
        `<!DOCTYPE x [<!ENTITY a "ha">${'bcdefghij'.replaceAll(/./g, (name) => `<!ENTITY ${name} "${`&${String.fromCharCode(name.charCodeAt(0) - 1)};`.repeat(10)}">`)}]><svg>&j;</svg>`,
      ),
    becomes: KIND,
  },
  {
    name: 'SVG that asks the network',
    make: () => svg('<image href="http://169.254.169.254/latest/meta-data" width="9" height="9"/>'),
    becomes: KIND,
  },
  { name: 'SVG behind white space', make: () => Buffer.concat([Buffer.alloc(4_000, ' '), svg('')]), becomes: KIND },
  { name: 'packed SVG', make: () => deflateSync(svg('')), becomes: KIND },
  { name: 'GIF', make: () => GIF, becomes: KIND },
  { name: 'TIFF', make: () => noisy(50, 50).tiff().toBuffer(), becomes: KIND },
  { name: 'PDF', make: () => Buffer.from('%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\n'), becomes: KIND },
  { name: 'archive', make: () => EMPTY_ZIP, becomes: KIND },
  {
    name: 'script of an interpreter',
    make: () => Buffer.from('push graphic-context\nviewbox 0 0 9 9\nfill "url(https://x/)"\n'),
    becomes: KIND,
  },
  {
    name: 'raw picture of the library',
    make: () => Buffer.concat([Buffer.from([0x08, 0xf2, 0xa6, 0xb6]), Buffer.alloc(4_000)]),
    becomes: KIND,
  },
  // Moving ones.
  { name: 'animated WebP', make: () => animatedWebp(), becomes: MOVING },
  {
    name: 'animated PNG',
    make: async () => withChunk(await png(), 'acTL', Buffer.from([0, 0, 0, 2, 0, 0, 0, 0])),
    becomes: MOVING,
  },
  {
    name: 'AVIF sequence',
    make: async () => Buffer.from((await avif(64, 64)).toString('latin1').replace('ftypavif', 'ftypavis'), 'latin1'),
    becomes: MOVING,
  },
  // Two things in one file.
  { name: 'JPEG with an archive behind it', make: async () => Buffer.concat([await jpeg(), EMPTY_ZIP]), becomes: MORE },
  {
    name: 'PNG with a script behind it',
    make: async () => Buffer.concat([await png(), Buffer.from('<script>alert(1)</script>')]),
    becomes: MORE,
  },
  {
    name: 'GIF behind the head of a JPEG',
    make: () => Buffer.concat([Buffer.from([0xff, 0xd8, 0xff]), GIF]),
    becomes: BROKEN,
  },
  // Cut short, and broken in ways that decoders have fallen for.
  { name: 'half a JPEG', make: async () => (await jpeg()).subarray(0, 9_000), becomes: BROKEN },
  // A whole file to every decoder; what is missing is grey.
  {
    name: 'half a JPEG with an end',
    make: async () => Buffer.concat([(await jpeg()).subarray(0, 9_000), Buffer.from([0xff, 0xd9])]),
    becomes: TAKEN,
  },
  {
    name: 'JPEG whose last segment runs out of the file',
    make: () => Buffer.from('ffd8ffe0ffff4a4649460001010000010001'.padEnd(64, '0'), 'hex'),
    becomes: BROKEN,
  },
  {
    name: 'nothing but markers',
    make: () => Buffer.concat([Buffer.from([0xff, 0xd8]), Buffer.alloc(9_000_000, 0xff)]),
    becomes: BROKEN,
  },
  {
    name: 'nothing but restarts',
    make: () => Buffer.concat([Buffer.from([0xff, 0xd8]), Buffer.alloc(9_000_000, Buffer.from([0xff, 0xd0]))]),
    becomes: refused('is made of too many parts'),
  },
  {
    name: 'AVIF of a million boxes',
    make: async () =>
      Buffer.concat([await avif(64, 64), Buffer.alloc(1_000_000 * 8, Buffer.from('\0\0\0\x08free', 'latin1'))]),
    becomes: refused('is made of too many parts'),
  },
  {
    name: 'AVIF box of size 2^63',
    make: async () =>
      Buffer.concat([await avif(64, 64), Buffer.from('\0\0\0\x01mdat\x7f\xff\xff\xff\xff\xff\xff\xff', 'latin1')]),
    becomes: BROKEN,
  },
  {
    name: 'WebP chunk of size 2^32',
    make: async () => {
      const bytes = Buffer.from(await noisy(50, 50).webp().toBuffer())
      bytes.writeUInt32LE(0xffffffff, 16)
      return bytes
    },
    becomes: BROKEN,
  },
  {
    name: '10 MB and a byte',
    make: () => Buffer.alloc(10 * 1024 * 1024 + 1, 0xff),
    becomes: refused('is larger than 10 MB'),
  },
]

test('no picture takes more than 2 s of work or 200 MB, and each that is refused is told why', (t) => takeAll(t, rows))
