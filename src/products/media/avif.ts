import { readAv1, type Size } from './av1.ts'
import { refused } from './threads.ts'
import { animated, ascii, cutShort, isZeroFrom, partCounter } from './walking.ts'

/** Boxes that a still AVIF is made of. */
const BOXES = new Set(['ftyp', 'meta', 'mdat', 'free', 'skip', 'uuid'])
/** Of all frames of all pictures in a file: those of one picture and its transparency, or of two layers. */
const CODED_PIXELS_MAX = 18_000_000

type Box = { type: string; content: Buffer }

/**
 * Where an AVIF ends, and the sizes that it says and codes of every picture in it. What is shown may be far smaller than what
 * has to be decoded for it: a small part of one, or many put together. Throws `DomainError('unprocessable')` for an animated one,
 * one that is damaged, and one that is made of several.
 */
export function readAvif(bytes: Buffer): { end: number; sizes: Size[] } {
  try {
    return walk(bytes)
  } catch (error) {
    throw error instanceof RangeError ? cutShort(error) : error
  }
}

function walk(bytes: Buffer): { end: number; sizes: Size[] } {
  const sizes: Size[] = []
  const count = partCounter()
  let at = 0
  while (at + 8 <= bytes.length && !isZeroFrom(bytes, at)) {
    count()
    const type = ascii(bytes, at + 4, at + 8)
    if (type === 'moov') throw animated()
    if (!BOXES.has(type)) break
    const { head, size } = boxSize(bytes, at)
    if (size < head || at + size > bytes.length) throw cutShort()
    if (type === 'meta') sizes.push(...sizesIn(bytes, [...boxesIn(bytes.subarray(at + head + 4, at + size))]))
    at += size
  }
  return { end: at, sizes }
}

/** 1 stands for a size of 64 bits behind the name, 0 for all that is left. */
function boxSize(bytes: Buffer, at: number): { head: number; size: number } {
  const size = bytes.readUInt32BE(at)
  if (size === 1) return { head: 16, size: Number(bytes.readBigUInt64BE(at + 8)) }
  return { head: 8, size: size || bytes.length - at }
}

/** Boxes within another have no need of the other sizes. */
function* boxesIn(bytes: Buffer): Generator<Box> {
  const count = partCounter()
  for (let at = 0; at < bytes.length;) {
    count()
    const size = bytes.readUInt32BE(at)
    if (size < 8 || at + size > bytes.length) throw cutShort()
    yield { type: ascii(bytes, at + 4, at + 8), content: bytes.subarray(at + 8, at + size) }
    at += size
  }
}

function sizesIn(bytes: Buffer, boxes: Box[]): Size[] {
  const pictures = new Set(contents(boxes, 'iinf').flatMap(picturesIn))
  const properties = contents(boxes, 'iprp')
    .flatMap((content) => contents([...boxesIn(content)], 'ipco'))
    .flatMap((content) => [...boxesIn(content)])
  const said = contents(properties, 'ispe').map((ispe) => ({
    width: ispe.readUInt32BE(4),
    height: ispe.readUInt32BE(8),
  }))
  // What a decoder is given before a picture's own bytes.
  const setUp = contents(properties, 'av1C').map((content) => readAv1(content.subarray(4)))
  const coded = contents(boxes, 'iloc')
    .flatMap((iloc) => itemsAt(bytes, iloc))
    .filter(({ id }) => pictures.has(id))
    .map(({ extents }) => readAv1(Buffer.concat(extents)))
  const streams = [...setUp, ...coded]
  const frames = streams.reduce((sum, stream) => sum + stream.frames, 0)
  const width = Math.max(0, ...streams.map(({ size }) => size.width))
  const height = Math.max(0, ...streams.map(({ size }) => size.height))
  if (frames > 1 && frames * width * height > CODED_PIXELS_MAX) {
    throw refused('is an AVIF of more than 18 megapixels in all its frames; send it as a plain JPEG')
  }
  return [...said, { width, height }]
}

function contents(boxes: Box[], type: string): Buffer[] {
  return boxes.filter((box) => box.type === type).map(({ content }) => content)
}

/** The numbers of the items that are pictures. */
function picturesIn(iinf: Buffer): number[] {
  return contents([...boxesIn(iinf.subarray(iinf[0] === 0 ? 6 : 8))], 'infe').flatMap((infe) => {
    const version = infe.readUInt8(0)
    if (version !== 2 && version !== 3) throw cutShort()
    const from = version === 2 ? 8 : 10
    const type = ascii(infe, from, from + 4)
    if (type === 'av01') return [version === 2 ? infe.readUInt16BE(4) : infe.readUInt32BE(4)]
    if (type === 'Exif' || type === 'mime') return []
    throw refused('is an AVIF put together from several pictures, as some cameras make them; send it as a plain JPEG')
  })
}

/** Where each item's bytes lie. All in all they are no more than the file: read again and again they would be without end. */
function itemsAt(bytes: Buffer, iloc: Buffer): { id: number; extents: Buffer[] }[] {
  const version = iloc.readUInt8(0)
  const sizes = iloc.readUInt16BE(4)
  const [offsetSize, lengthSize, baseSize] = [sizes >> 12, (sizes >> 8) & 15, (sizes >> 4) & 15]
  const indexSize = version === 0 ? 0 : sizes & 15
  if (version > 2 || [offsetSize, lengthSize, baseSize, indexSize].some((size) => ![0, 4, 8].includes(size))) {
    throw cutShort()
  }
  let at = 6
  const number = (size: number) => {
    at += size
    if (size === 8) return Number(iloc.readBigUInt64BE(at - 8))
    return size === 0 ? 0 : iloc.readUIntBE(at - size, size)
  }
  let left = bytes.length
  const count = partCounter()
  return Array.from({ length: number(version === 2 ? 4 : 2) }, () => {
    const id = number(version === 2 ? 4 : 2)
    const isElsewhere = version > 0 && number(2) !== 0
    if (isElsewhere || number(2) !== 0) throw cutShort()
    const base = number(baseSize)
    const extents = Array.from({ length: number(2) }, () => {
      count()
      number(indexSize)
      const from = base + number(offsetSize)
      const length = number(lengthSize)
      left -= length
      if (left < 0 || from + length > bytes.length) throw cutShort()
      return bytes.subarray(from, from + length)
    })
    return { id, extents }
  })
}
