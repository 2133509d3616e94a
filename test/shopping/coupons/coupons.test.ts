import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { listAudit } from '../../../src/events/audit/audit.ts'
import type { Ctx } from '../../../src/ctx.ts'
import { DomainError, OperatorError, type ErrorCode } from '../../../src/lib/errors.ts'
import {
  claimCoupon,
  createCoupon,
  giveBackCoupon,
  listAvailable,
  listCoupons,
  listMine,
  quoteCoupon,
  useCoupon,
  withdrawCoupon,
  type NewCoupon,
} from '../../../src/shopping/coupons/coupons.ts'
import { handClock } from '../../access/limits/hand-clock.ts'
import { seedAccount, testCtx } from '../../app.ts'
import { testDatabase } from '../../database.ts'

const LIVE = { catalogue: 'live' } as const
const DEMO = { catalogue: 'demo' } as const
const START = new Date('2026-11-21T17:00:00Z')
const HOUR_MS = 3_600_000

async function open(t: TestContext) {
  const clock = handClock(START.toISOString())
  const ctx = await testCtx(t, {}, { clock })
  const { id: accountId } = await seedAccount(ctx)
  return { ctx, clock, accountId }
}

let orders = 0
const newOrder = () => ++orders

function create(ctx: Ctx, change: Partial<NewCoupon> = {}) {
  return createCoupon(ctx, {
    name: 'Welcome',
    type: 'percentage',
    value: 10,
    minOrderFen: 20_000,
    maxDiscountFen: null,
    expiresAt: new Date(START.getTime() + HOUR_MS),
    limitTotal: null,
    limitPerCustomer: 1,
    isSandbox: false,
    actor: 'test',
    ...change,
  })
}

function use(ctx: Ctx, accountId: number, couponId: number, orderId = newOrder(), totalFen = 59_800) {
  const now = ctx.clock.now()
  return ctx.db.transaction().execute((tx) => useCoupon(tx, { accountId, couponId, orderId, totalFen, now }))
}

function giveBack(ctx: Ctx, orderId: number) {
  return ctx.db.transaction().execute((tx) => giveBackCoupon(tx, orderId))
}

const refused = (code: ErrorCode, message: string) => (error: unknown) => {
  assert.ok(error instanceof DomainError, String(error))
  assert.deepEqual([error.code, error.message], [code, message])
  return true
}
const unknown = refused('not_found', 'Coupon not found')
const isUsed = refused('conflict', 'This coupon is used already.')

test('a coupon is claimed, used by one order, and given back once', async (t) => {
  const { ctx, clock, accountId } = await open(t)
  const coupon = await create(ctx)
  const idsOf = async (list: typeof listAvailable) => (await list(ctx, LIVE, accountId)).map(({ id }) => id)
  assert.ok((await idsOf(listAvailable)).includes(coupon.id))
  await assert.rejects(use(ctx, accountId, coupon.id), unknown)

  const claimed = await claimCoupon(ctx, LIVE, accountId, coupon.id)
  const mine = { ...coupon, claimed: 1, state: 'claimed', claimedAt: START, usedAt: null }
  assert.deepEqual(claimed, mine)
  assert.deepEqual(await listMine(ctx, accountId), [mine])
  assert.ok(!(await idsOf(listAvailable)).includes(coupon.id))

  const order = newOrder()
  const wish = { accountId, couponId: coupon.id, now: START }
  assert.deepEqual(await quoteCoupon(ctx.db, { ...wish, totalFen: 59_800 }), { discountFen: 5_980 })
  const tooSmall = refused('input_invalid', 'This coupon is for orders from ¥200.00; the items cost ¥199.99.')
  await assert.rejects(quoteCoupon(ctx.db, { ...wish, totalFen: 19_999 }), tooSmall)
  await assert.rejects(use(ctx, accountId, coupon.id, order, 19_999), tooSmall)
  await clock.pass(1_000)
  assert.equal((await use(ctx, accountId, coupon.id, order)).discountFen, 5_980)
  const usedAt = new Date(START.getTime() + 1_000)
  assert.deepEqual(await listMine(ctx, accountId), [{ ...mine, state: 'used', usedAt }])
  await assert.rejects(use(ctx, accountId, coupon.id), isUsed)

  assert.deepEqual([await giveBack(ctx, order), await giveBack(ctx, order)], [true, false])
  assert.deepEqual(await listMine(ctx, accountId), [mine])
  const second = newOrder()
  await use(ctx, accountId, coupon.id, second)
  assert.equal(await giveBack(ctx, order), false)
  await assert.rejects(use(ctx, accountId, coupon.id), isUsed)
})

