import assert from 'node:assert/strict'
import type { Ctx } from '../src/ctx.ts'
import { openDedicated } from '../src/lib/db/db.ts'
import { getOrder, listOrders } from '../src/shopping/orders/orders.ts'
import { ORDER_STATUSES, type OrderStatus } from '../src/shopping/orders/states.ts'
import { median } from './load.ts'
import { openShop, secondsSince } from './shop.ts'

/** `largest`: how many of the orders are the first account's; the others share the rest. */
type Size = { orders: number; accounts: number; largest: number }
const SMALL: Size = { orders: 1_000, accounts: 5, largest: 200 }
const LARGE: Size = sizeOf(Number(process.env['ORDERS'] ?? 1_000_000))
const READS = Number(process.env['READS'] ?? 400)
const GOAL = 1.5
const FILLED_AT_ONCE = 50_000
const PAGE = 20
const LINES = 2
const FIRST_DAY = '2024-01-01'
const ORDERS_A_DAY = 1_000
const STATUSES = Object.keys(ORDER_STATUSES)
const STATUS: OrderStatus = 'in_warehouse'

type Shop = { ctx: Ctx; size: Size }
/** Reads something in a shop; of several, the one that `draw`, from 0 to 1, falls on. */
type Read = (shop: Shop, draw: number) => Promise<unknown>

const READS_OF: Record<string, Read> = {
  'page 1 of any account': ({ ctx, size }, draw) =>
    readPage(ctx, accountOf(size, 1 + Math.floor(draw * size.orders)), 1),
  'page 1': ({ ctx }) => readPage(ctx, 1, 1),
  'page 1 by status': ({ ctx }) => readPage(ctx, 1, 1, STATUS),
  'page in the middle': ({ ctx, size }) => readPage(ctx, 1, size.largest / PAGE / 2),
  'last page': ({ ctx, size }) => readPage(ctx, 1, size.largest / PAGE),
  'last page by status': ({ ctx, size }) => readPage(ctx, 1, Math.floor(size.largest / STATUSES.length / PAGE), STATUS),
  'detail of any order': ({ ctx, size }, draw) => {
    const number = 1 + Math.floor(draw * size.orders)
    return readDetail(ctx, accountOf(size, number), orderNoOf(number))
  },
}

/** What lists and details take among a million orders, beside what they take among a thousand, by turns. */
async function benchOrderLists(): Promise<void> {
  const beganAt = performance.now()
  const opened = [await openShop(), await openShop()]
  try {
    const [small, large] = [
      { ctx: opened[0]!.ctx, size: SMALL },
      { ctx: opened[1]!.ctx, size: LARGE },
    ]
    for (const shop of [small, large]) await fill(shop)
    const rows = []
    for (const [what, read] of Object.entries(READS_OF)) rows.push({ what, ...(await compare(small, large, read)) })
    console.log(
      `\nlists of ${PAGE} and details, ${LARGE.orders} orders of ${LARGE.accounts} accounts against ${SMALL.orders} of ${SMALL.accounts}; ` +
        `the account that is read has ${LARGE.largest} and ${SMALL.largest}; p50 of ${READS} by turns, after vacuum analyze`,
    )
    console.table(rows)
  } finally {
    for (const { close } of opened) await close()
  }
  console.log(`in all ${secondsSince(beganAt)} s`)
}

async function readPage(ctx: Ctx, accountId: number, page: number, status: OrderStatus | null = null): Promise<void> {
  const { orders } = await listOrders(ctx, accountId, { status, page, limit: PAGE })
  assert.equal(orders.length, PAGE)
}

async function readDetail(ctx: Ctx, accountId: number, orderNo: string): Promise<void> {
  const { lines } = await getOrder(ctx, accountId, orderNo)
  assert.equal(lines.length, LINES)
}

