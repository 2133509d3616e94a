import type { Clock } from '../../lib/clock.ts'
import { DomainError } from '../../lib/errors.ts'
import type { Call, Run } from './runs.ts'
import type { Line } from './settle-line.ts'
import type { Undoer } from './settle-undo.ts'

export type Charged = { run: Run; call: Call }
export type Waiting<T> = { resolve(value: T): void; reject(error: unknown): void; queuedAtMs: number }

/** What the parts of a batch share on their way. */
export type Job = {
  line: Line
  clock: Clock
  undoer: Undoer
  instance: number
  /** True once callers are to be told that nothing could be learned: some seconds after the start, or after another time. */
  isLate(sinceMs?: number): boolean
}

/** Between two looks for a database that is away. */
export const RETRY_MS = 100

/**
 * A batch that was refused as a whole in smaller ones: each account by itself, as another may have the lock of one of them,
 * and then each half, so that what cannot be booked does not hold the others up. Null when nothing is gained by that.
 */
export function partsOf<T>(batch: T[], accountOf: (each: T) => number | undefined, error: unknown): T[][] | null {
  const byAccount = [...Map.groupBy(batch, accountOf).values()]
  if (byAccount.length > 1) return byAccount
  if (batch.length === 1 || isPassing(error)) return null
  const half = batch.length >> 1
  return [batch.slice(0, half), batch.slice(half)]
}

export function rejectAll(waiting: readonly Waiting<never>[], error: unknown): void {
  for (const { reject } of waiting) reject(error)
}

/** What a caller is told of a refusal by the database. */
export function told(error: unknown): unknown {
  if ((error as { code?: string }).code === 'OH409') {
    return new DomainError('conflict', 'Another server has taken this request over; send it again.')
  }
  return isPassing(error) ? busy(error) : error
}

/** Lock and statement time-outs, deadlocks, a server at its limits: worth trying again. */
function isPassing(error: unknown): boolean {
  return /^(?:40|53|55P03|57014)/.test((error as { code?: string }).code ?? '')
}

export function busy(cause: unknown): DomainError {
  return new DomainError('busy', 'The server is busy; try again in a moment.', { retryAfterSeconds: 1 }, { cause })
}
