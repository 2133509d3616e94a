import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { type Static, Type } from 'typebox'
import type { Ctx } from '../../ctx.ts'
import { DomainError } from '../../lib/errors.ts'
import { searchProducts } from '../../products/catalog/search.ts'
import { assertSought, RANKED_MAX, search } from '../../products/search/search.ts'
import { chargeFor } from '../door.ts'
import { errorAnswers } from '../house.ts'
import { bytesOf, sendBytes, type ByteText } from '../send.ts'
import { catalogueOf } from '../surface.ts'
import { absoluteUrl } from '../urls.ts'
import { FOUND_FIELDS, fileOf, IMAGE_FIELD, pricesOf, SEARCH_FIELDS } from '../search-form.ts'
import { takeUploads } from '../upload.ts'
import { toWireProduct } from './wire.ts'

const LIMIT = 20
const LIMIT_MAX = 60
const SEARCHED = ['weidian', 'taobao', '1688', 'goofish'] as const

const Wish = Type.Object({
  words: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 200,
      description: 'words that the title must have; alone, or beside a picture',
    }),
  ),
  ...SEARCH_FIELDS,
  image: IMAGE_FIELD,
  storefront: Type.Optional(Type.Enum(SEARCHED)),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: LIMIT_MAX, default: LIMIT })),
  cursor: Type.Optional(
    Type.Union([Type.String({ maxLength: 100 }), Type.Null()], {
      description: '`next_cursor` of the page before, with all else the same; null for the first',
    }),
  ),
})

const text = Type.Union([Type.String(), Type.Null()])
const WireFound = Type.Object(
  {
    data: Type.Array(
      Type.Object({
        id: Type.Integer(),
        storefront: Type.Enum(SEARCHED),
        listing_id: Type.String(),
        name: Type.String(),
        price: text,
        pic_url: text,
        product_url: Type.String(),
        qc_count: Type.Integer(),
        qc_preview: Type.Array(Type.String()),
        ...FOUND_FIELDS,
        matched_url: Type.Union([Type.String(), Type.Null()], { description: 'The picture that matched.' }),
      }),
    ),
    total: Type.Union([Type.Integer(), Type.Null()], {
      description: `With a picture: how many match, at most ${RANKED_MAX}.`,
    }),
    next_cursor: text,
  },
  { description: 'A page of products: with a picture the best match first, otherwise most sales first.' },
)

export function searchRoutes(scope: FastifyInstance, ctx: Ctx): void {
  // A scope of its own: no other route takes uploads.
  void scope.register(async (uploads) => {
    await takeUploads(uploads)
    uploads.withTypeProvider<TypeBoxTypeProvider>().post(
      '/products/search',
      {
        config: { scope: 'qc:read', cost: 1 },
        schema: {
          operationId: 'searchProducts',
          summary: 'Products of all marketplaces by words, by a picture, or by both',
          consumes: ['application/json', 'multipart/form-data', 'application/x-www-form-urlencoded'],
          body: Wish,
          response: { 200: WireFound, ...errorAnswers(400, 401, 403, 409, 413, 422, 429, 500, 503) },
        },
      },
      async (request, reply) => sendBytes(request, reply, await answer(ctx, request, reply, request.body)),
    )
  })
}

async function answer(
  ctx: Ctx,
  request: FastifyRequest,
  reply: FastifyReply,
  wish: Static<typeof Wish>,
): Promise<ByteText> {
  const { words = null, image_url = null, storefront = null, limit = LIMIT } = wish
  // A null comes as an empty text.
  const cursor = wish.cursor || null
  const image = fileOf(wish)
  if (image && image_url !== null) throw new DomainError('input_invalid', 'Give one of image_url and image.')
  if (words === null && !image && image_url === null) {
    throw new DomainError('input_missing', 'Give words, image_url or image.')
  }
  const wishes = { words, storefront, ...pricesOf(wish) }
  const scope = catalogueOf(request)
  const isPictured = image !== null || image_url !== null
  const offset = isPictured && cursor !== null ? readOffset(cursor) : 0
  assertSought({ wishes, address: image_url })
  await chargeFor(ctx, request, reply)

  if (!isPictured && words !== null) {
    const { products, next } = await searchProducts(ctx, scope, { ...wishes, words, limit, cursor })
    const data = products.map((product) => ({
      ...toWireProduct(product, ctx.publicUrl),
      match: null,
      score: null,
      matched_url: null,
    }))
    return bytesOf(JSON.stringify({ data, total: null, next_cursor: next }))
  }
  const { hits, total } = await search(ctx, scope, {
    sought: image ? { bytes: image } : { address: image_url! },
    wishes,
    reader: request.visit!.principal.accountId,
    offset,
    limit,
  })
  const data = hits.map(({ product, match, score, matchedPicture }) => ({
    ...toWireProduct(product, ctx.publicUrl),
    match,
    score,
    matched_url: matchedPicture === null ? null : absoluteUrl(ctx.publicUrl, matchedPicture),
  }))
  const next = offset + limit < total ? printOffset(offset + limit) : null
  return bytesOf(JSON.stringify({ data, total, next_cursor: next }))
}

/** Where the page after begins in the list that was made for the first one. */
const printOffset = (offset: number) => Buffer.from(`ranked ${offset}`).toString('base64url')

function readOffset(cursor: string): number {
  const match = /^ranked (\d{1,4})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1'))
  if (match) return Number(match[1])
  throw new DomainError('input_invalid', 'cursor is not one that a page of results gave.')
}
