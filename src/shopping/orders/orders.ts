import type { Ctx } from '../../ctx.ts'
import type { Db } from '../../lib/db/db.ts'
import { DomainError } from '../../lib/errors.ts'
import type { Order, OrderLine } from './order.ts'
import { orderByNo, orderList, orderNumbersById, type LineRow, type OrderRow } from './orders.sql.ts'
import type { OrderStatus } from './states.ts'

/** An order as its shopper, and whoever works on it, reads it. */
export type PlacedOrder = Omit<Order, 'lines'> & {
  orderNo: string
  accountId: number
  status: OrderStatus
  totalFen: number
  serviceFeeFen: number
  discountFen: number
  payableFen: number
  platform: string
  itemCount: number
  remark: string
  couponId: number | null
  addressId: number | null
  createdAt: Date
  updatedAt: Date
  lines: PlacedLine[]
}

export type PlacedLine = OrderLine & {
  productId: number
  marketplace: string
  listingId: string
  skuId: string
  title: string
  skuName: string
  image: string | null
  remark: string
}

/** Throws `not_found` for a number that is not one of this account's orders. */
export async function getOrder({ db }: Pick<Ctx, 'db'>, accountId: number, orderNo: string): Promise<PlacedOrder> {
  const found = isOrderNo(orderNo) ? await orderByNo(db, orderNo, accountId) : null
  if (!found) throw unknownOrder(orderNo)
  return placedOf(found.order, found.lines)
}

/** A page of an account's orders, newest first, and how many there are in all; without their lines. */
export async function listOrders(
  { db }: Pick<Ctx, 'db'>,
  accountId: number,
  { status, page, limit }: { status: OrderStatus | null; page: number; limit: number },
): Promise<{ orders: Omit<PlacedOrder, 'lines'>[]; total: number }> {
  const { rows, total } = await orderList(db, { accountId, status, limit, offset: (page - 1) * limit })
  return { orders: rows.map(headOf), total }
}

/** The numbers of orders, by the ids that name them in the ledger. */
export async function orderNumbers(db: Db, ids: readonly number[]): Promise<Map<number, string>> {
  return new Map((await orderNumbersById(db, ids)).map(({ id, order_no: orderNo }) => [id, orderNo]))
}

/** Whether a text can be an order's number: the database takes no NUL, say. */
export function isOrderNo(text: string): boolean {
  return /^ORD-\d{8}-\d{3,12}$/.test(text)
}

export function unknownOrder(orderNo: string): DomainError {
  return new DomainError('not_found', `There is no order ${orderNo}.`)
}

export function placedOf(row: OrderRow, lines: readonly LineRow[]): PlacedOrder {
  return { ...headOf(row), lines: lines.map(lineOf) }
}

export function headOf(row: OrderRow): Omit<PlacedOrder, 'lines'> {
  return {
    id: row.id,
    orderNo: row.order_no,
    accountId: row.account_id,
    status: row.status,
    totalFen: row.total_fen,
    serviceFeeFen: row.service_fee_fen,
    discountFen: row.discount_fen,
    payableFen: row.payable_fen,
    platform: row.platform,
    itemCount: row.item_count,
    feeBasisPoints: row.fee_basis_points,
    remark: row.remark,
    couponId: row.coupon_id,
    addressId: row.address_id,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}

function lineOf(row: LineRow): PlacedLine {
  return {
    lineNo: row.line_no,
    splitOf: row.split_of,
    state: row.state,
    productId: row.product_id,
    marketplace: row.marketplace,
    listingId: row.listing_id,
    skuId: row.sku_id,
    title: row.title,
    skuName: row.sku_name,
    image: row.image,
    remark: row.remark,
    quantity: row.quantity,
    priceFen: row.price_fen,
    feeFen: row.fee_fen,
    discountFen: row.discount_fen,
    capturedFen: row.captured_fen,
    refundedFen: row.refunded_fen,
    facts: row.facts,
  }
}

/** A line as it is written. */
export function rowOf(line: PlacedLine): LineRow {
  return {
    line_no: line.lineNo,
    split_of: line.splitOf,
    state: line.state,
    product_id: line.productId,
    marketplace: line.marketplace,
    listing_id: line.listingId,
    sku_id: line.skuId,
    title: line.title,
    sku_name: line.skuName,
    image: line.image,
    remark: line.remark,
    quantity: line.quantity,
    price_fen: line.priceFen,
    fee_fen: line.feeFen,
    discount_fen: line.discountFen,
    captured_fen: line.capturedFen,
    refunded_fen: line.refundedFen,
    facts: line.facts,
  }
}
