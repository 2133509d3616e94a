import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { type Static, Type } from 'typebox'
import type { Ctx } from '../../ctx.ts'
import { DomainError } from '../../lib/errors.ts'
import { fenFromYuan } from '../../lib/money.ts'
import { storableText } from '../../lib/text.ts'
import { REMARK_CHARS_MAX } from '../../shopping/cart/cart.ts'
import { QUANTITY_MAX } from '../../shopping/cart/ware.ts'
import { createOrder } from '../../shopping/orders/create.ts'
import { moveOrder, tryMove, type Moved } from '../../shopping/orders/moves.ts'
import type { Move } from '../../shopping/orders/order.ts'
import { getOrder, listOrders, type PlacedOrder } from '../../shopping/orders/orders.ts'
import { ITEMS_MAX, previewOrder, type OrderWish } from '../../shopping/orders/quotes.ts'
import { describeStates } from '../../shopping/orders/states.ts'
import { chargeFor } from '../door.ts'
import { sealFor } from '../idempotency.ts'
import { catalogueOf } from '../surface.ts'
import {
  Inspection,
  Logistics,
  Status,
  toWireDetail,
  toWireInspection,
  toWireLogistics,
  toWireOrder,
  toWireQuote,
  toWireRow,
  WireDetail,
  WireOrder,
  WireQuote,
  WireRow,
} from './order-wire.ts'
import { dataOf, errorAnswers, Id, PageQuery, pageOf, ProductId, wireTime, Yuan, yuanNumber } from './wire.ts'

const Remark = Type.String({ maxLength: REMARK_CHARS_MAX })
const Wish = {
  items: Type.Optional(
    Type.Array(
      Type.Object({
        productId: ProductId,
        skuId: Type.String({ minLength: 1, maxLength: 100 }),
        quantity: Type.Integer({ minimum: 1, maximum: QUANTITY_MAX }),
        remark: Type.Optional(Remark),
      }),
      { minItems: 1, maxItems: ITEMS_MAX },
    ),
  ),
  fromCart: Type.Optional(Type.Boolean({ description: 'Order what is selected in the cart, in the place of items.' })),
  remark: Type.Optional(Remark),
  couponId: Type.Optional(Id),
  addressId: Type.Optional(Id),
}
const QuoteId = Type.String({
  pattern: '^q_[A-Za-z0-9]{24}$',
  description: 'a quoteId that a preview gave; it stands alone, as the quote has the rest',
})
const Params = Type.Object({ id: Type.String({ minLength: 1, maxLength: 40 }) })
const ACTIONS = ['answer', 'confirm_price', 'decline_price'] as const

export function orderRoutes(scope: FastifyInstance, ctx: Ctx): void {
  stateRoutes(scope)
  placingRoutes(scope, ctx)
  readingRoutes(scope, ctx)
  partRoutes(scope, ctx)
  cancelRoutes(scope, ctx)
  actionRoutes(scope, ctx)
}

function stateRoutes(scope: FastifyInstance): void {
  scope.withTypeProvider<TypeBoxTypeProvider>().get(
    '/orders/states',
    {
      config: { scope: 'public', cost: 0 },
      schema: {
        operationId: 'getOrderStates',
        summary: 'Every state of an order, who may do what in it, and what happens to the money',
        response: { 200: dataOf(Type.Array(Type.Unknown())), ...errorAnswers(429) },
      },
    },
    async () => ({ data: describeStates() }),
  )
}

function placingRoutes(scope: FastifyInstance, ctx: Ctx): void {
  const app = scope.withTypeProvider<TypeBoxTypeProvider>()
  app.post(
    '/orders/preview',
    {
      config: { scope: 'orders:write', cost: 1 },
      schema: {
        operationId: 'previewOrder',
        summary: 'What an order would cost, kept for a quarter of an hour',
        body: Type.Object(Wish),
        response: { 200: dataOf(WireQuote), ...errorAnswers(400, 401, 403, 404, 409, 413, 429, 500, 503) },
      },
    },
    async (request, reply) => {
      const wish = wishOf(request.body)
      await chargeFor(ctx, request, reply)
      const quote = await previewOrder(ctx, catalogueOf(request), callerOf(request), wish)
      return reply.send({ data: toWireQuote(quote, ctx.publicUrl) })
    },
  )
  app.post(
    '/orders',
    {
      config: { scope: 'orders:write', cost: 1 },
      schema: {
        operationId: 'createOrder',
        summary: 'Place an order; what it costs is held in the wallet',
        body: Type.Object({ ...Wish, quoteId: Type.Optional(QuoteId) }),
        response: { 201: dataOf(WireOrder), ...errorAnswers(400, 401, 402, 403, 404, 409, 413, 429, 500, 503) },
      },
    },
    async (request, reply) => {
      const { quoteId, ...fields } = request.body
      if (quoteId !== undefined && Object.keys(Wish).some((name) => Object.hasOwn(fields, name))) {
        throw new DomainError('input_invalid', 'quoteId stands alone: the quote has everything else.')
      }
      const wish = quoteId === undefined ? wishOf(fields) : { quoteId }
      await chargeFor(ctx, request, reply)
      const bodyOf = (order: PlacedOrder) => ({ data: toWireOrder(order, ctx.publicUrl) })
      const seal = sealFor(ctx, request, reply, { status: 201, bodyOf })
      const order = await createOrder(ctx, catalogueOf(request), callerOf(request), wish, seal)
      return reply.code(201).send(bodyOf(order))
    },
  )
}

