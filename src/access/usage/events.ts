import type { Db } from '../../lib/db/db.ts'
import { DomainError } from '../../lib/errors.ts'
import {
  usageCutOff,
  usageDaySums,
  usageSearch,
  type UsageDayRow,
  type UsagePlace,
  type UsageRow,
  type UsageWish,
} from './usage.sql.ts'

/** One call, as the request log tells it. */
export type UsageEvent = {
  at: Date
  requestId: string
  accountId: number
  keyId: number
  product: string
  operation: string
  /** Null: the server was killed before it answered, and what was charged is given back. */
  status: number | null
  /** What paid: a pot, `balance`, or nothing. */
  pot: string | null
  costUsdMicros: number
  /** The entry in the ledger. */
  transferId: number | null
  balanceAfterUsdMicros: number | null
  bytes: number
  durationUs: number | null
  /** The caller's reference; null also when it was blanked after 30 days. */
  tid: string | null
}

/** `from` is 30 days before `to` unless given; `to` itself is not included. */
export type UsageFilter = Omit<UsageWish, 'from'> & { from?: Date | undefined }

/** How far back the request log is searched unless asked for more; callers' references are blanked after as long. */
export const LOG_MS = 30 * 86_400_000
const PAGE_MAX = 1_000
const EXPORT_PAGE = 2_000

/**
 * The request log, newest first, `limit` (50, at most 1,000) at a time; `next` is what to give as `before` for the page after,
 * null at the end. Throws `input_invalid` for a `before` that is not one of ours.
 */
export async function searchUsage(
  db: Db,
  filter: UsageFilter & { before?: string | undefined; limit?: number | undefined },
): Promise<{ events: UsageEvent[]; next: string | null }> {
  const limit = Math.min(filter.limit ?? 50, PAGE_MAX)
  const beyond = filter.before === undefined ? null : readCursor(filter.before)
  // One more than asked for tells whether there is a page after.
  const rows = await usageSearch(db, wishOf(filter), { order: 'newest', beyond, limit: limit + 1 })
  const page = rows.slice(0, limit)
  return { events: page.map(toEvent), next: rows.length > limit ? printCursor(page.at(-1)!) : null }
}

/**
 * All that `filter` lets through, oldest first. Read in pages of short statements, so that an export of any size takes
 * little memory and holds nobody up.
 */
export async function* exportUsage(db: Db, filter: UsageFilter): AsyncGenerator<UsageEvent> {
  const wish = wishOf(filter)
  for (let beyond: UsagePlace | null = null; ;) {
    const rows: UsageRow[] = await usageSearch(db, wish, { order: 'oldest', beyond, limit: EXPORT_PAGE })
    for (const row of rows) yield toEvent(row)
    if (rows.length < EXPORT_PAGE) return
    beyond = placeOf(rows.at(-1)!)
  }
}

/** Calls that a killed server left and that were given back, newest first; of these accounts, or of all. */
export async function listCutOff(
  db: Db,
  {
    accountIds,
    from,
    to,
    limit = 1_000,
  }: { accountIds: readonly number[] | null; from: Date; to: Date; limit?: number },
): Promise<UsageEvent[]> {
  return (await usageCutOff(db, { accountIds, from, to, limit })).map(toEvent)
}

/** What was used on one UTC day. */
export type UsageDay = {
  /** `2026-11-21` */
  day: string
  product: string
  operation: string
  calls: number
  /** Calls that a pot or the balance paid for. */
  billed: number
  /** Calls answered with 400 or more, or not at all. */
  errors: number
  bytes: number
  costUsdMicros: number
  durationUs: number
}

/** Sums by UTC day, product and operation from the day of `from` to the day of `to`, both included, oldest first. */
export async function usageByDay(db: Db, accountIds: readonly number[], from: Date, to: Date): Promise<UsageDay[]> {
  return (await usageDaySums(db, accountIds, dayOf(from), dayOf(to))).map(toDay)
}

function dayOf(at: Date): string {
  return at.toISOString().slice(0, 10)
}

function wishOf({ from, ...filter }: UsageFilter): UsageWish {
  return { ...filter, from: from ?? new Date(filter.to.getTime() - LOG_MS) }
}

function placeOf(row: UsageRow): UsagePlace {
  return { at: row.at_exact, requestId: row.request_id }
}

function printCursor(row: UsageRow): string {
  return Buffer.from(`${row.at_exact} ${row.request_id}`).toString('base64url')
}

function readCursor(text: string): UsagePlace {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z) ([^\0]{1,200})$/.exec(
    Buffer.from(text, 'base64url').toString(),
  )
  if (!match || Number.isNaN(Date.parse(match[1]!))) {
    throw new DomainError('input_invalid', 'This cursor is not one of ours; begin without one.')
  }
  return { at: match[1]!, requestId: match[2]! }
}

function toEvent(row: UsageRow): UsageEvent {
  return {
    at: row.at,
    requestId: row.request_id,
    accountId: row.account_id,
    keyId: row.key_id,
    product: row.product,
    operation: row.operation,
    status: row.status,
    pot: row.pot,
    costUsdMicros: row.cost_usd_micros,
    transferId: row.transfer_id,
    balanceAfterUsdMicros: row.balance_after_usd_micros,
    bytes: row.bytes,
    durationUs: row.duration_us,
    tid: row.tid,
  }
}

function toDay({ cost_usd_micros: costUsdMicros, duration_us: durationUs, ...row }: UsageDayRow): UsageDay {
  return { ...row, costUsdMicros, durationUs }
}
