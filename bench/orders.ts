import assert from 'node:assert/strict'
import type pg from 'pg'
import { claim, fingerprintOf, sealRecord } from '../src/access/idempotency/idempotency.ts'
import type { Ctx } from '../src/ctx.ts'
import { dbOn, openDedicated } from '../src/lib/db/db.ts'
import { auditBooks } from '../src/money/ledger/audit.ts'
import { createOrder } from '../src/shopping/orders/create.ts'
import { toWireOrder } from '../src/surfaces/agent/order-wire.ts'
import { median } from './load.ts'
import { SCOPE, seedShoppers, SHELF, withShop } from './shop.ts'

const CALLERS = 16
const ROUNDS = Number(process.env['ROUNDS'] ?? 7)
const SECONDS = Number(process.env['ROUND_SECONDS'] ?? 3)
const GOAL = 0.5
const WISH = {
  items: SHELF.slice(0, 2).map((sku) => ({ ...sku, quantity: 1, remark: '' })),
  remark: '',
  couponId: null,
  addressId: null,
}

/** What is other in every order. */
type Drawn = { key: string; recordId: number; orderNo: string; orderId: number; at: Date }
type Statement = { text: string; values: readonly unknown[] }
/** The statements of one order, and what was drawn in it. */
type Script = { statements: Statement[]; drawn: Drawn }
/** Places one order under this key. */
type Place = (key: string) => Promise<unknown>
type Figures = { rates: number[]; cpuUs: number[] }

/**
 * Orders of two items a second, each under an idempotency key: by our functions on their pool, and by bare `pg` loops with a
 * connection each that send the very statements which those send, by turns on the same database.
 */
async function benchOrders(ctx: Ctx): Promise<void> {
  await numberFar(ctx)
  const accounts = await seedShoppers(ctx, CALLERS)
  const clients = await Promise.all(accounts.map(() => openDedicated(ctx.connection)))
  const scripts: Script[] = []
  for (const account of accounts) scripts.push(await record(ctx, clients[0]!, account))

  const figures: Record<string, { ours: Figures; bare: Figures }> = {}
  const callers = [...clients.keys()]
  for (const [name, who] of [
    ['an account each', callers],
    ['one account for all', callers.map(() => 0)],
  ] as const) {
    const ours = who.map(
      (at): Place =>
        (key) =>
          place(ctx, accounts[at]!, key),
    )
    const bare = who.map(
      (at, caller): Place =>
        (key) =>
          replay(clients[caller]!, scripts[at]!, key),
    )
    figures[name] = await measure(name, { ours, bare })
  }
  await assertWhole(ctx, clients[0]!, orders + scripts.length)
  await Promise.all(clients.map((client) => client.end()))
  report(figures, scripts[0]!.statements.length)
}

/** Lets ids begin where no other number of a statement is. */
async function numberFar(ctx: Ctx): Promise<void> {
  const client = await openDedicated(ctx.connection)
  await client.query('alter table idempotency alter column id restart with 700000001')
  await client.query('alter table purchase_order alter column id restart with 800000001')
  await client.end()
}

/** One order as the route places it: its key is claimed, and its answer is pinned under it in the order's transaction. */
async function place(ctx: Ctx, accountId: number, key: string): Promise<Drawn> {
  const at = ctx.clock.now()
  const claimed = await claim(ctx.db, {
    accountId,
    route: 'POST /api/v1/orders',
    key,
    fingerprint: fingerprintOf('POST', '/api/v1/orders', WISH),
    instance: ctx.instance,
    aliveInstances: async () => [],
    now: at,
  })
  assert(claimed.kind === 'new')
  const { id: orderId, orderNo } = await createOrder(ctx, SCOPE, accountId, WISH, (tx, order) => {
    const body = JSON.stringify({ data: toWireOrder(order, '') })
    return sealRecord(tx, claimed.id, { status: 201, body, now: ctx.clock.now() })
  })
  return { key, recordId: claimed.id, orderNo, orderId, at }
}

/** Places an order and notes what is sent for it. */
async function record(ctx: Ctx, client: pg.Client, accountId: number): Promise<Script> {
  const statements: Statement[] = []
  const query = (text: string, values: readonly unknown[]) => {
    statements.push({ text, values })
    return client.query(text, [...values])
  }
  const drawn = await place({ ...ctx, db: dbOn({ query } as unknown as pg.Client) }, accountId, `key of ${accountId}`)
  return { statements, drawn }
}

