/** What a shopper reads as an order's status, least advanced first; `cancelled` stands beside. */
export const ORDER_STATUSES = {
  pending: 'Placed and its money held, but not accepted yet.',
  paid: 'Accepted for purchase; the money is still held.',
  purchased: 'Bought from the seller and paid for.',
  shipped_to_warehouse: 'On its way from the seller to the warehouse.',
  in_warehouse: 'Arrived at the warehouse.',
  completed: 'Every line is delivered, disposed of or refunded.',
  cancelled: 'Called off; all of its money is back.',
} as const
export type OrderStatus = keyof typeof ORDER_STATUSES

/** The states of a line: the status that each gives its order, where its money is, and what it means. */
export const LINE_STATES = {
  placed: { status: 'pending', money: 'held', means: 'Waits to be looked at.' },
  risk_hold: { status: 'pending', money: 'held', means: 'Waits for a check of the order.' },
  needs_info: { status: 'pending', money: 'held', means: 'Waits for the answer to a question.' },
  price_rise: { status: 'pending', money: 'held', means: 'Costs more than it did; waits for a yes or no.' },
  accepted: { status: 'paid', money: 'held', means: 'Waits to be bought.' },
  purchased: { status: 'purchased', money: 'paid', means: 'Bought from the seller.' },
  dispatched: { status: 'shipped_to_warehouse', money: 'paid', means: 'Sent by the seller.' },
  arrived: { status: 'in_warehouse', money: 'paid', means: 'In the warehouse.' },
  delivered: { status: 'completed', money: 'paid', means: 'With the customer.' },
  disposed: { status: 'completed', money: 'paid', means: 'Disposed of.' },
  refunded: { status: 'completed', money: 'back', means: 'Missing on arrival or not kept; paid back.' },
  cancelled: { status: 'cancelled', money: 'back', means: 'Called off; nothing came.' },
} as const satisfies Record<string, { status: OrderStatus; money: 'held' | 'paid' | 'back'; means: string }>
export type LineState = keyof typeof LINE_STATES

export const ACTORS = ['shopper', 'staff', 'purchaser', 'warehouse', 'seller', 'risk', 'system'] as const
export type Actor = (typeof ACTORS)[number]

/** `hold` keeps what is missing, `capture` takes what it cost and releases the rest, `release` and `refund` give all back. */
export type MoneyMove = 'none' | 'hold' | 'capture' | 'release' | 'refund'

export type MoveRule = {
  from: readonly LineState[]
  to: LineState
  by: readonly Actor[]
  money: MoneyMove
  needsReason: boolean
  /** While a line of the order is in one of these states, the system does not make it; staff may. */
  systemWaits?: readonly LineState[]
  says: string
}

const UNDECIDED = ['placed', 'accepted'] as const
const PENDING = ['placed', 'risk_hold', 'needs_info', 'price_rise'] as const
const UNBOUGHT = [...PENDING, 'accepted'] as const

