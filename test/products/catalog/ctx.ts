import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { readConfig } from '../../../src/config.ts'
import type { Ctx } from '../../../src/ctx.ts'
import { fileBlobs } from '../../../src/lib/blobs.ts'
import type { Clock } from '../../../src/lib/clock.ts'
import { openHttp } from '../../../src/lib/http-client.ts'
import { systemRandom } from '../../../src/lib/ids.ts'
import { openWorkers } from '../../../src/lib/workers.ts'
import { MARKETPLACES } from '../../../src/products/links/marketplaces.ts'
import type { Source } from '../../../src/products/sources/source.ts'
import type { Listing } from '../../../src/products/listing.ts'
import { silentLog, testDatabase } from '../../database.ts'

export type TestClock = Clock & { pass(ms: number): void }

/** Stands still until told; sleeping passes the time. */
export function testClock(): TestClock {
  let passedMs = 0
  const beganAt = Date.UTC(2026, 0, 1)
  return {
    now: () => new Date(beganAt + passedMs),
    elapsedMs: () => passedMs,
    sleep: async (ms) => void (passedMs += ms),
    pass: (ms) => (passedMs += ms),
  }
}

export type CatalogCtx = Ctx & { clock: TestClock; pool: Awaited<ReturnType<typeof testDatabase>>['pool'] }

/** What the catalogue needs of a ctx, on a database of this one test. */
export async function catalogCtx(
  t: TestContext,
  env: Record<string, string> = {},
  sources: Source[] = [],
): Promise<CatalogCtx> {
  const { db, pool, connection } = await testDatabase(t, { own: true })
  const dataDir = await mkdtemp(join(tmpdir(), 'openhaul-test-'))
  const http = openHttp()
  const workers = openWorkers()
  t.after(async () => {
    await http.close()
    await workers.close()
    await rm(dataDir, { recursive: true, force: true })
  })
  const ctx: Partial<CatalogCtx> = {
    config: readConfig({ DATA_DIR: dataDir, DEMO: 'false', ...env }),
    clock: testClock(),
    random: systemRandom,
    db,
    pool,
    connection,
    http,
    blobs: fileBlobs(join(dataDir, 'blobs')),
    workers,
    log: silentLog,
    sources,
    publicUrl: 'http://haul.test',
  }
  return ctx as CatalogCtx
}

/** An upstream of listings: what it says of each id is set by the test, and the calls are counted. */
export type Shelf = {
  source: Source
  /** A listing, `absent` (the default), or `down`. */
  says: Map<string, Listing | 'absent' | 'down'>
  calls: string[]
  /** Answers wait until this is resolved. */
  hold: Promise<void> | null
}

export async function startShelf(t: TestContext): Promise<Shelf> {
  const shelf: Omit<Shelf, 'source'> = { says: new Map(), calls: [], hold: null }
  const base = await listen(t, async (path, _body, response) => {
    const listingId = path.slice(1)
    shelf.calls.push(listingId)
    await shelf.hold
    const answer = shelf.says.get(listingId) ?? 'absent'
    if (answer === 'down') response.writeHead(500).end()
    else if (answer === 'absent') response.writeHead(404).end()
    else response.end(JSON.stringify(answer))
  })
  const source: Source = {
    name: 'shelf',
    marketplaces: MARKETPLACES,
    itemRequest: ({ listingId }) => ({
      method: 'GET',
      url: `${base}/${listingId}`,
      headers: {},
      body: null,
      timeoutMs: 5_000,
    }),
    parseItem: (_ref, status, body) => {
      if (status === 404) return { kind: 'absent' }
      if (status !== 200) return { kind: 'failed', reason: `status ${status}`, retry: false }
      return { kind: 'found', listing: JSON.parse(body) as Listing }
    },
  }
  return Object.assign(shelf, { source })
}

/** A local server for one test; gives its address. */
export async function listen(
  t: TestContext,
  answer: (path: string, body: string, response: ServerResponse) => Promise<void> | void,
): Promise<string> {
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => void answer(request.url ?? '', Buffer.concat(parts).toString(), response))
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
