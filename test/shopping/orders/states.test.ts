import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decide } from '../../../src/shopping/orders/decide.ts'
import type { Move, Order, OrderLine } from '../../../src/shopping/orders/order.ts'
import {
  ACTORS,
  allowedActions,
  describeStates,
  isHeld,
  LINE_STATES,
  MOVES,
  ORDER_STATUSES,
  orderStatusOf,
  ruleOf,
  type Actor,
  type LineState,
  type MoveName,
} from '../../../src/shopping/orders/states.ts'

const STATES = Object.keys(LINE_STATES) as LineState[]
const NAMES = Object.keys(MOVES) as MoveName[]

function lineIn(state: LineState, lineNo = 1): OrderLine {
  const { money } = LINE_STATES[state]
  const wasPaid = money === 'paid' || state === 'refunded'
  return {
    lineNo,
    splitOf: null,
    state,
    quantity: 2,
    priceFen: 500,
    feeFen: 100,
    discountFen: 0,
    capturedFen: wasPaid ? 1_100 : 0,
    refundedFen: state === 'refunded' ? 1_100 : 0,
    facts: state === 'price_rise' ? { risenPriceFen: 600 } : {},
  }
}

function orderOf(...states: LineState[]): Order {
  const lines = states.map((state, at) => lineIn(state, at + 1))
  return { id: 7, feeBasisPoints: 500, lines }
}

function moveOf(name: MoveName, actor: Actor, lineNo: number | null = 1): Move {
  const said = { actor, reason: 'because' }
  if (name === 'raise_price') return { ...said, name, lineNo: lineNo!, priceFen: 600 }
  if (name === 'confirm_price') return { ...said, name, lineNo: lineNo!, priceFen: 600 }
  if (name === 'dispatch') return { ...said, name, lineNo, trackingNo: 'T1', carrier: 'post' }
  if (name === 'inspect') {
    return { ...said, name, lineNo: lineNo!, inspection: { result: 'passed', weightGrams: 1, photos: [] } }
  }
  return { ...said, name, lineNo }
}

for (const name of NAMES) {
  test(`${name} is for its actors in its states, and a conflict otherwise`, () => {
    const { from, to, by } = ruleOf(name)
    for (const state of STATES) {
      for (const actor of ACTORS) {
        const decision = decide(orderOf(state), moveOf(name, actor))
        const at = `${actor} in ${state}`
        if (!from.includes(state) || !by.includes(actor)) {
          assert.deepEqual(decision.kind === 'refused' && decision.code, 'conflict', at)
          continue
        }
        assert.ok(decision.kind === 'done', at)
        assert.deepEqual(
          decision.lines.map((line) => line.state),
          [to],
          at,
        )
        assert.deepEqual(
          decision.moves.map(({ lineNo, move, before, after, reason, actor: who }) => [
            lineNo,
            move,
            before,
            after,
            reason,
            who,
          ]),
          [[1, name, state, to, 'because', actor]],
          at,
        )
      }
    }
  })
}

test('the money of a line follows its states: held, then paid, then back; or held, then back', () => {
  const moves: Record<string, readonly string[]> = {
    'held held': ['none', 'hold'],
    'held paid': ['capture'],
    'held back': ['release'],
    'paid paid': ['none'],
    'paid back': ['refund'],
  }
  for (const name of NAMES) {
    const { from, to, money } = ruleOf(name)
    for (const state of from) {
      const way = `${LINE_STATES[state].money} ${LINE_STATES[to].money}`
      assert.ok(moves[way]?.includes(money), `${name} of ${state}: ${way} by ${money}`)
    }
  }
})

test('every state is reached from placed, and those that end an order have no move', () => {
  const reached = new Set<LineState>(['placed'])
  for (const state of reached) {
    for (const name of NAMES) if (ruleOf(name).from.includes(state)) reached.add(ruleOf(name).to)
  }
  assert.deepEqual([...reached].sort(), [...STATES].sort())
  const ends = STATES.filter((state) => !NAMES.some((name) => ruleOf(name).from.includes(state)))
  assert.deepEqual(ends, ['delivered', 'disposed', 'refunded', 'cancelled'])
})

test('an unbought line can always be cancelled by its shopper, and a pending one ends by itself', () => {
  for (const state of STATES) {
    const { status } = LINE_STATES[state]
    assert.equal(ruleOf('cancel').from.includes(state), status === 'pending' || status === 'paid', state)
    assert.equal(ruleOf('expire').from.includes(state), status === 'pending', state)
    assert.equal(isHeld(state), status === 'pending' || status === 'paid', state)
  }
})

const STATUSES: [states: LineState[], status: string][] = [
  [['placed'], 'pending'],
  [['risk_hold', 'accepted'], 'pending'],
  [['needs_info', 'delivered'], 'pending'],
  [['price_rise', 'cancelled'], 'pending'],
  [['accepted', 'purchased'], 'paid'],
  [['accepted', 'cancelled'], 'paid'],
  [['purchased', 'arrived'], 'purchased'],
  [['dispatched', 'arrived'], 'shipped_to_warehouse'],
  [['arrived', 'delivered'], 'in_warehouse'],
  [['arrived', 'refunded'], 'in_warehouse'],
  [['delivered', 'disposed'], 'completed'],
  [['delivered', 'refunded', 'cancelled'], 'completed'],
  [['refunded'], 'completed'],
  [['refunded', 'cancelled'], 'completed'],
  [['cancelled', 'cancelled'], 'cancelled'],
]
for (const [states, status] of STATUSES) {
  test(`an order whose lines are ${states.join(' and ')} is ${status}`, () => {
    assert.equal(orderStatusOf(states), status)
    assert.equal(orderStatusOf(states.toReversed()), status)
  })
}

test('an order is in the least advanced status of its lines, whatever two they are', () => {
  const order = Object.keys(ORDER_STATUSES)
  for (const one of STATES) {
    for (const other of STATES) {
      const places = [one, other].map((state) => order.indexOf(LINE_STATES[state].status))
      assert.equal(orderStatusOf([one, other]), order[Math.min(...places)])
    }
  }
})

test('allowed actions are the moves that would not be a conflict', () => {
  for (const one of STATES) {
    for (const other of STATES) {
      for (const actor of ACTORS) {
        const order = orderOf(one, other)
        const able = NAMES.filter((name) => {
          return [1, 2].some((lineNo) => decide(order, moveOf(name, actor, lineNo)).kind === 'done')
        })
        assert.deepEqual(allowedActions(order, actor), able, `${actor} with ${one} and ${other}`)
      }
    }
  }
})

test('the published table has every status, every state once, and every move where it starts', () => {
  const published = describeStates()
  assert.deepEqual(
    published.map(({ status }) => status),
    Object.keys(ORDER_STATUSES),
  )
  const rows = published.flatMap(({ lineStates }) => lineStates)
  assert.deepEqual(rows.map(({ state }) => state).toSorted(), STATES.toSorted())
  for (const { state, moves } of rows) {
    assert.deepEqual(
      moves.map(({ move }) => move),
      NAMES.filter((name) => ruleOf(name).from.includes(state)),
    )
  }
})
