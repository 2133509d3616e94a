import assert from 'node:assert/strict'
import { test } from 'node:test'
import sharp from 'sharp'
import { DomainError } from '../../../src/lib/errors.ts'
import { readContainer } from '../../../src/products/media/container.ts'
import { PICTURE_BYTES_MAX, reencode } from '../../../src/products/media/intake.ts'
import { imaging } from '../../../src/products/media/imaging.ts'
import { avif, box, coded, type Item, sizeOf, u16, u32 } from './avif.ts'
import { animatedWebp, EMPTY_ZIP, GIF, noisy, PNG_SIGNATURE, plain, pngBomb, withChunk } from './pictures.ts'

const svg =
  '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="90"><rect width="90" height="90" fill="red"/></svg>'
const half = (bytes: Buffer) => bytes.subarray(0, Math.floor(bytes.length / 2))

test('refuses what is no acceptable picture, with a sentence', async (t) => {
  const jpeg = await noisy(400, 300).jpeg().toBuffer()
  const png = await noisy(400, 300).png().toBuffer()
  const webp = await noisy(400, 300).webp().toBuffer()
  const avif = await noisy(400, 300).avif({ effort: 0 }).toBuffer()
  const avis = Buffer.from(avif)
  avis.write('avis', 8, 'latin1')
  const animated = await animatedWebp()
  assert.equal((await sharp(animated).metadata()).pages, 2)
  const anywhere = (head: string, length = 4_000) =>
    Buffer.concat([Buffer.from(head, 'latin1'), Buffer.alloc(length, 0x5a)])

  const more = 'The picture carries other data behind its end.'
  const kind = 'The picture is not a JPEG, PNG, WebP or AVIF file.'
  const short = 'The picture is empty or cut short.'
  const broken = 'The picture is damaged or cut short.'
  const moving = 'The picture is animated; send a still picture.'
  const cases: [name: string, bytes: Buffer, message: string][] = [
    ['nothing', Buffer.alloc(0), short],
    ['15 bytes of JPEG', jpeg.subarray(0, 15), short],
    ['SVG', Buffer.from(svg), kind],
    ['SVG after white space', Buffer.from(`\n\n   ${svg}`), kind],
    ['SVG with a byte order mark', Buffer.from(`\uFEFF<?xml version="1.0"?>${svg}`), kind],
    [
      'SVG behind the first bytes of a JPEG',
      Buffer.concat([Buffer.from([0xff, 0xd8, 0xff]), Buffer.from(svg)]),
      broken,
    ],
    ['SVG behind the first bytes of a PNG', Buffer.concat([PNG_SIGNATURE, Buffer.from(svg)]), broken],
    ['GIF', GIF, kind],
    ['PDF', anywhere('%PDF-1.7\n'), kind],
    ['TIFF', anywhere('II*\0'), kind],
    ['BMP', anywhere('BM'), kind],
    ['HEIC', anywhere('\0\0\0\x18ftypheic\0\0\0\0mif1heic'), kind],
    ['web page', Buffer.from('<!doctype html><title>404</title><p>not found</p>'), kind],
    ['animated WebP', animated, moving],
    ['animated PNG', withChunk(png, 'acTL', Buffer.from([0, 0, 0, 2, 0, 0, 0, 0])), moving],
    ['AVIF sequence', avis, moving],
    ['half a JPEG', half(jpeg), broken],
    ['half a PNG', half(png), broken],
    ['half a WebP', half(webp), broken],
    ['half an AVIF', half(avif), broken],
    ['JPEG header and noise', anywhere('\xff\xd8\xff\xe0'), broken],
    ['PNG header and noise', anywhere('\x89PNG\r\n\x1a\n'), broken],
    ['WebP header and noise', anywhere('RIFF\x10\0\0\0WEBPVP8 '), more],
    ['AVIF header and noise', anywhere('\0\0\0\x18ftypavif\0\0\0\0mif1avif'), more],
    ['JPEG and archive', Buffer.concat([jpeg, EMPTY_ZIP]), more],
    ['PNG and archive', Buffer.concat([png, EMPTY_ZIP]), more],
    ['WebP and archive', Buffer.concat([webp, EMPTY_ZIP]), more],
    ['AVIF and archive', Buffer.concat([avif, EMPTY_ZIP]), more],
    ['JPEG and web page', Buffer.concat([jpeg, Buffer.from('<script>alert(1)</script>')]), more],
    ['JPEG, zeros and archive', Buffer.concat([jpeg, Buffer.alloc(512), EMPTY_ZIP]), more],
    ['JPEG and PNG', Buffer.concat([jpeg, png]), more],
    ['JPEG and half of another', Buffer.concat([jpeg, half(jpeg)]), broken],
    ['PNG and GIF', Buffer.concat([png, GIF]), more],
    ['AVIF and a box of another kind', Buffer.concat([avif, Buffer.from('\0\0\0\x0cjunk1234', 'latin1')]), more],
    ['AVIF and a film', Buffer.concat([avif, Buffer.from('\0\0\0\x08moov', 'latin1')]), moving],
    ['JPEG without its end', jpeg.subarray(0, -2), broken],
    ['PNG without its end', png.subarray(0, -12), broken],
    [
      'a side of 12,001 pixels',
      await plain(12_001, 2).png().toBuffer(),
      'The picture has a side of more than 12,000 pixels.',
    ],
    ['49 megapixels in a few KB', pngBomb(7_000), 'The picture has more than 40 megapixels.'],
    ['more than 10 MB', Buffer.alloc(PICTURE_BYTES_MAX + 1, 0xff), 'The picture is larger than 10 MB.'],
  ]
  for (const [name, bytes, message] of cases) {
    await t.test(name, async () => {
      await assert.rejects(reencode(bytes), (error) => {
        assert.ok(error instanceof DomainError, String(error))
        assert.deepEqual([error.code, error.message], ['unprocessable', message])
        return true
      })
    })
  }
})

