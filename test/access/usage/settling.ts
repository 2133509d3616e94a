import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import type { Run } from '../../../src/access/usage/runs.ts'
import { openSettler, type Call, type Settled, type Settler } from '../../../src/access/usage/settle.ts'
import { systemClock, type Clock } from '../../../src/lib/clock.ts'
import type { Connection } from '../../../src/lib/db/db.ts'
import type { Log } from '../../../src/lib/log.ts'
import { apiBalanceOf, SYSTEM } from '../../../src/money/ledger/accounts.ts'
import { auditBooks } from '../../../src/money/ledger/audit.ts'
import { getBalance, transfer } from '../../../src/money/ledger/ledger.ts'
import { silentLog, testDatabase, type TestDatabase } from '../../database.ts'
import type { HandClock } from '../limits/hand-clock.ts'
import { seedUser } from './records.ts'

export const AT = new Date('2026-11-21T12:00:00.000Z')
export const MONTH = 202_611
export const DAY = 20_261_121
export const PRICE = 4_000

export type Payer = { accountId: number; keyId: number }
export type Bench = Awaited<ReturnType<typeof settleBench>>

let calls = 0

type Wish = { connection?: Connection; clock?: Clock; log?: Log; instance?: number; lines?: number }

/** A database, and settlers on it that are closed with the test. */
export async function settleBench(t: TestContext) {
  const database = await testDatabase(t)
  return {
    ...database,
    settler: (wish: Wish = {}) => settlerOn(t, database, wish),
    payer: (wish: { balance?: number; cap?: number } = {}) => seedPayer(database, wish),
  }
}

export function settlerOn(t: TestContext, database: { connection: Connection }, wish: Wish = {}): Settler {
  const { connection = database.connection, clock = systemClock, log = silentLog, ...rest } = wish
  const settler = openSettler({ connection, clock, log, instance: 1, ...rest })
  t.after(() => ('pass' in clock ? running(clock as HandClock, settler.close()) : settler.close()))
  return settler
}

/** Lets a clock run, at a pace at which a real answer comes long before the clock's patience ends. */
export async function running<T>(clock: HandClock, work: Promise<T>): Promise<T> {
  const done = work.then(
    () => true,
    () => true,
  )
  while (!(await Promise.race([done, delay(5, false)]))) await clock.pass(100)
  return work
}

/** A new account with this balance and spend cap, and a key of it. */
export async function seedPayer(
  database: Pick<TestDatabase, 'db' | 'pool'>,
  { balance = 0, cap }: { balance?: number; cap?: number },
): Promise<Payer> {
  const { accountId, keyId } = await seedUser(database)
  if (balance > 0) await credit(database, accountId, balance)
  if (cap !== undefined) {
    await database.pool.query('update meter set cap_usd_micros = $2 where account_id = $1', [accountId, cap])
  }
  return { accountId, keyId }
}

export async function credit({ db }: Pick<TestDatabase, 'db'>, accountId: number, amountMinor: number): Promise<void> {
  const names = { name: `credit:${accountId}:${++calls}`, from: SYSTEM.payments.USD, to: apiBalanceOf(accountId) }
  await db.transaction().execute((tx) => transfer(tx, { ...names, amountMinor, reason: 'test', at: AT }))
}

/** Item calls that the balance pays, unless told otherwise. */
export function run({ accountId, keyId }: Payer, wish: Partial<Run> = {}): Run {
  return {
    account: accountId,
    key: keyId,
    capKey: keyId,
    sandbox: false,
    product: 'item',
    operation: 'lookUpItem',
    pot: null,
    bucket: null,
    potLimit: null,
    price: PRICE,
    month: MONTH,
    keyCalls: null,
    keySpend: null,
    bytesIncluded: null,
    gbPrice: null,
    ...wish,
  }
}

/** A day's allowance. */
export const daily = (limit: number) => ({ pot: 'item.day', bucket: DAY, potLimit: limit })

/** An answer at hand, with a name of its own. */
export function call(wish: Partial<Call> = {}): Call {
  const name = `req_settle_${process.pid}_${++calls}`
  return { name, at: AT, tid: null, ready: true, status: 200, bytes: 2_000, us: 300, record: null, ...wish }
}

