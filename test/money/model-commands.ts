import assert from 'node:assert/strict'
import fc from 'fast-check'
import { DomainError } from '../../src/lib/errors.ts'
import { SYSTEM } from '../../src/money/ledger/accounts.ts'
import type { HoldState } from '../../src/money/ledger/decide.ts'
import type { Offer } from '../../src/money/billing/decide.ts'
import type { SubscriptionState } from '../../src/money/billing/states.ts'

// What may be asked of the books, what they answer, and what they then hold. Two sets of books, one in memory and one in the
// database, are asked the same and compared. Customers are 0 and 1, and their accounts `api:0`, `wallet:1` and so on.

export const START = new Date('2026-01-31T10:00:00.000Z')
export const CUSTOMERS = [0, 1] as const
export const CODES = {
  USD: ['api:0', 'api:1', SYSTEM.payments.USD, SYSTEM.revenue.USD],
  CNY: ['wallet:0', 'wallet:1', SYSTEM.payments.CNY, SYSTEM.revenue.CNY],
} as const

/** Minor units; or all that may be spent just then, and that many more. */
type Amount = { minor: number } | { allAnd: number }

type Ask<A> =
  | { do: 'transfer'; name: string; from: string; to: string; amount: A }
  | { do: 'reverse'; name: string; as: string }
  | { do: 'place'; name: string; account: string; amount: A; days: number | null }
  | { do: 'capture'; hold: string; name: string; to: string; amount: A; rest: 'keep' | 'release' }
  | { do: 'void'; name: string }
  | { do: 'expire' }
  | ({ do: 'preview'; who: number } & Offer)
  /** Late: some minutes after its preview, and as that says. */
  | ({ do: 'subscribe'; who: number; isLate: boolean } & Offer)
  | ({ do: 'cancel'; who: number } & Offer)
  | ({ do: 'resume'; who: number } & Offer)
  | ({ do: 'end'; who: number } & Offer)
  | { do: 'renew' }

/**
 * As drawn: `again` repeats what was asked before, `until` waits for the next thing that is due, less some milliseconds,
 * `running` asks for its verb of the subscription at this place among those that run, `ofHold` for a capture or void of the
 * hold at this place, `ofTransfer` for the reverse of the transfer at this place.
 */
export type Command =
  | Ask<Amount>
  | { do: 'again'; back: number }
  | { do: 'wait'; ms: number }
  | { do: 'until'; lessMs: number }
  | { do: 'running'; place: number; verb: 'cancel' | 'resume' | 'end' }
  | { do: 'ofTransfer'; place: number; as: string }
  | { do: 'ofHold'; place: number; name: string; to: number; amount: Amount; rest: 'keep' | 'release' | 'void' }
/** As asked. */
export type Request = Ask<number>

export type Outcome =
  | { repeated: boolean }
  | { count: number }
  | { renewed: number; ended: number; failed: number }
  | { creditUsdMicros: number; chargeUsdMicros: number; startMs: number; endMs: number }
  | { state: SubscriptionState }
  | { ended: boolean }
  | { refused: string; message: string }
  /** A fault of ours, such as a name with other content. */
  | 'fault'

export type State = {
  /** Balance and what is held of it, of each customer's account. */
  accounts: Record<string, [number, number]>
  transfers: { name: string; from: string; to: string; amount: number; hold: string | null; reverses: string | null }[]
  holds: {
    name: string
    account: string
    amount: number
    captured: number
    state: HoldState
    expiresMs: number | null
  }[]
  subscriptions: {
    who: number
    product: string
    kind: string
    offer: string
    state: SubscriptionState
    price: number
    anchorMs: number
    period: number
    startMs: number
    endMs: number
  }[]
  /** By customer: the plan of each product, and the add-ons. */
  plans: Record<string, string>[]
  addOns: string[][]
  /** Event, customer, and the figures it tells. */
  news: [string, number, Record<string, unknown>][]
}

export const TRANSFER_NAMES = Array.from({ length: 16 }, (_, n) => `t${n}`)

