import { test, type TestContext } from 'node:test'
import { createAccount } from '../../../src/access/accounts/accounts.ts'
import { creditAccount } from '../../../src/access/accounts/credit.ts'
import { createKey } from '../../../src/access/keys/keys.ts'
import type { Scope } from '../../../src/access/keys/scopes.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { createCoupon } from '../../../src/shopping/coupons/coupons.ts'
import { moveOrder } from '../../../src/shopping/orders/moves.ts'
import type { Move } from '../../../src/shopping/orders/order.ts'
import { assertAnswer, testApp } from '../../app.ts'
import { testDatabase } from '../../database.ts'
import { stock } from '../../shopping/cart/shelf.ts'

// The contract's examples with their ids, figures and sentences; names and titles are ours. What stands word for word in the
// test of its own route is not repeated here: the products, the wallet's balance, 401 and 429.

type World = Awaited<ReturnType<typeof open>>

const TITLE = 'Cushioned leather running shoes'
const PICTURE = 'http://haul.test/media/demo/v2/6789012345'
const SHOES = { productId: '12345', skuId: 's001', quantity: 2 }
const COUPON = {
  name: 'New customers',
  minOrderFen: 20_000,
  maxDiscountFen: null,
  expiresAt: new Date('2024-03-01T00:00:00Z'),
  limitTotal: null,
  limitPerCustomer: 1,
  isSandbox: true,
  actor: 'test',
}

async function open(t: TestContext) {
  let now = new Date('2024-01-01T00:00:00Z')
  const { app, ctx } = await testApp(t, {}, { clock: { ...systemClock, now: () => now } })
  const { pool } = await testDatabase(t)
  await stock(ctx)
  // The documented products are the demo's, which sandboxes buy: so the documented account is one.
  await pool.query('alter table account alter column id restart with 1000')
  const account = await createAccount(ctx, 'Ada Moss')
  const money = { currency: 'CNY', amountMinor: 200_000, reason: 'test', actor: 'test' } as const
  await creditAccount(ctx, { account, isSandbox: true, ...money })
  const callWith = async (scopes?: Scope[]) => {
    const { key } = await createKey(ctx, { account, style: 'sk', mode: 'test', ...(scopes && { scopes }) })
    const headers = { authorization: `Bearer ${key}` }
    return async (method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: object) =>
      app.inject({ method, url: `/api/v1${path}`, headers, ...(body && { payload: body }) })
  }
  return {
    ctx,
    call: await callWith(),
    callWith,
    setTime: (text: string) => (now = new Date(text)),
    /** The next row of a table has this id. */
    nextId: (table: string, id: number) => pool.query(`alter table ${table} alter column id restart with ${id}`),
    act: (orderNo: string, move: Move) => moveOrder(ctx, { orderNo, accountId: null, move, who: 'test' }),
  }
}

test('the examples of the contract', async (t) => {
  const world = await open(t)
  await t.test('profile and addresses', () => person(world))
  await t.test('favourites', () => favorites(world))
  await t.test('coupons', () => coupons(world))
  await t.test('cart', () => cart(world))
  await t.test('cart, several at once', () => batch(world))
  await t.test('orders', () => orders(world))
  await t.test('a cancelled order', () => cancelled(world))
  await t.test('a scope that is missing', () => refused(world))
})

async function person({ call }: World) {
  const person = { username: 'ada_moss', email: 'ada@example.test', avatar: 'https://pictures.test/ada.webp' }
  const profile = { id: 1001, ...person, language: 'en', createdAt: '2024-01-01T00:00:00Z' }
  assertAnswer(await call('PUT', '/user/profile', person), 200, { data: profile })
  assertAnswer(await call('GET', '/user/profile'), 200, { data: profile })

  const home = {
    name: 'Ada Moss',
    phone: '+1-555-0123',
    country: 'US',
    state: 'California',
    city: 'Los Angeles',
    address: '123 Main St',
    zipCode: '90001',
  }
  const address = { id: 10, ...home, isDefault: true }
  assertAnswer(await call('POST', '/user/addresses', home), 201, { data: address })
  assertAnswer(await call('GET', '/user/addresses'), 200, { data: [address] })
  const moved = { ...address, address: '125 Main St' }
  assertAnswer(await call('PUT', '/user/addresses/10', { address: '125 Main St' }), 200, { data: moved })
  assertAnswer(await call('DELETE', '/user/addresses/10'), 200, { data: { message: 'Address deleted' } })
}

