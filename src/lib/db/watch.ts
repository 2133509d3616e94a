import pg from 'pg'
import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import { channelListen } from './watch.sql.ts'
import type { Connection } from './db.ts'

const POLL_MS = 250
const QUERY_TIMEOUT_MS = 500

/** A value of the database that this process follows by polling. */
export type Watch<T> = {
  /** As of the last good poll. */
  readonly value: T
  /** How long ago the last good poll began: nothing committed before that is missing from `value`. */
  ageMs(): number
  /** Resolves after the next good poll that began after this call. */
  next(): Promise<void>
  stop(): Promise<void>
}

/**
 * Follows `read` on a connection of its own, every 250 ms, and at once when somebody notifies `channel`. A connection that
 * is lost or hangs is replaced; meanwhile `ageMs` grows. Rejects when the first poll fails.
 */
export async function watch<T>(options: {
  connection: Connection
  channel: string
  clock: Clock
  log: Log
  read: (client: pg.Client) => Promise<T>
}): Promise<Watch<T>> {
  const { clock, log } = options
  const stopping = new AbortController()
  let client: pg.Client | null = null
  let wake = new AbortController()
  let waiting: (() => void)[] = []
  let value: T
  let goodAtMs: number

  async function connect(): Promise<pg.Client> {
    const fresh = new pg.Client({
      ...options.connection,
      application_name: 'openhaul watch',
      connectionTimeoutMillis: 1_000,
      query_timeout: QUERY_TIMEOUT_MS,
    })
    fresh.on('error', () => drop(fresh))
    fresh.on('notification', () => wake.abort())
    try {
      await fresh.connect()
      await channelListen(fresh, options.channel)
      return fresh
    } catch (error) {
      drop(fresh)
      throw error
    }
  }

  function drop(lost: pg.Client): void {
    if (client === lost) client = null
    // Not awaited: a hanging connection may never say goodbye.
    lost.end().catch(() => {})
  }

  async function poll(): Promise<void> {
    const served = waiting
    waiting = []
    try {
      client ??= await connect()
      const beganAtMs = clock.elapsedMs()
      value = await options.read(client)
      goodAtMs = beganAtMs
      for (const resolve of served) resolve()
    } catch (error) {
      waiting = [...served, ...waiting]
      if (client) drop(client)
      throw error
    }
  }

  await poll()
  const loop = (async () => {
    while (!stopping.signal.aborted) {
      const signal = AbortSignal.any([stopping.signal, wake.signal])
      await clock.sleep(POLL_MS, signal).catch(() => {})
      if (wake.signal.aborted) wake = new AbortController()
      if (stopping.signal.aborted) break
      await poll().catch((error: unknown) => log.warn({ err: error }, 'the watch on the database missed a poll'))
    }
  })()

  return {
    get value() {
      return value
    },
    ageMs: () => clock.elapsedMs() - goodAtMs,
    next: () =>
      new Promise((resolve) => {
        waiting.push(resolve)
        wake.abort()
      }),
    async stop() {
      stopping.abort()
      await loop
      if (client) await client.end().catch(() => {})
    },
  }
}
