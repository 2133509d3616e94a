import type { TestContext } from 'node:test'
import Fastify, { type HTTPMethods } from 'fastify'
import type { RouteScope } from '../../../src/access/keys/scopes.ts'
import type { Ctx } from '../../../src/ctx.ts'
import { agentSurface } from '../../../src/surfaces/agent/agent.ts'

/** What is used of a JSON schema. */
export type Schema = {
  type?: string
  maximum?: number
  properties?: Record<string, Schema>
  items?: Schema
  anyOf?: Schema[]
}

export type Route = {
  method: HTTPMethods
  url: string
  scope: RouteScope | undefined
  schema: { params?: Schema; querystring?: Schema; body?: Schema }
}

/** Every route of the surface, as it declares itself; HEAD goes with its GET. */
export async function routesOf(t: TestContext, ctx: Ctx): Promise<Route[]> {
  const routes: Route[] = []
  const app = Fastify()
  t.after(() => app.close())
  app.addHook('onRoute', ({ method, url, config, schema }) => {
    for (const each of [method].flat()) {
      routes.push({ method: each, url, scope: config?.scope, schema: (schema ?? {}) as Route['schema'] })
    }
  })
  await app.register(agentSurface, { ctx, prefix: '/api/v1' })
  return routes.filter(({ method }) => method !== 'HEAD' && method !== 'OPTIONS')
}
