// What a check costs among few entries and among millions. `node bench/risk-scale.ts [entries]`; 5,000,000 unless given,
// which take 9 GB of memory: the database holds the list there, as docs/risk.md advises, so that no disk is measured.
import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { systemClock } from '../src/lib/clock.ts'
import { openDb, openDedicated, type Connection } from '../src/lib/db/db.ts'
import { startEmbedded, type Embedded } from '../src/lib/db/embedded.ts'
import { MIGRATIONS } from '../src/lib/db/folder.ts'
import { migrate } from '../src/lib/db/migrate.ts'
import { systemRandom } from '../src/lib/ids.ts'
import { check } from '../src/risk/check/check.ts'
import { givenKeys } from '../src/risk/keys/key-store.ts'
import { keyOf } from '../src/risk/keys/ring.ts'
import { ensureKeys, openRiskKeys } from '../src/risk/list/generations.ts'
import { openLookups, type Lookups } from '../src/risk/list/lookups.ts'
import { TYPES, type IdentifierType } from '../src/risk/normalise/normalised.ts'
import { cpuSecondsOf, fill, identifierOf } from './risk-fill.ts'

const FEW = 1_000
const MANY = Number(process.argv[2] ?? 5_000_000)
/** An entry has 1.5 KB with its marks and all indexes. */
const BUFFERS_MB = 256 + Math.ceil(MANY / 600)
const ACCOUNT = 7
const ROUNDS = Number(process.env['ROUNDS'] ?? 10)
const CHECKS_A_ROUND = 1_000
const AT_ONCE = 64
const SECONDS = Number(process.env['SECONDS'] ?? 4)

type List = { name: string; count: number; riskLookups: Lookups; close(): Promise<void> }

async function benchScale(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'openhaul-bench-'))
  await chmod(folder, 0o755)
  const server = await startWith(BUFFERS_MB, folder)
  const lists: List[] = []
  try {
    for (const count of [FEW, MANY]) lists.push(await openList(server.connection, count))
    const [few, many] = lists as [List, List]
    await compare(few, many)
    await throughput(many, join(folder, 'postgres'))
  } finally {
    for (const { close } of lists) await close()
    await server.leave()
    await rm(folder, { recursive: true, force: true })
  }
}

/** The memory of a database server is set before it starts. */
async function startWith(buffersMb: number, dataDir: string): Promise<Embedded> {
  const start = () => startEmbedded({ dataDir, log: pino({ level: 'silent' }), fsync: false })
  const unset = await start()
  const client = await openDedicated(unset.connection)
  await client.query(`alter system set shared_buffers = '${buffersMb}MB'`)
  await client.end()
  await unset.leave()
  return start()
}

async function openList(server: Connection, count: number): Promise<List> {
  const name = `entries_${count}`
  const connection = { ...server, database: name }
  const administration = await openDedicated(server)
  await administration.query(`create database ${name}`)
  await administration.end()
  await migrate(connection, MIGRATIONS, pino({ level: 'silent' }))

  const bytes = randomBytes(32)
  const { db, close } = openDb(connection, { log: pino({ level: 'silent' }) })
  const riskKeys = openRiskKeys(givenKeys([bytes]))
  await ensureKeys({ db, riskKeys, clock: systemClock, random: systemRandom })
  const client = await openDedicated(connection, { limits: { statement_timeout: 0, lock_timeout: 0 } })
  const startedMs = performance.now()
  const seconds = () => Math.round((performance.now() - startedMs) / 1_000)
  const onProgress = (done: number) => {
    if (done % 500_000 === 0) console.log(`  ${done.toLocaleString('en')} entries, ${seconds()} s`)
  }
  const { marks } = await fill(client, { count, ring: [keyOf(bytes)], account: ACCOUNT, onProgress })
  const { rows } = await client.query<{ size: string }>(
    'select pg_size_pretty(pg_database_size(current_database())) as size',
  )
  await client.query('create extension pg_prewarm')
  await client.query(
    `select pg_prewarm(oid) from pg_class where relname like 'risk\\_%' and relkind in ('r', 'i') and relpages > 0`,
  )
  await client.end()
  console.log(
    `filled: ${count.toLocaleString('en')} entries, ${marks.toLocaleString('en')} marks, ${rows[0]!.size}, ${seconds()} s`,
  )
  return { name, count, riskLookups: openLookups({ db, clock: systemClock, riskKeys }), close }
}

