import type { Ctx } from '../../ctx.ts'
import type { Seal, Tx } from '../../lib/db/db.ts'
import { DomainError } from '../../lib/errors.ts'
import { storableText } from '../../lib/text.ts'
import { findProducts } from '../../products/catalog/catalog.ts'
import type { Scope } from '../../products/catalog/product.ts'
import {
  cartLineById,
  cartLineDelete,
  cartLineList,
  cartLinePut,
  cartLineSetSeen,
  cartLineUpdate,
  cartLock,
  type CartLinePut,
  type CartLineRow,
} from './cart.sql.ts'
import { readCart, type Cart } from './lines.ts'
import { assertQuantity, findWares, notOnSale, quantityFault, type Ware } from './ware.ts'

// Whatever changes a cart takes its lock first, so that lines can be read, decided on and written in peace.

export const LINES_MAX = 200
export const BATCH_MAX = 50
export const REMARK_CHARS_MAX = 500

export type Wish = { productId: number; skuId: string; quantity: number; remark?: string }
export type Added = { id: number; productId: number; skuId: string; quantity: number }

/**
 * The cart as it stands, oldest line first: prices and stock are the catalogue's of now, and `changes` says what of them is
 * other than at the last reading. Said once, as this reading is noted.
 */
export async function getCart(ctx: Ctx, scope: Scope, accountId: number): Promise<Cart> {
  const rows = await cartLineList(ctx.db, accountId)
  const products = await findProducts(ctx, scope, [...new Set(rows.map(({ product_id: id }) => id))])
  const cart = readCart(rows, products, scope)
  const news = cart.lines.filter(({ changes }) => changes.some(({ kind }) => kind !== 'gone'))
  if (news.length > 0) {
    const seen = news.map(({ id, priceFen, stock }) => ({ id, seen_price_fen: priceFen, seen_stock: stock }))
    await cartLineSetSeen(ctx.db, seen)
  }
  return cart
}

/**
 * Adds to the cart; the same sku with the same remark joins the line that is there, and the line's quantity is answered. Throws
 * `not_found` for what is not on sale, what `quantityFault` says, and `conflict` when the cart is full.
 */
export async function addToCart(
  ctx: Ctx,
  scope: Scope,
  accountId: number,
  wish: Wish,
  seal?: Seal<Added>,
): Promise<Added> {
  const one = ([added]: readonly (Added | DomainError)[]) => {
    if (added instanceof DomainError) throw added
    return added!
  }
  return one(await addManyToCart(ctx, scope, accountId, [wish], seal && ((tx, all) => seal(tx, one(all)))))
}

/** As `addToCart` for each in turn; answers in their order, with the refusal in the place of one that could not be added. */
export async function addManyToCart(
  ctx: Ctx,
  scope: Scope,
  accountId: number,
  wishes: readonly Wish[],
  seal?: Seal<(Added | DomainError)[]>,
): Promise<(Added | DomainError)[]> {
  const wares = await findWares(ctx, scope, wishes)
  return changeCart(ctx, accountId, async (tx) => {
    const cart = new Map<string, CartLinePut>((await cartLineList(tx, accountId)).map((row) => [keyOf(row), row]))
    const placed = wishes.map((wish, at) => place(cart, wish, wares[at]!))
    const keys = new Set(placed.filter((each) => typeof each === 'string'))
    const changed = [...keys].map((key) => cart.get(key)!)
    const rows = await cartLinePut(tx, accountId, changed, ctx.clock.now())
    const ids = new Map(rows.map((row) => [keyOf(row), row.id]))
    const added = placed.map((each) => {
      if (each instanceof DomainError) return each
      const { product_id: productId, sku_id: skuId, quantity } = cart.get(each)!
      return { id: ids.get(each)!, productId, skuId, quantity }
    })
    await seal?.(tx, added)
    return added
  })
}

/**
 * Changes how many of a line, or whether it is selected. Throws `not_found` for a line that is not in this cart, and for a new
 * quantity as `addToCart` does.
 */
