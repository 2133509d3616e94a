import type { Clock } from '../../lib/clock.ts'
import type { Log } from '../../lib/log.ts'
import { callUndo } from './charges.sql.ts'
import type { Charged } from './settle-job.ts'
import { LineLost, type Line } from './settle-line.ts'

/** Calls that may have been charged and whose callers were told to come back. */
export type Undoer = {
  /** Takes back what these calls were charged, if anything, however long the database stays away. */
  add(calls: readonly Charged[]): void
  /** Resolves when all is taken back. */
  idle(): Promise<void>
  /** Tries no more. */
  cut(): void
}

const RETRY_MS = 2_000

export function openUndoer(line: Line, { clock, log }: { clock: Clock; log: Log }): Undoer {
  const waiting: Charged[] = []
  const ending = new AbortController()
  let work = Promise.resolve()

  async function takeBack(): Promise<void> {
    if (waiting.length === 0) return
    let isTold = false
    while (waiting.length > 0 && !ending.signal.aborted) {
      const one = waiting[0]!
      try {
        await undo(line, one)
        waiting.shift()
      } catch (error) {
        // What is refused must not hold up the others.
        if (!(error instanceof LineLost)) waiting.push(waiting.shift()!)
        if (!isTold) log.warn({ err: error }, `${waiting.length} calls of unknown outcome are still to be given back`)
        isTold = true
        await clock.sleep(RETRY_MS, ending.signal).catch(() => {})
      }
    }
    if (waiting.length > 0) {
      const names = waiting.splice(0).map(({ call }) => call.name)
      log.error({ names }, `${names.length} calls of unknown outcome could not be given back: the database is away`)
    } else if (isTold) log.info('all calls of unknown outcome are given back')
    await line.close()
  }

  return {
    add(calls) {
      if (calls.length === 0) return
      waiting.push(...calls)
      work = work.then(takeBack)
    },
    idle: () => work,
    cut() {
      ending.abort()
      line.cut()
    },
  }
}

async function undo(line: Line, { run, call }: Charged): Promise<void> {
  await line.use((client) =>
    callUndo(client, {
      name: call.name,
      since: call.at,
      bytesMetered: run.bytesIncluded !== null,
      capKey: run.capKey,
      keyCalls: run.keyCalls !== null,
      keySpend: run.keySpend !== null,
    }),
  )
}
