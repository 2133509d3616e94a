import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { startEmbedded } from '../src/lib/db/embedded.ts'
import { MIGRATIONS } from '../src/lib/db/folder.ts'
import { migrate } from '../src/lib/db/migrate.ts'
import { findPostmaster, isAlive } from '../src/lib/db/postmaster.ts'
import { CLUSTER_VARIABLE, silentLog } from './database.ts'
import type { Connection } from '../src/lib/db/db.ts'
import type { Embedded } from '../src/lib/db/embedded.ts'
import type { TestCluster } from './database.ts'

const PREFIX = 'openhaul-test-'
const TEMPLATE = 'template_openhaul'

let embedded: Embedded | null = null
let folder = ''

/**
 * One cluster for the whole run, without fsync, with a migrated template that each test file clones. With TEST_DATABASE_URL,
 * the address of a superuser, the tests run on that server instead: this is how other versions of PostgreSQL are tried.
 */
export async function globalSetup(): Promise<void> {
  removeLeftovers()
  const url = process.env['TEST_DATABASE_URL']
  const connection = url ? addressOf(url) : await startCluster()
  const client = new pg.Client({ ...connection, database: 'postgres' })
  await client.connect()
  await client.query(`drop database if exists ${TEMPLATE}`)
  await client.query(`create database ${TEMPLATE}`)
  await client.end()
  await migrate({ ...connection, database: TEMPLATE }, MIGRATIONS, silentLog)
  process.env[CLUSTER_VARIABLE] = JSON.stringify({ connection, template: TEMPLATE } satisfies TestCluster)
}

/** In members, as each test names a database of its own. */
function addressOf(url: string): Connection {
  const { host, port, user, password } = new pg.Client({ connectionString: url })
  return { host, port, user: user!, ...(password && { password }) }
}

async function startCluster(): Promise<Connection> {
  folder = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`))
  // Under root the server runs as another user, who must get in here.
  chmodSync(folder, 0o755)
  process.once('exit', () => removeCluster(folder))
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1))

  embedded = await startEmbedded({ dataDir: folder, log: silentLog, fsync: false })
  return embedded.connection
}

export async function globalTeardown(): Promise<void> {
  await embedded?.leave()
  if (folder !== '') removeCluster(folder)
}

/** At once: nothing of a test cluster is worth a checkpoint. */
function removeCluster(dataDir: string): void {
  const running = findPostmaster(join(dataDir, 'postgres'))
  if (running) {
    process.kill(running.pid, 'SIGQUIT')
    rmSync(running.socketFolder, { recursive: true, force: true })
  }
  rmSync(dataDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
}

/** Clusters of test runs that were killed before they could clean up. */
function removeLeftovers(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1]
    if (pid === undefined || isAlive(Number(pid))) continue
    try {
      removeCluster(join(tmpdir(), name))
    } catch {
      // Another user's.
    }
  }
}
