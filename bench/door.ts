import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createAccount } from '../src/access/accounts/accounts.ts'
import { createKey } from '../src/access/keys/keys.ts'
import { readConfig } from '../src/config.ts'
import { openCtx, type Ctx } from '../src/ctx.ts'
import { startEmbedded } from '../src/lib/db/embedded.ts'
import { openLog } from '../src/lib/log.ts'
import { apiBalanceOf, SYSTEM } from '../src/money/ledger/accounts.ts'
import { transfer } from '../src/money/ledger/ledger.ts'
import type { Product } from '../src/money/plans/catalogue.ts'
import { setPlan } from '../src/money/plans/plans.ts'
import { importFeed } from '../src/products/catalog/import.ts'
import { loadWith, median } from './load.ts'

const ROUNDS = Number(process.env['ROUNDS'] ?? 5)
const SECONDS = Number(process.env['ROUND_SECONDS'] ?? 3)
/** Measures only what is called like this. */
const ONLY = new RegExp(process.env['ONLY'] ?? '')
const LISTING = '600000000001'
const LOOKUP = `/api/v1/products/weidian/${LISTING}`
const LINK = `url=https://weidian.com/item.html?itemID=${LISTING}`
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

type Server = { name: string; child: ChildProcess; port: number }
type Variant = {
  name: string
  server: Server
  connections: number
  path: string
  headers: Record<string, string>
  body?: string
}
type Figures = { rates: number[]; tails: number[]; cpuUs: number[] }

/**
 * What the door costs: the real server against node:http that serves the same bytes, and against the peer that many would
 * build. Each server runs on cpu 0 while it is measured, PostgreSQL, Valkey and the load on cpu 1.
 */
async function benchDoor(): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'openhaul-bench-'))
  const log = openLog('silent')
  // Started from here, so that it does not run on the servers' core.
  const database = await startEmbedded({ dataDir, log })
  const valkey = await startValkey(dataDir)
  const keys = await prepare(dataDir)
  const environment = {
    ...process.env,
    DATA_DIR: dataDir,
    LOG_LEVEL: 'error',
    DATABASE_URL: '',
    SOURCES: '',
    VALKEY_URL: '',
  }
  const servers: Server[] = []
  const run = async (name: string, args: string[], env: Record<string, string> = {}) => {
    const server = await start(name, args, { ...environment, ...env })
    servers.push(server)
    return server
  }
  const ours = await run('openhaul', [here('door-server.ts')])
  const unmetered = await run('openhaul, metering off', [here('door-server.ts')], { METERING: 'off' })
  const shared = valkey && (await run('openhaul with Valkey', [here('door-server.ts')], { VALKEY_URL: valkey.url }))

  const lookup = { path: LOOKUP, headers: { authorization: `Bearer ${keys.metered}` } }
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  const item = (key: string) => ({ path: '/api/v1/item', headers: { 'x-api-key': key, ...form }, body: LINK })
  const raw = await run('node:http', [here('raw-server.ts'), await keep(dataDir, 'lookup.json', ours, lookup)])
  const rawItem = await run('node:http', [
    here('raw-server.ts'),
    await keep(dataDir, 'item.json', ours, item(keys.priced)),
  ])
  const nest = await run('NestJS on Express', [here('nest-server.ts'), join(dataDir, 'lookup.json'), keys.metered])

  const variants: Variant[] = []
  for (const connections of [64, 256]) {
    variants.push({ name: 'node:http, same bytes', server: raw, connections, ...lookup })
    variants.push({ name: 'look-up', server: ours, connections, ...lookup })
    if (shared) variants.push({ name: 'look-up, Valkey', server: shared, connections, ...lookup })
    variants.push({
      name: 'look-up, NestJS on Express',
      server: nest,
      connections,
      ...lookup,
      path: '/api/v1/products/weidian/7231368393',
    })
  }
  variants.push({ name: 'node:http, same bytes, POST', server: rawItem, connections: 64, ...item(keys.priced) })
  variants.push({ name: 'item, metering off', server: unmetered, connections: 64, ...item(keys.priced) })
  variants.push({ name: 'item, priced', server: ours, connections: 64, ...item(keys.priced) })
  if (shared) variants.push({ name: 'item, priced, Valkey', server: shared, connections: 64, ...item(keys.priced) })

  try {
    report(await measure(variants.filter(({ name }) => ONLY.test(name))))
  } finally {
    for (const { child } of servers) child.kill('SIGTERM')
    await Promise.all(servers.map(async ({ child }) => child.exitCode ?? child.signalCode ?? once(child, 'exit')))
    valkey?.child.kill()
    await database.leave()
    rmSync(dataDir, { recursive: true, force: true })
  }
  if (!valkey) console.log('Not measured with Valkey: there is no redis-server or valkey-server on this machine.')
}

