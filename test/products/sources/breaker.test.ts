import assert from 'node:assert/strict'
import test from 'node:test'
import { CLOSED, abandonCall, admitCall, afterCall, stateOf } from '../../../src/products/sources/breaker.ts'
import { FULL, earnRetry, spendRetry } from '../../../src/products/sources/retry-budget.ts'
import type { Breaker, Outcome } from '../../../src/products/sources/breaker.ts'

function after(outcomes: Outcome[], nowMs: number, from: Breaker = CLOSED): Breaker {
  return outcomes.reduce((breaker, outcome) => afterCall(breaker, outcome, nowMs), from)
}

test('five faults in a row open it; a good answer in between starts the count again', () => {
  const faults = (count: number): Outcome[] => Array.from({ length: count }, () => 'fault')
  const cases: [Outcome[], string][] = [
    [faults(4), 'closed'],
    [faults(5), 'open'],
    [[...faults(4), 'good', ...faults(4)], 'closed'],
    [Array.from({ length: 9 }, () => 'neutral'), 'closed'],
    [[...faults(4), 'neutral', 'fault'], 'open'],
    [['throttled'], 'open'],
    [['quota'], 'open'],
  ]
  for (const [outcomes, state] of cases) assert.equal(stateOf(after(outcomes, 1_000), 1_000), state, outcomes.join())
})

test('open until the time is over, to the millisecond, then one probe at a time', () => {
  const open = after(['fault', 'fault', 'fault', 'fault', 'fault'], 1_000)
  assert.deepEqual(
    [4_000, 5_999, 6_000].map((nowMs) => [stateOf(open, nowMs), admitCall(open, nowMs).admitted]),
    [
      ['open', false],
      ['open', false],
      ['half_open', true],
    ],
  )
  const probing = admitCall(open, 6_000).breaker
  assert.equal(admitCall(probing, 6_000).admitted, false)
  assert.equal(admitCall(abandonCall(probing), 6_000).admitted, true)
  assert.deepEqual(afterCall(probing, 'neutral', 6_100), open)
  assert.deepEqual(afterCall(probing, 'good', 6_100), CLOSED)
})

test('each failed probe doubles the time, up to the most for its kind', () => {
  const lasts = (outcome: Outcome) => {
    let nowMs = 0
    let breaker = after(['fault', 'fault', 'fault', 'fault'], nowMs)
    return Array.from({ length: 8 }, () => {
      breaker = afterCall(admitCall(breaker, nowMs).breaker, outcome, nowMs)
      const lastsMs = breaker.openUntilMs! - nowMs
      nowMs = breaker.openUntilMs!
      return lastsMs / 1_000
    })
  }
  assert.deepEqual(lasts('fault'), [5, 10, 20, 40, 60, 60, 60, 60])
  assert.deepEqual(lasts('throttled'), [10, 20, 40, 80, 160, 320, 320, 320])
  assert.deepEqual(lasts('quota'), [300, 600, 1_200, 2_400, 3_600, 3_600, 3_600, 3_600])
})

test('calls that end while it is open do not double it, and a quota among them lasts its own time', () => {
  const open = after(['fault', 'fault', 'fault', 'fault', 'fault'], 0)
  const late = after(['fault', 'fault', 'fault'], 100, open)
  assert.deepEqual([late.openUntilMs, late.openings], [5_000, 1])
  assert.equal(afterCall(open, 'quota', 100).openUntilMs, 300_100)
})

test('second tries stay a tenth of the calls, beyond the three that are saved', () => {
  let budget = FULL
  let retries = 0
  for (let call = 0; call < 1_000; call++) {
    budget = earnRetry(budget)
    const left = spendRetry(budget)
    if (!left) continue
    budget = left
    retries += 1
  }
  assert.equal(retries, 102)
})
