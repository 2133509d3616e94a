import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { after, test } from 'node:test'
import sharp from 'sharp'
import { demoListings, findLook } from '../../src/demo/catalogue.ts'
import { drawDemo } from '../../src/demo/draw.ts'
import { openWorkers } from '../../src/lib/workers.ts'

const workers = openWorkers({ threads: 2 })
after(() => workers.close())
const draw = (name: string) => drawDemo(workers)(name, { isFree: false })
const listings = demoListings()
const nameOf = (path: string) => path.replace('/media/demo/', '')

/** One product of each shape. */
const shapes = [...new Map(listings.map((listing) => [findLook(listing.listingId)!.shape, listing])).values()]

test('each shape gives 800 × 800 WebP of a few tens of KB, and no two pictures are alike', async () => {
  const names = shapes.map(
    ({ listingId, images }, at) =>
      [nameOf(images[0]!), nameOf(images.at(-1)!), `v2/qc-${listingId}-${1 + (at % 14)}.webp`][at % 3]!,
  )
  const digests = await Promise.all(
    names.map(async (name) => {
      const drawn = await draw(name)
      assert.ok(drawn, name)
      const { format, width, height } = await sharp(drawn.bytes).metadata()
      assert.deepEqual([drawn.contentType, format, width, height], ['image/webp', 'webp', 800, 800], name)
      assert.ok(drawn.bytes.length > 4_000 && drawn.bytes.length < 100_000, `${name}: ${drawn.bytes.length}`)
      // Something is on it: not one flat colour.
      const { channels } = await sharp(drawn.bytes).stats()
      assert.ok(Math.max(...channels.map(({ stdev }) => stdev)) > 8, name)
      return hash('sha256', drawn.bytes)
    }),
  )
  assert.ok(names.length >= 50)
  assert.equal(new Set(digests).size, names.length)
})

test('the colours of one product look different, and QC photos differ from each other', async () => {
  const { listingId } = listings.find(({ id }) => id === 482_910)!
  const names = [2, 3, 4].map((at) => `v2/${listingId}-${at}.webp`)
  const photos = Array.from({ length: 5 }, (_, at) => `v2/qc-${listingId}-${at + 1}.webp`)
  const middles: string[] = []
  for (const name of names) {
    const { bytes } = (await draw(name))!
    const { channels } = await sharp(bytes).extract({ left: 200, top: 300, width: 400, height: 300 }).stats()
    middles.push(channels.map(({ mean }) => Math.round(mean / 8)).join(' '))
  }
  assert.equal(new Set(middles).size, names.length)
  const digests: string[] = []
  for (const name of photos) digests.push(hash('sha256', (await draw(name))!.bytes))
  assert.equal(new Set(digests).size, photos.length)
})

test('a name gives the same bytes each time', async () => {
  const { images, qcPhotos } = listings.find(({ qcPhotos }) => qcPhotos.length > 0)!
  for (const path of [images[0]!, qcPhotos[0]!]) {
    const [first, second] = [await draw(nameOf(path)), await draw(nameOf(path))]
    assert.deepEqual(first!.bytes, second!.bytes)
  }
})

test('a name that is not of the catalogue gives null', async () => {
  const { listingId, images } = listings[0]!
  const names = [
    '',
    'v2/qc-.webp',
    `v2/${listingId}.webp`,
    `v2/${listingId}-0.webp`,
    `v2/${listingId}-${images.length + 1}.webp`,
    `v2/${listingId}-01.webp`,
    `v2/${listingId}-1.png`,
    `v2/${listingId}-1.webp\n`,
    `v2/qc-${listingId}-15.webp`,
    `v2/qc-${listingId}-99.webp`,
    `v1/${listingId}-1.webp`,
    'v2/123456789-1.webp',
    'v2/../7231368393-1.webp',
    '7231368393-1.webp',
    'v2/../7231368393-1.webp',
    `v2/${'9'.repeat(20)}-1.webp`,
    `v2/${'9'.repeat(10_000)}-1.webp`,
  ]
  for (const name of names) assert.equal(await draw(name), null, name.slice(0, 60))
})
