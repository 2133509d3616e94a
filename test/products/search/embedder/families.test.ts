import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { DomainError } from '../../../../src/lib/errors.ts'
import { openWorkers, type Workers } from '../../../../src/lib/workers.ts'
import { openClassic } from '../../../../src/products/search/embedder/embedder.ts'
import { unpackFeatures } from '../../../../src/products/search/embedder/features.ts'
import { openEmbedding } from '../../../../src/products/search/embedding.ts'
import type { Embedding } from '../../../../src/products/search/node.ts'
import { openMemoryIndex } from '../../../../src/products/search/vectors/memory-index.ts'
import type { VectorIndex } from '../../../../src/products/search/vectors/vector-index.ts'
import { CHANGES, drawPictures, encode, plainPicture } from './pictures.ts'

const ASSET = readFileSync(new URL('../../../../src/products/search/embedder/classic-v1.bin', import.meta.url))
const pictures = drawPictures(24)

let workers: Workers
let embedding: Embedding
let index: VectorIndex

before(async () => {
  workers = openWorkers({ threads: 2 })
  embedding = openEmbedding(workers, ASSET)
  index = openMemoryIndex({ workers, info: embedding.info })
  const features = await Promise.all(pictures.map(async (picture) => embedding.embed(await encode(picture))))
  await index.upsert(features.map((each, at) => ({ pictureId: at + 1, productId: at + 1, group: 0, features: each })))
})
after(() => workers.close())

for (const [name, change] of Object.entries(CHANGES)) {
  test(`a picture is found as the same one: ${name}`, async () => {
    // Some in any ten drawn at random have next to nothing on them.
    for (const at of [0, 4, 8, 12]) {
      const query = await embedding.embedQuery(await change(pictures[at]!))
      const { found } = await index.search(query, { groups: [0], limit: 3 })
      assert.deepEqual([found[0]?.productId, found[0]?.match], [at + 1, 'same_picture'], `picture ${at}`)
      const others = await index.search(query, { groups: [0], limit: 3, except: at + 1 })
      assert.deepEqual(
        others.found.filter(({ match }) => match === 'same_picture'),
        [],
        `picture ${at} taken out`,
      )
    }
  })
}

test('blank pictures have no points, and none is the same as another', async () => {
  const white = await embedding.embed(await encode(plainPicture(200, 300, [255, 255, 255])))
  const features = unpackFeatures(white)
  assert.deepEqual([features.isBlank, features.points.count], [true, 0])
  await index.upsert([{ pictureId: 900, productId: 900, group: 1, features: white }])
  for (const colour of [
    [255, 255, 255],
    [250, 251, 249],
    [20, 20, 20],
  ] as const) {
    const query = await embedding.embedQuery(await encode(plainPicture(256, 256, colour)))
    assert.equal(query.isBlank, true)
    const { found } = await index.search(query, { groups: [0, 1], limit: 50 })
    assert.deepEqual(
      found.filter(({ match }) => match !== 'similar'),
      [],
    )
  }
})

test('a picture with little on it is not blank', async () => {
  const picture = plainPicture(256, 256, [255, 255, 255])
  for (let y = 100; y < 120; y++) picture.rgb.fill(0, (y * 256 + 100) * 3, (y * 256 + 120) * 3)
  assert.equal(unpackFeatures(await embedding.embed(await encode(picture))).isBlank, false)
})

test('pictures of a pixel or a line have features', async () => {
  for (const [width, height] of [
    [1, 1],
    [1, 500],
    [500, 1],
    [3, 7],
    [17, 4000],
  ] as const) {
    const picture = plainPicture(width, height, [10, 200, 30])
    picture.rgb.fill(255, 0, (picture.rgb.length / 2) | 0)
    const bytes = await encode(picture)
    const features = unpackFeatures(await embedding.embed(bytes))
    assert.equal(features.global.length, embedding.info.dim)
    const query = await embedding.embedQuery(bytes)
    assert.equal(query.hashes.length % 8, 0)
    assert.ok(query.points.frames.every(Number.isFinite))
  }
})

test('threads give what the embedder gives, whichever thread and however often', async () => {
  const { embedQuery } = openClassic(ASSET)
  const [picture] = pictures
  const bytes = await encode(picture!)
  const queries = await Promise.all(Array.from({ length: 4 }, () => embedding.embedQuery(bytes)))
  // A drawn picture's longer side is 256 pixels already, so that decoding changes nothing.
  for (const query of queries) assert.deepEqual(query, embedQuery(picture!))
  const packed = await Promise.all(Array.from({ length: 4 }, () => embedding.embed(bytes)))
  for (const each of packed) assert.deepEqual(each, packed[0])
})

test('what is no picture is refused', async () => {
  const garbage = Buffer.from('this is no picture')
  const isRefusal = (error: unknown) => error instanceof DomainError && error.code === 'unprocessable'
  await assert.rejects(embedding.embed(garbage), isRefusal)
  await assert.rejects(embedding.embedQuery(garbage), isRefusal)
})
