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

type Options<T> = {
  connection: Connection
  channel: string
  clock: Clock
  log: Log
  /** Run on each new connection, before anything is read: what must hold for as long as this process lives. */
  hold?: (client: pg.Client) => Promise<void>
  read: (client: pg.Client) => Promise<T>
}

/**
 * Follows `read` on a connection of its own, every 250 ms, and at once when somebody notifies `channel`. A connection that
 * is lost or hangs is replaced; meanwhile `ageMs` grows. Rejects when the first poll fails.
 */
export async function watch<T>(options: Options<T>): Promise<Watch<T>> {
  const { clock, log } = options
  const stopping = new AbortController()
  let wake = new AbortController()
  const line = openLine(options, () => wake.abort())
  let waiting: (() => void)[] = []
  let value: T
  let goodAtMs: number

  async function poll(): Promise<void> {
    const served = waiting
    waiting = []
    try {
      const beganAtMs = clock.elapsedMs()
      value = await line.read()
      goodAtMs = beganAtMs
      for (const resolve of served) resolve()
    } catch (error) {
      waiting = [...served, ...waiting]
      throw error
    }
  }

  await poll().catch(async (error: unknown) => {
    await line.close()
    throw error
  })
  const loop = (async () => {
    while (!stopping.signal.aborted) {
      await clock.sleep(POLL_MS, AbortSignal.any([stopping.signal, wake.signal])).catch(() => {})
      if (wake.signal.aborted) wake = new AbortController()
      if (stopping.signal.aborted) break
      await poll().catch((error: unknown) => log.warn({ err: error }, 'the watch on the database missed a poll'))
    }
    await line.close()
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
    },
  }
}

/** The watch's own connection, made anew after every failure, since one that hangs may never say so. */
function openLine<T>({ connection, channel, read, hold }: Options<T>, onNotified: () => void) {
  let client: pg.Client | null = null

  async function connect(): Promise<pg.Client> {
    const fresh = new pg.Client({
      ...connection,
      application_name: 'openhaul watch',
      connectionTimeoutMillis: 1_000,
      query_timeout: QUERY_TIMEOUT_MS,
    })
    fresh.on('error', () => drop(fresh))
    fresh.on('notification', onNotified)
    try {
      await fresh.connect()
      await channelListen(fresh, channel)
      await hold?.(fresh)
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

  return {
    async read(): Promise<T> {
      client ??= await connect()
      const current = client
      try {
        return await read(current)
      } catch (error) {
        drop(current)
        throw error
      }
    },
    close: async () => client?.end().catch(() => {}),
  }
}
