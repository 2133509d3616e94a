import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { REASONS, type ReasonCode } from '../../../src/risk/list/reasons.ts'
import { TYPES } from '../../../src/risk/normalise/normalised.ts'
import { scoreOf, type Signal } from '../../../src/risk/score/score.ts'

const DAY_MS = 86_400_000
const NOW = new Date('2024-04-15T09:20:00Z')
const daysAgo = (days: number) => new Date(NOW.getTime() - days * DAY_MS)
const daysOn = (days: number) => daysAgo(-days)

function signal(change: Partial<Signal> = {}): Signal {
  return {
    entryId: 1,
    kind: 'adverse',
    isOwn: true,
    type: 'email',
    form: 'exact',
    share: 0,
    reasonCode: 'chargeback',
    party: 'house',
    confidence: 100,
    isDisputed: false,
    firstSeen: daysAgo(31),
    seenAt: daysAgo(31),
    expiresAt: daysOn(700),
    ...change,
  }
}

const scores: [name: string, signals: Signal[], score: number][] = [
  ['nothing', [], 0],
  ['the example: a chargeback of 31 days ago on the own list', [signal()], 85],
  ['the same mailbox, written otherwise', [signal({ form: 'canonical' })], 81],
  ['its network', [signal({ type: 'ip', form: 'network' })], 60],
  ['a look-alike in all keys', [signal({ form: 'near', share: 1 })], 43],
  ['a look-alike in too few keys', [signal({ form: 'near', share: 0.2 })], 0],
  ['a near key of what has none that count', [signal({ type: 'phone', form: 'near', share: 0.9 })], 0],
  ['a source that is half sure', [signal({ confidence: 50 })], 43],
  ['disputed', [signal({ isDisputed: true })], 43],
  ['ended this moment', [signal({ expiresAt: NOW })], 0],
  ['119 days old', [signal({ seenAt: daysAgo(119) })], 85],
  ['120 days old: the first step', [signal({ seenAt: daysAgo(120) })], 80],
  ['a year behind the first 90 days: half', [signal({ seenAt: daysAgo(90 + 366) })], 43],
  ['two parties', [signal(), signal({ entryId: 2, party: 'account:9' })], 98],
  ['one party twice', [signal(), signal({ entryId: 2 })], 85],
  ['one party for two reasons', [signal(), signal({ entryId: 2, reasonCode: 'unpaid' })], 91],
  ['allowed by the asker', [signal(), signal({ entryId: 2, kind: 'allowed' })], 0],
  [
    'a look-alike of one who is allowed',
    [signal(), signal({ entryId: 2, kind: 'allowed', form: 'near', share: 1 })],
    85,
  ],
  ['allowed until a moment ago', [signal(), signal({ entryId: 2, kind: 'allowed', expiresAt: NOW })], 85],
  [
    'doubted by others, allowed by the house',
    [signal({ isOwn: false }), signal({ entryId: 2, kind: 'allowed', isOwn: false })],
    0,
  ],
  ['doubted by the asker, allowed by the house', [signal(), signal({ entryId: 2, kind: 'allowed', isOwn: false })], 85],
]
for (const [name, signals, expected] of scores) {
  test(`${name}: ${expected}`, () => assert.equal(scoreOf(signals, NOW).score, expected))
}

test('the whole of what is said', () => {
  const weak = signal({
    entryId: 2,
    reasonCode: 'abuse',
    firstSeen: daysAgo(500),
    form: 'near',
    share: 1,
    type: 'email',
  })
  const strong = signal({ entryId: 3, firstSeen: daysAgo(40), seenAt: daysAgo(40), party: 'account:4' })
  const { counted, ...rest } = scoreOf([weak, strong], NOW)
  assert.deepEqual(rest, {
    score: 89,
    blacklisted: true,
    category: 'chargeback_user',
    matchType: 'email',
    firstSeen: daysAgo(40),
    isAllowed: false,
    decaysAt: daysOn(80),
  })
  assert.deepEqual(
    counted.map(({ entryId, strength }) => [entryId, Number(strength.toFixed(4))]),
    [
      [3, 0.85],
      [2, 0.25],
    ],
  )
})

