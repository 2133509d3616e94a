import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { test, type TestContext } from 'node:test'
import { openGuardedHttp } from '../../../src/lib/http-client.ts'
import { PICTURE_BYTES_MAX } from '../../../src/products/media/intake.ts'
import { fetchPicture } from '../../../src/products/media/fetch.ts'
import { testServer } from '../../lib/http-server.ts'
import { noisy } from './pictures.ts'

/** A server that stands for the public internet. */
async function outside(t: TestContext, handle: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = await testServer(t, handle)
  const guardedHttp = openGuardedHttp({ httpsOnly: false, ports: [server.port], allows: () => true })
  t.after(() => guardedHttp.close())
  return { ...server, fetch: (path: string) => fetchPicture({ guardedHttp }, server.url + path) }
}

const FAILED = { name: 'DomainError', code: 'unprocessable', message: /^No picture could be fetched from this address/ }

test('a picture comes as it is, whatever its type is called, and nothing of the caller or the server is carried along', async (t) => {
  const picture = await noisy(40, 30).jpeg().toBuffer()
  const asked: IncomingMessage[] = []
  const { fetch } = await outside(t, (request, response) => {
    asked.push(request)
    const headers = { 'content-type': 'text/html', 'set-cookie': 'a=b' }
    if (request.url === '/a/one') response.writeHead(302, { ...headers, location: 'two' }).end()
    else if (request.url === '/a/two') response.writeHead(308, { ...headers, location: '/three?x=1#y' }).end()
    else if (request.url === '/three?x=1')
      response.writeHead(301, { ...headers, location: '//' + request.headers.host + '/four' }).end('moved')
    else response.writeHead(200, headers).end(picture)
  })
  assert.deepEqual(await fetch('/a/one'), picture)
  assert.deepEqual(
    asked.map(({ url }) => url),
    ['/a/one', '/a/two', '/three?x=1', '/four'],
  )
  for (const { headers } of asked) {
    const { host: _host, connection: _connection, ...sent } = headers
    assert.deepEqual(sent, { accept: 'image/avif,image/webp,image/png,image/jpeg', 'accept-encoding': 'identity' })
  }
})

test('a fourth redirect, one to nowhere, and every other answer are no picture', async (t) => {
  const paths: string[] = []
  const { fetch } = await outside(t, (request, response) => {
    paths.push(request.url!)
    const [, kind, count = '0'] = request.url!.split('/')
    if (kind === 'hop') response.writeHead(302, { location: `/hop/${Number(count) + 1}` }).end()
    else if (kind === 'lost') response.writeHead(302, { location: 'http://[' }).end()
    else if (kind === 'text') response.end('<!doctype html>'.repeat(9))
    else if (kind === 'empty') response.end()
    else response.writeHead(Number(kind)).end()
  })
  await assert.rejects(fetch('/hop/0'), FAILED)
  assert.deepEqual(paths.splice(0), ['/hop/0', '/hop/1', '/hop/2', '/hop/3'])
  for (const path of ['/lost', '/text', '/empty', '/204', '/206', '/304', '/401', '/404', '/500']) {
    await assert.rejects(fetch(path), FAILED, path)
    assert.deepEqual(paths.splice(0), [path])
  }
})

test('as much is read as a picture may have, and not a byte more', async (t) => {
  const { fetch } = await outside(t, (request, response) => {
    const [, kind, size] = request.url!.split('/')
    const bytes = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff]), Buffer.alloc(Number(size) - 3)])
    if (kind === 'told') response.writeHead(200, { 'content-length': bytes.length })
    response.end(bytes)
  })
  for (const kind of ['told', 'untold']) {
    assert.equal((await fetch(`/${kind}/${PICTURE_BYTES_MAX}`)).length, PICTURE_BYTES_MAX)
    await assert.rejects(fetch(`/${kind}/${PICTURE_BYTES_MAX + 1}`), FAILED)
  }
})
