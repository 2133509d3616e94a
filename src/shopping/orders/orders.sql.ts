import { sql } from 'kysely'
import type { Db, Tx } from '../../lib/db/db.ts'
import type { LineFacts } from './order.ts'
import type { LineState, MoneyMove, OrderStatus } from './states.ts'

export type OrderRow = {
  id: number
  order_no: string
  account_id: number
  status: OrderStatus
  total_fen: number
  service_fee_fen: number
  discount_fen: number
  payable_fen: number
  platform: string
  item_count: number
  fee_basis_points: number
  remark: string
  coupon_id: number | null
  address_id: number | null
  created_at: Date
  updated_at: Date
}

export type LineRow = {
  line_no: number
  split_of: number | null
  state: LineState
  product_id: number
  marketplace: string
  listing_id: string
  sku_id: string
  title: string
  sku_name: string
  image: string | null
  remark: string
  quantity: number
  price_fen: number
  fee_fen: number
  discount_fen: number
  captured_fen: number
  refunded_fen: number
  facts: LineFacts
}

const LINE_COLUMNS = sql.raw(
  `line_no, split_of, state, product_id, marketplace, listing_id, sku_id, title, sku_name, image, remark, quantity,
   price_fen, fee_fen, discount_fen, captured_fen, refunded_fen, facts`,
)

/** The next number of a day (`YYYY-MM-DD`, UTC). Drawn for good, whatever becomes of the order. */
export async function orderNumberNext(db: Db, prefix: string, day: string): Promise<number> {
  const { rows } = await sql<{ last: number }>`
    insert into order_number (prefix, day, last) values (${prefix}, ${day}, 1)
    on conflict (prefix, day) do update set last = order_number.last + 1
    returning last`.execute(db)
  return rows[0]!.last
}

/** Writes an order with its lines and answers its id. */
export async function orderInsert(tx: Tx, order: Omit<OrderRow, 'id'>, lines: readonly LineRow[]): Promise<number> {
  const { rows } = await sql<{ id: number }>`
    with counted as (
      insert into order_tally (account_id, status, count) values (${order.account_id}, 'all', 1)
      on conflict (account_id, status) do update set count = order_tally.count + 1 returning count),
    placed as (
      insert into purchase_order (order_no, account_id, nth, status, total_fen, service_fee_fen, discount_fen,
        payable_fen, platform, item_count, fee_basis_points, remark, coupon_id, address_id, created_at, updated_at)
      values (${order.order_no}, ${order.account_id}, (select count from counted), ${order.status}, ${order.total_fen},
        ${order.service_fee_fen}, ${order.discount_fen}, ${order.payable_fen}, ${order.platform}, ${order.item_count},
        ${order.fee_basis_points}, ${order.remark}, ${order.coupon_id}, ${order.address_id}, ${order.created_at}, ${order.updated_at})
      returning id),
    lined as (
      insert into order_line (order_id, ${LINE_COLUMNS})
      select placed.id, line.* from placed, jsonb_to_recordset(${JSON.stringify(lines)}::jsonb) as line
        (line_no integer, split_of integer, state text, product_id bigint, marketplace text, listing_id text,
         sku_id text, title text, sku_name text, image text, remark text, quantity integer, price_fen bigint,
         fee_fen bigint, discount_fen bigint, captured_fen bigint, refunded_fen bigint, facts jsonb)),
    tallied as (
      insert into order_tally (account_id, status, count) values (${order.account_id}, ${order.status}, 1)
      on conflict (account_id, status) do update set count = order_tally.count + 1)
    select id from placed`.execute(tx)
  return rows[0]!.id
}

/** The order of this number, of this account unless that is null, locked until the transaction ends. */
export async function orderLock(tx: Tx, orderNo: string, accountId: number | null): Promise<OrderRow | null> {
  const { rows } = await sql<OrderRow>`
    select * from purchase_order
    where order_no = ${orderNo} and (${accountId}::bigint is null or account_id = ${accountId}) for update`.execute(tx)
  return rows[0] ?? null
}

/** An account's order with its lines, as they stood at one time. */
export async function orderByNo(
  db: Db,
  orderNo: string,
  accountId: number,
): Promise<{ order: OrderRow; lines: LineRow[] } | null> {
  const { rows } = await sql<OrderRow & { lines: LineRow[] }>`
    select o.*, (
      select jsonb_agg(to_jsonb(line) order by line_no) from (
        select ${LINE_COLUMNS} from order_line where order_id = o.id) line) as lines
    from purchase_order o where order_no = ${orderNo} and account_id = ${accountId}`.execute(db)
  if (!rows[0]) return null
  const { lines, ...order } = rows[0]
  return { order, lines }
}

/** The numbers of orders by their ids. */
export async function orderNumbersById(db: Db, ids: readonly number[]): Promise<{ id: number; order_no: string }[]> {
  const { rows } = await sql<{ id: number; order_no: string }>`
    select id, order_no from purchase_order where id = any(${ids})`.execute(db)
  return rows
}

/** The lines of an order in the order of their numbers. */
export async function orderLineList(db: Db, orderId: number): Promise<LineRow[]> {
  const { rows } = await sql<LineRow>`
    select ${LINE_COLUMNS} from order_line where order_id = ${orderId} order by line_no`.execute(db)
  return rows
}

