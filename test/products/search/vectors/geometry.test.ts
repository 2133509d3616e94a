import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scaleByte } from '../../../../src/products/search/embedder/features.ts'
import { fit, mirrored, type Pair } from '../../../../src/products/search/vectors/geometry.ts'
import { changed, type Change, invent, seeded } from './invented.ts'

/** What is found of a picture of 40 points in a query made from it, with so many pairs of points that only look alike. */
function fitOf(change: Change, wrongPairs: number, seed = 1) {
  const draw = seeded(seed)
  const picture = invent(draw, undefined, 40)
  const query = changed(picture, draw, change)
  const { frames } = picture.points
  const frameOf = (point: number) => new DataView(frames.buffer).getUint32(point * 4, true)
  const pairs: Pair[] = Array.from({ length: query.points.count }, (_, point) => ({
    point,
    frame: frameOf(point),
    bits: draw(10),
  }))
  for (let wrong = 0; wrong < wrongPairs; wrong++) {
    pairs.push({ point: draw(query.points.count), frame: frameOf(draw(40)), bits: draw(18) })
  }
  const asked = { width: query.width, height: query.height, frames: query.points.frames }
  return fit(pairs, change.mirror ? mirrored(asked) : asked)
}

const CHANGES: Change[] = [
  {},
  { turn: Math.PI / 2 },
  { turn: Math.PI },
  { turn: -0.17 },
  { scale: 0.4 },
  { scale: 2.5, shiftX: 300, shiftY: -200 },
  { mirror: true },
  { mirror: true, turn: 2, scale: 0.7, shiftX: 30 },
]

for (const change of CHANGES) {
  test(`one fit carries a picture onto itself, changed by ${JSON.stringify(change)}, among pairs that do not belong`, () => {
    const { inliers, spread } = fitOf(change, 25)
    assert.ok(inliers >= 36, `${inliers} of 40`)
    assert.ok(spread > 0.6 && spread <= 1, `${spread}`)
  })
}

test('what is framed alike is not moved, and what is not is moved by as much as its farthest corner', () => {
  const moved = (change: Change) => Math.round(fitOf(change, 0).moved * 20) / 20
  assert.deepEqual(
    [{}, { mirror: true }, { shiftX: 64 }, { scale: 2 }, { turn: Math.PI }].map(moved),
    [0, 0, 0.25, 0.35, 1.4],
  )
})

test('pairs at random have no fit worth the name', () => {
  const inliers = Array.from({ length: 200 }, (_, seed) => fitOf({ keep: 1 }, 0, seed).inliers)
  assert.deepEqual(new Set(inliers), new Set([1]))
  const draw = seeded(5)
  for (let round = 0; round < 200; round++) {
    const [query, picture] = [invent(draw), invent(draw)]
    const pairs = Array.from({ length: 25 }, () => ({
      point: draw(60),
      frame: new DataView(picture.points.frames.buffer).getUint32(draw(60) * 4, true),
      bits: draw(18),
    }))
    const asked = changed(query, draw, {})
    const found = fit(pairs, { width: 256, height: 256, frames: asked.points.frames })
    assert.ok(found.inliers <= 4, `${found.inliers} of 25`)
  }
})

test('points in one place count once, on either side', () => {
  const frame = (x: number, y: number) => x | (y << 8) | (16 << 16)
  const query = { width: 256, height: 256, frames: new Float32Array([10, 10, 2, 0, 10.5, 10, 2, 0, 200, 60, 2, 0]) }
  const pair = (point: number, x: number, y: number): Pair => ({ point, frame: frame(x, y), bits: 0 })
  // Two of the query in one place, and one of the query that looks like three of the picture.
  assert.equal(fit([pair(0, 20, 20), pair(1, 20, 21), pair(2, 210, 70)], query).inliers, 2)
  assert.equal(fit([pair(2, 210, 70), pair(2, 214, 70), pair(2, 210, 74)], query).inliers, 1)
  assert.deepEqual(fit([], query), { inliers: 0, spread: 0, moved: 0 })
})

test('what fills a part of the other is spread; a badge or a strip on both is not', () => {
  const draw = seeded(6)
  /** Points in a box of the query that stand in another box of the picture. */
  const spreadOf = (query: [width: number, height: number], picture: [width: number, height: number]) => {
    const places = Array.from({ length: 40 }, () => [draw(101) / 100, draw(101) / 100] as const)
    const scale = picture[0] / query[0]
    const frames = places.flatMap(([x, y]) => [x * query[0], y * query[1], 4, 0])
    const pairs = places.map(([x, y], point) => ({
      point,
      frame: Math.round(x * picture[0]) | (Math.round(y * picture[1]) << 8) | (scaleByte(4 * scale) << 16),
      bits: 0,
    }))
    return fit(pairs, { width: 256, height: 256, frames: Float32Array.from(frames) }).spread
  }
  assert.ok(spreadOf([60, 60], [240, 240]) > 0.8)
  assert.ok(spreadOf([240, 240], [60, 60]) > 0.8)
  assert.ok(spreadOf([30, 30], [30, 30]) < 0.13)
  assert.ok(spreadOf([250, 30], [250, 30]) < 0.13)
})

test('a pattern that fits onto itself in many ways proves nothing', () => {
  // A grid of equal points on either side, as of stripes, letters or tiles: each looks like all the others.
  const grid = Array.from({ length: 36 }, (_, at) => [20 + (at % 6) * 40, 20 + Math.floor(at / 6) * 40] as const)
  const frames = Float32Array.from(grid.flatMap(([x, y]) => [x, y, 4, 0]))
  const pairs = grid.flatMap((_, point) => grid.map(([x, y]) => ({ point, frame: x | (y << 8) | (32 << 16), bits: 0 })))
  assert.equal(fit(pairs, { width: 256, height: 256, frames }).inliers, 0)
})
