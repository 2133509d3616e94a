import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { InjectOptions, LightMyRequestResponse } from 'fastify'
import type pg from 'pg'
import { creditAccount } from '../../../src/access/accounts/credit.ts'
import type { Account } from '../../../src/access/accounts/accounts.ts'
import type { WindowRule } from '../../../src/access/limits/limit-store.ts'
import { potsUsed } from '../../../src/access/limits/pots.ts'
import type { Ctx } from '../../../src/ctx.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { demoListings } from '../../../src/demo/catalogue.ts'
import { apiBalanceOf } from '../../../src/money/ledger/accounts.ts'
import { auditBooks } from '../../../src/money/ledger/audit.ts'
import { getBalance } from '../../../src/money/ledger/ledger.ts'
import type { Product } from '../../../src/money/plans/catalogue.ts'
import type { Overrides } from '../../../src/money/plans/overrides.ts'
import { setPlan } from '../../../src/money/plans/plans.ts'
import { storeDemo } from '../../../src/products/catalog/catalog.ts'
import { handClock, type HandClock } from '../../access/limits/hand-clock.ts'
import { seedKey, testApp, type TestApp } from '../../app.ts'
import { testDatabase } from '../../database.ts'

/** When the hand clock begins, and the buckets and ends that follow from it. */
export const START = '2026-11-21T17:00:00Z'
export const MONTH = 202611
export const DAY = 20261121
/** Whole seconds from `START` to the end of the UTC month. */
export const TO_MONTH_END = 802_800

export const ITEM_URL = 'https://weidian.com/item.html?itemID=7266541641'
/** A call of each product that finds a demo listing, and one that finds none. */
export const CALLS = {
  qc: { url: '/api/v1/products/weidian/7231368393' },
  sourcing: { url: '/api/v1/1688/get_product_details?offer_id=791912182230' },
  item: { method: 'POST', url: '/api/v1/item', payload: { url: ITEM_URL } },
} as const satisfies Record<string, InjectOptions>
export const UNKNOWN = {
  qc: { url: '/api/v1/products/weidian/999' },
  sourcing: { url: '/api/v1/1688/get_product_details?offer_id=999' },
  item: { method: 'POST', url: '/api/v1/item', payload: { url: 'https://weidian.com/item.html?itemID=9990000000' } },
} as const satisfies Record<string, InjectOptions>
export type Metered = keyof typeof CALLS

/** Windows that no test fills by itself. */
export const ROOMY = { perSecond: 100_000, perMinute: 100_000 }
export const PRICE = 4_000

export type Bench = { nodes: TestApp[]; app: TestApp['app']; ctx: Ctx; clock: HandClock; pool: pg.Pool }

/** `nodes` instances of the application on one database, with the demo catalogue and a clock that is moved by hand. */
export async function openBench(
  t: TestContext,
  {
    nodes = 1,
    start = START,
    env = {},
    parts = {},
  }: { nodes?: number; start?: string; env?: Record<string, string>; parts?: Partial<Ctx> } = {},
): Promise<Bench> {
  const hand = handClock(start)
  // What sleeps without a signal waits for something real, such as a row that another session has locked.
  const clock: HandClock = { ...hand, sleep: (ms, signal) => (signal ? hand : systemClock).sleep(ms, signal) }
  const opened: TestApp[] = []
  for (let each = 0; each < nodes; each++) opened.push(await testApp(t, env, { clock, ...parts }))
  const { app, ctx } = opened[0]!
  await storeDemo(ctx, demoListings())
  // Each node has seen the others, and nodes of earlier tests are gone.
  for (const { ctx } of opened) {
    await until(async () => {
      await ctx.watch.next()
      return ctx.watch.value.instances.length === nodes
    })
  }
  const { pool } = await testDatabase(t)
  return { nodes: opened, app, ctx, clock, pool }
}

export type Caller = Awaited<ReturnType<typeof seedKey>> & {
  /** The account that the key's calls count on: the sandbox's for a test key. */
  accountId: number
}

/** A new account with a live key, on these plans. */
export async function seedCaller(
  ctx: Ctx,
  plans: Partial<Record<Product, [plan: string, overrides?: Overrides]>> = {},
  wish: Parameters<typeof seedKey>[1] = {},
): Promise<Caller> {
  const seeded = await seedKey(ctx, { mode: 'live', ...wish })
  const { account } = seeded
  for (const [product, [plan, overrides]] of Object.entries(plans)) {
    await putOn(ctx, account, product as Product, plan, overrides)
  }
  return { ...seeded, accountId: wish?.mode === 'test' ? account.twinId : account.id }
}

export async function putOn(
  ctx: Ctx,
  account: Account,
  product: Product,
  plan: string,
  overrides: Overrides = {},
): Promise<void> {
  await ctx.db.transaction().execute((tx) => setPlan(tx, account.id, product, plan, overrides))
  await ctx.watch.next()
}

export async function credit(ctx: Ctx, account: Account, amountMinor: number, isSandbox = false): Promise<void> {
  await creditAccount(ctx, { account, isSandbox, currency: 'USD', amountMinor, reason: 'test', actor: 'test' })
}

export async function balanceOf(ctx: Ctx, accountId: number): Promise<number> {
  return (await getBalance(ctx.db, apiBalanceOf(accountId))).balanceMinor
}

