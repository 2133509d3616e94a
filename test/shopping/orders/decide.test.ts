import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  decide,
  decidePlacement,
  givenBackFen,
  type Done,
  type LedgerCommand,
  type Refused,
} from '../../../src/shopping/orders/decide.ts'
import { heldFen, payableFen, type Move, type Order } from '../../../src/shopping/orders/order.ts'
import { sharesOf } from '../../../src/shopping/orders/shares.ts'
import { LINE_STATES, MOVES, ruleOf, type MoveName } from '../../../src/shopping/orders/states.ts'

const LINE = { splitOf: null, state: 'placed', capturedFen: 0, refundedFen: 0, facts: {} } as const
const PLACE = { move: 'place', actor: 'shopper', reason: null, before: null, after: 'placed', money: 'hold' } as const

const PLACED = place(
  [
    { priceFen: 29_900, quantity: 2 },
    { priceFen: 100, quantity: 3 },
  ],
  { discountFen: 1_000, feeBasisPoints: 500 },
)

function place(items: { priceFen: number; quantity: number }[], terms: Parameters<typeof sharesOf>[1]): Done {
  const shares = sharesOf(items, terms)
  return decidePlacement(
    7,
    items.map((item, at) => ({ ...item, ...shares[at]! })),
  )
}

/** An order after moves that are all done. */
function after(...moves: Move[]): Order {
  return moves.reduce((order, move) => ({ ...order, lines: done(decide(order, move)).lines }), orderOf(PLACED))
}

function orderOf({ lines }: Pick<Done, 'lines'>): Order {
  return { id: 7, feeBasisPoints: 500, lines }
}

function done(decision: Refused | Done): Done {
  assert.ok(decision.kind === 'done', JSON.stringify(decision))
  return decision
}

/** What a decision makes of lines: their states, quantities and prices. */
function linesOf({ lines }: Pick<Order, 'lines'>) {
  return lines.map(({ state, quantity, priceFen }) => [state, quantity, priceFen])
}

const ACCEPT: Move = { name: 'accept', actor: 'staff', lineNo: null }
const PURCHASE = { name: 'purchase', actor: 'purchaser', lineNo: null } as const
const RAISE = { name: 'raise_price', actor: 'purchaser', lineNo: 1, priceFen: 30_000 } as const
const CONFIRM = { name: 'confirm_price', actor: 'shopper', lineNo: 1, priceFen: 30_000 } as const

test('a placed order holds what each line costs', () => {
  // 601.00 of goods, a fee of 5 % in whole yuan, and 10.00 off, shared by 598 and 3.
  assert.deepEqual(PLACED, {
    kind: 'done',
    lines: [
      { ...LINE, lineNo: 1, quantity: 2, priceFen: 29_900, feeFen: 3_085, discountFen: 995 },
      { ...LINE, lineNo: 2, quantity: 3, priceFen: 100, feeFen: 15, discountFen: 5 },
    ],
    ledger: [
      { do: 'hold', name: 'order:7:line:1', amountFen: 61_890 },
      { do: 'hold', name: 'order:7:line:2', amountFen: 310 },
    ],
    before: null,
    after: 'pending',
    pendingTimer: 'start',
    isCouponBack: false,
    moves: [
      { ...PLACE, lineNo: 1, moneyFen: 61_890 },
      { ...PLACE, lineNo: 2, moneyFen: 310 },
    ],
  })
})

test('a line that costs nothing holds nothing', () => {
  const free = place([{ priceFen: 100, quantity: 1 }], { discountFen: 100, feeBasisPoints: 0 })
  assert.deepEqual([free.ledger, free.moves[0]!.money], [[], 'none'])
  const bought = done(decide(orderOf(done(decide(orderOf(free), ACCEPT))), PURCHASE))
  assert.deepEqual([bought.ledger, bought.lines[0]!.state], [[], 'purchased'])
  const back = { name: 'cancel_purchase', actor: 'seller', lineNo: null, reason: 'none left' } as const
  assert.deepEqual(done(decide(orderOf(bought), back)).ledger, [])
})

test('of a part that is bought at a lower price only that is paid, and the other pieces are cancelled', () => {
  const bought = done(decide(after(ACCEPT), { ...PURCHASE, lineNo: 1, quantity: 1, priceFen: 20_000 }))
  assert.deepEqual(linesOf(bought), [
    ['purchased', 1, 20_000],
    ['accepted', 3, 100],
    ['cancelled', 1, 20_000],
  ])
  // The fee of 403.00 is 21.00, of which the other line bears 0.15; the piece has half of the rest, rounded up.
  const amountFen = 20_000 + 1_043 - 498
  assert.deepEqual(bought.ledger, [
    { do: 'capture', hold: 'order:7:line:1', name: 'order:7:line:1:capture', amountFen },
  ])
  assert.deepEqual(
    bought.moves.map(({ lineNo, before, after: to, money, moneyFen }) => [lineNo, before, to, money, moneyFen]),
    [
      [1, 'accepted', 'purchased', 'capture', amountFen],
      [3, 'accepted', 'cancelled', 'release', 20_000 + 1_042 - 497],
    ],
  )
  assert.deepEqual([bought.after, bought.isCouponBack], ['paid', false])
})

