import { setTimeout as delay } from 'node:timers/promises'
import type { Logger, ParsedCronItem, Runner, TaskList } from 'graphile-worker'
import pg from 'pg'
import type { Connection } from './db/db.ts'
import type { Log } from './log.ts'

/** Work that is due at times. */
export type TimedJob = {
  name: string
  /** Minute, hour, day, month, weekday, as crontab has them; UTC. */
  cron: string
  /**
   * One node runs each tick; a run that takes longer than to the next tick may meet that one on another node. What it throws
   * is logged, and the next tick tries again.
   */
  run(): Promise<void>
}

export type Jobs = {
  /** Resolves when ticks are listened for, the first time. */
  started: Promise<void>
  /** Starts nothing more, and waits at most 5 s for what runs. */
  stop(): Promise<void>
}

/** Where the queue keeps its tables; `dump.sql.ts` leaves them out of backups. */
const SCHEMA = 'graphile_worker'
const STOP_MS = 5_000
const PAUSE_MIN_MS = 1_000
const PAUSE_MAX_MS = 30_000

type Options = { connection: Connection; log: Log; timed: readonly TimedJob[] }

/**
 * Runs timed work until it is stopped, on connections of its own. Never throws: without the database it says so in the log
 * and tries again. The queue's schema is made at the first start, for which the role must be allowed to create one.
 */
export function startJobs({ connection, log, timed }: Options): Jobs {
  const stopping = new AbortController()
  const started = Promise.withResolvers<void>()
  const running = new Set<string>()
  let pauseMs = PAUSE_MIN_MS

  async function runUntilStopped(): Promise<void> {
    const pool = openPool(connection)
    try {
      const runner = await openRunner(pool, { log, timed: timed.map((job) => guarded(job, running, log)), stopping })
      pauseMs = PAUSE_MIN_MS
      started.resolve()
      const stop = () => void runner.stop().catch(() => {})
      if (stopping.signal.aborted) stop()
      else stopping.signal.addEventListener('abort', stop, { once: true })
      try {
        await runner.promise
      } finally {
        stopping.signal.removeEventListener('abort', stop)
      }
    } finally {
      await pool.end()
    }
  }

  const loop = (async () => {
    while (!stopping.signal.aborted) {
      const error: unknown = await runUntilStopped().catch((failure: unknown) => failure)
      if (stopping.signal.aborted) break
      const reason = error instanceof Error ? error.message : 'its connection was lost'
      log.warn(
        { reason },
        `Timed work stands still and is started again in ${pauseMs / 1000} s: ${remedy(error, reason)}`,
      )
      await delay(pauseMs, undefined, { signal: stopping.signal }).catch(() => {})
      pauseMs = Math.min(PAUSE_MAX_MS, pauseMs * 2)
    }
    started.resolve()
  })()

  return {
    started: started.promise,
    async stop() {
      stopping.abort()
      const late = new AbortController()
      const isLate = delay(STOP_MS, true, { signal: late.signal }).catch(() => false)
      if (await Promise.race([loop.then(() => false), isLate])) {
        log.warn(
          { jobs: [...running] },
          `stopping without waiting any longer for ${[...running].join(', ') || 'the queue'}`,
        )
      }
      late.abort()
    },
  }
}

function remedy(error: unknown, reason: string): string {
  if ((error as { code?: string } | undefined)?.code !== '42501') return reason
  return `${reason}; allow the role to make the schema ${SCHEMA}: grant create on database … to …`
}

/** The job as the queue runs it: never failing, and not twice at once in this process. */
function guarded(job: TimedJob, running: Set<string>, log: Log): TimedJob {
  const { name } = job
  const run = async () => {
    // Still at the tick before; it will find what is due.
    if (running.has(name)) return
    running.add(name)
    try {
      await job.run()
    } catch (error) {
      log.error({ err: error, job: name }, `timed work failed and is tried again at its next tick: ${name}`)
    } finally {
      running.delete(name)
    }
  }
  return { ...job, run }
}

async function openRunner(
  pgPool: pg.Pool,
  { log, timed, stopping }: Omit<Options, 'connection'> & { stopping: AbortController },
): Promise<Runner> {
  // Loaded here, as no other command has need of it.
  const worker = await import('graphile-worker')
  const logger: Logger = new worker.Logger(() => (level, message, meta) => {
    const isNews = (level === 'error' || level === 'warning') && !stopping.signal.aborted
    log[isNews ? 'warn' : 'debug']({ err: meta['error'] }, `queue: ${message}`)
  })
  const taskList: TaskList = Object.fromEntries(timed.map(({ name, run }) => [name, run]))
  // A tick has one attempt: the next one is the second.
  const items = timed.map(({ name, cron }) => ({ task: name, match: cron, options: { maxAttempts: 1 } }))
  const parsedCronItems: ParsedCronItem[] = worker.parseCronItems(items)
  const shared = { pgPool, schema: SCHEMA, logger }

  const utils = await worker.makeWorkerUtils(shared)
  // Left by processes that were killed at work.
  await utils.cleanup({ tasks: ['DELETE_PERMAFAILED_JOBS'] })
  await utils.release()
  return worker.run({
    ...shared,
    concurrency: 2,
    noHandleSignals: true,
    taskList,
    parsedCronItems,
    // Without these delays, a job's end that cannot be written is a rejection that nobody hears, which ends the process.
    preset: { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
  })
}

function openPool(connection: Connection): pg.Pool {
  const pool = new pg.Pool({
    ...connection,
    application_name: 'openhaul jobs',
    max: 2,
    connectionTimeoutMillis: 5_000,
    statement_timeout: 10_000,
  })
  // Who asks next hears of it; unheard, the events would end the process.
  pool.on('error', () => {})
  pool.on('connect', (client) => client.on('error', () => {}))
  return pool
}
