import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'
import type { Clock } from '../../lib/clock.ts'
import { openDedicated, type Connection } from '../../lib/db/db.ts'
import { DomainError } from '../../lib/errors.ts'
import type { Log } from '../../lib/log.ts'
import { callsBooked, callsFinish, callsSettle, callUndo, type BookedRow, type RunRow } from './charges.sql.ts'

/** What calls of one key to one operation have in common; the same object for as long as nothing of it changes. */
export type Run = {
  account: number
  key: number
  sandbox: boolean
  product: string
  operation: string
  pot: string | null
  bucket: number | null
  potLimit: number | null
  /** USD micros of a call that the pot does not pay; null: such a call is denied. */
  price: number | null
  month: number
  /** Caps of the key, in calls and USD micros a month; null: none. */
  keyCalls: number | null
  keySpend: number | null
  bytesIncluded: number | null
  gbPrice: number | null
}

export type Call = {
  /** The request's id. */
  name: string
  at: Date
  tid: string | null
  /** The answer is at hand and will be sent: booked whole, with its usage event. Else a charge waits for `finish`. */
  ready: boolean
  status: number
  bytes: number
  us: number
  /** The idempotency record that this pays for, or null. */
  record: number | null
}

export type Denial = NonNullable<RunRow['denied']>
export type Settled =
  | { paid: true; pot: string; costUsdMicros: number; balanceAfterUsdMicros: number }
  | { paid: false; denied: Denial; balanceAfterUsdMicros: number }

export type Finish = { name: string; keep: boolean; status: number; bytes: number; us: number }
export type Finished = { found: boolean; balanceAfterUsdMicros: number | null }

/** Settles priced calls in batches, each one statement and one commit that all its callers wait for. */
export type Settler = {
  /** Resolves when the call is paid for durably, or denied. Rejects with `busy` when the database cannot say; then nothing stays charged. */
  settle(run: Run, call: Call): Promise<Settled>
  /** Ends a charge durably: kept, or given back. */
  finish(finish: Finish): Promise<Finished>
  /** Waits for what is under way and hangs up. */
  close(): Promise<void>
  readonly stats: { batches: number; calls: number; waitMsTotal: number }
}

type Waiting<T> = { resolve(value: T): void; reject(error: unknown): void }
type Pending = Waiting<Settled> & { run: Run; call: Call; queuedAtMs: number }
type Ending = Waiting<Finished> & { finish: Finish }

const BATCH_MAX = 512
/** How long a batch whose fate is unknown is asked after before its callers are told to come back. */
const DOUBT_MS = 5_000
const RETRY_MS = 100

type Options = { connection: Connection; clock: Clock; log: Log; instance: number; lines?: number }

export function openSettler(options: Options): Settler {
  const { clock } = options
  const pending: Pending[] = []
  const endings: Ending[] = []
  const stats = { batches: 0, calls: 0, waitMsTotal: 0 }
  const idle = Array.from({ length: options.lines ?? 2 }, () => openLine(options))
  const working = new Set<Promise<void>>()
  let isScheduled = false

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
      const batch = pending.splice(0, BATCH_MAX)
      const ends = endings.splice(0, BATCH_MAX)
      const work = carryOut(line, batch, ends).finally(() => {
        working.delete(work)
        idle.push(line)
        if (pending.length + endings.length > 0) schedule()
      })
      working.add(work)
    }
  }

  async function carryOut(line: Line, batch: Pending[], ends: Ending[]): Promise<void> {
    if (ends.length > 0) await finishBatch(line, ends)
    if (batch.length === 0) return
    const startedAtMs = clock.elapsedMs()
    stats.batches++
    stats.calls += batch.length
    for (const { queuedAtMs } of batch) stats.waitMsTotal += startedAtMs - queuedAtMs
    await settleBatch(line, batch, options)
  }

  return {
    stats,
    settle: (run, call) =>
      new Promise((resolve, reject) => {
        pending.push({ run, call, resolve, reject, queuedAtMs: clock.elapsedMs() })
        schedule()
      }),
    finish: (finish) =>
      new Promise((resolve, reject) => {
        endings.push({ finish, resolve, reject })
        schedule()
      }),
    async close() {
      while (working.size > 0 || pending.length + endings.length > 0) {
        start()
        await Promise.all(working)
      }
      await Promise.all(idle.map((line) => line.close()))
    },
  }
}

/** A connection of its own for settling, made anew after it was lost. */
type Line = { use<T>(work: (client: pg.Client) => Promise<T>): Promise<T>; close(): Promise<void> }

class LineLost extends Error {}

function openLine({ connection }: Options): Line {
  let client: pg.Client | null = null
  return {
    async use(work) {
      const current = (client ??= await openDedicated(connection, {
        name: 'openhaul settle',
        onLost: () => (client = null),
      }).catch((error: unknown) => {
        throw new LineLost('no connection to settle on', { cause: error })
      }))
      try {
        return await work(current)
      } catch (error) {
        const { code } = error as { code?: string }
        // The server refused the statement and undid it; anything else leaves open whether it was committed.
        if (code !== undefined && /^[0-9A-Z]{5}$/.test(code) && !/^(?:57P|08)/.test(code)) throw error
        if (client === current) client = null
        current.end().catch(() => {})
        throw new LineLost('the settling connection was lost', { cause: error })
      }
    },
    close: async () => client?.end().catch(() => {}),
  }
}

async function settleBatch(line: Line, batch: Pending[], options: Options): Promise<void> {
  try {
    answer(batch, await line.use((client) => callsSettle(client, printRuns(batch), options.instance)))
  } catch (error) {
    if (error instanceof LineLost) await settleDoubtful(line, batch, options)
    else await settleSingly(line, batch, options)
  }
}