export async function updateLine(
  ctx: Ctx,
  scope: Scope,
  accountId: number,
  id: number,
  patch: { quantity?: number | undefined; selected?: boolean | undefined },
): Promise<{ id: number; quantity: number; selected: boolean }> {
  const known = await cartLineById(ctx.db, accountId, id)
  if (!known) throw noLine()
  // Before the lock, which must not be held while another connection is waited for.
  const [ware] =
    patch.quantity === undefined ? [] : await findWares(ctx, scope, [{ ...skuOf(known), quantity: patch.quantity }])
  return changeCart(ctx, accountId, async (tx) => {
    const cart = await cartLineList(tx, accountId)
    const line = cart.find((each) => each.id === id)
    if (!line) throw noLine()
    const { quantity = line.quantity, selected = line.selected } = patch
    if (ware !== undefined) assertQuantity(ware, skuOf(line), quantity, othersOf(cart, line))
    await cartLineUpdate(tx, id, { quantity, selected })
    return { id, quantity, selected }
  })
}

/** Throws `not_found` for a line that is not in this cart. */
export async function removeLine(ctx: Ctx, accountId: number, id: number): Promise<void> {
  const removed = await changeCart(ctx, accountId, (tx) => cartLineDelete(tx, accountId, [id]))
  if (removed === 0) throw noLine()
}

/** Removes every line; how many there were. */
export async function clearCart(ctx: Ctx, accountId: number): Promise<number> {
  return changeCart(ctx, accountId, (tx) => cartLineDelete(tx, accountId, null))
}

export type SelectedLine = Required<Wish> & { id: number }

/** The selected lines, oldest first, for an order: the cart stays as it is until the transaction ends. */
export async function takeSelected(tx: Tx, accountId: number): Promise<SelectedLine[]> {
  await cartLock(tx, accountId)
  const rows = (await cartLineList(tx, accountId)).filter(({ selected }) => selected)
  return rows.map((row) => ({ id: row.id, ...skuOf(row), quantity: row.quantity, remark: row.remark }))
}

/** Removes what `takeSelected` gave, once it is ordered. */
export async function removeLines(tx: Tx, accountId: number, ids: readonly number[]): Promise<void> {
  await cartLineDelete(tx, accountId, ids)
}

async function changeCart<T>(ctx: Ctx, accountId: number, change: (tx: Tx) => Promise<T>): Promise<T> {
  return ctx.db.transaction().execute(async (tx) => {
    await cartLock(tx, accountId)
    return change(tx)
  })
}

/** Puts a wish into the cart as it is in memory; answers its line's key there, or the refusal. */
function place(cart: Map<string, CartLinePut>, wish: Wish, ware: Ware | null): string | DomainError {
  if (ware === null) return notOnSale(wish)
  const { priceFen, stock } = ware
  const wished: CartLinePut = {
    product_id: wish.productId,
    sku_id: wish.skuId,
    // What PostgreSQL keeps of a text.
    remark: storableText(wish.remark ?? ''),
    quantity: wish.quantity,
    seen_price_fen: priceFen,
    seen_stock: stock,
  }
  const key = keyOf(wished)
  const line = cart.get(key)
  const quantity = (line?.quantity ?? 0) + wish.quantity
  const fault = quantityFault(ware, quantity, othersOf([...cart.values()], line ?? wished))
  if (fault) return fault
  if (!line && cart.size >= LINES_MAX) {
    return new DomainError('conflict', `The cart is full: it holds ${LINES_MAX} lines.`, { linesMax: LINES_MAX })
  }
  cart.set(key, { ...(line ?? wished), quantity })
  return key
}

/** How many of a line's sku stand in other lines: they share its stock. */
function othersOf(cart: readonly CartLinePut[], line: CartLinePut): number {
  const others = cart.filter(
    (each) => each !== line && each.product_id === line.product_id && each.sku_id === line.sku_id,
  )
  return others.reduce((sum, { quantity }) => sum + quantity, 0)
}

/** One text for one line of a cart. */
function keyOf({
  product_id: productId,
  sku_id: skuId,
  remark,
}: Pick<CartLineRow, 'product_id' | 'sku_id' | 'remark'>) {
  return JSON.stringify([productId, skuId, remark])
}

function skuOf({ product_id: productId, sku_id: skuId }: CartLineRow) {
  return { productId, skuId }
}

function noLine(): DomainError {
  return new DomainError('not_found', 'Cart item not found')
}