test('look-alikes alone raise the score, and blacklist nobody', () => {
  const { score, blacklisted } = scoreOf([signal({ form: 'near', share: 1 })], NOW)
  assert.deepEqual({ score, blacklisted }, { score: 43, blacklisted: false })
})

test('devices and addresses of the network fade four times as fast', () => {
  const old = { seenAt: daysAgo(90 + 90) }
  assert.equal(scoreOf([signal({ ...old, type: 'device' })], NOW).score, 43)
  assert.equal(scoreOf([signal(old)], NOW).score, 72)
})

const anySignal: fc.Arbitrary<Signal> = fc
  .record({
    entryId: fc.integer({ min: 1, max: 40 }),
    isAllowed: fc.integer({ min: 0, max: 20 }).map((one) => one === 0),
    isOwn: fc.boolean(),
    type: fc.constantFrom(...TYPES),
    form: fc.constantFrom('exact', 'canonical', 'network', 'near'),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    reasonCode: fc.constantFrom(...(Object.keys(REASONS) as ReasonCode[])),
    party: fc.constantFrom('house', 'account:1', 'account:2'),
    confidence: fc.integer({ min: 1, max: 100 }),
    isDisputed: fc.boolean(),
    ageDays: fc.integer({ min: 0, max: 2_000 }),
    leftDays: fc.integer({ min: -10, max: 900 }),
  })
  .map(({ isAllowed, ageDays, leftDays, ...rest }) => {
    const seenAt = daysAgo(ageDays)
    return {
      ...rest,
      kind: isAllowed ? 'allowed' : 'adverse',
      seenAt,
      firstSeen: seenAt,
      expiresAt: daysOn(leftDays),
    }
  })
const anySignals = fc.array(anySignal, { maxLength: 12 })

test('an adverse signal more never lowers a score', () => {
  const adverse = anySignal.map((each): Signal => ({ ...each, kind: 'adverse' }))
  fc.assert(
    fc.property(anySignals, adverse, (signals, one) => {
      const [before, after] = [scoreOf(signals, NOW), scoreOf([...signals, one], NOW)]
      assert.ok(after.score >= before.score, `${before.score} became ${after.score}`)
      assert.ok(after.blacklisted || !before.blacklisted)
    }),
    { numRuns: 2_000 },
  )
})

test('a score is a whole number of 0 to 100, whatever the order, and the same each time', () => {
  fc.assert(
    fc.property(anySignals, (signals) => {
      const said = scoreOf(signals, NOW)
      assert.ok(Number.isInteger(said.score) && said.score >= 0 && said.score <= 100)
      assert.equal(said.blacklisted, said.score > 0 && said.counted.some(({ form }) => form !== 'near'))
      const { counted: _, ...turned } = scoreOf(signals.toReversed(), NOW)
      const { counted, ...rest } = said
      const tied = new Set(counted.map(({ strength }) => strength)).size < counted.length
      assert.equal(turned.score, rest.score)
      if (!tied) assert.deepEqual(turned, rest)
      assert.deepEqual(scoreOf(signals, NOW), said)
    }),
    { numRuns: 2_000 },
  )
})

test('a score falls at the moment told and not before', () => {
  const adverse = fc.array(
    anySignal.map((each): Signal => ({ ...each, kind: 'adverse' })),
    { maxLength: 12 },
  )
  fc.assert(
    fc.property(adverse, (signals) => {
      const { score, decaysAt } = scoreOf(signals, NOW)
      assert.equal(decaysAt === null, score === 0)
      if (decaysAt === null) return
      assert.equal(scoreOf(signals, new Date(decaysAt.getTime() - 1)).score, score)
      assert.ok(scoreOf(signals, decaysAt).score < score)
    }),
    { numRuns: 1_000 },
  )
})
