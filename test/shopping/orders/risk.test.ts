import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { creditAccount } from '../../../src/access/accounts/credit.ts'
import type { Ctx } from '../../../src/ctx.ts'
import { listAudit } from '../../../src/events/audit/audit.ts'
import type { DomainError } from '../../../src/lib/errors.ts'
import { auditBooks } from '../../../src/money/ledger/audit.ts'
import { addEntry, HOUSE, listEntries, STAFF } from '../../../src/risk/list/entries.ts'
import type { NewEntry } from '../../../src/risk/list/prepare.ts'
import { check, type Checked } from '../../../src/risk/check/check.ts'
import { REASONS, type ReasonCode } from '../../../src/risk/list/reasons.ts'
import { ensureKeys } from '../../../src/risk/list/generations.ts'
import type { IdentifierType } from '../../../src/risk/normalise/normalised.ts'
import { purgeIdentifiers } from '../../../src/shopping/customers/identifiers.ts'
import { RULE_VERSION } from '../../../src/risk/normalise/rule-version.ts'
import { listJudged } from '../../../src/shopping/orders/risk.ts'
import { erasePerson, exportPerson } from '../../../src/shopping/customers/person.ts'
import { createAddress, updateAddress } from '../../../src/shopping/customers/addresses.ts'
import { getProfile, updateProfile } from '../../../src/shopping/customers/profile.ts'
import { createOrder } from '../../../src/shopping/orders/create.ts'
import { previewOrder } from '../../../src/shopping/orders/quotes.ts'
import { reportOrder } from '../../../src/shopping/orders/risk-report.ts'
import { handClock } from '../../access/limits/hand-clock.ts'
import { assertAnswer, seedAccount, seedKey, testApp, testCtx } from '../../app.ts'
import { testDatabase } from '../../database.ts'
import { KNOWN_KEYS } from '../../risk/known-keys.ts'
import { SHOES, stock } from '../cart/shelf.ts'

const NOW = '2026-11-21T17:00:00Z'
const DEMO = { catalogue: 'demo' } as const
const WISH = {
  items: [{ productId: SHOES, skuId: 's001', quantity: 1, remark: '' }],
  remark: '',
  couponId: null,
  addressId: null,
}
const ADDRESS = {
  name: 'Ada Moss',
  phone: '020 7946 0018',
  country: 'GB',
  city: 'Ely',
  address: '12 Mill Lane',
  zipCode: 'CB7 4QA',
}
const REFUSED =
  'This order cannot be accepted. If you think that this is a mistake, write to whoever runs this shop. What is held about an e-mail address or phone number of yours, POST /api/v1/blacklist/disputes/code tells, where you can object.'

async function open(t: TestContext, mode: string, env: Record<string, string> = {}) {
  const ctx = await testCtx(t, { ...KNOWN_KEYS, ORDER_RISK: mode, ...env }, { clock: handClock(NOW) })
  await ensureKeys(ctx)
  await stock(ctx)
  const { pool } = await testDatabase(t)
  const account = await seedAccount(ctx)
  const money = { currency: 'CNY', amountMinor: 500_000, reason: 'test', actor: 'test' } as const
  for (const isSandbox of [false, true]) await creditAccount(ctx, { account, isSandbox, ...money })
  const riskOf = async (orderId: number) =>
    (
      await pool.query(
        'select order_id, at, mode, verdict, score, rule_version, reasons from order_risk where order_id = $1',
        [orderId],
      )
    ).rows[0] as object | undefined
  // Live accounts buy the demo's products here, as nothing else is on sale.
  const order = (wish: Parameters<typeof createOrder>[3] = WISH, accountId = account.id) =>
    createOrder(ctx, DEMO, accountId, wish)
  return { ctx, pool, account, riskOf, order }
}

function list(ctx: Ctx, type: NewEntry['type'], value: string, change: Partial<NewEntry & { owner: number }> = {}) {
  const { owner = HOUSE, ...rest } = change
  const entry = { kind: 'adverse', type, value, reasonCode: 'fraud', ...rest } as const
  return addEntry(ctx, { entry, owner, isSandbox: owner !== HOUSE, source: STAFF, actor: 'test' })
}