async function favorites({ call, nextId, setTime }: World) {
  setTime('2024-01-10T12:00:00Z')
  await nextId('favorite', 5)
  const shown = { title: TITLE, price: 299, imageUrl: `${PICTURE}-1.webp` }
  const favorite = { id: 5, productId: 12345, ...shown, addedAt: '2024-01-10T12:00:00Z' }
  assertAnswer(await call('POST', '/user/favorites', { productId: '12345' }), 201, { data: favorite })
  assertAnswer(await call('GET', '/user/favorites'), 200, { data: { items: [favorite], total: 1 } })
  assertAnswer(await call('DELETE', '/user/favorites/5'), 200, { data: { message: 'Favorite removed' } })
}

async function coupons({ ctx, call }: World) {
  await createCoupon(ctx, { ...COUPON, type: 'percentage', value: 10 })
  const terms = { name: 'New customers', type: 'percentage', value: 10, minOrderAmount: 200 }
  const coupon = { id: 50, ...terms, expiresAt: '2024-03-01T00:00:00Z' }
  assertAnswer(await call('GET', '/user/coupons/available'), 200, { data: [coupon] })
  const claimed = { ...coupon, status: 'claimed', claimedAt: '2024-01-10T12:00:00Z' }
  assertAnswer(await call('POST', '/user/coupons/50/claim'), 201, { data: claimed })
  assertAnswer(await call('GET', '/user/coupons/my'), 200, { data: [claimed] })
}

async function cart({ call }: World) {
  await call('POST', '/cart/items', SHOES)
  const item = {
    id: 501,
    productId: 12345,
    title: TITLE,
    skuId: 's001',
    skuName: 'Black / US 9',
    price: 299,
    quantity: 2,
  }
  const items = [{ ...item, imageUrl: `${PICTURE}-2.webp`, selected: true, stock: 50, remark: '' }]
  assertAnswer(await call('GET', '/cart'), 200, { data: { items, totalItems: 1, totalAmount: 598 } })
  assertAnswer(await call('POST', '/cart/items', { ...SHOES, remark: 'Size US 9' }), 201, {
    data: { id: 502, productId: 12345, skuId: 's001', quantity: 2, message: 'Item added to cart' },
  })
  assertAnswer(await call('PATCH', '/cart/items/502', { quantity: 3, selected: true }), 200, {
    data: { id: 502, quantity: 3, selected: true, message: 'Cart item updated' },
  })
  assertAnswer(await call('DELETE', '/cart/items/502'), 200, { data: { message: 'Item removed' } })
  assertAnswer(await call('DELETE', '/cart'), 200, { data: { message: 'Cart cleared' } })
}

async function batch({ call, nextId }: World) {
  await nextId('cart_line', 502)
  const items = [SHOES, { productId: '67890', skuId: 's010', quantity: 1 }]
  assertAnswer(await call('POST', '/cart/items/batch', { items }), 201, {
    data: {
      added: 2,
      items: [
        { id: 502, productId: '12345' },
        { id: 503, productId: '67890' },
      ],
    },
  })
}

