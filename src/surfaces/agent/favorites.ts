import type { FastifyInstance } from 'fastify'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Ctx } from '../../ctx.ts'
import { namesOf } from '../../products/catalog/skus.ts'
import { DEFAULT_LANGUAGE } from '../../products/translation/languages.ts'
import { addFavorite, listFavorites, removeFavorite, type Favorite } from '../../shopping/customers/favorites.ts'
import { chargeFor } from '../door.ts'
import { catalogueOf } from '../surface.ts'
import { absoluteUrl } from '../urls.ts'
import { dataOf, errorAnswers, Id, PageQuery, ProductId, wireTime, Yuan, yuanNumber } from './wire.ts'

const Text = Type.Union([Type.String(), Type.Null()])
const WireFavorite = Type.Object({
  id: Type.Integer(),
  productId: Type.Integer(),
  title: Type.Union([Type.String(), Type.Null()], { description: 'Null when the product is not to be had any more.' }),
  price: Type.Union([Yuan, Type.Null()]),
  imageUrl: Text,
  addedAt: Type.String(),
})

export function favoriteRoutes(scope: FastifyInstance, ctx: Ctx): void {
  const app = scope.withTypeProvider<TypeBoxTypeProvider>()

  app.get(
    '/user/favorites',
    {
      config: { scope: 'favorites:read', cost: 1 },
      schema: {
        operationId: 'listFavorites',
        summary: 'Favourite products, newest first',
        querystring: Type.Object(PageQuery),
        response: {
          200: dataOf(Type.Object({ items: Type.Array(WireFavorite), total: Type.Integer() }), 'One page.'),
          ...errorAnswers(400, 401, 403, 429, 500, 503),
        },
      },
    },
    async (request, reply) => {
      await chargeFor(ctx, request, reply)
      const { accountId } = request.visit!.principal
      const { items, total } = await listFavorites(ctx, catalogueOf(request), accountId, request.query)
      return { data: { items: items.map((item) => toWireFavorite(item, ctx.publicUrl)), total } }
    },
  )

  changingRoutes(scope, ctx)
}

function changingRoutes(scope: FastifyInstance, ctx: Ctx): void {
  const app = scope.withTypeProvider<TypeBoxTypeProvider>()

  app.post(
    '/user/favorites',
    {
      config: { scope: 'favorites:write', cost: 1 },
      schema: {
        operationId: 'addFavorite',
        summary: 'Add a product to the favourites; added again, it is the same favourite',
        body: Type.Object({ productId: ProductId }),
        response: {
          201: dataOf(WireFavorite, 'The favourite.'),
          ...errorAnswers(400, 401, 403, 404, 409, 413, 429, 500, 503),
        },
      },
    },
    async (request, reply) => {
      await chargeFor(ctx, request, reply)
      const { accountId } = request.visit!.principal
      const favorite = await addFavorite(ctx, catalogueOf(request), accountId, Number(request.body.productId))
      return reply.code(201).send({ data: toWireFavorite(favorite, ctx.publicUrl) })
    },
  )

  app.delete(
    '/user/favorites/:id',
    {
      config: { scope: 'favorites:write', cost: 1 },
      schema: {
        operationId: 'removeFavorite',
        summary: 'Remove a favourite',
        params: Type.Object({ id: Id }),
        response: {
          200: dataOf(Type.Object({ message: Type.String() })),
          ...errorAnswers(400, 401, 403, 404, 409, 429, 500, 503),
        },
      },
    },
    async (request, reply) => {
      await chargeFor(ctx, request, reply)
      await removeFavorite(ctx, request.visit!.principal.accountId, request.params.id)
      return { data: { message: 'Favorite removed' } }
    },
  )
}

function toWireFavorite({ id, productId, addedAt, product }: Favorite, publicUrl: string) {
  return {
    id,
    productId,
    title: product && namesOf(product, null, DEFAULT_LANGUAGE).title,
    price: product && product.priceFen !== null ? yuanNumber(product.priceFen) : null,
    imageUrl: product?.images[0] ? absoluteUrl(publicUrl, product.images[0]) : null,
    addedAt: wireTime(addedAt),
  }
}
