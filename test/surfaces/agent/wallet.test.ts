import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { creditAccount } from '../../../src/access/accounts/credit.ts'
import type { Account } from '../../../src/access/accounts/accounts.ts'
import type { Ctx } from '../../../src/ctx.ts'
import { demoListings } from '../../../src/demo/catalogue.ts'
import { SYSTEM, walletOf } from '../../../src/money/ledger/accounts.ts'
import { placeHold } from '../../../src/money/ledger/holds.ts'
import { findTransfer, transfer } from '../../../src/money/ledger/ledger.ts'
import { storeDemo } from '../../../src/products/catalog/catalog.ts'
import { moveOrder } from '../../../src/shopping/orders/moves.ts'
import type { Move } from '../../../src/shopping/orders/order.ts'
import { assertAnswer, seedKey, testApp } from '../../app.ts'

const BALANCE = '/api/v1/user/wallet/balance'
const TRANSACTIONS = '/api/v1/user/wallet/transactions'
const bad = (message: string) => ({ statusCode: 400, message: [message], error: 'Bad Request' })

async function open(t: TestContext, parts: Partial<Ctx> = {}) {
  const { app, ctx } = await testApp(t, {}, parts)
  const { account, headers } = await seedKey(ctx, { style: 'sk', mode: 'live' })
  const ask = (url: string) => app.inject({ url, headers })
  return { app, ctx, account, ask }
}

async function credit(ctx: Ctx, account: Account, amountMinor: number, isSandbox = false): Promise<void> {
  await creditAccount(ctx, { account, isSandbox, currency: 'CNY', amountMinor, reason: 'bank transfer', actor: 'test' })
}

async function hold(ctx: Ctx, { id }: Account, name: string, amountMinor: number): Promise<void> {
  const at = ctx.clock.now()
  await ctx.db
    .transaction()
    .execute((tx) => placeHold(tx, { name, account: walletOf(id), amountMinor, expiresAt: null, at }))
}

test('the documented balance, whole', async (t) => {
  const { ctx, account, ask } = await open(t)
  await credit(ctx, account, 200_000)
  await hold(ctx, account, `order:${account.id}:line:1`, 59_800)
  assertAnswer(await ask(BALANCE), 200, {
    data: { balance: 2000, frozenBalance: 598, availableBalance: 1402, currency: 'CNY', pendingIn: 0 },
  })
})

test('fen show, and what the payment provider has told is pending', async (t) => {
  const payments = { name: 'paid', pendingInFen: async () => 1_234 }
  const { ctx, account, ask } = await open(t, { payments })
  await credit(ctx, account, 285)
  await hold(ctx, account, `fen:${account.id}`, 1)
  assertAnswer(await ask(BALANCE), 200, {
    data: { balance: 2.85, frozenBalance: 0.01, availableBalance: 2.84, currency: 'CNY', pendingIn: 12.34 },
  })
})

test('a test key has the sandbox’s wallet, and a new wallet is empty', async (t) => {
  const { app, ctx } = await open(t)
  const { account, headers } = await seedKey(ctx, { style: 'sk' })
  await credit(ctx, account, 5_000)
  const empty = { balance: 0, frozenBalance: 0, availableBalance: 0, currency: 'CNY', pendingIn: 0 }
  assertAnswer(await app.inject({ url: BALANCE, headers }), 200, { data: empty })
  assertAnswer(await app.inject({ url: TRANSACTIONS, headers }), 200, {
    data: { items: [], total: 0, page: 1, limit: 20 },
  })
  await credit(ctx, account, 700, true)
  const filled = { ...empty, balance: 7, availableBalance: 7 }
  assertAnswer(await app.inject({ url: BALANCE, headers }), 200, { data: filled })
})

/** A wallet with four transactions of four days. */
async function openWithHistory(t: TestContext) {
  const opened = await open(t)
  const { ctx, account } = opened
  const wallet = walletOf(account.id)
  const move = async (name: string, amountMinor: number, time: string, from: string, to: string) => {
    const wish = { name: `${name}:${account.id}`, from, to, amountMinor, reason: name, at: new Date(time) }
    await ctx.db.transaction().execute((tx) => transfer(tx, wish))
    return (await findTransfer(ctx.db, wish.name))!.id
  }
  const { payments, revenue } = SYSTEM
  const first = await move('payment', 100_000, '2026-03-01T00:00:00.000Z', payments.CNY, wallet)
  const second = await move('gift', 5_050, '2026-03-02T23:59:59.999Z', payments.CNY, wallet)
  const third = await move('fee', 62_800, '2026-03-03T00:00:00.000Z', wallet, revenue.CNY)
  const fourth = await move('correction', 30_000, '2026-03-04T08:30:00.500Z', revenue.CNY, wallet)
  const none = { orderNo: null, parcelNo: null }
  const items = [
    { id: fourth, type: 'credit', amount: 300, reason: 'correction', ...none, createdAt: '2026-03-04T08:30:00Z' },
    { id: third, type: 'debit', amount: 628, reason: 'fee', ...none, createdAt: '2026-03-03T00:00:00Z' },
    { id: second, type: 'credit', amount: 50.5, reason: 'gift', ...none, createdAt: '2026-03-02T23:59:59Z' },
    { id: first, type: 'credit', amount: 1000, reason: 'payment', ...none, createdAt: '2026-03-01T00:00:00Z' },
  ]
  return { ...opened, items }
}