const OFFERS: readonly Offer[] = [
  ...(['starter', 'growth', 'scale', 'payg', 'golden'] as const).map((offer) => plan('item', offer)),
  ...(['risk_shield', 'risk_shield_pro'] as const).map((offer) => plan('risk', offer)),
  plan('sourcing', 'developer'),
  plan('qc', 'pro'),
  { product: 'item', kind: 'add_on', offer: 'high_speed' },
  { product: 'item', kind: 'add_on', offer: 'extra_bandwidth' },
]

function plan(product: Offer['product'], offer: string): Offer {
  return { product, kind: 'plan', offer }
}

const DAY_MS = 86_400_000
const transferName = fc.constantFrom(...TRANSFER_NAMES)
const holdName = fc.integer({ min: 0, max: 5 }).map((n) => `h${n}`)
const amount: fc.Arbitrary<Amount> = fc.oneof(
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 3 }).map((minor) => ({ minor })) },
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 60 }).map((millions) => ({ minor: millions * 1_000_000 })) },
  { weight: 1, arbitrary: fc.integer({ min: -1, max: 1 }).map((allAnd) => ({ allAnd })) },
)
const currency = fc.constantFrom('USD', 'CNY')
const pair = currency.chain((each) => fc.tuple(fc.constantFrom(...CODES[each]), fc.constantFrom(...CODES[each])))
/** Mostly money coming in, as nothing much happens without. */
const route = fc.oneof(
  fc.constantFrom<[string, string]>([SYSTEM.payments.USD, 'api:0'], [SYSTEM.payments.USD, 'api:1']),
  fc.constantFrom<[string, string]>([SYSTEM.payments.CNY, 'wallet:0'], ['api:0', SYSTEM.revenue.USD]),
  pair,
)
const customerCode = fc.constantFrom('api:0', 'wallet:0', 'wallet:0', 'wallet:1')
const offer = fc.record({ who: fc.constantFrom(0, 0, 0, 1), offer: fc.constantFrom(...OFFERS) })
const offered = offer.map(({ who, offer: each }) => ({ who, ...each }))

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(transferName, route, amount)
      .map(([name, [from, to], of]) => ({ do: 'transfer' as const, name, from, to, amount: of })),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reverse' as const), name: transferName, as: transferName }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('place' as const),
      name: holdName,
      account: customerCode,
      amount,
      days: fc.constantFrom(null, 1, 3, 45),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('capture' as const),
      hold: holdName,
      name: transferName,
      to: fc.constantFrom<string>(...CODES.USD.slice(1), ...CODES.CNY.slice(1)),
      amount,
      rest: fc.constantFrom('keep' as const, 'release' as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('ofTransfer' as const), place: fc.nat(15), as: transferName }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('void' as const), name: holdName }) },
  { weight: 2, arbitrary: fc.constant({ do: 'expire' as const }) },
  { weight: 1, arbitrary: offered.map((each) => ({ do: 'preview' as const, ...each })) },
  {
    weight: 6,
    arbitrary: fc.tuple(offered, fc.boolean()).map(([each, isLate]) => ({ do: 'subscribe' as const, isLate, ...each })),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.constantFrom('cancel' as const, 'cancel' as const, 'resume' as const, 'end' as const), offered)
      .map(([verb, each]) => ({ do: verb, ...each })),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('running' as const),
      place: fc.nat(3),
      verb: fc.constantFrom('cancel' as const, 'cancel' as const, 'resume' as const, 'end' as const),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('ofHold' as const),
      place: fc.nat(5),
      name: transferName,
      to: fc.nat(3),
      amount,
      rest: fc.constantFrom('keep' as const, 'keep' as const, 'release' as const, 'void' as const),
    }),
  },
  { weight: 3, arbitrary: fc.constant({ do: 'renew' as const }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('again' as const), back: fc.nat(8) }) },
  {
    weight: 3,
    arbitrary: fc
      .oneof(
        fc.integer({ min: 1, max: 1_800_000 }),
        fc.integer({ min: 1, max: 160 }).map((days) => days * DAY_MS),
      )
      .map((ms) => ({ do: 'wait' as const, ms })),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('until' as const), lessMs: fc.constantFrom(0, 0, 1) }) },
)

