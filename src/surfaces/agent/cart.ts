import type { FastifyInstance } from 'fastify'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Ctx } from '../../ctx.ts'
import { DomainError } from '../../lib/errors.ts'
import {
  addManyToCart,
  addToCart,
  BATCH_MAX,
  clearCart,
  getCart,
  REMARK_CHARS_MAX,
  removeLine,
  updateLine,
  type Added,
} from '../../shopping/cart/cart.ts'
import type { Cart, CartLine, Change } from '../../shopping/cart/lines.ts'
import { QUANTITY_MAX } from '../../shopping/cart/ware.ts'
import { chargeFor } from '../door.ts'
import { sealFor } from '../idempotency.ts'
import { catalogueOf } from '../surface.ts'
import { absoluteUrl } from '../urls.ts'
import { dataOf, errorAnswers, Id, ProductId, Yuan, yuanNumber } from './wire.ts'

const Stock = Type.Union([Type.Integer(), Type.Null()], { description: 'Null: unknown.' })
const Message = Type.Object({ message: Type.String() })

const WireLine = Type.Object({
  id: Id,
  productId: Id,
  title: Type.String(),
  skuId: Type.String(),
  skuName: Type.String(),
  price: Yuan,
  quantity: Type.Integer(),
  imageUrl: Type.Union([Type.String(), Type.Null()]),
  selected: Type.Boolean(),
  stock: Stock,
  remark: Type.String(),
  changes: Type.Optional(
    Type.Array(
      Type.Union([
        Type.Object({ kind: Type.Literal('price'), from: Yuan, to: Yuan }),
        Type.Object({ kind: Type.Literal('stock'), stock: Stock }),
        Type.Object({ kind: Type.Literal('gone') }),
      ]),
      { description: 'What is other than when the cart was last read. A line that is gone says so each time.' },
    ),
  ),
  problem: Type.Optional(Type.String({ description: 'Why the item cannot be ordered just now.' })),
})

const WireCart = dataOf(
  Type.Object({
    items: Type.Array(WireLine),
    totalItems: Type.Integer({ description: 'How many lines there are.' }),
    totalAmount: Type.Number({ description: 'What the selected lines that can be bought cost, in yuan.' }),
  }),
  'The cart.',
)

const Quantity = Type.Integer({ minimum: 1, maximum: QUANTITY_MAX })
const Wish = {
  productId: ProductId,
  skuId: Type.String({ minLength: 1, maxLength: 100 }),
  quantity: Quantity,
  remark: Type.Optional(Type.String({ maxLength: REMARK_CHARS_MAX })),
}

const Line = Type.Object({ itemId: Id })

export function cartRoutes(scope: FastifyInstance, ctx: Ctx): void {
  const app = scope.withTypeProvider<TypeBoxTypeProvider>()

  app.get(
    '/cart',
    {
      config: { scope: 'cart:read', cost: 1 },
      schema: {
        operationId: 'getCart',
        summary: 'The cart at the prices and stock of now',
        response: { 200: WireCart, ...errorAnswers(401, 403, 429, 500, 503) },
      },
    },
    async (request, reply) => {
      await chargeFor(ctx, request, reply)
      const cart = await getCart(ctx, catalogueOf(request), request.visit!.principal.accountId)
      return reply.send({ data: toWireCart(cart, ctx.publicUrl) })
    },
  )

  app.delete(
    '/cart',
    {
      config: { scope: 'cart:write', cost: 1 },
      schema: {
        operationId: 'clearCart',
        summary: 'Remove every item',
        response: { 200: dataOf(Message), ...errorAnswers(401, 403, 409, 429, 500, 503) },
      },
    },
    async (request, reply) => {
      await chargeFor(ctx, request, reply)
      await clearCart(ctx, request.visit!.principal.accountId)
      return reply.send({ data: { message: 'Cart cleared' } })
    },
  )

  addRoute(scope, ctx)
  addBatchRoute(scope, ctx)
  itemRoutes(scope, ctx)
}

function addRoute(scope: FastifyInstance, ctx: Ctx): void {
  const app = scope.withTypeProvider<TypeBoxTypeProvider>()

  app.post(
    '/cart/items',
    {
      config: { scope: 'cart:write', cost: 1 },
      schema: {
        operationId: 'addCartItem',
        summary: 'Add an item; the same sku with the same remark joins the item that is there',
        body: Type.Object(Wish),
        response: {
          201: dataOf(
            Type.Object({
              id: Id,
              productId: Id,
              skuId: Type.String(),
              quantity: Type.Integer({ description: 'Of the item as it is now.' }),
              message: Type.String(),
            }),
          ),
          ...errorAnswers(400, 401, 403, 404, 409, 413, 429, 500, 503),
        },
      },
    },
    async (request, reply) => {
      const { skuId, quantity, remark = '' } = request.body
      await chargeFor(ctx, request, reply)
      const wish = { productId: Number(request.body.productId), skuId, quantity, remark }
      const bodyOf = (added: Added) => ({ data: { ...added, message: 'Item added to cart' } })
      const seal = sealFor(ctx, request, reply, { status: 201, bodyOf })
      const added = await addToCart(ctx, catalogueOf(request), request.visit!.principal.accountId, wish, seal)
      return reply.code(201).send(bodyOf(added))
    },
  )
}

