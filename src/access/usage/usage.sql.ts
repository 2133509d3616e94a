import { finished } from 'node:stream/promises'
import { sql, type RawBuilder } from 'kysely'
import type pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import type { Db } from '../../lib/db/db.ts'
import { storableText } from '../../lib/text.ts'
import { COLUMNS, printRecords, type DaySum, type UsageRecord } from './batch.ts'

/** Runs `work` in a transaction on a dedicated connection. Throws what it throws, with nothing written. */
export async function usageTransaction(client: pg.ClientBase, work: () => Promise<void>): Promise<void> {
  await client.query('begin')
  try {
    await work()
    await client.query('commit')
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw error
  }
}

/** Writes new events, the cheap way: fails as a whole when one is there already. */
export async function usageCopy(client: pg.ClientBase, records: readonly UsageRecord[]): Promise<void> {
  const copy = client.query(copyFrom(`copy usage_event (${COLUMNS}) from stdin`))
  const done = finished(copy)
  copy.end(printRecords(records))
  await done
}

/** Writes those events that are not there yet, and answers them. */
export async function usageInsertNew(client: pg.ClientBase, records: readonly UsageRecord[]): Promise<UsageRecord[]> {
  const column = <T>(value: (record: UsageRecord) => T) => records.map(value)
  const { rows } = await client.query<{ request_id: string }>(
    `insert into usage_event (${COLUMNS})
     select * from unnest($1::timestamptz[], $2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::text[],
       $7::smallint[], $8::text[], $9::bigint[], $10::bigint[], $11::text[])
     on conflict do nothing returning request_id`,
    [
      column(({ atMs }) => new Date(atMs)),
      column(({ requestId }) => requestId),
      column(({ accountId }) => accountId),
      column(({ keyId }) => keyId),
      column(({ product }) => product),
      column(({ operation }) => operation),
      column(({ status }) => status),
      column(({ pot }) => pot),
      column(({ bytes }) => bytes),
      column(({ durationUs }) => Math.round(durationUs)),
      column(({ tid }) => (tid === null ? null : storableText(tid))),
    ],
  )
  const written = new Set(rows.map(({ request_id: requestId }) => requestId))
  // Taken out as they are found: of two records with one id, one was written.
  return records.filter(({ requestId }) => written.delete(requestId))
}

/** Adds to the days' sums, account by account in the order that all who do so keep to. */
export async function usageDaysAdd(client: pg.ClientBase, sums: readonly DaySum[]): Promise<void> {
  const column = <T>(value: (sum: DaySum) => T) => sums.map(value)
  await client.query('select usage_days_add($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)', [
    column(({ accountId }) => accountId),
    column(({ keyId }) => keyId),
    column(({ product }) => product),
    column(({ operation }) => operation),
    column(({ dayNumber }) => new Date(dayNumber * 86_400_000).toISOString().slice(0, 10)),
    column(({ calls }) => calls),
    column(({ billed }) => billed),
    column(({ errors }) => errors),
    column(({ bytes }) => bytes),
    column(({ durationUs }) => durationUs),
  ])
}

export type UsageRow = {
  at: Date
  request_id: string
  account_id: number
  key_id: number
  product: string
  operation: string
  status: number | null
  pot: string | null
  cost_usd_micros: number
  transfer_id: number | null
  balance_after_usd_micros: number | null
  bytes: number
  duration_us: number | null
  tid: string | null
  /** `at` with its microseconds, which a Date lacks. */
  at_exact: string
}

const EVENT = sql`at, request_id, account_id, key_id, product, operation, status, pot, cost_usd_micros, transfer_id,
  balance_after_usd_micros, bytes, duration_us, tid,
  to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at_exact`

export type UsageWish = {
  accountIds: readonly number[]
  from: Date
  to: Date
  tid?: string | undefined
  requestId?: string | undefined
  status?: number | undefined
  keyId?: number | undefined
  product?: string | undefined
}
export type UsagePlace = { at: string; requestId: string }