async function orders({ call, act, setTime }: World) {
  setTime('2024-01-15T08:30:00Z')
  const wish = { items: [{ ...SHOES, remark: 'Check quality' }], remark: 'Handle with care' }
  const wanted = { productId: 12345, title: TITLE, skuId: 's001', skuName: 'Black / US 9', price: 299, quantity: 2 }
  const item = { lineNo: 1, ...wanted, remark: 'Check quality', imageUrl: `${PICTURE}-2.webp` }
  const no = 'ORD-20240115-001'
  const amounts = { totalAmount: 598, serviceFee: 30, discount: 0, payable: 628, currency: 'CNY' }
  const order = { orderNo: no, ...amounts, remark: 'Handle with care', createdAt: '2024-01-15T08:30:00Z' }
  const pending = { status: 'pending', items: [{ ...item, state: 'placed' }], allowedActions: ['cancel'] }
  assertAnswer(await call('POST', '/orders', wish), 201, { data: { ...order, ...pending } })
  assertAnswer(await call('GET', `/orders/${no}/logistics`), 200, { data: null })
  assertAnswer(await call('GET', `/orders/${no}/inspection`), 200, { data: null })

  await act(no, { name: 'accept', actor: 'staff', lineNo: null })
  await act(no, { name: 'purchase', actor: 'purchaser', lineNo: 1 })
  await act(no, { name: 'dispatch', actor: 'seller', lineNo: 1, trackingNo: 'SF1234567890', carrier: 'SF Express' })
  setTime('2024-01-18T10:00:00Z')
  await act(no, { name: 'arrive', actor: 'warehouse', lineNo: 1 })
  const photo = `/media/p/00/${'0'.repeat(64)}.webp`
  const found = { result: 'passed', weightGrams: 850, photos: [photo] }
  await act(no, { name: 'inspect', actor: 'warehouse', lineNo: 1, inspection: found })

  const logistics = { trackingNo: 'SF1234567890', carrier: 'SF Express' }
  const inspection = { result: 'passed', weight: 850, photos: [`http://haul.test${photo}`] }
  const arrived = { status: 'in_warehouse', items: [{ ...item, state: 'arrived' }], allowedActions: [] }
  const updatedAt = '2024-01-18T10:00:00Z'
  assertAnswer(await call('GET', `/orders/${no}`), 200, {
    data: { ...order, ...arrived, platform: 'taobao', logistics, inspection, updatedAt },
  })
  const status = { orderNo: no, status: 'in_warehouse', updatedAt }
  assertAnswer(await call('GET', `/orders/${no}/status`), 200, { data: status })
  assertAnswer(await call('GET', `/orders/${no}/logistics`), 200, { data: logistics })
  assertAnswer(await call('GET', `/orders/${no}/inspection`), 200, { data: inspection })
  const row = { orderNo: no, status: 'in_warehouse', totalAmount: 598, itemCount: 1, createdAt: order.createdAt }
  assertAnswer(await call('GET', '/orders?page=1&limit=10&status=in_warehouse'), 200, {
    data: { items: [row], total: 1, page: 1, limit: 10 },
  })
}

/** One pair costs 299 and its fee of 15, which a coupon takes off again. */
async function cancelled({ ctx, call, setTime }: World) {
  setTime('2024-01-15T09:00:00Z')
  const { id: couponId } = await createCoupon(ctx, { ...COUPON, type: 'fixed', value: 1_500 })
  await call('POST', `/user/coupons/${couponId}/claim`)
  await call('POST', '/orders', { items: [{ ...SHOES, quantity: 1 }], couponId })
  assertAnswer(await call('POST', '/orders/ORD-20240115-002/cancel', { reason: 'Changed my mind' }), 200, {
    data: { orderNo: 'ORD-20240115-002', status: 'cancelled', refundAmount: 299, message: 'Order cancelled' },
  })
}

async function refused({ callWith }: World) {
  const call = await callWith(['products:read', 'cart:read'])
  assertAnswer(await call('POST', '/orders', { items: [SHOES] }), 403, {
    statusCode: 403,
    message: 'Insufficient scope. Required: orders:write. Your key has: products:read, cart:read',
    error: 'Forbidden',
  })
}
