import type { DomainError } from '../../lib/errors.ts'
import { heldFen, payableFen, type LineFacts, type Move, type Order, type OrderLine } from './order.ts'
import { repriced, split } from './shares.ts'
import {
  LINE_STATES,
  ORDER_STATUSES,
  hasToWait,
  orderStatusOf,
  ruleOf,
  type Actor,
  type LineState,
  type MoneyMove,
  type MoveName,
  type OrderStatus,
} from './states.ts'

// What becomes of an order, decided without a clock, a database or a wallet. Whoever applies it has the order locked.

export type Refused = {
  kind: 'refused'
  code: Extract<DomainError['code'], 'conflict' | 'not_found' | 'input_invalid'>
  message: string
}

/** What is to be done to the money, in this order. Each name is used for one thing only, so done again it changes nothing. */
export type LedgerCommand =
  | { do: 'hold'; name: string; amountFen: number }
  /** Takes the amount and releases the rest of the hold. */
  | { do: 'capture'; hold: string; name: string; amountFen: number }
  /** Voids the hold, which keeps the amount. */
  | { do: 'release'; hold: string; amountFen: number }
  /** Pays back of what was captured. */
  | { do: 'refund'; name: string; amountFen: number }

/** A move as it is written down. */
export type MoveRecord = {
  lineNo: number
  move: MoveName | 'place'
  actor: Actor
  reason: string | null
  /** Null for a line that is placed. */
  before: LineState | null
  after: LineState
  money: MoneyMove
  /** What it held, captured or gave back. */
  moneyFen: number
}

export type Done = {
  kind: 'done'
  /** All lines of the order as they are now. One that is new was split from its `splitOf`. */
  lines: readonly OrderLine[]
  ledger: readonly LedgerCommand[]
  /** Null for an order that is placed. */
  before: OrderStatus | null
  after: OrderStatus
  /** Of the time that the order may be pending. It starts anew when a line comes to wait for something else. */
  pendingTimer: 'start' | 'stop' | null
  /** The order is cancelled, and its coupon can be used again. */
  isCouponBack: boolean
  moves: readonly MoveRecord[]
}

/** The name of what is held for a line; `rises` is how often a higher price was agreed to. */
export function holdName(orderId: number, lineNo: number, rises = 0): string {
  return `order:${orderId}:line:${lineNo}${rises === 0 ? '' : `:rise:${rises}`}`
}

/** An order as its customer places it: a line for each item, with its shares, and a hold for each that costs anything. */
export function decidePlacement(
  id: number,
  items: readonly Pick<OrderLine, 'priceFen' | 'quantity' | 'feeFen' | 'discountFen'>[],
): Done {
  const steps = items.map(({ priceFen, quantity, feeFen, discountFen }, place): Step => {
    const fresh = { lineNo: place + 1, splitOf: null, state: 'placed', quantity, priceFen } as const
    const line = { ...fresh, feeFen, discountFen, capturedFen: 0, refundedFen: 0, facts: {} }
    const amountFen = payableFen(line)
    const hold: LedgerCommand = { do: 'hold', name: holdName(id, line.lineNo), amountFen }
    const after = { line, money: 'hold', moneyFen: amountFen } as const
    return { from: null, after, rest: null, ledger: amountFen > 0 ? [hold] : [] }
  })
  const lines = steps.map(({ after }) => after.line)
  return done([], lines, steps, { name: 'place', actor: 'shopper' })
}

/**
 * What a move makes of an order. Refused as `conflict`: no line is in a state for it, the actor may not, what is held does not
 * cover it, or the price that is confirmed is not the one that waits; as `not_found`: the order has no such line; as `input_invalid`: a reason is missing, or the price or the
 * quantity cannot be.
 */
export function decide(order: Order, move: Move): Refused | Done {
  const { by, needsReason } = ruleOf(move.name)
  if (!by.includes(move.actor)) return refused('conflict', `${move.name} is not for the ${move.actor} to do.`)
  if (needsReason && !move.reason?.trim()) return refused('input_invalid', `${move.name} needs a reason.`)
  if (hasToWait(order, move.name, move.actor)) return refused('conflict', `${move.name} waits for another line.`)
  const chosen = chosenLines(order, move)
  if ('kind' in chosen) return chosen

  let { lines } = order
  const steps: Step[] = []
  for (const line of chosen) {
    const step = stepOf({ ...order, lines }, line, move)
    if ('kind' in step) return step
    steps.push(step)
    const { after, rest } = step
    lines = [...lines.map((each) => (each === line ? after.line : each)), ...(rest ? [rest.line] : [])]
  }
  return done(order.lines, lines, steps, move)
}

