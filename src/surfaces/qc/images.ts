import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Ctx } from '../../ctx.ts'
import { DomainError } from '../../lib/errors.ts'
import { findProduct, freshForMs, lookUp } from '../../products/catalog/catalog.ts'
import type { Scope } from '../../products/catalog/product.ts'
import { parseLink } from '../../products/links/parse.ts'
import type { ListingRef } from '../../products/listing.ts'
import { QC_SOURCES } from '../../products/qc/facts.ts'
import { galleryOf } from '../../products/qc/qc.ts'
import { chargeFor } from '../door.ts'
import { errorAnswers } from '../house.ts'
import { printedOnce, sendPrinted, type Printed } from '../printed.ts'
import { catalogueOf } from '../surface.ts'
import { STOREFRONTS, toWireImages } from './wire.ts'

/** A link may be long, as agents wrap links in links; longer than this it is no link. */
const URL_LENGTH_MAX = 8_192

const text = Type.Union([Type.String(), Type.Null()])
const count = Type.Union([Type.Integer(), Type.Null()])
const side = Type.Integer()

const WireImages = Type.Object(
  {
    data: Type.Object({
      id: Type.Integer(),
      storefront: Type.String(),
      listing_id: Type.String(),
      qc_count: Type.Integer(),
      images: Type.Array(Type.String(), { description: 'All of them, the newest first.' }),
      sets: Type.Array(
        Type.Object({
          taken_at: text,
          source: Type.Enum(QC_SOURCES),
          sku_id: text,
          weight_grams: count,
          size_mm: Type.Union([Type.Object({ length: side, width: side, height: side }), Type.Null()]),
          images: Type.Array(Type.String()),
        }),
        { description: 'The same by sets that were taken together, with what was measured.' },
      ),
    }),
  },
  { description: 'All QC photos of the product.' },
)

export function imageRoutes(scope: FastifyInstance, ctx: Ctx): void {
  const app = scope.withTypeProvider<TypeBoxTypeProvider>()

  app.get(
    '/qc/:id/images',
    {
      config: { scope: 'qc:read', cost: 1, feature: 'batch_and_images' },
      preValidation: takeRestOfQuery,
      schema: {
        operationId: 'listQcImages',
        summary: 'All QC photos of a product, by its number or a link to it',
        params: Type.Object({
          id: Type.String({ description: 'The number of a product; with `url` it is ignored.', examples: ['482910'] }),
        }),
        querystring: Type.Object({
          url: Type.Optional(
            Type.String({
              minLength: 1,
              maxLength: URL_LENGTH_MAX,
              description:
                'A link to a product, of its marketplace or an agent; not encoded, it takes the rest of the query.',
            }),
          ),
        }),
        response: { 200: WireImages, ...errorAnswers(400, 401, 403, 404, 429, 500, 503) },
      },
    },
    async (request, reply) => {
      const { url } = request.query
      const scope = catalogueOf(request)
      const id = url === undefined ? readId(request.params.id) : null
      const linked = url === undefined ? null : readLink(url)
      await chargeFor(ctx, request, reply)
      const ref = linked ?? (await findProduct(ctx, scope, id!))
      if (ref === null) throw new DomainError('not_found', 'Product not found')
      return sendPrinted(request, reply, await printImages(ctx, scope, ref))
    },
  )
}

function printImages(ctx: Ctx, scope: Scope, ref: ListingRef): Promise<Printed> {
  return printedOnce(ctx, `qc images ${scope.catalogue}`, ref, async () => {
    // By its listing, also where a number was asked for: a live product stands before the demo's.
    const product = await lookUp(ctx, scope, ref)
    const sets = await galleryOf(ctx.db, product.id)
    return {
      text: JSON.stringify({ data: toWireImages(product, sets, ctx.publicUrl) }),
      keepMs: freshForMs(product, ctx.clock.now()),
    }
  })
}

/** Where `url` is a link that was not encoded, its own `?` and `&` belong to it, so it is all that follows. */
function takeRestOfQuery(request: FastifyRequest, _reply: FastifyReply, done: () => void): void {
  const [, rest] = /^[^?]*\?(?:[^&]*&)*?url=(.*)$/s.exec(request.url) ?? []
  if (rest !== undefined && /^(?:https?:\/\/|[^&?]*\?)/i.test(rest)) request.query = { url: rest }
  done()
}

function readId(text: string): number {
  if (/^[0-9]{1,20}$/.test(text)) return Number(text)
  throw new DomainError('input_invalid', 'id must be 1 to 20 digits.')
}

/** The listing that a link points at. Throws `url_not_supported` for anything else. */
function readLink(url: string): ListingRef {
  const link = parseLink(url)
  const marketplace = [...STOREFRONTS, 'tmall' as const].find((each) => each === link.marketplace)
  if (link.type === 'item' && marketplace) return { marketplace, listingId: link.listingId }
  if (link.type === 'item') {
    throw new DomainError('url_not_supported', 'Only links to Weidian, Taobao, Tmall and 1688 are taken here.')
  }
  throw new DomainError('url_not_supported', `url is not a link to a product. ${link.reason ?? ''}`.trimEnd())
}
