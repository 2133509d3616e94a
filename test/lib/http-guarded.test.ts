import assert from 'node:assert/strict'
import { lookup } from 'node:dns/promises'
import { readFile } from 'node:fs/promises'
import test from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { openGuardedHttp } from '../../src/lib/http-client.ts'
import { testServer } from './http-server.ts'
import { nameServer } from './name-server.ts'
import type { TestContext } from 'node:test'
import type { GuardedOptions } from '../../src/lib/http-client.ts'
import type { HttpRequest } from '../../src/lib/http.ts'

function guarded(t: TestContext, options: GuardedOptions) {
  const http = openGuardedHttp(options)
  t.after(() => http.close())
  return http
}

function get(url: string, timeoutMs = 2_000): HttpRequest {
  return { method: 'GET', url, headers: {}, body: null, timeoutMs }
}

const REFUSED = { name: 'HttpError', kind: 'refused' }

test('no spelling of an address inside reaches a server', async (t) => {
  const server = await testServer(t, (_, response) => response.end('inside'))
  const hosts = [
    '127.0.0.1',
    '127.1',
    '127.0.1',
    '0x7f.1',
    '0x7f000001',
    '0X7F.0.0.1',
    '2130706433',
    '017700000001',
    '0177.0.0.1',
    '0',
    '0.0.0.0',
    '127.0.0.1.',
    '127。0。0。1',
    '127%2e0%2e0%2e1',
    '%31%32%37.0.0.1',
    '①②⑦.⓪.⓪.①',
    '[::1]',
    '[::]',
    '[0:0:0:0:0:0:0:1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[::127.0.0.1]',
    '[64:ff9b::7f00:1]',
    '[2002:7f00:1::]',
    '[fe80::1]',
    '[fd00::1]',
    '10.1.2.3',
    '172.16.5.4',
    '192.168.0.1',
    '169.254.169.254',
    '100.64.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
  ]
  const http = guarded(t, { httpsOnly: false, ports: [server.port] })
  for (const host of hosts) {
    await assert.rejects(http.send(get(`http://${host}:${server.port}/`)), REFUSED, host)
  }
  assert.equal(server.connections(), 0)
})

test('a name is refused when any of its addresses is inside', async (t) => {
  const server = await testServer(t, (_, response) => response.end('inside'))
  const names: Record<string, string[]> = {
    'inside.example': ['127.0.0.1'],
    'mixed.example': ['93.184.216.34', '127.0.0.1'],
    'six.example': ['::1'],
    'mapped.example': ['::ffff:127.0.0.1'],
    localhost: ['127.0.0.1', '::1'],
  }
  const http = guarded(t, { httpsOnly: false, ports: [server.port], lookup: async (host) => names[host] ?? [] })
  for (const name of Object.keys(names)) {
    await assert.rejects(http.send(get(`http://${name}:${server.port}/`)), REFUSED, name)
  }
  await assert.rejects(http.send(get(`http://nowhere.example:${server.port}/`)), { kind: 'unreachable' })
  assert.equal(server.connections(), 0)
})

test('without another stand-in, name servers are asked, for all addresses of both kinds', async (t) => {
  const server = await testServer(t, (_, response) => response.end('there'))
  const names = {
    'inside.example': ['127.0.0.1'],
    'mixed.example': ['93.184.216.34', '127.0.0.1'],
    'mixed-six.example': ['93.184.216.34', '2606:4700::1', '::1'],
    'six.example': ['fd00::1'],
  }
  const { address } = await nameServer(t, names)
  const open = { httpsOnly: false, ports: [server.port], nameServers: [address] }
  const http = guarded(t, open)
  for (const name of Object.keys(names)) {
    await assert.rejects(http.send(get(`http://${name}:${server.port}/`)), REFUSED, name)
  }
  // What stands in /etc/hosts is no name to others.
  for (const name of ['nowhere.example', 'localhost']) {
    await assert.rejects(http.send(get(`http://${name}:${server.port}/`)), { kind: 'unreachable' }, name)
  }
  assert.equal(server.connections(), 0)

  const vetted: string[] = []
  const allows = (each: string) => vetted.push(each) > 0
  const many = ['127.0.0.1', '127.0.0.2', '127.0.0.3', '127.0.0.4', '127.0.0.5', '::2']
  const other = await nameServer(t, { 'many.example': many })
  const lenient = guarded(t, { ...open, nameServers: [other.address], allows })
  assert.equal((await lenient.send(get(`http://many.example:${server.port}/`))).text, 'there')
  assert.deepEqual(vetted.toSorted(), many.toSorted())
  assert.equal(vetted[1], '::2')
})

