import { DomainError, type ErrorCode } from '../../../src/lib/errors.ts'
import { SYSTEM } from '../../../src/money/ledger/accounts.ts'
import type { HoldState } from '../../../src/money/ledger/decide.ts'
import type { NewCoupon } from '../../../src/shopping/coupons/coupons.ts'
import type { Amounts, Move, OrderLine } from '../../../src/shopping/orders/order.ts'
import type { LineState, OrderStatus } from '../../../src/shopping/orders/states.ts'
import { BACKPACK, PLAIN, SHOES, WHOLESALE } from '../cart/shelf.ts'

// A shop that is kept twice, in memory and in the database, is asked the same and compared. Whatever the database numbers in its
// own way goes by its place here: orders, coupons and quotes from 0 on, shoppers 0 and 1.

export const START = new Date('2026-03-01T10:00:00.000Z')
export const DAY_MS = 86_400_000

/** One is a customer; the other a sandbox, with a clock of its own. */
export const SHOPPERS = [
  { isSandbox: false, offsetMs: 0, pays: SYSTEM.revenue.CNY, isPaidBy: SYSTEM.payments.CNY },
  { isSandbox: true, offsetMs: 5 * 3_600_000, pays: SYSTEM.sandbox.CNY, isPaidBy: SYSTEM.sandbox.CNY },
] as const

export const TERMS = { feeBasisPoints: 500, acceptMinutes: 10, pendingHours: 72 }

/** What is on sale. Prices that do not divide well, a stock that ends, a minimum. */
export const WARES = [
  { productId: SHOES, skuId: 's001', priceFen: 29_999, stock: 50, minimumOrder: 1 },
  { productId: BACKPACK, skuId: 's010', priceFen: 1_890, stock: 3, minimumOrder: 1 },
  { productId: WHOLESALE, skuId: '7457316795223', priceFen: 89, stock: 2_414, minimumOrder: 2 },
  { productId: PLAIN, skuId: '0', priceFen: 1, stock: null, minimumOrder: 1 },
] as const

const COUPON = { minOrderFen: 0, maxDiscountFen: null, limitTotal: null, actor: 'model' }
export const COUPONS: readonly Omit<NewCoupon, 'isSandbox' | 'name'>[] = [
  { ...COUPON, type: 'percentage', value: 15, maxDiscountFen: 2_001, expiresAt: after(40), limitPerCustomer: 2 },
  { ...COUPON, type: 'fixed', value: 700, minOrderFen: 500, expiresAt: after(40), limitTotal: 1, limitPerCustomer: 1 },
  { ...COUPON, type: 'percentage', value: 100, expiresAt: after(2), limitTotal: 3, limitPerCustomer: 2 },
]

function after(days: number): Date {
  return new Date(START.getTime() + days * DAY_MS)
}

/** The place of one that is not on sale is behind the last. */
export type Item = { ware: number; quantity: number }
/** Without items it is the cart's. */
export type Wish = { who: number; items: readonly Item[] | null; coupon: number | null }

export type Ask =
  | ({ do: 'order' } & Wish)
  | ({ do: 'preview' } & Wish)
  | { do: 'order_quote'; who: number; quote: number }
  | ({ do: 'fill_cart'; who: number } & Item)
  | { do: 'claim'; who: number; coupon: number }
  | { do: 'withdraw'; coupon: number }
  | { do: 'credit'; who: number; fen: number }
  /** `who` is null for those who work on everybody's orders. */
  | { do: 'move'; who: number | null; order: number; move: Move }
  | { do: 'timers' }

/** Something that is asked once, however often it is sent. */
export type Message = { id: number; ask: Ask }

/** The process dies before or after its transaction has committed, and the answer is lost. */
export type Crash = 'before' | 'after' | null

export type Outcome = { answer: Answer; isReplay: boolean } | 'lost'

export type Answer =
  | { refused: ErrorCode }
  | OrderState
  | { order: OrderState; givenBackFen: number }
  | (Amounts & { quote: number; expiresMs: number; shares: [number, number][] })
  | { quantity: number }
  | { claimedMs: number }
  | { withdrawnMs: number }
  | { repeated: boolean }
  | { ran: number }

/** Whether it is sent with an idempotency key. Staff looks at what became of it before it tries again. */
export function isKeyed(ask: Ask): boolean {
  return mayCrash(ask) && 'who' in ask && ask.who !== null
}

/** Whether it is work in one transaction, that can be ended just before its commit. */
export function mayCrash({ do: what }: Ask): boolean {
  return ['order', 'order_quote', 'fill_cart', 'claim', 'move'].includes(what)
}

/** As the shoppers' routes answer. */
export function statusOf(answer: Answer): number {
  if (!('refused' in answer)) return 200
  return { conflict: 409, balance_too_low: 402, not_found: 404, input_invalid: 400 }[answer.refused as string] ?? 500
}

export function refusalOf(error: unknown): Answer {
  if (error instanceof DomainError) return { refused: error.code }
  throw error
}

export type OrderState = Amounts & {
  who: number
  status: OrderStatus
  createdMs: number
  updatedMs: number
  lines: LineOf[]
}

export type LineOf = OrderLine & { ware: number }

export type MoveOf = {
  order: number
  lineNo: number
  move: string
  actor: string
  reason: string | null
  before: LineState | null
  after: LineState
  money: string
  moneyFen: number
  atMs: number
}

export type State = {
  orders: OrderState[]
  moves: MoveOf[]
  /** By shopper, as everything that has no `who`. */
  wallets: { balanceFen: number; heldFen: number }[]
  holds: { name: string; amountFen: number; capturedFen: number; state: HoldState }[]
  transfers: { name: string; from: string; to: string; fen: number; hold: string | null }[]
  coupons: { claimed: number; withdrawnMs: number | null }[]
  claims: { coupon: number; who: number; order: number | null; usedMs: number | null; claimedMs: number }[]
  timers: { kind: string; order: number; who: number; dueMs: number; tries: number }[]
  news: { who: number; event: string; atMs: number; body: Record<string, unknown> }[]
  tallies: Record<string, number>[]
  carts: Item[][]
  quotes: { who: number; order: number | null; expiresMs: number }[]
}
