import assert from 'node:assert/strict'
import { test } from 'node:test'
import Fastify from 'fastify'
import { requireDeclaration } from '../../src/surfaces/surface.ts'
import { testApp, assertAnswer } from '../app.ts'

const house = (code: string, message: string) => ({ error: { code, message } })
const item = (error: string, message: string) => ({ error, message })

test('unknown paths, wrong methods and bad addresses answer in the envelope of whose path it is', async (t) => {
  const { app } = await testApp(t)
  const cases: { method?: 'GET' | 'POST' | 'DELETE'; url: string; status: number; body: object; allow?: string }[] = [
    { url: '/api/v1/nothing', status: 404, body: house('NOT_FOUND', 'There is no GET /api/v1/nothing.') },
    { url: '/', status: 404, body: house('NOT_FOUND', 'There is no GET /.') },
    { url: '/api/v1/qc/1/images/2', status: 404, body: house('NOT_FOUND', 'There is no GET /api/v1/qc/1/images/2.') },
    {
      method: 'DELETE',
      url: '/api/v1/products/weidian/1',
      status: 405,
      body: house('METHOD_NOT_ALLOWED', 'DELETE is not allowed here; use GET or HEAD.'),
      allow: 'GET, HEAD',
    },
    {
      url: '/api/v1/item',
      status: 405,
      body: item('method_not_allowed', 'GET is not allowed here; use POST.'),
      allow: 'POST',
    },
    {
      url: '/api/v1/blacklist/nothing',
      status: 404,
      body: item('not_found', 'There is no GET /api/v1/blacklist/nothing.'),
    },
    {
      method: 'DELETE',
      url: '/api/v1/links',
      status: 405,
      body: house('METHOD_NOT_ALLOWED', 'DELETE is not allowed here; use GET or HEAD or POST.'),
      allow: 'GET, HEAD, POST',
    },
    {
      url: '/api/v1/products/weidian/%zz',
      status: 400,
      body: house('BAD_REQUEST', 'The address is not valid percent-encoding.'),
    },
    { url: '/api/v1/item/%zz', status: 400, body: house('BAD_REQUEST', 'The address is not valid percent-encoding.') },
  ]
  for (const { method = 'GET', url, status, body, allow } of cases) {
    await t.test(`${method} ${url}`, async () => {
      const answer = await app.inject({ method, url })
      assertAnswer(answer, status, body)
      assert.equal(answer.headers.allow, allow)
    })
  }
})

test('browsers of any origin may call, without credentials', async (t) => {
  const { app } = await testApp(t)
  const answer = await app.inject({
    method: 'OPTIONS',
    url: '/api/v1/item',
    headers: { origin: 'https://shop.test', 'access-control-request-method': 'POST' },
  })
  assert.equal(answer.statusCode, 204)
  assert.equal(answer.headers['access-control-allow-origin'], '*')
  assert.equal(
    answer.headers['access-control-allow-headers'],
    'Authorization, X-API-Key, Content-Type, Idempotency-Key',
  )
  assert.equal(answer.headers['access-control-allow-credentials'], undefined)
})

test('alive and ready', async (t) => {
  const { app } = await testApp(t)
  assertAnswer(await app.inject({ url: '/healthz' }), 200, { status: 'ok' })
  assertAnswer(await app.inject({ url: '/readyz' }), 200, { status: 'ready', schema: 'current' })
})

test('a route that declares no scope or no cost stops the app from starting', () => {
  const app = Fastify()
  app.addHook('onRoute', requireDeclaration)
  const handler = async () => ({})
  assert.throws(() => app.get('/open', { config: { cost: 0 } }, handler), /GET \/open must declare config.scope/)
  assert.throws(() => app.get('/free', { config: { scope: 'public' } }, handler), /GET \/free must declare/)
  assert.throws(() => app.get('/bare', handler), /GET \/bare must declare/)
  app.get('/declared', { config: { scope: 'public', cost: 0 } }, handler)
})