/** What a decision gives back to the customer, released or refunded. */
export function givenBackFen({ moves }: Pick<Done, 'moves'>): number {
  const back = moves.filter(({ money }) => money === 'release' || money === 'refund')
  return back.reduce((sum, { moneyFen }) => sum + moneyFen, 0)
}

type Change = { line: OrderLine; money: MoneyMove; moneyFen: number }
/** What happens to one line, and to the pieces that are split from it. */
type Step = { from: LineState | null; after: Change; rest: Change | null; ledger: readonly LedgerCommand[] }

function chosenLines({ lines }: Order, { name, lineNo }: Move): Refused | readonly OrderLine[] {
  const { from } = ruleOf(name)
  if (lineNo === null) {
    const able = lines.filter(({ state }) => from.includes(state))
    if (able.length > 0) return able
    const status = statusOf(lines)
    const statuses = from.map((state): OrderStatus => LINE_STATES[state].status)
    if (statuses.includes(status)) return refused('conflict', `No line of this order is ${anyOf(from)}.`)
    const when = anyOf(statuses)
    const why = `This one is ${status}: ${ORDER_STATUSES[status]}`
    return refused('conflict', `${name} is possible only while an order is ${when}. ${why}`)
  }
  const line = lines.find((each) => each.lineNo === lineNo)
  if (!line) return refused('not_found', `The order has no line ${lineNo}.`)
  if (from.includes(line.state)) return [line]
  const why = `Line ${lineNo} is ${line.state}: ${LINE_STATES[line.state].means}`
  return refused('conflict', `${name} is possible only while a line is ${anyOf(from)}. ${why}`)
}

function stepOf(order: Order, line: OrderLine, move: Move): Refused | Step {
  if (move.name === 'purchase') return purchase(order, line, move)
  if (move.name === 'arrive') return arrive(order, line, move)
  if (move.name === 'confirm_price') return confirmPrice(order, line, move)
  if (move.name === 'raise_price') {
    const fault = priceFault(line, move.priceFen)
    if (fault) return fault
    if (move.priceFen <= line.priceFen) return refused('input_invalid', 'The price is not above the one that is held.')
  }
  const { to, money } = ruleOf(move.name)
  const after = { ...line, state: to, facts: factsAfter(line.facts, move) }
  const step = { from: line.state, rest: null }
  if (money === 'release') {
    return { ...step, after: { line: after, money, moneyFen: heldFen(line) }, ledger: releaseOf(order, line) }
  }
  if (money === 'refund') {
    const [change, ledger] = paidBack(order, after)
    return { ...step, after: change, ledger }
  }
  return { ...step, after: { line: after, money: 'none', moneyFen: 0 }, ledger: [] }
}

/** A higher price that was told goes with the state in which it waits for an answer. */
function factsAfter(before: LineFacts, move: Move): LineFacts {
  const { risenPriceFen: _risen, ...facts } = before
  if (move.name === 'ask') return { ...facts, question: move.reason! }
  if (move.name === 'answer') return { ...facts, answer: move.reason! }
  if (move.name === 'raise_price') return { ...facts, risenPriceFen: move.priceFen }
  if (move.name === 'dispatch') return { ...facts, trackingNo: move.trackingNo, carrier: move.carrier }
  if (move.name === 'inspect') return { ...facts, inspection: move.inspection }
  return facts
}

/** The line gets a new hold, as a hold never grows. */
function confirmPrice(order: Order, line: OrderLine, { priceFen }: { priceFen: number }): Refused | Step {
  const { risenPriceFen, rises = 0, ...facts } = line.facts
  if (priceFen !== risenPriceFen) {
    return refused('conflict', `Another price waits for line ${line.lineNo}; look at the order again.`)
  }
  const risen = repriced(order, line, priceFen)
  const after = { ...risen, state: 'accepted' as const, facts: { ...facts, rises: rises + 1 } }
  const amountFen = payableFen(after)
  const moneyFen = amountFen - heldFen(line)
  const hold: LedgerCommand = { do: 'hold', name: holdName(order.id, line.lineNo, rises + 1), amountFen }
  return {
    from: line.state,
    after: { line: after, money: 'hold', moneyFen },
    rest: null,
    ledger: [...releaseOf(order, line), ...(amountFen > 0 ? [hold] : [])],
  }
}

