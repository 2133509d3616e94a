import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test, type TestContext } from 'node:test'
import sharp, { type Sharp } from 'sharp'
import { openWorkers } from '../../../../src/lib/workers.ts'
import type { Raster } from '../../../../src/products/media/raster.ts'
import { openClassic } from '../../../../src/products/search/embedder/embedder.ts'
import { packFeatures } from '../../../../src/products/search/embedder/features.ts'
import { inventPictures } from '../../../../src/products/search/embedder/invented.ts'
import { openMemoryIndex } from '../../../../src/products/search/vectors/memory-index.ts'
import { drawGoods } from './goods.ts'

const ASSET = new URL('../../../../src/products/search/embedder/classic-v1.bin', import.meta.url)
const embedder = openClassic(readFileSync(ASSET))

async function changed({ width, height, rgb }: Raster, change: (picture: Sharp) => Sharp): Promise<Raster> {
  const picture = sharp(rgb, { raw: { width, height, channels: 3 } })
  // By way of a file, since sharp does not crop what it has resized in the same step.
  const { data, info } = await sharp(await change(picture).jpeg({ quality: 60 }).toBuffer())
    .resize({ width: 256, height: 256, fit: 'inside' })
    .raw()
    .toBuffer({ resolveWithObject: true })
  return { width: info.width, height: info.height, rgb: new Uint8Array(data) }
}

const part = (size: number, share: number) => Math.round(size * share)
const CHANGES: [string, ({ width, height }: Raster) => (picture: Sharp) => Sharp][] = [
  ['compressed', () => (picture) => picture],
  ['in gray', () => (picture) => picture.grayscale().toColourspace('srgb')],
  ['brighter', () => (picture) => picture.modulate({ brightness: 1.3 })],
  ['darker', () => (picture) => picture.modulate({ brightness: 0.6 })],
  [
    'small',
    ({ width, height }) =>
      (picture) =>
        picture.resize(part(width, 0.25), part(height, 0.25)),
  ],
  ['upside down', () => (picture) => picture.rotate(180)],
  ['on its side', () => (picture) => picture.rotate(90)],
  ['mirrored', () => (picture) => picture.flop()],
  [
    'cropped',
    ({ width, height }) =>
      (picture) =>
        picture.extract({ left: part(width, 0.1), top: 0, width: part(width, 0.8), height: part(height, 0.8) }),
  ],
]

test('drawn pictures are found by what was made of them, and by nothing else', async (t) => {
  const rasters = [...inventPictures(20_250_101, 40)]
  const { entries, index } = await fill(t, rasters)
  const detailed = entries.filter((_, at) => embedder.embed(rasters[at]!).points.count > 80).slice(0, 5)
  assert.equal(detailed.length, 5)
  for (const { productId } of detailed) {
    for (const [name, change] of CHANGES) {
      const raster = rasters[productId - 1]!
      const query = embedder.embedQuery(await changed(raster, change(raster)))
      const { found } = await index.search(query, { groups: [0], limit: 10 })
      assert.deepEqual(
        [found[0]?.productId, found[0]?.match],
        [productId, 'same_picture'],
        `${name}: ${JSON.stringify(found[0])}`,
      )
      const others = await index.search(query, { groups: [0], limit: 10, except: productId })
      assert.ok(
        others.found.every(({ match }) => match === 'similar'),
        `${name}: ${JSON.stringify(others.found[0])}`,
      )
    }
  }
})

test('goods on white are not the same picture as others, though they share a shape or a colour', async (t) => {
  const goods = drawGoods()
  const { index } = await fill(
    t,
    goods.map(({ raster }) => raster),
  )
  const wrong: unknown[] = []
  for (const [at, { name, raster }] of goods.entries()) {
    for (const asked of [raster, await changed(raster, (picture) => picture)]) {
      const { found } = await index.search(embedder.embedQuery(asked), { groups: [0], limit: 20 })
      assert.equal(found[0]?.productId, at + 1, name)
      if (asked === raster) assert.equal(found[0].match, 'same_picture', name)
      const others = found.filter(({ productId, match }) => productId !== at + 1 && match === 'same_picture')
      wrong.push(...others.map(({ productId, evidence }) => [name, goods[productId - 1]!.name, evidence]))
    }
  }
  assert.deepEqual(wrong, [])
})

async function fill(t: TestContext, rasters: readonly Raster[]) {
  const workers = openWorkers({ threads: 1 })
  t.after(() => workers.close())
  const index = openMemoryIndex({ workers, info: embedder.info })
  const entries = rasters.map((raster, at) => ({
    pictureId: at + 1,
    productId: at + 1,
    group: 0,
    features: packFeatures(embedder.embed(raster)),
  }))
  await index.upsert(entries)
  return { entries, index }
}
