import type pg from 'pg'
import type { Clock } from '../../lib/clock.ts'
import { openDedicated, type Connection } from '../../lib/db/db.ts'
import type { Log } from '../../lib/log.ts'
import { keysTouch } from '../keys/keys.sql.ts'
import { lastUses, noteUse, sumDays, type UsageRecord } from './batch.ts'
import { usageCopy, usageDaysAdd, usageInsertNew, usageTransaction } from './usage.sql.ts'

export type { UsageRecord } from './batch.ts'

/** Writes what calls did that nothing was paid for, off the request path. Billed calls are written with their charge. */
export type UsageWriter = {
  /** Takes a call's record; never waits and never throws. */
  record(event: UsageRecord): void
  /** Notes that a key was used by a call whose event is written elsewhere. */
  touch(keyId: number, atMs: number, address: string): void
  /** Writes what was taken so far; resolves also when the database is away, and then `pending` is not 0. */
  flush(): Promise<void>
  /** Flushes, trying again a few times, and hangs up. */
  close(): Promise<void>
  /** Records that are not written yet. */
  readonly pending: number
  /** Records given up since the start. */
  readonly dropped: number
}

const FLUSH_MS = 500
/** Small, so that neither this process nor the database is busy with one for long: 4,096 cost a tenth of all calls. */
const BATCH_MAX = 256
/** Kept while the database is away; beyond this the oldest are dropped. */
const KEPT_MAX = 200_000
/** A connection that says nothing for so long is given up. */
const SILENCE_MS = 10_000
const LAST_TRIES = 3
const LAST_PAUSE_MS = 250

type Batch = {
  records: UsageRecord[]
  uses: Map<number, { atMs: number; address: string }>
  /** It was tried before, and may have been written even so. */
  isDoubtful: boolean
}

type Options = { connection: Connection; clock: Clock; log: Log }

/** Writes every half second, or when 256 records have come together, on a connection of its own. */
export function openUsageWriter({ connection, clock, log }: Options): UsageWriter {
  const tell = openTeller(log)
  const line = openLine(connection)
  const backlog = openBacklog(tell)
  let work = Promise.resolve()
  let isAtWork = false

  async function writeAll(): Promise<void> {
    isAtWork = true
    // What has come in since is cut off only now: with the database away, each attempt would leave a small batch behind.
    if (await writeBacklog()) {
      backlog.cut()
      await writeBacklog()
    }
    isAtWork = false
  }

  /** False when it has to be tried again later. */
  async function writeBacklog(): Promise<boolean> {
    for (let batch = backlog.take(); batch; batch = backlog.take()) {
      const taken = batch
      try {
        await line.use((client) => writeBatch(client, taken, tell))
        backlog.done(taken)
        tell.written()
      } catch (error) {
        backlog.putBack(taken)
        tell.away(error, backlog.count())
        return false
      }
    }
    return true
  }

  const flush = () => (work = work.then(writeAll))
  const flushWhenIdle = () => {
    if (!isAtWork) void flush()
  }
  const timer = setInterval(flushWhenIdle, FLUSH_MS).unref()

  return {
    record(event) {
      if (backlog.add(event)) setImmediate(flushWhenIdle)
    },
    touch: backlog.touch,
    flush,
    async close() {
      clearInterval(timer)
      await flush()
      for (let tries = 1; tries < LAST_TRIES && backlog.count() > 0; tries++) {
        await clock.sleep(LAST_PAUSE_MS)
        await flush()
      }
      backlog.giveUp()
      tell.end()
      await line.close()
    },
    get pending() {
      return backlog.count()
    },
    get dropped() {
      return tell.droppedCount()
    },
  }
}

