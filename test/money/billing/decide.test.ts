import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  decideCancel,
  decideRenewal,
  decideResume,
  decideSubscribe,
  type Subscription,
} from '../../../src/money/billing/decide.ts'
import { monthsAfter, periodOf, unusedUsdMicros } from '../../../src/money/billing/periods.ts'
import { assertMove, isMove } from '../../../src/money/billing/states.ts'

const USD = 1_000_000
const at = (time: string) => new Date(`${time}Z`)
const START = at('2026-01-31T10:00:00.000')
const END = at('2026-02-28T10:00:00.000')

const STARTER: Subscription = {
  id: 7,
  accountId: 1001,
  product: 'item',
  kind: 'plan',
  offer: 'starter',
  state: 'active',
  priceUsdMicros: 19 * USD,
  anchorAt: START,
  period: 0,
  ...periodOf(START, 0),
}
const plan = (offer: string, product: 'qc' | 'item' = 'item') => ({ product, kind: 'plan', offer }) as const

test('months are counted from the anchor, so that none drifts', () => {
  const days = (anchor: string, ...months: number[]) =>
    months.map((count) => monthsAfter(at(anchor), count).toISOString().slice(0, 16))
  assert.deepEqual(days('2026-01-31T23:59:00', 0, 1, 2, 3, 12, 13), [
    '2026-01-31T23:59',
    '2026-02-28T23:59',
    '2026-03-31T23:59',
    '2026-04-30T23:59',
    '2027-01-31T23:59',
    '2027-02-28T23:59',
  ])
  assert.deepEqual(days('2028-01-30T00:00:00', 1, 2), ['2028-02-29T00:00', '2028-03-30T00:00'])
  assert.deepEqual(days('2028-02-29T12:00:00', 1, 12, 48), ['2028-03-29T12:00', '2029-02-28T12:00', '2032-02-29T12:00'])
  assert.deepEqual(days('2026-12-15T00:00:00', 1), ['2027-01-15T00:00'])
})

test('periods follow each other without a gap, each from 28 to 31 days', () => {
  const anchor = fc.date({ min: at('2020-01-01T00:00:00'), max: at('2040-01-01T00:00:00'), noInvalidDate: true })
  fc.assert(
    fc.property(anchor, fc.nat(240), (anchorAt, period) => {
      const { periodStartAt, periodEndAt } = periodOf(anchorAt, period)
      assert.deepEqual(periodOf(anchorAt, period + 1).periodStartAt, periodEndAt)
      const days = (periodEndAt.getTime() - periodStartAt.getTime()) / 86_400_000
      assert.ok(days >= 28 && days <= 31, String(days))
      assert.equal(periodStartAt.getTime() % 86_400_000, anchorAt.getTime() % 86_400_000)
    }),
  )
})

test('the unused share goes by milliseconds, and a fraction of a micro is the customer’s', () => {
  const period = { periodStartAt: new Date(0), periodEndAt: new Date(3) }
  assert.deepEqual(
    [-1, 0, 1, 2, 3, 4].map((ms) => unusedUsdMicros(100, period, new Date(ms))),
    [100, 100, 67, 34, 0, 0],
  )
  const half = new Date((START.getTime() + END.getTime()) / 2)
  assert.equal(unusedUsdMicros(19 * USD, periodOf(START, 0), half), 9.5 * USD)
  // Beyond 2^53 on the way.
  assert.equal(unusedUsdMicros(299 * USD, periodOf(START, 0), new Date(START.getTime() + 1_000)), 299 * USD - 123)
})

test('a first subscription costs its price and begins now', () => {
  assert.deepEqual(decideSubscribe(plan('starter'), null, START), {
    kind: 'purchase',
    priceUsdMicros: 19 * USD,
    replaces: null,
    purchase: { creditUsdMicros: 0, chargeUsdMicros: 19 * USD, periodStartAt: START, periodEndAt: END },
  })
  const addOn = decideSubscribe({ product: 'item', kind: 'add_on', offer: 'high_speed' }, null, START)
  assert.ok(addOn.kind === 'purchase')
  assert.equal(addOn.purchase.chargeUsdMicros, 15 * USD)
})

test('a dearer plan replaces the other at once, less what is unused', () => {
  const half = new Date((START.getTime() + END.getTime()) / 2)
  for (const state of ['active', 'cancelling'] as const) {
    const current = { ...STARTER, state }
    assert.deepEqual(decideSubscribe(plan('growth'), current, half), {
      kind: 'purchase',
      priceUsdMicros: 79 * USD,
      replaces: current,
      purchase: { creditUsdMicros: 9.5 * USD, chargeUsdMicros: 69.5 * USD, ...periodOf(half, 0) },
    })
  }
  const late = decideSubscribe(plan('growth'), STARTER, at('2026-07-01T00:00:00'))
  assert.ok(late.kind === 'purchase')
  assert.equal(late.purchase.creditUsdMicros, 0)
})

