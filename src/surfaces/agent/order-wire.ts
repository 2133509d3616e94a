import { type Static, Type } from 'typebox'
import type { PlacedLine, PlacedOrder } from '../../shopping/orders/orders.ts'
import type { Quote } from '../../shopping/orders/quotes.ts'
import { allowedActions, LINE_STATES, MOVES, ORDER_STATUSES } from '../../shopping/orders/states.ts'
import { absoluteUrl } from '../urls.ts'
import { Yuan, wireTime, yuanNumber } from './wire.ts'

const keysOf = <T extends object>(table: T) => Object.keys(table) as (keyof T & string)[]

export const Status = Type.Enum(keysOf(ORDER_STATUSES))
const Action = Type.Enum(keysOf(MOVES))

const WireItem = Type.Object({
  lineNo: Type.Integer(),
  productId: Type.Integer(),
  title: Type.String(),
  skuId: Type.String(),
  skuName: Type.String(),
  price: Yuan,
  quantity: Type.Integer(),
  remark: Type.String(),
  imageUrl: Type.Union([Type.String(), Type.Null()]),
  state: Type.Enum(keysOf(LINE_STATES), { description: 'As GET /orders/states lists them.' }),
  question: Type.Optional(Type.String()),
  risenPrice: Type.Optional(Type.Number({ description: 'What one costs now, which waits for a yes or no; in yuan.' })),
})

const Amounts = {
  totalAmount: Type.Number({ description: 'Of the items, in yuan.' }),
  serviceFee: Yuan,
  discount: Type.Number({ description: 'What a coupon takes off, in yuan.' }),
  payable: Type.Number({ description: 'totalAmount + serviceFee − discount, in yuan.' }),
  currency: Type.Literal('CNY'),
}

export const WireQuote = Type.Object({
  quoteId: Type.String(),
  expiresAt: Type.String(),
  ...Amounts,
  items: Type.Array(Type.Omit(WireItem, ['state', 'question', 'risenPrice'])),
  couponId: Type.Optional(Type.Integer()),
  addressId: Type.Optional(Type.Integer()),
})

const WireLogistics = Type.Object({ trackingNo: Type.String(), carrier: Type.String() })
const WireInspection = Type.Object({
  result: Type.String(),
  weight: Type.Number({ description: 'In grams.' }),
  photos: Type.Array(Type.String()),
})
/** Null before it exists. `packages`: each of them, when there are several. */
export const Logistics = Type.Union([
  Type.Null(),
  Type.Object({ ...WireLogistics.properties, packages: Type.Optional(Type.Array(WireLogistics)) }),
])
export const Inspection = Type.Union([
  Type.Null(),
  Type.Object({ ...WireInspection.properties, packages: Type.Optional(Type.Array(WireInspection)) }),
])

const Head = {
  orderNo: Type.String(),
  status: Status,
  ...Amounts,
  items: Type.Array(WireItem),
  remark: Type.String(),
  couponId: Type.Optional(Type.Integer()),
  addressId: Type.Optional(Type.Integer()),
  allowedActions: Type.Array(Action, { description: 'What the shopper can do now.' }),
  createdAt: Type.String(),
}
export const WireOrder = Type.Object(Head)
export const WireDetail = Type.Object({
  ...Head,
  platform: Type.String(),
  logistics: Logistics,
  inspection: Inspection,
  updatedAt: Type.String(),
})
export const WireRow = Type.Object({
  orderNo: Type.String(),
  status: Status,
  totalAmount: Yuan,
  itemCount: Type.Integer(),
  createdAt: Type.String(),
})

export function toWireQuote(quote: Quote & { quoteId: string; expiresAt: Date }, publicUrl: string) {
  return {
    quoteId: quote.quoteId,
    expiresAt: wireTime(quote.expiresAt),
    ...toWireAmounts(quote.amounts),
    items: quote.lines.map((line, at) => ({ lineNo: at + 1, ...toWireGoods(line, publicUrl) })),
    ...toWireTerms(quote),
  } satisfies Static<typeof WireQuote>
}

