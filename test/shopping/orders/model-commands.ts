import fc from 'fast-check'
import type { Move } from '../../../src/shopping/orders/order.ts'
import {
  ACTORS,
  LINE_STATES,
  MOVES,
  ruleOf,
  type Actor,
  type LineState,
  type MoveName,
} from '../../../src/shopping/orders/states.ts'
import {
  COUPONS,
  DAY_MS,
  SHOPPERS,
  WARES,
  type Ask,
  type Crash,
  type OrderState,
  type State,
  type Wish,
} from './model.ts'

// What may happen, drawn before it is known what is there then; `resolve` makes of it what is asked.

/** All of a line or a part of it; and quantities and prices that cannot be. */
type Part = 'all' | 'part' | 'none' | 'more'
type Price = 'same' | 'lower' | 'higher' | 'steep' | 'none'

type DrawnMove = {
  do: 'move'
  /** Counted from the newest; with an aim, of those that can still move. */
  order: number
  /** One of all the moves that its lines can make just then, or any. */
  aim: { place: number } | { name: MoveName; actor: Actor; lineNo: number }
  quantity: Part
  price: Price
  isMute: boolean
  isWholeOrder: boolean
  /** Asked by the other shopper. */
  isStranger: boolean
}

/** `mine` is one that the shopper can use, if there is any. */
type DrawnWish = Omit<Wish, 'coupon'> & { coupon: Wish['coupon'] | 'mine' }
type DrawnQuote = { do: 'order_quote'; back: number; isStranger: boolean }
type Drawn =
  | Exclude<Ask, { do: 'move' | 'order_quote' | 'order' | 'preview' }>
  | ({ do: 'order' } & DrawnWish)
  | ({ do: 'preview' } & DrawnWish)
  | DrawnQuote
  | DrawnMove

/**
 * `send`: late is after whatever comes next. `again`: an earlier message is delivered once more. `until`: the next timer that is due,
 * less some milliseconds, and timers run.
 */
export type Event =
  | { do: 'send'; drawn: Drawn; crash: Crash; isLate: boolean }
  | { do: 'again'; back: number }
  | { do: 'wait'; ms: number }
  | { do: 'until'; lessMs: number }

const MOVE_NAMES = Object.keys(MOVES) as MoveName[]
/** Several times, as else most lines would end before they were bought. */
const ONWARD: Partial<Record<MoveName, number>> = {
  accept: 4,
  purchase: 8,
  dispatch: 4,
  arrive: 4,
  clear_risk: 3,
  answer: 3,
  confirm_price: 6,
}

const BY_STATE = new Map<LineState, MoveName[]>(
  (Object.keys(LINE_STATES) as LineState[]).map((state) => [
    state,
    MOVE_NAMES.filter((name) => ruleOf(name).from.includes(state)).flatMap((name) =>
      Array.from({ length: ONWARD[name] ?? 1 }, () => name),
    ),
  ]),
)

const who = fc.constantFrom(0, 0, 1)
const item = fc.record({
  ware: fc.oneof(
    { weight: 20, arbitrary: fc.nat(WARES.length - 1) },
    { weight: 1, arbitrary: fc.constant(WARES.length) },
  ),
  quantity: fc.constantFrom(1, 2, 2, 2, 3, 3, 4),
})
const items = fc.oneof(
  { weight: 12, arbitrary: fc.array(item, { minLength: 1, maxLength: 3 }) },
  { weight: 1, arbitrary: fc.constant(null) },
)
const coupon = fc.nat(COUPONS.length - 1)
const wish = {
  who,
  items,
  coupon: fc.oneof({ weight: 6, arbitrary: fc.constantFrom(null, 'mine' as const) }, { weight: 1, arbitrary: coupon }),
}
const actor = fc.constantFrom(...ACTORS)
const aim = fc.oneof(
  { weight: 5, arbitrary: fc.record({ place: fc.nat(200) }) },
  {
    weight: 1,
    arbitrary: fc.record({ name: fc.constantFrom(...MOVE_NAMES), actor, lineNo: fc.integer({ min: 1, max: 4 }) }),
  },
)

const drawnMove: fc.Arbitrary<DrawnMove> = fc.record({
  do: fc.constant('move' as const),
  order: fc.constantFrom(0, 0, 0, 1, 1, 2, 3, 4, 6),
  aim,
  quantity: fc.constantFrom<Part[]>('all', 'all', 'all', 'part', 'part', 'part', 'none', 'more'),
  price: fc.constantFrom<Price[]>('same', 'same', 'lower', 'higher', 'higher', 'steep', 'none'),
  isMute: rarely(12),
  isWholeOrder: rarely(3),
  isStranger: rarely(12),
})

const drawn: fc.Arbitrary<Drawn> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('order' as const), ...wish }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('preview' as const), ...wish }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('order_quote' as const), back: fc.nat(1), isStranger: rarely(8) }),
  },
  { weight: 1, arbitrary: item.map((each) => ({ do: 'fill_cart' as const, who: each.quantity % 2, ...each })) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('claim' as const), who, coupon }) },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 1, max: 90_000 }).map((fen) => ({ do: 'credit' as const, who: fen % 2, fen })),
  },
  { weight: 20, arbitrary: drawnMove },
)

const crash = fc.constantFrom<Crash[]>(null, null, null, null, null, null, 'before', 'after')

const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 30, arbitrary: fc.record({ do: fc.constant('send' as const), drawn, crash, isLate: rarely(8) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('again' as const), back: fc.nat(12) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(60_000, 900_000, DAY_MS) }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('until' as const), lessMs: fc.constantFrom(0, 0, 0, 1) }) },
  {
    weight: 1,
    arbitrary: fc
      .oneof(fc.constant({ do: 'timers' as const }), fc.record({ do: fc.constant('withdraw' as const), coupon }))
      .map(send),
  },
)

