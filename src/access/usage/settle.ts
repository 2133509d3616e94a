import type { Clock } from '../../lib/clock.ts'
import type { Connection } from '../../lib/db/db.ts'
import type { Log } from '../../lib/log.ts'
import type { Call, Run, Settled } from './runs.ts'
import { settleBatch, type Pending } from './settle-batch.ts'
import { finishBatch, type Ending, type Finish, type Finished } from './settle-finish.ts'
import { busy, rejectAll, type Charged, type Job } from './settle-job.ts'
import { openLine } from './settle-line.ts'
import { openUndoer } from './settle-undo.ts'

export type { Call, Denial, Run, Settled } from './runs.ts'
export type { Finish, Finished } from './settle-finish.ts'

/** Settles priced calls in batches, each one statement and one commit that all its callers wait for. */
export type Settler = {
  /** Resolves when the call is paid for durably, or denied. Rejects with `busy` when the database cannot say; then nothing stays charged. */
  settle(run: Run, call: Call): Promise<Settled>
  /** Ends a charge durably: kept, or given back. Rejects with `busy` when the database cannot say; then it is given back. */
  finish(finish: Finish): Promise<Finished>
  /** Ends what is under way, within a few seconds even if the database hangs, and hangs up. */
  close(): Promise<void>
  readonly stats: Stats
}

type Stats = { batches: number; calls: number; waitMsTotal: number }
type Options = { connection: Connection; clock: Clock; log: Log; instance: number; lines?: number }

const BATCH_MAX = 512
/** How long a call may wait for its turn, and a batch whose fate is unknown is asked after. */
const DOUBT_MS = 5_000
/** How long a close waits for the database. */
const CLOSE_MS = 5_000

export function openSettler(options: Options): Settler {
  const { clock } = options
  /** Charges that wait for `finish`, by name. */
  const open = new Map<string, Charged>()
  const stats: Stats = { batches: 0, calls: 0, waitMsTotal: 0 }
  const queue = openQueue(options, stats)
  return {
    stats,
    settle: (run, call) =>
      new Promise((resolve, reject) => {
        const opened = (settled: Settled) => {
          if (settled.paid) open.set(call.name, { run, call })
          resolve(settled)
        }
        const queuedAtMs = clock.elapsedMs()
        queue.settle({ run, call, resolve: call.ready ? resolve : opened, reject, queuedAtMs })
      }),
    finish: (finish) =>
      new Promise((resolve, reject) => {
        const charged = open.get(finish.name) ?? null
        open.delete(finish.name)
        queue.finish({ finish, charged, resolve, reject, queuedAtMs: clock.elapsedMs() })
      }),
    async close() {
      const over = new AbortController()
      const late = clock.sleep(CLOSE_MS, over.signal).then(queue.cut, () => {})
      await queue.drain()
      over.abort()
      await late
      await queue.close()
    },
  }
}

function openQueue(options: Options, stats: Stats) {
  const { clock, instance } = options
  const pending: Pending[] = []
  const endings: Ending[] = []
  const lost = new Set<number>()
  const lines = Array.from({ length: options.lines ?? 2 }, () => openLine(options, lost))
  const idle = [...lines]
  const undoer = openUndoer(openLine(options, lost), options)
  const working = new Set<Promise<void>>()
  let isScheduled = false
  let isCut = false

  // Requests that were read in the same turn of the event loop go together.
  const schedule = () => {
    if (isScheduled) return
    isScheduled = true
    setImmediate(start)
  }

  function start(): void {
    isScheduled = false
    while (idle.length > 0 && pending.length + endings.length > 0) {
      const line = idle.pop()!
      const startedAtMs = clock.elapsedMs()
      const isLate = (sinceMs = startedAtMs) => isCut || clock.elapsedMs() - sinceMs >= DOUBT_MS
      const job: Job = { line, clock, undoer, instance, isLate }
      const ends = endings.splice(0, BATCH_MAX)
      const work = carryOut(job, pending.splice(0, BATCH_MAX), ends, stats).finally(() => {
        working.delete(work)
        idle.push(line)
        if (pending.length + endings.length > 0) schedule()
      })
      working.add(work)
    }
  }

  function cut(): void {
    isCut = true
    undoer.cut()
    for (const line of lines) line.cut()
  }

  return {
    cut,
    settle(one: Pending) {
      pending.push(one)
      schedule()
    },
    finish(one: Ending) {
      endings.push(one)
      schedule()
    },
    async drain(): Promise<void> {
      while (working.size > 0 || pending.length + endings.length > 0) {
        start()
        await Promise.all(working)
      }
      await undoer.idle()
    },
    async close(): Promise<void> {
      cut()
      await Promise.all(lines.map((line) => line.close()))
    },
  }
}

async function carryOut(job: Job, batch: Pending[], ends: Ending[], stats: Stats): Promise<void> {
  const startedAtMs = job.clock.elapsedMs()
  // A fault of ours must leave no caller without an answer.
  await finishBatch(job, ends).catch((error: unknown) => rejectAll(ends, error))
  // With the database away the queue grows faster than it is worked off: whoever has waited too long goes first.
  const first = batch.findIndex(({ queuedAtMs }) => !job.isLate(queuedAtMs))
  const timely = first === -1 ? [] : batch.slice(first)
  rejectAll(first === -1 ? batch : batch.slice(0, first), busy(null))
  if (timely.length === 0) return
  stats.batches++
  stats.calls += timely.length
  for (const { queuedAtMs } of timely) stats.waitMsTotal += startedAtMs - queuedAtMs
  await settleBatch(job, timely).catch((error: unknown) => rejectAll(timely, error))
}