/** What accounts begin with, as little can be done without money. */
const opening: fc.Arbitrary<Command[]> = fc
  .record({ 'api:0': fc.nat(800), 'api:1': fc.nat(100), 'wallet:0': fc.nat(10) })
  .map((millions) =>
    Object.entries(millions).flatMap(([to, each]) => {
      const from = SYSTEM.payments[to.startsWith('api') ? 'USD' : 'CNY']
      return each === 0
        ? []
        : [{ do: 'transfer', name: `first-${to.replace(':', '-')}`, from, to, amount: { minor: each * 1_000_000 } }]
    }),
  )

/** Streams of commands, up to 36 long. */
export const streams = fc
  .tuple(opening, fc.array(command, { minLength: 4, maxLength: 33, size: 'max' }))
  .map((parts) => parts.flat())

/** What is asked, now that it is known what is there; null when nothing is. */
export function resolve(drawn: Exclude<Command, { do: 'again' | 'wait' | 'until' }>, state: State): Request | null {
  if (drawn.do === 'running') {
    const running = state.subscriptions.filter((each) => each.state !== 'ended')
    const chosen = running[drawn.place % running.length]
    if (!chosen) return null
    const { who, product, kind, offer } = chosen
    return { do: drawn.verb, who, product, kind, offer } as Request
  }
  if (drawn.do === 'ofTransfer') {
    const transfer = state.transfers[drawn.place % state.transfers.length]
    return transfer ? { do: 'reverse', name: transfer.name, as: drawn.as } : null
  }
  if (drawn.do === 'ofHold') {
    const hold = state.holds[drawn.place % state.holds.length]
    if (!hold) return null
    if (drawn.rest === 'void') return { do: 'void', name: hold.name }
    const to = CODES[hold.account.startsWith('api') ? 'USD' : 'CNY'][drawn.to]!
    const { name, rest } = drawn
    return { do: 'capture', hold: hold.name, name, to, rest, amount: minor(drawn.amount, hold.amount - hold.captured) }
  }
  if (drawn.do === 'transfer') return { ...drawn, amount: minor(drawn.amount, available(state, drawn.from)) }
  if (drawn.do === 'place') return { ...drawn, amount: minor(drawn.amount, available(state, drawn.account)) }
  if (drawn.do === 'capture') {
    const hold = state.holds.find(({ name }) => name === drawn.hold)
    return { ...drawn, amount: minor(drawn.amount, hold ? hold.amount - hold.captured : 1) }
  }
  return drawn
}

function minor(amount: Amount, all: number): number {
  return 'minor' in amount ? amount.minor : Math.max(1, all + amount.allAnd)
}

function available(state: State, code: string): number {
  const [balance, held] = state.accounts[code] ?? [1, 0]
  return balance - held
}

/** When the next hold or subscription is due after `now`; null when none is. */
export function nextDue(state: State, now: Date): number | null {
  const due = [
    ...state.holds.filter((hold) => hold.state === 'open').map(({ expiresMs }) => expiresMs ?? 0),
    ...state.subscriptions.filter((each) => each.state !== 'ended').map(({ endMs }) => endMs),
  ].filter((ms) => ms > now.getTime())
  return due.length === 0 ? null : Math.min(...due)
}

export function expiryOf({ days }: { days: number | null }, now: Date): Date | null {
  return days === null ? null : new Date(now.getTime() + days * DAY_MS)
}

/** A refusal, or a fault of ours, as an outcome; anything else is thrown on. */
export function refusalOf(error: unknown, clean: (text: string) => string = (text) => text): Outcome {
  if (error instanceof DomainError) return { refused: error.code, message: clean(error.message) }
  if (error instanceof assert.AssertionError) return 'fault'
  throw error
}
