import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shareOf } from '../../../src/access/limits/limit-store.ts'
import { memoryStore } from '../../../src/access/limits/memory-store.ts'
import { handClock } from './hand-clock.ts'

const rule = { name: 'minute', windowMs: 60_000, max: 30 } as const

test('the shares of one to five nodes make up the whole, and no node is without', () => {
  const shares = [1, 2, 3, 4, 5].map((nodes) => [30, 7, 2].map((max) => sharesOf(max, nodes).join(' ')))
  assert.deepEqual(shares, [
    ['30', '7', '2'],
    ['15 15', '4 3', '1 1'],
    ['10 10 10', '3 2 2', '1 1 1'],
    ['8 8 7 7', '2 2 2 1', '1 1 1 1'],
    ['6 6 6 6 6', '2 2 1 1 1', '1 1 1 1 1'],
  ])
  assert.equal(shareOf(0, { nodes: 3, rank: 0 }), 0)
})

function sharesOf(max: number, nodes: number): number[] {
  return Array.from({ length: nodes }, (_, rank) => shareOf(max, { nodes, rank }))
}

test('a node lets through its share, and a changed number of nodes applies to the next call', () => {
  let nodes = 4
  const store = memoryStore(handClock(), () => ({ nodes, rank: 1 }))
  const passed = () => {
    let calls = 0
    while (store.take('a', [rule]).denied === -1) calls++
    return calls
  }
  assert.equal(passed(), 8)
  assert.deepEqual(store.take('a', [rule]).standings[0]!.max, 8)
  nodes = 2
  assert.equal(passed(), 15 - 8)
  nodes = 5
  assert.deepEqual(store.take('a', [rule]), {
    denied: 0,
    standings: [{ rule, max: 6, remaining: 0, resetMs: 60_000, startedAtMs: 0 }],
  })
})

test('the edges of a window are exact', async () => {
  const clock = handClock()
  const store = memoryStore(clock, () => ({ nodes: 1, rank: 0 }))
  const one = [{ ...rule, max: 1 }]
  await clock.pass(5)
  store.take('a', one)
  await clock.pass(59_999)
  assert.deepEqual(store.take('a', one), {
    denied: 0,
    standings: [{ rule: one[0], max: 1, remaining: 0, resetMs: 1, startedAtMs: 5 }],
  })
  await clock.pass(1)
  assert.deepEqual(store.take('a', one), {
    denied: -1,
    standings: [{ rule: one[0], max: 1, remaining: 0, resetMs: 60_000, startedAtMs: 60_005 }],
  })
})

test('slots that nobody asks for are forgotten, and never one with a window left', async () => {
  const clock = handClock()
  const store = memoryStore(clock, () => ({ nodes: 1, rank: 0 }))
  const one = [{ ...rule, max: 1 }]
  for (let at = 0; at < 1_000; at++) store.take(`idle ${at}`, one)
  await clock.pass(59_000)
  store.take('late', one)
  // The turn of the slots falls into the window of the late one.
  await clock.pass(1_000)
  store.take('other', one)
  assert.equal(store.take('late', one).denied, 0)
  await clock.pass(58_999)
  assert.equal(store.take('late', one).denied, 0)
  await clock.pass(1_001)
  store.take('other', one)
  assert.equal(store.size, 2)
  await clock.pass(600_000)
  store.take('other', one)
  assert.equal(store.size, 1)
})
