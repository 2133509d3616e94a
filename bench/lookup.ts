import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { openLog } from '../src/lib/log.ts'
import { startEmbedded } from '../src/lib/db/embedded.ts'
import { loadWith, median } from './load.ts'

const ROUNDS = 5
const SECONDS = 3
const CONNECTIONS = 64
const PATH = '/api/v1/products/weidian/7231368393'
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

type Started = { child: ChildProcess; port: number }

/**
 * `GET /products/…` of the real server, key and all, against node:http that serves the same bytes: the servers on cpu 0 in
 * turn, PostgreSQL and the load on cpu 1.
 */
export async function benchLookup(): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'openhaul-bench-'))
  // Started from here, so that it does not run on the server's core.
  const database = await startEmbedded({ dataDir, log: openLog('silent') })
  const environment = {
    ...process.env,
    DATA_DIR: dataDir,
    PORT: '0',
    LOG_LEVEL: 'error',
    DATABASE_URL: '',
    SOURCES: '',
  }
  const ours = await start([here('../bin/openhaul.mjs'), 'serve'], environment)
  const keys = JSON.parse(readFileSync(join(dataDir, 'demo-keys.json'), 'utf8')) as { qc: string }
  const headers = { authorization: `Bearer ${keys.qc}` }
  const body = Buffer.from(await (await fetch(`http://127.0.0.1:${ours.port}${PATH}`, { headers })).arrayBuffer())
  writeFileSync(join(dataDir, 'body.json'), body)
  const raw = await start([here('raw-server.ts'), join(dataDir, 'body.json')], environment)

  const rates: Record<'ours' | 'raw', number[]> = { ours: [], raw: [] }
  const tails: Record<'ours' | 'raw', number[]> = { ours: [], raw: [] }
  const run = async (name: 'ours' | 'raw', { port }: Started, seconds: number) => {
    const load = await loadWith({ port, path: PATH, headers, connections: CONNECTIONS, seconds })
    rates[name].push(load.callsPerSecond)
    tails[name].push(load.p99Ms)
  }
  await run('ours', ours, 2)
  await run('raw', raw, 2)
  rates.ours = []
  rates.raw = []
  for (let round = 1; round <= ROUNDS; round++) {
    await run('raw', raw, SECONDS)
    await run('ours', ours, SECONDS)
    process.stderr.write(`look-up round ${round} of ${ROUNDS}\n`)
  }
  raw.child.kill()
  ours.child.kill('SIGTERM')
  await Promise.all([once(raw.child, 'exit'), once(ours.child, 'exit')])
  await database.leave()
  rmSync(dataDir, { recursive: true, force: true })

  const ratios = rates.ours.map((rate, round) => rate / rates.raw[round]!)
  console.log(
    `\nGET ${PATH}, ${body.length} bytes, ${CONNECTIONS} connections, medians of ${ROUNDS} interleaved rounds of ${SECONDS} s`,
  )
  console.table({
    'node:http, same bytes': {
      'calls/s': Math.round(median(rates.raw)),
      'p99 ms': median(tails.raw).toFixed(2),
      ratio: '1.00',
    },
    openhaul: {
      'calls/s': Math.round(median(rates.ours)),
      'p99 ms': median(tails.ours).toFixed(2),
      ratio: median(ratios).toFixed(2),
    },
  })
}

async function start(args: string[], environment: NodeJS.ProcessEnv): Promise<Started> {
  const child = spawn('taskset', ['-c', '0', process.execPath, ...args], {
    env: environment,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  for await (const line of createInterface({ input: child.stdout })) {
    const port = /ready on http:\/\/[^ ]*:(\d+)$/.exec(line)?.[1]
    if (port) return { child, port: Number(port) }
  }
  throw new Error(`${args[0]} ended before it was ready`)
}

if (import.meta.main) {
  if (process.env['BENCH_PINNED'] === '1') await benchLookup()
  else await pinned()
}

/** Runs this file again on cpu 1. */
async function pinned(): Promise<void> {
  const environment = { ...process.env, BENCH_PINNED: '1' }
  const child = spawn('taskset', ['-c', '1', process.execPath, here('lookup.ts')], {
    env: environment,
    stdio: 'inherit',
  })
  const [code] = await once(child, 'exit')
  process.exitCode = Number(code)
}
