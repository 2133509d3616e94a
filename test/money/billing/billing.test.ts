import assert from 'node:assert/strict'
import { test } from 'node:test'
import { listNews } from '../../../src/events/outbox/outbox.ts'
import {
  cancelSubscription,
  endSubscription,
  listSubscriptions,
  previewSubscription,
  resumeSubscription,
  subscribe,
} from '../../../src/money/billing/billing.ts'
import { monthsAfter } from '../../../src/money/billing/periods.ts'
import { renewDue } from '../../../src/money/billing/renew.ts'
import { placeHold } from '../../../src/money/ledger/holds.ts'
import { SYSTEM } from '../../../src/money/ledger/accounts.ts'
import { getBalance, listTransfers, transfer } from '../../../src/money/ledger/ledger.ts'
import { readStandings, setPlan } from '../../../src/money/plans/plans.ts'
import { silentLog } from '../../database.ts'
import { at, clockAt, outcome, race, seedPurse, testBooks, type Books } from '../ledger/books.ts'

const USD = 1_000_000
const START = at('01-31T10:00:00')
const END = at('02-28T10:00:00')
const HALF = new Date((START.getTime() + END.getTime()) / 2)

const item = (accountId: number, offer = 'starter') => ({ accountId, product: 'item', kind: 'plan', offer }) as const
const speed = (accountId: number) => ({ accountId, product: 'item', kind: 'add_on', offer: 'high_speed' }) as const
const ctxAt = (books: Books, now: Date) => ({ db: books.db, clock: clockAt(now), log: silentLog })
const available = async (books: Books, code: string) => (await getBalance(books.db, code)).availableMinor
const standing = async (books: Books, accountId: number) => {
  const { plan, addOns } = (await readStandings(books.db, accountId)).item
  return [plan, addOns]
}
const charges = async (books: Books, code: string) =>
  (await listTransfers(books.db, code))
    .filter(({ name }) => name.startsWith('sub:'))
    .map(({ name, from, to, amountMinor, reason }) => ({ name, from, to, amountMinor, reason }))
const news = async (books: Books, accountId: number) =>
  (await listNews(books.db, { accountId })).map(({ at, event, body }) => ({ at, event, body }))
const states = async (books: Books, accountId: number) =>
  (await listSubscriptions(books.db, accountId)).map(({ offer, state, period }) => [offer, state, period])

test('a subscription is charged from the balance and gives its plan at once', async (t) => {
  const books = await testBooks(t, { own: true })
  const { accountId, api } = await seedPurse(books, 100 * USD)
  const made = await subscribe(ctxAt(books, START), item(accountId))
  const running = {
    id: made.id,
    ...item(accountId),
    state: 'active',
    priceUsdMicros: 19 * USD,
    anchorAt: START,
    period: 0,
    periodStartAt: START,
    periodEndAt: END,
  }
  assert.deepEqual(made, { ...running, creditUsdMicros: 0, chargeUsdMicros: 19 * USD })
  assert.deepEqual(await listSubscriptions(books.db, accountId), [running])
  assert.deepEqual(await charges(books, api), [
    { name: `sub:${made.id}:0`, from: api, to: SYSTEM.revenue.USD, amountMinor: 19 * USD, reason: 'item starter' },
  ])
  assert.deepEqual(await standing(books, accountId), ['starter', []])
  assert.deepEqual(await news(books, accountId), [
    {
      at: START,
      event: 'subscription.started',
      body: {
        subscription: made.id,
        product: 'item',
        kind: 'plan',
        offer: 'starter',
        periodEndAt: '2026-02-28T10:00:00.000Z',
        chargeUsdMicros: 19 * USD,
      },
    },
  ])
})

test('an upgrade charges what its preview says, and begins a new period', async (t) => {
  const books = await testBooks(t, { own: true })
  const { accountId, api } = await seedPurse(books, 100 * USD)
  const first = await subscribe(ctxAt(books, START), item(accountId))
  const preview = await previewSubscription(books.db, { ...item(accountId, 'growth'), at: HALF })
  assert.deepEqual(preview, {
    creditUsdMicros: 9.5 * USD,
    chargeUsdMicros: 69.5 * USD,
    periodStartAt: HALF,
    periodEndAt: monthsAfter(HALF, 1),
  })
  const before = await available(books, api)
  // Ten minutes later it still holds.
  const later = new Date(HALF.getTime() + 600_000)
  const made = await subscribe(ctxAt(books, later), item(accountId, 'growth'), preview)
  assert.equal(before - (await available(books, api)), preview.chargeUsdMicros)
  const { creditUsdMicros, chargeUsdMicros, periodStartAt, periodEndAt } = made
  assert.deepEqual({ creditUsdMicros, chargeUsdMicros, periodStartAt, periodEndAt }, preview)
  assert.deepEqual(await standing(books, accountId), ['growth', []])
  assert.deepEqual(await states(books, accountId), [
    ['growth', 'active', 0],
    ['starter', 'ended', 0],
  ])
  assert.notEqual(made.id, first.id)
  const { event, body } = (await news(books, accountId)).at(-1)!
  assert.deepEqual(
    [event, body['from'], body['creditUsdMicros'], body['chargeUsdMicros']],
    ['subscription.changed', 'starter', 9.5 * USD, 69.5 * USD],
  )
})

