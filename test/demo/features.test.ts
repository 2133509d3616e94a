import assert from 'node:assert/strict'
import { test } from 'node:test'
import { demoListings } from '../../src/demo/catalogue.ts'
import { readDemoFeatures } from '../../src/demo/features.ts'
import { getMedia } from '../../src/products/media/media.ts'
import { openClassic } from '../../src/products/search/embedder/embedder.ts'
import { type PictureFeatures, unpackFeatures } from '../../src/products/search/embedder/features.ts'
import { openEmbedding } from '../../src/products/search/embedding.ts'
import { defaultAsset } from '../../src/products/search/spaces.ts'
import { testCtx } from '../app.ts'
import { drawDemo } from '../../src/demo/draw.ts'

// Where these fail, the drawings or the embedder have changed: run `npm run demo:features`.

test('the features that were made in advance are of the default embedder, and of every drawing', async () => {
  const { fingerprint, features } = await readDemoFeatures()
  assert.equal(fingerprint, openClassic(await defaultAsset()).info.fingerprint)
  const paths = demoListings().flatMap(({ images, qcPhotos }) => [...images, ...qcPhotos])
  assert.deepEqual([...features.keys()], paths)
})

test('they are what the embedder makes of the drawings today', async (t) => {
  const ctx = await testCtx(t)
  ctx.draw = drawDemo(ctx.workers)
  const embedding = openEmbedding(ctx.workers, await defaultAsset())
  const { features } = await readDemoFeatures()
  for (const path of ['/media/demo/v2/7231368393-1.webp', '/media/demo/v2/qc-1234567890-2.webp']) {
    const kept = unpackFeatures(features.get(path)!)
    const made = unpackFeatures(await embedding.embed((await getMedia(ctx, path))!.bytes))
    // Another processor may round the last bit of a pixel differently.
    assert.ok(cosine(kept.global, made.global) > 0.99, path)
    for (const hash of ['pHash', 'dHash'] as const)
      assert.ok(bitsApart(kept[hash], made[hash]) < 8, `${hash} of ${path}`)
    const madePoints = new Set(pointsOf(made))
    const same = pointsOf(kept).filter((point) => madePoints.has(point)).length
    assert.ok(same > 0.9 * Math.max(kept.points.count, made.points.count), `${same} points of ${path}`)
  }
})

/** The word and the signature of each point. */
function pointsOf({ points: { words, signatures } }: PictureFeatures): string[] {
  return Array.from(words, (word, at) => `${word} ${signatures[at * 2]} ${signatures[at * 2 + 1]}`)
}

function bitsApart(a: Uint8Array, b: Uint8Array): number {
  const ones = (byte: number) => byte.toString(2).replaceAll('0', '').length
  return a.reduce((sum, byte, at) => sum + ones(byte ^ b[at]!), 0)
}

function cosine(a: Int8Array, b: Int8Array): number {
  let [dot, aa, bb] = [0, 0, 0]
  for (const [at, value] of a.entries()) {
    dot += value * b[at]!
    aa += value * value
    bb += b[at]! * b[at]!
  }
  return dot / Math.sqrt(aa * bb)
}