test('transactions, newest first: paged, by type and by day', async (t) => {
  const { ask, items } = await openWithHistory(t)
  const [refund, purchase, second, first] = items
  const cases: { query: string; found: unknown[]; total: number; page?: number; limit?: number }[] = [
    { query: '', found: items, total: 4 },
    { query: '?page=1&limit=3', found: [refund, purchase, second], total: 4, limit: 3 },
    { query: '?page=2&limit=3', found: [first], total: 4, page: 2, limit: 3 },
    { query: '?page=3&limit=3', found: [], total: 4, page: 3, limit: 3 },
    { query: '?type=debit', found: [purchase], total: 1 },
    { query: '?type=credit&limit=2', found: [refund, second], total: 3, limit: 2 },
    { query: '?from=2026-03-02&to=2026-03-02', found: [second], total: 1 },
    { query: '?from=2026-03-03', found: [refund, purchase], total: 2 },
    { query: '?to=2026-03-02', found: [second, first], total: 2 },
    { query: '?from=2026-03-04&to=2026-03-01', found: [], total: 0 },
  ]
  for (const { query, found, total, page = 1, limit = 20 } of cases) {
    await t.test(query, async () =>
      assertAnswer(await ask(TRANSACTIONS + query), 200, { data: { items: found, total, page, limit } }),
    )
  }
})

test('what was paid for an order and came back of it names the order; what is held for it is no transaction', async (t) => {
  const { app, ctx } = await open(t)
  await storeDemo(ctx, demoListings())
  const { account, headers } = await seedKey(ctx, { style: 'sk' })
  await credit(ctx, account, 200_000, true)
  const payload = { items: [{ productId: '12345', skuId: 's001', quantity: 2 }] }
  const placed = await app.inject({ method: 'POST', url: '/api/v1/orders', headers, payload })
  const { orderNo } = placed.json().data
  const read = async () => {
    const { items } = (await app.inject({ url: TRANSACTIONS, headers })).json().data
    return items.map(({ type, amount, orderNo }: Record<string, unknown>) => ({ type, amount, orderNo }))
  }
  const paidIn = { type: 'credit', amount: 2000, orderNo: null }
  assert.deepEqual(await read(), [paidIn])

  const move = (move: Move) => moveOrder(ctx, { orderNo, accountId: null, move, who: 'test' })
  await move({ name: 'accept', actor: 'staff', lineNo: null })
  await move({ name: 'purchase', actor: 'purchaser', lineNo: null })
  await move({ name: 'cancel_purchase', actor: 'seller', lineNo: null, reason: 'sold out' })
  assert.deepEqual(await read(), [
    { type: 'credit', amount: 628, orderNo },
    { type: 'debit', amount: 628, orderNo },
    paidIn,
  ])
})

test('what cannot be asked of transactions', async (t) => {
  const { ask } = await open(t)
  const cases: [query: string, message: string][] = [
    ['limit=0', 'limit must be >= 1.'],
    ['limit=101', 'limit must be <= 100.'],
    ['limit=-1', 'limit must be >= 1.'],
    ['limit=1.5', 'limit must be integer.'],
    ['limit=1e309', 'limit must be a number.'],
    ['page=0', 'page must be >= 1.'],
    ['page=9007199254740993', 'page must be <= 1000000.'],
    ['page=-1e309', 'page must be a number.'],
    ['page=1&page=2', 'page must be integer.'],
    ['type=both', 'type must be one of credit, debit.'],
    ['from=2026-3-1', 'from must be a UTC day such as 2024-01-15.'],
    ['from=2026-02-30', 'from must be a day of the calendar.'],
    ['to=2026-13-01', 'to must be a day of the calendar.'],
  ]
  for (const [query, message] of cases) {
    await t.test(query, async () => assertAnswer(await ask(`${TRANSACTIONS}?${query}`), 400, bad(message)))
  }
})

test('nobody sees another’s transactions', async (t) => {
  const { app, ctx, items } = await openWithHistory(t)
  assert.equal(items.length, 4)
  const { headers } = await seedKey(ctx, { style: 'sk', mode: 'live' })
  assertAnswer(await app.inject({ url: TRANSACTIONS, headers }), 200, {
    data: { items: [], total: 0, page: 1, limit: 20 },
  })
})
