import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { chargePriced, conclude, type Visit } from '../../access/admit.ts'
import type { Ctx } from '../../ctx.ts'
import { DomainError, type ErrorCode } from '../../lib/errors.ts'
import { checkRead, type Checked, type Readable } from '../../risk/check/check.ts'
import { TYPES, type IdentifierType } from '../../risk/normalise/normalised.ts'
import { JSON_TYPE } from '../send.ts'
import { toDomainError } from '../surface.ts'
import { errorAnswers, refuse } from './refusals.ts'
import { byOf, readOrThrow, secondsOf } from './risk-check.ts'
import { redactBatch } from './risk-redaction.ts'
import { Cost, dollars, TokenField, toWireResult, WireChecked, WireResult } from './risk-wire.ts'

const ITEMS_MAX = 100
/** What one line may be refused for while others are checked. */
const DENIALS: ReadonlySet<ErrorCode> = new Set(['credits_spent', 'balance_too_low', 'cap_reached', 'quota_spent'])

const WireLine = Type.Union([
  Type.Object({ ok: Type.Literal(true), result: WireResult, checked: WireChecked, cost: Cost }),
  Type.Object({ ok: Type.Literal(false), error: Type.String(), message: Type.String(), cost: Type.Literal(0) }),
])

export function riskBatchRoutes(scope: FastifyInstance, ctx: Ctx): void {
  const app = scope.withTypeProvider<TypeBoxTypeProvider>()

  app.post(
    '/blacklist/check/batch',
    {
      // One call of the windows; its lines are charged one by one.
      config: { scope: 'risk:check', cost: 0, redaction: redactBatch },
      schema: {
        operationId: 'checkIdentifiers',
        summary: 'Up to 100 checks in one call, each with its own result and price',
        body: Type.Object({
          items: Type.Array(Type.Object({}, { additionalProperties: true }), {
            minItems: 1,
            maxItems: ITEMS_MAX,
            description: 'Objects of `type`, `value` and `region`, as one check takes them.',
            examples: [[{ type: 'phone', value: '+1 202 555 0123' }]],
          }),
          token: TokenField,
        }),
        response: {
          200: Type.Object({
            ok: Type.Literal(true),
            results: Type.Array(WireLine, { description: 'In the order asked.' }),
            cost: Cost,
            timestamp: Type.Integer({ description: 'Seconds since 1970.' }),
          }),
          ...errorAnswers(400, 401, 403, 409, 413, 429, 500, 503),
        },
      },
    },
    async (request, reply) => {
      const lines = request.body.items.map((item, at) => openLine(request, item, at))
      const results = await checkLines(ctx, request, reply, lines)
      const cost = sumUp(request.visit!, lines)
      const answer = { ok: true, results, cost: dollars(cost), timestamp: secondsOf(ctx) }
      // The schema only documents it.
      return (reply as FastifyReply).type(JSON_TYPE).send(JSON.stringify(answer))
    },
  )
}

type Asked = { type: IdentifierType; value: string }
/** Charged and concluded as a visit of its own, under an id of its own. */
type Line = {
  id: string
  visit: Visit
  asked: { checked: Asked; question: Readable } | null
  refusal: DomainError | null
}

function openLine(request: FastifyRequest, item: object, at: number): Line {
  const { prepaidBy } = request.visit!
  const nameOf = (batch: string) => `${batch}-${at + 1}`
  // The record names the charge of one line; those of the others have its name but for their place.
  const visit = { ...request.visit!, prepaidBy: prepaidBy && nameOf(prepaidBy.replace(/-\d+$/, '')) }
  const line = { id: nameOf(request.id), visit }
  try {
    const { region, ...checked } = readItem(item)
    const question = readOrThrow(byOf(request), { ...checked, region })
    return { ...line, asked: { checked, question }, refusal: null }
  } catch (error) {
    if (!(error instanceof DomainError)) throw error
    return { ...line, asked: null, refusal: error }
  }
}