test('takes the four kinds and gives WebP of their size', async () => {
  const source = noisy(120, 80)
  for (const bytes of [
    await source.clone().jpeg().toBuffer(),
    await source.clone().png().toBuffer(),
    await source.clone().png({ palette: true }).toBuffer(),
    await source.clone().webp().toBuffer(),
    await source.clone().webp({ lossless: true }).toBuffer(),
    await source.clone().avif({ effort: 0 }).toBuffer(),
    await source.clone().toColourspace('cmyk').jpeg().toBuffer(),
    await source.clone().toColourspace('b-w').png().toBuffer(),
  ]) {
    const { webp, width, height } = await reencode(bytes)
    assert.deepEqual([width, height, (await sharp(webp).metadata()).format], [120, 80, 'webp'])
  }
})

test('takes AVIFs with transparency, metadata, fine colours, and as other encoders lay them out', async () => {
  const described = noisy(120, 80)
    .withExif({ IFD0: { Make: 'camera' } })
    .withIccProfile('p3')
  const { data, setUp } = await coded(120, 80)
  const properties = [sizeOf(120, 80), ...setUp]
  const shown: Item = { type: 'av01', data, properties }
  const about: Item[] = [
    { type: 'Exif', data: Buffer.from('\0\0\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0', 'latin1'), about: 4 },
    { type: 'mime', data: Buffer.from('<x:xmpmeta/>'), about: 4, text: 'application/rdf+xml\0' },
  ]
  const pictures = {
    described: await described.withXmp('<x:xmpmeta xmlns:x="adobe:ns:meta/"/>').avif({ effort: 0 }).toBuffer(),
    clear: await plain(120, 80, 4).avif({ effort: 0 }).toBuffer(),
    halved: await noisy(120, 80).avif({ effort: 0, chromaSubsampling: '4:2:0' }).toBuffer(),
    lossless: await noisy(120, 80).avif({ effort: 0, lossless: true }).toBuffer(),
    deep: await noisy(120, 80).avif({ effort: 0, bitdepth: 12 }).toBuffer(),
    grey: await noisy(120, 80).toColourspace('b-w').avif({ effort: 0 }).toBuffer(),
    apart: avif([...about, { ...shown, alphaOf: 4 }, shown]),
    'two layers': avif([{ ...shown, data: Buffer.concat([data, data]) }]),
    'zeros within': avif([{ ...shown, data: Buffer.concat([data, Buffer.alloc(9)]) }]),
  }
  for (const [name, bytes] of Object.entries(pictures)) {
    const { webp, width, height } = await reencode(bytes)
    assert.deepEqual([width, height], [120, 80], name)
    assert.equal((await sharp(webp).metadata()).hasAlpha, ['clear', 'apart'].includes(name), name)
  }
})

test('an AVIF with any byte changed or lost is taken or refused', async () => {
  const { data, setUp } = await coded(120, 80)
  const shown: Item = { type: 'av01', data, properties: [sizeOf(120, 80), ...setUp] }
  const whole = avif([{ ...shown, alphaOf: 2 }, shown])
  // 65,535 pieces of nothing for each of 65,535 items.
  const pieces = Buffer.concat([u32(1 << 24), u16(0, 0xffff), Buffer.alloc(0xffff * 8, u16(1, 0, 0, 0xffff))])
  const ftyp = whole.subarray(0, whole.readUInt32BE(0))
  const endless = Buffer.concat([ftyp, box('meta', u32(0), box('iloc', pieces))])
  assert.throws(() => readContainer(endless), { message: 'The picture is made of too many parts.' })

  for (let at = 0; at < whole.length; at++) {
    for (const value of [0, 1, 255]) {
      const changed = Buffer.from(whole)
      changed[at] = value
      for (const bytes of [changed, Buffer.concat([whole.subarray(0, at), whole.subarray(at + 1)])]) {
        try {
          readContainer(bytes)
        } catch (error) {
          assert.ok(error instanceof DomainError && error.code === 'unprocessable', `${at}, ${value}: ${String(error)}`)
        }
      }
    }
  }
})