function readingRoutes(scope: FastifyInstance, ctx: Ctx): void {
  const app = scope.withTypeProvider<TypeBoxTypeProvider>()
  app.get(
    '/orders',
    {
      config: { scope: 'orders:read', cost: 1 },
      schema: {
        operationId: 'listOrders',
        summary: 'Orders, newest first',
        querystring: Type.Object({ ...PageQuery, status: Type.Optional(Status) }),
        response: { 200: pageOf(WireRow), ...errorAnswers(400, 401, 403, 429, 500, 503) },
      },
    },
    async (request, reply) => {
      const { page, limit, status = null } = request.query
      await chargeFor(ctx, request, reply)
      const { orders, total } = await listOrders(ctx, callerOf(request), { status, page, limit })
      return reply.send({ data: { items: orders.map(toWireRow), total, page, limit } })
    },
  )
  app.get(
    '/orders/:id',
    {
      config: { scope: 'orders:read', cost: 1 },
      schema: {
        operationId: 'getOrder',
        summary: 'An order with its items',
        params: Params,
        response: { 200: dataOf(WireDetail), ...errorAnswers(400, 401, 403, 404, 429, 500, 503) },
      },
    },
    async (request, reply) => {
      await chargeFor(ctx, request, reply)
      const order = await getOrder(ctx, callerOf(request), request.params.id)
      return reply.send({ data: toWireDetail(order, ctx.publicUrl) })
    },
  )
}

/** Parts of the detail by themselves. */
function partRoutes(scope: FastifyInstance, ctx: Ctx): void {
  const app = scope.withTypeProvider<TypeBoxTypeProvider>()
  const WireStatus = Type.Object({ orderNo: Type.String(), status: Status, updatedAt: Type.String() })
  const errors = errorAnswers(400, 401, 403, 404, 429, 500, 503)
  const config = { scope: 'orders:read', cost: 1 } as const
  app.get(
    '/orders/:id/status',
    {
      config,
      schema: {
        operationId: 'getOrderStatus',
        summary: 'How far an order is',
        params: Params,
        response: { 200: dataOf(WireStatus), ...errors },
      },
    },
    async (request, reply) => {
      await chargeFor(ctx, request, reply)
      const { orderNo, status, updatedAt } = await getOrder(ctx, callerOf(request), request.params.id)
      return reply.send({ data: { orderNo, status, updatedAt: wireTime(updatedAt) } })
    },
  )
  app.get(
    '/orders/:id/logistics',
    {
      config,
      schema: {
        operationId: 'getOrderLogistics',
        summary: 'How the items travel to the warehouse',
        params: Params,
        response: { 200: dataOf(Logistics), ...errors },
      },
    },
    async (request, reply) => {
      await chargeFor(ctx, request, reply)
      return reply.send({ data: toWireLogistics(await getOrder(ctx, callerOf(request), request.params.id)) })
    },
  )
  app.get(
    '/orders/:id/inspection',
    {
      config,
      schema: {
        operationId: 'getOrderInspection',
        summary: 'What the warehouse found',
        params: Params,
        response: { 200: dataOf(Inspection), ...errors },
      },
    },
    async (request, reply) => {
      await chargeFor(ctx, request, reply)
      const order = await getOrder(ctx, callerOf(request), request.params.id)
      return reply.send({ data: toWireInspection(order, ctx.publicUrl) })
    },
  )
}

