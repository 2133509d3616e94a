import sharp from 'sharp'

/** A picture within an AVIF, or what one is made of: its coded bytes, and the properties that the file says it has. */
export type Item = {
  type: string
  data: Buffer
  properties?: Buffer[]
  /** Numbers of the items that it is made of. */
  madeOf?: number[]
  /** The item that it is the transparency, or the description, of. */
  alphaOf?: number
  about?: number
  /** What it says of itself behind its type and name. */
  text?: string
}

export function box(type: string, ...content: Buffer[]): Buffer {
  const data = Buffer.concat(content)
  return Buffer.concat([u32(data.length + 8), Buffer.from(type, 'latin1'), data])
}

/** A box with a version and flags before its content. */
const fullBox = (type: string, version: number, ...content: Buffer[]) => box(type, u32(version << 24), ...content)

export const u16 = (...numbers: number[]) => Buffer.concat(numbers.map((each) => Buffer.from([each >> 8, each & 255])))

export function u32(...numbers: number[]): Buffer {
  const bytes = Buffer.alloc(numbers.length * 4)
  for (const [at, number] of numbers.entries()) bytes.writeUInt32BE(number >>> 0, at * 4)
  return bytes
}

/** The size that a file says a picture has. */
export const sizeOf = (width: number, height: number) => fullBox('ispe', 0, u32(width, height))

/** Shows the middle of a picture alone. */
export const cutTo = (width: number, height: number) => box('clap', u32(width, 1, height, 1, 0, 1, 0, 1))

const ALPHA = fullBox('auxC', 0, Buffer.from('urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0'))

/** The coded pixels of a flat picture, and how a decoder is set up for them. */
export async function coded(width: number, height: number): Promise<{ data: Buffer; setUp: Buffer[] }> {
  const flat = sharp({ create: { width, height, channels: 3, background: '#888888' }, limitInputPixels: false })
  const file = await flat.avif({ effort: 0, quality: 30 }).toBuffer()
  return { data: contentOf(file, 'mdat'), setUp: ['av1C', 'pixi'].map((type) => box(type, contentOf(file, type))) }
}

/** By its name alone: it has to be the first that is called so. */
function contentOf(file: Buffer, type: string): Buffer {
  const at = file.indexOf(type, 0, 'latin1')
  return file.subarray(at + 4, at - 4 + (file.readUInt32BE(at - 4) || file.length))
}

/** A file of these items, numbered from 1; the last one is what is shown. `extents` says where each one's bytes lie. */
export function avif(items: Item[], { extents = (at: number): number[] => [at] } = {}): Buffer {
  const ids = items.map((_, at) => at + 1)
  // What others are made of is not shown by itself.
  const isPart = (id: number) => items.some(({ madeOf }) => madeOf?.includes(id))
  const kinds = items.map(({ type, text = '' }, at) => {
    const head = Buffer.from([2, 0, 0, isPart(ids[at]!) ? 1 : 0])
    return box('infe', head, u16(ids[at]!, 0), Buffer.from(`${type}\0${text}`, 'latin1'))
  })
  const references = items.flatMap(({ madeOf, alphaOf, about }, at) => [
    ...(madeOf ? [box('dimg', u16(ids[at]!, madeOf.length, ...madeOf))] : []),
    ...(alphaOf ? [box('auxl', u16(ids[at]!, 1, alphaOf))] : []),
    ...(about ? [box('cdsc', u16(ids[at]!, 1, about))] : []),
  ])
  const properties = items.flatMap(({ properties: own = [], alphaOf }) => (alphaOf ? [...own, ALPHA] : own))
  let property = 0
  const associations = items.map(({ properties: own = [], alphaOf }, at) => {
    const count = own.length + (alphaOf ? 1 : 0)
    return Buffer.from([...u16(ids[at]!), count, ...Array.from({ length: count }, () => ++property)])
  })
  const head = box('ftyp', Buffer.from('avif\0\0\0\0avifmif1miaf', 'latin1'))
  const metaFrom = (offset: number) => {
    const starts = items.map((_, at) => offset + items.slice(0, at).reduce((sum, { data }) => sum + data.length, 0))
    const places = items.map((_, at) => {
      const own = extents(at).flatMap((of) => [starts[of]!, items[of]!.data.length])
      return Buffer.concat([u16(ids[at]!, 0, own.length / 2), u32(...own)])
    })
    return fullBox(
      'meta',
      0,
      fullBox('hdlr', 0, u32(0), Buffer.from('pict'), u32(0, 0, 0), Buffer.alloc(1)),
      fullBox('pitm', 0, u16(items.length)),
      fullBox('iloc', 0, Buffer.from([0x44, 0]), u16(items.length), ...places),
      fullBox('iinf', 0, u16(items.length), ...kinds),
      ...(references.length > 0 ? [fullBox('iref', 0, ...references)] : []),
      box('iprp', box('ipco', ...properties), fullBox('ipma', 0, u32(items.length), ...associations)),
    )
  }
  const offset = head.length + metaFrom(0).length + 8
  return Buffer.concat([head, metaFrom(offset), box('mdat', ...items.map(({ data }) => data))])
}
