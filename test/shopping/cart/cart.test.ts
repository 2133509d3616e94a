import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { Ctx } from '../../../src/ctx.ts'
import { DomainError, type ErrorCode } from '../../../src/lib/errors.ts'
import {
  addManyToCart,
  addToCart,
  clearCart,
  getCart,
  LINES_MAX,
  removeLine,
  removeLines,
  takeSelected,
  updateLine,
} from '../../../src/shopping/cart/cart.ts'
import type { CartLine } from '../../../src/shopping/cart/lines.ts'
import { findWares } from '../../../src/shopping/cart/ware.ts'
import { seedAccount, testCtx } from '../../app.ts'
import { testDatabase } from '../../database.ts'
import { BACKPACK, PLAIN, SHOES, sku, stock, WHOLESALE } from './shelf.ts'

const DEMO = { catalogue: 'demo' } as const
const BLACK = { productId: SHOES, skuId: 's001' }
const WHITE = { productId: SHOES, skuId: 's002' }
const BAG = { productId: BACKPACK, skuId: 's010' }

async function open(t: TestContext) {
  const ctx = await testCtx(t)
  await stock(ctx)
  const { twinId: accountId } = await seedAccount(ctx)
  return { ctx, accountId }
}

const refused = (code: ErrorCode, message: string) => (error: unknown) => {
  assert.ok(error instanceof DomainError, String(error))
  assert.deepEqual([error.code, error.message], [code, message])
  return true
}

async function lineOf(ctx: Ctx, accountId: number): Promise<Pick<CartLine, 'priceFen' | 'stock' | 'changes'>> {
  const { lines } = await getCart(ctx, DEMO, accountId)
  assert.equal(lines.length, 1)
  const { priceFen, stock, changes } = lines[0]!
  return { priceFen, stock, changes }
}

test('what changed since the last reading is said once', async (t) => {
  const { ctx, accountId } = await open(t)
  await addToCart(ctx, DEMO, accountId, { ...BLACK, quantity: 2 })
  assert.deepEqual(await lineOf(ctx, accountId), { priceFen: 29_900, stock: 50, changes: [] })

  await stock(ctx, { [SHOES]: sku('s001', { priceFen: 31_500, stock: 7 }) })
  const now = { priceFen: 31_500, stock: 7 }
  assert.deepEqual(await lineOf(ctx, accountId), {
    ...now,
    changes: [
      { kind: 'price', fromFen: 29_900, toFen: 31_500 },
      { kind: 'stock', stock: 7 },
    ],
  })
  assert.deepEqual(await lineOf(ctx, accountId), { ...now, changes: [] })

  await stock(ctx, { [SHOES]: sku('s001', { priceFen: 31_500, stock: null }) })
  assert.deepEqual(await lineOf(ctx, accountId), {
    priceFen: 31_500,
    stock: null,
    changes: [{ kind: 'stock', stock: null }],
  })
  assert.deepEqual(await lineOf(ctx, accountId), { priceFen: 31_500, stock: null, changes: [] })
})

test('a sku that is gone stays in the cart as it was seen last, and says so each time', async (t) => {
  const { ctx, accountId } = await open(t)
  const { id } = await addToCart(ctx, DEMO, accountId, { ...BLACK, quantity: 2, remark: 'gift' })
  const before = await getCart(ctx, DEMO, accountId)
  await stock(ctx, { [SHOES]: ({ skus }) => ({ skus: skus.slice(1) }) })
  const image = '/media/demo/v2/6789012345-1.webp'
  const problem = `SKU s001 of product ${SHOES} is not on sale.`
  const gone = { ...before.lines[0], skuName: '', stock: 0, image, changes: [{ kind: 'gone' }], problem }
  for (let reading = 0; reading < 2; reading++) {
    assert.deepEqual(await getCart(ctx, DEMO, accountId), { lines: [gone], totalFen: 0 })
  }
  const notOnSale = refused('not_found', problem)
  await assert.rejects(updateLine(ctx, DEMO, accountId, id, { quantity: 1 }), notOnSale)
  assert.deepEqual(await updateLine(ctx, DEMO, accountId, id, { selected: false }), {
    id,
    quantity: 2,
    selected: false,
  })
})

