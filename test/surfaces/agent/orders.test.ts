import assert from 'node:assert/strict'
import { sql } from 'kysely'
import { test, type TestContext } from 'node:test'
import { creditAccount } from '../../../src/access/accounts/credit.ts'
import type { Account } from '../../../src/access/accounts/accounts.ts'
import type { Ctx } from '../../../src/ctx.ts'
import { runDueTimers } from '../../../src/events/timers/timers.ts'
import { TIMERS } from '../../../src/jobs.ts'
import { auditBooks } from '../../../src/money/ledger/audit.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { voidHold } from '../../../src/money/ledger/holds.ts'
import { moveOrder } from '../../../src/shopping/orders/moves.ts'
import type { Move } from '../../../src/shopping/orders/order.ts'
import { assertAnswer, seedKey, testApp } from '../../app.ts'
import { stock } from '../../shopping/cart/shelf.ts'

const START = '2024-01-15T08:30:00Z'
const WISH = {
  items: [{ productId: '12345', skuId: 's001', quantity: 2, remark: 'Check quality' }],
  remark: 'Handle with care',
}
const ITEM = {
  lineNo: 1,
  productId: 12345,
  title: 'Cushioned leather running shoes',
  skuId: 's001',
  skuName: 'Black / US 9',
  price: 299,
  quantity: 2,
  remark: 'Check quality',
  imageUrl: 'http://haul.test/media/demo/v2/6789012345-2.webp',
}

async function open(t: TestContext, { fen = 200_000 } = {}) {
  let atMs = Date.parse(START)
  const clock = { ...systemClock, now: () => new Date(atMs) }
  const advance = (ms: number) => (atMs += ms)
  const { app, ctx } = await testApp(t, {}, { clock })
  await stock(ctx)
  const { headers, account } = await seedKey(ctx, { style: 'sk' })
  await credit(ctx, account, fen)
  const call = (method: 'GET' | 'POST', url: string, payload?: object) =>
    app.inject({ method, url: `/api/v1${url}`, headers, ...(payload && { payload }) })
  const act = (orderNo: string, move: Move) => moveOrder(ctx, { orderNo, accountId: null, move, who: 'test' })
  const wallet = async () => (await call('GET', '/user/wallet/balance')).json().data
  return { app, ctx, advance, headers, call, act, wallet }
}

async function credit(ctx: Ctx, account: Account, amountMinor: number): Promise<void> {
  const money = { currency: 'CNY', amountMinor, reason: 'test' } as const
  if (amountMinor > 0) await creditAccount(ctx, { account, isSandbox: true, ...money, actor: 'test' })
}

const refusal = (statusCode: number, message: string | string[], error: string) => ({ statusCode, message, error })

