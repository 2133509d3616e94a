import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { creditAccount } from '../../../src/access/accounts/credit.ts'
import { runDueTimers } from '../../../src/events/timers/timers.ts'
import { TIMERS } from '../../../src/jobs.ts'
import { walletOf } from '../../../src/money/ledger/accounts.ts'
import { auditBooks } from '../../../src/money/ledger/audit.ts'
import { claimCoupon, createCoupon } from '../../../src/shopping/coupons/coupons.ts'
import { createAddress, deleteAddress } from '../../../src/shopping/customers/addresses.ts'
import { moveOrder } from '../../../src/shopping/orders/moves.ts'
import type { Move } from '../../../src/shopping/orders/order.ts'
import { seedKey } from '../../app.ts'
import { stock } from '../../shopping/cart/shelf.ts'
import { openTwo, raceFor } from './two-nodes.ts'

const ITEMS = [{ productId: 12345, skuId: 's002', quantity: 1 }]
const PAYABLE_FEN = 31_900 + 1_600

type Answer = { statusCode: number; body: string }

/** Two nodes, a shopper with so much money, and what can be done at once. */
async function open(t: TestContext, { fen = PAYABLE_FEN, max = 10 } = {}) {
  const { nodes, pool } = await openTwo(t, { max })
  const [{ ctx }] = nodes
  await stock(ctx)
  const { headers, account } = await seedKey(ctx, { style: 'sk' })
  const accountId = account.twinId
  const money = { currency: 'CNY', amountMinor: fen, reason: 'test', actor: 'test' } as const
  await creditAccount(ctx, { account, isSandbox: true, ...money })
  const post = (at: number, url: string, payload?: object, more: Record<string, string> = {}): Promise<Answer> =>
    nodes[at % 2]!.app.inject({
      method: 'POST',
      url: `/api/v1${url}`,
      headers: { ...headers, ...more },
      ...(payload && { payload }),
    })
  const order = (at: number, wish: object = {}, more?: Record<string, string>) =>
    post(at, '/orders', { items: ITEMS, ...wish }, more)
  const placed = async () => JSON.parse((await order(0)).body).data.orderNo as string
  const move = (at: number, orderNo: string, wanted: Move) => async (): Promise<Answer> => {
    const moved = moveOrder(nodes[at % 2]!.ctx, { orderNo, accountId: null, move: wanted, who: 'test' })
    return moved.then(
      () => ({ statusCode: 200, body: '' }),
      (error: { code?: string; message: string }) => ({
        statusCode: error.code === 'conflict' ? 409 : 500,
        body: error.message,
      }),
    )
  }
  const figures = async () => {
    const { rows } = await pool.query(
      `select balance_minor::int as balance, held_minor::int as held,
         (select count(*)::int from purchase_order where account_id = $2) as orders
       from ledger_account where code = $1`,
      [walletOf(accountId), accountId],
    )
    assert.deepEqual(await auditBooks(ctx.db), { sums: { USD: 0, CNY: 0 }, faults: [] })
    return rows[0] as { balance: number; held: number; orders: number }
  }
  const wallet = { text: 'select from ledger_account where code = $1 for update', value: walletOf(accountId) }
  const row = (orderNo: string) => ({
    text: 'select from purchase_order where order_no = $1 for update',
    value: orderNo,
  })
  return { nodes, pool, ctx, accountId, post, order, placed, move, figures, wallet, row }
}

const statusesOf = (answers: readonly Answer[]) => answers.map(({ statusCode }) => statusCode).sort((a, b) => a - b)
const times = <T>(count: number, make: (at: number) => T): T[] => Array.from({ length: count }, (_, at) => make(at))

test('of 50 orders on a wallet for one, one is placed', async (t) => {
  const { pool, order, figures, wallet } = await open(t, { max: 30 })
  const answers = await raceFor(
    pool,
    wallet,
    times(50, (at) => () => order(at)),
  )
  const [first, ...others] = statusesOf(answers)
  // On a machine that is busy some do not get a connection in time, and are told so.
  assert.ok(first === 201 && others.length === 49 && others.every((status) => status === 402 || status === 503))
  assert.ok(others.includes(402))
  assert.deepEqual(await figures(), { balance: PAYABLE_FEN, held: PAYABLE_FEN, orders: 1 })
})

