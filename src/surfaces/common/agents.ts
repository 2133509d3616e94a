import type { FastifyInstance } from 'fastify'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { REGISTRY_DATE } from '../../products/links/agents.ts'
import { listAgents, marketplacesOf } from '../../products/links/registry.ts'
import { errorAnswers } from '../house.ts'

const WireAgent = Type.Object({
  id: Type.String(),
  name: Type.String(),
  status: Type.Enum(['active', 'legacy', 'renamed', 'defunct']),
  confidence: Type.Enum(['high', 'medium', 'low'], { description: 'How far the forms below can be trusted.' }),
  evidence: Type.String(),
  hosts: Type.Array(Type.String()),
  short_hosts: Type.Array(Type.String()),
  marketplaces: Type.Array(Type.String(), { description: 'What it can be given links to.' }),
  referral: Type.Union([Type.String(), Type.Null()], { description: 'The parameter that carries a referral code.' }),
  note: Type.Union([Type.String(), Type.Null()]),
})

export function agentRoutes(scope: FastifyInstance): void {
  const app = scope.withTypeProvider<TypeBoxTypeProvider>()

  app.get(
    '/agents',
    {
      config: { scope: 'public', cost: 0 },
      schema: {
        operationId: 'listAgents',
        summary: 'Every shopping agent whose links are understood',
        response: { 200: Type.Object({ data: Type.Array(WireAgent), as_of: Type.String() }), ...errorAnswers(429) },
      },
    },
    async () => ({
      data: listAgents().map((agent) => ({
        id: agent.id,
        name: agent.name,
        status: agent.status,
        confidence: agent.confidence,
        evidence: agent.evidence,
        hosts: [...agent.hosts],
        short_hosts: [...agent.shortHosts],
        marketplaces: [...marketplacesOf(agent)],
        referral: agent.referral,
        note: agent.note,
      })),
      as_of: REGISTRY_DATE,
    }),
  )
}
