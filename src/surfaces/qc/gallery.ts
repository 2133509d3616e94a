import type { FastifyInstance } from 'fastify'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Ctx } from '../../ctx.ts'
import { freshForMs, lookUp } from '../../products/catalog/catalog.ts'
import { chargeFor } from '../door.ts'
import { errorAnswers } from '../house.ts'
import { printedOnce, sendPrinted } from '../printed.ts'
import { catalogueOf } from '../surface.ts'
import { ListingParams, STOREFRONTS, toWireGallery } from './wire.ts'

const WireGallery = Type.Object(
  {
    data: Type.Object({
      storefront: Type.Enum(STOREFRONTS),
      listing_id: Type.String(),
      qc_count: Type.Integer({ description: 'How many QC photos there are.' }),
      thumbnails: Type.Array(Type.String(), { maxItems: 3, description: 'The newest.' }),
    }),
  },
  { description: 'The QC photos of the product.' },
)

export function galleryRoutes(scope: FastifyInstance, ctx: Ctx): void {
  const app = scope.withTypeProvider<TypeBoxTypeProvider>()

  app.get(
    '/qc/:storefront/:listingId',
    {
      config: { scope: 'qc:read', cost: 1 },
      schema: {
        operationId: 'getGallery',
        summary: 'How many QC photos a product has, and the first three as thumbnails',
        params: ListingParams,
        response: { 200: WireGallery, ...errorAnswers(400, 401, 403, 404, 429, 500, 503) },
      },
    },
    async (request, reply) => {
      const { storefront, listingId } = request.params
      const scope = catalogueOf(request)
      const ref = { marketplace: storefront, listingId }
      await chargeFor(ctx, request, reply)
      const printed = await printedOnce(ctx, `qc gallery ${scope.catalogue}`, ref, async () => {
        const product = await lookUp(ctx, scope, ref)
        return {
          text: JSON.stringify({ data: toWireGallery(product, ctx.publicUrl) }),
          keepMs: freshForMs(product, ctx.clock.now()),
        }
      })
      return sendPrinted(request, reply, printed)
    },
  )
}
