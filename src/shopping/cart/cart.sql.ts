import { sql } from 'kysely'
import type { Db, Tx } from '../../lib/db/db.ts'

/** The class of the advisory locks of carts, each by its account. */
const CART_LOCK = 731_905_030

export type CartLineRow = {
  id: number
  product_id: number
  sku_id: string
  quantity: number
  selected: boolean
  remark: string
  seen_price_fen: number
  seen_stock: number | null
}

/** A new line, or a known one with another quantity. */
export type CartLinePut = Omit<CartLineRow, 'id' | 'selected'>

const COLUMNS = sql.raw('id, product_id, sku_id, quantity, selected, remark, seen_price_fen, seen_stock')

/** Nobody else changes this account's lines until the transaction ends. */
export async function cartLock(tx: Tx, accountId: number): Promise<void> {
  await sql`select pg_advisory_xact_lock(${CART_LOCK}, hashint8(${accountId}))`.execute(tx)
}

/** The lines of an account, oldest first. */
export async function cartLineList(db: Db, accountId: number): Promise<CartLineRow[]> {
  const { rows } = await sql<CartLineRow>`
    select ${COLUMNS} from cart_line where account_id = ${accountId} order by id`.execute(db)
  return rows
}

export async function cartLineById(db: Db, accountId: number, id: number): Promise<CartLineRow | null> {
  const { rows } = await sql<CartLineRow>`
    select ${COLUMNS} from cart_line where account_id = ${accountId} and id = ${id}`.execute(db)
  return rows[0] ?? null
}

/** Writes lines in this order: new ones whole and selected, of known ones the quantity. Gives their ids, in no promised order. */
export async function cartLinePut(
  tx: Tx,
  accountId: number,
  lines: readonly CartLinePut[],
  addedAt: Date,
): Promise<Pick<CartLineRow, 'id' | 'product_id' | 'sku_id' | 'remark'>[]> {
  const { rows } = await sql<Pick<CartLineRow, 'id' | 'product_id' | 'sku_id' | 'remark'>>`
    insert into cart_line (account_id, product_id, sku_id, quantity, selected, remark, seen_price_fen, seen_stock, added_at)
    select ${accountId}, put.product_id, put.sku_id, put.quantity, true, put.remark, put.seen_price_fen, put.seen_stock,
      ${addedAt}
    from jsonb_array_elements(${JSON.stringify(lines)}::jsonb) with ordinality as given (line, place),
      jsonb_to_record(line) as put (product_id bigint, sku_id text, quantity integer, remark text,
        seen_price_fen bigint, seen_stock integer)
    order by place
    on conflict (account_id, product_id, sku_id, remark) do update set quantity = excluded.quantity
    returning id, product_id, sku_id, remark`.execute(tx)
  return rows
}

export async function cartLineUpdate(
  tx: Tx,
  id: number,
  { quantity, selected }: Pick<CartLineRow, 'quantity' | 'selected'>,
): Promise<void> {
  await sql`update cart_line set quantity = ${quantity}, selected = ${selected} where id = ${id}`.execute(tx)
}

/** Notes what a customer was shown. Lines that somebody is changing are left out: reading waits for nobody. */
export async function cartLineSetSeen(
  db: Db,
  seen: readonly Pick<CartLineRow, 'id' | 'seen_price_fen' | 'seen_stock'>[],
): Promise<void> {
  await sql`
    with shown as (
      select * from jsonb_to_recordset(${JSON.stringify(seen)}::jsonb)
        as shown (id bigint, seen_price_fen bigint, seen_stock integer)
    ), free as (
      select id from cart_line where id in (select id from shown) for update skip locked
    )
    update cart_line set seen_price_fen = shown.seen_price_fen, seen_stock = shown.seen_stock
    from shown where cart_line.id = shown.id and cart_line.id in (select id from free)`.execute(db)
}

/** Deletes these lines of an account, or all of them; how many there were. */
export async function cartLineDelete(tx: Tx, accountId: number, ids: readonly number[] | null): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from cart_line
    where account_id = ${accountId} and (${ids}::bigint[] is null or id = any(${ids}::bigint[]))`.execute(tx)
  return Number(numAffectedRows)
}
