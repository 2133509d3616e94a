import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { creditAccount } from '../../../src/access/accounts/credit.ts'
import { walletOf } from '../../../src/money/ledger/accounts.ts'
import { createCoupon } from '../../../src/shopping/coupons/coupons.ts'
import { seedKey } from '../../app.ts'
import { stock } from '../../shopping/cart/shelf.ts'
import { openTwo, raceFor } from './two-nodes.ts'

// A process can die after its work is committed and before its answer is kept. So the answer is kept with the work.

const ITEM = { productId: 12345, skuId: 's002', quantity: 1 }
const ADDRESS = {
  name: 'R. Tester',
  phone: '555 0100',
  country: 'US',
  state: 'OR',
  city: 'Springfield',
  address: '1 Main Street',
  zipCode: '97477',
}

async function open(t: TestContext) {
  const { nodes, pool } = await openTwo(t)
  const [{ ctx }] = nodes
  await stock(ctx)
  const { headers, account } = await seedKey(ctx, { style: 'sk' })
  const money = { currency: 'CNY', amountMinor: 100_000, reason: 'test', actor: 'test' } as const
  await creditAccount(ctx, { account, isSandbox: true, ...money })
  const send = (at: 0 | 1, url: string, payload?: object, key = 'k') =>
    nodes[at].app.inject({
      method: 'POST',
      url: `/api/v1${url}`,
      headers: { ...headers, 'idempotency-key': key },
      ...(payload && { payload }),
    })
  return { ctx, pool, send, accountId: account.twinId }
}

const coupon = {
  name: 'Once',
  isSandbox: true,
  type: 'fixed',
  value: 100,
  minOrderFen: 0,
  maxDiscountFen: null,
  expiresAt: new Date('2099-01-01'),
  limitTotal: null,
  limitPerCustomer: 2,
  actor: 'test',
} as const

test('what must not be done twice is kept in one transaction with its answer, as it went out', async (t) => {
  const { ctx, pool, send, accountId } = await open(t)
  const { id: couponId } = await createCoupon(ctx, coupon)
  const { orderNo } = (await send(0, '/orders', { items: [ITEM] }, 'first')).json().data
  const calls = [
    { url: '/orders', payload: { items: [ITEM] }, rows: 'purchase_order where account_id = $1 order by id desc' },
    { url: `/orders/${orderNo}/cancel`, rows: `purchase_order where account_id = $1 and order_no = '${orderNo}'` },
    { url: '/cart/items', payload: ITEM, rows: 'cart_line where account_id = $1' },
    { url: '/cart/items/batch', payload: { items: [ITEM] }, rows: 'cart_line where account_id = $1' },
    { url: `/user/coupons/${couponId}/claim`, rows: 'coupon_claim where account_id = $1' },
    { url: '/user/addresses', payload: ADDRESS, rows: 'address where account_id = $1' },
  ]
  for (const { url, payload, rows } of calls) {
    await t.test(url, async () => {
      const answer = await send(0, url, payload, url)
      assert.ok(answer.statusCode < 300, answer.body)
      const made = await pool.query(`select xmin from ${rows} limit 1`, [accountId])
      const kept = await pool.query('select xmin, status, body from idempotency where key = $1', [url])
      assert.deepEqual(kept.rows, [{ xmin: made.rows[0].xmin, status: answer.statusCode, body: answer.body }])
      const again = await send(1, url, payload, url)
      assert.deepEqual([again.headers['idempotent-replayed'], again.body], ['true', answer.body])
    })
  }
})

test('a process that another has taken for dead undoes what it was about to do', async (t) => {
  const { pool, send, accountId } = await open(t)
  const wallet = { text: 'select from ledger_account where code = $1 for update', value: walletOf(accountId) }
  const takeOver = () => pool.query(`update idempotency set id = default where account_id = $1`, [accountId])
  const [answer] = await raceFor(pool, wallet, [() => send(0, '/orders', { items: [ITEM] })], takeOver)
  assert.deepEqual(answer!.json(), {
    statusCode: 409,
    message: 'Another process has taken up this request; send it again.',
    error: 'Conflict',
  })
  const { rows } = await pool.query(
    `select (select count(*)::int from purchase_order where account_id = $1) as orders,
       (select held_minor::int from ledger_account where code = $2) as held`,
    [accountId, walletOf(accountId)],
  )
  assert.deepEqual(rows, [{ orders: 0, held: 0 }])
})
