import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { findPostmaster } from '../../src/lib/db/postmaster.ts'
import { freePort } from '../lib/db/server-double.ts'
import { scratch } from '../lib/db/members.ts'
import { launch, serve } from './program.ts'

const PATIENCE_MS = 4_000

test('a stop does not wait for connections that ask for nothing', async (t) => {
  const dataDir = join(scratch(t), 'data')
  const metricsPort = await freePort()
  const server = await serve(t, dataDir, { METRICS_PORT: String(metricsPort), HOST: 'localhost' })
  const port = Number(new URL(server.url).port)
  const silent = await open(port)
  const halfway = await open(port)
  halfway.write('GET /healthz HTTP/1.1\r\nHost: x\r\n')
  const kept = await open(port)
  kept.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n')
  const [answer] = (await once(kept, 'data')) as [Buffer]
  assert.match(String(answer), /^HTTP\/1.1 200 /)
  const silentAtMetrics = await open(metricsPort)
  const ends = [silent, halfway, kept, silentAtMetrics].map((socket) => once(socket, 'close'))

  const startedAtMs = performance.now()
  assert.deepEqual({ ...(await server.stop()), stdout: '' }, { code: 0, stdout: '', stderr: '' })
  const tookMs = performance.now() - startedAtMs
  t.diagnostic(`stopped in ${Math.round(tookMs)} ms`)
  assert.ok(tookMs < PATIENCE_MS, `${tookMs} ms`)
  await Promise.all(ends)
})

test('a stop lets a request under way end, and says meanwhile that it stops', async (t) => {
  const dataDir = join(scratch(t), 'data')
  const server = await serve(t, dataDir)
  const port = Number(new URL(server.url).port)
  const asking = await open(port)
  const body = JSON.stringify({ text: 'https://weidian.com/item.html?itemID=7231368393' })
  asking.write(
    `POST /api/v1/links HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`,
  )
  asking.write(body.slice(0, 10))
  // Answered after the other had begun: from then on that one is under way.
  assert.deepEqual(await readyz(server.url), { status: 200, body: { status: 'ready', schema: 'current' } })

  const startedAtMs = performance.now()
  const stopped = server.stop()
  let told = await readyz(server.url)
  while (told?.status === 200) told = await readyz(server.url)
  assert.deepEqual(told, { status: 503, body: { status: 'stopping' } })

  await delay(400)
  let answer = ''
  asking.setEncoding('utf8').on('data', (text: string) => (answer += text))
  const closed = once(asking, 'close')
  asking.write(body.slice(10))
  await closed
  assert.match(answer, /^HTTP\/1.1 200 [\s\S]*"listing_id":"7231368393"/)
  assert.equal((await stopped).code, 0)
  assert.ok(performance.now() - startedAtMs < PATIENCE_MS)
})

test('a signal while the server is opening ends it, and its database', async (t) => {
  const dataDir = join(scratch(t), 'data')
  for (const [signal, begun] of [
    ['SIGTERM', () => existsSync(dataDir)],
    ['SIGINT', () => findPostmaster(join(dataDir, 'postgres')) !== null],
  ] as const) {
    const { child, end } = launch(t, dataDir, ['serve'])
    while (!begun()) await delay(2)
    const startedAtMs = performance.now()
    child.kill(signal)
    assert.deepEqual(await end, { code: 0, stdout: '', stderr: '' })
    assert.ok(performance.now() - startedAtMs < 10_000)
    assert.equal(findPostmaster(join(dataDir, 'postgres')), null)
  }
})

async function open(port: number): Promise<Socket> {
  const socket = connect(port, 'localhost')
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

/** Null when nobody answers. */
async function readyz(url: string): Promise<{ status: number; body: unknown } | null> {
  const answer = await fetch(`${url}/readyz`).catch(() => null)
  return answer && { status: answer.status, body: await answer.json() }
}