/** Only what was named, as the documented order has neither. */
function toWireTerms({ couponId, addressId }: Pick<Quote, 'couponId' | 'addressId'>) {
  return { ...(couponId !== null && { couponId }), ...(addressId !== null && { addressId }) }
}

export function toWireOrder(order: PlacedOrder, publicUrl: string) {
  return {
    orderNo: order.orderNo,
    status: order.status,
    ...toWireAmounts(order),
    items: order.lines.map((line) => toWireItem(line, publicUrl)),
    remark: order.remark,
    ...toWireTerms(order),
    allowedActions: allowedActions(order, 'shopper'),
    createdAt: wireTime(order.createdAt),
  } satisfies Static<typeof WireOrder>
}

export function toWireDetail(order: PlacedOrder, publicUrl: string) {
  return {
    ...toWireOrder(order, publicUrl),
    platform: order.platform,
    logistics: toWireLogistics(order),
    inspection: toWireInspection(order, publicUrl),
    updatedAt: wireTime(order.updatedAt),
  } satisfies Static<typeof WireDetail>
}

export function toWireRow(order: Omit<PlacedOrder, 'lines'>): Static<typeof WireRow> {
  const { orderNo, status, totalFen, itemCount, createdAt } = order
  return { orderNo, status, totalAmount: yuanNumber(totalFen), itemCount, createdAt: wireTime(createdAt) }
}

export function toWireLogistics({ lines }: PlacedOrder): Static<typeof Logistics> {
  const known = lines.flatMap(({ facts: { trackingNo, carrier } }) =>
    trackingNo === undefined || carrier === undefined ? [] : [{ trackingNo, carrier }],
  )
  return several([...new Map(known.map((each) => [each.trackingNo, each])).values()])
}

export function toWireInspection({ lines }: PlacedOrder, publicUrl: string): Static<typeof Inspection> {
  const known = lines.flatMap(({ facts: { inspection } }) => (inspection ? [inspection] : []))
  return several(
    known.map(({ result, weightGrams, photos }) => ({
      result,
      weight: weightGrams,
      photos: photos.map((path) => absoluteUrl(publicUrl, path)),
    })),
  )
}

function several<T extends object>(all: readonly T[]): (T & { packages?: T[] }) | null {
  const [first] = all
  if (!first) return null
  return all.length === 1 ? first : { ...first, packages: [...all] }
}

type Fen = { totalFen: number; serviceFeeFen: number; discountFen: number; payableFen: number }

function toWireAmounts({ totalFen, serviceFeeFen, discountFen, payableFen }: Fen) {
  return {
    totalAmount: yuanNumber(totalFen),
    serviceFee: yuanNumber(serviceFeeFen),
    discount: yuanNumber(discountFen),
    payable: yuanNumber(payableFen),
    currency: 'CNY' as const,
  }
}

function toWireItem({ lineNo, state, facts, ...goods }: PlacedLine, publicUrl: string): Static<typeof WireItem> {
  return {
    lineNo,
    ...toWireGoods(goods, publicUrl),
    state,
    ...(state === 'needs_info' && facts.question !== undefined && { question: facts.question }),
    ...(state === 'price_rise' && facts.risenPriceFen !== undefined && { risenPrice: yuanNumber(facts.risenPriceFen) }),
  }
}

type Goods = Pick<
  PlacedLine,
  'productId' | 'title' | 'skuId' | 'skuName' | 'priceFen' | 'quantity' | 'remark' | 'image'
>

function toWireGoods(
  { productId, title, skuId, skuName, priceFen, quantity, remark, image }: Goods,
  publicUrl: string,
) {
  const imageUrl = image && absoluteUrl(publicUrl, image)
  return { productId, title, skuId, skuName, price: yuanNumber(priceFen), quantity, remark, imageUrl }
}