test('who is not listed is allowed; the hold comes with the order, and a refusal leaves nothing but a note', async (t) => {
  const { ctx, pool, account, riskOf, order } = await open(t, 'on')
  const row = { at: new Date(NOW), mode: 'on', rule_version: RULE_VERSION }
  const clean = await order()
  assert.deepEqual(
    clean.lines.map(({ state }) => state),
    ['placed'],
  )
  const allowed = { ...row, order_id: clean.id, verdict: 'allow', score: 0, reasons: {} }
  assert.deepEqual(await riskOf(clean.id), allowed)

  const { id: addressId } = await createAddress(ctx, account.id, ADDRESS)
  await list(ctx, 'phone', '+442079460018', { reasonCode: 'abuse' })
  assert.equal((await order()).lines[0]!.state, 'placed')
  const held = await order({ ...WISH, addressId })
  assert.deepEqual([held.status, held.lines.map(({ state }) => state)], ['pending', ['risk_hold']])
  const hold = { ...row, order_id: held.id, verdict: 'hold', score: 50, reasons: { phone: ['abuse'] } }
  assert.deepEqual(await riskOf(held.id), hold)
  const moves = await pool.query('select move, actor, reason from order_move where order_id = $1 order by id', [
    held.id,
  ])
  assert.deepEqual(moves.rows, [
    { move: 'place', actor: 'shopper', reason: null },
    { move: 'hold_for_risk', actor: 'risk', reason: 'The order is checked before it is bought.' },
  ])
  const { quoteId } = await previewOrder(ctx, DEMO, account.id, { ...WISH, addressId })
  assert.equal((await order({ quoteId })).lines[0]!.state, 'risk_hold')

  await list(ctx, 'address', '12 Mill Ln., Ely CB7 4QA')
  const orders = async () => (await pool.query('select * from purchase_order order by id')).rows
  const before = await orders()
  const refused = { name: 'DomainError', code: 'unprocessable', message: REFUSED }
  await assert.rejects(order({ ...WISH, addressId }), refused)
  assert.deepEqual(await orders(), before)
  const note = (await listAudit(ctx.db)).find(({ action }) => action === 'order.refuse')
  assert.deepEqual(
    { actor: note!.actor, accountId: note!.accountId, subject: note!.subject, after: note!.after },
    {
      actor: 'risk',
      accountId: account.id,
      subject: `account:${account.id}`,
      after: { score: 90, reasons: { phone: ['abuse'], address: ['fraud'] }, rule_version: RULE_VERSION },
    },
  )
  assert.deepEqual((await auditBooks(ctx.db)).faults, [])
})

test('in the shadow it is only recorded', async (t) => {
  const { ctx, account, riskOf, order } = await open(t, 'shadow')
  await updateProfile(ctx, account.id, { email: 'shadow@example.com', username: 'shadowbuyer' })
  await list(ctx, 'email', 'shadow@example.com')
  await list(ctx, 'username', 'shadowbuyer', { reasonCode: 'abuse' })
  const placed = await order()
  assert.deepEqual(
    placed.lines.map(({ state }) => state),
    ['placed'],
  )
  assert.deepEqual(await riskOf(placed.id), {
    order_id: placed.id,
    at: new Date(NOW),
    mode: 'shadow',
    verdict: 'refuse',
    score: 95,
    rule_version: RULE_VERSION,
    reasons: { email: ['fraud'], username: ['abuse'] },
  })
  const broken = { ...ctx, riskLookups: { ask: () => Promise.reject(new Error('away')) } }
  const blind = await createOrder(broken, DEMO, account.id, WISH)
  assert.equal(await riskOf(blind.id), undefined)
})

test('what was said of orders is listed, the newest first', async (t) => {
  const { ctx, account, order } = await open(t, 'shadow')
  const [clean, other] = [await order(), await order()]
  const { username } = await getProfile(ctx, account.id)
  await list(ctx, 'username', username)
  const refused = await order()
  const said = {
    account_id: account.id,
    status: 'pending',
    at: new Date(NOW),
    mode: 'shadow',
    rule_version: RULE_VERSION,
  }
  const worst = { ...said, order_no: refused.orderNo, verdict: 'refuse', score: 95, reasons: { username: ['fraud'] } }
  const fine = { ...said, order_no: other.orderNo, verdict: 'allow', score: 0, reasons: {} }
  assert.deepEqual(await listJudged(ctx, { verdict: null, limit: 2 }), [worst, fine])
  assert.deepEqual(await listJudged(ctx, { verdict: 'refuse', limit: 1 }), [worst])
  assert.deepEqual(await listJudged(ctx, { verdict: 'allow', limit: 2 }), [fine, { ...fine, order_no: clean.orderNo }])
})

