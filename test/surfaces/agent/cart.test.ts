import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { createKey } from '../../../src/access/keys/keys.ts'
import { BACKPACK, SHOES, sku, stock } from '../../shopping/cart/shelf.ts'
import { assertAnswer, seedKey, testApp } from '../../app.ts'
import { openTwo, raceFor } from './two-nodes.ts'

const CART = '/api/v1/cart'
const ITEMS = '/api/v1/cart/items'
const BLACK = { productId: '12345', skuId: 's001', quantity: 2 }
/** What the cart's own lock is, by the account. */
const lockOf = (accountId: number) => ({
  text: 'select pg_advisory_xact_lock(731905030, hashint8($1::bigint))',
  value: accountId,
})

type Headers = Record<string, string>
type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE'

function caller(app: FastifyInstance, headers: Headers) {
  return (method: Method, url: string, payload?: object) =>
    app.inject({ method, url, headers, ...(payload && { payload }) })
}

async function open(t: TestContext) {
  const { app, ctx } = await testApp(t)
  await stock(ctx)
  const { headers, account } = await seedKey(ctx, { style: 'sk' })
  return { app, ctx, headers, account, call: caller(app, headers) }
}

const refusal = (statusCode: number, message: string | string[], error: string) => ({ statusCode, message, error })
const unknownItem = refusal(404, 'Cart item not found', 'Not Found')

test('the documented examples, from the first item to the empty cart', async (t) => {
  const { call } = await open(t)
  const added = await call('POST', ITEMS, BLACK)
  const { id } = added.json().data
  assertAnswer(added, 201, {
    data: { id, productId: 12345, skuId: 's001', quantity: 2, message: 'Item added to cart' },
  })
  const line = {
    id,
    productId: 12345,
    title: 'Cushioned leather running shoes',
    skuId: 's001',
    skuName: 'Black / US 9',
    price: 299,
    quantity: 2,
    imageUrl: 'http://haul.test/media/demo/v2/6789012345-2.webp',
    selected: true,
    stock: 50,
    remark: '',
  }
  assertAnswer(await call('GET', CART), 200, { data: { items: [line], totalItems: 1, totalAmount: 598 } })

  const remarked = await call('POST', ITEMS, { ...BLACK, remark: 'Size US 9' })
  const second = remarked.json().data.id
  assert.ok(second > id)
  assertAnswer(remarked, 201, {
    data: { id: second, productId: 12345, skuId: 's001', quantity: 2, message: 'Item added to cart' },
  })
  assertAnswer(await call('PATCH', `${ITEMS}/${second}`, { quantity: 3, selected: true }), 200, {
    data: { id: second, quantity: 3, selected: true, message: 'Cart item updated' },
  })
  assertAnswer(await call('DELETE', `${ITEMS}/${second}`), 200, { data: { message: 'Item removed' } })
  assertAnswer(await call('DELETE', `${ITEMS}/${second}`), 404, unknownItem)

  const batch = await call('POST', `${ITEMS}/batch`, {
    items: [BLACK, { productId: '67890', skuId: 's010', quantity: 1 }],
  })
  const [, bag] = batch.json().data.items
  assertAnswer(batch, 201, {
    data: {
      added: 2,
      items: [
        { id, productId: '12345' },
        { id: bag.id, productId: '67890' },
      ],
    },
  })
  const { totalItems, totalAmount } = (await call('GET', CART)).json().data
  assert.deepEqual({ totalItems, totalAmount }, { totalItems: 2, totalAmount: 4 * 299 + 189 })
  assertAnswer(await call('PATCH', `${ITEMS}/${id}`, { selected: false }), 200, {
    data: { id, quantity: 4, selected: false, message: 'Cart item updated' },
  })
  assert.equal((await call('GET', CART)).json().data.totalAmount, 189)

  assertAnswer(await call('DELETE', CART), 200, { data: { message: 'Cart cleared' } })
  assertAnswer(await call('GET', CART), 200, { data: { items: [], totalItems: 0, totalAmount: 0 } })
})

test('a product’s number is taken as a number too; in a batch each line has its own result', async (t) => {
  const { call } = await open(t)
  const added = await call('POST', ITEMS, { ...BLACK, productId: 12_345 })
  const { id } = added.json().data
  assertAnswer(added, 201, {
    data: { id, productId: 12345, skuId: 's001', quantity: 2, message: 'Item added to cart' },
  })
  const batch = await call('POST', `${ITEMS}/batch`, {
    items: [
      { ...BLACK, productId: 12_345, quantity: 49 },
      { ...BLACK, skuId: 's009' },
      { ...BLACK, productId: '000999' },
      { ...BLACK, quantity: 48 },
    ],
  })
  assertAnswer(batch, 201, {
    data: {
      added: 1,
      items: [
        { productId: '12345', error: 'Only 50 of SKU s001 are in stock.' },
        { productId: '12345', error: 'SKU s009 of product 12345 is not on sale.' },
        { productId: '000999', error: 'SKU s001 of product 999 is not on sale.' },
        { id, productId: '12345' },
      ],
    },
  })
  assert.equal((await call('GET', CART)).json().data.items[0].quantity, 50)
})

