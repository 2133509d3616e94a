import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { OperatorError } from '../../../../src/lib/errors.ts'
import type { Raster } from '../../../../src/products/media/raster.ts'
import { fingerprintOf, readAsset, writeAsset } from '../../../../src/products/search/embedder/asset.ts'
import { openClassic } from '../../../../src/products/search/embedder/embedder.ts'
import { inventPictures } from '../../../../src/products/search/embedder/invented.ts'
import { learn } from '../../../../src/products/search/embedder/learn.ts'
import { plainPicture } from './pictures.ts'

const ASSET = readFileSync(new URL('../../../../src/products/search/embedder/classic-v1.bin', import.meta.url))

/** Small cuttings of drawn pictures, which take less time than whole ones. */
function cuttings(count: number): Raster[] {
  const side = 48
  return [...inventPictures(5, Math.ceil(count / 12))]
    .flatMap(({ width, rgb }) =>
      Array.from({ length: 12 }, (_, each) => {
        const cutting = new Uint8Array(side * side * 3)
        for (let y = 0; y < side; y++) {
          const from = ((y + (each >> 2) * side) * width + (each & 3) * 30) * 3
          cutting.set(rgb.subarray(from, from + side * 3), y * side * 3)
        }
        return { width: side, height: side, rgb: cutting }
      }),
    )
    .slice(0, count)
}

test('the default asset is the one whose features are about', () => {
  assert.equal(fingerprintOf(ASSET), 'b6d3f599ce6bee1c4d9098fc6e4205146bfe6c479d9777ebed57f72e84be02ab')
  const { id, dim, words, cosines } = openClassic(ASSET).info
  assert.deepEqual({ id, dim, words }, { id: 'classic-v1', dim: 192, words: 65_280 })
  assert.ok(cosines.length > 5)
  for (const [at, [share, cosine]] of cosines.slice(1).entries()) {
    assert.ok(share > cosines[at]![0] && cosine >= cosines[at]![1])
  }
  assert.ok(cosines.at(-1)![0] > 0.999)
})

// The arithmetic of learning takes a quarter of a minute, and minutes where much else runs: hence once.
test('equal pictures teach equal bytes, on every machine', { timeout: 600_000 }, async () => {
  const pictures = cuttings(230)
  const steps = new Set<string>()
  async function* streamed() {
    yield* pictures
  }
  const asset = await learn(streamed(), { onProgress: (step) => steps.add(step) })
  assert.deepEqual([...steps], ['pictures', 'vector', 'words', 'cosines'])
  assert.equal(fingerprintOf(asset), 'b9f0509d9016fd1be6e879f43b3e769349be30dde19d3d17b1141d4d8c46a0d0')
  const { embed, info } = openClassic(asset)
  assert.deepEqual(embed(pictures[0]!).global.length, info.dim)
})

test('too few pictures teach nothing, and blank ones do not count', async () => {
  const blank = Array.from({ length: 300 }, (_, at) => plainPicture(32, 32, [at % 256, 200, 100]))
  await assert.rejects(learn([...cuttings(150), ...blank]), (error) => {
    assert.ok(error instanceof OperatorError)
    assert.match(error.message, /at least 200 pictures.*there are 1\d\d$/)
    return true
  })
})

test('an asset is read as it was written', () => {
  const again = writeAsset(readAsset(ASSET))
  assert.equal(again.length, ASSET.length)
  assert.deepEqual(readAsset(again).codebook, readAsset(ASSET).codebook)
})

test('what is no asset, damaged, or of another version is refused', () => {
  const flipped = Buffer.from(ASSET)
  flipped[flipped.length >> 1]! ^= 1
  const older = Buffer.from(ASSET)
  older.write('openhaul classic-v0 7', 0)
  for (const [bytes, reason] of [
    [flipped, /damaged/],
    [ASSET.subarray(0, -1), /damaged/],
    [Buffer.concat([ASSET, Buffer.alloc(1)]), /damaged/],
    [older, /of "openhaul classic-v0 7".*learn it again/],
    [Buffer.from('hello'), /no asset/],
    [Buffer.alloc(0), /no asset/],
  ] as const) {
    assert.throws(
      () => openClassic(bytes),
      (error) => error instanceof OperatorError && reason.test(error.message),
    )
  }
})

test('drawn pictures follow from their seed', () => {
  const [first, second] = inventPictures(3, 2)
  assert.deepEqual([...inventPictures(3, 1)][0], first)
  assert.notDeepEqual(first, second)
  assert.notDeepEqual([...inventPictures(4, 1)][0], first)
})