test('switched off, nobody is asked', async (t) => {
  const { ctx, account, riskOf, order } = await open(t, 'off')
  await updateProfile(ctx, account.id, { email: 'off@example.com' })
  await list(ctx, 'email', 'off@example.com')
  assert.equal(await riskOf((await order()).id), undefined)
})

test('without an answer no order is placed where the answer counts', async (t) => {
  const { ctx, account } = await open(t, 'on')
  const broken = { ...ctx, riskLookups: { ask: () => Promise.reject(new Error('away')) } }
  await assert.rejects(createOrder(broken, DEMO, account.id, WISH), { message: 'away' })
})

test('a sandbox asks its own list', async (t) => {
  const { ctx, account, order } = await open(t, 'on')
  await updateProfile(ctx, account.twinId, { email: 'play@example.com' })
  await list(ctx, 'email', 'play@example.com')
  assert.equal((await order(WISH, account.twinId)).lines[0]!.state, 'placed')
  await list(ctx, 'email', 'play@example.com', { owner: account.twinId })
  await assert.rejects(order(WISH, account.twinId), { message: REFUSED })
})

test('a chargeback of an order lists its shopper, and the next order is stopped', async (t) => {
  const { ctx, account, order } = await open(t, 'on')
  await updateProfile(ctx, account.id, { email: 'Chargeback@example.com', username: 'chargedback' })
  const { id: addressId } = await createAddress(ctx, account.id, {
    ...ADDRESS,
    phone: '020 7946 0999',
    address: '99 Chestnut Road',
    zipCode: 'CB6 1AA',
  })
  const { orderNo, id } = await order({ ...WISH, addressId })
  assert.ok(id > 0)
  const event = {
    orderNo,
    reason: 'chargeback',
    amountFen: 52_000,
    at: new Date('2026-11-20'),
    actor: 'cli:test',
  } as const
  assert.deepEqual(await reportOrder(ctx, event), { added: 4, refreshed: 0 })
  assert.deepEqual(await reportOrder(ctx, event), { added: 0, refreshed: 4 })

  const entries = (await listEntries(ctx, { owner: HOUSE, before: null, limit: 4 })).toReversed()
  const common = {
    kind: 'adverse',
    reason: `Chargeback on order #${orderNo}`,
    details: { orderId: orderNo, amount: '¥520.00', chargebackDate: '2026-11-20' },
    first_seen: '2026-11-20',
    source: 'orders',
    party: 'house',
  }
  assert.deepEqual(
    entries.map(({ kind, type, reason, details, first_seen, source, party }) => {
      return { type, kind, reason, details, first_seen, source, party }
    }),
    ['email', 'username', 'phone', 'address'].map((type) => ({ type, ...common })),
  )
  const audited = (await listAudit(ctx.db)).filter(({ action }) => action === 'risk.report_order')
  const after = { reason: 'chargeback', entries: entries.map((each) => each.id) }
  assert.deepEqual(
    audited.map(({ actor, accountId, subject, after }) => ({ actor, accountId, subject, after })),
    Array.from({ length: 2 }, () => ({ actor: 'cli:test', accountId: account.id, subject: `order:${orderNo}`, after })),
  )
  await assert.rejects(reportOrder(ctx, { ...event, orderNo: 'ORD-20260101-999' }), {
    message: 'There is no order ORD-20260101-999.',
  })
  const held = await order()
  assert.deepEqual(
    held.lines.map(({ state }) => state),
    ['risk_hold'],
  )
})