/** Every second of what is asked is listed. */
function questionOf(count: number, type: IdentifierType | null): { type: IdentifierType; value: string } {
  for (;;) {
    const isListed = Math.random() < 0.5
    const identifier = identifierOf(Math.floor(Math.random() * count) + (isListed ? 0 : count))
    if (type === null || identifier.type === type) return identifier
  }
}

async function ask({ riskLookups }: List, question: { type: IdentifierType; value: string }): Promise<void> {
  const ctx = { riskLookups, clock: systemClock }
  const answer = await check(ctx, { owner: ACCOUNT, isSandbox: false }, { ...question, region: null })
  if (answer.kind === 'unfit') throw new Error(answer.why)
}

/** One after the other; both lists in turn, so that what the machine does meanwhile meets both. */
async function compare(few: List, many: List): Promise<void> {
  console.log(`\none check after the other, ms${''.padEnd(12)}${'median'.padStart(8)}${'p99'.padStart(8)}`)
  for (const type of [null, ...TYPES]) {
    const figures = new Map<List, number[]>([
      [few, []],
      [many, []],
    ])
    const rounds = type === null ? ROUNDS : Math.ceil(ROUNDS / 3)
    for (let round = -1; round < rounds; round++) {
      for (const [list, latencies] of figures) {
        for (let number = 0; number < CHECKS_A_ROUND; number++) {
          const question = questionOf(list.count, type)
          const startedMs = performance.now()
          await ask(list, question)
          if (round >= 0) latencies.push(performance.now() - startedMs)
        }
      }
    }
    const [before, after] = [few, many].map((list) => {
      const sorted = figures.get(list)!.toSorted((one, two) => one - two)
      const at = (share: number) => sorted[Math.floor(sorted.length * share)]!
      console.log(line(`${type ?? 'all types'}, ${list.count.toLocaleString('en')}`, at(0.5), at(0.99)))
      return { median: at(0.5), tail: at(0.99) }
    })
    console.log(line('  ratio', after!.median / before!.median, after!.tail / before!.tail))
  }
}

function line(name: string, median: number, tail: number): string {
  return `${name.padEnd(40)}${median.toFixed(2).padStart(8)}${tail.toFixed(2).padStart(8)}`
}

async function throughput(list: List, clusterFolder: string): Promise<void> {
  console.log(`\n${AT_ONCE} at once`.padEnd(22), 'checks/s', 'node core-s', 'database core-s', 'checks a core-s')
  for (const type of [...TYPES, null]) {
    const questions = Array.from({ length: 20_000 }, () => questionOf(list.count, type))
    await flood(list, questions, 1)
    const before = { node: process.cpuUsage(), database: await cpuSecondsOf(clusterFolder) }
    const { done, seconds } = await flood(list, questions, SECONDS)
    const used = process.cpuUsage(before.node)
    const node = (used.user + used.system) / 1e6
    const database = (await cpuSecondsOf(clusterFolder)) - before.database
    const figures = [done / seconds, node / seconds, database / seconds, done / (node + database)]
    console.log(
      (type ?? 'all types').padEnd(20),
      ...figures.map((each) => each.toFixed(each < 10 ? 2 : 0).padStart(12)),
    )
  }
}

async function flood(list: List, questions: readonly { type: IdentifierType; value: string }[], forSeconds: number) {
  const startedMs = performance.now()
  let done = 0
  const caller = async () => {
    while (performance.now() - startedMs < forSeconds * 1_000) await ask(list, questions[done++ % questions.length]!)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, caller))
  return { done, seconds: (performance.now() - startedMs) / 1_000 }
}

await benchScale()
