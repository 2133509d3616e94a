import { isDeepStrictEqual } from 'node:util'
import type { Ctx } from '../../ctx.ts'
import { accountNow } from '../../events/timers/timers.ts'
import type { Seal, Tx } from '../../lib/db/db.ts'
import { DomainError } from '../../lib/errors.ts'
import type { Scope } from '../../products/catalog/product.ts'
import { removeLines, takeSelected } from '../cart/cart.ts'
import { useCoupon } from '../coupons/coupons.ts'
import { lockAddress } from '../customers/addresses.ts'
import { lockPerson } from '../customers/identifiers.ts'
import { drawNumber } from './number.ts'
import { decidePlacement } from './decide.ts'
import { applyDecision } from './moves.ts'
import { headOf, rowOf, type PlacedLine, type PlacedOrder } from './orders.ts'
import {
  orderInsert,
  orderQuoteById,
  orderQuoteLock,
  orderQuoteUse,
  type OrderRow,
  type QuoteRow,
} from './orders.sql.ts'
import { settleRisk, watchOrder, weighOrder } from './risk.ts'
import { priceItems, quoteOrder, type OrderWish, type Quote, type QuotedLine } from './quotes.ts'

/**
 * Places an order and holds what it costs, line by line; all of it or nothing. With a `quoteId` its prices are those of the
 * quote, as long as there is stock. Throws as `quoteOrder` does; `balance_too_low`; `not_found` for an unknown quote;
 * `conflict` for one that ended or is used, and when the cart changed meanwhile; and as `weighOrder` does.
 */
export async function createOrder(
  ctx: Ctx,
  scope: Scope,
  accountId: number,
  wish: OrderWish | { quoteId: string },
  seal?: Seal<PlacedOrder>,
): Promise<PlacedOrder> {
  const now = await accountNow(ctx.db, ctx.clock, accountId)
  const isPromised = 'quoteId' in wish
  const quote = isPromised
    ? openQuote(await orderQuoteById<Quote>(ctx.db, accountId, wish.quoteId), now)
    : await quoteOrder(ctx, scope, accountId, wish, now)
  // Prices were promised; that there would be any left was not.
  if (isPromised) await priceItems(ctx, scope, quote.lines)
  const { addressId, amounts } = quote
  const risk = await weighOrder(ctx, { accountId, addressId, payableFen: amounts.payableFen, now })
  const orderNo = await drawNumber(ctx.db, 'ORD', now)
  const order = await ctx.db.transaction().execute(async (tx) => {
    if (isPromised) openQuote(await orderQuoteLock<Quote>(tx, accountId, wish.quoteId), now)
    const row = orderOf(quote, { orderNo, accountId, now })
    const lines = quote.lines.map(lineOf)
    const id = await orderInsert(tx, row, lines.map(rowOf))
    if (isPromised) await orderQuoteUse(tx, wish.quoteId, id)
    await redeem(tx, quote, { id, accountId, now })
    await takeFromCart(tx, accountId, quote)
    if (risk) await lockPerson(tx, accountId)
    if (addressId !== null && !(await lockAddress(tx, accountId, addressId))) {
      throw new DomainError('not_found', `There is no address ${addressId}.`)
    }
    const done = decidePlacement(id, quote.lines)
    await applyDecision(ctx, tx, { order: { id, orderNo, accountId }, done, at: now, who: `account:${accountId}` })
    const placed = { ...headOf({ ...row, id }), lines }
    const settled = risk ? await settleRisk(ctx, tx, { order: placed, risk, addressId, at: now }) : placed
    await seal?.(tx, settled)
    return settled
  })
  await watchOrder(ctx, order, addressId)
  return order
}

/** A quote that can still become an order. */
function openQuote(row: QuoteRow<Quote> | null, now: Date): Quote {
  if (!row) throw new DomainError('not_found', 'There is no such quote.')
  if (row.order_id !== null) throw new DomainError('conflict', 'This quote has become an order already.')
  if (row.expires_at <= now) throw new DomainError('conflict', 'This quote has ended; ask for another preview.')
  return row.quote
}

/** The coupon of a quote, which must still take off what was promised. */
async function redeem(
  tx: Tx,
  { couponId, amounts }: Quote,
  { id, accountId, now }: { id: number; accountId: number; now: Date },
): Promise<void> {
  if (couponId === null) return
  const { totalFen } = amounts
  const { discountFen } = await useCoupon(tx, { accountId, couponId, orderId: id, totalFen, now })
  if (discountFen !== amounts.discountFen) throw new DomainError('conflict', 'The coupon has changed meanwhile.')
}

async function takeFromCart(tx: Tx, accountId: number, { cartLines, lines }: Quote): Promise<void> {
  if (cartLines.length === 0) return
  const there = (await takeSelected(tx, accountId)).filter(({ id }) => cartLines.includes(id))
  const ordered = (each: { productId: number; skuId: string; quantity: number }) => [
    each.productId,
    each.skuId,
    each.quantity,
  ]
  if (!isDeepStrictEqual(there.map(ordered), lines.map(ordered))) {
    throw new DomainError('conflict', 'The cart has changed meanwhile; look at it and order again.')
  }
  await removeLines(tx, accountId, cartLines)
}

function lineOf(quoted: QuotedLine, at: number): PlacedLine {
  const { stock: _, minimumOrder: __, ...line } = quoted
  const fresh = { lineNo: at + 1, splitOf: null, state: 'placed', capturedFen: 0, refundedFen: 0, facts: {} } as const
  return { ...line, ...fresh }
}

function orderOf(
  { lines, amounts, feeBasisPoints, remark, couponId, addressId }: Quote,
  { orderNo, accountId, now }: { orderNo: string; accountId: number; now: Date },
): Omit<OrderRow, 'id'> {
  const platforms = new Set(lines.map(({ marketplace }) => marketplace))
  return {
    order_no: orderNo,
    account_id: accountId,
    status: 'pending',
    total_fen: amounts.totalFen,
    service_fee_fen: amounts.serviceFeeFen,
    discount_fen: amounts.discountFen,
    payable_fen: amounts.payableFen,
    platform: platforms.size === 1 ? [...platforms][0]! : 'mixed',
    item_count: lines.length,
    fee_basis_points: feeBasisPoints,
    remark,
    coupon_id: couponId,
    address_id: addressId,
    created_at: now,
    updated_at: now,
  }
}
