import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openKeptLists } from '../../../src/products/search/kept-lists.ts'

const MINUTE = 60_000

test('a list is kept for ten minutes', () => {
  const kept = openKeptLists<string>()
  kept.keep('a', 'list', { reader: 1, entries: 3, nowMs: 0 })
  assert.equal(kept.find('a', 10 * MINUTE - 1), 'list')
  assert.equal(kept.find('a', 10 * MINUTE), null)
  assert.equal(kept.find('b', 0), null)
})

test('who searches much drops own lists, not those of others', () => {
  const kept = openKeptLists<number>()
  kept.keep('mine', 0, { reader: 1, entries: 1_000, nowMs: 0 })
  for (let at = 0; at < 100; at++) kept.keep(`theirs ${at}`, at, { reader: 2, entries: 1_000, nowMs: 1 })
  assert.equal(kept.find('mine', 2), 0)
  assert.deepEqual(
    Array.from({ length: 100 }, (_, at) => kept.find(`theirs ${at}`, 2)).filter((each) => each !== null),
    Array.from({ length: 20 }, (_, at) => 80 + at),
  )
})

test('all of them together stay within bounds, and one that is kept again counts once', () => {
  const kept = openKeptLists<number>()
  for (let reader = 0; reader < 250; reader++) {
    for (const again of [1, 2]) kept.keep(`of ${reader}`, again, { reader, entries: 1_000, nowMs: 0 })
  }
  assert.equal(kept.find('of 49', 0), null)
  assert.equal(kept.find('of 50', 0), 2)
})
