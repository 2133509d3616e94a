import { test } from 'node:test'
import { avif as avifOf, coded, cutTo, type Item, sizeOf, u16 } from '../products/media/avif.ts'
import { plain } from '../products/media/pictures.ts'
import { BROKEN, refused, type Row, TAKEN, takeAll, tooMany } from './taking.ts'

const PUT_TOGETHER = refused(
  'is an AVIF put together from several pictures, as some cameras make them; send it as a plain JPEG',
)

const known = new Map<number, ReturnType<typeof coded>>()

/** Each takes seconds to make. */
function codedOnce(side: number): ReturnType<typeof coded> {
  const made = known.get(side) ?? coded(side, side)
  known.set(side, made)
  return made
}

/** A flat picture as part of an AVIF. */
async function item(side: number, more: Partial<Item> = {}): Promise<Item> {
  const { data, setUp } = await codedOnce(side)
  return { type: 'av01', data, ...more, properties: [sizeOf(side, side), ...setUp, ...(more.properties ?? [])] }
}

/** Says that it is of 64 × 64 pixels, and is made of the first item, so many times over. */
const small = (type: string, data: Buffer, times: number): Item => {
  return { type, data, properties: [sizeOf(64, 64)], madeOf: Array.from({ length: times }, () => 1) }
}
const grid = (side: number) =>
  small('grid', Buffer.concat([Buffer.from([0, 0, side - 1, side - 1]), u16(64, 64)]), side ** 2)
const overlay = (times: number) =>
  small('iovl', Buffer.concat([u16(0, 0, 0, 0, 0, 64, 64), Buffer.alloc(times * 4)]), times)

const rows: Row[] = [
  {
    name: 'AVIF that says it is small and codes 81 megapixels',
    make: async () =>
      avifOf([{ ...(await item(9_000)), properties: [sizeOf(64, 64), ...(await codedOnce(64)).setUp] }]),
    becomes: tooMany(8),
  },
  {
    name: 'AVIF that shows 64 × 64 of 81 megapixels',
    make: async () => avifOf([await item(9_000, { properties: [cutTo(64, 64)] })]),
    becomes: tooMany(8),
  },
  {
    name: 'AVIF grid of one tile of 81 megapixels',
    make: async () => avifOf([await item(9_000), grid(1)]),
    becomes: PUT_TOGETHER,
  },
  {
    name: 'AVIF grid of 100 times a tile of 4 megapixels',
    make: async () => avifOf([await item(2_000), grid(10)]),
    becomes: PUT_TOGETHER,
  },
  {
    name: 'AVIF of 81 megapixels laid over itself 4 times',
    make: async () => avifOf([await item(9_000), overlay(4)]),
    becomes: PUT_TOGETHER,
  },
  {
    name: 'AVIF of 196 megapixels laid over itself 4 times',
    make: async () => avifOf([await item(14_000), overlay(4)]),
    becomes: PUT_TOGETHER,
  },
  {
    name: 'AVIF that is another of 81 megapixels',
    make: async () => avifOf([await item(9_000), small('iden', Buffer.alloc(0), 1)]),
    becomes: PUT_TOGETHER,
  },
  {
    name: 'AVIF of 20 frames',
    make: async () => {
      const one = await item(2_800)
      return avifOf([{ ...one, data: Buffer.alloc(one.data.length * 20, one.data) }])
    },
    becomes: refused('is an AVIF of more than 18 megapixels in all its frames; send it as a plain JPEG'),
  },
  {
    name: 'AVIF that has the same bytes read 20 times',
    make: async () => avifOf([await item(2_800)], { extents: () => Array.from({ length: 20 }, () => 0) }),
    becomes: BROKEN,
  },
  {
    name: 'AVIF with 9 MB of metadata read 30 times over by 30 items',
    make: async () => {
      const data = Buffer.alloc(9_000_000)
      const more = Array.from({ length: 30 }, (): Item => ({ type: 'Exif', data: Buffer.alloc(1), about: 32 }))
      const items = [{ type: 'Exif', data, about: 32 }, ...more, await item(64)]
      return avifOf(items, { extents: (at) => (at === 31 ? [31] : Array.from({ length: 30 }, () => 0)) })
    },
    becomes: BROKEN,
  },
  {
    name: 'AVIF of 7 megapixels with transparency',
    make: async () => plain(3_000, 2_300, 4).avif({ effort: 0 }).toBuffer(),
    becomes: tooMany(6),
  },
  {
    name: 'AVIF of 6 megapixels with transparency',
    make: () => plain(3_000, 1_990, 4).avif({ effort: 0 }).toBuffer(),
    becomes: TAKEN,
  },
  {
    name: 'AVIF of 4 megapixels with transparency, 12 bits a sample',
    make: () => plain(2_400, 1_980, 4).avif({ effort: 0, bitdepth: 12 }).toBuffer(),
    becomes: TAKEN,
  },
]

test('what an AVIF shows may be small, and what has to be decoded for it is not large either', (t) => takeAll(t, rows))
