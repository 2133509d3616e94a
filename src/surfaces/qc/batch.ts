import type { FastifyError, FastifyInstance } from 'fastify'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Ctx } from '../../ctx.ts'
import { DomainError } from '../../lib/errors.ts'
import type { Scope } from '../../products/catalog/product.ts'
import { chargeFor } from '../door.ts'
import { errorAnswers, houseRefusal } from '../house.ts'
import { printedAtHand } from '../printed.ts'
import { sendBytes, type ByteText } from '../send.ts'
import { catalogueOf, toDomainError } from '../surface.ts'
import { LOOKUP_VIEWS, printProduct } from './products.ts'
import { STOREFRONTS } from './wire.ts'

const ITEMS_MAX = 100
/** How many listings that are not in memory are looked up at the same time. */
const AT_ONCE = 8

const WireResult = Type.Union([
  Type.Object({ data: Type.Object({}, { additionalProperties: true }) }),
  Type.Object({ error: Type.Object({ code: Type.String() }) }),
])

export function batchRoutes(scope: FastifyInstance, ctx: Ctx): void {
  const app = scope.withTypeProvider<TypeBoxTypeProvider>()

  app.post(
    '/products/batch',
    {
      config: { scope: 'qc:read', cost: 1, feature: 'batch_and_images' },
      schema: {
        operationId: 'getProducts',
        summary: 'Up to 100 products in one call, each with its own result',
        body: Type.Object({
          items: Type.Array(Type.Object({}, { additionalProperties: true }), {
            minItems: 1,
            maxItems: ITEMS_MAX,
            description: 'Objects of `storefront` and `listing_id`.',
            examples: [[{ storefront: 'weidian', listing_id: '7231368393' }]],
          }),
        }),
        response: {
          200: Type.Object({ results: Type.Array(WireResult) }, { description: 'In the order asked.' }),
          ...errorAnswers(400, 401, 403, 409, 413, 429, 500, 503),
        },
      },
    },
    async (request, reply) => {
      const refs = request.body.items.map(refOf)
      await chargeFor(ctx, request, reply)
      const scope = catalogueOf(request)
      const results: ByteText[] = Array.from({ length: refs.length })
      let next = 0
      const worker = async () => {
        while (next < refs.length) {
          const at = next++
          results[at] = await resultOf(ctx, scope, refs[at]!).catch((error: FastifyError) =>
            printError(toDomainError(error, request)),
          )
        }
      }
      await Promise.all(Array.from({ length: AT_ONCE }, worker))
      return sendBytes(request, reply, `{"results":[${results.join(',')}]}`)
    },
  )
}

type Ref = { marketplace: (typeof STOREFRONTS)[number]; listingId: string }

/** Null for what is no listing of ours, which gets an error of its own. */
function refOf(item: { storefront?: unknown; listing_id?: unknown }): Ref | null {
  const marketplace = STOREFRONTS.find((each) => each === item.storefront)
  const listingId = typeof item.listing_id === 'number' ? String(item.listing_id) : item.listing_id
  const isListing = typeof listingId === 'string' && /^[0-9]{1,20}$/.test(listingId)
  return marketplace && isListing ? { marketplace, listingId } : null
}

async function resultOf(ctx: Ctx, scope: Scope, ref: Ref | null): Promise<ByteText> {
  if (ref === null) return printError(new DomainError('input_invalid', 'This is no listing.'))
  return (printedAtHand(ctx, LOOKUP_VIEWS[scope.catalogue], ref) ?? (await printProduct(ctx, scope, ref))).bytes
}

/** The code alone: what a result of a batch tells. */
function printError(error: DomainError): string {
  const { body } = houseRefusal(error)
  return JSON.stringify({ error: { code: (body as { error: { code: string } }).error.code } })
}