/** After a batch was refused as a whole: each call by itself, so that one cannot hold the others up. */
async function settleSingly(line: Line, batch: Pending[], options: Options): Promise<void> {
  for (const one of batch) {
    try {
      answer([one], await line.use((client) => callsSettle(client, printRuns([one]), options.instance)))
    } catch (error) {
      if (error instanceof LineLost) await settleDoubtful(line, [one], options)
      else one.reject(isPassing(error) ? busy(error) : error)
    }
  }
}

/**
 * After the connection was lost while a batch was under way: those that are booked are paid, the others are settled again.
 * When the database does not come back in time, the callers are told so, and what may have been taken is given back later.
 */
async function settleDoubtful(line: Line, batch: Pending[], options: Options): Promise<void> {
  const { clock } = options
  const untilMs = clock.elapsedMs() + DOUBT_MS
  while (clock.elapsedMs() < untilMs) {
    try {
      const booked = await line.use((client) => readBooked(client, batch))
      const open = batch.filter((each) => !answerBooked(each, booked.get(each.call.name)))
      return await settleSingly(line, open, options)
    } catch (error) {
      if (!(error instanceof LineLost)) throw error
      await delay(RETRY_MS)
    }
  }
  for (const each of batch) each.reject(busy(null))
  undoLater(line, batch, options)
}

async function readBooked(client: pg.Client, batch: Pending[]): Promise<Map<string, BookedRow>> {
  const names = batch.map(({ call }) => call.name)
  const rows = await callsBooked(client, names, earliest(batch))
  return new Map(rows.map((row) => [row.name, row]))
}

function earliest(batch: Pending[]): Date {
  return new Date(Math.min(...batch.map(({ call }) => call.at.getTime())))
}

function answerBooked({ resolve }: Pending, row: BookedRow | undefined): boolean {
  if (!row) return false
  const { pot, cost_usd_micros: costUsdMicros, balance_after: balanceAfter } = row
  resolve({ paid: true, pot, costUsdMicros, balanceAfterUsdMicros: balanceAfter ?? 0 })
  return true
}

/** Keeps trying to give back what a lost commit may have taken, until the database is there again. */
function undoLater(line: Line, batch: Pending[], { log }: Options): void {
  const undo = async () => {
    for (const { run, call } of batch) {
      await line.use((client) =>
        callUndo(client, {
          name: call.name,
          since: call.at,
          bytesMetered: run.bytesIncluded !== null,
          keyCalls: run.keyCalls !== null,
          keySpend: run.keySpend !== null,
        }),
      )
    }
  }
  const attempt = () => {
    undo().catch((error: unknown) => {
      log.warn({ err: error, calls: batch.length }, `${batch.length} calls of unknown outcome are still to be given back`)
      setTimeout(attempt, 2_000).unref()
    })
  }
  attempt()
}

/** Consecutive calls of the same run go together, in the order of their arrival. */
function printRuns(batch: Pending[]): string {
  const runs: (Run & { idempotent: boolean; calls: Call[] })[] = []
  let last: Run | null = null
  for (const { run, call } of batch) {
    if (run !== last) runs.push({ ...run, idempotent: false, calls: [] })
    last = run
    const current = runs.at(-1)!
    current.calls.push(call)
    if (call.record !== null) current.idempotent = true
  }
  return JSON.stringify(runs)
}

/** Hands the decisions on runs out to their calls: the first ones from the pot, then from the balance, the rest denied. */
function answer(batch: Pending[], rows: RunRow[]): void {
  let at = -1
  let within = 0
  let last: Run | null = null
  for (const { run, resolve } of batch) {
    if (run !== last) {
      at++
      within = 0
      last = run
    }
    const row = rows[at]
    assert(row, 'every run is answered')
    resolve(settledOf(run, row, within++))
  }
}

function settledOf(run: Run, row: RunRow, position: number): Settled {
  const price = run.price ?? 0
  const { from_pot: fromPot, from_balance: fromBalance, balance_after: after } = row
  if (position < fromPot) {
    return { paid: true, pot: run.pot!, costUsdMicros: 0, balanceAfterUsdMicros: after + fromBalance * price }
  }
  const paidLater = fromPot + fromBalance - 1 - position
  if (paidLater >= 0) {
    return { paid: true, pot: 'balance', costUsdMicros: price, balanceAfterUsdMicros: after + paidLater * price }
  }
  return { paid: false, denied: row.denied!, balanceAfterUsdMicros: after }
}

async function finishBatch(line: Line, ends: Ending[]): Promise<void> {
  // Ending a charge twice changes nothing, so a lost answer is simply asked for again.
  for (let attempt = 1; ; attempt++) {
    try {
      const rows = await line.use((client) => callsFinish(client, JSON.stringify(ends.map(({ finish }) => finish))))
      rows.forEach((row, index) =>
        ends[index]!.resolve({ found: row.ended || attempt > 1, balanceAfterUsdMicros: row.balance_after }),
      )
      return
    } catch (error) {
      if (attempt < 20 && error instanceof LineLost) await delay(RETRY_MS)
      else return ends.forEach(({ reject }) => reject(busy(error)))
    }
  }
}

/** Lock and statement time-outs, deadlocks, a server at its limits: worth trying again. */
function isPassing(error: unknown): boolean {
  return /^(?:40|53|55P03|57014)/.test((error as { code?: string }).code ?? '')
}

function busy(cause: unknown): DomainError {
  return new DomainError(
    'busy',
    'The server is busy; try again in a moment.',
    { retryAfterSeconds: 1 },
    { cause },
  )
}