function readItem(item: { type?: unknown; value?: unknown; region?: unknown }): Asked & { region: string | null } {
  const type = TYPES.find((each) => each === item.type)
  const value = typeof item.value === 'number' ? String(item.value) : item.value
  const { region = null } = item
  for (const parameter of ['type', 'value'] as const) {
    if (item[parameter] === undefined) throw new DomainError('input_missing', `${parameter} is required.`)
  }
  if (!type) throw new DomainError('input_invalid', `type must be one of ${TYPES.join(', ')}.`)
  if (typeof value !== 'string') throw new DomainError('input_invalid', 'value must be string.')
  if (region !== null && !(typeof region === 'string' && /^[A-Za-z]{2}$/.test(region))) {
    throw new DomainError('input_invalid', 'region must be a country in two letters.')
  }
  return { type, value, region }
}

/** The results in the order of the lines. Rejects with nothing taken where it is not a single line that is refused. */
async function checkLines(
  ctx: Ctx,
  request: FastifyRequest,
  reply: FastifyReply,
  lines: readonly Line[],
): Promise<object[]> {
  const us = () => Math.round(reply.elapsedTime * 1000)
  try {
    await chargeLines(ctx, lines, { record: request.record?.id ?? null, us: us() })
    const found = await Promise.all(
      lines.map(async ({ asked, refusal }) =>
        asked && !refusal ? checkRead(ctx, byOf(request), asked.question) : null,
      ),
    )
    const results = lines.map((line, at) => toWireLine(line, found[at]!))
    // In one turn of the event loop, as they were charged: they share a commit.
    const ending = lines.map(async ({ id, visit }, at) => {
      const bytes = Buffer.byteLength(JSON.stringify(results[at]))
      await conclude(ctx, visit, { requestId: id, status: 200, bytes, us: us() })
    })
    for (const [at, ended] of (await Promise.allSettled(ending)).entries()) {
      if (ended.status === 'fulfilled') continue
      // It is given back behind this answer.
      const line = lines[at]!
      line.visit.charged = 'nothing'
      line.visit.paid = null
      line.refusal = toDomainError(ended.reason as FastifyError, request)
      results[at] = toWireLine(line, null)
    }
    return results
  } catch (error) {
    const taken = lines.filter(({ visit }) => visit.charged !== 'nothing')
    const answer = { status: 500, bytes: 0, us: us() }
    await Promise.allSettled(taken.map(async ({ id, visit }) => conclude(ctx, visit, { requestId: id, ...answer })))
    throw error
  }
}

/** Notes which lines nothing pays for. Rejects when another fault keeps any from being charged. */
async function chargeLines(
  ctx: Ctx,
  lines: readonly Line[],
  { record, us }: { record: number | null; us: number },
): Promise<void> {
  const fit = lines.filter(({ refusal }) => refusal === null)
  const charged = await Promise.allSettled(
    fit.map(async ({ id, visit }, at) =>
      // The record names one charge, and so whether the request was paid for.
      chargePriced(ctx, visit, { requestId: id, tid: null, readyBytes: null, us, record: at === 0 ? record : null }),
    ),
  )
  for (const [at, each] of charged.entries()) {
    if (each.status === 'fulfilled') continue
    const fault: unknown = each.reason
    if (!(fault instanceof DomainError && DENIALS.has(fault.code))) throw fault
    fit[at]!.refusal = fault
  }
}

function toWireLine({ id, visit, asked, refusal }: Line, found: Checked | null): object {
  if (refusal) return { ok: false, ...refuse(refusal).body, cost: 0 }
  const cost = dollars(visit.paid?.costUsdMicros ?? 0)
  return { ok: true, result: toWireResult(found!, id), checked: asked!.checked, cost }
}

/** Tells the visit of the whole what its lines took; answers USD micros. */
function sumUp(visit: Visit, lines: readonly Line[]): number {
  const paid = lines.flatMap((line) => line.visit.paid ?? [])
  const cost = paid.reduce((sum, { costUsdMicros }) => sum + costUsdMicros, 0)
  visit.charged = lines.find((line) => line.visit.charged !== 'nothing')?.visit.charged ?? 'nothing'
  visit.paid = paid.length > 0 ? { ...paid.at(-1)!, costUsdMicros: cost } : null
  return cost
}
