// `risk import` against a bare COPY of the same rows into identical tables, fsync on. `node bench/risk-import.ts [entries]`; 100,000
// unless given.
import { randomBytes } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type pg from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import pino from 'pino'
import { systemClock } from '../src/lib/clock.ts'
import { openDb, openDedicated, type Connection } from '../src/lib/db/db.ts'
import { startEmbedded } from '../src/lib/db/embedded.ts'
import { MIGRATIONS } from '../src/lib/db/folder.ts'
import { migrate } from '../src/lib/db/migrate.ts'
import { systemRandom } from '../src/lib/ids.ts'
import { givenKeys } from '../src/risk/keys/key-store.ts'
import { HOUSE } from '../src/risk/list/entries.ts'
import { ensureKeys, openRiskKeys } from '../src/risk/list/generations.ts'
import { importEntries } from '../src/risk/list/import.ts'
import { cpuSecondsOf, identifierOf } from './risk-fill.ts'

const ENTRIES = Number(process.argv[2] ?? 100_000)
const TABLES = ['risk_entry', 'risk_mark'] as const

async function benchRiskImport(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'openhaul-bench-'))
  await chmod(folder, 0o755)
  const server = await startEmbedded({ dataDir: join(folder, 'data'), log: pino({ level: 'silent' }) })
  try {
    await migrate(server.connection, MIGRATIONS, pino({ level: 'silent' }))
    const path = join(folder, 'entries.csv')
    await writeList(path)
    const cluster = join(folder, 'data', 'postgres')
    const imported = await timeImport(server.connection, cluster, path)
    const client = await openDedicated(server.connection, { limits: { statement_timeout: 0 } })
    const copied = await timeCopy(client, cluster, folder)
    await client.end()
    report('risk import', imported)
    report('bare COPY, identical tables and indexes', copied)
    console.log(`ratio: ${(copied.seconds / imported.seconds).toFixed(2)}`)
  } finally {
    await server.leave()
    await rm(folder, { recursive: true, force: true })
  }
}

type Figures = { seconds: number; node: number; database: number }

function report(name: string, { seconds, node, database }: Figures): void {
  const cpu = `node ${node.toFixed(1)} core-s, database ${database.toFixed(1)}`
  console.log(
    `${name.padEnd(42)}${seconds.toFixed(1).padStart(7)} s${Math.round(ENTRIES / seconds)
      .toString()
      .padStart(8)} entries/s   ${cpu}`,
  )
}

async function writeList(path: string): Promise<void> {
  const lines = Array.from({ length: ENTRIES }, (_, number) => {
    const { type, value } = identifierOf(number)
    return `${type},"${value}",chargeback,Chargeback on an order,ORD-${number}`
  })
  await writeFile(path, `type,value,reason,note,order_id\n${lines.join('\n')}\n`)
}

async function timeImport(connection: Connection, cluster: string, path: string): Promise<Figures> {
  const { db, close } = openDb(connection, { log: pino({ level: 'silent' }) })
  const riskKeys = openRiskKeys(givenKeys([randomBytes(32)]))
  const ctx = { db, riskKeys, connection, clock: systemClock }
  await ensureKeys({ ...ctx, random: systemRandom })
  const source = { name: 'bench', party: 'bench', confidence: 80 }
  const figures = await timed(cluster, async () => {
    const { added, bad } = await importEntries(ctx, { path, owner: HOUSE, isSandbox: false, source, actor: 'bench' })
    if (added !== ENTRIES || bad !== 0) throw new Error(`${added} of ${ENTRIES} added, ${bad} bad`)
  })
  await close()
  return figures
}

/** The very rows that the import wrote, into tables like those. */
async function timeCopy(client: pg.Client, cluster: string, folder: string): Promise<Figures> {
  for (const table of TABLES) {
    await pipeline(client.query(copyTo(`copy ${table} to stdout`)), createWriteStream(join(folder, table)))
    await client.query(`create table bare_${table} (like ${table} including all)`)
  }
  await client.query('checkpoint')
  return timed(cluster, async () => {
    for (const table of TABLES) {
      await pipeline(createReadStream(join(folder, table)), client.query(copyFrom(`copy bare_${table} from stdin`)))
    }
  })
}

async function timed(cluster: string, work: () => Promise<unknown>): Promise<Figures> {
  const before = { ms: performance.now(), node: process.cpuUsage(), database: await cpuSecondsOf(cluster) }
  await work()
  const used = process.cpuUsage(before.node)
  return {
    seconds: (performance.now() - before.ms) / 1_000,
    node: (used.user + used.system) / 1e6,
    database: (await cpuSecondsOf(cluster)) - before.database,
  }
}

await benchRiskImport()