/** Records in memory, in batches. */
function openBacklog(tell: Teller) {
  let records: UsageRecord[] = []
  let uses: Batch['uses'] = new Map()
  /** Oldest first; without the one that is being written. */
  const batches: Batch[] = []
  /** Records of `batches` and of the one that is being written. */
  let cutCount = 0

  function cut(): void {
    if (records.length === 0 && uses.size === 0) return
    batches.push({ records, uses, isDoubtful: false })
    cutCount += records.length
    records = []
    uses = new Map()
    while (cutCount > KEPT_MAX - BATCH_MAX) drop()
  }

  function drop(): void {
    const { length } = batches.shift()!.records
    cutCount -= length
    tell.dropped(length)
  }

  return {
    cut,
    /** True when a batch is full. */
    add(record: UsageRecord): boolean {
      if (records.push(record) < BATCH_MAX) return false
      cut()
      return true
    },
    touch: (keyId: number, atMs: number, address: string) => noteUse(uses, keyId, atMs, address),
    take: () => batches.shift() ?? null,
    done(batch: Batch): void {
      cutCount -= batch.records.length
    },
    putBack(batch: Batch): void {
      batch.isDoubtful = true
      batches.unshift(batch)
    },
    giveUp(): void {
      cut()
      while (batches.length > 0) drop()
    },
    count: () => records.length + cutCount,
  }
}

/** Events, days and keys in one transaction; of what was written before, nothing again. */
async function writeBatch(client: pg.Client, batch: Batch, tell: Teller): Promise<void> {
  const { records, uses, isDoubtful } = batch
  try {
    await usageTransaction(client, async () => {
      if (records.length > 0) await writeRecords(client, batch)
      await keysTouch(client, lastUses(records, new Map(uses)))
    })
  } catch (error) {
    // Classes 22 and 23: what is in it cannot be stored, or is there already. Anything else passes.
    if (!/^2[23]/.test((error as { code?: string }).code ?? '')) throw error
    if (!isDoubtful) return writeBatch(client, { ...batch, isDoubtful: true }, tell)
    if (records.length <= 1) return tell.refused(records, error)
    const half = records.length >> 1
    // So that one bad record does not take the others along; what keys did else is not worth the search.
    for (const part of [records.slice(0, half), records.slice(half)]) {
      await writeBatch(client, { records: part, uses: new Map(), isDoubtful: true }, tell)
    }
  }
}

async function writeRecords(client: pg.Client, { records, isDoubtful }: Batch): Promise<void> {
  let written = records
  if (isDoubtful) written = await usageInsertNew(client, records)
  else await usageCopy(client, records)
  await usageDaysAdd(client, sumDays(written))
}

/** The writer's connection, made anew after any failure. */
function openLine(connection: Connection) {
  let client: pg.Client | null = null

  function drop(lost: pg.Client): void {
    if (client === lost) client = null
    // Not awaited: a hanging connection may never say goodbye.
    lost.end().catch(() => {})
  }

  return {
    async use(work: (client: pg.Client) => Promise<void>): Promise<void> {
      const current = (client ??= await openDedicated(connection, { name: 'openhaul usage' }))
      const silence = Promise.withResolvers<never>()
      const timer = setTimeout(() => silence.reject(new Error('the database does not answer')), SILENCE_MS)
      try {
        await Promise.race([work(current), silence.promise])
      } catch (error) {
        drop(current)
        throw error
      } finally {
        clearTimeout(timer)
      }
    },
    close: async () => client?.end().catch(() => {}),
  }
}

type Teller = ReturnType<typeof openTeller>

/** Says in the log, once each time, that the database is away, that it is back, and what was lost. */
function openTeller(log: Log) {
  let isAway = false
  let dropped = 0
  let untold = 0

  function tellDropped(): void {
    if (untold > 0) log.error({ dropped: untold }, `${untold} records of usage were given up: the database was away`)
    untold = 0
  }

  return {
    away(error: unknown, pending: number): void {
      if (isAway) return
      isAway = true
      const reason = error instanceof Error ? error.message : String(error)
      log.warn({ reason, pending }, `Usage cannot be written and is kept for now: ${reason}`)
    },
    written(): void {
      if (isAway) log.info('usage is written again')
      isAway = false
      tellDropped()
    },
    dropped(count: number): void {
      if (untold === 0 && count > 0)
        log.error('the oldest records of usage are given up: too many wait for the database')
      dropped += count
      untold += count
    },
    refused(records: readonly UsageRecord[], error: unknown): void {
      dropped += records.length
      const requestId = records[0]?.requestId
      log.error({ err: error, requestId }, `a record of usage cannot be stored and is given up: ${requestId}`)
    },
    end: tellDropped,
    droppedCount: () => dropped,
  }
}
