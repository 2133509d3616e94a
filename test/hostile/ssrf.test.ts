import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import { DomainError } from '../../src/lib/errors.ts'
import { openGuardedHttp, type GuardedOptions } from '../../src/lib/http-client.ts'
import { isPublicAddress } from '../../src/lib/public-address.ts'
import { fetchPicture } from '../../src/products/media/fetch.ts'
import { noisy } from '../products/media/pictures.ts'

/** What every address that cannot be fetched is answered with, so that answers tell nothing about what is there. */
const SAME = {
  code: 'unprocessable',
  message:
    'No picture could be fetched from this address: it must be a public https address that answers with a JPEG, PNG, WebP ' +
    'or AVIF file of at most 10 MB within 10 seconds.',
  details: {},
}

/** A server that would serve a picture to whoever reached it, on every address of this machine. */
async function inside(t: TestContext, handle?: (request: IncomingMessage, response: ServerResponse) => void) {
  const picture = await noisy(20, 20).jpeg().toBuffer()
  let connections = 0
  const server = createServer(handle ?? ((_, response) => response.end(picture)))
  server.on('connection', () => connections++)
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve))
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  return { port, picture, connections: () => connections }
}

/** What names stand for; a name that is not listed has no address. */
const NAMES: Record<string, string[]> = {
  localhost: ['127.0.0.1', '::1'],
  'localhost.': ['127.0.0.1'],
  'sub.localhost': ['127.0.0.1'],
  'localhost.localdomain': ['127.0.0.1'],
  'loop.example': ['127.0.0.1'],
  'wild.127.0.0.1.example': ['127.0.0.1'],
  'lan.example': ['192.168.1.1'],
  'metadata.example': ['169.254.169.254'],
  'six.example': ['::1'],
  'mapped.example': ['::ffff:10.0.0.1'],
  'mixed.example': ['93.184.216.34', '127.0.0.1'],
  'mixed-six.example': ['2606:4700::1', 'fd00::1'],
  'shared.example': ['100.64.0.1'],
  'odd.example': ['127.1'],
  'garbage.example': ['not an address'],
}

function guarded(t: TestContext, options: GuardedOptions = {}) {
  const http = openGuardedHttp({ lookup: async (host) => NAMES[host] ?? [], ...options })
  t.after(() => http.close())
  return { guardedHttp: http }
}

async function outcomeOf(ctx: Parameters<typeof fetchPicture>[0], address: string): Promise<unknown> {
  return fetchPicture(ctx, address).then(
    () => 'a picture',
    (error: unknown) => {
      assert.ok(error instanceof DomainError, String(error))
      return { code: error.code, message: error.message, details: error.details }
    },
  )
}

const HOSTS = [
  // This machine, by every spelling of its IPv4 address.
  '127.0.0.1',
  '127.0.0.1.',
  '127.1',
  '127.0.1',
  '127.255.255.254',
  '2130706433',
  '017700000001',
  '0177.0.0.1',
  '0177.0.0.01',
  '00000177.1',
  '0x7f000001',
  '0x7f.0.0.1',
  '0X7F.1',
  '0x7f.0x0.0x0.0x1',
  '0x7f.00000001',
  '0',
  '0x0',
  '0.0.0.0',
  '0.1.2.3',
  '127。0。0。1',
  '127．0．0．1',
  '①②⑦.⓪.⓪.①',
  '１２７.0.0.1',
  '127%2e0%2e0%2e1',
  '%31%32%37.0.0.1',
  '127.0.0.%31',
  // By its IPv6 addresses, and IPv4 within them.
  '[::1]',
  '[::]',
  '[0:0:0:0:0:0:0:1]',
  '[0000::0001]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[::ffff:0:127.0.0.1]',
  '[::127.0.0.1]',
  '[64:ff9b::127.0.0.1]',
  '[64:ff9b::a9fe:a9fe]',
  '[64:ff9b:1::7f00:1]',
  '[2002:7f00:1::]',
  '[2002:a9fe:a9fe::1]',
  '[2001:0:7f00:1::]',
  '[fe80::1]',
  '[fec0::1]',
  '[fc00::1]',
  '[fd00:ec2::254]',
  '[ff02::1]',
  '[100::1]',
  '[2001:db8::1]',
  '[::ffff:169.254.169.254]',
  // Networks that are not the public internet.
  '10.0.0.1',
  '10.255.255.255',
  '172.16.0.1',
  '172.31.255.254',
  '192.168.0.1',
  '169.254.169.254',
  '0xa9fea9fe',
  '2852039166',
  '0251.0376.0251.0376',
  '169.254.0.1',
  '100.64.0.1',
  '100.127.255.254',
  '192.0.0.1',
  '192.0.2.1',
  '198.18.0.1',
  '198.51.100.1',
  '203.0.113.1',
  '224.0.0.1',
  '239.255.255.250',
  '240.0.0.1',
  '255.255.255.255',
  // Names.
  ...Object.keys(NAMES),
  'LOCALHOST',
  'ⓛⓞⓒⓐⓛⓗⓞⓢⓣ',
  'nowhere.example',
]

