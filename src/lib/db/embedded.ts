import { statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { OperatorError } from '../errors.ts'
import { ensureCluster, findClusterFolder } from './cluster.ts'
import { ensureDataDir } from './data-dir.ts'
import { findPostmaster, startPostmaster, stopPostmaster } from './postmaster.ts'
import {
  DATABASE,
  MAINTENANCE_DATABASE,
  ROLE,
  databaseEnsure,
  presenceLeave,
  presenceTake,
  serverDataDirectory,
} from './server.sql.ts'
import { SOCKET_PORT, isOwnFolder, ensureSocketFolder } from './socket-folder.ts'
import type { Connection } from './db.ts'
import type { Log } from '../log.ts'

export type EmbeddedOptions = {
  dataDir: string
  log: Log
  /** Off only where losing everything on a crash is fine, as in tests. */
  fsync?: boolean
  /** Where root keeps what its service user could not reach in `dataDir`. */
  systemState?: string
}

export type Embedded = {
  connection: Connection
  /** Gives up our use of the server, stopping it when nobody else uses it. Close pools first. */
  leave(): Promise<void>
}

/** Longer than remains of a killed server hold its memory, and than a checkpoint at shutdown takes. */
const TAKEN_MS = 60_000
const POLL_MS = 20
const CONNECT_MS = 5_000
const REJOIN_MS = 2_000

/**
 * Joins the embedded PostgreSQL of `dataDir`, making and starting it when needed. Every process holds a shared lock on
 * a connection of its own; the last to leave stops the server, and one that outlived its processes is adopted. Throws
 * an `OperatorError` that names the remedy when it cannot be had.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const { log } = options
  const dataDir = await ensureDataDir(options.dataDir)
  const first = await joinServer(dataDir, options)
  const leaving = new AbortController()
  let current: Promise<Joined | null> = Promise.resolve(first)
  watch(first)

  /** The server may die under us (out of memory, a careless kill): bring it back rather than fail until a restart. */
  function watch({ client }: Joined) {
    client.once('end', () => {
      if (!leaving.signal.aborted) current = rejoin()
    })
  }

  async function rejoin(): Promise<Joined | null> {
    log.warn('The embedded PostgreSQL went away; joining it again')
    while (!leaving.signal.aborted) {
      try {
        const joined = await joinServer(dataDir, options)
        watch(joined)
        return joined
      } catch (error) {
        log.error({ err: error }, `The embedded PostgreSQL could not be brought back: ${String(error)}`)
        await delay(REJOIN_MS, undefined, { signal: leaving.signal }).catch(() => {})
      }
    }
    return null
  }

  return {
    connection: { host: first.socketFolder, port: SOCKET_PORT, user: ROLE, database: DATABASE },
    async leave() {
      if (leaving.signal.aborted) return
      leaving.abort()
      const joined = await current
      if (joined) await leaveServer(joined, log)
    },
  }
}

async function leaveServer({ client, clusterFolder }: Joined, log: Log): Promise<void> {
  try {
    // Stopped while the lock is held, so that nobody joins a server that is going away.
    // The socket's folder stays: whoever starts a server at this moment may have made sure of it already.
    if (await presenceLeave(client)) await stopPostmaster(clusterFolder)
  } catch (error) {
    log.debug({ err: error }, 'The embedded PostgreSQL was gone before we left it')
  } finally {
    await client.end().catch(() => {})
  }
}

type Joined = { client: pg.Client; socketFolder: string; clusterFolder: string }

async function joinServer(dataDir: string, options: EmbeddedOptions): Promise<Joined> {
  const untilMs = performance.now() + TAKEN_MS
  while (true) {
    const joined = await joinRunning(dataDir)
    if (joined !== 'wait' && joined !== null) return joined
    if (joined === null) {
      const cluster = await ensureCluster(dataDir, options.log, options.systemState)
      const socketFolder = ensureSocketFolder(dataDir, cluster.user)
      const logPath = join(dataDir, 'postgres-start.log')
      const started = await startPostmaster(cluster, socketFolder, { fsync: options.fsync ?? true, logPath })
      if (started === 'ready') continue
    }
    if (performance.now() > untilMs) {
      throw new OperatorError(
        `What remains of a former database server still holds ${dataDir}: end its postgres processes, then start again.`,
      )
    }
    await delay(POLL_MS)
  }
}

/** Null when no server runs; `wait` when one starts, stops, or gives no clear answer. */
async function joinRunning(dataDir: string): Promise<Joined | 'wait' | null> {
  const clusterFolder = await findClusterFolder(dataDir)
  const running = clusterFolder === null ? null : findPostmaster(clusterFolder)
  if (clusterFolder === null || !running?.ready) return null
  const { socketFolder } = running
  // Who put something else in its place could pose as our database.
  if (!isOwnFolder(socketFolder, statSync(clusterFolder).uid)) return null

  const client = new pg.Client({
    host: socketFolder,
    port: SOCKET_PORT,
    user: ROLE,
    database: MAINTENANCE_DATABASE,
    connectionTimeoutMillis: CONNECT_MS,
  })
  client.on('error', () => {})
  try {
    await client.connect()
    const served = await serverDataDirectory(client)
    if (served !== clusterFolder) throw new Error(`the server at ${socketFolder} serves ${served}`)
    if (await presenceTake(client)) {
      await databaseEnsure(client)
      return { client, socketFolder, clusterFolder }
    }
    await client.end()
  } catch (error) {
    await client.end().catch(() => {})
    // Nobody listens: the process only bears the old number, which is settled when a start is tried.
    if (['ENOENT', 'ECONNREFUSED'].includes((error as NodeJS.ErrnoException).code ?? '')) return null
  }
  return 'wait'
}