/** The whole life of an order's line. If a move is not written here, it cannot happen. */
export const MOVES = {
  accept: {
    from: ['placed'],
    to: 'accepted',
    by: ['staff', 'system'],
    money: 'none',
    needsReason: false,
    systemWaits: ['risk_hold'],
    says: 'Accepts the line for purchase; the system does so once no line of the order is being checked.',
  },
  hold_for_risk: {
    from: UNDECIDED,
    to: 'risk_hold',
    by: ['risk', 'staff'],
    money: 'none',
    needsReason: true,
    says: 'Stops the line until it is checked.',
  },
  clear_risk: {
    from: ['risk_hold'],
    to: 'placed',
    by: ['risk', 'staff'],
    money: 'none',
    needsReason: false,
    says: 'Ends the check without a finding.',
  },
  refuse_risk: {
    from: ['risk_hold'],
    to: 'cancelled',
    by: ['risk', 'staff'],
    money: 'release',
    needsReason: true,
    says: 'Cancels the line because of what the check found.',
  },
  ask: {
    from: UNDECIDED,
    to: 'needs_info',
    by: ['purchaser', 'staff'],
    money: 'none',
    needsReason: true,
    says: 'Asks the shopper; the reason is the question.',
  },
  answer: {
    from: ['needs_info'],
    to: 'placed',
    by: ['shopper', 'staff'],
    money: 'none',
    needsReason: true,
    says: 'Answers the question; the reason is the answer.',
  },
  raise_price: {
    from: UNDECIDED,
    to: 'price_rise',
    by: ['purchaser', 'staff'],
    money: 'none',
    needsReason: false,
    says: 'Tells the higher price of one piece, which the shopper confirms or declines.',
  },
  confirm_price: {
    from: ['price_rise'],
    to: 'accepted',
    by: ['shopper'],
    money: 'hold',
    needsReason: false,
    says: 'Agrees to the higher price; the difference is held too.',
  },
  decline_price: {
    from: ['price_rise'],
    to: 'cancelled',
    by: ['shopper'],
    money: 'release',
    needsReason: false,
    says: 'Cancels the line instead of paying more.',
  },
  out_of_stock: {
    from: UNBOUGHT,
    to: 'cancelled',
    by: ['purchaser', 'seller', 'staff'],
    money: 'release',
    needsReason: false,
    says: 'Cancels the line because the seller has none.',
  },
  purchase: {
    from: ['accepted'],
    to: 'purchased',
    by: ['purchaser', 'staff'],
    money: 'capture',
    needsReason: false,
    says: 'Buys all or part of the line at its price or below; pieces that were not bought are cancelled.',
  },
  cancel: {
    from: UNBOUGHT,
    to: 'cancelled',
    by: ['shopper', 'staff', 'system'],
    money: 'release',
    needsReason: false,
    says: 'Cancels the line before it is bought.',
  },
  expire: {
    from: PENDING,
    to: 'cancelled',
    by: ['system'],
    money: 'release',
    needsReason: false,
    says: 'Cancels the line because it was pending for too long.',
  },
  cancel_purchase: {
    from: ['purchased', 'dispatched'],
    to: 'cancelled',
    by: ['seller', 'purchaser', 'staff', 'system'],
    money: 'refund',
    needsReason: true,
    says: 'Cancels the line after it was bought, before it arrived.',
  },
  dispatch: {
    from: ['purchased'],
    to: 'dispatched',
    by: ['seller', 'purchaser', 'staff'],
    money: 'none',
    needsReason: false,
    says: 'Sends the line to the warehouse, with a tracking number and a carrier.',
  },
  arrive: {
    // A seller may send without saying so.
    from: ['purchased', 'dispatched'],
    to: 'arrived',
    by: ['warehouse', 'staff'],
    money: 'none',
    needsReason: false,
    says: 'Receives all or part of the line; missing pieces are refunded.',
  },
  inspect: {
    from: ['arrived'],
    to: 'arrived',
    by: ['warehouse', 'staff'],
    money: 'none',
    needsReason: false,
    says: 'Notes what an inspection found; the line stays where it is.',
  },
  deliver: {
    from: ['arrived'],
    to: 'delivered',
    by: ['system', 'staff'],
    money: 'none',
    needsReason: false,
    says: 'Delivers the line to the customer.',
  },
  dispose: {
    from: ['arrived'],
    to: 'disposed',
    by: ['warehouse', 'staff'],
    money: 'none',
    needsReason: true,
    says: 'Disposes of the line.',
  },
  refund: {
    from: ['arrived'],
    to: 'refunded',
    by: ['staff', 'system'],
    money: 'refund',
    needsReason: true,
    says: 'Pays the line back after it arrived.',
  },
} as const satisfies Record<string, MoveRule>
export type MoveName = keyof typeof MOVES

export function ruleOf(name: MoveName): MoveRule {
  return MOVES[name]
}

const STATUS_ORDER = Object.keys(ORDER_STATUSES) as OrderStatus[]

/** The status of an order: that of its least advanced line. Cancelled lines do not count beside others. */
export function orderStatusOf(states: readonly LineState[]): OrderStatus {
  const places = states.map((state) => STATUS_ORDER.indexOf(LINE_STATES[state].status))
  return STATUS_ORDER[Math.min(...places)]!
}

/** Whether a line's money is held, and not yet paid or back. */
export function isHeld(state: LineState): boolean {
  return LINE_STATES[state].money === 'held'
}

type States = { lines: readonly { state: LineState }[] }

/** Whether a move has to wait for what is open at another line of the order. */
export function hasToWait(order: States, name: MoveName, actor: Actor): boolean {
  const { systemWaits = [] } = ruleOf(name)
  return actor === 'system' && order.lines.some(({ state }) => systemWaits.includes(state))
}

/** The moves that an actor can make on one line of the order or more. */
export function allowedActions(order: States, actor: Actor): MoveName[] {
  return MOVE_NAMES.filter((name) => {
    const { from, by } = ruleOf(name)
    return by.includes(actor) && !hasToWait(order, name, actor) && order.lines.some(({ state }) => from.includes(state))
  })
}

/** Every status with its states of lines, and what can be done in each, by whom, and what it does to the money. */
export function describeStates() {
  const states = Object.keys(LINE_STATES) as LineState[]
  return STATUS_ORDER.map((status) => ({
    status,
    means: ORDER_STATUSES[status],
    lineStates: states
      .filter((state) => LINE_STATES[state].status === status)
      .map((state) => ({
        state,
        means: LINE_STATES[state].means,
        money: LINE_STATES[state].money,
        moves: MOVE_NAMES.filter((name) => ruleOf(name).from.includes(state)).map((name) => {
          const { by, to, money, needsReason, says } = ruleOf(name)
          return { move: name, by, to, money, needsReason, says }
        }),
      })),
  }))
}

const MOVE_NAMES = Object.keys(MOVES) as MoveName[]