test('an order is reported with what was known when it was placed, whatever its shopper says since', async (t) => {
  const { ctx, pool, account, order } = await open(t, 'shadow')
  await updateProfile(ctx, account.id, { email: 'first@example.com', username: 'thefirst' })
  const { id: addressId } = await createAddress(ctx, account.id, { ...ADDRESS, phone: '020 7946 0111' })
  const { orderNo, id } = await order({ ...WISH, addressId })
  await updateProfile(ctx, account.id, { email: 'innocent@example.com', username: 'innocent' })
  await updateAddress(ctx, account.id, addressId, { phone: '020 7946 0777', address: '77 Oak Road' })
  const { rows } = await pool.query('select sealed from customer_identifiers where order_id = $1', [id])
  assert.ok(!rows[0].sealed.includes('first@example.com'))
  const event = { orderNo, reason: 'fraud', amountFen: null, at: new Date('2026-11-20'), actor: 'test' } as const
  assert.deepEqual(await reportOrder(ctx, event), { added: 4, refreshed: 0 })
  const said = async (type: IdentifierType, value: string) =>
    (await check(ctx, { owner: HOUSE, isSandbox: false }, { type, value, region: null })) as Checked
  assert.equal((await said('email', 'first@example.com')).blacklisted, true)
  assert.equal((await said('phone', '+442079460111')).blacklisted, true)
  assert.equal((await said('email', 'innocent@example.com')).blacklisted, false)
  assert.equal((await said('phone', '+442079460777')).blacklisted, false)
  const late = reportOrder(ctx, { ...event, at: new Date('2020-01-01') })
  await assert.rejects(late, { code: 'unprocessable', message: /^It has ended: / })

  const { orders } = await exportPerson(ctx, account.id)
  const kept = { orderId: id, at: NOW.replace('Z', '.000Z') }
  assert.deepEqual(orders, [
    {
      ...kept,
      identifiers: [
        { type: 'email', value: 'first@example.com', region: null },
        { type: 'username', value: 'thefirst', region: null },
        { type: 'phone', value: '020 7946 0111', region: 'GB' },
        { type: 'address', value: '12 Mill Lane, Ely, CB7 4QA', region: 'GB' },
      ],
    },
  ])
  const other = await order({ ...WISH, addressId })
  await erasePerson(ctx, { accountId: account.id, actor: 'test', reason: 'asked for it' })
  assert.deepEqual((await exportPerson(ctx, account.id))['orders'], [])
  await assert.rejects(reportOrder(ctx, { ...event, orderNo: other.orderNo }), { message: /^Nothing was kept/ })

  const last = await order()
  assert.equal(await purgeIdentifiers(ctx), 0)
  await pool.query(`update customer_identifiers set at = at - interval '541 days' where order_id = $1`, [last.id])
  assert.equal(await purgeIdentifiers(ctx), 1)
  await assert.rejects(reportOrder(ctx, { ...event, orderNo: last.orderNo }), {
    code: 'unprocessable',
    message: /^Nothing was kept of who placed/,
  })
})

test('what was checked must still hold when the order is placed', async (t) => {
  const { ctx, pool, account } = await open(t, 'on')
  const { id: addressId } = await createAddress(ctx, account.id, {
    ...ADDRESS,
    phone: '020 7946 0222',
    address: '8 Willow Way',
  })
  // The address changes between both: behind the list's answer.
  const riskLookups = {
    ask: async (...asked: Parameters<Ctx['riskLookups']['ask']>) => {
      const hits = await ctx.riskLookups.ask(...asked)
      await pool.query(`update address set city = 'Elsewhere' where id = $1`, [addressId])
      return hits
    },
  }
  const before = await pool.query('select count(*) from purchase_order')
  await assert.rejects(createOrder({ ...ctx, riskLookups }, DEMO, account.id, { ...WISH, addressId }), {
    code: 'conflict',
    message: 'Your profile or the address has changed meanwhile; look at it and order again.',
  })
  assert.deepEqual((await pool.query('select count(*) from purchase_order')).rows, before.rows)
})

test('nobody learns of the list without money, nor more than five times a day', async (t) => {
  const { ctx, pool, order } = await open(t, 'on')
  const poor = await seedAccount(ctx)
  await updateProfile(ctx, poor.id, { email: 'guess@example.com' })
  await list(ctx, 'email', 'guess@example.com')
  await assert.rejects(order(WISH, poor.id), { code: 'balance_too_low' })
  const money = { currency: 'CNY', amountMinor: 500_000, reason: 'test', actor: 'test' } as const
  await creditAccount(ctx, { account: poor, isSandbox: false, ...money })
  for (let tries = 0; tries < 5; tries++) await assert.rejects(order(WISH, poor.id), { message: REFUSED })
  const sixth = { code: 'rate_limited', details: { retryAfterSeconds: 86_400 } }
  await assert.rejects(order(WISH, poor.id), sixth)
  await updateProfile(ctx, poor.id, { email: 'clean@example.com' })
  await assert.rejects(order(WISH, poor.id), sixth)
  const judged = await listJudged(ctx, { verdict: 'refuse', limit: 5 })
  assert.deepEqual(
    judged.map(({ order_no, account_id, status }) => [order_no, account_id, status]),
    Array.from({ length: 5 }, () => [null, poor.id, null]),
  )
  await pool.query(`update order_risk set at = at - interval '1 day' where account_id = $1`, [poor.id])
  assert.equal((await order(WISH, poor.id)).status, 'pending')
})

