import type { FastifyInstance } from 'fastify'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { addressGroup } from '../../access/keys/addresses.ts'
import type { Ctx } from '../../ctx.ts'
import { REACHABLE, requestCode } from '../../risk/disputes/codes.ts'
import { dispute, heldOf, STATEMENT_MAX } from '../../risk/disputes/disputes.ts'
import { CATEGORIES } from '../../risk/list/reasons.ts'
import { errorAnswers } from './refusals.ts'
import { RegionField } from './risk-wire.ts'

/** For those who are listed, and who have no key. */
const PUBLIC = { scope: 'public', cost: 0 } as const
const BODIES = ['application/x-www-form-urlencoded', 'application/json']

const REACHABLE_FIELDS = {
  type: Type.Enum([...REACHABLE]),
  value: Type.String({ description: 'your e-mail address or phone number', examples: ['buyer@example.com'] }),
  region: RegionField,
}

const WireHeld = Type.Object({
  category: Type.Enum([...CATEGORIES]),
  reason: Type.String(),
  firstSeen: Type.String({ description: 'A day.' }),
  expiresAt: Type.String(),
  disputed: Type.Boolean({ description: 'You have objected, and it is not decided yet.' }),
  listedBy: Type.Enum(['operator', 'member']),
})

export function disputeRoutes(scope: FastifyInstance, ctx: Ctx): void {
  codeRoute(scope, ctx)
  heldRoute(scope, ctx)
  disputeRoute(scope, ctx)
}

function codeRoute(scope: FastifyInstance, ctx: Ctx): void {
  scope.withTypeProvider<TypeBoxTypeProvider>().post(
    '/blacklist/disputes/code',
    {
      config: PUBLIC,
      schema: {
        operationId: 'requestDisputeCode',
        summary: 'Send a code to an e-mail address or a phone number, to see what is held about it',
        consumes: BODIES,
        body: Type.Object(REACHABLE_FIELDS),
        response: {
          202: Type.Object(
            { ok: Type.Literal(true), message: Type.String() },
            { description: 'Whether or not anything is held.' },
          ),
          ...errorAnswers(400, 413, 429, 503),
        },
      },
    },
    async (request, reply) => {
      await requestCode(ctx, request.body, addressGroup(request.ip))
      return reply.code(202).send({ ok: true, message: 'A code is on its way; it works for 15 minutes.' })
    },
  )
}

function heldRoute(scope: FastifyInstance, ctx: Ctx): void {
  scope.withTypeProvider<TypeBoxTypeProvider>().post(
    '/blacklist/disputes/held',
    {
      config: PUBLIC,
      schema: {
        operationId: 'showHeld',
        summary: 'What is held about an e-mail address or a phone number whose code you have',
        consumes: BODIES,
        body: Type.Object({
          ...REACHABLE_FIELDS,
          code: Type.String({ pattern: '^(?:[\\s-]*[0-9A-Za-z]){8}[\\s-]*$', description: 'eight letters and digits' }),
        }),
        response: {
          200: Type.Object({
            ok: Type.Literal(true),
            held: Type.Array(WireHeld),
            token: Type.String({ description: 'To object with, once.' }),
            tokenExpiresAt: Type.String(),
          }),
          ...errorAnswers(400, 413, 429, 503),
        },
      },
    },
    async (request) => {
      const { held, token, tokenEndsAt } = await heldOf(ctx, request.body)
      return {
        ok: true as const,
        held: held.map(({ isDisputed, expiresAt, ...rest }) => {
          return { ...rest, expiresAt: expiresAt.toISOString(), disputed: isDisputed }
        }),
        token,
        tokenExpiresAt: tokenEndsAt.toISOString(),
      }
    },
  )
}

function disputeRoute(scope: FastifyInstance, ctx: Ctx): void {
  scope.withTypeProvider<TypeBoxTypeProvider>().post(
    '/blacklist/disputes',
    {
      config: PUBLIC,
      schema: {
        operationId: 'openDispute',
        summary: 'Object to what is held',
        consumes: BODIES,
        body: Type.Object({
          token: Type.String({ description: 'as /blacklist/disputes/held answered it' }),
          statement: Type.String({ minLength: 1, maxLength: STATEMENT_MAX, description: 'why it is wrong' }),
        }),
        response: {
          201: Type.Object({
            ok: Type.Literal(true),
            dispute: Type.Object({ id: Type.Integer(), status: Type.Literal('open') }),
          }),
          ...errorAnswers(400, 409, 413, 429, 503),
        },
      },
    },
    async (request, reply) => {
      const { id } = await dispute(ctx, request.body)
      return reply.code(201).send({ ok: true, dispute: { id, status: 'open' } })
    },
  )
}