test('a preview that no longer holds charges nothing', async (t) => {
  const books = await testBooks(t, { own: true })
  const { accountId, api } = await seedPurse(books, 200 * USD)
  await subscribe(ctxAt(books, START), item(accountId))
  const preview = await previewSubscription(books.db, { ...item(accountId, 'scale'), at: HALF })
  const growth = await previewSubscription(books.db, { ...item(accountId, 'growth'), at: HALF })
  const asked = (now: Date, expected = preview) =>
    outcome(subscribe(ctxAt(books, now), item(accountId, 'scale'), expected))
  assert.equal(await asked(new Date(HALF.getTime() + 900_001)), 'conflict')
  assert.equal(await asked(new Date(HALF.getTime() - 1)), 'conflict')
  assert.equal(await asked(HALF, growth), 'conflict')
  await subscribe(ctxAt(books, HALF), item(accountId, 'growth'))
  assert.equal(await asked(HALF), 'conflict')
  assert.equal(await available(books, api), 200 * USD - 19 * USD - 69.5 * USD)
  assert.deepEqual(await states(books, accountId), [
    ['growth', 'active', 0],
    ['starter', 'ended', 0],
  ])
})

test('without the money nothing is bought, and what ran runs on', async (t) => {
  const books = await testBooks(t, { own: true })
  const { accountId, api } = await seedPurse(books, 80 * USD)
  await subscribe(ctxAt(books, START), item(accountId))
  await assert.rejects(subscribe(ctxAt(books, HALF), item(accountId, 'growth')), {
    code: 'balance_too_low',
    details: { neededMinor: 69.5 * USD, availableMinor: 61 * USD },
  })
  // Within a caller's transaction, which goes on.
  await books.begin(async (tx) => {
    const asked = subscribe({ db: tx, clock: clockAt(HALF) }, item(accountId, 'growth'))
    assert.equal(await outcome(asked), 'balance_too_low')
    await subscribe({ db: tx, clock: clockAt(HALF) }, speed(accountId))
  })
  assert.equal(await available(books, api), 46 * USD)
  assert.deepEqual(await standing(books, accountId), ['starter', ['high_speed']])
  assert.deepEqual(await states(books, accountId), [
    ['high_speed', 'active', 0],
    ['starter', 'active', 0],
  ])
})

test('what is held is not spent on a renewal', async (t) => {
  const books = await testBooks(t, { own: true })
  const { accountId, api } = await seedPurse(books, 40 * USD)
  await subscribe(ctxAt(books, START), item(accountId))
  const hold = { name: `${api}:hold`, account: api, amountMinor: 3 * USD, expiresAt: null, at: START }
  await books.begin((tx) => placeHold(tx, hold))
  assert.deepEqual(await renewDue(ctxAt(books, END)), { renewed: 0, ended: 1, failed: 0 })
  assert.equal(await available(books, api), 18 * USD)
})

test('periods that were missed are charged one by one until the money is gone; then the plan falls back', async (t) => {
  const books = await testBooks(t, { own: true })
  const { accountId, api } = await seedPurse(books, 70 * USD)
  const { id } = await subscribe(ctxAt(books, START), item(accountId))
  const late = at('09-01T00:00:00')
  assert.deepEqual(await renewDue(ctxAt(books, late)), { renewed: 2, ended: 1, failed: 0 })
  assert.deepEqual(await renewDue(ctxAt(books, late)), { renewed: 0, ended: 0, failed: 0 })
  assert.equal(await available(books, api), 13 * USD)
  assert.deepEqual(
    (await charges(books, api)).map(({ name }) => name),
    [`sub:${id}:2`, `sub:${id}:1`, `sub:${id}:0`],
  )
  const [ended] = await listSubscriptions(books.db, accountId)
  assert.deepEqual(
    [ended!.state, ended!.period, ended!.periodStartAt, ended!.periodEndAt],
    ['ended', 2, at('03-31T10:00:00'), at('04-30T10:00:00')],
  )
  assert.deepEqual(await standing(books, accountId), ['payg', []])
  const told = (await news(books, accountId)).map(({ event, body }) => [event, body['periodEndAt']])
  assert.deepEqual(told, [
    ['subscription.started', '2026-02-28T10:00:00.000Z'],
    ['subscription.renewed', '2026-03-31T10:00:00.000Z'],
    ['subscription.renewed', '2026-04-30T10:00:00.000Z'],
    ['subscription.lapsed', '2026-04-30T10:00:00.000Z'],
  ])
  const { body } = (await news(books, accountId)).at(-1)!
  assert.deepEqual([body['neededUsdMicros'], body['availableUsdMicros']], [19 * USD, 13 * USD])
})

