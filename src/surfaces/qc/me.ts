import type { FastifyInstance } from 'fastify'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { accountOwner } from '../../access/accounts/accounts.ts'
import type { Ctx } from '../../ctx.ts'
import { PRODUCTS } from '../../money/plans/catalogue.ts'
import { chargeFor } from '../door.ts'
import { errorAnswers } from '../house.ts'

const WireMe = Type.Object(
  {
    user: Type.Object({ id: Type.Integer(), username: Type.String() }),
    key: Type.Object({ id: Type.Integer(), mode: Type.Enum(['live', 'test']) }),
    tier: Type.String(),
    plans: Type.Record(Type.String(), Type.String(), { description: 'The plan on each product.' }),
    scopes: Type.Array(Type.String(), { description: 'What the key may do.' }),
  },
  { description: 'The account, and the key of this request.' },
)

export function meRoutes(scope: FastifyInstance, ctx: Ctx): void {
  const app = scope.withTypeProvider<TypeBoxTypeProvider>()

  app.get(
    '/me',
    {
      config: { scope: 'qc:read', cost: 1 },
      schema: {
        operationId: 'getMe',
        summary: 'Who calls, with which key, on which plans',
        response: { 200: WireMe, ...errorAnswers(401, 403, 429, 500, 503) },
      },
    },
    async (request, reply) => {
      await chargeFor(ctx, request, reply)
      const { liveAccountId, keyId, mode, terms, scopes } = request.visit!.principal
      const { name } = await accountOwner(ctx.db, liveAccountId)
      return {
        // A test key acts in the sandbox of the same account.
        user: { id: liveAccountId, username: name },
        key: { id: keyId, mode },
        tier: terms.qc.plan,
        plans: Object.fromEntries(PRODUCTS.map((product) => [product, terms[product].plan])),
        scopes: [...scopes],
      }
    },
  )
}
