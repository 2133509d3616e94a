import type { FastifyInstance } from 'fastify'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Ctx } from '../../ctx.ts'
import { getProfile, updateProfile, type Profile } from '../../shopping/customers/profile.ts'
import { chargeFor } from '../door.ts'
import { sealFor } from '../idempotency.ts'
import { Line } from './line.ts'
import { dataOf, errorAnswers, wireTime } from './wire.ts'

const Text = Type.Union([Type.String(), Type.Null()])
const WireProfile = dataOf(
  Type.Object({
    id: Type.Integer(),
    username: Type.String(),
    email: Text,
    avatar: Text,
    language: Type.String(),
    createdAt: Type.String(),
  }),
  'The profile.',
)

const Email = Type.String({
  maxLength: 254,
  pattern: '^[^\\s@\\p{Cc}]+@[^\\s@\\p{Cc}]+$',
  description: 'an e-mail address',
})
const WebAddress = Type.String({
  maxLength: 2_000,
  pattern: '^https?://[^\\s\\p{Cc}]+$',
  description: 'an http or https address',
})
const Language = Type.String({
  pattern: '^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})?$',
  description: 'a language code such as en or pt-BR',
})

export function profileRoutes(scope: FastifyInstance, ctx: Ctx): void {
  const app = scope.withTypeProvider<TypeBoxTypeProvider>()

  app.get(
    '/user/profile',
    {
      config: { scope: 'profile:read', cost: 1 },
      schema: {
        operationId: 'getProfile',
        summary: 'The profile of the account',
        response: { 200: WireProfile, ...errorAnswers(401, 403, 429, 500, 503) },
      },
    },
    async (request, reply) => {
      await chargeFor(ctx, request, reply)
      return { data: toWireProfile(await getProfile(ctx, request.visit!.principal.accountId)) }
    },
  )

  app.put(
    '/user/profile',
    {
      config: { scope: 'profile:write', cost: 1 },
      schema: {
        operationId: 'updateProfile',
        summary: 'Change what is named of the profile',
        body: Type.Object({
          username: Type.Optional(Line(60)),
          email: Type.Optional(Type.Union([Email, Type.Null()])),
          avatar: Type.Optional(Type.Union([WebAddress, Type.Null()])),
          language: Type.Optional(Language),
        }),
        response: { 200: WireProfile, ...errorAnswers(400, 401, 403, 409, 413, 429, 500, 503) },
      },
    },
    async (request, reply) => {
      await chargeFor(ctx, request, reply)
      const bodyOf = (profile: Profile) => ({ data: toWireProfile(profile) })
      const seal = sealFor(ctx, request, reply, { status: 200, bodyOf })
      return bodyOf(await updateProfile(ctx, request.visit!.principal.accountId, request.body, seal))
    },
  )
}

function toWireProfile(profile: Profile) {
  return { ...profile, createdAt: wireTime(profile.createdAt) }
}