test('what is missing on arrival is paid back', () => {
  // Of a fee of 0.15 and a discount of 0.05, the missing third bears 0.05 and 0.02.
  const short = done(decide(after(ACCEPT, PURCHASE), { name: 'arrive', actor: 'warehouse', lineNo: 2, quantity: 2 }))
  assert.deepEqual(linesOf(short), [
    ['purchased', 2, 29_900],
    ['arrived', 2, 100],
    ['refunded', 1, 100],
  ])
  assert.deepEqual(short.ledger, [{ do: 'refund', name: 'order:7:line:3:refund', amountFen: 103 }])
  assert.equal(givenBackFen(short), 103)
  assert.deepEqual(
    [short.lines[1]!.capturedFen, short.lines[2]!.capturedFen, short.lines[2]!.refundedFen],
    [207, 103, 103],
  )
})

test('a higher price waits for its shopper, who agrees and has it held anew', () => {
  const raised = done(decide(after(ACCEPT), RAISE))
  assert.deepEqual([raised.after, raised.pendingTimer, raised.ledger], ['pending', 'start', []])
  assert.deepEqual(raised.lines[0]!.facts, { risenPriceFen: 30_000 })
  const confirmed = done(decide(orderOf(raised), CONFIRM))
  // 603.00 of goods: the fee is 31.00 as before.
  assert.deepEqual(confirmed.ledger, [
    { do: 'release', hold: 'order:7:line:1', amountFen: 61_890 },
    { do: 'hold', name: 'order:7:line:1:rise:1', amountFen: 62_090 },
  ])
  assert.deepEqual(
    confirmed.moves.map(({ money, moneyFen }) => [money, moneyFen]),
    [['hold', 200]],
  )
  assert.deepEqual([confirmed.after, confirmed.pendingTimer], ['paid', 'stop'])
  assert.deepEqual(confirmed.lines[0]!.facts, { rises: 1 })

  const again = after(ACCEPT, RAISE, CONFIRM, { ...RAISE, priceFen: 30_001 }, { ...CONFIRM, priceFen: 30_001 })
  const bought = done(decide(again, { ...PURCHASE, lineNo: 1 }))
  assert.equal((bought.ledger[0] as { hold: string }).hold, 'order:7:line:1:rise:2')
})

test('a higher price that is declined cancels the line alone, and the last line the order', () => {
  const declined = done(decide(after(ACCEPT, RAISE), { name: 'decline_price', actor: 'shopper', lineNo: null }))
  assert.deepEqual(linesOf(declined), [
    ['cancelled', 2, 29_900],
    ['accepted', 3, 100],
  ])
  assert.deepEqual(declined.ledger, [{ do: 'release', hold: 'order:7:line:1', amountFen: 61_890 }])
  assert.deepEqual([declined.after, declined.pendingTimer, declined.isCouponBack], ['paid', 'stop', false])
  const last = done(decide(orderOf(declined), { name: 'cancel', actor: 'shopper', lineNo: null }))
  assert.deepEqual([last.after, last.isCouponBack, givenBackFen(last)], ['cancelled', true, 310])
})

const REFUSED: [what: string, order: Order, move: Move, code: Refused['code']][] = [
  ['a line that there is not', after(), { name: 'accept', actor: 'staff', lineNo: 3 }, 'not_found'],
  ['a price above the one that is held', after(ACCEPT), { ...PURCHASE, priceFen: 29_901 }, 'conflict'],
  ['more than was ordered', after(ACCEPT), { ...PURCHASE, lineNo: 1, quantity: 3 }, 'input_invalid'],
  ['none', after(ACCEPT), { ...PURCHASE, lineNo: 1, quantity: 0 }, 'input_invalid'],
  ['half a piece', after(ACCEPT), { ...PURCHASE, lineNo: 1, quantity: 0.5 }, 'input_invalid'],
  ['a price of nothing', after(ACCEPT), { ...PURCHASE, lineNo: 1, priceFen: 0 }, 'input_invalid'],
  ['half a fen', after(ACCEPT), { ...PURCHASE, lineNo: 1, priceFen: 0.5 }, 'input_invalid'],
  ['a rise to the same price', after(), { ...RAISE, priceFen: 29_900 }, 'input_invalid'],
  ['a rise beyond what can be counted', after(), { ...RAISE, priceFen: 2 ** 52 }, 'input_invalid'],
  [
    'more than was bought',
    after(ACCEPT, PURCHASE),
    { name: 'arrive', actor: 'staff', lineNo: 1, quantity: 3 },
    'input_invalid',
  ],
  ['a line in another state', after(ACCEPT), { name: 'accept', actor: 'staff', lineNo: 1 }, 'conflict'],
]
for (const [what, order, move, code] of REFUSED) {
  test(`${move.name} is refused for ${what}: ${code}`, () => {
    const decision = decide(order, move)
    assert.deepEqual(decision.kind === 'refused' && decision.code, code)
  })
}