export async function setPot(
  pool: pg.Pool,
  accountId: number,
  name: string,
  bucket: number,
  used: number,
): Promise<void> {
  await pool.query(
    `insert into pot (account_id, name, bucket, used) values ($1, $2, $3, $4)
     on conflict (account_id, name) do update set bucket = excluded.bucket, used = excluded.used`,
    [accountId, name, bucket, used],
  )
}

/** What the database counts as used, by pot. */
export async function potsOf(ctx: Ctx, accountId: number): Promise<Record<string, number>> {
  const used = await potsUsed(ctx.db, accountId)
  // What a plan included is no use of it.
  const counted = [...used].filter(([name]) => !name.endsWith('.included'))
  return Object.fromEntries(counted.map(([name, pot]) => [name, pot.used]))
}

const RULES: readonly WindowRule[] = [
  { name: 'second', windowMs: 1_000, max: Number.MAX_SAFE_INTEGER },
  { name: 'minute', windowMs: 60_000, max: Number.MAX_SAFE_INTEGER },
]

/** Counts calls in the windows of an account's product without making them. */
export async function fillWindows(ctx: Ctx, accountId: number, product: Product, calls: number): Promise<void> {
  for (let call = 0; call < calls; call++) await ctx.limits.take(`${accountId}:${product}`, RULES)
}

/** What is used of the windows of an account's product. */
export async function windowsUsed(
  ctx: Ctx,
  accountId: number,
  product: Product,
): Promise<{ second: number; minute: number }> {
  const slot = `${accountId}:${product}`
  const take = await ctx.limits.take(slot, RULES)
  ctx.limits.giveBack(slot, take, 'all')
  const [second, minute] = take.standings.map(({ max, remaining }) => max - remaining - 1)
  return { second: second!, minute: minute! }
}

export type Event = {
  status: number
  pot: string | null
  cost: number
  bytes: number
  tid: string | null
  operation: string
}

/** The usage events of an account in the order of their requests. */
export async function eventsOf({ ctx, pool }: Pick<Bench, 'ctx' | 'pool'>, accountId: number): Promise<Event[]> {
  await ctx.usage.flush()
  const { rows } = await pool.query<Omit<Event, 'cost' | 'bytes'> & { cost: number; bytes: number }>(
    `select status, pot, cost_usd_micros as cost, bytes, tid, operation from usage_event
     where account_id = $1 order by request_id`,
    [accountId],
  )
  return rows
}

export type Day = { calls: number; billed: number; errors: number; bytes: number; cost: number }

/** The sums of an account's days, over all its keys and operations. */
export async function daysOf({ ctx, pool }: Pick<Bench, 'ctx' | 'pool'>, accountId: number): Promise<Day> {
  await ctx.usage.flush()
  const { rows } = await pool.query<Day>(
    `select coalesce(sum(calls), 0)::bigint as calls, coalesce(sum(billed), 0)::bigint as billed,
       coalesce(sum(errors), 0)::bigint as errors, coalesce(sum(bytes), 0)::bigint as bytes,
       coalesce(sum(cost_usd_micros), 0)::bigint as cost
     from usage_day where account_id = $1`,
    [accountId],
  )
  return rows[0]!
}

/** Lets units that were drawn ahead go back, so that a counter says what was used. */
export async function returnLeases({ ctx, clock }: Bench, accountId: number, pot: string, used: number): Promise<void> {
  await until(async () => {
    await clock.pass(500)
    return (await potsOf(ctx, accountId))[pot] === used
  })
}

/** Nothing is wrong in the books of anybody. */
export async function assertBooks(ctx: Ctx): Promise<void> {
  assert.deepEqual(await auditBooks(ctx.db), { sums: { USD: 0, CNY: 0 }, faults: [] })
}

/** Holds the row that every charge and lease of an account takes first, for as long as `run` takes. */
export async function holdingMeter<T>(
  pool: pg.Pool,
  accountId: number,
  run: (release: () => Promise<unknown>) => Promise<T>,
): Promise<T> {
  const holder = await pool.connect()
  try {
    await holder.query('begin')
    await holder.query('select from meter where account_id = $1 for update', [accountId])
    return await run(() => holder.query('commit'))
  } finally {
    await holder.query('rollback')
    holder.release()
  }
}

/** How many statements that charge or lease wait for a lock now; others may wait too, such as the usage writer's. */
export async function waitingCharges(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query(
    `select from pg_stat_activity
     where datname = current_database() and wait_event_type = 'Lock' and query ~ '(calls_settle|pots_lease)[(]'`,
  )
  return rows.length
}

export async function until(check: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 1_000; tries++) {
    if (await check()) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  assert.fail('it never came to pass')
}

export type Answer = LightMyRequestResponse

/** Status and whole body, with the headers named. */
export function told(answer: Answer, ...names: string[]): object {
  return {
    status: answer.statusCode,
    body: answer.body === '' ? null : answer.json<unknown>(),
    ...Object.fromEntries(names.map((name) => [name, answer.headers[name] ?? null])),
  }
}

/** The headers that tell what was counted. */
export function receipt({ headers }: Answer): Record<string, string> {
  const names = ['x-billed', 'x-cost', 'x-balance-after', 'ratelimit-policy', 'ratelimit', 'retry-after']
  return Object.fromEntries(
    names.flatMap((name) => (headers[name] === undefined ? [] : [[name, String(headers[name])]])),
  )
}