/** As short texts: `item.day 0 -> 96000`, `denied balance -> 2000`. */
export function told(settled: Settled): string {
  const after = settled.balanceAfterUsdMicros
  return settled.paid ? `${settled.pot} ${settled.costUsdMicros} -> ${after}` : `denied ${settled.denied} -> ${after}`
}

/** Asks for all at once, so that they make one batch; what each was told, or the code of what it failed with. */
export async function settleAll(settler: Settler, asked: readonly (readonly [Run, Call])[]): Promise<string[]> {
  const answers = await Promise.allSettled(asked.map(([run, call]) => settler.settle(run, call)))
  return answers.map(toldOf)
}

export function toldOf(answer: PromiseSettledResult<Settled>): string {
  return answer.status === 'fulfilled' ? told(answer.value) : codeOf(answer.reason)
}

export function codeOf(error: unknown): string {
  return String((error as { code?: unknown }).code ?? error)
}

/** Everything that charges touch of an account. */
export async function accountState({ db, pool }: Pick<TestDatabase, 'db' | 'pool'>, { accountId }: Payer) {
  const list = async (text: string) => {
    const { rows } = await pool.query<{ line: string }>(text, [accountId])
    return rows.map(({ line }) => line)
  }
  return {
    balance: (await getBalance(db, apiBalanceOf(accountId))).balanceMinor,
    pots: await list(
      `select name || ' ' || bucket || ' ' || used as line from pot
       where account_id = $1 and used > 0 and name not like '%.included' order by name`,
    ),
    transfers: await list(
      `select t.name || ' ' || t.amount_minor || case when r.id is null then '' else ' reversed' end as line
       from ledger_transfer t join ledger_account a on a.id = t.debit_id left join ledger_transfer r on r.reverses_id = t.id
       where a.code = 'api:' || $1 order by t.id`,
    ),
    events: await list(
      `select concat_ws(' ', request_id, coalesce(status::text, 'cut off'), coalesce(pot, 'nothing'), cost_usd_micros,
         balance_after_usd_micros) as line
       from usage_event where account_id = $1 order by at, request_id`,
    ),
    charges: await list(
      `select concat_ws(' ', name, pot, cost_usd_micros) as line from charge where account_id = $1 order by name`,
    ),
    days: await list(
      `select concat_ws(' ', day, operation, calls, billed, errors, bytes, cost_usd_micros, duration_us) as line
       from usage_day where account_id = $1 order by day, operation`,
    ),
  }
}

/** A state without anything booked. */
export const UNTOUCHED = { pots: [], transfers: [], events: [], charges: [], days: [] }

export async function assertBooks({ db }: Pick<TestDatabase, 'db'>): Promise<void> {
  assert.deepEqual(await auditBooks(db), { sums: { USD: 0, CNY: 0 }, faults: [] })
}

/** Holds the meters of these accounts while `work` runs, and lets go of them when it resolves. */
export async function holdingMeters<T>(
  { connection }: { connection: Connection },
  payers: readonly Payer[],
  work: () => Promise<T>,
): Promise<T> {
  const client = new pg.Client(connection)
  await client.connect()
  try {
    await client.query('begin')
    await client.query('select from meter where account_id = any($1) order by account_id for update', [
      payers.map(({ accountId }) => accountId),
    ])
    return await work()
  } finally {
    await client.end()
  }
}

/** The sessions that settle and wait for a lock, once there are `count` of them. */
export async function untilSettling(pool: pg.Pool, count = 1): Promise<number[]> {
  return untilSessions(pool, `wait_event_type = 'Lock'`, count)
}

/** The sessions that settle and are in a state, once there are `count` of them. */
export async function untilSessions(pool: pg.Pool, state: string, count: number): Promise<number[]> {
  const untilMs = performance.now() + 10_000
  while (performance.now() < untilMs) {
    const { rows } = await pool.query<{ pid: number }>(
      `select pid from pg_stat_activity
       where application_name = 'openhaul settle' and datname = current_database() and ${state}`,
    )
    if (rows.length === count) return rows.map(({ pid }) => pid)
    await delay(5)
  }
  throw new Error(`there never were ${count} settling sessions with ${state}`)
}
