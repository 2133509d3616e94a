// Checks on two nodes while the keys of the list are rotated twice. `node bench/risk-rotation.ts [entries]`; 200,000 unless given.
import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { systemClock } from '../src/lib/clock.ts'
import { openDb, openDedicated, type Connection } from '../src/lib/db/db.ts'
import { startEmbedded } from '../src/lib/db/embedded.ts'
import { MIGRATIONS } from '../src/lib/db/folder.ts'
import { migrate } from '../src/lib/db/migrate.ts'
import { systemRandom } from '../src/lib/ids.ts'
import { check } from '../src/risk/check/check.ts'
import { givenKeys } from '../src/risk/keys/key-store.ts'
import { keyOf } from '../src/risk/keys/ring.ts'
import { ensureKeys, openRiskKeys, rewrapMarks, rotateKey } from '../src/risk/list/generations.ts'
import { openLookups } from '../src/risk/list/lookups.ts'
import { fill, identifierOf } from './risk-fill.ts'

const ENTRIES = Number(process.argv[2] ?? 200_000)
const ACCOUNT = 7
const ASKERS_A_NODE = 8
const CALM_MS = 5_000

const KEYS = [randomBytes(32), randomBytes(32), randomBytes(32)]
type Node = ReturnType<typeof openNode>
type Seen = { latencies: number[]; wrong: number; refused: number }

async function benchRotation(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'openhaul-bench-'))
  await chmod(folder, 0o755)
  const server = await startEmbedded({ dataDir: folder, log: pino({ level: 'silent' }), fsync: false })
  await migrate(server.connection, MIGRATIONS, pino({ level: 'silent' }))
  const nodes = [openNode(server.connection), openNode(server.connection)] as const
  try {
    await ensureKeys(nodes[0])
    const client = await openDedicated(server.connection, { limits: { statement_timeout: 0 } })
    const { marks } = await fill(client, { count: ENTRIES, ring: [keyOf(KEYS[0]!)], account: ACCOUNT, onProgress() {} })
    console.log(
      `${ENTRIES.toLocaleString('en')} entries, ${marks.toLocaleString('en')} marks, ${2 * ASKERS_A_NODE} askers on two nodes`,
    )
    await during(nodes, 'no rotation', () => systemClock.sleep(CALM_MS))
    for (const generation of [2, 3]) {
      await during(nodes, `rotation to key ${generation}`, async () => {
        await rotateKey(nodes[0])
        await Promise.all(nodes.map(async (node) => rewrapMarks(node)))
      })
      const { rows } = await client.query<{ old: number }>(
        'select count(*)::int as old from risk_mark where generation < $1',
        [generation],
      )
      const { rows: keys } = await client.query<{ settled: boolean }>(
        'select settled_at is not null as settled from risk_key order by generation desc limit 1',
      )
      console.log(`  marks of older keys: ${rows[0]!.old}; settled: ${keys[0]!.settled}`)
    }
    await client.end()
  } finally {
    for (const { close } of nodes) await close()
    await server.leave()
    await rm(folder, { recursive: true, force: true })
  }
}

function openNode(connection: Connection) {
  const { db, close } = openDb(connection, { log: pino({ level: 'silent' }), statementTimeoutMs: 60_000 })
  const riskKeys = openRiskKeys(givenKeys(KEYS))
  const riskLookups = openLookups({ db, riskKeys, clock: systemClock })
  return {
    db,
    close,
    riskKeys,
    riskLookups,
    clock: systemClock,
    random: systemRandom,
    closing: new AbortController().signal,
  }
}

/** Asks without a pause while something is done, and tells how that went. */
async function during(nodes: readonly Node[], name: string, work: () => Promise<unknown>): Promise<void> {
  const seen: Seen = { latencies: [], wrong: 0, refused: 0 }
  const run = { isOver: false }
  const asker = async (node: Node) => {
    while (!run.isOver) await askOnce(node, seen)
  }
  const startedMs = performance.now()
  const askers = nodes.flatMap((node) => Array.from({ length: ASKERS_A_NODE }, async () => asker(node)))
  await work()
  run.isOver = true
  await Promise.all(askers)
  const sorted = seen.latencies.toSorted((one, two) => one - two)
  const at = (share: number) => `${sorted[Math.floor((sorted.length - 1) * share)]!.toFixed(1)} ms`
  const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1)
  const told = `median ${at(0.5)}, p99 ${at(0.99)}, longest ${at(1)}; ${seen.wrong} wrong, ${seen.refused} refused`
  console.log(`${name}: ${seconds} s, ${sorted.length} checks, ${told}`)
}

async function askOnce(node: Node, seen: Seen): Promise<void> {
  const number = Math.floor(Math.random() * ENTRIES * 2)
  const { type, value } = identifierOf(number)
  // Some of the networks lie around addresses that are not listed.
  if (type === 'ip') return
  const isSeen = number < ENTRIES && (number % 50 === 0 || number % 2 === 1)
  const startedMs = performance.now()
  try {
    const answer = await check(node, { owner: ACCOUNT, isSandbox: false }, { type, value, region: null })
    if (answer.kind === 'unfit' || answer.blacklisted !== isSeen) seen.wrong++
  } catch {
    seen.refused++
  }
  seen.latencies.push(performance.now() - startedMs)
}

await benchRotation()