test('what changed since the cart was read last is told once', async (t) => {
  const { ctx, call } = await open(t)
  await call('POST', ITEMS, BLACK)
  await stock(ctx, { [SHOES]: sku('s001', { priceFen: 30_050, stock: 1 }) })
  const told = async () => {
    const { items, totalAmount } = (await call('GET', CART)).json().data
    const [{ price, stock, changes }] = items
    return { price, stock, changes, totalAmount }
  }
  const now = { price: 300.5, stock: 1, totalAmount: 0 }
  assert.deepEqual(await told(), {
    ...now,
    changes: [
      { kind: 'price', from: 299, to: 300.5 },
      { kind: 'stock', stock: 1 },
    ],
  })
  assert.deepEqual(await told(), { ...now, changes: undefined })
  await stock(ctx, { [SHOES]: ({ skus }) => ({ skus: skus.slice(1) }) })
  assert.deepEqual(await told(), { ...now, stock: 0, changes: [{ kind: 'gone' }] })
})

/** As they are written in JSON. */
const WRONG_QUANTITIES = ['0', '-1', '1.5', '1e309', '9007199254740993', '10000', '"2"', '[2]', '{}', 'null', 'true']

test('quantities that are none are refused, and nothing is added', async (t) => {
  const { app, call, headers } = await open(t)
  const { id } = (await call('POST', ITEMS, BLACK)).json().data
  const before = (await call('GET', CART)).json()
  const requests = (quantity: string): [Method, string, string][] => [
    ['POST', ITEMS, `{"productId":"12345","skuId":"s002","quantity":${quantity}}`],
    [
      'POST',
      `${ITEMS}/batch`,
      `{"items":[{"productId":"12345","skuId":"s002","quantity":1},
        {"productId":"12345","skuId":"s002","quantity":${quantity}}]}`,
    ],
    ['PATCH', `${ITEMS}/${id}`, `{"quantity":${quantity}}`],
  ]
  for (const quantity of WRONG_QUANTITIES) {
    for (const [method, url, payload] of requests(quantity)) {
      const answer = await app.inject({
        method,
        url,
        payload,
        headers: { ...headers, 'content-type': 'application/json' },
      })
      const { message } = answer.json()
      assertAnswer(answer, 400, refusal(400, message, 'Bad Request'))
      assert.match(message[0], /quantity must be (?:integer|>= 1|<= 9999)\.$/, `${quantity} ${url}`)
    }
  }
  assert.deepEqual((await call('GET', CART)).json(), before)
})

test('bodies that are not as documented are refused', async (t) => {
  const { call } = await open(t)
  const { id } = (await call('POST', ITEMS, BLACK)).json().data
  const wrong: [Method, string, object][] = [
    ['POST', ITEMS, {}],
    ['POST', ITEMS, { ...BLACK, productId: undefined }],
    ['POST', ITEMS, { ...BLACK, productId: 1.5 }],
    ['POST', ITEMS, { ...BLACK, productId: -1 }],
    ['POST', ITEMS, { ...BLACK, productId: 'abc' }],
    ['POST', ITEMS, { ...BLACK, productId: ['12345'] }],
    ['POST', ITEMS, { ...BLACK, skuId: undefined }],
    ['POST', ITEMS, { ...BLACK, skuId: 's'.repeat(101) }],
    ['POST', ITEMS, { ...BLACK, remark: 'x'.repeat(501) }],
    ['POST', ITEMS, { ...BLACK, remark: { text: 'x' } }],
    ['POST', `${ITEMS}/batch`, {}],
    ['POST', `${ITEMS}/batch`, { items: [] }],
    ['POST', `${ITEMS}/batch`, { items: Array.from({ length: 51 }, () => BLACK) }],
    ['POST', `${ITEMS}/batch`, { items: [null] }],
    ['PATCH', `${ITEMS}/${id}`, {}],
    ['PATCH', `${ITEMS}/${id}`, { price: 1 }],
    ['PATCH', `${ITEMS}/${id}`, { selected: 'true' }],
    ['PATCH', `${ITEMS}/${id}`, { selected: 1 }],
    ['PATCH', `${ITEMS}/abc`, { quantity: 1 }],
  ]
  for (const [method, url, payload] of wrong) {
    const answer = await call(method, url, payload)
    assertAnswer(answer, 400, refusal(400, answer.json().message, 'Bad Request'))
  }
  assertAnswer(
    await call('PATCH', `${ITEMS}/${id}`, {}),
    400,
    refusal(400, ['Send quantity, selected or both.'], 'Bad Request'),
  )
})

