import type { FastifyInstance } from 'fastify'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Ctx } from '../../ctx.ts'
import { freshForMs, lookUp } from '../../products/catalog/catalog.ts'
import type { Scope } from '../../products/catalog/product.ts'
import type { ListingRef } from '../../products/listing.ts'
import { chargeFor } from '../door.ts'
import { errorAnswers } from '../house.ts'
import { printedAtHand, printedOnce, sendPrinted, type Printed } from '../printed.ts'
import { catalogueOf } from '../surface.ts'
import { ListingParams, STOREFRONTS, toWireProduct } from './wire.ts'

const WireProduct = Type.Object(
  {
    data: Type.Object({
      id: Type.Integer(),
      storefront: Type.Enum(STOREFRONTS),
      listing_id: Type.String(),
      name: Type.String(),
      price: Type.Union([Type.String(), Type.Null()], { description: 'The lowest sku price in yuan.' }),
      pic_url: Type.Union([Type.String(), Type.Null()]),
      product_url: Type.String(),
      qc_count: Type.Integer(),
      qc_preview: Type.Array(Type.String(), { maxItems: 5, description: 'Thumbnails.' }),
    }),
  },
  { description: 'The product.' },
)

/** Under which names printed look-ups are kept. */
export const LOOKUP_VIEWS = { live: 'qc live', demo: 'qc demo' } as const

export function productRoutes(scope: FastifyInstance, ctx: Ctx): void {
  const app = scope.withTypeProvider<TypeBoxTypeProvider>()

  app.get(
    '/products/:storefront/:listingId',
    {
      config: { scope: 'qc:read', cost: 1 },
      schema: {
        operationId: 'getProduct',
        summary: 'One product with its price and up to five QC photos',
        params: ListingParams,
        response: { 200: WireProduct, ...errorAnswers(400, 401, 403, 404, 429, 500, 503) },
      },
    },
    (request, reply) => {
      const { storefront, listingId } = request.params
      const { catalogue } = catalogueOf(request)
      const ref = { marketplace: storefront, listingId }
      const atHand = printedAtHand(ctx, LOOKUP_VIEWS[catalogue], ref)
      const charged = chargeFor(ctx, request, reply)
      const answer = async () => {
        await charged
        return sendPrinted(request, reply, atHand ?? (await printProduct(ctx, { catalogue }, ref)))
      }
      // What is in memory and paid for goes out at once: a promise would cost as much as all the rest.
      if (atHand === null || charged !== undefined) return answer()
      sendPrinted(request, reply, atHand)
      return undefined
    },
  )
}

/** The printed look-up answer of a listing. */
export function printProduct(ctx: Ctx, scope: Scope, ref: ListingRef): Promise<Printed> {
  return printedOnce(ctx, LOOKUP_VIEWS[scope.catalogue], ref, async () => {
    const product = await lookUp(ctx, scope, ref)
    return {
      text: JSON.stringify({ data: toWireProduct(product, ctx.publicUrl) }),
      keepMs: freshForMs(product, ctx.clock.now()),
    }
  })
}