/** Events from `from` up to, not including, `to`, beyond a place, in the order of time or against it. */
export async function usageSearch(
  db: Db,
  wish: UsageWish,
  { order, beyond, limit }: { order: 'newest' | 'oldest'; beyond: UsagePlace | null; limit: number },
): Promise<UsageRow[]> {
  const conditions: RawBuilder<unknown>[] = [sql`at >= ${wish.from}`, sql`at < ${wish.to}`]
  if (wish.tid !== undefined) conditions.push(sql`tid = ${wish.tid}`)
  if (wish.requestId !== undefined) conditions.push(sql`request_id = ${wish.requestId}`)
  if (wish.status !== undefined) conditions.push(sql`status = ${wish.status}::int`)
  if (wish.keyId !== undefined) conditions.push(sql`key_id = ${wish.keyId}`)
  if (wish.product !== undefined) conditions.push(sql`product = ${wish.product}`)
  if (beyond) {
    const place = sql`(${beyond.at}::timestamptz, ${beyond.requestId})`
    conditions.push(order === 'newest' ? sql`(at, request_id) < ${place}` : sql`(at, request_id) > ${place}`)
  }
  const ordered = order === 'newest' ? sql`at desc, request_id desc` : sql`at, request_id`
  // Account by account, each from the index in its order: no more rows are read than are asked for.
  const { rows } = await sql<UsageRow>`
    select e.* from unnest(${wish.accountIds}::bigint[]) as a (id)
    cross join lateral (
      select ${EVENT} from usage_event
      where account_id = a.id and ${sql.join(conditions, sql` and `)}
      order by ${ordered} limit ${limit}
    ) as e
    order by ${ordered} limit ${limit}`.execute(db)
  return rows
}

/** Calls that were cut off, newest first; of these accounts, or of all. */
export async function usageCutOff(
  db: Db,
  { accountIds, from, to, limit }: { accountIds: readonly number[] | null; from: Date; to: Date; limit: number },
): Promise<UsageRow[]> {
  const { rows } = await sql<UsageRow>`
    select ${EVENT} from usage_event
    where status is null and at >= ${from} and at < ${to}
      and (${accountIds}::bigint[] is null or account_id = any(${accountIds}))
    order by at desc, request_id desc limit ${limit}`.execute(db)
  return rows
}

export type UsageDayRow = {
  /** `2026-11-21` */
  day: string
  product: string
  operation: string
  calls: number
  billed: number
  errors: number
  bytes: number
  cost_usd_micros: number
  duration_us: number
}

/** Sums over the keys of these accounts, by UTC day, product and operation; both days are included. */
export async function usageDaySums(
  db: Db,
  accountIds: readonly number[],
  from: string,
  to: string,
): Promise<UsageDayRow[]> {
  const { rows } = await sql<UsageDayRow>`
    select day, product, operation, sum(calls)::bigint as calls, sum(billed)::bigint as billed,
      sum(errors)::bigint as errors, sum(bytes)::bigint as bytes, sum(cost_usd_micros)::bigint as cost_usd_micros,
      sum(duration_us)::bigint as duration_us
    from usage_day where account_id = any(${accountIds}) and day between ${from} and ${to}
    group by day, product, operation order by day, product, operation`.execute(db)
  return rows
}

/** Makes the partition of a UTC month, such as `2026-11-01`, unless it is there. */
export async function usagePartitionEnsure(db: Db, month: string): Promise<void> {
  await sql`select usage_partition_ensure(${month}::date)`.execute(db)
}

/** Months that have a partition, as YYYYMM. */
export async function usagePartitionList(db: Db): Promise<number[]> {
  const { rows } = await sql<{ month: number }>`
    select substring(c.relname from '\\d{6}$')::int as month
    from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'usage_event'::regclass and c.relname ~ '^usage_event_\\d{6}$' order by 1`.execute(db)
  return rows.map(({ month }) => month)
}

/**
 * Drops a month with all its events. All calls wait while it waits for its lock, so it gives up soon (55P03): better an
 * hour later than a second of nobody being served.
 */
export async function usagePartitionDrop(db: Db, month: number): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await sql`set local lock_timeout = '200ms'`.execute(tx)
    await sql`drop table if exists ${sql.table(`usage_event_${month}`)}`.execute(tx)
  })
}

/** Deletes events of that age for which there never was a partition. */
export async function usageDefaultDelete(db: Db, before: Date): Promise<void> {
  await sql`delete from usage_event_default where at < ${before}`.execute(db)
}

/** When the first event of the default partition was; null when it is empty, as it should be. */
export async function usageDefaultFirst(db: Db): Promise<Date | null> {
  const { rows } = await sql<{ at: Date | null }>`select min(at) as at from usage_event_default`.execute(db)
  return rows[0]!.at
}

/** Blanks callers' references in at most `limit` events from before, and answers in how many. */
export async function usageTidBlank(db: Db, before: Date, limit: number): Promise<number> {
  const { numAffectedRows } = await sql`
    update usage_event u set tid = null
    from (select request_id, at from usage_event where tid is not null and at < ${before} order by at limit ${limit}) old
    where u.request_id = old.request_id and u.at = old.at`.execute(db)
  return Number(numAffectedRows ?? 0)
}
