import assert from 'node:assert/strict'
import { test } from 'node:test'
import sharp from 'sharp'
import { decodeRaster } from '../../../src/products/media/raster.ts'
import { noisy, plain, pngBomb } from './pictures.ts'

const flat = (width: number, height: number, background: string) =>
  sharp({ create: { width, height, channels: 4, background } })

test('a picture is fitted into 256 × 256, small ones are enlarged, and thin ones keep a pixel', async () => {
  const sizes: [number, number, number, number][] = [
    [512, 256, 256, 128],
    [100, 200, 128, 256],
    [256, 256, 256, 256],
    [1, 1, 256, 256],
    [1, 500, 1, 256],
    [12_000, 1, 256, 1],
    [4_000, 3_000, 256, 192],
  ]
  for (const [width, height, toWidth, toHeight] of sizes) {
    const raster = await decodeRaster(await plain(width, height).jpeg().toBuffer())
    assert.deepEqual([raster.width, raster.height, raster.rgb.length], [toWidth, toHeight, toWidth * toHeight * 3])
  }
})

test('whatever the colours are stored as, three bytes come out, on white', async () => {
  const red = flat(64, 64, '#c81428')
  const forms = {
    png: await red.clone().png().toBuffer(),
    palette: await red.clone().png({ palette: true }).toBuffer(),
    deep: await red.clone().toColourspace('rgb16').png().toBuffer(),
    webp: await red.clone().webp({ lossless: true }).toBuffer(),
    avif: await red.clone().avif({ lossless: true, effort: 0 }).toBuffer(),
    jpeg: await red.clone().jpeg({ quality: 100, chromaSubsampling: '4:4:4' }).toBuffer(),
  }
  for (const [name, bytes] of Object.entries(forms)) {
    const { rgb } = await decodeRaster(bytes)
    const [r, g, b] = rgb.subarray(rgb.length - 3)
    assert.ok(Math.abs(r! - 200) < 4 && Math.abs(g! - 20) < 4 && Math.abs(b! - 40) < 4, `${name}: ${r} ${g} ${b}`)
  }
  const grey = await decodeRaster(await flat(64, 64, '#808080').toColourspace('b-w').png().toBuffer())
  assert.deepEqual([...grey.rgb.subarray(0, 3)], [128, 128, 128])
  const clear = await decodeRaster(await flat(64, 64, '#00000000').png().toBuffer())
  assert.ok(clear.rgb.every((byte) => byte === 255))
  const cmyk = await decodeRaster(await flat(64, 64, '#ffffff').toColourspace('cmyk').jpeg().toBuffer())
  assert.ok(cmyk.rgb.length === 256 * 256 * 3 && cmyk.rgb.every((byte) => byte > 250))
})

test('a raster is upright, and the same each time', async () => {
  const bytes = await noisy(60, 40).withMetadata({ orientation: 6 }).jpeg().toBuffer()
  const [first, second] = [await decodeRaster(bytes), await decodeRaster(bytes)]
  assert.deepEqual([first.width, first.height], [171, 256])
  assert.deepEqual(first, second)
})

test('what is no acceptable picture is refused as it is when taken in', async () => {
  await assert.rejects(decodeRaster(Buffer.from('<svg/>'.repeat(9))), {
    name: 'DomainError',
    code: 'unprocessable',
    message: 'The picture is not a JPEG, PNG, WebP or AVIF file.',
  })
  await assert.rejects(decodeRaster(pngBomb(7_000)), { message: 'The picture has more than 40 megapixels.' })
})
