import type { FastifyInstance } from 'fastify'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Ctx } from '../../ctx.ts'
import { convertLink, readReferralPolicy } from '../../products/links/convert.ts'
import { extractLinks } from '../../products/links/extract.ts'
import { parseLink } from '../../products/links/parse.ts'
import { resolveShortLink } from '../../products/links/resolve.ts'
import { toWireLink } from '../../products/links/wire.ts'
import { errorAnswers } from '../house.ts'

const text = Type.Union([Type.String(), Type.Null()])

const WireLink = Type.Object({
  input: Type.String(),
  type: Type.Enum(['item', 'store', 'short', 'page', 'unsupported', 'ambiguous', 'none']),
  marketplace: text,
  listing_id: text,
  agent: Type.Union([Type.String(), Type.Null()], { description: 'The agent whose link it is.' }),
  canonical_url: text,
  converted: Type.Record(Type.String(), Type.String(), { description: 'The same item at other agents, by agent id.' }),
  lost: Type.Array(Type.String(), { description: 'What a conversion could not carry.' }),
  referral: Type.Union([Type.Record(Type.String(), Type.String()), Type.Null()], {
    description: 'Referral codes found in the link, by agent.',
  }),
  reason: Type.Union([Type.String(), Type.Null()], { description: 'Why it is not an item.' }),
})

const WireAnswer = Type.Object({ data: WireLink }, { description: 'What the link is.' })
const WireAnswers = Type.Object({ data: Type.Array(WireLink) }, { description: 'Every link found, in its order.' })

const Referral = Type.String({
  maxLength: 1_000,
  description: 'Invitation codes on what is written: none (unless given), keep, or agent:code,agent:code.',
})
const To = Type.String({ maxLength: 40, description: 'An agent id of `/agents`, or `all`.' })
const PUBLIC = { scope: 'public', cost: 0 } as const
/** A link may be long, as agents wrap links in links; longer than this it is no link. */
const URL_LENGTH_MAX = 8_192

export function linkRoutes(scope: FastifyInstance, ctx: Ctx): void {
  const app = scope.withTypeProvider<TypeBoxTypeProvider>()

  app.get(
    '/links',
    {
      config: PUBLIC,
      schema: {
        operationId: 'readLink',
        summary: 'What a link points at, and the same item elsewhere',
        querystring: Type.Object({
          url: Type.String({
            minLength: 1,
            maxLength: URL_LENGTH_MAX,
            examples: ['https://detail.1688.com/offer/791912182230.html'],
          }),
          to: Type.Optional(To),
          referral: Type.Optional(Referral),
        }),
        response: { 200: WireAnswer, ...errorAnswers(400, 429) },
      },
    },
    async (request) => {
      const { url, to } = request.query
      const referral = readReferralPolicy(request.query.referral)
      const parsed = parseLink(url)
      const link =
        parsed.type === 'short' && ctx.config.shortLinks ? await resolveShortLink(parsed, ctx.guardedHttp) : parsed
      return { data: toWireLink(convertLink(link, to, referral)) }
    },
  )

  app.post(
    '/links',
    {
      config: PUBLIC,
      schema: {
        operationId: 'readLinks',
        summary: 'Every link in a text, in its order',
        body: Type.Object({ text: Type.String(), to: Type.Optional(To), referral: Type.Optional(Referral) }),
        response: { 200: WireAnswers, ...errorAnswers(400, 413, 429) },
      },
    },
    async (request) => {
      const { text, to } = request.body
      const referral = readReferralPolicy(request.body.referral)
      return { data: extractLinks(text).map((link) => toWireLink(convertLink(link, to, referral))) }
    },
  )
}