test('many at once learn no more than one after the other', async (t) => {
  const { ctx, pool, order } = await open(t, 'on')
  const shopper = await seedAccount(ctx)
  const money = { currency: 'CNY', amountMinor: 5_000_000, reason: 'test', actor: 'test' } as const
  await creditAccount(ctx, { account: shopper, isSandbox: false, ...money })
  await updateProfile(ctx, shopper.id, { email: 'many.at.once@example.com' })
  await list(ctx, 'email', 'many.at.once@example.com', { reasonCode: 'abuse' })
  const tried = await Promise.allSettled(Array.from({ length: 12 }, () => order(WISH, shopper.id)))
  const refusals = tried.flatMap((each) => (each.status === 'rejected' ? [(each.reason as DomainError).code] : []))
  assert.deepEqual(
    refusals,
    Array.from({ length: 7 }, () => 'rate_limited'),
  )
  const { rows } = await pool.query('select count(*)::int as count from purchase_order where account_id = $1', [
    shopper.id,
  ])
  assert.equal(rows[0].count, 5)
  assert.deepEqual((await auditBooks(ctx.db)).faults, [])
})

test('who is only like somebody listed is looked at, and never refused', async (t) => {
  const { ctx, account, order } = await open(t, 'on')
  // Each of them is like the shopper's name in another way, and all together are as strong as can be.
  for (const reasonCode of Object.keys(REASONS) as ReasonCode[]) {
    await list(ctx, 'email', 'harbour.master@boats.example', { reasonCode })
  }
  await updateProfile(ctx, account.id, { email: 'harbour.master+7@boats.example' })
  const asked = await check(
    ctx,
    { owner: HOUSE, isSandbox: false },
    { type: 'email', value: 'harbour.master+7@boats.example', region: null },
  )
  assert.ok(asked.kind === 'checked' && asked.score >= 90 && !asked.blacklisted, JSON.stringify(asked))
  assert.equal((await order()).lines[0]!.state, 'risk_hold')
})

test('in the shadow no order fails because of what is written down', async (t) => {
  const { pool, riskOf, order } = await open(t, 'shadow')
  const holder = await pool.connect()
  await holder.query('begin; lock table order_risk in access exclusive mode')
  const { id, status } = await order()
  await holder.query('rollback')
  holder.release()
  assert.deepEqual([status, await riskOf(id)], ['pending', undefined])
})

test('a shopper reads why, and that the order waits', async (t) => {
  const { app, ctx } = await testApp(t, { ...KNOWN_KEYS, ORDER_RISK: 'on' })
  await ensureKeys(ctx)
  await stock(ctx)
  const { headers, account } = await seedKey(ctx, { style: 'sk' })
  const money = { currency: 'CNY', amountMinor: 500_000, reason: 'test', actor: 'test' } as const
  await creditAccount(ctx, { account, isSandbox: true, ...money })
  await updateProfile(ctx, account.twinId, { email: 'read@example.com' })
  const post = () =>
    app.inject({
      method: 'POST',
      url: '/api/v1/orders',
      headers,
      payload: { items: [{ productId: String(SHOES), skuId: 's001', quantity: 1 }] },
    })
  await list(ctx, 'email', 'read@example.com', { owner: account.twinId, reasonCode: 'abuse' })
  const { data } = (await post()).json()
  assert.deepEqual([data.status, data.items[0].state, data.allowedActions], ['pending', 'risk_hold', ['cancel']])
  await list(ctx, 'email', 'read@example.com', { owner: account.twinId })
  assertAnswer(await post(), 422, { statusCode: 422, message: REFUSED, error: 'Unprocessable Entity' })
})
