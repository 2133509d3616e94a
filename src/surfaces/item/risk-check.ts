import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Ctx } from '../../ctx.ts'
import { DomainError } from '../../lib/errors.ts'
import { checkRead, readQuestion, type By, type Question, type Readable } from '../../risk/check/check.ts'
import { chargeFor } from '../door.ts'
import { bytesOf, sendBytes } from '../send.ts'
import { errorAnswers } from './refusals.ts'
import { redactCheck } from './risk-redaction.ts'
import {
  Cost,
  dollars,
  IdentifierTypeField,
  RegionField,
  TokenField,
  toWireResult,
  WireChecked,
  WireResult,
} from './risk-wire.ts'

export function riskCheckRoutes(scope: FastifyInstance, ctx: Ctx): void {
  const app = scope.withTypeProvider<TypeBoxTypeProvider>()

  app.post(
    '/blacklist/check',
    {
      config: { scope: 'risk:check', cost: 1, redaction: redactCheck },
      schema: {
        operationId: 'checkIdentifier',
        summary: 'Whether an identifier is listed, and why',
        consumes: ['application/x-www-form-urlencoded', 'application/json'],
        body: Type.Object({
          type: IdentifierTypeField,
          value: Type.String({ description: 'the identifier', examples: ['buyer@example.com'] }),
          region: RegionField,
          token: TokenField,
        }),
        response: {
          200: Type.Object({
            ok: Type.Literal(true),
            result: WireResult,
            checked: WireChecked,
            cost: Cost,
            timestamp: Type.Integer({ description: 'Seconds since 1970.' }),
          }),
          ...errorAnswers(400, 401, 402, 403, 409, 413, 429, 500, 503),
        },
      },
    },
    async (request, reply) => {
      const { type, value, region = null } = request.body
      const by = byOf(request)
      const question = readOrThrow(by, { type, value, region })
      await chargeFor(ctx, request, reply)
      const checked = await checkRead(ctx, by, question)
      const answer = {
        ok: true,
        result: toWireResult(checked, request.id),
        checked: { type, value },
        cost: dollars(request.visit!.paid?.costUsdMicros ?? 0),
        timestamp: secondsOf(ctx),
      }
      return sendBytes(request, reply, bytesOf(JSON.stringify(answer)))
    },
  )
}

/** Whose list is asked. */
export function byOf({ visit }: FastifyRequest): By {
  const { accountId, isSandbox } = visit!.principal
  return { owner: accountId, isSandbox }
}

/** As `readQuestion`; throws `input_invalid`, in words that do not repeat the value, for what cannot be checked. */
export function readOrThrow(by: By, question: Question): Readable {
  const read = readQuestion(by, question)
  if (read.kind === 'unfit') throw new DomainError('input_invalid', read.why, { parameter: 'value' })
  return read
}

export function secondsOf({ clock }: Pick<Ctx, 'clock'>): number {
  return Math.floor(clock.now().getTime() / 1000)
}
