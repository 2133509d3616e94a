import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { hash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import sharp from 'sharp'
import { createAccount } from '../src/access/accounts/accounts.ts'
import { createKey } from '../src/access/keys/keys.ts'
import { readConfig } from '../src/config.ts'
import { openCtx, type Ctx } from '../src/ctx.ts'
import { startEmbedded } from '../src/lib/db/embedded.ts'
import { openLog } from '../src/lib/log.ts'
import { setPlan } from '../src/money/plans/plans.ts'
import { importFeed } from '../src/products/catalog/import.ts'
import { inventPictures } from '../src/products/search/embedder/invented.ts'

const PICTURES = Number(process.env['PICTURES'] ?? 10_000)
const LOOKUPS_PER_SECOND = 64
const QUIET_SECONDS = Number(process.env['QUIET_SECONDS'] ?? 30)
const FIRST_LISTING = 600_000_000_000

type Tail = { calls: number; p50: number; p99: number; max: number }

/**
 * What indexing does to callers: look-ups at a steady rate from a server that has nothing else to do, then with a core taken
 * by something else, then from the same server while it makes the features of many new pictures, which takes a core too.
 */
async function benchIndexing(): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'openhaul-bench-'))
  const database = await startEmbedded({ dataDir, log: openLog('silent') })
  let server: ReturnType<typeof spawn> | null = null
  try {
    const { key, paths } = await prepare(dataDir)
    const env = { ...process.env, DATA_DIR: dataDir, PORT: '0', LOG_LEVEL: 'error', DATABASE_URL: '', SOURCES: '' }
    const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))
    server = spawn(process.execPath, [main, 'serve'], { env, stdio: ['ignore', 'pipe', 'inherit'] })
    const url = await readyUrl(server)
    const client = new pg.Client(database.connection)
    await client.connect()
    await untilIndexed(client, 'the demo')

    const load = openLoad(url, key)
    await load(5)
    const quiet = await load(QUIET_SECONDS)
    const other = spawn(process.execPath, ['-e', 'for (;;);'])
    const shared = await load(QUIET_SECONDS)
    other.kill('SIGKILL')
    await client.query(
      `update product set details = jsonb_set(details, '{images}', jsonb_build_array(p.path))
      from unnest($1::text[]) with ordinality p (path, at) where product.listing_id = (${FIRST_LISTING} + p.at - 1)::text`,
      [paths],
    )
    const beganAt = performance.now()
    let isIndexing = true
    const indexed = untilIndexed(client, `${PICTURES} pictures`).finally(() => (isIndexing = false))
    const indexing = await load(Infinity, () => isIndexing)
    await indexed
    const seconds = (performance.now() - beganAt) / 1000
    await client.end()
    report({ quiet, shared, indexing }, seconds)
  } finally {
    server?.kill('SIGTERM')
    if (server && server.exitCode === null) await once(server, 'exit')
    await database.leave()
    rmSync(dataDir, { recursive: true, force: true })
  }
}

/** A catalogue of products that have no pictures yet, the pictures that they will have, and a key. */
async function prepare(dataDir: string): Promise<{ key: string; paths: string[] }> {
  const ctx = await openCtx(readConfig({ DATA_DIR: dataDir }), openLog('error'))
  try {
    const feed = join(dataDir, 'feed.jsonl')
    const lines = Array.from({ length: PICTURES }, (_, at) =>
      JSON.stringify({
        marketplace: 'weidian',
        listing_id: String(FIRST_LISTING + at),
        title: `石榴杯 ${at}`,
        price_fen: 1990,
      }),
    )
    writeFileSync(feed, `${lines.join('\n')}\n`)
    await importFeed(ctx, { path: feed })
    const account = await createAccount(ctx, 'bench')
    await ctx.db.transaction().execute((tx) => setPlan(tx, account.id, 'qc', 'custom'))
    const { key } = await createKey(ctx, { account, style: 'qc', mode: 'live' })
    return { key, paths: await storePictures(ctx) }
  } finally {
    await ctx.close()
  }
}

