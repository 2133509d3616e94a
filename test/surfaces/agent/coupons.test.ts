import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Ctx } from '../../../src/ctx.ts'
import { createCoupon, useCoupon, withdrawCoupon, type NewCoupon } from '../../../src/shopping/coupons/coupons.ts'
import { DomainError } from '../../../src/lib/errors.ts'
import { handClock } from '../../access/limits/hand-clock.ts'
import { assertAnswer, seedKey, testApp } from '../../app.ts'
import { openTwo, raceFor } from './two-nodes.ts'

const AVAILABLE = '/api/v1/user/coupons/available'
const MINE = '/api/v1/user/coupons/my'
const claimUrl = (id: number | string) => `/api/v1/user/coupons/${id}/claim`

function create(ctx: Ctx, change: Partial<NewCoupon> = {}) {
  return createCoupon(ctx, {
    name: 'New customers',
    type: 'percentage',
    value: 10,
    minOrderFen: 20_000,
    maxDiscountFen: null,
    expiresAt: new Date('2099-03-01T00:00:00Z'),
    limitTotal: null,
    limitPerCustomer: 1,
    isSandbox: true,
    actor: 'test',
    ...change,
  })
}

test('the documented example, then claimed', async (t) => {
  const { app, ctx } = await testApp(t, {}, { clock: handClock('2026-11-21T17:00:00.789Z') })
  const { headers } = await seedKey(ctx, { style: 'sk', room: true })
  const coupon = await create(ctx)
  const fixed = await create(ctx, {
    type: 'fixed',
    value: 1_250,
    minOrderFen: 0,
    maxDiscountFen: 1_000,
    expiresAt: new Date('2099-02-01T00:00:00Z'),
  })
  const percentage = {
    id: coupon.id,
    name: 'New customers',
    type: 'percentage',
    value: 10,
    minOrderAmount: 200,
    expiresAt: '2099-03-01T00:00:00Z',
  }
  const amount = {
    id: fixed.id,
    name: 'New customers',
    type: 'fixed',
    value: 12.5,
    minOrderAmount: 0,
    maxDiscountAmount: 10,
    expiresAt: '2099-02-01T00:00:00Z',
  }
  assertAnswer(await app.inject({ url: AVAILABLE, headers }), 200, { data: [amount, percentage] })
  assertAnswer(await app.inject({ url: MINE, headers }), 200, { data: [] })

  const claimed = { ...percentage, status: 'claimed', claimedAt: '2026-11-21T17:00:00Z' }
  assertAnswer(await app.inject({ method: 'POST', url: claimUrl(coupon.id), headers }), 201, { data: claimed })
  assertAnswer(await app.inject({ url: AVAILABLE, headers }), 200, { data: [amount] })
  assertAnswer(await app.inject({ url: MINE, headers }), 200, { data: [claimed] })
  const again = { statusCode: 409, message: 'You have claimed this coupon already.', error: 'Conflict' }
  assertAnswer(await app.inject({ method: 'POST', url: claimUrl(coupon.id), headers }), 409, again)

  await withdrawCoupon(ctx, { id: coupon.id, actor: 'test' })
  assertAnswer(await app.inject({ url: MINE, headers }), 200, { data: [{ ...claimed, status: 'withdrawn' }] })
})

test('a coupon that there is not, one of live mode and one that was withdrawn are answered alike', async (t) => {
  const { app, ctx } = await testApp(t)
  const { headers } = await seedKey(ctx, { style: 'sk' })
  const live = await create(ctx, { isSandbox: false })
  const withdrawn = await create(ctx)
  await withdrawCoupon(ctx, { id: withdrawn.id, actor: 'test' })
  for (const id of [999_999, live.id, withdrawn.id]) {
    const answer = await app.inject({ method: 'POST', url: claimUrl(id), headers })
    assertAnswer(answer, 404, { statusCode: 404, message: 'Coupon not found', error: 'Not Found' })
  }
  for (const id of ['0', 'abc', '1.5', '9007199254740993']) {
    const answer = await app.inject({ method: 'POST', url: claimUrl(id), headers })
    assertAnswer(answer, 400, { statusCode: 400, message: answer.json().message, error: 'Bad Request' })
  }
})

test('race: the last coupon of all is claimed once, on two nodes', async (t) => {
  const { nodes, pool } = await openTwo(t)
  const [{ ctx }] = nodes
  const { id } = await create(ctx, { limitTotal: 1 })
  const callers = await Promise.all(
    [0, 1, 0, 1, 0, 1].map(async (at) => ({ ...nodes[at]!, ...(await seedKey(ctx, { style: 'sk' })) })),
  )
  const answers = await raceFor(
    pool,
    { text: 'select from coupon where id = $1 for update', value: id },
    callers.map(
      ({ app, headers }) =>
        () =>
          app.inject({ method: 'POST', url: claimUrl(id), headers }),
    ),
  )
  const all = { statusCode: 409, message: 'All of these coupons are claimed.', error: 'Conflict' }
  const [won, ...lost] = answers.toSorted((a, b) => a.statusCode - b.statusCode)
  assert.equal(won!.statusCode, 201)
  for (const answer of lost) assertAnswer(answer, 409, all)
  const { rows } = await pool.query(
    'select claimed, (select count(*) from coupon_claim where coupon_id = c.id) from coupon c where id = $1',
    [id],
  )
  assert.deepEqual(rows, [{ claimed: 1, count: 1 }])
})

test('race: one customer claims a coupon once, on two nodes', async (t) => {
  const { nodes, pool } = await openTwo(t)
  const [{ ctx }] = nodes
  const { id } = await create(ctx)
  const { headers } = await seedKey(ctx, { style: 'sk' })
  const answers = await raceFor(
    pool,
    { text: 'select from coupon where id = $1 for update', value: id },
    [...nodes, ...nodes].map(
      ({ app }) =>
        () =>
          app.inject({ method: 'POST', url: claimUrl(id), headers }),
    ),
  )
  assert.deepEqual(
    answers.map(({ statusCode }) => statusCode).sort((a, b) => a - b),
    [201, 409, 409, 409],
  )
})

test('race: the last use of a coupon is one order’s, on two nodes', async (t) => {
  const { nodes, pool } = await openTwo(t)
  const [{ app, ctx }] = nodes
  const { id: couponId } = await create(ctx)
  const { headers, account } = await seedKey(ctx, { style: 'sk' })
  await app.inject({ method: 'POST', url: claimUrl(couponId), headers })
  const wish = { accountId: account.twinId, couponId, totalFen: 59_800, now: new Date() }
  const uses = [1, 2, 3, 4].map((orderId) => async () => {
    const { db } = nodes[orderId % 2]!.ctx
    return db
      .transaction()
      .execute((tx) => useCoupon(tx, { ...wish, orderId }))
      .catch((error: unknown) => error)
  })
  const lock = { text: 'select from coupon_claim where coupon_id = $1 for update', value: couponId }
  const outcomes = await raceFor(pool, lock, uses)
  const lost = outcomes.filter((each) => each instanceof DomainError)
  assert.deepEqual(
    lost.map(({ code, message }) => [code, message]),
    Array.from({ length: 3 }, () => ['conflict', 'This coupon is used already.']),
  )
  const winner = outcomes.findIndex((each) => !(each instanceof Error)) + 1
  const { rows } = await pool.query('select order_id from coupon_claim where coupon_id = $1', [couponId])
  assert.deepEqual(rows, [{ order_id: winner }])
})
