import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SCOPES, type RouteScope } from '../../../src/access/keys/scopes.ts'
import { assertAnswer, seedKey, testApp } from '../../app.ts'
import { routesOf, type Route } from './routes.ts'

/** What anybody may read. */
const PUBLIC = new Set(['/api/v1/orders/states'])

/** An address of the route: every parameter is a number. */
const addressOf = ({ method, url }: Route) => ({ method, url: url.replaceAll(/:\w+(?:\([^)]*\))?/g, '7') }) as const

function refusal(required: RouteScope, has: readonly string[]) {
  const message = `Insufficient scope. Required: ${required}. Your key has: ${has.join(', ')}`
  return { statusCode: 403, message, error: 'Forbidden' }
}

test('every route declares a scope', async (t) => {
  const { ctx } = await testApp(t)
  const routes = await routesOf(t, ctx)
  assert.ok(routes.length >= 4)
  for (const { method, url, scope } of routes) {
    const known = PUBLIC.has(url) ? scope === 'public' : SCOPES.some((each) => each === scope)
    assert.ok(known, `${method} ${url}: ${scope}`)
  }
})

test('a key with every scope but the route’s is told which it lacks and which it has, in the order of the list', async (t) => {
  const { app, ctx } = await testApp(t)
  const routes = await routesOf(t, ctx)
  for (const scope of SCOPES) {
    const has = SCOPES.filter((each) => each !== scope)
    // In another order than that of the list, which is how they are told.
    const { headers } = await seedKey(ctx, { style: 'sk', scopes: has.toReversed() })
    for (const route of routes.filter((each) => each.scope === scope)) {
      await t.test(`${route.method} ${route.url}`, async () =>
        assertAnswer(await app.inject({ ...addressOf(route), headers }), 403, refusal(scope, has)),
      )
    }
  }
})

test('a key with one scope passes through the routes of that scope, and no others', async (t) => {
  const { app, ctx } = await testApp(t)
  const routes = await routesOf(t, ctx)
  for (const scope of SCOPES) {
    const { headers } = await seedKey(ctx, { style: 'sk', scopes: [scope] })
    for (const route of routes) {
      const { method, url, scope: required } = route
      const answer = await app.inject({ ...addressOf(route), headers })
      if (required === scope || required === 'public') {
        assert.ok(![401, 403, 405].includes(answer.statusCode), `${scope}: ${method} ${url} ${answer.body}`)
        assert.ok(answer.statusCode < 500, `${scope}: ${method} ${url} ${answer.body}`)
      } else {
        assertAnswer(answer, 403, refusal(required!, [scope]))
      }
    }
  }
})
