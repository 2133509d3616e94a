import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MOVES, ruleOf, type MoveName } from '../../../src/shopping/orders/states.ts'
import { run, runSeed, SEED } from './simulation.ts'

const STREAMS = 20_000
const EVENTS = 36
const MOVE_NAMES = Object.keys(MOVES) as MoveName[]
const KEYED = ['order', 'order_quote', 'fill_cart', 'claim', 'cancel', 'answer', 'confirm_price', 'decline_price']

/** What the streams must come to, or they prove little. */
const MUST_MEET = [
  ...['done', 'conflict', 'not_found', 'input_invalid', 'balance_too_low'].map((kind) => `order ${kind}`),
  ...['done', 'conflict', 'not_found', 'balance_too_low'].map((kind) => `order_quote ${kind}`),
  ...['done', 'conflict', 'not_found', 'input_invalid'].flatMap((kind) => [`fill_cart ${kind}`, `preview ${kind}`]),
  ...['done', 'conflict', 'not_found'].map((kind) => `claim ${kind}`),
  ...['order', 'order_quote', 'fill_cart', 'claim', ...MOVE_NAMES].flatMap((name) => [
    `${name} crash before`,
    `${name} crash after`,
  ]),
  ...KEYED.map((name) => `${name} replay`),
  ...MOVE_NAMES.flatMap((name) => [`${name} done`, `${name} conflict`, `${name} not_found`]),
  ...MOVE_NAMES.filter((name) => ruleOf(name).needsReason).map((name) => `${name} input_invalid`),
  ...['purchase', 'arrive', 'raise_price'].map((name) => `${name} input_invalid`),
  'purchase splits',
  'arrive splits',
  'confirm_price balance_too_low',
  'coupon back',
  'timers accept',
  'timers expire',
  'timers done',
  'withdraw done',
  'credit done',
]

test(`${STREAMS} streams of ${EVENTS} events leave the shop in memory sound`, { timeout: 240_000 }, async (t) => {
  t.diagnostic(`SEED=${SEED}`)
  const met = new Map<string, number>()
  for (let n = 0; n < STREAMS; n++) await runSeed({ seed: SEED + n, events: EVENTS }, (stream) => run(stream, { met }))
  assert.deepEqual(
    MUST_MEET.filter((kind) => !met.has(kind)),
    [],
  )
})