function cancelRoutes(scope: FastifyInstance, ctx: Ctx): void {
  scope.withTypeProvider<TypeBoxTypeProvider>().post(
    '/orders/:id/cancel',
    {
      config: { scope: 'orders:write', cost: 1 },
      schema: {
        operationId: 'cancelOrder',
        summary: 'Cancel what is not bought yet; with dry_run only say what would come back',
        params: Params,
        // Nothing else: misspelt, it would cancel.
        querystring: Type.Object({ dry_run: Type.Optional(Type.Boolean()) }, { additionalProperties: false }),
        body: Type.Union([
          Type.Null(),
          Type.Object({ reason: Type.Optional(Remark), dry_run: Type.Optional(Type.Boolean()) }),
        ]),
        response: {
          200: dataOf(
            Type.Object({ orderNo: Type.String(), status: Status, refundAmount: Yuan, message: Type.String() }),
          ),
          ...errorAnswers(400, 401, 403, 404, 409, 413, 429, 500, 503),
        },
      },
    },
    async (request, reply) => {
      const orderNo = request.params.id
      const reason = request.body?.reason
      await chargeFor(ctx, request, reply)
      const move = {
        name: 'cancel',
        actor: 'shopper',
        lineNo: null,
        ...(reason !== undefined && { reason: storableText(reason) }),
      } as const
      const accountId = callerOf(request)
      const asked = { orderNo, accountId, move, who: `account:${accountId}` }
      if (request.query.dry_run === true || request.body?.dry_run === true) {
        const { after: status, givenBackFen } = await tryMove(ctx, asked)
        const message = 'Order can be cancelled'
        return reply.send({ data: { orderNo, status, refundAmount: yuanNumber(givenBackFen), message } })
      }
      const bodyOf = ({ order, givenBackFen }: Moved) => {
        const message = 'Order cancelled'
        return { data: { orderNo, status: order.status, refundAmount: yuanNumber(givenBackFen), message } }
      }
      const seal = sealFor(ctx, request, reply, { status: 200, bodyOf })
      return reply.send(bodyOf(await moveOrder(ctx, asked, seal)))
    },
  )
}

function actionRoutes(scope: FastifyInstance, ctx: Ctx): void {
  scope.withTypeProvider<TypeBoxTypeProvider>().post(
    '/orders/:id/actions',
    {
      config: { scope: 'orders:write', cost: 1 },
      schema: {
        operationId: 'actOnOrder',
        summary: 'Answer a question, or confirm or decline a higher price',
        params: Params,
        body: Type.Object({
          action: Type.Enum(ACTIONS),
          lineNo: Type.Optional(
            Type.Integer({ minimum: 1, maximum: 10_000, description: 'All that wait, unless given.' }),
          ),
          reason: Type.Optional(Type.String({ maxLength: REMARK_CHARS_MAX, description: 'The answer.' })),
          price: Type.Optional(
            Type.Number({
              exclusiveMinimum: 0,
              maximum: 100_000_000,
              description: 'confirm_price: the risenPrice that is agreed to, of the line that lineNo names; in yuan.',
            }),
          ),
        }),
        response: { 200: dataOf(WireDetail), ...errorAnswers(400, 401, 402, 403, 404, 409, 413, 429, 500, 503) },
      },
    },
    async (request, reply) => {
      const move = actionOf(request.body)
      await chargeFor(ctx, request, reply)
      const bodyOf = ({ order }: Moved) => ({ data: toWireDetail(order, ctx.publicUrl) })
      const seal = sealFor(ctx, request, reply, { status: 200, bodyOf })
      const accountId = callerOf(request)
      const asked = { orderNo: request.params.id, accountId, move, who: `account:${accountId}` }
      return reply.send(bodyOf(await moveOrder(ctx, asked, seal)))
    },
  )
}

function actionOf({
  action: name,
  lineNo,
  reason,
  price,
}: {
  action: (typeof ACTIONS)[number]
  lineNo?: number | undefined
  reason?: string | undefined
  price?: number | undefined
}): Move {
  const said = { actor: 'shopper', ...(reason !== undefined && { reason: storableText(reason) }) } as const
  if (name !== 'confirm_price') return { ...said, name, lineNo: lineNo ?? null }
  if (lineNo === undefined || price === undefined) {
    throw new DomainError('input_missing', 'confirm_price needs lineNo and the price that is agreed to.')
  }
  const priceFen = fenFromYuan(price)!
  if (yuanNumber(priceFen) === price) return { ...said, name, lineNo, priceFen }
  throw new DomainError('input_invalid', 'price must have two decimals at most.')
}

function callerOf({ visit }: FastifyRequest): number {
  return visit!.principal.accountId
}

function wishOf(body: Static<ReturnType<typeof Type.Object<typeof Wish>>>): OrderWish {
  const { items = null, fromCart = false, remark = '', couponId = null, addressId = null } = body
  if ((items === null) === !fromCart) throw new DomainError('input_missing', 'Give items, or fromCart: true.')
  return {
    items:
      items &&
      items.map(({ productId, skuId, quantity, remark: note = '' }) => {
        return { productId: Number(productId), skuId, quantity, remark: storableText(note) }
      }),
    remark: storableText(remark),
    couponId,
    addressId,
  }
}