test('the total is of the selected lines that can be bought', async (t) => {
  const { ctx, accountId } = await open(t)
  const [black, white] = await addManyToCart(ctx, DEMO, accountId, [
    { ...BLACK, quantity: 2 },
    { ...WHITE, quantity: 30 },
    { ...BAG, quantity: 1 },
  ])
  assert.ok(black && !(black instanceof DomainError) && white && !(white instanceof DomainError))
  const total = async () => (await getCart(ctx, DEMO, accountId)).totalFen
  assert.equal(await total(), 2 * 29_900 + 30 * 31_900 + 18_900)
  await stock(ctx, { [SHOES]: sku('s002', { stock: 29 }) })
  assert.equal(await total(), 2 * 29_900 + 18_900)
  await updateLine(ctx, DEMO, accountId, black.id, { selected: false })
  assert.equal(await total(), 18_900)
  await updateLine(ctx, DEMO, accountId, white.id, { quantity: 29 })
  assert.equal(await total(), 29 * 31_900 + 18_900)
})

test('the same sku with the same remark is one line; others have lines of their own and share the stock', async (t) => {
  const { ctx, accountId } = await open(t)
  const add = (quantity: number, remark?: string) =>
    addToCart(ctx, DEMO, accountId, { ...WHITE, quantity, ...(remark !== undefined && { remark }) })
  const first = await add(2)
  assert.deepEqual(first, { id: first.id, ...WHITE, quantity: 2 })
  assert.deepEqual(await add(3, ''), { ...first, quantity: 5 })
  const gift = await add(20, 'a \0gift\ud800')
  assert.notEqual(gift.id, first.id)
  assert.deepEqual(await add(4, 'a gift\ufffd'), { ...gift, quantity: 24 })
  await assert.rejects(add(2), refused('conflict', 'Only 30 of SKU s002 are in stock.'))
  await assert.rejects(
    updateLine(ctx, DEMO, accountId, gift.id, { quantity: 26 }),
    refused('conflict', 'Only 30 of SKU s002 are in stock.'),
  )
  await updateLine(ctx, DEMO, accountId, gift.id, { quantity: 25 })
  const { lines } = await getCart(ctx, DEMO, accountId)
  assert.deepEqual(
    lines.map(({ id, quantity, remark }) => ({ id, quantity, remark })),
    [
      { id: first.id, quantity: 5, remark: '' },
      { id: gift.id, quantity: 25, remark: 'a gift\ufffd' },
    ],
  )
})

test('the seller’s minimum, the most of a line, and what is not on sale', async (t) => {
  const { ctx, accountId } = await open(t)
  await stock(ctx, { [WHOLESALE]: ({ skus: [first] }) => ({ skus: [{ ...first!, skuId: 'w1', stock: 4_000 }] }) })
  const wholesale = { productId: WHOLESALE, skuId: 'w1' }
  const least = refused('input_invalid', "quantity of SKU w1 must be at least 2, the seller's minimum order.")
  await assert.rejects(addToCart(ctx, DEMO, accountId, { ...wholesale, quantity: 1 }), least)
  const { id } = await addToCart(ctx, DEMO, accountId, { ...wholesale, quantity: 2 })
  assert.equal((await addToCart(ctx, DEMO, accountId, { ...wholesale, quantity: 1 })).quantity, 3)
  await assert.rejects(updateLine(ctx, DEMO, accountId, id, { quantity: 1 }), least)

  const plain = { productId: PLAIN, skuId: '0' }
  const { quantity } = await addToCart(ctx, DEMO, accountId, { ...plain, quantity: 9_999 })
  assert.equal(quantity, 9_999)
  const most = refused('input_invalid', 'quantity of SKU 0 must be at most 9999 in one line.')
  await assert.rejects(addToCart(ctx, DEMO, accountId, { ...plain, quantity: 1 }), most)

  for (const sku of [
    { productId: SHOES, skuId: 's009' },
    { productId: 404, skuId: 's001' },
    { ...plain, skuId: '1' },
  ]) {
    const told = `SKU ${sku.skuId} of product ${sku.productId} is not on sale.`
    await assert.rejects(addToCart(ctx, DEMO, accountId, { ...sku, quantity: 1 }), refused('not_found', told))
  }
})

test('wares are the catalogue’s own, and a sku that nobody knows the price of is none', async (t) => {
  const { ctx } = await open(t)
  const [black, plain] = await findWares(ctx, DEMO, [
    { ...BLACK, quantity: 1 },
    { productId: PLAIN, skuId: '0', quantity: 1 },
  ])
  assert.deepEqual(black, {
    ...BLACK,
    marketplace: 'taobao',
    listingId: '6789012345',
    title: 'Cushioned leather running shoes',
    skuName: 'Black / US 9',
    priceFen: 29_900,
    stock: 50,
    minimumOrder: 1,
    image: '/media/demo/v2/6789012345-2.webp',
  })
  assert.deepEqual([plain?.skuName, plain?.priceFen, plain?.stock], ['', 4_100, null])
  await stock(ctx, { [PLAIN]: () => ({ priceFen: null }) })
  assert.deepEqual(await findWares(ctx, DEMO, [{ productId: PLAIN, skuId: '0', quantity: 1 }]), [null])
  const alone = { ...ctx, config: { ...ctx.config, demo: false } }
  assert.deepEqual(await findWares(alone, { catalogue: 'live' }, [{ ...BLACK, quantity: 1 }]), [null])
})

