import type { FastifyInstance } from 'fastify'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Ctx } from '../../ctx.ts'
import { DomainError } from '../../lib/errors.ts'
import { walletOf } from '../../money/ledger/accounts.ts'
import { getBalance } from '../../money/ledger/ledger.ts'
import { listWallet, type WalletEntry } from '../../money/ledger/wallet.ts'
import { orderNumbers } from '../../shopping/orders/orders.ts'
import { chargeFor } from '../door.ts'
import { dataOf, errorAnswers, pageOf, PageQuery, wireTime, Yuan, yuanNumber } from './wire.ts'

const DAY_MS = 24 * 60 * 60_000

const WireBalance = dataOf(
  Type.Object({
    balance: Yuan,
    frozenBalance: Type.Number({ description: 'The part of the balance that is kept for orders, in yuan.' }),
    availableBalance: Yuan,
    currency: Type.Literal('CNY'),
    pendingIn: Type.Number({ description: 'Paid in and not in the balance yet, in yuan.' }),
  }),
  'What the wallet has.',
)

const WireEntry = Type.Object({
  id: Type.Integer(),
  type: Type.Enum(['credit', 'debit'], { description: 'Whether it came in or went out.' }),
  amount: Yuan,
  reason: Type.String(),
  orderNo: Type.Union([Type.String(), Type.Null()]),
  parcelNo: Type.Union([Type.String(), Type.Null()]),
  createdAt: Type.String(),
})

const Day = Type.String({
  pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$',
  description: 'a UTC day such as 2024-01-15',
})

export function walletRoutes(scope: FastifyInstance, ctx: Ctx): void {
  const app = scope.withTypeProvider<TypeBoxTypeProvider>()

  app.get(
    '/user/wallet/balance',
    {
      config: { scope: 'wallet:read', cost: 1 },
      schema: {
        operationId: 'getWalletBalance',
        summary: 'What the wallet has, and how much of it may be spent',
        response: { 200: WireBalance, ...errorAnswers(401, 403, 429, 500, 503) },
      },
    },
    async (request, reply) => {
      await chargeFor(ctx, request, reply)
      const { accountId } = request.visit!.principal
      const balance = await getBalance(ctx.db, walletOf(accountId))
      return reply.send({
        data: {
          balance: yuanNumber(balance.balanceMinor),
          frozenBalance: yuanNumber(balance.heldMinor),
          availableBalance: yuanNumber(balance.availableMinor),
          currency: 'CNY' as const,
          pendingIn: yuanNumber(ctx.payments ? await ctx.payments.pendingInFen(accountId) : 0),
        },
      })
    },
  )

  app.get(
    '/user/wallet/transactions',
    {
      config: { scope: 'wallet:read', cost: 1 },
      schema: {
        operationId: 'listWalletTransactions',
        summary: 'What came into the wallet and what left it, newest first',
        querystring: Type.Object({
          ...PageQuery,
          type: Type.Optional(Type.Enum(['credit', 'debit'])),
          from: Type.Optional(Day),
          to: Type.Optional(Day),
        }),
        response: { 200: pageOf(WireEntry), ...errorAnswers(400, 401, 403, 429, 500, 503) },
      },
    },
    async (request, reply) => {
      const { page, limit, type = null, from, to } = request.query
      const wish = { page, limit, type, from: startOf('from', from), before: endOf('to', to) }
      await chargeFor(ctx, request, reply)
      const { entries, total } = await listWallet(ctx.db, request.visit!.principal.accountId, wish)
      const orderNos = await orderNumbers(
        ctx.db,
        entries.flatMap(({ orderId }) => orderId ?? []),
      )
      return reply.send({ data: { items: entries.map((entry) => toWireEntry(entry, orderNos)), total, page, limit } })
    },
  )
}

function toWireEntry({ id, type, amountFen, reason, orderId, at }: WalletEntry, orderNos: ReadonlyMap<number, string>) {
  const orderNo = orderId === null ? null : (orderNos.get(orderId) ?? null)
  // No parcel is paid for yet.
  return { id, type, amount: yuanNumber(amountFen), reason, orderNo, parcelNo: null, createdAt: wireTime(at) }
}

/** The first instant of a day. Throws `input_invalid` for one that no calendar has. */
function startOf(parameter: string, day: string | undefined): Date | null {
  if (day === undefined) return null
  const start = new Date(`${day}T00:00:00Z`)
  if (!Number.isNaN(start.getTime()) && start.toISOString().startsWith(day)) return start
  throw new DomainError('input_invalid', `${parameter} must be a day of the calendar.`, { parameter })
}

function endOf(parameter: string, day: string | undefined): Date | null {
  const start = startOf(parameter, day)
  return start && new Date(start.getTime() + DAY_MS)
}