const refusals: { name: string; decided: unknown; code: string; message: string }[] = [
  {
    name: 'an unknown plan',
    decided: decideSubscribe(plan('golden'), null, START),
    code: 'input_invalid',
    message: 'There is no plan golden of item.',
  },
  {
    name: 'an unknown add-on',
    decided: decideSubscribe({ product: 'item', kind: 'add_on', offer: 'starter' }, null, START),
    code: 'input_invalid',
    message: 'There is no add-on starter of item.',
  },
  {
    name: 'a plan that staff give',
    decided: decideSubscribe(plan('pro', 'qc'), null, START),
    code: 'input_invalid',
    message: 'pro of qc is not on sale; staff give it.',
  },
  {
    name: 'a free plan',
    decided: decideSubscribe(plan('payg'), STARTER, START),
    code: 'input_invalid',
    message: 'payg of item costs nothing: cancel the subscription to fall back to the free plan.',
  },
  {
    name: 'the same plan',
    decided: decideSubscribe(plan('starter'), STARTER, START),
    code: 'conflict',
    message: 'starter of item is subscribed already.',
  },
  {
    name: 'the same plan, cancelled',
    decided: decideSubscribe(plan('starter'), { ...STARTER, state: 'cancelling' }, START),
    code: 'conflict',
    message: 'starter of item is subscribed until 2026-02-28T10:00:00.000Z; resume it instead (account resume-plan).',
  },
  {
    name: 'a plan no dearer',
    decided: decideSubscribe(plan('starter'), { ...STARTER, offer: 'growth', priceUsdMicros: 79 * USD }, START),
    code: 'conflict',
    message:
      'starter of item is no dearer than growth: cancel that first, then subscribe when it ends, 2026-02-28T10:00:00.000Z.',
  },
  {
    name: 'cancelling twice',
    decided: decideCancel({ ...STARTER, state: 'cancelling' }),
    code: 'conflict',
    message: 'starter of item is cancelled already; it ends 2026-02-28T10:00:00.000Z.',
  },
  {
    name: 'resuming what is not cancelled',
    decided: decideResume(STARTER, START),
    code: 'conflict',
    message: 'starter of item is not cancelled.',
  },
  {
    name: 'resuming what is over',
    decided: decideResume({ ...STARTER, state: 'cancelling' }, END),
    code: 'conflict',
    message: 'starter of item is over; subscribe again.',
  },
]
for (const { name, decided, code, message } of refusals) {
  test(`refused: ${name}`, () => assert.deepEqual(decided, { kind: 'refused', code, message }))
}

test('cancelling and resuming move the state', () => {
  assert.deepEqual(decideCancel(STARTER), { kind: 'move', state: 'cancelling' })
  const before = new Date(END.getTime() - 1)
  assert.deepEqual(decideResume({ ...STARTER, state: 'cancelling' }, before), { kind: 'move', state: 'active' })
})

test('what is due is renewed while the balance covers it, one period at a time', () => {
  const price = STARTER.priceUsdMicros
  const before = new Date(END.getTime() - 1)
  assert.equal(decideRenewal(STARTER, price, before), null)
  const next = { kind: 'renew', period: 1, periodStartAt: END, periodEndAt: at('2026-03-31T10:00:00') }
  assert.deepEqual(decideRenewal(STARTER, price, END), next)
  assert.deepEqual(decideRenewal(STARTER, price, at('2030-01-01T00:00:00')), next)
  assert.deepEqual(decideRenewal(STARTER, price - 1, END), { kind: 'end', why: 'lapsed' })
  assert.deepEqual(decideRenewal({ ...STARTER, state: 'cancelling' }, price, END), { kind: 'end', why: 'cancelled' })
  assert.equal(decideRenewal({ ...STARTER, state: 'ended' }, price, END), null)
})

test('the moves of a subscription', () => {
  const states = ['active', 'cancelling', 'ended'] as const
  const moves = states.flatMap((from) => states.filter((to) => isMove(from, to)).map((to) => `${from} > ${to}`))
  assert.deepEqual(moves, ['active > cancelling', 'active > ended', 'cancelling > active', 'cancelling > ended'])
  assert.throws(() => assertMove('ended', 'active'), /a subscription that is ended cannot become active/)
})
