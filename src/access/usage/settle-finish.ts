import { callsBooked, callsFinish, type BookedRow, type FinishedRow } from './charges.sql.ts'
import { busy, partsOf, rejectAll, RETRY_MS, told, type Charged, type Job, type Waiting } from './settle-job.ts'
import { LineLost } from './settle-line.ts'

export type Finish = { name: string; keep: boolean; status: number; bytes: number; us: number }
/** `found` false: another process took this one for dead and gave the charge back. */
export type Finished = { found: boolean; balanceAfterUsdMicros: number | null }
/** `charged`: the call, where it was this process that settled it. */
export type Ending = Waiting<Finished> & { finish: Finish; charged: Charged | null }

/**
 * Ends charges, and resolves when every one has its answer. Ending twice changes nothing, so after a lost connection all
 * are asked for again; `isRepeat` says that some may be ended already. Those that cannot be ended are given back later.
 */
export async function finishBatch(job: Job, ends: Ending[], isRepeat = false): Promise<void> {
  if (ends.length === 0) return
  const calls = JSON.stringify(
    ends.map(({ finish, charged }) => ({ ...finish, bytesIncluded: charged?.run.bytesIncluded ?? null })),
  )
  let mayBeEnded = isRepeat
  while (!job.isLate()) {
    try {
      const rows = await job.line.use((client) => callsFinish(client, calls))
      const booked = mayBeEnded ? await readBooked(job, ends) : null
      for (const [at, each] of ends.entries()) each.resolve(finishedOf(each, rows[at]!, booked))
      return
    } catch (error) {
      if (!(error instanceof LineLost)) return finishParts(job, ends, mayBeEnded, error)
      mayBeEnded ||= error.isSent
      await job.clock.sleep(RETRY_MS)
    }
  }
  giveUp(job, ends, busy(null))
}

async function finishParts(job: Job, ends: Ending[], mayBeEnded: boolean, error: unknown): Promise<void> {
  const parts = partsOf(ends, ({ charged }) => charged?.run.account, error)
  if (!parts) return giveUp(job, ends, told(error))
  for (const part of parts) await finishBatch(job, part, mayBeEnded)
}

function giveUp({ undoer }: Job, ends: Ending[], error: unknown): void {
  rejectAll(ends, error)
  undoer.add(ends.flatMap(({ charged }) => charged ?? []))
}

async function readBooked({ line }: Job, ends: Ending[]): Promise<Map<string, BookedRow>> {
  const names = ends.map(({ finish }) => finish.name)
  const rows = await line.use((client) => callsBooked(client, names, new Date(0)))
  return new Map(rows.map((row) => [row.name, row]))
}

/** What is booked although nothing was left to end was ended by an attempt whose answer was lost. */
function finishedOf({ finish }: Ending, row: FinishedRow, booked: Map<string, BookedRow> | null): Finished {
  if (row.ended || !booked) return { found: row.ended, balanceAfterUsdMicros: row.balance_after }
  const known = booked.get(finish.name)
  return { found: !finish.keep || known !== undefined, balanceAfterUsdMicros: known?.balance_after ?? null }
}