test('the documented order, from its preview to the warehouse, and the money with it', async (t) => {
  const { ctx, advance, call, act, wallet } = await open(t)
  const amounts = { totalAmount: 598, serviceFee: 30, discount: 0, payable: 628, currency: 'CNY' }
  const preview = await call('POST', '/orders/preview', WISH)
  const { quoteId } = preview.json().data
  assertAnswer(preview, 200, { data: { quoteId, expiresAt: '2024-01-15T08:45:00Z', ...amounts, items: [ITEM] } })

  const created = await call('POST', '/orders', { quoteId })
  const head = {
    orderNo: 'ORD-20240115-001',
    status: 'pending',
    ...amounts,
    items: [{ ...ITEM, state: 'placed' }],
    remark: 'Handle with care',
    allowedActions: ['cancel'],
    createdAt: START,
  }
  assertAnswer(created, 201, { data: head })
  assert.deepEqual([(await wallet()).balance, (await wallet()).frozenBalance], [2000, 628])
  assertAnswer(await call('POST', '/orders', { quoteId }), 409, {
    ...refusal(409, 'This quote has become an order already.', 'Conflict'),
  })

  const no = 'ORD-20240115-001'
  advance(10 * 60_000)
  assert.equal(await runDueTimers(ctx, TIMERS), 1)
  assertAnswer(await call('GET', `/orders/${no}/status`), 200, {
    data: { orderNo: no, status: 'paid', updatedAt: '2024-01-15T08:40:00Z' },
  })
  await act(no, { name: 'purchase', actor: 'purchaser', lineNo: 1 })
  assert.deepEqual([(await wallet()).balance, (await wallet()).frozenBalance], [1372, 0])
  assertAnswer(await call('GET', `/orders/${no}/logistics`), 200, { data: null })
  await act(no, { name: 'dispatch', actor: 'seller', lineNo: null, trackingNo: 'SF1234567890', carrier: 'SF Express' })
  await act(no, { name: 'arrive', actor: 'warehouse', lineNo: 1 })
  const photos = [`/media/p/00/${'0'.repeat(64)}.webp`]
  const inspection = { result: 'passed', weightGrams: 850, photos }
  await act(no, { name: 'inspect', actor: 'warehouse', lineNo: 1, inspection })

  const { data: detail } = (await call('GET', `/orders/${no}`)).json()
  const logistics = { trackingNo: 'SF1234567890', carrier: 'SF Express' }
  const seen = { result: 'passed', weight: 850, photos: photos.map((path) => `http://haul.test${path}`) }
  assert.deepEqual(detail, {
    ...head,
    status: 'in_warehouse',
    items: [{ ...ITEM, state: 'arrived' }],
    allowedActions: [],
    platform: 'taobao',
    logistics,
    inspection: seen,
    updatedAt: '2024-01-15T08:40:00Z',
  })
  assertAnswer(await call('GET', `/orders/${no}/logistics`), 200, { data: logistics })
  assertAnswer(await call('GET', `/orders/${no}/inspection`), 200, { data: seen })
  const row = { orderNo: no, status: 'in_warehouse', totalAmount: 598, itemCount: 1, createdAt: START }
  assertAnswer(await call('GET', '/orders?page=1&limit=10&status=in_warehouse'), 200, {
    data: { items: [row], total: 1, page: 1, limit: 10 },
  })
  assertAnswer(await call('GET', '/orders?status=pending'), 200, { data: { items: [], total: 0, page: 1, limit: 20 } })
  assert.deepEqual(await auditBooks(ctx.db), { sums: { USD: 0, CNY: 0 }, faults: [] })
})

test('a cancelled order gives back what its dry run said, once', async (t) => {
  const { ctx, call, wallet } = await open(t)
  const { orderNo } = (await call('POST', '/orders', WISH)).json().data
  const cancel = (query = '') => call('POST', `/orders/${orderNo}/cancel${query}`, { reason: 'Changed my mind' })
  const told = { orderNo, status: 'cancelled', refundAmount: 628 }
  assertAnswer(await cancel('?dry_run=true'), 200, { data: { ...told, message: 'Order can be cancelled' } })
  assert.equal((await wallet()).frozenBalance, 628)
  assertAnswer(await cancel(), 200, { data: { ...told, message: 'Order cancelled' } })
  assert.deepEqual([(await wallet()).balance, (await wallet()).frozenBalance], [2000, 0])
  const again = await cancel()
  assert.equal(again.statusCode, 409, again.body)
  assert.deepEqual(await auditBooks(ctx.db), { sums: { USD: 0, CNY: 0 }, faults: [] })
})

test('an order that the wallet does not cover leaves nothing behind', async (t) => {
  const { ctx, call } = await open(t, { fen: 62_799 })
  const answer = await call('POST', '/orders', WISH)
  assert.equal(answer.statusCode, 402, answer.body)
  assertAnswer(await call('GET', '/orders'), 200, { data: { items: [], total: 0, page: 1, limit: 20 } })
  assert.deepEqual(await auditBooks(ctx.db), { sums: { USD: 0, CNY: 0 }, faults: [] })
})

test('an order that is pending for too long ends by itself', async (t) => {
  const { ctx, advance, call, act, wallet } = await open(t)
  const { orderNo } = (await call('POST', '/orders', WISH)).json().data
  await act(orderNo, { name: 'ask', actor: 'purchaser', lineNo: 1, reason: 'Which box?' })
  advance(73 * 3_600_000)
  await runDueTimers(ctx, TIMERS)
  await runDueTimers(ctx, TIMERS)
  assert.equal((await call('GET', `/orders/${orderNo}/status`)).json().data.status, 'cancelled')
  assert.equal((await wallet()).frozenBalance, 0)
})

