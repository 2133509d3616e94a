import type pg from 'pg'
import { callsBooked, callsSettle, type BookedRow } from './charges.sql.ts'
import { printBatch, settledOf, type Settled } from './runs.ts'
import { busy, partsOf, rejectAll, RETRY_MS, told, type Charged, type Job, type Waiting } from './settle-job.ts'
import { LineLost } from './settle-line.ts'

export type Pending = Waiting<Settled> & Charged

/** Resolves when every call has its answer. */
export async function settleBatch(job: Job, batch: Pending[]): Promise<void> {
  if (batch.length === 0) return
  let settled: Settled[]
  try {
    const rows = await job.line.use((client) => callsSettle(client, printBatch(batch), job.instance))
    settled = settledOf(batch, rows)
  } catch (error) {
    if (error instanceof LineLost) return settleDoubtful(job, batch, error.isSent)
    return settleParts(job, batch, error)
  }
  for (const [at, { resolve }] of batch.entries()) resolve(settled[at]!)
}

async function settleParts(job: Job, batch: Pending[], error: unknown): Promise<void> {
  const parts = partsOf(batch, ({ run }) => run.account, error)
  if (!parts) return rejectAll(batch, told(error))
  for (const part of parts) {
    if (job.isLate()) rejectAll(part, busy(error))
    else await settleBatch(job, part)
  }
}

/**
 * After the connection was lost: of a batch that was sent, those calls that are booked are paid; the others are settled
 * again. When the database does not come back in time, the callers are told so, and what may have been taken is given back.
 */
async function settleDoubtful(job: Job, batch: Pending[], isSent: boolean): Promise<void> {
  let open = batch
  while (!job.isLate()) {
    try {
      if (isSent) {
        const booked = await job.line.use((client) => readBooked(client, open))
        open = open.filter((each) => !answerBooked(each, booked.get(each.call.name)))
      } else await job.clock.sleep(RETRY_MS)
      return await settleBatch(job, open)
    } catch {
      await job.clock.sleep(RETRY_MS)
    }
  }
  rejectAll(open, busy(null))
  if (isSent) job.undoer.add(open)
}

async function readBooked(client: pg.Client, batch: Pending[]): Promise<Map<string, BookedRow>> {
  const earliest = new Date(Math.min(...batch.map(({ call }) => call.at.getTime())))
  const names = batch.map(({ call }) => call.name)
  const rows = await callsBooked(client, names, earliest)
  return new Map(rows.map((row) => [row.name, row]))
}

function answerBooked({ resolve }: Pending, row: BookedRow | undefined): boolean {
  if (!row) return false
  const { pot, cost_usd_micros: costUsdMicros, balance_after: balanceAfter } = row
  resolve({ paid: true, pot, costUsdMicros, balanceAfterUsdMicros: balanceAfter ?? 0 })
  return true
}