/** Invented pictures in the blob store, one for each product. */
async function storePictures(ctx: Ctx): Promise<string[]> {
  const paths: string[] = []
  for (const { width, height, rgb } of inventPictures(7, PICTURES)) {
    const bytes = await sharp(rgb, { raw: { width, height, channels: 3 } })
      .webp({ effort: 0 })
      .toBuffer()
    const digest = hash('sha256', bytes)
    const name = `p/${digest.slice(0, 2)}/${digest}.webp`
    await ctx.blobs.put(name, bytes)
    if (paths.push(`/media/${name}`) % 1_000 === 0) console.log(`invented ${paths.length} of ${PICTURES} pictures`)
  }
  return paths
}

async function readyUrl({ stdout }: ReturnType<typeof spawn>): Promise<string> {
  for await (const line of createInterface({ input: stdout! })) {
    const url = /^openhaul ready on (.*)$/.exec(line)?.[1]
    if (url) return url
  }
  throw new Error('the server ended before it was ready')
}

async function untilIndexed(client: pg.Client, what: string): Promise<void> {
  for (let told = -1; ;) {
    const { rows } = await client.query<{ due: number }>('select count(*)::int4 as due from search_due')
    const { due } = rows[0]!
    if (due === 0) return
    if (Math.floor(due / 1_000) !== told) console.log(`indexing ${what}: ${due} products left`)
    told = Math.floor(due / 1_000)
    await delay(500)
  }
}

/** Asks at a steady rate, however long answers take, for so many seconds or while `goesOn` says so. */
function openLoad(url: string, key: string): (seconds: number, goesOn?: () => boolean) => Promise<Tail> {
  const agent = new Agent({ keepAlive: true, maxSockets: LOOKUPS_PER_SECOND })
  const ask = (at: number) =>
    new Promise<number>((resolve, reject) => {
      const sentAt = performance.now()
      const path = `${url}/api/v1/products/weidian/${FIRST_LISTING + (at % LOOKUPS_PER_SECOND)}`
      const request = get(path, { agent, headers: { authorization: `Bearer ${key}` } }, (answer) => {
        if (answer.statusCode !== 200) reject(new Error(`answered ${answer.statusCode}`))
        answer.resume().on('end', () => resolve(performance.now() - sentAt))
      })
      request.on('error', reject)
    })
  return async (seconds, goesOn = () => true) => {
    const asked: Promise<number>[] = []
    const beganAt = performance.now()
    while (goesOn()) {
      const dueAt = beganAt + (asked.length * 1_000) / LOOKUPS_PER_SECOND
      if (dueAt - beganAt > seconds * 1_000) break
      const aheadMs = dueAt - performance.now()
      if (aheadMs > 0) await delay(aheadMs)
      asked.push(ask(asked.length))
    }
    const ms = (await Promise.all(asked)).sort((a, b) => a - b)
    const at = (share: number) => ms[Math.floor((ms.length - 1) * share)]!
    return { calls: ms.length, p50: at(0.5), p99: at(0.99), max: at(1) }
  }
}

function report({ quiet, shared, indexing }: Record<'quiet' | 'shared' | 'indexing', Tail>, seconds: number): void {
  const row = ({ calls, p50, p99, max }: Tail) => ({
    calls,
    'p50 ms': p50.toFixed(2),
    'p99 ms': p99.toFixed(2),
    'max ms': max.toFixed(1),
  })
  console.log(`\nLook-ups at ${LOOKUPS_PER_SECOND} a second`)
  console.table({
    'nothing else': row(quiet),
    'another process keeps a core busy': row(shared),
    'while indexing': row(indexing),
  })
  const rate = (PICTURES / seconds).toFixed(1)
  console.log(
    `p99 while indexing: ${(indexing.p99 / quiet.p99).toFixed(2)} of without, ${(indexing.p99 / shared.p99).toFixed(2)} of beside another process; ${PICTURES} pictures in ${seconds.toFixed(0)} s (${rate} a second)`,
  )
}

await benchIndexing()
