import type { FastifyInstance } from 'fastify'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Ctx } from '../../ctx.ts'
import { DomainError } from '../../lib/errors.ts'
import { findProduct, lookUp } from '../../products/catalog/catalog.ts'
import { skuNameOf, titleOf } from '../../products/catalog/names.ts'
import type { Product } from '../../products/catalog/product.ts'
import { priceAt, skusForSale } from '../../products/catalog/skus.ts'
import { translateProduct } from '../../products/catalog/translate.ts'
import { parseLink } from '../../products/links/parse.ts'
import { resolveShortLink } from '../../products/links/resolve.ts'
import type { Link } from '../../products/links/link.ts'
import type { ListingRef } from '../../products/listing.ts'
import { DEFAULT_LANGUAGE } from '../../products/translation/languages.ts'
import { chargeFor } from '../door.ts'
import { catalogueOf } from '../surface.ts'
import { absoluteUrl } from '../urls.ts'
import { dataOf, errorAnswers, yuanNumber } from './wire.ts'

const text = Type.Union([Type.String(), Type.Null()])
const count = Type.Union([Type.Integer(), Type.Null()])
const price = Type.Union([Type.Number(), Type.Null()])

const WireProduct = dataOf(
  Type.Object({
    id: Type.Integer(),
    title: Type.String({ description: 'In English where that is known, else as the seller wrote it.' }),
    description: text,
    price: Type.Union([Type.Number(), Type.Null()], { description: 'The lowest sku price in yuan.' }),
    originalPrice: price,
    currency: Type.Literal('CNY'),
    platform: Type.String(),
    platformItemId: Type.String(),
    imageUrl: text,
    images: Type.Array(Type.String()),
    shopName: text,
    shopUrl: text,
    sales: count,
    stock: count,
    categoryId: count,
    minOrder: Type.Integer({ description: 'The least that is sold at once.' }),
    skus: Type.Array(Type.Object({ skuId: Type.String(), name: Type.String(), price, stock: count, image: text })),
    attributes: Type.Array(Type.Object({ name: Type.String(), value: Type.String() })),
  }),
  'The product.',
)

export function productRoutes(scope: FastifyInstance, ctx: Ctx): void {
  const app = scope.withTypeProvider<TypeBoxTypeProvider>()

  app.get(
    // Digits only, so that the names that stand beside it in other surfaces are no ids.
    '/products/:id(^[0-9]+$)',
    {
      config: { scope: 'products:read', cost: 1 },
      schema: {
        operationId: 'getProductById',
        summary: 'One product with its skus',
        params: Type.Object({ id: Type.String({ examples: ['12345'] }) }),
        response: { 200: WireProduct, ...errorAnswers(401, 403, 404, 429, 500, 503) },
      },
    },
    async (request, reply) => {
      await chargeFor(ctx, request, reply)
      const product = await findProduct(ctx, catalogueOf(request), Number(request.params.id))
      if (!product) throw new DomainError('not_found', 'Product not found')
      return reply.send({ data: await toWireProduct(ctx, product) })
    },
  )

  app.post(
    '/products/import/1688',
    {
      config: { scope: 'products:read', cost: 1 },
      schema: {
        operationId: 'importProduct',
        summary: 'One 1688 product by its link or offer id, with the id that it has here',
        body: Type.Object({
          url: Type.Optional(
            Type.String({
              description: 'a link of 1688, or an agent’s link to such a product',
              examples: ['https://detail.1688.com/offer/688012346012.html'],
            }),
          ),
          offerId: Type.Optional(Type.String({ pattern: '^[0-9]{1,20}$', description: '1 to 20 digits' })),
        }),
        response: { 200: WireProduct, ...errorAnswers(400, 401, 403, 404, 409, 413, 429, 500, 503) },
      },
    },
    async (request, reply) => {
      const { url, offerId } = request.body
      if ((url === undefined) === (offerId === undefined)) {
        throw new DomainError('input_invalid', 'Send either url or offerId.')
      }
      const scope = catalogueOf(request)
      const link = url === undefined ? null : parseLink(url)
      const mayFollow = link?.type === 'short' && ctx.config.shortLinks && scope.catalogue === 'live'
      const known = mayFollow ? null : refOf(link, offerId)
      await chargeFor(ctx, request, reply)
      const ref = known ?? refOf(await resolveShortLink(link!, ctx.guardedHttp))
      return reply.send({ data: await toWireProduct(ctx, await lookUp(ctx, scope, ref)) })
    },
  )
}

/** The 1688 listing that is meant. Throws `url_not_supported` for a link to anything else. */
function refOf(link: Link | null, offerId?: string): ListingRef {
  if (offerId !== undefined) return { marketplace: '1688', listingId: offerId }
  if (link?.type === 'item' && link.marketplace === '1688') return { marketplace: '1688', listingId: link.listingId }
  throw new DomainError('url_not_supported', 'url must be a link to a product on 1688.')
}

async function toWireProduct(ctx: Ctx, product: Product) {
  const texts = await translateProduct(ctx, product, DEFAULT_LANGUAGE)
  const url = (path: string | null | undefined) => (path == null ? null : absoluteUrl(ctx.publicUrl, path))
  const yuan = (amountFen: number | null) => (amountFen === null ? null : yuanNumber(amountFen))
  return {
    id: product.id,
    title: titleOf(product, texts),
    description: texts.description?.text ?? null,
    price: yuan(product.priceFen),
    originalPrice: yuan(product.originalPriceFen ?? product.priceFen),
    currency: 'CNY' as const,
    platform: product.marketplace,
    platformItemId: product.listingId,
    imageUrl: url(product.images[0]),
    images: product.images.map((path) => absoluteUrl(ctx.publicUrl, path)),
    shopName: product.seller.name,
    shopUrl: product.seller.url,
    sales: product.sales,
    stock: product.stock,
    categoryId: numberOf(product.categoryId),
    minOrder: product.minimumOrder ?? 1,
    skus: skusForSale(product).map((sku) => ({
      skuId: sku.skuId,
      name: skuNameOf(sku, texts),
      price: yuan(priceAt(product, sku, product.minimumOrder ?? 1)),
      stock: sku.stock,
      image: url(sku.image),
    })),
    attributes: texts.attributes.map(({ name, value }) => ({ name: name.text, value: value.text })),
  }
}

/** Marketplaces' category ids are text to us, and numbers here as long as they fit one. */
function numberOf(digits: string | null): number | null {
  const number = digits !== null && /^\d+$/.test(digits) ? Number(digits) : null
  return Number.isSafeInteger(number) ? number : null
}
