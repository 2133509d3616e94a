import assert from 'node:assert/strict'
import test from 'node:test'
import { openHttp } from '../../src/lib/http-client.ts'
import { testServer } from './http-server.ts'
import type { TestContext } from 'node:test'
import type { HttpOptions } from '../../src/lib/http-client.ts'
import type { HttpRequest } from '../../src/lib/http.ts'

function client(t: TestContext, options: HttpOptions = {}) {
  const http = openHttp(options)
  t.after(() => http.close())
  return http
}

function get(url: string, timeoutMs = 5_000): HttpRequest {
  return { method: 'GET', url, headers: {}, body: null, timeoutMs }
}

test('sends method, headers and body, and gives the whole answer', async (t) => {
  const server = await testServer(t, (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { method, url, headers } = request
      response.writeHead(207, { 'x-many': ['one', 'two'], 'content-type': 'application/json' })
      response.write('{"seen":')
      response.end(
        `${JSON.stringify({ method, url, type: headers['content-type'], encoding: headers['accept-encoding'], body: Buffer.concat(chunks).toString() })}}`,
      )
    })
  })
  const answer = await client(t).send({
    method: 'POST',
    url: `${server.url}/a?b=c`,
    headers: { 'content-type': 'text/plain' },
    body: '蓝牙',
    timeoutMs: 5_000,
  })
  const { 'x-many': many, 'content-type': type } = answer.headers
  assert.deepEqual([answer.status, many, type], [207, 'one, two', 'application/json'])
  assert.deepEqual(JSON.parse(answer.text), {
    seen: { method: 'POST', url: '/a?b=c', type: 'text/plain', encoding: 'identity', body: '蓝牙' },
  })
})

test('a redirect is an answer and is not followed', async (t) => {
  const server = await testServer(t, (_, response) => response.writeHead(302, { location: '/next' }).end())
  const { status, headers } = await client(t).send(get(server.url))
  assert.deepEqual([status, headers['location'], server.connections()], [302, '/next', 1])
})

test('an answer over the limit is refused, announced or not, and one at the limit is read', async (t) => {
  const server = await testServer(t, (request, response) => {
    if (request.url === '/announced') response.setHeader('content-length', 1_001)
    response.write('x'.repeat(1_000))
    response.end(request.url === '/fits' ? '' : 'x')
  })
  const http = client(t, { maxBytes: 1_000 })
  assert.equal((await http.send(get(`${server.url}/fits`))).text.length, 1_000)
  for (const path of ['/announced', '/chunked']) {
    await assert.rejects(http.send(get(server.url + path)), { name: 'HttpError', kind: 'too_large' })
  }
  // The next request is served all the same.
  assert.equal((await http.send(get(`${server.url}/fits`))).status, 200)
})

test('no head, no body and half a body within the time are time-outs', async (t) => {
  const server = await testServer(t, (request, response) => {
    if (request.url === '/silent') return
    response.writeHead(200)
    response.write('half')
  })
  for (const path of ['/silent', '/half']) {
    await assert.rejects(client(t).send(get(server.url + path, 80)), { name: 'HttpError', kind: 'timeout' })
  }
})

test('a refused or broken connection is unreachable, and the message holds no part of the query', async (t) => {
  const server = await testServer(t, (request) => request.socket.destroy())
  const dead = await testServer(t, () => {})
  const http = client(t)
  const cases = [
    `${server.url}/?secret=hidden`,
    `http://127.0.0.1:1/?secret=hidden`,
    'http://host.invalid/?secret=hidden',
  ]
  for (const url of cases) {
    await assert.rejects(http.send(get(url)), (error: Error & { kind?: string }) => {
      assert.equal(error.kind, 'unreachable')
      assert.doesNotMatch(error.message, /hidden/)
      return true
    })
  }
  assert.equal(dead.connections(), 0)
})

test("the caller's abort comes back as the caller's reason", async (t) => {
  const server = await testServer(t, () => {})
  const abort = new AbortController()
  const sent = client(t).send(get(server.url), abort.signal)
  setTimeout(() => abort.abort(new Error('no longer needed')), 30)
  await assert.rejects(sent, { message: 'no longer needed' })
})
