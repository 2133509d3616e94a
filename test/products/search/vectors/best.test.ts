import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Best } from '../../../../src/products/search/vectors/best.ts'
import { seeded } from './invented.ts'

test('the best few of many, in their order, whatever the scores and the order in which they come', () => {
  const draw = seeded(1)
  for (const [count, size, range] of [
    [0, 5, 10],
    [3, 5, 10],
    [5, 5, 1],
    [5, 5, 1_000_000],
    [2000, 1, 30],
    [2000, 64, 30],
    [2000, 64, 40_000],
    // Beyond what is counted one by one.
    [2000, 64, 1_000_000],
  ] as const) {
    const scores = Int32Array.from({ length: count }, () => draw(range * 2) - range)
    const admits = Uint8Array.from(scores, () => (draw(4) > 0 ? 1 : 0))
    const expected = [...scores.keys()]
      .filter((row) => admits[row] === 1)
      .sort((a, b) => scores[b]! - scores[a]! || a - b)
      .slice(0, size)
    const inRuns = new Best(size)
    for (let row = 0; row < count; row += 700) inRuns.offerRun(row, scores.subarray(row, row + 700), admits)
    assert.deepEqual(inRuns.rows(), expected)
    const oneByOne = new Best(size)
    for (let row = count - 1; row >= 0; row--) if (admits[row] === 1) oneByOne.offer(row, scores[row]!)
    assert.deepEqual(oneByOne.rows(), expected)
  }
})
