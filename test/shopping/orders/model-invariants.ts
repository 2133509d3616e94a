import assert from 'node:assert/strict'
import { holdName } from '../../../src/shopping/orders/decide.ts'
import { ACCEPT_TIMER, EXPIRE_TIMER } from '../../../src/shopping/orders/moves.ts'
import { amountsOf, goodsFen, heldFen, payableFen, type Amounts } from '../../../src/shopping/orders/order.ts'
import {
  LINE_STATES,
  ORDER_STATUSES,
  orderStatusOf,
  ruleOf,
  type LineState,
  type MoveName,
} from '../../../src/shopping/orders/states.ts'
import { COUPONS, SHOPPERS, type LineOf, type OrderState, type State } from './model.ts'

/** What is true of the shop whatever was asked of it. */
export function assertSound(state: State): void {
  assertWallets(state)
  assertHolds(state)
  for (const [id, order] of state.orders.entries()) assertOrder(order, id, state)
  assertMoves(state)
  assertCoupons(state)
  assertTimers(state)
  assertTold(state)
}

function assertWallets({ wallets, transfers, orders }: State): void {
  const entries = new Map<string, number>()
  for (const { from, to, fen } of transfers) {
    assert.ok(fen > 0 && from !== to)
    entries.set(from, (entries.get(from) ?? 0) - fen)
    entries.set(to, (entries.get(to) ?? 0) + fen)
  }
  for (const [who, { balanceFen, heldFen: held }] of wallets.entries()) {
    assert.equal(balanceFen, entries.get(`wallet:${who}`) ?? 0, 'a wallet differs from its entries')
    assert.ok(balanceFen >= held && held >= 0, `a wallet has ${balanceFen} and holds ${held}`)
    const lines = orders.filter((order) => order.who === who).flatMap((order) => order.lines)
    assert.equal(held, sum(lines, heldFen), 'what is held differs from what lines wait to be paid with')
    // Whose money it is does not mix: a sandbox has its own system account.
    const { pays, isPaidBy } = SHOPPERS[who]!
    const others = new Set([`wallet:${who}`, pays, isPaidBy])
    const own = transfers.filter((each) => each.from === `wallet:${who}` || each.to === `wallet:${who}`)
    assert.ok(own.every(({ from, to }) => others.has(from) && others.has(to)))
  }
  assert.equal(
    sum([...entries.values()], (fen) => fen),
    0,
    'the ledger does not add up to zero',
  )
  assertUnique(transfers.map(({ name }) => name))
}

function assertHolds({ holds, orders, transfers }: State): void {
  const open = new Map(holds.filter((hold) => hold.state === 'open').map((hold) => [hold.name, hold.amountFen]))
  const waiting = orders.flatMap(({ lines }, id) =>
    lines.map((line) => ({ name: nameOf(id, line), fen: heldFen(line) })),
  )
  for (const { name, fen } of waiting) assert.equal(open.get(name) ?? 0, fen, 'a hold is not what its line waits with')
  assert.equal(open.size, waiting.filter(({ fen }) => fen > 0).length, 'a hold is open, and no line waits')
  assertUnique(holds.map(({ name }) => name))
  for (const { name, amountFen, capturedFen, state } of holds) {
    const captures = transfers.filter(({ hold }) => hold === name)
    assert.equal(
      capturedFen,
      sum(captures, ({ fen }) => fen),
      `${name} differs from its captures`,
    )
    assert.ok(capturedFen <= amountFen && captures.length <= 1, `${name} is captured beyond its amount, or twice`)
    assert.equal(state === 'captured', capturedFen > 0, name)
  }
}

function assertOrder(order: OrderState, id: number, { transfers }: State): void {
  const { lines, status } = order
  for (const [name, fen] of Object.entries(amountsOf(lines))) assert.equal(order[name as keyof Amounts], fen, name)
  assert.equal(status, orderStatusOf(lines.map((line) => line.state)))
  for (const [at, { lineNo }] of lines.entries()) assert.equal(lineNo, at + 1)
  for (const line of lines) assertLine(line, refundedOf(id, line, transfers))
  const own = transfers.filter(({ name }) => name.startsWith(`order:${id}:`))
  const back = own.filter(({ to }) => to.startsWith('wallet:'))
  assert.equal(
    sum(back, ({ fen }) => fen),
    sum(lines, (line) => line.refundedFen),
    'other refunds than of its lines',
  )
  // Pieces that were split off were paid for under the name of the line that they were part of.
  const roots = Map.groupBy(lines, (line) => rootOf(lines, line))
  for (const [root, family] of roots) {
    const names = new Set(family.map(({ lineNo }) => `${holdName(id, lineNo)}:capture`))
    const captures = own.filter(({ name }) => names.has(name))
    assert.equal(
      sum(family, (line) => line.capturedFen),
      sum(captures, ({ fen }) => fen),
      `line ${root} of order ${id}`,
    )
  }
}

function assertLine(line: LineOf, refundedFen: number): void {
  const { state, quantity, feeFen, discountFen, capturedFen } = line
  const { money } = LINE_STATES[state]
  assert.ok(quantity > 0 && feeFen >= 0 && discountFen >= 0 && discountFen <= goodsFen(line))
  assert.equal(line.refundedFen, refundedFen, 'a line differs from its refunds')
  assert.ok(refundedFen <= capturedFen, 'more is refunded than was captured')
  if (money === 'held') assert.equal(capturedFen, 0)
  if (money === 'paid')
    assert.ok(capturedFen === payableFen(line) && refundedFen === 0, 'not paid for, or not all of it')
  if (money === 'back') assert.equal(capturedFen, refundedFen, 'not all of it is back')
}