test('what belongs to a picture is no other data: zeros that fill up, smaller pictures within and behind', async () => {
  const jpeg = await noisy(120, 80).jpeg().toBuffer()
  const small = await noisy(16, 16).jpeg().toBuffer()
  const size = Buffer.alloc(2)
  size.writeUInt16BE(small.length + 2 + 6)
  const within = Buffer.concat([Buffer.from([0xff, 0xe1]), size, Buffer.from('Exif\0\0'), small])
  const pictures = [
    Buffer.concat([jpeg, Buffer.alloc(4_096)]),
    Buffer.concat([jpeg, small, small, Buffer.alloc(3)]),
    Buffer.concat([jpeg.subarray(0, 2), within, jpeg.subarray(2)]),
    Buffer.concat([jpeg.subarray(0, 2), Buffer.from([0xff, 0xff, 0xff]), jpeg.subarray(2)]),
    await noisy(120, 80).jpeg({ progressive: true }).toBuffer(),
    Buffer.concat([await noisy(120, 80).png().toBuffer(), Buffer.alloc(7)]),
    Buffer.concat([await noisy(120, 80).webp().toBuffer(), Buffer.alloc(7)]),
    Buffer.concat([await noisy(120, 80).avif({ effort: 0 }).toBuffer(), Buffer.alloc(64)]),
  ]
  for (const [at, bytes] of pictures.entries()) {
    const { width, height } = await reencode(bytes)
    assert.deepEqual([width, height], [120, 80], `${at}`)
  }
})

test('a picture is made upright and loses its metadata', async () => {
  const upper = {
    input: { create: { width: 60, height: 20, channels: 3 as const, background: '#ff0000' } },
    left: 0,
    top: 0,
  }
  const bytes = await sharp({ create: { width: 60, height: 40, channels: 3, background: '#0000ff' } })
    .composite([upper])
    .withExif({
      IFD0: { Copyright: 'nobody', Make: 'camera' },
      IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '51/1 30/1 0/1' },
    })
    .withMetadata({ orientation: 6 })
    .withIccProfile('p3')
    .jpeg({ quality: 100 })
    .toBuffer()
  const before = await sharp(bytes).metadata()
  assert.ok(before.exif && before.icc && before.orientation === 6)

  const { webp, width, height } = await reencode(bytes)
  const { exif, icc, xmp, iptc, orientation } = await sharp(webp).metadata()
  assert.deepEqual([width, height], [40, 60])
  assert.deepEqual(
    { exif, icc, xmp, iptc, orientation },
    { exif: undefined, icc: undefined, xmp: undefined, iptc: undefined, orientation: undefined },
  )
  const text = Buffer.from(webp).toString('latin1')
  assert.ok(!text.includes('nobody') && !text.includes('camera'))
  // Orientation 6 turns the upper half to the right.
  const at = async (left: number) =>
    (await sharp(webp).extract({ left, top: 30, width: 1, height: 1 }).removeAlpha().raw().toBuffer())[0]! > 128
  assert.deepEqual([await at(5), await at(35)], [false, true])
})

test('large pictures shrink to 1600 px a side, small ones stay, and transparency is kept', async () => {
  const sizes: [number, number, number, number][] = [
    [3200, 1000, 1600, 500],
    [900, 3200, 450, 1600],
    [1600, 1600, 1600, 1600],
    [4000, 1, 1600, 1],
    [1, 1, 1, 1],
  ]
  for (const [width, height, toWidth, toHeight] of sizes) {
    const bytes = await sharp({ create: { width, height, channels: 4, background: '#00000000' } })
      .png()
      .toBuffer()
    const taken = await reencode(bytes)
    assert.deepEqual([taken.width, taken.height], [toWidth, toHeight])
    assert.equal((await sharp(taken.webp).metadata()).hasAlpha, true)
  }
})

test('many at once all come through, and the decoders of other kinds stay shut', async () => {
  const bytes = await noisy(500, 500).jpeg().toBuffer()
  const taken = await Promise.all(
    Array.from({ length: 12 }, (_, at) =>
      reencode(at === 5 ? Buffer.from(bytes.subarray(0, 3_000)) : bytes).catch((error: DomainError) => error.code),
    ),
  )
  assert.deepEqual(
    taken.map((each) => (typeof each === 'string' ? each : each.width)),
    Array.from({ length: 12 }, (_, at) => (at === 5 ? 'unprocessable' : 500)),
  )

  const configured = await imaging()
  await assert.rejects(configured(GIF).toBuffer(), /unsupported image format/)
  await assert.rejects(configured('package.json').toBuffer())
  assert.equal((await configured(Buffer.from(svg)).metadata()).width, 90)
})