function purchase(
  order: Order,
  line: OrderLine,
  { quantity = line.quantity, priceFen = line.priceFen }: { quantity?: number; priceFen?: number },
): Refused | Step {
  const fault = priceFault(line, priceFen) ?? quantityFault(line, quantity)
  if (fault) return fault
  if (priceFen > line.priceFen) {
    return refused(
      'conflict',
      `What is held for line ${line.lineNo} does not cover this price: raise_price comes first.`,
    )
  }
  const [bought, rest] = parts(order, repriced(order, line, priceFen), quantity)
  const moneyFen = payableFen(bought)
  const hold = holdOf(order, line)
  const name = `${holdName(order.id, line.lineNo)}:capture`
  return {
    from: line.state,
    after: { line: { ...bought, state: 'purchased', capturedFen: moneyFen }, money: 'capture', moneyFen },
    rest: rest && { line: { ...rest, state: 'cancelled' }, money: 'release', moneyFen: payableFen(rest) },
    ledger: moneyFen > 0 ? [{ do: 'capture', hold, name, amountFen: moneyFen }] : releaseOf(order, line),
  }
}

function arrive(order: Order, line: OrderLine, { quantity = line.quantity }: { quantity?: number }): Refused | Step {
  const fault = quantityFault(line, quantity)
  if (fault) return fault
  const [here, missing] = parts(order, line, quantity)
  const after = { line: { ...here, state: 'arrived' as const }, money: 'none' as const, moneyFen: 0 }
  if (!missing) return { from: line.state, after, rest: null, ledger: [] }
  const [rest, ledger] = paidBack(order, { ...missing, state: 'refunded' })
  return { from: line.state, after, rest, ledger }
}

/** A line in two, or whole when `quantity` is all of it. */
function parts({ lines }: Order, line: OrderLine, quantity: number): [OrderLine, OrderLine | null] {
  if (quantity === line.quantity) return [line, null]
  return split(line, quantity, Math.max(...lines.map(({ lineNo }) => lineNo)) + 1)
}

function paidBack({ id }: Order, line: OrderLine): [Change, LedgerCommand[]] {
  const amountFen = line.capturedFen - line.refundedFen
  const refund: LedgerCommand = { do: 'refund', name: `${holdName(id, line.lineNo)}:refund`, amountFen }
  const after = { ...line, refundedFen: line.capturedFen }
  return [{ line: after, money: 'refund', moneyFen: amountFen }, amountFen > 0 ? [refund] : []]
}

function releaseOf(order: Order, line: OrderLine): LedgerCommand[] {
  const amountFen = heldFen(line)
  return amountFen > 0 ? [{ do: 'release', hold: holdOf(order, line), amountFen }] : []
}

function holdOf({ id }: Order, { lineNo, facts }: OrderLine): string {
  return holdName(id, lineNo, facts.rises)
}

type Said = Pick<MoveRecord, 'actor'> & { name: MoveRecord['move']; reason?: string }

function done(
  linesBefore: readonly OrderLine[],
  lines: readonly OrderLine[],
  steps: readonly Step[],
  said: Said,
): Done {
  const before = linesBefore.length === 0 ? null : statusOf(linesBefore)
  const after = statusOf(lines)
  // The end of a check too, as nothing was accepted while it lasted.
  const waits =
    after === 'pending' &&
    steps.some(({ from, after: { line } }) => from === 'risk_hold' || LINE_STATES[line.state].status === 'pending')
  return {
    kind: 'done',
    lines,
    ledger: steps.flatMap(({ ledger }) => ledger),
    before,
    after,
    pendingTimer: waits ? 'start' : before === 'pending' && after !== 'pending' ? 'stop' : null,
    isCouponBack: before !== 'cancelled' && after === 'cancelled',
    moves: steps.flatMap((step) => recordsOf(step, said)),
  }
}

function statusOf(lines: readonly OrderLine[]): OrderStatus {
  return orderStatusOf(lines.map(({ state }) => state))
}

function recordsOf({ from, after, rest }: Step, { name, actor, reason }: Said): MoveRecord[] {
  return [after, ...(rest ? [rest] : [])].map(({ line: { lineNo, state }, money, moneyFen }) => ({
    lineNo,
    move: name,
    actor,
    reason: reason ?? null,
    before: from,
    after: state,
    money: moneyFen === 0 ? 'none' : money,
    moneyFen,
  }))
}

function priceFault({ quantity }: OrderLine, priceFen: number): Refused | null {
  if (Number.isSafeInteger(priceFen) && priceFen > 0 && Number.isSafeInteger(priceFen * quantity)) return null
  return refused('input_invalid', 'A price is a whole number of fen above 0.')
}

function quantityFault({ lineNo, quantity: most }: OrderLine, quantity: number): Refused | null {
  if (Number.isSafeInteger(quantity) && quantity >= 1 && quantity <= most) return null
  return refused('input_invalid', `The quantity of line ${lineNo} is a whole number from 1 to ${most}.`)
}

function anyOf(names: readonly string[]): string {
  const [last, ...others] = [...new Set(names)].toReversed()
  return others.length === 0 ? last! : `${others.toReversed().join(', ')} or ${last}`
}

function refused(code: Refused['code'], message: string): Refused {
  return { kind: 'refused', code, message }
}