/** Each variant in turn, round by round, so that what the machine does meanwhile meets them all. */
async function measure(variants: Variant[]): Promise<Map<Variant, Figures>> {
  const figures = new Map<Variant, Figures>(variants.map((each) => [each, { rates: [], tails: [], cpuUs: [] }]))
  for (const variant of variants) await measureOnce(variant, 1)
  for (let round = 1; round <= ROUNDS; round++) {
    for (const variant of variants) {
      const { rates, tails, cpuUs } = figures.get(variant)!
      const figure = await measureOnce(variant, SECONDS)
      rates.push(figure.rate)
      tails.push(figure.tail)
      cpuUs.push(figure.cpuUs)
    }
    process.stderr.write(`door round ${round} of ${ROUNDS}\n`)
  }
  return figures
}

async function measureOnce({ server, connections, path, headers, body }: Variant, seconds: number) {
  const before = cpuSeconds(server.child.pid!)
  const load = await loadWith({ port: server.port, path, headers, connections, seconds, ...(body && { body }) })
  const spent = cpuSeconds(server.child.pid!) - before
  return { rate: load.callsPerSecond, tail: load.p99Ms, cpuUs: (spent / load.calls) * 1e6 }
}

/** User and system time of a process, from the kernel's own count in hundredths of a second. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

function report(figures: Map<Variant, Figures>): void {
  const rows = [...figures].map(([{ name, connections }, { rates, tails, cpuUs }]) => ({
    name,
    connections,
    rates,
    tails,
    cpuUs,
  }))
  const find = (name: string, connections: number) =>
    rows.find((row) => row.name === name && row.connections === connections)
  const ratio = (a: number[], b: number[] | undefined) =>
    b ? median(a.map((rate, round) => rate / b[round]!)).toFixed(2) : ''
  console.log(
    `\nmedians of ${ROUNDS} interleaved rounds of ${SECONDS} s; each server on cpu 0, PostgreSQL and load on cpu 1`,
  )
  console.table(
    rows.map(({ name, connections, rates, tails, cpuUs }) => {
      const base =
        name.includes('item') || name.includes('POST') ? 'node:http, same bytes, POST' : 'node:http, same bytes'
      return {
        what: name,
        connections,
        'calls/s': Math.round(median(rates)),
        'p99 ms': median(tails).toFixed(2),
        'cpu µs/call': median(cpuUs).toFixed(1),
        'of node:http': ratio(rates, find(base, connections)?.rates),
        'cpu of node:http': ratio(cpuUs, find(base, connections)?.cpuUs),
        'of unmetered': name.startsWith('item, priced')
          ? ratio(rates, find('item, metering off', connections)?.rates)
          : '',
        'of NestJS': name.startsWith('look-up')
          ? ratio(rates, find('look-up, NestJS on Express', connections)?.rates)
          : '',
      }
    }),
  )
}

/** An account whose windows, month, caps and allowlist all count and never fill, and one that pays for every call. */
async function prepare(dataDir: string): Promise<Record<'metered' | 'priced', string>> {
  const config = readConfig({ DATA_DIR: dataDir, LOG_LEVEL: 'silent' })
  const ctx = await openCtx(config, openLog('silent'))
  try {
    const feed = join(dataDir, 'feed.jsonl')
    writeFileSync(feed, `${JSON.stringify(product())}\n`)
    await importFeed(ctx, { path: feed })
    const windows = { perSecond: 1_000_000, perMinute: 60_000_000 }
    return {
      metered: await caller(ctx, 'metered', 'qc', { ...windows, perMonth: 1_000_000_000 }),
      priced: await caller(ctx, 'priced', 'item', { ...windows, perDay: 0, priceUsdMicros: 4_000 }),
    }
  } finally {
    await ctx.close()
  }
}

