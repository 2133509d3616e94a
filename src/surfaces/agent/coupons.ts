import type { FastifyInstance } from 'fastify'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Ctx } from '../../ctx.ts'
import {
  claimCoupon,
  listAvailable,
  listMine,
  type ClaimedCoupon,
  type Coupon,
} from '../../shopping/coupons/coupons.ts'
import { CLAIM_STATES, COUPON_TYPES } from '../../shopping/coupons/discount.ts'
import { chargeFor } from '../door.ts'
import { sealFor } from '../idempotency.ts'
import { catalogueOf } from '../surface.ts'
import { dataOf, errorAnswers, Id, Yuan, wireTime, yuanNumber } from './wire.ts'

const couponFields = {
  id: Id,
  name: Type.String(),
  type: Type.Enum(COUPON_TYPES),
  value: Type.Number({ description: 'In percent, or of a fixed one in yuan.' }),
  minOrderAmount: Type.Number({ description: 'What the items must cost at least, in yuan.' }),
  maxDiscountAmount: Type.Optional(Yuan),
  expiresAt: Type.String({ format: 'date-time' }),
}
const WireCoupon = Type.Object(couponFields)
const WireClaimed = Type.Object({
  ...couponFields,
  status: Type.Enum(CLAIM_STATES, { description: 'A claimed one can be used, once.' }),
  claimedAt: Type.String({ format: 'date-time' }),
})

export function couponRoutes(scope: FastifyInstance, ctx: Ctx): void {
  const app = scope.withTypeProvider<TypeBoxTypeProvider>()

  app.get(
    '/user/coupons/available',
    {
      config: { scope: 'coupons:read', cost: 1 },
      schema: {
        operationId: 'listAvailableCoupons',
        summary: 'Coupons that can be claimed, the one that ends first first',
        response: { 200: dataOf(Type.Array(WireCoupon)), ...errorAnswers(401, 403, 429, 500, 503) },
      },
    },
    async (request, reply) => {
      await chargeFor(ctx, request, reply)
      const coupons = await listAvailable(ctx, catalogueOf(request), request.visit!.principal.accountId)
      return reply.send({ data: coupons.map(toWireCoupon) })
    },
  )

  app.get(
    '/user/coupons/my',
    {
      config: { scope: 'coupons:read', cost: 1 },
      schema: {
        operationId: 'listMyCoupons',
        summary: 'Coupons that were claimed, newest first',
        response: { 200: dataOf(Type.Array(WireClaimed)), ...errorAnswers(401, 403, 429, 500, 503) },
      },
    },
    async (request, reply) => {
      await chargeFor(ctx, request, reply)
      const coupons = await listMine(ctx, request.visit!.principal.accountId)
      return reply.send({ data: coupons.map(toWireClaimed) })
    },
  )

  app.post(
    '/user/coupons/:id/claim',
    {
      config: { scope: 'coupons:write', cost: 1 },
      schema: {
        operationId: 'claimCoupon',
        summary: 'Claim a coupon; its id is what an order takes as couponId',
        params: Type.Object({ id: Id }),
        response: { 201: dataOf(WireClaimed), ...errorAnswers(400, 401, 403, 404, 409, 429, 500, 503) },
      },
    },
    async (request, reply) => {
      await chargeFor(ctx, request, reply)
      const { accountId } = request.visit!.principal
      const bodyOf = (claimed: ClaimedCoupon) => ({ data: toWireClaimed(claimed) })
      const seal = sealFor(ctx, request, reply, { status: 201, bodyOf })
      const claimed = await claimCoupon(ctx, catalogueOf(request), accountId, request.params.id, seal)
      return reply.code(201).send(bodyOf(claimed))
    },
  )
}

function toWireCoupon({ id, name, type, value, minOrderFen, maxDiscountFen, expiresAt }: Coupon) {
  return {
    id,
    name,
    type,
    value: type === 'fixed' ? yuanNumber(value) : value,
    minOrderAmount: yuanNumber(minOrderFen),
    ...(maxDiscountFen !== null && { maxDiscountAmount: yuanNumber(maxDiscountFen) }),
    expiresAt: wireTime(expiresAt),
  }
}

function toWireClaimed(claimed: ClaimedCoupon) {
  return { ...toWireCoupon(claimed), status: claimed.state, claimedAt: wireTime(claimed.claimedAt) }
}
