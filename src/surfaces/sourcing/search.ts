import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { type Static, Type } from 'typebox'
import type { Ctx } from '../../ctx.ts'
import { DomainError } from '../../lib/errors.ts'
import { lookUp } from '../../products/catalog/catalog.ts'
import type { Scope } from '../../products/catalog/product.ts'
import { assertSought, RANKED_MAX, search, type Hits, type Sought } from '../../products/search/search.ts'
import { chargeFor } from '../door.ts'
import { bytesOf, sendBytes, type ByteText } from '../send.ts'
import { catalogueOf } from '../surface.ts'
import { FOUND_FIELDS, fileOf, IMAGE_FIELD, pricesOf, SEARCH_FIELDS } from '../search-form.ts'
import { takeUploads } from '../upload.ts'
import { errorAnswers, toWireHit } from './wire.ts'

const PAGE_SIZE = 20
const PAGE_SIZE_MAX = 60

/** Fields of the query and of a form alike. */
const fields = {
  ...SEARCH_FIELDS,
  offer_id: Type.Optional(
    Type.String({
      pattern: '^[0-9]{1,20}$',
      description: '1 to 20 digits',
      title: 'More like the main picture of this product',
    }),
  ),
  keyword: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 200,
      description: 'words that the title must have; alone, or beside a picture',
    }),
  ),
  page: Type.Optional(Type.Integer({ minimum: 1, maximum: RANKED_MAX, default: 1 })),
  page_size: Type.Optional(Type.Integer({ minimum: 1, maximum: PAGE_SIZE_MAX, default: PAGE_SIZE })),
}
const Query = Type.Object(fields)
const Form = Type.Object({ image: IMAGE_FIELD, ...fields })
type Wish = Static<typeof Form>

const WireHits = Type.Object(
  {
    status: Type.Literal('success'),
    data: Type.Object({
      note: Type.String({ description: 'What was searched.' }),
      page: Type.Integer(),
      page_size: Type.Integer(),
      total_found: Type.Integer({ description: `Of all pages; at most ${RANKED_MAX}.` }),
      query_image_url: Type.Union([Type.String(), Type.Null()]),
      products: Type.Array(
        Type.Object({
          offer_id: Type.String(),
          title: Type.String(),
          price: Type.Union([Type.String(), Type.Null()]),
          image_url: Type.Union([Type.String(), Type.Null()]),
          shop_name: Type.Union([Type.String(), Type.Null()]),
          city: Type.Union([Type.String(), Type.Null()]),
          ...FOUND_FIELDS,
          matched_image_url: Type.Union([Type.String(), Type.Null()], {
            description: 'The picture of the product that matched.',
          }),
        }),
      ),
    }),
  },
  { description: 'A page of products, the best match first.' },
)

export function searchRoutes(
  scope: FastifyInstance,
  ctx: Ctx,
  { prefix, operationId }: { prefix: string; operationId: string },
): void {
  const app = scope.withTypeProvider<TypeBoxTypeProvider>()
  const shared = {
    ...(prefix.includes(':') && { params: Type.Object({ scraperId: Type.String({ maxLength: 200 }) }) }),
    response: { 200: WireHits, ...errorAnswers(400, 401, 402, 403, 404, 409, 413, 422, 429, 500, 503) },
  }

  app.get(
    `${prefix}/search_by_image`,
    {
      config: { scope: 'sourcing:read', cost: 1 },
      schema: { operationId, summary: '1688 products that match a picture', querystring: Query, ...shared },
    },
    async (request, reply) => sendBytes(request, reply, await answer(ctx, request, reply, request.query)),
  )

  // A scope of its own: no other route takes uploads.
  void app.register(async (uploads) => {
    await takeUploads(uploads)
    uploads.withTypeProvider<TypeBoxTypeProvider>().post(
      `${prefix}/search_by_image`,
      {
        config: { scope: 'sourcing:read', cost: 1 },
        schema: {
          operationId: `${operationId}Uploaded`,
          summary: '1688 products that match an uploaded picture',
          consumes: ['multipart/form-data', 'application/json', 'application/x-www-form-urlencoded'],
          body: Form,
          ...shared,
        },
      },
      async (request, reply) => sendBytes(request, reply, await answer(ctx, request, reply, request.body)),
    )
  })
}

async function answer(ctx: Ctx, request: FastifyRequest, reply: FastifyReply, wish: Wish): Promise<ByteText> {
  const { image_url = null, offer_id, keyword = null, page = 1, page_size = PAGE_SIZE } = wish
  const image = fileOf(wish)
  const pictures = [image, image_url, offer_id].filter((each) => each != null)
  if (pictures.length > 1) throw new DomainError('input_invalid', 'Give one of image_url, image and offer_id.')
  if (pictures.length === 0 && keyword === null) {
    throw new DomainError('input_missing', 'Give image_url, image, offer_id or keyword.')
  }
  const wishes = {
    words: keyword,
    storefront: '1688' as const,
    ...pricesOf(wish),
  }
  assertSought({ wishes, address: image_url })
  await chargeFor(ctx, request, reply)
  const scope = catalogueOf(request)
  const { hits, total, searched } = await search(ctx, scope, {
    sought: image
      ? { bytes: image }
      : image_url !== null
        ? { address: image_url }
        : await soughtLike(ctx, scope, offer_id),
    wishes,
    reader: request.visit!.principal.accountId,
    offset: (page - 1) * page_size,
    limit: page_size,
  })
  const data = {
    note: noteOf(searched),
    page,
    page_size,
    total_found: total,
    query_image_url: image_url,
    products: hits.map((hit) => toWireHit(hit, ctx.publicUrl)),
  }
  return bytesOf(JSON.stringify({ status: 'success', data }))
}

async function soughtLike(ctx: Ctx, scope: Scope, offerId: string | undefined): Promise<Sought | null> {
  if (offerId === undefined) return null
  return { like: await lookUp(ctx, scope, { marketplace: '1688', listingId: offerId }) }
}

function noteOf(searched: Hits['searched']): string {
  if (searched === null) return 'Products of 1688 whose titles have the words; there was no picture to match.'
  const { pictures, changedAt } = searched
  const since = changedAt === null ? '' : `, as they were at ${changedAt.toISOString()}`
  return `The picture was matched with the products of 1688 in an index of ${pictures} pictures${since}.`
}