test('no spelling of an address inside is asked, and all get the same answer', async (t) => {
  const server = await inside(t)
  const ctx = guarded(t, { httpsOnly: false, ports: [server.port] })
  assert.ok(new Set(HOSTS).size >= 60)
  for (const scheme of ['http', 'https']) {
    for (const host of HOSTS) {
      const address = `${scheme}://${host}:${server.port}/a.jpg`
      assert.deepEqual(await outcomeOf(ctx, address), SAME, address)
    }
  }
  assert.equal(server.connections(), 0)
})

test('users, ports, and http are refused with the same answer, before any name is looked up', async (t) => {
  const server = await inside(t)
  let lookups = 0
  const lookup = async () => {
    lookups++
    return ['127.0.0.1']
  }
  const ctx = guarded(t, { lookup, allows: () => true })
  const addresses = [
    'http://pictures.example/a.jpg',
    'HTTP://pictures.example/a.jpg',
    'https://user@pictures.example/a.jpg',
    'https://user:word@pictures.example/a.jpg',
    'https://93.184.216.34@127.0.0.1/a.jpg',
    ...[0, 1, 21, 22, 25, 53, 110, 143, 3306, 5432, 6379, 8080, 8443, 9200, 11_211, server.port].map(
      (port) => `https://pictures.example:${port}/a.jpg`,
    ),
  ]
  for (const address of addresses) assert.deepEqual(await outcomeOf(ctx, address), SAME, address)
  assert.deepEqual([lookups, server.connections()], [0, 0])
})

test('a text that is no http address is told so, and nothing is asked', async (t) => {
  const ctx = guarded(t, { lookup: async () => assert.fail('looked up') })
  const texts = [
    '',
    ' ',
    'a.jpg',
    'pictures.example/a.jpg',
    '//pictures.example/a.jpg',
    '/etc/passwd',
    'file:///etc/passwd',
    'FILE:///etc/passwd',
    'data:image/png;base64,iVBORw0KGgo=',
    'gopher://127.0.0.1:6379/_FLUSHALL',
    'ftp://pictures.example/a.jpg',
    'dict://127.0.0.1:11211/stat',
    'ldap://127.0.0.1/x',
    'jar:https://pictures.example/a.jar!/a.jpg',
    'blob:https://pictures.example/1',
    'javascript:alert(1)',
    'ws://127.0.0.1/',
    'unix:///var/run/docker.sock',
    'https://',
    'https://[',
    'https://[::1',
    'https://300.1.1.1/',
    'https://127.0.0.1:99999/',
    'https://a b/',
    'https://%00/',
    'h\0ttps://x/',
  ]
  const told = { code: 'input_invalid', message: 'The address of a picture must begin with https://.', details: {} }
  for (const text of texts) assert.deepEqual(await outcomeOf(ctx, text), told, text)
})

test('what is outside may not send us inside', async (t) => {
  const hidden = await inside(t)
  let location = ''
  const hops: string[] = []
  const open = await inside(t, (request, response) => {
    hops.push(request.url!)
    response.writeHead(302, { location: request.url === '/far' ? '/near' : location }).end()
  })
  // One address of this machine stands for the public internet, the others for what is inside.
  const ctx = guarded(t, {
    httpsOnly: false,
    ports: [open.port, hidden.port],
    allows: (address) => address === '127.0.0.1' || isPublicAddress(address),
    lookup: async (host) => (host === 'open.example' ? ['127.0.0.1'] : ['127.0.0.1', '10.0.0.1']),
  })
  const places = [
    ...['127.0.0.2', '127.2', '2130706434', '[::1]', '[::ffff:127.0.0.2]', '10.0.0.1', '0.0.0.0', 'inner.example'].map(
      (host) => `http://${host}:${hidden.port}/a.jpg`,
    ),
    `//127.0.0.2:${hidden.port}/a.jpg`,
    `http://user:word@open.example:${hidden.port}/a.jpg`,
    'http://open.example:22/',
    'file:///etc/passwd',
    'data:image/png;base64,iVBORw0KGgo=',
    'gopher://127.0.0.2/',
    'http://[',
    '',
    '/far',
  ]
  for (location of places) {
    for (const path of ['/near', '/far']) {
      assert.deepEqual(await outcomeOf(ctx, `http://open.example:${open.port}${path}`), SAME, location)
    }
  }
  assert.equal(hidden.connections(), 0)
  assert.ok(hops.length <= places.length * 8)
  // The same way works where it leads to another place outside.
  location = `http://open.example:${hidden.port}/a.jpg`
  assert.deepEqual(await fetchPicture(ctx, `http://open.example:${open.port}/far`), hidden.picture)
})