test('names that nobody answers for keep nothing else waiting', async (t) => {
  const server = await testServer(t, (_, response) => response.end('there'))
  const silent = Object.fromEntries(Array.from({ length: 16 }, (_, at) => [`silent-${at}.example`, null]))
  const { address, asked } = await nameServer(t, { ...silent, 'there.example': ['127.0.0.1'] })
  const http = guarded(t, { httpsOnly: false, ports: [server.port], nameServers: [address], allows: () => true })
  let ended = 0
  const waiting = Object.keys(silent).map((name) =>
    assert
      .rejects(http.send(get(`http://${name}:${server.port}/`, 10_000)), { kind: 'unreachable' })
      .finally(() => ended++),
  )
  while (new Set(asked).size < waiting.length) await delay(5)
  assert.equal((await http.send(get(`http://there.example:${server.port}/`))).text, 'there')
  assert.ok((await lookup('localhost')).address.length > 0)
  assert.ok((await readFile(new URL(import.meta.url))).length > 0)
  assert.equal(ended, 0)
  await Promise.all(waiting)
})

test('the connection goes to the address that was vetted, even when the name changes its mind', async (t) => {
  const server = await testServer(t, (request, response) => response.end(`${request.headers.host}`))
  const answers = [['127.0.0.1'], ['10.0.0.1']]
  let lookups = 0
  const http = guarded(t, {
    httpsOnly: false,
    ports: [server.port],
    lookup: async () => answers[Math.min(lookups++, 1)]!,
    allows: (address) => address === '127.0.0.1',
  })
  const url = `http://rebinding.example:${server.port}/`
  assert.equal((await http.send(get(url))).text, `rebinding.example:${server.port}`)
  assert.equal(lookups, 1)
})

test('the next address is tried when the first does not listen', async (t) => {
  const server = await testServer(t, (_, response) => response.end('there'))
  const http = guarded(t, {
    httpsOnly: false,
    ports: [server.port],
    // Nothing listens on 127.0.0.2 but everything there is refused at once.
    lookup: async () => ['127.0.0.2', '127.0.0.1'],
    allows: () => true,
  })
  assert.equal((await http.send(get(`http://two.example:${server.port}/`))).text, 'there')
})

test('schemes, ports, user names and what is no address are refused before anything is looked up', async (t) => {
  let lookups = 0
  const lookup = async () => {
    lookups += 1
    return ['93.184.216.34']
  }
  const http = guarded(t, { lookup })
  const urls = [
    'http://pictures.example/a.jpg',
    'ftp://pictures.example/a.jpg',
    'file:///etc/passwd',
    'data:text/plain,hello',
    'gopher://pictures.example/',
    'https://pictures.example:22/',
    'https://user@pictures.example/',
    'https://user:word@pictures.example/',
    '//pictures.example/a.jpg',
    'pictures.example',
    'https://',
    '',
  ]
  for (const url of urls) await assert.rejects(http.send(get(url)), REFUSED, url)
  assert.equal(lookups, 0)
})

test('a redirect inside is an answer, not a journey', async (t) => {
  const inside = await testServer(t, (_, response) => response.end('inside'))
  const server = await testServer(t, (_, response) => response.writeHead(301, { location: inside.url }).end())
  const http = guarded(t, { httpsOnly: false, ports: [server.port], allows: () => true })
  const { status, headers } = await http.send(get(server.url))
  assert.deepEqual([status, headers['location'], inside.connections()], [301, inside.url, 0])
})

test('a download gives the bytes as they came, within the limit', async (t) => {
  const bytes = Buffer.from([0xff, 0xd8, 0xff, 0x00, 0xfe, 0x80])
  const server = await testServer(t, (request, response) =>
    response.end(request.url === '/' ? bytes : Buffer.alloc(101)),
  )
  const http = guarded(t, { httpsOnly: false, ports: [server.port], allows: () => true, maxBytes: 100 })
  assert.deepEqual((await http.download(get(`${server.url}/`))).bytes, bytes)
  await assert.rejects(http.download(get(`${server.url}/large`)), { kind: 'too_large' })
})
