import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { openClassic } from '../../../../src/products/search/embedder/embedder.ts'
import {
  angleByte,
  angleOf,
  packFeatures,
  scaleByte,
  scaleOf,
  unpackFeatures,
} from '../../../../src/products/search/embedder/features.ts'
import { hashesOf, hashesOfAllSides } from '../../../../src/products/search/embedder/hashes.ts'
import { average, grayOf, mirror, turn } from '../../../../src/products/search/embedder/planes.ts'
import { drawPictures, plainPicture } from './pictures.ts'

const ASSET = readFileSync(new URL('../../../../src/products/search/embedder/classic-v1.bin', import.meta.url))
const { embed, embedQuery, info } = openClassic(ASSET)
const [picture] = drawPictures(1)

test('features survive being packed, also those without points', () => {
  for (const each of [picture!, plainPicture(9, 9, [1, 2, 3])]) {
    const features = embed(each)
    assert.deepEqual(unpackFeatures(packFeatures(features)), features)
  }
})

test('bytes that are no features are refused', () => {
  const packed = packFeatures(embed(picture!))
  const ofOtherVersion = Buffer.from(packed)
  ofOtherVersion[0] = 99
  const withMorePoints = Buffer.from(packed)
  withMorePoints.writeUInt16LE(packed.readUInt16LE(4) + 1, 4)
  const damaged = [ofOtherVersion, withMorePoints, packed.subarray(0, -1), packed.subarray(0, 5), Buffer.alloc(0)]
  for (const bytes of damaged) assert.throws(() => unpackFeatures(bytes), /no features/)
})

test('equal pictures have equal features, and within what the index keeps', () => {
  const features = embed(picture!)
  assert.deepEqual(embed({ ...picture!, rgb: picture!.rgb.slice() }), features)
  assert.equal(features.global.length, info.dim)
  const length = Math.hypot(...features.global)
  assert.ok(Math.abs(length - 127) < 4, `its length is ${length}`)
  assert.ok(features.points.count > 20 && features.points.count <= 120)
  assert.ok(features.points.words.every((word) => word < info.words))
})

test('a query has more points, each under several words, the nearest one that which is kept', () => {
  const { points } = embed(picture!)
  const query = embedQuery(picture!)
  assert.ok(query.points.count >= points.count && query.points.count <= 300)
  const first = (at: number) => query.points.words[at * query.points.wordsPerPoint]
  assert.deepEqual(
    Array.from(points.words, (_, at) => first(at)),
    [...points.words],
  )
  const words = query.points.words.subarray(0, query.points.wordsPerPoint)
  assert.equal(new Set(words).size, query.points.wordsPerPoint)
})

test('the mirrored pass has the words of the mirrored picture', () => {
  const { width, height, rgb } = picture!
  const mirrored = Uint8Array.from(rgb, (_, at) => {
    const pixel = Math.floor(at / 3)
    return rgb[(pixel - (pixel % width) + width - 1 - (pixel % width)) * 3 + (at % 3)]!
  })
  const { points } = embed({ width, height, rgb: mirrored })
  const query = embedQuery(picture!).points
  const asked = new Set(query.mirroredWords)
  const known = points.words.filter((word) => asked.has(word)).length
  assert.ok(known > points.count * 0.8, `${known} of ${points.count} words`)
  const straight = new Set(query.words)
  assert.ok(points.words.filter((word) => straight.has(word)).length < known)
})

test('one of the eight hashes of a query is that of the picture turned or mirrored', () => {
  const gray = average(grayOf(picture!), 128, 128)
  const sides = hashesOfAllSides(gray)
  assert.deepEqual(sides[0], hashesOf(gray))
  assert.equal(new Set(sides.map(({ pHash }) => Buffer.from(pHash).toString('hex'))).size, 8)
  for (const side of [turn(gray), turn(turn(gray)), mirror(gray), mirror(turn(gray))]) {
    const hashes = hashesOf(side)
    assert.ok(sides.some(({ pHash, dHash }) => same(pHash, hashes.pHash) && same(dHash, hashes.dHash)))
  }
})

test('a query has the hashes and the vector of what lies within a border too', () => {
  assert.equal(embedQuery(picture!).globals.length, embedQuery(picture!).hashes.length / 8)
  const framed = plainPicture(256, 256, [240, 240, 240])
  for (let y = 0; y < 150; y++) framed.rgb.set(picture!.rgb.subarray(0, 150 * 3), ((y + 50) * 256 + 50) * 3)
  assert.deepEqual([embedQuery(framed).globals.length, embedQuery(framed).hashes.length], [2, 16])
})

test('scales and angles keep to their steps', () => {
  for (const scale of [1, 1.6, 4.2, 60]) assert.ok(Math.abs(scaleOf(scaleByte(scale)) / scale - 1) < 0.025)
  for (const angle of [-3, 0, 1, 6.2, 7]) {
    const off = (angleOf(angleByte(angle)) - angle) / (2 * Math.PI)
    assert.ok(Math.abs(off - Math.round(off)) < 1 / 500)
  }
})

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0