test('the last use of a coupon is used by one order', async (t) => {
  const { pool, ctx, accountId, order, figures } = await open(t, { fen: 10 * PAYABLE_FEN })
  const terms = { type: 'fixed', value: 1_000, minOrderFen: 0, limitTotal: 1, limitPerCustomer: 1 } as const
  const expiresAt = new Date('2099-01-01T00:00:00Z')
  const coupon = await createCoupon(ctx, {
    ...terms,
    name: 'test',
    maxDiscountFen: null,
    expiresAt,
    isSandbox: true,
    actor: 'test',
  })
  await claimCoupon(ctx, { catalogue: 'demo' }, accountId, coupon.id)
  const claim = { text: 'select from coupon_claim where account_id = $1 for update', value: accountId }
  const answers = await raceFor(
    pool,
    claim,
    times(6, (at) => () => order(at, { couponId: coupon.id })),
  )
  assert.deepEqual(statusesOf(answers), [201, ...times(5, () => 409)])
  assert.deepEqual(await figures(), { balance: 10 * PAYABLE_FEN, held: PAYABLE_FEN - 1_000, orders: 1 })
})

test('a request that comes 20 times under one Idempotency-Key places one order', async (t) => {
  const { order, figures } = await open(t, { fen: 10 * PAYABLE_FEN })
  const first = await Promise.all(times(20, (at) => order(at, {}, { 'idempotency-key': 'once' })))
  assert.deepEqual(
    statusesOf(first).filter((status) => status !== 409 && status !== 201),
    [],
  )
  const later = await Promise.all(times(20, (at) => order(at, {}, { 'idempotency-key': 'once' })))
  assert.deepEqual(new Set(later.map(({ body }) => body)).size, 1)
  assert.deepEqual(
    statusesOf(later),
    times(20, () => 201),
  )
  assert.equal((await figures()).orders, 1)
})

test('cancelled or bought, never both', async (t) => {
  for (const first of ['cancel', 'purchase']) {
    const { pool, placed, move, post, figures, row } = await open(t)
    const orderNo = await placed()
    await move(0, orderNo, { name: 'accept', actor: 'staff', lineNo: null })()
    const cancel = () => post(0, `/orders/${orderNo}/cancel`)
    const purchase = move(1, orderNo, { name: 'purchase', actor: 'purchaser', lineNo: null })
    const answers = await raceFor(pool, row(orderNo), first === 'cancel' ? [cancel, purchase] : [purchase, cancel])
    assert.deepEqual(statusesOf(answers), [200, 409])
    const { balance, held } = await figures()
    const isCancelled = answers[first === 'cancel' ? 0 : 1]!.statusCode === 200
    assert.deepEqual([balance, held], [isCancelled ? PAYABLE_FEN : 0, 0])
  }
})

test('cancelled by the shopper or by time, and paid back once', async (t) => {
  const { nodes, pool, placed, post, figures, row } = await open(t)
  const orderNo = await placed()
  await pool.query(`update timer set due_at = '2020-01-01' where ref = $1 and kind = 'order.expire'`, [orderNo])
  const expire = async (): Promise<Answer> => {
    await runDueTimers(nodes[1].ctx, TIMERS)
    return { statusCode: 200, body: '' }
  }
  const [cancelled] = await raceFor(pool, row(orderNo), [() => post(0, `/orders/${orderNo}/cancel`), expire])
  assert.ok([200, 409].includes(cancelled!.statusCode))
  assert.deepEqual(await figures(), { balance: PAYABLE_FEN, held: 0, orders: 1 })
  const { rows } = await pool.query(
    `select from order_move join purchase_order o on o.id = order_id
     where order_no = $1 and move in ('cancel', 'expire')`,
    [orderNo],
  )
  assert.equal(rows.length, 1)
})

test('of many who cancel one order at once, one does', async (t) => {
  const { pool, placed, post, figures, row } = await open(t)
  const orderNo = await placed()
  const answers = await raceFor(
    pool,
    row(orderNo),
    times(6, (at) => () => post(at, `/orders/${orderNo}/cancel`)),
  )
  assert.deepEqual(statusesOf(answers), [200, ...times(5, () => 409)])
  assert.deepEqual(await figures(), { balance: PAYABLE_FEN, held: 0, orders: 1 })
})

test('an address that is deleted while it is ordered to: both happen in turn, or there is none', async (t) => {
  const { nodes, pool, ctx, accountId, order, figures } = await open(t)
  const { id } = await createAddress(ctx, accountId, {
    name: 'Kim Lee',
    phone: '+1-555-0123',
    country: 'US',
    state: 'California',
    city: 'Springfield',
    address: '12 Elm Street',
    zipCode: '90001',
  })
  const remove = async (): Promise<Answer> => {
    await deleteAddress(nodes[1].ctx, accountId, id)
    return { statusCode: 200, body: '' }
  }
  const address = { text: 'select from address where id = $1 for update', value: id }
  const [placed] = await raceFor(pool, address, [() => order(0, { addressId: id }), remove])
  assert.ok([201, 404].includes(placed!.statusCode), placed!.body)
  const isPlaced = placed!.statusCode === 201
  assert.deepEqual(await figures(), {
    balance: PAYABLE_FEN,
    held: isPlaced ? PAYABLE_FEN : 0,
    orders: isPlaced ? 1 : 0,
  })
})
