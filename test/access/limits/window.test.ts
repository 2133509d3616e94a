import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decide, type Window } from '../../../src/access/limits/window.ts'

const limit = { max: 2, windowMs: 60_000 }

const cases: { name: string; window: Window | null; nowMs: number; expected: object }[] = [
  {
    name: 'the first call begins the window',
    window: null,
    nowMs: 5_000,
    expected: { kind: 'allow', window: { used: 1, startedAtMs: 5_000 }, remaining: 1 },
  },
  {
    name: 'the last unit passes',
    window: { used: 1, startedAtMs: 5_000 },
    nowMs: 6_000,
    expected: { kind: 'allow', window: { used: 2, startedAtMs: 5_000 }, remaining: 0 },
  },
  {
    name: 'one more is refused',
    window: { used: 2, startedAtMs: 5_000 },
    nowMs: 6_000,
    expected: { kind: 'deny', retryAfterSeconds: 59 },
  },
  {
    name: 'a millisecond before the end is refused',
    window: { used: 2, startedAtMs: 0 },
    nowMs: 59_999,
    expected: { kind: 'deny', retryAfterSeconds: 1 },
  },
  {
    name: 'at the end a new window begins',
    window: { used: 2, startedAtMs: 0 },
    nowMs: 60_000,
    expected: { kind: 'allow', window: { used: 1, startedAtMs: 60_000 }, remaining: 1 },
  },
  {
    name: 'a clock that stepped back never asks for more than a window',
    window: { used: 2, startedAtMs: 90_000 },
    nowMs: 0,
    expected: { kind: 'deny', retryAfterSeconds: 60 },
  },
]

for (const { name, window, nowMs, expected } of cases) {
  test(name, () => assert.deepEqual(decide(window, limit, nowMs), expected))
}