test('a cancelled plan and add-on last to the end of what is paid for', async (t) => {
  const books = await testBooks(t, { own: true })
  const { accountId, api } = await seedPurse(books, 100 * USD)
  await subscribe(ctxAt(books, START), item(accountId))
  await subscribe(ctxAt(books, START), speed(accountId))
  const ctx = ctxAt(books, HALF)
  const { state } = await cancelSubscription(ctx, { accountId, product: 'item', kind: 'plan' })
  assert.equal(state, 'cancelling')
  await cancelSubscription(ctx, speed(accountId))
  assert.deepEqual(await standing(books, accountId), ['starter', ['high_speed']])
  assert.deepEqual(await renewDue(ctxAt(books, new Date(END.getTime() - 1))), { renewed: 0, ended: 0, failed: 0 })
  assert.deepEqual(await renewDue(ctxAt(books, END)), { renewed: 0, ended: 2, failed: 0 })
  assert.deepEqual(await standing(books, accountId), ['payg', []])
  assert.equal(await available(books, api), 66 * USD)
  const told = (await news(books, accountId)).map(({ event, body }) => [event, body['offer'], body['why']])
  assert.deepEqual(told.slice(2), [
    ['subscription.ended', 'starter', 'cancelled'],
    ['subscription.ended', 'high_speed', 'cancelled'],
  ])
})

test('a cancellation that is taken back is renewed', async (t) => {
  const books = await testBooks(t, { own: true })
  const { accountId, api } = await seedPurse(books, 100 * USD)
  await subscribe(ctxAt(books, START), item(accountId))
  await cancelSubscription(ctxAt(books, HALF), item(accountId))
  assert.equal((await resumeSubscription(ctxAt(books, HALF), item(accountId))).state, 'active')
  assert.deepEqual(await renewDue(ctxAt(books, END)), { renewed: 1, ended: 0, failed: 0 })
  assert.equal(await available(books, api), 62 * USD)
})

test('what does not run is not cancelled, resumed or ended', async (t) => {
  const books = await testBooks(t, { own: true })
  const { accountId } = await seedPurse(books, 100 * USD)
  await subscribe(ctxAt(books, START), item(accountId))
  const ctx = ctxAt(books, HALF)
  await assert.rejects(cancelSubscription(ctx, { accountId, product: 'risk', kind: 'plan' }), {
    code: 'not_found',
    message: 'There is no subscription to a plan of risk.',
  })
  await assert.rejects(resumeSubscription(ctx, speed(accountId)), {
    code: 'not_found',
    message: 'There is no subscription to high_speed of item.',
  })
  assert.equal(await outcome(cancelSubscription(ctx, item(accountId, 'growth'))), 'not_found')
  assert.equal(await outcome(resumeSubscription(ctx, item(accountId))), 'conflict')
  const end = (kind: 'plan' | 'add_on', offer: string | null) =>
    books.begin((tx) => endSubscription(tx, accountId, 'item', kind, offer, HALF))
  assert.deepEqual(
    [await end('add_on', 'high_speed'), await end('plan', null), await end('plan', null)],
    [false, true, false],
  )
})

test('a plan that staff give ends what was subscribed, without a refund', async (t) => {
  const books = await testBooks(t, { own: true })
  const { accountId, api } = await seedPurse(books, 100 * USD)
  await subscribe(ctxAt(books, START), item(accountId))
  await books.begin(async (tx) => {
    await endSubscription(tx, accountId, 'item', 'plan', null, HALF)
    await setPlan(tx, accountId, 'item', 'scale')
  })
  assert.equal(await available(books, api), 81 * USD)
  assert.deepEqual(await renewDue(ctxAt(books, END)), { renewed: 0, ended: 0, failed: 0 })
  assert.deepEqual(await standing(books, accountId), ['scale', []])
  const { event, body } = (await news(books, accountId)).at(-1)!
  assert.deepEqual([event, body['why']], ['subscription.ended', 'replaced'])
})

