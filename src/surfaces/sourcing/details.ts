import type { FastifyInstance } from 'fastify'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Ctx } from '../../ctx.ts'
import { freshForMs, lookUp } from '../../products/catalog/catalog.ts'
import { chargeFor } from '../door.ts'
import { printedAtHand, printedOnce } from '../printed.ts'
import { sendBytes } from '../send.ts'
import { catalogueOf } from '../surface.ts'
import { errorAnswers, toWireDetails } from './wire.ts'

const text = Type.Union([Type.String(), Type.Null()])
const count = Type.Union([Type.Integer(), Type.Null()])

const WireDetails = Type.Object(
  {
    data: Type.Object({
      offer_id: Type.String(),
      title: Type.String({ description: 'As the seller wrote it.' }),
      min_price: text,
      max_price: text,
      unit: text,
      moq: Type.Union([Type.Integer(), Type.Null()], { description: 'The least that is sold at once.' }),
      city: text,
      province: text,
      images: Type.Array(Type.String()),
      detail_url: Type.String(),
      shop_name: text,
      sales: count,
      price_ranges: Type.Array(Type.Object({ min_quantity: Type.Integer(), price: Type.String() })),
      attributes: Type.Array(Type.Object({ name: Type.String(), value: Type.String() })),
      skus: Type.Array(
        Type.Object({
          sku_id: Type.String(),
          spec_id: text,
          price: text,
          stock: count,
          options: Type.Array(Type.Object({ name: Type.String(), value: Type.String() })),
          image_url: text,
        }),
      ),
    }),
    status: Type.Literal('success'),
  },
  { description: 'The product.' },
)

export function detailRoutes(
  scope: FastifyInstance,
  ctx: Ctx,
  { prefix, operationId }: { prefix: string; operationId: string },
): void {
  const app = scope.withTypeProvider<TypeBoxTypeProvider>()

  app.get(
    `${prefix}/get_product_details`,
    {
      config: { scope: 'sourcing:read', cost: 1 },
      schema: {
        operationId,
        summary: 'One 1688 product with its prices, skus and seller',
        querystring: Type.Object({
          offer_id: Type.String({
            pattern: '^[0-9]{1,20}$',
            description: '1 to 20 digits',
            examples: ['791912182230'],
          }),
        }),
        ...(prefix.includes(':') && { params: Type.Object({ scraperId: Type.String({ maxLength: 200 }) }) }),
        response: { 200: WireDetails, ...errorAnswers(400, 401, 402, 403, 404, 429, 500, 503) },
      },
    },
    async (request, reply) => {
      const ref = { marketplace: '1688', listingId: request.query.offer_id } as const
      const scope = catalogueOf(request)
      const view = `sourcing ${scope.catalogue}`
      const atHand = printedAtHand(ctx, view, ref)
      await chargeFor(ctx, request, reply, atHand?.bytes ?? null)
      const { bytes } =
        atHand ??
        (await printedOnce(ctx, view, ref, async () => {
          const product = await lookUp(ctx, scope, ref)
          return {
            text: JSON.stringify({ data: toWireDetails(product, ctx.publicUrl), status: 'success' }),
            keepMs: freshForMs(product, ctx.clock.now()),
          }
        }))
      return sendBytes(request, reply, bytes)
    },
  )
}