function addBatchRoute(scope: FastifyInstance, ctx: Ctx): void {
  const app = scope.withTypeProvider<TypeBoxTypeProvider>()

  app.post(
    '/cart/items/batch',
    {
      config: { scope: 'cart:write', cost: 1 },
      schema: {
        operationId: 'addCartItems',
        summary: `Add up to ${BATCH_MAX} items, each with a result of its own`,
        body: Type.Object({ items: Type.Array(Type.Object(Wish), { minItems: 1, maxItems: BATCH_MAX }) }),
        response: {
          201: dataOf(
            Type.Object({
              added: Type.Integer({ description: 'How many could be added.' }),
              items: Type.Array(
                Type.Union([
                  Type.Object({ id: Id, productId: Type.String() }),
                  Type.Object({ productId: Type.String(), error: Type.String() }),
                ]),
                { description: 'In the order asked.' },
              ),
            }),
          ),
          ...errorAnswers(400, 401, 403, 409, 413, 429, 500, 503),
        },
      },
    },
    async (request, reply) => {
      const { items } = request.body
      await chargeFor(ctx, request, reply)
      const wishes = items.map((item) => ({ ...item, productId: Number(item.productId), remark: item.remark ?? '' }))
      const bodyOf = (results: readonly (Added | DomainError)[]) => {
        const told = results.map((result, at) => {
          const productId = String(items[at]!.productId)
          return result instanceof DomainError ? { productId, error: result.message } : { id: result.id, productId }
        })
        return { data: { added: told.filter((each) => 'id' in each).length, items: told } }
      }
      const { accountId } = request.visit!.principal
      const seal = sealFor(ctx, request, reply, { status: 201, bodyOf })
      return reply.code(201).send(bodyOf(await addManyToCart(ctx, catalogueOf(request), accountId, wishes, seal)))
    },
  )
}

function itemRoutes(scope: FastifyInstance, ctx: Ctx): void {
  const app = scope.withTypeProvider<TypeBoxTypeProvider>()

  app.patch(
    '/cart/items/:itemId',
    {
      config: { scope: 'cart:write', cost: 1 },
      schema: {
        operationId: 'updateCartItem',
        summary: 'Change how many of an item, or whether it is selected',
        params: Line,
        body: Type.Object({ quantity: Type.Optional(Quantity), selected: Type.Optional(Type.Boolean()) }),
        response: {
          200: dataOf(
            Type.Object({ id: Id, quantity: Type.Integer(), selected: Type.Boolean(), message: Type.String() }),
          ),
          ...errorAnswers(400, 401, 403, 404, 409, 413, 429, 500, 503),
        },
      },
    },
    async (request, reply) => {
      const { itemId } = request.params
      const { quantity, selected } = request.body
      if (quantity === undefined && selected === undefined) {
        throw new DomainError('input_missing', 'Send quantity, selected or both.')
      }
      await chargeFor(ctx, request, reply)
      const { accountId } = request.visit!.principal
      const updated = await updateLine(ctx, catalogueOf(request), accountId, itemId, { quantity, selected })
      return reply.send({ data: { ...updated, message: 'Cart item updated' } })
    },
  )

  app.delete(
    '/cart/items/:itemId',
    {
      config: { scope: 'cart:write', cost: 1 },
      schema: {
        operationId: 'removeCartItem',
        summary: 'Remove an item',
        params: Line,
        response: { 200: dataOf(Message), ...errorAnswers(400, 401, 403, 404, 409, 429, 500, 503) },
      },
    },
    async (request, reply) => {
      await chargeFor(ctx, request, reply)
      await removeLine(ctx, request.visit!.principal.accountId, request.params.itemId)
      return reply.send({ data: { message: 'Item removed' } })
    },
  )
}

function toWireCart({ lines, totalFen }: Cart, publicUrl: string) {
  const items = lines.map((line) => toWireLine(line, publicUrl))
  return { items, totalItems: lines.length, totalAmount: yuanNumber(totalFen) }
}

/** `changes` and `problem` only where there are any, as the documented line has none. */
function toWireLine({ priceFen, image, changes, problem, ...line }: CartLine, publicUrl: string) {
  return {
    ...line,
    price: yuanNumber(priceFen),
    imageUrl: image && absoluteUrl(publicUrl, image),
    ...(changes.length > 0 && { changes: changes.map(toWireChange) }),
    ...(problem !== null && { problem }),
  }
}

function toWireChange(change: Change) {
  if (change.kind !== 'price') return change
  return { kind: change.kind, from: yuanNumber(change.fromFen), to: yuanNumber(change.toFen) }
}
