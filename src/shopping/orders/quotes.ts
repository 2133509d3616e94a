import type { Ctx } from '../../ctx.ts'
import { accountNow } from '../../events/timers/timers.ts'
import { DomainError } from '../../lib/errors.ts'
import { randomText } from '../../lib/ids.ts'
import type { Scope } from '../../products/catalog/product.ts'
import { takeSelected } from '../cart/cart.ts'
import { assertQuantity, findWares, type Ware } from '../cart/ware.ts'
import { quoteCoupon } from '../coupons/coupons.ts'
import { lockAddress } from '../customers/addresses.ts'
import type { Amounts } from './order.ts'
import { orderQuoteDelete, orderQuoteInsert } from './orders.sql.ts'
import { serviceFeeFen, sharesOf } from './shares.ts'

export const ITEMS_MAX = 100
const QUOTE_MS = 15 * 60_000
/** Of each account; an older one is deleted. */
const QUOTES_KEPT = 20
const PURGED_AT_ONCE = 1_000
/** A quote that ended is kept this long, so that its late user is told so. */
const ENDED_KEPT_MS = 24 * 3_600_000

export type OrderItem = { productId: number; skuId: string; quantity: number; remark: string }

/** What a shopper wants to order; without `items` it is what is selected in the cart. */
export type OrderWish = {
  items: readonly OrderItem[] | null
  remark: string
  couponId: number | null
  /** Where the goods shall go to later. */
  addressId: number | null
}

export type QuotedLine = Ware & { quantity: number; remark: string; feeFen: number; discountFen: number }

/** An order with its prices. `cartLines`: those that it takes out of the cart. */
export type Quote = Omit<OrderWish, 'items'> & {
  lines: QuotedLine[]
  cartLines: number[]
  feeBasisPoints: number
  amounts: Amounts
}

/**
 * What an order would cost at `now` of the account's time, by the catalogue's prices. Throws `input_invalid` for an empty wish, one with too many items
 * and a coupon's minimum, `not_found` for what is not on sale, a coupon that was not claimed and an unknown address, and
 * `conflict` for too little stock and a coupon that is used.
 */
export async function quoteOrder(
  ctx: Ctx,
  scope: Scope,
  accountId: number,
  wish: OrderWish,
  now: Date,
): Promise<Quote> {
  const selected = wish.items === null ? await selectedOf(ctx, accountId) : []
  const chosen = wish.items ?? selected
  if (chosen.length === 0) throw new DomainError('input_invalid', 'Nothing is selected in the cart.')
  if (chosen.length > ITEMS_MAX) throw new DomainError('input_invalid', `An order has at most ${ITEMS_MAX} items.`)
  const lines = await priceItems(ctx, scope, chosen)
  const totalFen = lines.reduce((sum, { priceFen, quantity }) => sum + priceFen * quantity, 0)
  const { feeBasisPoints } = ctx.config.orders
  const { remark, couponId, addressId } = wish
  if (addressId !== null) await assertAddress(ctx, accountId, addressId)
  const discountFen =
    couponId === null ? 0 : (await quoteCoupon(ctx.db, { accountId, couponId, totalFen, now })).discountFen
  const shares = sharesOf(lines, { discountFen, feeBasisPoints })
  const feeFen = serviceFeeFen(totalFen, feeBasisPoints)
  return {
    remark,
    couponId,
    addressId,
    lines: lines.map((line, at) => ({ ...line, ...shares[at]! })),
    cartLines: selected.map(({ id }) => id),
    feeBasisPoints,
    amounts: { totalFen, serviceFeeFen: feeFen, discountFen, payableFen: totalFen + feeFen - discountFen },
  }
}

/**
 * Quotes an order and keeps the quote for a quarter of an hour of the account's time, in which `createOrder` honours its prices
 * and its discount. An account has 20 quotes; another one takes the place of the oldest.
 */
export async function previewOrder(
  ctx: Ctx,
  scope: Scope,
  accountId: number,
  wish: OrderWish,
): Promise<Quote & { quoteId: string; expiresAt: Date }> {
  const now = await accountNow(ctx.db, ctx.clock, accountId)
  const quote = await quoteOrder(ctx, scope, accountId, wish, now)
  const quoteId = `q_${randomText(ctx.random, 24)}`
  const expiresAt = new Date(now.getTime() + QUOTE_MS)
  await orderQuoteInsert(ctx.db, { id: quoteId, account_id: accountId, expires_at: expiresAt, quote }, QUOTES_KEPT)
  return { ...quote, quoteId, expiresAt }
}

/** Deletes quotes that ended a day ago, in small steps; answers how many. */
export async function purgeQuotes({ db, clock }: Pick<Ctx, 'db' | 'clock'>): Promise<number> {
  const before = new Date(clock.now().getTime() - ENDED_KEPT_MS)
  for (let purged = 0; ;) {
    const count = await orderQuoteDelete(db, before, PURGED_AT_ONCE)
    purged += count
    if (count < PURGED_AT_ONCE) return purged
  }
}

async function selectedOf(ctx: Ctx, accountId: number) {
  return ctx.db.transaction().execute((tx) => takeSelected(tx, accountId))
}

/** The items with what is known of them now. Throws what keeps them from being bought. */
export async function priceItems(ctx: Ctx, scope: Scope, items: readonly OrderItem[]) {
  const wares = await findWares(ctx, scope, items)
  return items.map((item, at) => {
    const { productId, skuId, quantity, remark } = item
    const same = items.filter((each) => each.productId === productId && each.skuId === skuId)
    const ware = wares[at]!
    assertQuantity(ware, item, quantity, same.reduce((sum, each) => sum + each.quantity, 0) - quantity)
    return { ...ware, quantity, remark }
  })
}

async function assertAddress(ctx: Ctx, accountId: number, addressId: number): Promise<void> {
  const found = await ctx.db.transaction().execute((tx) => lockAddress(tx, accountId, addressId))
  if (!found) throw new DomainError('not_found', `There is no address ${addressId}.`)
}
