import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { LightMyRequestResponse } from 'fastify'
import type { Account } from '../../../src/access/accounts/accounts.ts'
import { creditAccount } from '../../../src/access/accounts/credit.ts'
import type { Mode } from '../../../src/access/keys/format.ts'
import { createKey } from '../../../src/access/keys/keys.ts'
import { createCoupon } from '../../../src/shopping/coupons/coupons.ts'
import { moveOrder } from '../../../src/shopping/orders/moves.ts'
import { seedAccount, testApp, type TestApp } from '../../app.ts'
import { testDatabase, type TestDatabase } from '../../database.ts'
import { startShelf } from '../../products/catalog/ctx.ts'
import { listing } from '../../products/catalog/listings.ts'
import { stock } from '../../shopping/cart/shelf.ts'
import { handClock } from '../../access/limits/hand-clock.ts'
import { RISEN_YUAN, requestOf, type Input, type Things } from './requests.ts'
import { routesOf, type Route } from './routes.ts'

export type World = TestApp & { pool: TestDatabase['pool']; routes: Route[] }

export type Caller = {
  /** The account that acts: that of the sandbox for a test key. */
  accountId: number
  mode: Mode
  headers: { authorization: string }
  things: Things
  send(route: Route, input: Input): Promise<LightMyRequestResponse>
  /** A request whose address and body are as they shall be sent. */
  sendText(method: Route['method'], url: string, payload?: string): Promise<LightMyRequestResponse>
}

const LIVE_OFFER = '700000000014'
const WARES = {
  test: { productId: 12_345, skuId: 's001', offerId: '688012346012' },
  live: { skuId: '501', offerId: LIVE_OFFER },
}

/** The application with one product that test keys see and one that live keys see, at a time that stands still. */
export async function openWorld(t: TestContext): Promise<World> {
  const shelf = await startShelf(t)
  shelf.says.set(LIVE_OFFER, listing({ listingId: LIVE_OFFER, marketplace: '1688' }))
  const clock = handClock('2024-01-15T08:30:00Z')
  const { app, ctx } = await testApp(t, { DEMO: 'false' }, { clock, sources: [shelf.source] })
  const { pool } = await testDatabase(t)
  await stock(ctx)
  return { app, ctx, pool, routes: await routesOf(t, ctx) }
}

/** A caller with one of everything, of this account or of a new one. */
export async function openCaller(world: World, { mode, account }: { mode: Mode; account?: Account }): Promise<Caller> {
  const { app, ctx } = world
  const owner = account ?? (await seedAccount(ctx))
  const { key } = await createKey(ctx, { account: owner, style: 'sk', mode })
  const isSandbox = mode === 'test'
  const money = { currency: 'CNY', amountMinor: 1_000_000, reason: 'test', actor: 'test' } as const
  await creditAccount(ctx, { account: owner, isSandbox, ...money })

  const headers = { authorization: `Bearer ${key}` }
  const sendText: Caller['sendText'] = async (method, url, payload) => {
    const type = payload !== undefined && { 'content-type': 'application/json' }
    return app.inject({ method, url, headers: { ...headers, ...type }, ...(payload !== undefined && { payload }) })
  }
  const send: Caller['send'] = async (route, input) => {
    const { method, url, payload } = requestOf(route, input)
    return sendText(method, url, payload)
  }
  const make = async (path: string, body?: object) => {
    const answer = await sendText('POST', `/api/v1${path}`, body && JSON.stringify(body))
    assert.ok(answer.statusCode < 300, `${path}: ${answer.body}`)
    return answer.json().data
  }

  const { offerId, skuId } = WARES[mode]
  const { id: productId } = await make('/products/import/1688', { offerId })
  const item = { productId: mode === 'test' ? WARES.test.productId : productId, skuId, quantity: 1 }
  const { orderNo } = await make('/orders', { items: [item, item, item] })
  const ask = { name: 'ask', actor: 'purchaser', lineNo: 2, reason: 'Which colour?' } as const
  const raise = { name: 'raise_price', actor: 'purchaser', lineNo: 3, priceFen: RISEN_YUAN * 100 } as const
  for (const move of [ask, raise]) await moveOrder(ctx, { orderNo, accountId: null, move, who: 'test' })
  const couponId = await newCoupon(world, isSandbox)
  await make(`/user/coupons/${couponId}/claim`)
  const things: Things = {
    ...item,
    offerId,
    link: `https://detail.1688.com/offer/${offerId}.html`,
    itemId: (await make('/cart/items', { ...item, remark: 'Mine' })).id,
    orderNo,
    quoteId: (await make('/orders/preview', { items: [item] })).quoteId,
    addressId: (await make('/user/addresses', ADDRESS)).id,
    favoriteId: (await make('/user/favorites', { productId: item.productId })).id,
    couponId,
    freeCouponId: await newCoupon(world, isSandbox),
  }
  return { accountId: isSandbox ? owner.twinId : owner.id, mode, headers, things, send, sendText }
}

const ADDRESS = {
  name: 'A. Moss',
  phone: '020 7946 0958',
  country: 'GB',
  city: 'Bath',
  address: '1 Quay',
  zipCode: 'BA1 1AA',
}

async function newCoupon({ ctx }: World, isSandbox: boolean): Promise<number> {
  const terms = { minOrderFen: 0, maxDiscountFen: null, limitTotal: null, limitPerCustomer: 1 }
  const expiresAt = new Date('2099-03-01T00:00:00Z')
  const coupon = { name: 'Ten percent', type: 'percentage', value: 10, expiresAt, isSandbox, actor: 'test' } as const
  return (await createCoupon(ctx, { ...terms, ...coupon })).id
}

/** What every call may write: its count, and that somebody asked. */
const COUNTED = ['api_key', 'charge', 'idempotency', 'meter', 'order_number', 'pot', 'product_absence']

/** Everything that is stored of an account, and what is of nobody's, but for the counting of calls. */
export async function stored({ pool }: World, accountId: number): Promise<Record<string, unknown[]>> {
  const { rows: tables } = await pool.query<{ name: string; owned: boolean }>(
    `select t.table_name as name, t.table_name <> 'ledger_hold' and exists (
         select from information_schema.columns c
         where c.table_schema = 'public' and c.table_name = t.table_name and c.column_name = 'account_id') as owned
     from information_schema.tables t
     where t.table_schema = 'public' and t.table_name <> all($1) and t.table_name not like 'usage%'
     order by 1`,
    [COUNTED],
  )
  const found: Record<string, unknown[]> = {}
  for (const { name, owned } of tables) {
    const where = owned ? `where account_id = ${accountId}` : ''
    const { rows } = await pool.query<{ row: unknown }>(
      `select to_jsonb(t) as row from ${name} t ${where} order by t::text`,
    )
    found[name] = rows.map(({ row }) => row)
  }
  return found
}
