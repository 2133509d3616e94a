import type { FastifyInstance } from 'fastify'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Ctx } from '../../ctx.ts'
import {
  createAddress,
  deleteAddress,
  listAddresses,
  updateAddress,
  type Address,
} from '../../shopping/customers/addresses.ts'
import { chargeFor } from '../door.ts'
import { sealFor } from '../idempotency.ts'
import { Line } from './line.ts'
import { dataOf, errorAnswers, Id } from './wire.ts'

const Text = Type.Union([Type.String(), Type.Null()])
const WireAddress = Type.Object({
  id: Type.Integer(),
  name: Type.String(),
  phone: Type.String({ description: 'As it was written.' }),
  phoneE164: Type.Optional(Type.String({ description: 'The same in E.164, where it can be told.' })),
  country: Type.String(),
  state: Text,
  city: Type.String(),
  address: Type.String(),
  zipCode: Text,
  isDefault: Type.Boolean(),
})

const NewAddress = Type.Object({
  name: Line(100),
  phone: Line(40),
  country: Type.String({ pattern: '^[A-Z]{2}$', description: 'a country code such as US' }),
  state: Type.Optional(Type.Union([Line(100), Type.Null()])),
  city: Line(100),
  address: Line(300),
  zipCode: Type.Optional(Type.Union([Line(20), Type.Null()])),
  isDefault: Type.Optional(
    Type.Boolean({ description: 'One address is the default: the first, unless told otherwise.' }),
  ),
})
const Params = Type.Object({ id: Id })

export function addressRoutes(scope: FastifyInstance, ctx: Ctx): void {
  const app = scope.withTypeProvider<TypeBoxTypeProvider>()

  app.get(
    '/user/addresses',
    {
      config: { scope: 'profile:read', cost: 1 },
      schema: {
        operationId: 'listAddresses',
        summary: 'All addresses, oldest first',
        response: {
          200: dataOf(Type.Array(WireAddress), 'The addresses.'),
          ...errorAnswers(401, 403, 429, 500, 503),
        },
      },
    },
    async (request, reply) => {
      await chargeFor(ctx, request, reply)
      const addresses = await listAddresses(ctx, request.visit!.principal.accountId)
      return { data: addresses.map(toWireAddress) }
    },
  )

  app.post(
    '/user/addresses',
    {
      config: { scope: 'profile:write', cost: 1 },
      schema: {
        operationId: 'createAddress',
        summary: 'Add an address',
        body: NewAddress,
        response: {
          201: dataOf(WireAddress, 'The address.'),
          ...errorAnswers(400, 401, 403, 409, 413, 429, 500, 503),
        },
      },
    },
    async (request, reply) => {
      await chargeFor(ctx, request, reply)
      const bodyOf = (address: Address) => ({ data: toWireAddress(address) })
      const seal = sealFor(ctx, request, reply, { status: 201, bodyOf })
      const address = await createAddress(ctx, request.visit!.principal.accountId, request.body, seal)
      return reply.code(201).send(bodyOf(address))
    },
  )

  changingRoutes(scope, ctx)
}

function changingRoutes(scope: FastifyInstance, ctx: Ctx): void {
  const app = scope.withTypeProvider<TypeBoxTypeProvider>()

  app.put(
    '/user/addresses/:id',
    {
      config: { scope: 'profile:write', cost: 1 },
      schema: {
        operationId: 'updateAddress',
        summary: 'Change what is named of an address',
        params: Params,
        body: Type.Partial(NewAddress),
        response: {
          200: dataOf(WireAddress, 'The address.'),
          ...errorAnswers(400, 401, 403, 404, 409, 413, 429, 500, 503),
        },
      },
    },
    async (request, reply) => {
      await chargeFor(ctx, request, reply)
      const { accountId } = request.visit!.principal
      const bodyOf = (address: Address) => ({ data: toWireAddress(address) })
      const seal = sealFor(ctx, request, reply, { status: 200, bodyOf })
      return bodyOf(await updateAddress(ctx, accountId, request.params.id, request.body, seal))
    },
  )

  app.delete(
    '/user/addresses/:id',
    {
      config: { scope: 'profile:write', cost: 1 },
      schema: {
        operationId: 'deleteAddress',
        summary: 'Delete an address',
        params: Params,
        response: {
          200: dataOf(Type.Object({ message: Type.String() })),
          ...errorAnswers(400, 401, 403, 404, 409, 429, 500, 503),
        },
      },
    },
    async (request, reply) => {
      await chargeFor(ctx, request, reply)
      await deleteAddress(ctx, request.visit!.principal.accountId, request.params.id)
      return { data: { message: 'Address deleted' } }
    },
  )
}

function toWireAddress({ phoneE164, ...address }: Address) {
  return { ...address, ...(phoneE164 !== null && { phoneE164 }) }
}