test('limits in all and for each customer', async (t) => {
  const { ctx, accountId } = await open(t)
  const [{ id: other }, { id: third }] = [await seedAccount(ctx), await seedAccount(ctx)]
  const { id } = await create(ctx, { limitTotal: 3, limitPerCustomer: 2 })
  await claimCoupon(ctx, LIVE, accountId, id)
  await claimCoupon(ctx, LIVE, accountId, id)
  const again = refused('conflict', 'You have claimed this coupon already.')
  await assert.rejects(claimCoupon(ctx, LIVE, accountId, id), again)
  await claimCoupon(ctx, LIVE, other, id)
  await assert.rejects(claimCoupon(ctx, LIVE, third, id), refused('conflict', 'All of these coupons are claimed.'))
  assert.ok(!(await listAvailable(ctx, LIVE, third)).some((each) => each.id === id))
  await use(ctx, accountId, id)
  await use(ctx, accountId, id)
  await assert.rejects(use(ctx, accountId, id), isUsed)
})

test('a coupon ends in the time of its customer', async (t) => {
  const { ctx, clock, accountId } = await open(t)
  const { pool } = await testDatabase(t)
  const { id } = await create(ctx)
  await claimCoupon(ctx, LIVE, accountId, id)
  const { id: hasty } = await seedAccount(ctx)
  await pool.query('insert into account_clock (account_id, offset_ms) values ($1, $2)', [hasty, HOUR_MS])
  const ended = refused('conflict', 'This coupon has expired.')
  await assert.rejects(claimCoupon(ctx, LIVE, hasty, id), ended)
  assert.ok(!(await listAvailable(ctx, LIVE, hasty)).some((each) => each.id === id))

  await clock.pass(HOUR_MS)
  await assert.rejects(use(ctx, accountId, id), ended)
  assert.equal((await listMine(ctx, accountId))[0]!.state, 'expired')
})

test('a withdrawn coupon is neither claimed nor used, and is withdrawn once', async (t) => {
  const { ctx, accountId } = await open(t)
  const { id } = await create(ctx)
  await claimCoupon(ctx, LIVE, accountId, id)
  const { id: other } = await seedAccount(ctx)
  for (let time = 0; time < 2; time++) {
    assert.deepEqual((await withdrawCoupon(ctx, { id, actor: 'test' })).withdrawnAt, START)
  }
  await assert.rejects(claimCoupon(ctx, LIVE, other, id), unknown)
  await assert.rejects(use(ctx, accountId, id), refused('conflict', 'This coupon has been withdrawn.'))
  assert.equal((await listMine(ctx, accountId))[0]!.state, 'withdrawn')
  const entries = (await listAudit(ctx.db)).filter(({ subject }) => subject === `coupon:${id}`)
  assert.deepEqual(
    entries.map(({ action, actor }) => ({ action, actor })),
    [
      { action: 'coupon.withdraw', actor: 'test' },
      { action: 'coupon.create', actor: 'test' },
    ],
  )
})

test('sandboxes have coupons of their own', async (t) => {
  const { ctx } = await open(t)
  const { id: accountId, twinId } = await seedAccount(ctx)
  const live = await create(ctx, { limitTotal: 1 })
  const play = await create(ctx, { isSandbox: true })
  const idsOf = async (scope: typeof LIVE | typeof DEMO, owner: number) =>
    (await listAvailable(ctx, scope, owner)).map(({ id }) => id).filter((id) => id === live.id || id === play.id)
  assert.deepEqual([await idsOf(LIVE, accountId), await idsOf(DEMO, twinId)], [[live.id], [play.id]])
  await assert.rejects(claimCoupon(ctx, DEMO, twinId, live.id), unknown)
  await assert.rejects(claimCoupon(ctx, LIVE, accountId, play.id), unknown)
  await assert.rejects(claimCoupon(ctx, LIVE, accountId, play.id + 1_000), unknown)
  assert.equal((await claimCoupon(ctx, DEMO, twinId, play.id)).isSandbox, true)
})

test('nobody uses what another has claimed', async (t) => {
  const { ctx, accountId } = await open(t)
  const { id } = await create(ctx)
  await claimCoupon(ctx, LIVE, accountId, id)
  const { id: other } = await seedAccount(ctx)
  await assert.rejects(use(ctx, other, id), unknown)
  assert.deepEqual(await listMine(ctx, other), [])
})

const senseless: [change: Partial<NewCoupon>, message: string][] = [
  [{ name: ' ' }, 'A coupon has a name of 1 to 100 characters.'],
  [{ name: 'x'.repeat(101) }, 'A coupon has a name of 1 to 100 characters.'],
  [{ value: 101 }, 'A coupon takes off 1 to 100 percent, or an amount above zero.'],
  [{ type: 'fixed', value: 0 }, 'A coupon takes off 1 to 100 percent, or an amount above zero.'],
  [{ limitTotal: 0 }, 'A limit of claims is at least 1.'],
  [{ limitPerCustomer: 0 }, 'A limit of claims is at least 1.'],
  [{ expiresAt: START }, 'A coupon ends in the future.'],
]
test('terms that make no sense are refused, and nothing is written', async (t) => {
  const { ctx } = await open(t)
  const before = await listCoupons(ctx.db)
  for (const [change, message] of senseless) {
    await assert.rejects(create(ctx, change), (error) => error instanceof OperatorError && error.message === message)
  }
  assert.deepEqual(await listCoupons(ctx.db), before)
})