async function caller(
  ctx: Ctx,
  name: string,
  product: Product,
  overrides: Parameters<typeof setPlan>[4],
): Promise<string> {
  const account = await createAccount(ctx, name)
  await ctx.db.transaction().execute(async (tx) => {
    await setPlan(tx, account.id, product, 'custom', overrides)
    await transfer(tx, {
      name: `bench:${name}`,
      from: SYSTEM.payments.USD,
      to: apiBalanceOf(account.id),
      amountMinor: 1_000_000_000_000,
      reason: 'bench',
      at: ctx.clock.now(),
    })
  })
  const { key } = await createKey(ctx, { account, style: 'qc', mode: 'live', allow: ['127.0.0.1/32', '10.0.0.0/8'] })
  return key
}

/** A listing whose look-up answer has 2 KB. */
function product(): object {
  const title = 'Canvas tote with a long strap and two inner pockets, washed cotton, natural. '.repeat(23).trim()
  return { marketplace: 'weidian', listing_id: LISTING, title, price_fen: 4100, images: [] }
}

/** Keeps what the server answers, for the baseline to serve. */
async function keep(
  dataDir: string,
  name: string,
  { port }: Server,
  { path, headers, body }: Omit<Variant, 'name' | 'server' | 'connections'>,
): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers, ...(body && { method: 'POST', body }) })
  const text = await answer.text()
  if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}: ${text}`)
  process.stderr.write(`${path}: ${Buffer.byteLength(text)} bytes\n`)
  const file = join(dataDir, name)
  writeFileSync(file, text)
  return file
}

async function start(name: string, args: string[], environment: NodeJS.ProcessEnv): Promise<Server> {
  const child = spawn('taskset', ['-c', '0', process.execPath, ...args], {
    env: environment,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  for await (const line of createInterface({ input: child.stdout })) {
    const port = /ready on http:\/\/[^ ]*:(\d+)$/.exec(line)?.[1]
    if (port) return { name, child, port: Number(port) }
  }
  throw new Error(`${args[0]} ended before it was ready`)
}

/** Null when this machine has none. */
async function startValkey(dataDir: string): Promise<{ child: ChildProcess; url: string } | null> {
  const port = 20_000 + (process.pid % 20_000)
  for (const binary of ['valkey-server', 'redis-server']) {
    const child = spawn(binary, ['--port', String(port), '--save', '', '--bind', '127.0.0.1', '--dir', dataDir], {
      stdio: 'ignore',
    })
    const failed = once(child, 'error').then(() => true)
    if (await Promise.race([failed, delay(500).then(() => false)])) continue
    return { child, url: `redis://127.0.0.1:${port}` }
  }
  return null
}

if (import.meta.main) {
  if (process.env['BENCH_PINNED'] === '1') await benchDoor()
  else await pinned()
}

/** Runs this file again on cpu 1. */
async function pinned(): Promise<void> {
  const environment = { ...process.env, BENCH_PINNED: '1' }
  const child = spawn('taskset', ['-c', '1', process.execPath, here('door.ts')], { env: environment, stdio: 'inherit' })
  const [code] = await once(child, 'exit')
  process.exitCode = Number(code)
}
