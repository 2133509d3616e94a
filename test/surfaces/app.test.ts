import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connect, type AddressInfo } from 'node:net'
import Fastify from 'fastify'
import { requireDeclaration } from '../../src/surfaces/surface.ts'
import { testApp, assertAnswer } from '../app.ts'

const house = (code: string, message: string) => ({ error: { code, message } })
const item = (error: string, message: string) => ({ error, message })
const agent = (statusCode: number, error: string, message: string) => ({ statusCode, message, error })

test('unknown paths, wrong methods and bad addresses answer in the envelope of whose path it is', async (t) => {
  const { app } = await testApp(t)
  const cases: { method?: 'GET' | 'POST' | 'DELETE'; url: string; status: number; body: object; allow?: string }[] = [
    { url: '/api/v1/nothing', status: 404, body: house('NOT_FOUND', 'There is no GET /api/v1/nothing.') },
    { url: '/x', status: 404, body: house('NOT_FOUND', 'There is no GET /x.') },
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
      url: '/api/v1/user/nothing',
      status: 404,
      body: agent(404, 'Not Found', 'There is no GET /api/v1/user/nothing.'),
    },
    {
      method: 'POST',
      url: '/api/v1/products/12345',
      status: 405,
      body: agent(405, 'Method Not Allowed', 'POST is not allowed here; use GET or HEAD.'),
      allow: 'GET, HEAD',
    },
    {
      url: '/api/v1/products/batch',
      status: 405,
      body: house('METHOD_NOT_ALLOWED', 'GET is not allowed here; use POST.'),
      allow: 'POST',
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

test('route and method come before the body', async (t) => {
  const { app } = await testApp(t)
  const broken = { payload: '{"a', headers: { 'content-type': 'application/json' } }
  const large = { payload: 'x'.repeat(300_000), headers: { 'content-type': 'application/json' } }
  assertAnswer(
    await app.inject({ method: 'POST', url: '/api/v1/nothing', ...broken }),
    404,
    house('NOT_FOUND', 'There is no POST /api/v1/nothing.'),
  )
  for (const body of [broken, large]) {
    assertAnswer(
      await app.inject({ method: 'PUT', url: '/api/v1/item', ...body }),
      405,
      item('method_not_allowed', 'PUT is not allowed here; use POST.'),
    )
  }
  const long = await app.inject({ url: `/api/v1/products/weidian/${'1'.repeat(501)}` })
  assertAnswer(long, 401, house('UNAUTHORIZED', 'No API key was sent.'))
})

test('a fault of ours outside the surfaces tells nothing of this machine', async (t) => {
  const { app } = await testApp(
    t,
    {},
    {
      draw: async () => {
        throw new Error('no such file: /secret/place')
      },
    },
  )
  assertAnswer(await app.inject({ url: '/media/demo/v2/7231368393-1.webp' }), 500, house('INTERNAL', 'Internal error'))
})

test('what is hardly HTTP gets its status, an id and the house envelope', async (t) => {
  const { app } = await testApp(t)
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  const send = async (text: string) => {
    const socket = connect(port, '127.0.0.1')
    socket.end(text)
    let answer = ''
    for await (const chunk of socket) answer += String(chunk)
    const [head = '', body = ''] = answer.split('\r\n\r\n')
    assert.match(head, /^x-request-id: req_[A-Za-z0-9]{20}\r?$/im, head)
    return [Number(head.split(' ')[1]), JSON.parse(body)]
  }
  const close = 'Host: x\r\nConnection: close\r\n\r\n'
  assert.deepEqual(await send(`QUERY /api/v1/item HTTP/1.1\r\n${close}`), [
    405,
    item('method_not_allowed', 'QUERY is not allowed here; use POST.'),
  ])
  assert.deepEqual(await send(`POST * HTTP/1.1\r\n${close}`), [404, house('NOT_FOUND', 'There is no POST *.')])
  assert.deepEqual(await send(`GET /%zz HTTP/1.1\r\n${close}`), [
    400,
    house('BAD_REQUEST', 'The address is not valid percent-encoding.'),
  ])
  assert.deepEqual(await send('no http\r\n\r\n'), [400, house('BAD_REQUEST', 'This is not a readable HTTP request.')])
  assert.deepEqual(await send(`GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n${close}`), [
    431,
    house('BAD_REQUEST', 'The headers are larger than 16 KB.'),
  ])
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
  assert.equal((await app.inject({ method: 'OPTIONS', url: '/api/v1/item' })).statusCode, 204)
})

test('alive and ready', async (t) => {
  const { app } = await testApp(t)
  assertAnswer(await app.inject({ url: '/healthz' }), 200, { status: 'ok' })
  assertAnswer(await app.inject({ url: '/readyz' }), 200, { status: 'ready', schema: 'current' })
  app.lifecycle.isStopping = true
  assertAnswer(await app.inject({ url: '/readyz' }), 503, { status: 'stopping' })
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