test("somebody else's order is one that there is not", async (t) => {
  const { app, ctx, call } = await open(t)
  const { orderNo } = (await call('POST', '/orders', WISH)).json().data
  const { headers } = await seedKey(ctx, { style: 'sk' })
  const ways = [
    ['GET', ''],
    ['GET', '/status'],
    ['GET', '/logistics'],
    ['GET', '/inspection'],
    ['POST', '/cancel'],
    ['POST', '/actions', { action: 'answer', reason: 'yes' }],
  ] as const
  for (const [method, rest, payload] of ways) {
    const url = `/api/v1/orders/${orderNo}${rest}`
    const theirs = await app.inject({ method, url, headers, ...(payload && { payload }) })
    assertAnswer(theirs, 404, refusal(404, `There is no order ${orderNo}.`, 'Not Found'))
  }
  assert.equal((await call('GET', `/orders/${orderNo}/status`)).json().data.status, 'pending')
})

test('every state with its moves is published, for anybody', async (t) => {
  const { call } = await open(t, { fen: 0 })
  const { data } = (await call('GET', '/orders/states')).json()
  assert.deepEqual(
    data.map(({ status }: { status: string }) => status),
    ['pending', 'paid', 'purchased', 'shipped_to_warehouse', 'in_warehouse', 'completed', 'cancelled'],
  )
})

const wrongQuantities = ['0', '-1', '1.5', '1e309', '9007199254740993', '"2"', '[1]', '{}', 'null', 'true', '10000']

test('a quantity that is no whole number from 1 on is refused, and nothing is held', async (t) => {
  const { app, ctx, call, headers, wallet } = await open(t)
  for (const quantity of wrongQuantities) {
    for (const url of ['/api/v1/orders', '/api/v1/orders/preview']) {
      const payload = `{"items":[{"productId":"12345","skuId":"s001","quantity":${quantity}}]}`
      const type = { 'content-type': 'application/json' }
      const answer = await app.inject({ method: 'POST', url, headers: { ...headers, ...type }, payload })
      assert.equal(answer.statusCode, 400, `${quantity}: ${answer.body}`)
    }
  }
  assert.equal((await wallet()).frozenBalance, 0)
  assertAnswer(await call('GET', '/orders'), 200, { data: { items: [], total: 0, page: 1, limit: 20 } })
  assert.deepEqual(await auditBooks(ctx.db), { sums: { USD: 0, CNY: 0 }, faults: [] })
})

test('prices, status and owner are the server’s, whatever is sent', async (t) => {
  const { call } = await open(t)
  const items = [{ ...WISH.items[0]!, price: 0.01, priceFen: 1 }]
  const sent = { items, status: 'completed', price: 1, balance: 9e9, userId: 1, totalAmount: 1, serviceFee: 0 }
  const { statusCode, body } = await call('POST', '/orders', sent)
  const { data } = JSON.parse(body)
  assert.deepEqual([statusCode, data.status, data.payable], [201, 'pending', 628], body)
})

test('text that no database keeps is kept as far as it can be', async (t) => {
  const { call } = await open(t)
  for (const remark of ['a\u0000b', 'a\ud800b', '\u0000']) {
    const created = await call('POST', '/orders', { items: [{ ...WISH.items[0]!, quantity: 1, remark }], remark })
    assert.equal(created.statusCode, 201, created.body)
    const { orderNo } = created.json().data
    const cancelled = await call('POST', `/orders/${orderNo}/cancel`, { reason: remark })
    assert.equal(cancelled.statusCode, 200, cancelled.body)
  }
})

test('a dry run asked for in the body is one too', async (t) => {
  const { call } = await open(t)
  const { orderNo } = (await call('POST', '/orders', WISH)).json().data
  const cancel = (body: object) => call('POST', `/orders/${orderNo}/cancel`, body)
  assert.equal((await cancel({ dry_run: true })).json().data.message, 'Order can be cancelled')
  assert.equal((await call('GET', `/orders/${orderNo}`)).json().data.status, 'pending')
  const misspelt = await call('POST', `/orders/${orderNo}/cancel?dryrun=true`)
  assertAnswer(misspelt, 400, refusal(400, ['dryrun is unknown here.'], 'Bad Request'))
  assert.equal((await cancel({})).json().data.message, 'Order cancelled')
})