function assertMoves({ moves, orders }: State): void {
  const states = new Map<string, LineState>()
  /** What moves say of the money of a line. */
  const flows = new Map<string, number>()
  for (const { order, lineNo, move, actor, before, after, money, moneyFen } of moves) {
    const key = `${order} ${lineNo}`
    const known = states.get(key)
    if (move === 'place') assert.ok(known === undefined && before === null && after === 'placed')
    else {
      const { from, by, to } = ruleOf(move as MoveName)
      assert.ok(from.includes(before!) && by.includes(actor as never), `${actor} made ${move} of ${before}`)
      if (known === undefined) assert.ok(orders[order]!.lines[lineNo - 1]!.splitOf !== null, 'a line came from nowhere')
      else assert.ok(known === before && to === after, `${move} begins where no other ended`)
    }
    states.set(key, after)
    flows.set(`${key} ${money}`, (flows.get(`${key} ${money}`) ?? 0) + moneyFen)
  }
  for (const [id, { lines }] of orders.entries()) {
    for (const line of lines) {
      const { lineNo, state, capturedFen, refundedFen } = line
      const flow = (money: string) => flows.get(`${id} ${lineNo} ${money}`) ?? 0
      assert.equal(states.get(`${id} ${lineNo}`), state)
      if (heldFen(line) > 0) assert.equal(flow('hold'), heldFen(line), 'moves differ from what is held')
      assert.equal(flow('release'), state === 'cancelled' && capturedFen === 0 ? payableFen(line) : 0)
      assert.equal(flow('refund'), refundedFen, 'moves differ from what was refunded')
    }
    const captured = sum(lines, ({ lineNo }) => flows.get(`${id} ${lineNo} capture`) ?? 0)
    assert.equal(
      captured,
      sum(lines, (line) => line.capturedFen),
      'moves differ from what was captured',
    )
  }
}

function assertCoupons({ coupons, claims, orders }: State): void {
  for (const [id, { claimed }] of coupons.entries()) {
    const { limitTotal, limitPerCustomer } = COUPONS[id]!
    const own = claims.filter(({ coupon }) => coupon === id)
    assert.equal(claimed, own.length)
    assert.ok(claimed <= (limitTotal ?? Infinity), 'more are claimed than there are')
    for (const who of SHOPPERS.keys()) assert.ok(own.filter((each) => each.who === who).length <= limitPerCustomer)
  }
  const used = claims.filter(({ usedMs }) => usedMs !== null)
  assertUnique(used.map(({ order }) => String(order)))
  const withCoupon = new Set(used.map(({ order }) => order))
  for (const { order, who } of used) {
    assert.ok(
      orders[order!]!.status !== 'cancelled' && orders[order!]!.who === who,
      'a coupon is kept by a cancelled order',
    )
  }
  for (const [id, { status, discountFen }] of orders.entries()) {
    if (discountFen > 0 && status !== 'cancelled') assert.ok(withCoupon.has(id), 'a discount has no coupon')
  }
}

function assertTimers({ timers, orders }: State): void {
  const [accepting, expiring] = [ACCEPT_TIMER, EXPIRE_TIMER].map(
    (kind) => new Set(timers.filter((timer) => timer.kind === kind).map(({ order }) => order)),
  )
  for (const [id, { status, lines }] of orders.entries()) {
    assert.equal(expiring!.has(id), status === 'pending', 'what is pending ends some time, and nothing else does')
    if (accepting!.has(id)) assert.equal(status, 'pending')
    const [isPlaced, isChecked] = (['placed', 'risk_hold'] as const).map((wanted) =>
      lines.some(({ state }) => state === wanted),
    )
    if (isPlaced && !isChecked) assert.ok(accepting!.has(id), 'nobody will accept this line')
  }
  assert.equal(accepting!.size + expiring!.size, timers.length)
}

function assertTold({ news, moves, orders, tallies, quotes }: State): void {
  const told = news.flatMap(({ body }) => {
    const each = body as { order: number; moves: { lineNo: number; move: string }[] }
    return each.moves.map(({ lineNo, move }) => `${each.order} ${lineNo} ${move}`)
  })
  const made = moves.map(({ order, lineNo, move }) => `${order} ${lineNo} ${move}`)
  assert.equal(told.join(), made.join(), 'news differs from moves')
  for (const [who, tally] of tallies.entries()) {
    const own = orders.filter((order) => order.who === who)
    for (const status of ['all', ...Object.keys(ORDER_STATUSES)]) {
      const count = own.filter((order) => status === 'all' || order.status === status).length
      assert.equal(tally[status] ?? 0, count, 'a tally differs from its orders')
    }
  }
  assertUnique(quotes.filter(({ order }) => order !== null).map(({ order }) => String(order)))
}

function nameOf(id: number, { lineNo, facts }: LineOf): string {
  return holdName(id, lineNo, facts.rises)
}

function refundedOf(id: number, { lineNo }: LineOf, transfers: State['transfers']): number {
  const name = `${holdName(id, lineNo)}:refund`
  return transfers.find((each) => each.name === name)?.fen ?? 0
}

function rootOf(lines: readonly LineOf[], { lineNo, splitOf }: LineOf): number {
  return splitOf === null ? lineNo : rootOf(lines, lines[splitOf - 1]!)
}

function sum<T>(all: readonly T[], of: (each: T) => number): number {
  return all.reduce((total, each) => total + of(each), 0)
}

function assertUnique(names: readonly string[]): void {
  assert.equal(new Set(names).size, names.length, `something is there twice: ${names.join()}`)
}