test('of many that subscribe at once, one is charged', async (t) => {
  const books = await testBooks(t, { own: true })
  const { accountId, api } = await seedPurse(books, 1_000 * USD)
  const outcomes = await race(
    books,
    api,
    Array.from({ length: 10 }, () => () => subscribe(ctxAt(books, START), item(accountId))),
  )
  assert.equal(outcomes.filter((each) => each === 'conflict').length, 9)
  assert.equal(await available(books, api), 981 * USD)
})

test('of upgrades at once each is charged what is left to pay after the one before', async (t) => {
  const books = await testBooks(t, { own: true })
  const { accountId, api } = await seedPurse(books, 1_000 * USD)
  await subscribe(ctxAt(books, START), item(accountId))
  const outcomes = await race(
    books,
    api,
    ['growth', 'scale'].map((offer) => () => subscribe(ctxAt(books, START), item(accountId, offer))),
  )
  // At the same instant nothing is used up: whatever the order, the dearest plan is what was paid in all.
  assert.equal(outcomes.filter((each) => typeof each === 'object').length >= 1, true)
  assert.equal(await available(books, api), 701 * USD)
  assert.deepEqual(await standing(books, accountId), ['scale', []])
})

test('nodes that renew at once charge each period once', async (t) => {
  const books = await testBooks(t, { own: true })
  const { accountId, api } = await seedPurse(books, 1_000 * USD)
  await subscribe(ctxAt(books, START), item(accountId))
  const late = at('05-15T00:00:00')
  const outcomes = await race(
    books,
    api,
    Array.from({ length: 6 }, () => () => renewDue(ctxAt(books, late))),
  )
  const sum = outcomes.reduce((total, each) => total + (typeof each === 'object' ? each.renewed : 100), 0)
  assert.equal(sum, 3)
  assert.equal(await available(books, api), (1_000 - 4 * 19) * USD)
})

test('of renewal and upgrade at once no period is paid twice', async (t) => {
  const books = await testBooks(t, { own: true })
  for (const isRenewalFirst of [true, false]) {
    const { accountId, api } = await seedPurse(books, 1_000 * USD)
    await subscribe(ctxAt(books, START), item(accountId))
    const calls: (() => Promise<unknown>)[] = [
      () => renewDue(ctxAt(books, END)),
      () => subscribe(ctxAt(books, END), item(accountId, 'growth')),
    ]
    await race(books, api, isRenewalFirst ? calls : calls.toReversed())
    // Renewed first: 19 paid and all of it credited. Upgraded first: nothing was left, nothing is renewed.
    assert.equal(await available(books, api), (1_000 - 19 - 79) * USD)
    assert.deepEqual((await states(books, accountId))[0], ['growth', 'active', 0])
  }
})

test('of a charge and a renewal for the last cents one passes', async (t) => {
  const books = await testBooks(t, { own: true })
  const { accountId, api } = await seedPurse(books, 38 * USD)
  await subscribe(ctxAt(books, START), item(accountId))
  const call = { name: `${api}:call`, from: api, to: SYSTEM.revenue.USD, amountMinor: 1, reason: 'call', at: END }
  const outcomes = await race<unknown>(books, api, [
    () => renewDue(ctxAt(books, END)),
    () => books.begin((tx) => transfer(tx, call)),
  ])
  const renewed = JSON.stringify(outcomes[0]) === JSON.stringify({ renewed: 1, ended: 0, failed: 0 })
  assert.equal(outcomes[1] === 'balance_too_low', renewed)
  assert.equal(await available(books, api), renewed ? 0 : 19 * USD - 1)
})

test('one that cannot be renewed is told and left for the next time; the others are renewed', async (t) => {
  const books = await testBooks(t, { own: true })
  const stuck = await seedPurse(books, 100 * USD)
  const fine = await seedPurse(books, 100 * USD)
  const { id } = await subscribe(ctxAt(books, START), item(stuck.accountId))
  await subscribe(ctxAt(books, new Date(START.getTime() + 1)), item(fine.accountId))
  const taken = { from: SYSTEM.payments.USD, to: stuck.api, amountMinor: 1, reason: 'test', at: START }
  await books.begin((tx) => transfer(tx, { name: `sub:${id}:1`, ...taken }))
  const told: unknown[] = []
  const log = { error: (fields: object, line: string) => told.push(line, Object.keys(fields)) }
  const ctx = { db: books.db, clock: clockAt(new Date(END.getTime() + 1)), log: log as never }
  assert.deepEqual(await renewDue(ctx), { renewed: 1, ended: 0, failed: 1 })
  assert.deepEqual(told, [`Subscription ${id} could not be renewed.`, ['err', 'subscription', 'account']])
})