function send(each: Drawn): Event {
  return { do: 'send', drawn: each, crash: null, isLate: false }
}

function rarely(outOf: number): fc.Arbitrary<boolean> {
  return fc.nat(outOf - 1).map((number) => number === 1)
}

/** What shoppers begin with, as nothing much happens without money and coupons. */
const opening: fc.Arbitrary<Event[]> = fc
  .tuple(fc.constantFrom(1_500_000, 150_000), fc.constantFrom(500_000, 3_000))
  .map((fens) => [
    ...fens.map((fen, each) => send({ do: 'credit', who: each, fen })),
    ...SHOPPERS.map((_, each) => send({ do: 'claim', who: each, coupon: 0 })),
  ])
const OPENING_LENGTH = 2 * SHOPPERS.length

/** Streams of so many events. */
export function streams(length: number): fc.Arbitrary<Event[]> {
  const rest = length - OPENING_LENGTH
  const others = fc.array(event, { minLength: rest, maxLength: rest, size: 'max' })
  // Biased to small numbers, they would come to less.
  return fc.noBias(fc.tuple(opening, others).map((parts) => parts.flat()))
}

/** What is asked, now that it is known what is there; null when there is nothing to ask it of. */
export function resolve(drawn: Drawn, state: State): Ask | null {
  if (drawn.do === 'order_quote') {
    const place = state.quotes.length - 1 - drawn.back
    const quote = state.quotes[place]
    return quote ? { do: 'order_quote', who: asker(quote, drawn), quote: place } : null
  }
  if (drawn.do === 'order' || drawn.do === 'preview') return { ...drawn, coupon: couponOf(drawn, state) }
  if (drawn.do !== 'move') return drawn
  const places = [...state.orders.keys()].filter((at) => 'name' in drawn.aim || movesOf(state.orders[at]!).length > 0)
  const place = places.at(-1 - (drawn.order % places.length))
  if (place === undefined) return null
  const order = state.orders[place]!
  const move = moveOf(drawn, order)
  if (move.actor === 'shopper') return { do: 'move', who: asker(order, drawn), order: place, move }
  // Some of orders that there are not.
  return { do: 'move', who: null, order: drawn.isStranger ? state.orders.length : place, move }
}

function couponOf({ who, coupon }: DrawnWish, { claims }: State): number | null {
  if (coupon !== 'mine') return coupon
  return claims.find((each) => each.who === who && each.usedMs === null)?.coupon ?? null
}

function asker({ who }: { who: number }, { isStranger }: { isStranger: boolean }): number {
  return isStranger ? 1 - who : who
}

function moveOf({ aim, quantity, price, isMute, isWholeOrder }: DrawnMove, order: OrderState): Move {
  const { name, actor, lineNo } = 'name' in aim ? aim : aimed(movesOf(order), aim.place)
  const line = order.lines.find((each) => each.lineNo === lineNo)
  const said = { actor, ...(!isMute && { reason: `why ${name}` }) }
  const pieces = quantity !== 'all' && line ? { quantity: quantityOf(quantity, line.quantity) } : {}
  const priceFen = priceOf(price, line?.priceFen ?? 1)
  const whole = isWholeOrder ? null : lineNo
  if (name === 'raise_price') return { ...said, name, lineNo, priceFen }
  // One fen is not the price that waits.
  if (name === 'confirm_price') {
    const { risenPriceFen = 1 } = line?.facts ?? {}
    return { ...said, name, lineNo, priceFen: price === 'none' ? 1 : risenPriceFen }
  }
  if (name === 'purchase') {
    return { ...said, name, lineNo: whole, ...pieces, ...(price !== 'same' && price !== 'higher' && { priceFen }) }
  }
  if (name === 'arrive') return { ...said, name, lineNo: whole, ...pieces }
  if (name === 'dispatch') return { ...said, name, lineNo: whole, trackingNo: 'T 1', carrier: 'post' }
  if (name === 'inspect') {
    const inspection = { result: 'passed', weightGrams: 120, photos: ['a.webp'] }
    return { ...said, name, lineNo, inspection }
  }
  return { ...said, name, lineNo: whole }
}

/** The moves that lines of the order can make, those onward several times. */
function movesOf({ lines }: OrderState): { name: MoveName; lineNo: number }[] {
  return lines.flatMap(({ state, lineNo }) => BY_STATE.get(state)!.map((name) => ({ name, lineNo })))
}

function aimed(all: readonly { name: MoveName; lineNo: number }[], place: number) {
  const chosen = all[place % all.length]!
  const { by } = ruleOf(chosen.name)
  return { ...chosen, actor: by[place % by.length]! }
}

function quantityOf(part: Part, all: number): number {
  return { all, part: Math.ceil(all / 2), none: 0, more: all + 1 }[part]
}

function priceOf(price: Price, fen: number): number {
  const fens = {
    same: fen,
    lower: Math.ceil((fen * 2) / 3),
    higher: fen + Math.ceil(fen / 4),
    steep: fen * 30,
    none: 0,
  }
  return fens[price]
}

/** When the next timer is due by the common clock after `now`; null when none is. */
export function nextDue({ timers }: State, now: Date): number | null {
  const due = timers.map(({ dueMs, who }) => dueMs - SHOPPERS[who]!.offsetMs).filter((ms) => ms > now.getTime())
  return due.length === 0 ? null : Math.min(...due)
}
