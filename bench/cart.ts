import assert from 'node:assert/strict'
import type pg from 'pg'
import type { Ctx } from '../src/ctx.ts'
import { openDedicated } from '../src/lib/db/db.ts'
import { addManyToCart, BATCH_MAX, getCart } from '../src/shopping/cart/cart.ts'
import { median } from './load.ts'
import { SCOPE, seedShoppers, SHELF, withShop } from './shop.ts'

const SIZES = [20, 200]
const READS = 1_000
const GOAL = 3

/** What a read takes in milliseconds, by what is read how. */
type Times = Record<'ours' | 'bare' | 'bareLines', number[]>

/**
 * Reads of a cart: ours, and bare `pg` that reads the same rows by their primary keys, the lines and the products that they show,
 * by turns.
 */
async function benchCart(ctx: Ctx): Promise<void> {
  const accounts = await seedShoppers(ctx, SIZES.length)
  const client = await openDedicated(ctx.connection)
  const rows = []
  for (const [at, size] of SIZES.entries()) {
    const accountId = accounts[at]!
    await fill(ctx, accountId, size)
    rows.push(rowOf(size, await measure(ctx, client, accountId)))
  }
  await client.end()
  console.log(`\nreads of a cart, p50 of ${READS} by turns`)
  console.table(rows)
}

async function fill(ctx: Ctx, accountId: number, size: number): Promise<void> {
  const wishes = Array.from({ length: size }, (_, at) => ({
    ...SHELF[at % SHELF.length]!,
    quantity: 1,
    remark: `${at}`,
  }))
  for (let from = 0; from < size; from += BATCH_MAX) {
    await addManyToCart(ctx, SCOPE, accountId, wishes.slice(from, from + BATCH_MAX))
  }
}

async function measure(ctx: Ctx, client: pg.Client, accountId: number): Promise<Times> {
  const { lines } = await getCart(ctx, SCOPE, accountId)
  const ids = lines.map(({ id }) => id)
  const productIds = [...new Set(lines.map(({ productId }) => productId))]
  const readLines = () =>
    client.query(
      `select id, product_id, sku_id, quantity, selected, remark, seen_price_fen, seen_stock
       from cart_line where id = any($1::bigint[]) order by id`,
      [ids],
    )
  const readProducts = () =>
    client.query(
      `select id, catalogue, marketplace, listing_id, title, price_fen, sales, details, translations,
         machine_translations, qc_count, qc_photos, source, fetched_at
       from product where id = any($1::bigint[])`,
      [productIds],
    )
  assert.equal((await readLines()).rowCount, ids.length)
  assert.equal((await readProducts()).rowCount, productIds.length)
  const times: Times = { ours: [], bare: [], bareLines: [] }
  for (let read = 0; read < READS; read++) {
    times.ours.push(await timed(() => getCart(ctx, SCOPE, accountId)))
    times.bareLines.push(await timed(readLines))
    times.bare.push(
      await timed(async () => {
        await readLines()
        await readProducts()
      }),
    )
  }
  return times
}

async function timed(read: () => Promise<unknown>): Promise<number> {
  const beganAt = performance.now()
  await read()
  return performance.now() - beganAt
}

function rowOf(lines: number, times: Times) {
  const [ours, bare, bareLines] = [median(times.ours), median(times.bare), median(times.bareLines)]
  return {
    lines,
    'ours ms': ours.toFixed(2),
    'bare ms': bare.toFixed(2),
    ratio: (ours / bare).toFixed(2),
    goal: `≤ ${GOAL}`,
    'bare, lines alone ms': bareLines.toFixed(2),
    'ratio to that': (ours / bareLines).toFixed(2),
  }
}

await withShop(benchCart)