/** Sends the statements of a recorded order again, the same but for what is drawn anew. */
async function replay(client: pg.Client, { statements, drawn }: Script, key: string): Promise<void> {
  const fresh: Drawn = { ...drawn, key, at: new Date() }
  for (const { text, values } of statements) {
    const filled = values.map((value) => refill(value, drawn, fresh))
    const [row] = (await client.query<{ id: number; last: number }>(text, filled)).rows
    if (text.includes('insert into idempotency')) fresh.recordId = row!.id
    if (text.includes('insert into order_number')) {
      fresh.orderNo = drawn.orderNo.replace(/\d+$/, String(row!.last).padStart(3, '0'))
    }
    if (text.includes('insert into purchase_order')) fresh.orderId = row!.id
  }
}

function refill(value: unknown, before: Drawn, fresh: Drawn): unknown {
  if (value instanceof Date) return new Date(value.getTime() - before.at.getTime() + fresh.at.getTime())
  if (Array.isArray(value)) return value.map((each) => refill(each, before, fresh))
  if (value === before.recordId) return fresh.recordId
  if (value === before.orderId) return fresh.orderId
  if (typeof value !== 'string') return value
  return value
    .replaceAll(before.key, fresh.key)
    .replaceAll(before.orderNo, fresh.orderNo)
    .replaceAll(String(before.orderId), String(fresh.orderId))
}

/** Whoever placed an order, all of it is there. */
async function assertWhole(ctx: Ctx, client: pg.Client, placed: number): Promise<void> {
  const { rows } = await client.query(`
    select (select count(*) from purchase_order) as orders, (select count(*) from order_line) as lines,
      (select count(*) from order_move) as moves, (select count(*) from ledger_hold) as holds,
      (select count(*) from outbox where event = 'order.created') as news, (select count(*) from timer) as timers,
      (select count(*) from idempotency where done_at is not null) as answers`)
  const items = placed * WISH.items.length
  const whole = { orders: placed, lines: items, moves: items, holds: items, news: placed, timers: placed * 2 }
  assert.deepEqual(rows, [{ ...whole, answers: placed }])
  assert.deepEqual((await auditBooks(ctx.db)).faults, [])
}

async function measure(name: string, sides: { ours: Place[]; bare: Place[] }) {
  const figures = { ours: { rates: [], cpuUs: [] } as Figures, bare: { rates: [], cpuUs: [] } as Figures }
  for (let round = 0; round <= ROUNDS; round++) {
    for (const side of ['bare', 'ours'] as const) {
      const { rate, cpuUs } = await measureOnce(sides[side])
      // The first warms up.
      if (round === 0) continue
      figures[side].rates.push(rate)
      figures[side].cpuUs.push(cpuUs)
    }
    process.stderr.write(`orders, ${name}: round ${round} of ${ROUNDS}\n`)
  }
  return figures
}

let orders = 0

async function measureOnce(callers: readonly Place[]): Promise<{ rate: number; cpuUs: number }> {
  const first = orders
  const cpuBefore = process.cpuUsage()
  const beganAt = performance.now()
  const endsAt = beganAt + SECONDS * 1000
  await Promise.all(
    callers.map(async (place) => {
      while (performance.now() < endsAt) await place(`key ${++orders}`)
    }),
  )
  const { user, system } = process.cpuUsage(cpuBefore)
  const placed = orders - first
  return { rate: (placed * 1000) / (performance.now() - beganAt), cpuUs: (user + system) / placed }
}

function report(figures: Record<string, { ours: Figures; bare: Figures }>, statements: number): void {
  const perOrder = (values: number[]) => Math.round(median(values))
  console.log(
    `\norders of ${WISH.items.length} items, ${statements} statements each, ${CALLERS} callers, fsync on; medians of ${ROUNDS} rounds of ${SECONDS} s by turns`,
  )
  console.table(
    Object.entries(figures).map(([accounts, { ours, bare }]) => ({
      accounts,
      'orders/s': perOrder(ours.rates),
      'bare pg': perOrder(bare.rates),
      ratio: median(ours.rates.map((rate, round) => rate / bare.rates[round]!)).toFixed(2),
      goal: `≥ ${GOAL}`,
      'cpu µs/order': perOrder(ours.cpuUs),
      'bare cpu µs': perOrder(bare.cpuUs),
    })),
  )
}

await withShop(benchOrders)
