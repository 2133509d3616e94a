import type { FastifyInstance } from 'fastify'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Visit } from '../../access/admit.ts'
import { UNLIMITED } from '../../access/limits/limit-store.ts'
import { potsUsed, type PotUse } from '../../access/limits/pots.ts'
import type { Ctx } from '../../ctx.ts'
import { dayBucket, dayEnd, monthBucket, monthEnd } from '../../lib/buckets.ts'
import { usd } from '../../lib/money.ts'
import { apiBalanceOf } from '../../money/ledger/accounts.ts'
import { getBalance } from '../../money/ledger/ledger.ts'
import { PRODUCTS } from '../../money/plans/catalogue.ts'
import type { Terms } from '../../money/plans/terms.ts'
import { chargeFor } from '../door.ts'
import { errorAnswers } from '../house.ts'

const limit = Type.Union([Type.Integer(), Type.Null()], { description: 'null: unlimited' })
const counter = {
  limit,
  used: Type.Integer(),
  remaining: limit,
  reset_in_seconds: Type.Integer(),
  reset_at: Type.String({ format: 'date-time' }),
}
const WireCounter = Type.Object({ ...counter, bucket: Type.Optional(Type.Integer()) })

const WireUsage = Type.Object(
  {
    tier: Type.String(),
    key: Type.Object({ id: Type.Integer(), mode: Type.Enum(['live', 'test']) }),
    minute: Type.Object(counter),
    month: Type.Object({ ...counter, bucket: Type.Integer({ description: 'The UTC month as YYYYMM.' }) }),
    products: Type.Record(
      Type.String(),
      Type.Object({
        plan: Type.String(),
        counters: Type.Record(Type.String(), WireCounter, { description: 'What is paid for in advance, by its name.' }),
      }),
      { description: 'The other products of the account.' },
    ),
    balance: Type.Object({ usd: Type.String(), spent_this_month_usd: Type.String() }),
  },
  { description: 'The counters, this call included.' },
)

export function usageRoutes(scope: FastifyInstance, ctx: Ctx): void {
  const app = scope.withTypeProvider<TypeBoxTypeProvider>()

  app.get(
    '/usage',
    {
      config: { scope: 'qc:read', cost: 1 },
      schema: {
        operationId: 'getUsage',
        summary: 'What is used and left of every limit',
        response: { 200: WireUsage, ...errorAnswers(401, 403, 429, 500, 503) },
      },
    },
    async (request, reply) => {
      await chargeFor(ctx, request, reply)
      return usageOf(ctx, request.visit!)
    },
  )
}

async function usageOf(ctx: Ctx, { principal, take }: Visit) {
  const { accountId, keyId, mode, terms } = principal
  const now = ctx.clock.now()
  const used = await potsUsed(ctx.db, accountId)
  const { availableMinor } = await getBalance(ctx.db, apiBalanceOf(accountId))
  const month = monthBucket(now)
  const spent = usedIn(used, 'spend', month)
  // Units that this node has drawn ahead are not used yet.
  const calls = usedIn(used, 'qc.month', month) - ctx.leases.unused(accountId, 'qc.month', month)
  return {
    tier: terms.qc.plan,
    key: { id: keyId, mode },
    minute: minuteOf(take, now),
    month: { ...counterOf(terms.qc.quota?.limit ?? null, calls, now, monthEnd(now)), bucket: month },
    products: Object.fromEntries(
      PRODUCTS.filter((product) => product !== 'qc').map((product) => [
        product,
        { plan: terms[product].plan, counters: countersOf(terms[product], used, now) },
      ]),
    ),
    balance: { usd: usd(availableMinor), spent_this_month_usd: usd(spent) },
  }
}

function minuteOf({ standings }: Visit['take'], now: Date) {
  const standing = standings.find(({ rule }) => rule.name === 'minute')!
  const { rule, max, remaining, resetMs } = standing
  const limit = rule.max === UNLIMITED ? null : rule.max
  return counterOf(limit, max - remaining, now, new Date(now.getTime() + resetMs))
}

function counterOf(limit: number | null, used: number, now: Date, resetAt: Date) {
  return {
    limit,
    used,
    remaining: limit === null ? null : Math.max(0, limit - used),
    reset_in_seconds: Math.max(0, Math.ceil((resetAt.getTime() - now.getTime()) / 1000)),
    reset_at: resetAt.toISOString(),
  }
}

/** What a product counts beside windows: units paid for in advance, and response bytes. */
function countersOf({ product, pot, bytes }: Terms, used: ReadonlyMap<string, PotUse>, now: Date) {
  const counters: Record<string, ReturnType<typeof counterOf> & { bucket: number }> = {}
  if (pot) {
    const bucket = pot.period === 'day' ? dayBucket(now) : monthBucket(now)
    const resetAt = pot.period === 'day' ? dayEnd(now) : monthEnd(now)
    counters[pot.name] = { ...counterOf(pot.limit, usedIn(used, pot.name, bucket), now, resetAt), bucket }
  }
  if (bytes) {
    const bucket = monthBucket(now)
    const name = `${product}.bytes`
    counters[name] = { ...counterOf(bytes.included, usedIn(used, name, bucket), now, monthEnd(now)), bucket }
  }
  return counters
}

function usedIn(used: ReadonlyMap<string, PotUse>, name: string, bucket: number): number {
  const pot = used.get(name)
  return pot && pot.bucket >= bucket ? pot.used : 0
}