test('without a price of its own a sku costs what the seller’s step for so many says, and what is below all of them the first', async (t) => {
  const { ctx } = await open(t)
  const priceRanges = [
    { minQuantity: 2, priceFen: 900 },
    { minQuantity: 100, priceFen: 750 },
  ]
  await stock(ctx, { [PLAIN]: () => ({ priceFen: 750, priceRanges }) })
  const asked = [1, 2, 99, 100, 5_000].map((quantity) => ({ productId: PLAIN, skuId: '0', quantity }))
  const wares = await findWares(ctx, DEMO, asked)
  assert.deepEqual(
    wares.map((ware) => ware?.priceFen),
    [900, 900, 900, 750, 750],
  )
  // A price of its own stands whatever the steps.
  await stock(ctx, { [SHOES]: () => ({ priceRanges }) })
  assert.equal((await findWares(ctx, DEMO, [{ ...BLACK, quantity: 100 }]))[0]?.priceFen, 29_900)
})

test('a cart holds 200 lines, and the lines that are there can still grow', async (t) => {
  const { ctx, accountId } = await open(t)
  const { pool } = await testDatabase(t)
  await pool.query(
    `insert into cart_line (account_id, product_id, sku_id, quantity, selected, remark, seen_price_fen, added_at)
     select $1, 1, at::text, 1, true, '', 0, now() from generate_series(1, $2::integer) at`,
    [accountId, LINES_MAX - 1],
  )
  const results = await addManyToCart(ctx, DEMO, accountId, [
    { ...BLACK, quantity: 1 },
    { ...WHITE, quantity: 1 },
    { ...BLACK, quantity: 2 },
  ])
  const [first, second, third] = results
  assert.deepEqual(first, third)
  assert.equal(first instanceof DomainError || first?.quantity, 3)
  assert.throws(
    () => {
      throw second
    },
    refused('conflict', 'The cart is full: it holds 200 lines.'),
  )
  assert.equal(await clearCart(ctx, accountId), LINES_MAX)
  assert.deepEqual(await getCart(ctx, DEMO, accountId), { lines: [], totalFen: 0 })
})

test('nobody reaches the lines of another’s cart', async (t) => {
  const { ctx, accountId } = await open(t)
  const { id } = await addToCart(ctx, DEMO, accountId, { ...BLACK, quantity: 2 })
  const { twinId: other } = await seedAccount(ctx)
  const unknown = refused('not_found', 'Cart item not found')
  await assert.rejects(updateLine(ctx, DEMO, other, id, { quantity: 1 }), unknown)
  await assert.rejects(removeLine(ctx, other, id), unknown)
  await ctx.db.transaction().execute((tx) => removeLines(tx, other, [id]))
  assert.equal(await clearCart(ctx, other), 0)
  assert.equal((await getCart(ctx, DEMO, accountId)).lines[0]!.quantity, 2)
  await removeLine(ctx, accountId, id)
  await assert.rejects(removeLine(ctx, accountId, id), unknown)
})

test('an order takes the selected lines, and they are gone when it commits', async (t) => {
  const { ctx, accountId } = await open(t)
  const [, white] = await addManyToCart(ctx, DEMO, accountId, [
    { ...BLACK, quantity: 2, remark: 'gift' },
    { ...WHITE, quantity: 1 },
    { ...BAG, quantity: 3 },
  ])
  assert.ok(white && !(white instanceof DomainError))
  await updateLine(ctx, DEMO, accountId, white.id, { selected: false })
  await ctx.db.transaction().execute(async (tx) => {
    const taken = await takeSelected(tx, accountId)
    assert.deepEqual(
      taken.map(({ productId, skuId, quantity, remark }) => ({ productId, skuId, quantity, remark })),
      [
        { ...BLACK, quantity: 2, remark: 'gift' },
        { ...BAG, quantity: 3, remark: '' },
      ],
    )
    await removeLines(
      tx,
      accountId,
      taken.map(({ id }) => id),
    )
  })
  assert.deepEqual(
    (await getCart(ctx, DEMO, accountId)).lines.map(({ id }) => id),
    [white.id],
  )
})