/** A page of an account's orders, newest first, of a status or of all, and how many there are. */
export async function orderList(
  db: Db,
  {
    accountId,
    status,
    limit,
    offset,
  }: { accountId: number; status: OrderStatus | null; limit: number; offset: number },
): Promise<{ rows: OrderRow[]; total: number }> {
  const count = sql<{ count: number }>`
    select count from order_tally where account_id = ${accountId} and status = ${status ?? 'all'}`
  // Whatever the offset, the rows before it are not read.
  const wanted =
    status === null
      ? sql`nth <= (${count}) - ${offset}`
      : sql`nth = any(array(select nth from purchase_order where account_id = ${accountId} and status = ${status}
          order by nth desc limit ${limit} offset ${offset}))`
  const page = sql<OrderRow>`
    select * from purchase_order where account_id = ${accountId} and ${wanted} order by nth desc limit ${limit}`
  const [{ rows }, counted] = await Promise.all([page.execute(db), count.execute(db)])
  return { rows, total: counted.rows[0]?.count ?? 0 }
}

/** Counts an order of an account under another status. */
export async function orderTallyMove(tx: Tx, accountId: number, from: OrderStatus, to: OrderStatus): Promise<void> {
  const less = sql`update order_tally set count = count - 1 where account_id = ${accountId} and status = ${from}`
  const more = sql`
    insert into order_tally (account_id, status, count) values (${accountId}, ${to}, 1)
    on conflict (account_id, status) do update set count = order_tally.count + 1`
  // Rows are locked in one order by all, or two orders that move at once could wait for each other.
  for (const step of from < to ? [less, more] : [more, less]) await step.execute(tx)
}

/** What moves made of a locked order and its lines; a line that is not there yet is written. */
export async function orderUpdate(
  tx: Tx,
  order: Pick<
    OrderRow,
    'id' | 'status' | 'total_fen' | 'service_fee_fen' | 'discount_fen' | 'payable_fen' | 'updated_at'
  >,
  lines: readonly LineRow[],
): Promise<void> {
  await sql`
    with moved as (
      update purchase_order set status = ${order.status}, total_fen = ${order.total_fen},
        service_fee_fen = ${order.service_fee_fen}, discount_fen = ${order.discount_fen},
        payable_fen = ${order.payable_fen}, updated_at = ${order.updated_at}
      where id = ${order.id})
    insert into order_line (order_id, ${LINE_COLUMNS})
    select ${order.id}::bigint, line.* from jsonb_to_recordset(${JSON.stringify(lines)}::jsonb) as line
      (line_no integer, split_of integer, state text, product_id bigint, marketplace text, listing_id text,
       sku_id text, title text, sku_name text, image text, remark text, quantity integer, price_fen bigint,
       fee_fen bigint, discount_fen bigint, captured_fen bigint, refunded_fen bigint, facts jsonb)
    on conflict (order_id, line_no) do update set state = excluded.state, quantity = excluded.quantity,
      price_fen = excluded.price_fen, fee_fen = excluded.fee_fen, discount_fen = excluded.discount_fen,
      captured_fen = excluded.captured_fen, refunded_fen = excluded.refunded_fen, facts = excluded.facts`.execute(tx)
}

export type MoveRow = {
  line_no: number
  actor: string
  who: string
  move: string
  reason: string | null
  before: LineState | null
  after: LineState
  money: MoneyMove
  money_fen: number
}

export async function orderMoveInsert(tx: Tx, orderId: number, moves: readonly MoveRow[], at: Date): Promise<void> {
  await sql`
    insert into order_move (order_id, at, line_no, actor, who, move, reason, before, after, money, money_fen)
    select ${orderId}::bigint, ${at}::timestamptz, move.* from jsonb_to_recordset(${JSON.stringify(moves)}::jsonb) as move
      (line_no integer, actor text, who text, move text, reason text, before text, after text, money text, money_fen bigint)`.execute(
    tx,
  )
}

export type QuoteRow<Quote> = {
  id: string
  account_id: number
  expires_at: Date
  order_id: number | null
  quote: Quote
}

/** Writes a quote, and deletes those of its account that are older than the newest `kept`. */
export async function orderQuoteInsert(db: Db, row: Omit<QuoteRow<unknown>, 'order_id'>, kept: number): Promise<void> {
  await sql`
    with old as (
      select id from order_quote where account_id = ${row.account_id} order by expires_at desc, id offset ${kept - 1}),
    gone as (delete from order_quote where id in (select id from old))
    insert into order_quote (id, account_id, expires_at, quote)
    values (${row.id}, ${row.account_id}, ${row.expires_at}, ${JSON.stringify(row.quote)}::jsonb)`.execute(db)
}

export async function orderQuoteById<Quote>(db: Db, accountId: number, id: string): Promise<QuoteRow<Quote> | null> {
  const { rows } = await sql<QuoteRow<Quote>>`
    select * from order_quote where id = ${id} and account_id = ${accountId}`.execute(db)
  return rows[0] ?? null
}

/** An account's quote, locked until the transaction ends. */
export async function orderQuoteLock<Quote>(tx: Tx, accountId: number, id: string): Promise<QuoteRow<Quote> | null> {
  const { rows } = await sql<QuoteRow<Quote>>`
    select * from order_quote where id = ${id} and account_id = ${accountId} for update`.execute(tx)
  return rows[0] ?? null
}

export async function orderQuoteUse(tx: Tx, id: string, orderId: number): Promise<void> {
  await sql`update order_quote set order_id = ${orderId} where id = ${id}`.execute(tx)
}

/** Deletes at most `limit` quotes that ended before `before`, and answers how many. */
export async function orderQuoteDelete(db: Db, before: Date, limit: number): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from order_quote where id in (
      select id from order_quote where expires_at < ${before} limit ${limit} for update skip locked)`.execute(db)
  return Number(numAffectedRows)
}