test('a higher price is agreed to by line and by the price that was seen', async (t) => {
  const { call, act, wallet } = await open(t)
  const { orderNo } = (await call('POST', '/orders', WISH)).json().data
  const raise = { name: 'raise_price', actor: 'purchaser', lineNo: 1 } as const
  await act(orderNo, { ...raise, priceFen: 30_000 })
  const agree = (body: object) => call('POST', `/orders/${orderNo}/actions`, { action: 'confirm_price', ...body })

  const needed = refusal(400, ['confirm_price needs lineNo and the price that is agreed to.'], 'Bad Request')
  for (const body of [{}, { lineNo: 1 }, { price: 300 }]) assertAnswer(await agree(body), 400, needed)
  const other = refusal(409, 'Another price waits for line 1; look at the order again.', 'Conflict')
  assertAnswer(await agree({ lineNo: 1, price: 299 }), 409, other)
  const agreed = await agree({ lineNo: 1, price: 300 })
  assert.deepEqual([agreed.statusCode, agreed.json().data.status, (await wallet()).frozenBalance], [200, 'paid', 630])

  // Sent once more, it is no yes to what came since.
  await act(orderNo, { name: 'ask', actor: 'purchaser', lineNo: 1, reason: 'Which colour?' })
  await act(orderNo, { name: 'answer', actor: 'staff', lineNo: 1, reason: 'Red' })
  await act(orderNo, { ...raise, priceFen: 90_000 })
  assertAnswer(await agree({ lineNo: 1, price: 300 }), 409, other)
  assert.equal((await wallet()).frozenBalance, 630)
})

test('nothing of an order is accepted by the system while a line of it is being checked', async (t) => {
  const { ctx, advance, call, act } = await open(t)
  const two = [WISH.items[0], { ...WISH.items[0], quantity: 1, remark: '' }]
  const { orderNo } = (await call('POST', '/orders', { items: two })).json().data
  await act(orderNo, { name: 'hold_for_risk', actor: 'risk', lineNo: 1, reason: 'a finding' })
  const states = async () => {
    advance(11 * 60_000)
    await runDueTimers(ctx, TIMERS)
    const { items } = (await call('GET', `/orders/${orderNo}`)).json().data
    return (items as { state: string }[]).map(({ state }) => state)
  }
  assert.deepEqual(await states(), ['risk_hold', 'placed'])
  await act(orderNo, { name: 'refuse_risk', actor: 'risk', lineNo: 1, reason: 'a finding' })
  assert.deepEqual(await states(), ['cancelled', 'accepted'])
})

test('a timer whose move fails half way leaves nothing done, and is tried again', async (t) => {
  const { ctx, advance, call } = await open(t)
  const two = [WISH.items[0], { ...WISH.items[0], quantity: 1, remark: '' }]
  const { orderNo } = (await call('POST', '/orders', { items: two })).json().data
  // As no move of ours does: the hold of a line ends, and its order knows nothing of it.
  const { rows } = await sql<{ name: string }>`select name from ledger_hold order by id desc limit 1`.execute(ctx.db)
  await ctx.db.transaction().execute((tx) => voidHold(tx, { name: rows[0]!.name, at: ctx.clock.now() }))
  await sql`update ledger_hold set state = 'expired' where name = ${rows[0]!.name}`.execute(ctx.db)
  advance(73 * 3_600_000)
  await runDueTimers(ctx, { 'order.expire': TIMERS['order.expire']! })
  const { status, items } = (await call('GET', `/orders/${orderNo}`)).json().data
  assert.deepEqual([status, items.map(({ state }: { state: string }) => state)], ['pending', ['placed', 'placed']])
  const { rows: timers } = await sql<{
    tries: number
  }>`select tries from timer where kind = 'order.expire' and ref = ${orderNo}`.execute(ctx.db)
  assert.deepEqual(timers, [{ tries: 1 }])
})
