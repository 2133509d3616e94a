import type { FastifyInstance } from 'fastify'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { Type, type Static } from 'typebox'
import { usd } from '../../lib/money.ts'
import {
  ADD_ONS,
  byProduct,
  FEATURES,
  PLANS,
  type AddOn,
  type Plan,
  type Product,
} from '../../money/plans/catalogue.ts'
import { errorAnswers } from '../house.ts'

const count = Type.Union([Type.Integer(), Type.Null()])
const Usd = Type.String({ description: 'US dollars, decimal.' })

const WirePlan = Type.Object({
  id: Type.String(),
  name: Type.String(),
  monthly_usd: Type.Union([Usd, Type.Null()], { description: 'Null: given on request.' }),
  per_second: count,
  per_minute: count,
  included: Type.Union(
    [Type.Object({ calls: Type.Integer(), per: Type.Enum(['day', 'month'], { description: 'In UTC.' }) }), Type.Null()],
    { description: 'Calls that cost nothing more; null: they are not counted.' },
  ),
  call_usd: Type.Union([Usd, Type.Null()], {
    description: 'Of a call beyond those, from the API balance; null: calls have no price of their own.',
  }),
  gb_included: Type.Union([Type.Number(), Type.Null()], { description: 'Response bytes a UTC month, in 10^9.' }),
  gb_usd: Type.Union([Usd, Type.Null()], { description: 'Of 10^9 response bytes beyond those.' }),
  features: Type.Array(Type.Enum([...FEATURES])),
})
const WireAddOn = Type.Object({
  id: Type.String(),
  name: Type.String(),
  monthly_usd: Usd,
  per_second_more: Type.Integer(),
  gb_more: Type.Number(),
})
const WirePrices = Type.Object({ plans: Type.Array(WirePlan), add_ons: Type.Array(WireAddOn) })
const WirePricing = Type.Object({
  qc: WirePrices,
  sourcing: WirePrices,
  item: WirePrices,
  risk: WirePrices,
  agent: WirePrices,
})

export function pricingRoutes(scope: FastifyInstance): void {
  const app = scope.withTypeProvider<TypeBoxTypeProvider>()

  app.get(
    '/pricing',
    {
      config: { scope: 'public', cost: 0 },
      schema: {
        operationId: 'getPricing',
        summary: 'What every plan allows and costs',
        response: { 200: Type.Object({ data: WirePricing }), ...errorAnswers(429) },
      },
    },
    async () => ({ data: PRICING }),
  )
}

const PRICING: Static<typeof WirePricing> = byProduct(toWirePrices)

function toWirePrices(product: Product): Static<typeof WirePrices> {
  // Custom limits are agreed for one account, so there is nothing to show of them.
  const plans = PLANS.filter((each) => each.product === product && each.id !== 'custom')
  const addOns = ADD_ONS.filter((each) => each.product === product)
  return { plans: plans.map(toWirePlan), add_ons: addOns.map(toWireAddOn) }
}

function toWirePlan(plan: Plan): Static<typeof WirePlan> {
  const { pot, quota, bytes } = plan
  const monthly = quota && quota.limit !== null ? { calls: quota.limit, per: 'month' as const } : null
  return {
    id: plan.id,
    name: plan.name,
    monthly_usd: plan.priceUsdMicros === null ? null : usd(plan.priceUsdMicros),
    per_second: plan.windows.perSecond,
    per_minute: plan.windows.perMinute,
    included: pot ? { calls: pot.limit, per: pot.period } : monthly,
    call_usd: plan.callPriceUsdMicros ? usd(plan.callPriceUsdMicros) : null,
    gb_included: bytes && bytes.included / 1e9,
    gb_usd: bytes && usd(bytes.gbPriceUsdMicros),
    features: [...plan.features],
  }
}

function toWireAddOn(addOn: AddOn): Static<typeof WireAddOn> {
  return {
    id: addOn.id,
    name: addOn.name,
    monthly_usd: usd(addOn.priceUsdMicros),
    per_second_more: addOn.perSecond,
    gb_more: addOn.bytes / 1e9,
  }
}