for (const name of (Object.keys(MOVES) as MoveName[]).filter((each) => ruleOf(each).needsReason)) {
  test(`${name} needs a reason that says something`, () => {
    for (const reason of [undefined, '', ' \n']) {
      const decision = decide(after(), {
        name,
        actor: ruleOf(name).by[0]!,
        lineNo: null,
        ...(reason !== undefined && { reason }),
      } as Move)
      assert.deepEqual(decision.kind === 'refused' && decision.code, 'input_invalid')
    }
  })
}

/** A wallet and its holds, as far as an order touches them. */
function book(commands: readonly LedgerCommand[]) {
  const holds = new Map<string, number>()
  const names = new Set<string>()
  let paidFen = 0
  for (const command of commands) {
    const name = command.do === 'release' ? `void of ${command.hold}` : command.name
    assert.ok(!names.has(name), `${name} twice`)
    names.add(name)
    const held = command.do === 'capture' || command.do === 'release' ? holds.get(command.hold)! : 0
    if (command.do === 'hold') holds.set(name, command.amountFen)
    if (command.do === 'capture') assert.ok(command.amountFen <= held)
    if (command.do === 'release') assert.equal(command.amountFen, held)
    if (command.do === 'capture' || command.do === 'release') holds.delete(command.hold)
    if (command.do === 'capture') paidFen += command.amountFen
    if (command.do === 'refund') paidFen -= command.amountFen
  }
  return { heldFen: [...holds.values()].reduce((sum, fen) => sum + fen, 0), paidFen }
}

const names = Object.keys(MOVES) as MoveName[]
const lives = fc.record({
  items: fc.array(
    fc.record({ priceFen: fc.integer({ min: 1, max: 50_000 }), quantity: fc.integer({ min: 1, max: 9 }) }),
    {
      minLength: 1,
      maxLength: 4,
    },
  ),
  feeBasisPoints: fc.integer({ min: 0, max: 2_000 }),
  percent: fc.integer({ min: 0, max: 100 }),
  moves: fc.array(
    fc.record({
      name: fc.constantFrom(...names),
      lineNo: fc.oneof(fc.constant(null), fc.integer({ min: 1, max: 6 })),
      quantity: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
      share: fc.double({ min: 0.1, max: 2, noNaN: true }),
    }),
    { maxLength: 40 },
  ),
})

test('whatever is done to an order, the money follows its lines, and all of what is not kept comes back', () => {
  fc.assert(
    fc.property(lives, ({ items, feeBasisPoints, percent, moves }) => {
      const totalFen = items.reduce((sum, { priceFen, quantity }) => sum + priceFen * quantity, 0)
      const discountFen = Math.floor((totalFen * percent) / 100)
      const placed = place(items, { discountFen, feeBasisPoints })
      let order: Order = { ...orderOf(placed), feeBasisPoints }
      const commands = [...placed.ledger]
      const apply = (move: Move) => {
        const decision = decide(order, move)
        if (decision.kind === 'refused') return
        order = { ...order, lines: decision.lines }
        commands.push(...decision.ledger)
        assertBooked(order, commands)
      }
      for (const { share, ...each } of moves) {
        const line = order.lines.find(({ lineNo }) => lineNo === each.lineNo) ?? order.lines[0]!
        const said = { actor: ruleOf(each.name).by[0]!, reason: 'because', ...each }
        apply({ ...said, priceFen: Math.ceil(line.priceFen * share) } as Move)
      }
      for (const name of ['cancel', 'cancel_purchase', 'refund'] as const) {
        apply({ name, actor: 'staff', lineNo: null, reason: 'the end' })
      }
      const kept = order.lines.filter(({ state }) => LINE_STATES[state].money === 'paid')
      assert.ok(kept.every(({ state }) => state === 'delivered' || state === 'disposed'))
      assert.deepEqual(book(commands), { heldFen: 0, paidFen: kept.reduce((sum, line) => sum + payableFen(line), 0) })
    }),
    { numRuns: 2_000 },
  )
})

function assertBooked({ lines }: Order, commands: readonly LedgerCommand[]): void {
  const sum = (of: (line: Order['lines'][number]) => number) => lines.reduce((total, line) => total + of(line), 0)
  const paidFen = sum(({ capturedFen, refundedFen }) => capturedFen - refundedFen)
  assert.deepEqual(book(commands), { heldFen: sum(heldFen), paidFen })
  for (const { refundedFen, capturedFen } of lines) assert.ok(refundedFen >= 0 && refundedFen <= capturedFen)
}
