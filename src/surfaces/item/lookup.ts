import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Ctx } from '../../ctx.ts'
import { DomainError } from '../../lib/errors.ts'
import { freshForMs, lookUp } from '../../products/catalog/catalog.ts'
import type { Scope } from '../../products/catalog/product.ts'
import { translateProduct } from '../../products/catalog/translate.ts'
import { untranslatedTexts } from '../../products/translation/translation.ts'
import { languageOf } from '../../products/translation/languages.ts'
import type { Link } from '../../products/links/link.ts'
import { parseLink } from '../../products/links/parse.ts'
import { resolveShortLink } from '../../products/links/resolve.ts'
import type { ListingRef } from '../../products/listing.ts'
import { chargeFor } from '../door.ts'
import { printedAtHand, printedOnce, type Printed } from '../printed.ts'
import { bytesOf, sendBytes, type ByteText } from '../send.ts'
import { catalogueOf } from '../surface.ts'
import { errorAnswers } from './refusals.ts'
import { toWireItem } from './wire.ts'

const TID_CHARS_MAX = 200
/** An answer that the translation service left as the seller wrote it is tried again after this. */
const UNTRANSLATED_KEPT_MS = 10 * 60_000

const text = Type.Union([Type.String(), Type.Null()])
const count = Type.Union([Type.Number(), Type.Null()])

const WireAnswer = Type.Object(
  {
    code: Type.Literal(1),
    msg: Type.String(),
    tid: Type.Optional(Type.String()),
    data: Type.Object(
      {
        api_source: Type.Enum(['taobao', 'tmall', 'weidian', '1688', 'goofish']),
        num_iid: Type.String(),
        title: Type.String({ description: 'In the language asked, where a translation is known.' }),
        title_original: Type.String(),
        price: text,
        orginal_price: text,
        pic_url: text,
        item_imgs: Type.Array(Type.Object({ url: Type.String() })),
        props: Type.Array(Type.Object({ name: Type.String(), value: Type.String() })),
        props_list: Type.Record(Type.String(), Type.String(), { description: '`pid:vid` to `name:value`.' }),
        skus: Type.Object({
          sku: Type.Array(
            Type.Object({
              sku_id: Type.String(),
              price: text,
              orginal_price: text,
              properties: Type.String({ description: '`pid:vid;pid:vid`' }),
              properties_name: Type.String({ description: '`pid:vid:name:value;…`' }),
              quantity: text,
            }),
          ),
        }),
        sales_data: Type.Object({ weight: count, size: count, delivery_time: text, sales: count }),
      },
      { additionalProperties: true },
    ),
  },
  { description: 'The product.' },
)

export function lookupRoutes(scope: FastifyInstance, ctx: Ctx): void {
  const app = scope.withTypeProvider<TypeBoxTypeProvider>()

  app.post(
    '/item',
    {
      config: { scope: 'item:read', cost: 1 },
      preValidation: noteTid,
      schema: {
        operationId: 'lookUpItem',
        summary: 'One normalized product for a marketplace or agent link',
        consumes: ['application/x-www-form-urlencoded', 'application/json'],
        body: Type.Object({
          url: Type.String({
            description: 'a product link of a supported marketplace, or an agent’s link to one',
            examples: ['https://weidian.com/item.html?itemID=7266541641'],
          }),
          searchlang: Type.Optional(
            Type.String({
              pattern: '^(?:[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*)?$',
              description: 'a language code such as en or zh; en unless given',
            }),
          ),
          tid: Type.Optional(
            Type.String({
              maxLength: TID_CHARS_MAX,
              description: 'your own mark; it comes back in the answer and stands in the request log',
            }),
          ),
        }),
        response: { 200: WireAnswer, ...errorAnswers(400, 401, 402, 403, 404, 409, 413, 429, 500, 503) },
      },
    },
    async (request, reply) => {
      const { url, searchlang, tid } = request.body
      if (url === '') throw new DomainError('input_missing', 'url is required.')
      const language = languageOf(searchlang)
      const scope = catalogueOf(request)
      const view = `item ${language} ${scope.catalogue}`

      const link = readLink(url)
      const isShort = link.type === 'short' && ctx.config.shortLinks && scope.catalogue === 'live'
      const known = isShort ? null : refOf(link)
      const atHand = known && printedAtHand(ctx, view, known)
      const ready = atHand && answerOf(atHand.bytes, tid)
      await chargeFor(ctx, request, reply, ready)
      // Followed only now: nobody asks the outside world for a caller without money, nor for a sandbox.
      const ref = known ?? refOf(await resolveShortLink(link, ctx.guardedHttp))
      return sendBytes(request, reply, ready ?? answerOf((await printItem(ctx, scope, ref, language, view)).bytes, tid))
    },
  )
}

function answerOf(data: ByteText, tid: string | undefined): ByteText {
  const echoed = tid === undefined ? '' : `"tid":${bytesOf(JSON.stringify(tid))},`
  return `{"code":1,"msg":"return success",${echoed}"data":${data}}`
}

function printItem(ctx: Ctx, scope: Scope, ref: ListingRef, language: string, view: string): Promise<Printed> {
  return printedOnce(ctx, view, ref, async () => {
    const product = await lookUp(ctx, scope, ref)
    const texts = await translateProduct(ctx, product, language)
    const freshMs = freshForMs(product, ctx.clock.now())
    const isComplete = !ctx.config.translate || untranslatedTexts(product, texts).length === 0
    return {
      text: JSON.stringify(toWireItem(product, texts, ctx.publicUrl)),
      keepMs: isComplete ? freshMs : Math.min(freshMs, UNTRANSLATED_KEPT_MS),
    }
  })
}

/** The caller's mark, also on requests that go no further: they are found by it. */
function noteTid(request: FastifyRequest, _reply: FastifyReply, done: () => void): void {
  const { tid } = (request.body ?? {}) as { tid?: unknown }
  // A number is taken for its text, as the schema does.
  const text = typeof tid === 'number' ? String(tid) : tid
  if (typeof text === 'string' && text.length <= TID_CHARS_MAX) request.tid = text
  done()
}

/** Links read lately: callers ask again for what they show. */
const READ_LATELY = new Map<string, Link>()
const READ_LATELY_MAX = 10_000
const READ_LATELY_CHARS_MAX = 300

function readLink(url: string): Link {
  const known = READ_LATELY.get(url)
  if (known) return known
  const link = parseLink(url)
  if (link.type === 'item' && url.length <= READ_LATELY_CHARS_MAX) READ_LATELY.set(url, link)
  if (READ_LATELY.size > READ_LATELY_MAX) READ_LATELY.delete(READ_LATELY.keys().next().value!)
  return link
}

/** The listing that a link points at. Throws `url_not_supported` for everything else. */
function refOf(link: Link): ListingRef {
  if (link.type === 'item') return { marketplace: link.marketplace, listingId: link.listingId }
  throw new DomainError('url_not_supported', 'URL not allowed or unsafe')
}
