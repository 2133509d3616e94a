import pino from 'pino'
import { readConfig } from '../../../src/config.ts'
import { openHttp } from '../../../src/lib/http-client.ts'
import { openSources } from '../../../src/products/sources/open.ts'
import { startUpstreams } from '../../../src/upstreams/start.ts'
import { manualClock } from './manual-clock.ts'
import type { TestContext } from 'node:test'
import type { Db } from '../../../src/lib/db/db.ts'
import type { Http } from '../../../src/lib/http.ts'
import type { FetchCtx } from '../../../src/products/sources/fetch.ts'
import type { Upstreams } from '../../../src/upstreams/start.ts'

export type Harness = {
  ctx: FetchCtx & { clock: ReturnType<typeof manualClock> }
  upstreams: Upstreams
  log: Record<string, unknown>[]
}

/** Sources asking local upstreams over HTTP, on a clock that the test moves. Without `db`, sources with a token fail. */
export async function fetchHarness(
  t: TestContext,
  sources: string,
  { db, timeoutMs }: { db?: Db; timeoutMs?: number } = {},
): Promise<Harness> {
  const clock = manualClock()
  const upstreams = await startUpstreams({ port: 0, clock })
  const http = openHttp()
  t.after(async () => {
    await http.close()
    await upstreams.stop()
  })
  const log: Record<string, unknown>[] = []
  const lines = { write: (line: string) => log.push(JSON.parse(line) as Record<string, unknown>) }
  const ctx = {
    clock,
    random: { bytes: (count: number) => Buffer.alloc(count), below: () => 0 },
    db: db as Db,
    http: timeoutMs === undefined ? http : hasty(http, timeoutMs),
    log: pino({ level: 'debug', base: null, timestamp: false }, lines),
    sources: openSources(readConfig({ ...upstreams.env, SOURCES: sources })),
  }
  return { ctx, upstreams, log }
}

/** Real time-outs, shortened so that a test does not wait for ten seconds. */
function hasty(http: Http, timeoutMs: number): Http {
  return {
    send: (request, signal) => http.send({ ...request, timeoutMs: Math.min(request.timeoutMs, timeoutMs) }, signal),
  }
}