async function compare(small: Shop, large: Shop, read: Read) {
  const times = { small: [] as number[], large: [] as number[] }
  for (let turn = 0; turn < READS; turn++) {
    const draw = (turn * Math.SQRT2) % 1
    times.small.push(await timed(() => read(small, draw)))
    times.large.push(await timed(() => read(large, draw)))
  }
  const [before, after] = [median(times.small), median(times.large)]
  return {
    [`${SMALL.orders} ms`]: before.toFixed(2),
    [`${LARGE.orders} ms`]: after.toFixed(2),
    ratio: (after / before).toFixed(2),
    goal: `≤ ${GOAL}`,
  }
}

async function timed(read: () => Promise<unknown>): Promise<number> {
  const beganAt = performance.now()
  await read()
  return performance.now() - beganAt
}

function sizeOf(orders: number): Size {
  return { orders, accounts: orders / 200, largest: orders / 50 }
}

/** The first account's orders lie evenly among all others'. */
function accountOf({ orders, accounts, largest }: Size, number: number): number {
  return number % (orders / largest) === 0 ? 1 : 2 + (number % (accounts - 1))
}

function orderNoOf(number: number): string {
  const day = new Date(Date.parse(FIRST_DAY) + Math.floor(number / ORDERS_A_DAY) * 86_400_000)
  const date = day.toISOString().slice(0, 10).replaceAll('-', '')
  return `ORD-${date}-${String(number % ORDERS_A_DAY).padStart(3, '0')}`
}

/** Foreign keys are not looked at meanwhile, which would be most of the time. */
async function fill({ ctx, size: { orders, accounts, largest } }: Shop): Promise<void> {
  const client = await openDedicated(ctx.connection, { limits: { statement_timeout: 0 } })
  await client.query('set session_replication_role = replica')
  await client.query(
    `insert into account (id, name, created_at) select n, 'shopper ' || n, '${FIRST_DAY}' from generate_series(1, $1) n`,
    [accounts],
  )
  for (let first = 1; first <= orders; first += FILLED_AT_ONCE) {
    const last = Math.min(orders, first + FILLED_AT_ONCE - 1)
    await client.query(
      `insert into purchase_order (order_no, account_id, nth, status, total_fen, service_fee_fen, discount_fen, payable_fen,
         platform, item_count, fee_basis_points, remark, created_at, updated_at)
       select 'ORD-' || to_char(at, 'YYYYMMDD') || '-' || lpad((n % ${ORDERS_A_DAY})::text, 3, '0'), whose,
         coalesce((select sum(count) from order_tally where account_id = whose), 0) + row_number() over (partition by whose order by n),
         ($5::text[])[1 + n % $6::int], 10000, 500, 0, 10500, 'taobao', ${LINES}, 500, '', at, at
       from generate_series($1::int, $2) n,
         lateral (select case when n % $3 = 0 then 1 else 2 + n % ($4::int - 1) end) account (whose),
         lateral (select timestamptz '${FIRST_DAY}' + n / ${ORDERS_A_DAY} * interval '1 day') day (at)
       order by n`,
      [first, last, orders / largest, accounts, STATUSES, STATUSES.length],
    )
    await client.query(
      `insert into order_tally (account_id, status, count)
       select account_id, 'all', max(nth) from purchase_order where id >= $1 group by 1
       on conflict (account_id, status) do update set count = excluded.count`,
      [first],
    )
    await client.query(
      `insert into order_line (order_id, line_no, state, product_id, marketplace, listing_id, sku_id, title, sku_name, image,
         remark, quantity, price_fen, fee_fen, discount_fen)
       select n, line_no, 'arrived', 500000 + n % 1000, 'taobao', '600000000001', '5000000000001', repeat('帆布双肩背包', 6),
         '颜色: 黑色; 尺码: M', '/media/demo/v2/7231368393-2.webp', '', 1, 5000, 250, 0
       from generate_series($1::int, $2) n, generate_series(1, ${LINES}) line_no`,
      [first, last],
    )
    process.stderr.write(`filled ${last} of ${orders} orders\n`)
  }
  await client.query(
    `insert into order_tally (account_id, status, count) select account_id, status, count(*) from purchase_order group by 1, 2`,
  )
  await client.query('vacuum analyze')
  await client.end()
}

await benchOrderLists()