test('with the settings of a server, a way from https down to http is not gone', async (t) => {
  const server = await inside(t)
  const { guardedHttp } = guarded(t, { allows: () => true, lookup: async () => ['127.0.0.1'] })
  const asked: string[] = []
  const download: typeof guardedHttp.download = async (request, signal) => {
    asked.push(request.url)
    if (request.url === 'https://pictures.example/')
      return { status: 302, headers: { location: `http://pictures.example:80/` }, bytes: Buffer.alloc(0) }
    return guardedHttp.download(request, signal)
  }
  const ctx = { guardedHttp: { ...guardedHttp, download } }
  assert.deepEqual(await outcomeOf(ctx, 'https://pictures.example/'), SAME)
  assert.deepEqual([asked, server.connections()], [['https://pictures.example/', 'http://pictures.example/'], 0])
})

test('bodies without end, lies about sizes, packed bombs and broken answers get the same answer', async (t) => {
  const picture = await noisy(20, 20).jpeg().toBuffer()
  let sentBytes = 0
  const ends: Promise<unknown>[] = []
  const endless = (response: ServerResponse) => {
    const block = Buffer.alloc(65_536, picture)
    const more = () => {
      while (!response.destroyed && response.write(block)) sentBytes += block.length
    }
    ends.push(once(response.on('drain', more), 'close'))
    more()
  }
  const answers: Record<string, (response: ServerResponse) => void> = {
    '/endless': endless,
    '/announced': (response) => {
      response.writeHead(200, { 'content-length': 99_999_999_999 })
      endless(response)
    },
    '/gzip-bomb': (response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(200_000_000))),
    '/gzip-picture': (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(picture)),
    '/cut-off': (response) => {
      response.writeHead(200, { 'content-length': 1_000_000 }).write(picture)
      setTimeout(() => response.destroy(), 20)
    },
    '/nothing': (response) => void response.destroy(),
    '/not-http': (response) => void response.socket?.end('SSH-2.0-OpenSSH_9.9\r\n'),
    '/no-content': (response) => response.writeHead(204).end(),
    '/partial': (response) => response.writeHead(206).end(picture),
    '/svg': (response) => response.writeHead(200, { 'content-type': 'image/png' }).end('<svg xmlns="x"/>'.repeat(9)),
    '/many-headers': (response) => {
      response.writeHead(200, Object.fromEntries(Array.from({ length: 900 }, (_, at) => [`x-${at}`, 'y'.repeat(90)])))
      response.end(picture)
    },
    '/loop': (response) => response.writeHead(302, { location: '/loop' }).end(),
  }
  const server = await inside(t, (request, response) => answers[request.url!]!(response))
  const ctx = guarded(t, {
    httpsOnly: false,
    ports: [server.port],
    allows: () => true,
    lookup: async () => ['127.0.0.1'],
  })
  for (const path of Object.keys(answers)) {
    assert.deepEqual(await outcomeOf(ctx, `http://open.example:${server.port}${path}`), SAME, path)
  }
  // Hung up on, after the limit and what lay in buffers on the way.
  await Promise.all(ends)
  assert.equal(ends.length, 2)
  assert.ok(sentBytes < 60_000_000, `${sentBytes}`)
})

test('all of it has ten seconds, however the time is spent', async (t) => {
  const picture = await noisy(20, 20).jpeg().toBuffer()
  const timers: NodeJS.Timeout[] = []
  t.after(() => timers.forEach((timer) => clearInterval(timer)))
  const after = (ms: number, work: () => void) => void timers.push(setTimeout(work, ms))
  const answers: Record<string, (response: ServerResponse) => void> = {
    '/silent': () => {},
    '/dripping': (response) => {
      response.write(picture.subarray(0, 16))
      timers.push(setInterval(() => response.write(Buffer.alloc(1)), 300))
    },
    // Each hop is quick enough for itself; together they are not.
    '/hop-0': (response) => after(4_000, () => response.writeHead(302, { location: '/hop-1' }).end()),
    '/hop-1': (response) => after(4_000, () => response.writeHead(302, { location: '/hop-2' }).end()),
    '/hop-2': (response) => after(4_000, () => response.end(picture)),
  }
  const server = await inside(t, (request, response) => answers[request.url!]!(response))
  const open = { httpsOnly: false, ports: [server.port], allows: () => true }
  const ctx = guarded(t, { ...open, lookup: async () => ['127.0.0.1'] })
  const nameless = guarded(t, { ...open, lookup: () => new Promise(() => {}) })
  const startedMs = performance.now()
  const outcomes = await Promise.all([
    ...['/silent', '/dripping', '/hop-0'].map((path) => outcomeOf(ctx, `http://open.example:${server.port}${path}`)),
    outcomeOf(nameless, `http://open.example:${server.port}/silent`),
  ])
  assert.deepEqual(outcomes, [SAME, SAME, SAME, SAME])
  const tookMs = performance.now() - startedMs
  assert.ok(tookMs > 9_000 && tookMs < 20_000, `${tookMs} ms`)
})