test('what cannot be added says why; fields that are not the caller’s to set change nothing', async (t) => {
  const { ctx, call } = await open(t)
  const gone = refusal(404, 'SKU s009 of product 12345 is not on sale.', 'Not Found')
  assertAnswer(await call('POST', ITEMS, { ...BLACK, skuId: 's009' }), 404, gone)
  const few = refusal(409, 'Only 50 of SKU s001 are in stock.', 'Conflict')
  assertAnswer(await call('POST', ITEMS, { ...BLACK, quantity: 51 }), 409, few)
  await stock(ctx, { [BACKPACK]: () => ({ minimumOrder: 3 }) })
  const least = "quantity of SKU s010 must be at least 3, the seller's minimum order."
  const bag = { productId: 67_890, skuId: 's010', quantity: 2 }
  assertAnswer(await call('POST', ITEMS, bag), 400, refusal(400, [least], 'Bad Request'))

  const mine = { id: 1, price: 0.01, accountId: 1, selected: false, stock: 9_999, seen_price_fen: 1 }
  const { id } = (await call('POST', ITEMS, { ...BLACK, ...mine })).json().data
  await call('PATCH', `${ITEMS}/${id}`, { ...mine, selected: true, quantity: 1 })
  const [line] = (await call('GET', CART)).json().data.items
  assert.deepEqual([line.id, line.price, line.selected, line.stock, line.quantity], [id, 299, true, 50, 1])
})

test('an item of another’s cart is answered as one that there is not, also across the modes of one account', async (t) => {
  const { app, ctx, call, account } = await open(t)
  const { id } = (await call('POST', ITEMS, BLACK)).json().data
  const stranger = await seedKey(ctx, { style: 'sk' })
  const { key } = await createKey(ctx, { account, style: 'sk', mode: 'live' })
  for (const headers of [stranger.headers, { authorization: `Bearer ${key}` }]) {
    const other = caller(app, headers)
    for (const item of [id, 999_999]) {
      assertAnswer(await other('PATCH', `${ITEMS}/${item}`, { quantity: 1 }), 404, unknownItem)
      assertAnswer(await other('DELETE', `${ITEMS}/${item}`), 404, unknownItem)
    }
    assertAnswer(await other('GET', CART), 200, { data: { items: [], totalItems: 0, totalAmount: 0 } })
    await other('DELETE', CART)
  }
  assert.equal((await call('GET', CART)).json().data.items[0].quantity, 2)
})

test('race: adds of one sku at once, on two nodes, are one line with the sum of them', async (t) => {
  const { nodes, pool } = await openTwo(t)
  const [{ ctx }] = nodes
  await stock(ctx)
  const { headers, account } = await seedKey(ctx, { style: 'sk' })
  const calls = [...nodes, ...nodes].map(
    ({ app }) =>
      () =>
        caller(app, headers)('POST', ITEMS, BLACK),
  )
  const answers = await raceFor(pool, lockOf(account.twinId), calls)
  assert.deepEqual(
    answers.map((answer) => [answer.statusCode, answer.json().data?.quantity]).sort(([, a], [, b]) => a - b),
    [2, 4, 6, 8].map((quantity) => [201, quantity]),
  )
  const { items } = (await caller(nodes[0].app, headers)('GET', CART)).json().data
  assert.deepEqual(
    items.map(({ id, quantity }: { id: number; quantity: number }) => ({ id, quantity })),
    [{ id: answers[0]!.json().data.id, quantity: 8 }],
  )
})

test('race: the last of the stock, and the last line of a full cart, are taken once', async (t) => {
  const { nodes, pool } = await openTwo(t)
  const [{ ctx }] = nodes
  await stock(ctx)
  const { headers, account } = await seedKey(ctx, { style: 'sk' })
  const race = (payloads: object[]) =>
    raceFor(
      pool,
      lockOf(account.twinId),
      payloads.map((payload, at) => () => caller(nodes[at % 2]!.app, headers)('POST', ITEMS, payload)),
    )
  const statuses = (answers: { statusCode: number }[]) =>
    answers.map(({ statusCode }) => statusCode).sort((a, b) => a - b)
  const most = { ...BLACK, quantity: 50 }
  assert.deepEqual(
    statuses(
      await race([
        { ...most, remark: 'a' },
        { ...most, remark: 'b' },
      ]),
    ),
    [201, 409],
  )

  await pool.query(
    `insert into cart_line (account_id, product_id, sku_id, quantity, selected, remark, seen_price_fen, added_at)
     select $1, 1, at::text, 1, true, '', 0, now() from generate_series(1, 198) at`,
    [account.twinId],
  )
  const white = { ...BLACK, skuId: 's002' }
  assert.deepEqual(statuses(await race([white, { productId: 67_890, skuId: 's010', quantity: 1 }])), [201, 409])
  assert.equal((await caller(nodes[0].app, headers)('GET', CART)).json().data.totalItems, 200)
})
