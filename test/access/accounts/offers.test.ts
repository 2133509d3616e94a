import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { Account } from '../../../src/access/accounts/accounts.ts'
import { creditAccount } from '../../../src/access/accounts/credit.ts'
import {
  buyOffer,
  cancelOffer,
  giveAddOn,
  givePlan,
  previewOffer,
  resumeOffer,
  takeAddOn,
} from '../../../src/access/accounts/offers.ts'
import { listAudit } from '../../../src/events/audit/audit.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import type { Db } from '../../../src/lib/db/db.ts'
import { DomainError, OperatorError } from '../../../src/lib/errors.ts'
import { systemRandom } from '../../../src/lib/ids.ts'
import { listSubscriptions } from '../../../src/money/billing/billing.ts'
import { apiBalanceOf } from '../../../src/money/ledger/accounts.ts'
import { getBalance } from '../../../src/money/ledger/ledger.ts'
import { readStandings } from '../../../src/money/plans/plans.ts'
import { testDatabase } from '../../database.ts'
import { newAccount } from './new-account.ts'

const AT = new Date('2026-11-21T12:00:00.000Z')
const UNTIL = new Date('2026-12-21T12:00:00.000Z')
const refusal = (message: RegExp) => (error: unknown) => error instanceof OperatorError && message.test(error.message)

async function rich(t: TestContext, amountMinor = 100_000_000) {
  const { db } = await testDatabase(t)
  const ctx = { db, clock: { ...systemClock, now: () => AT } }
  const account = await newAccount(db)
  const credit = { isSandbox: false, currency: 'USD', amountMinor, reason: 'bank', actor: 'test' } as const
  await creditAccount({ ...ctx, random: systemRandom }, { account, ...credit })
  const deed = { account, product: 'item', actor: 'cli:ann' } as const
  return { ctx, db, account, deed }
}

const balanceOf = async (db: Db, { id }: Account) => (await getBalance(db, apiBalanceOf(id))).balanceMinor
const standing = async (db: Db, { id }: Account) => (await readStandings(db, id)).item
const states = async (db: Db, { id }: Account) =>
  (await listSubscriptions(db, id)).map(({ offer, state }) => [offer, state])

/** The newest entry, without what every one has. */
async function lastEntry(db: Db, account: Account) {
  const [{ id: _id, at: _at, accountId, ...entry }] = (await listAudit(db, { accountIds: [account.id], limit: 1 })) as [
    Awaited<ReturnType<typeof listAudit>>[number],
  ]
  assert.equal(accountId, account.id)
  return entry
}

test('a plan that is given moves no money', async (t) => {
  const { ctx, db, account, deed } = await rich(t)
  const overrides = { perDay: 7 }
  const given = await givePlan(ctx, { ...deed, plan: 'growth', overrides, reason: 'a trial' })
  assert.deepEqual(given, { endedSubscription: false, former: { plan: 'payg', overrides: {} } })
  assert.deepEqual(await standing(db, account), { plan: 'growth', overrides, addOns: [] })
  assert.equal(await balanceOf(db, account), 100_000_000)
  assert.deepEqual(await states(db, account), [])
  assert.deepEqual(await lastEntry(db, account), {
    actor: 'cli:ann',
    action: 'account.give_plan',
    subject: 'product:item',
    reason: 'a trial',
    before: { plan: 'payg', overrides: {} },
    after: { plan: 'growth', overrides, ended_subscription: false },
  })
})

test('a plan that is bought takes what the preview said, and ends when staff give another', async (t) => {
  const { ctx, db, account, deed } = await rich(t)
  const preview = await previewOffer(ctx, { account, product: 'item', kind: 'plan', offer: 'starter' })
  const { id, ...bought } = await buyOffer(ctx, { ...deed, kind: 'plan', offer: 'starter' })
  assert.deepEqual(
    [preview.chargeUsdMicros, preview.availableUsdMicros, bought.chargeUsdMicros, await balanceOf(db, account)],
    [19_000_000, 100_000_000, 19_000_000, 81_000_000],
  )
  assert.deepEqual(await standing(db, account), { plan: 'starter', overrides: {}, addOns: [] })
  assert.deepEqual((await lastEntry(db, account)).after, {
    kind: 'plan',
    offer: 'starter',
    charge_usd_micros: 19_000_000,
    subscription: id,
  })

  const given = await givePlan(ctx, { ...deed, plan: 'custom', overrides: { perSecond: null } })
  assert.deepEqual(given, { endedSubscription: true, former: { plan: 'starter', overrides: {} } })
  assert.deepEqual(await states(db, account), [['starter', 'ended']])
  assert.equal(await balanceOf(db, account), 81_000_000)
  assert.deepEqual(await standing(db, account), { plan: 'custom', overrides: { perSecond: null }, addOns: [] })
})

test('what is cancelled runs to the end of its period', async (t) => {
  const { ctx, db, account, deed } = await rich(t)
  const { id } = await buyOffer(ctx, { ...deed, kind: 'plan', offer: 'starter' })
  const cancelled = await cancelOffer(ctx, { ...deed, kind: 'plan', offer: null })
  assert.deepEqual([cancelled.state, cancelled.periodEndAt], ['cancelling', UNTIL])
  assert.equal((await standing(db, account)).plan, 'starter')
  assert.deepEqual((await lastEntry(db, account)).after, {
    kind: 'plan',
    offer: 'starter',
    subscription: id,
    ends_at: UNTIL.toISOString(),
  })
  const entries = await listAudit(db, { accountIds: [account.id] })
  const plan = { kind: 'plan', offer: null } as const
  const addOn = { kind: 'add_on', offer: 'high_speed' } as const
  for (const nothing of [plan, addOn]) {
    await assert.rejects(cancelOffer(ctx, { ...deed, ...nothing }), DomainError)
  }
  await assert.rejects(resumeOffer(ctx, { ...deed, ...addOn }), DomainError)
  assert.deepEqual(await listAudit(db, { accountIds: [account.id] }), entries)
})

test('a cancellation that is taken back stands in the audit', async (t) => {
  const { ctx, db, account, deed } = await rich(t)
  const { id } = await buyOffer(ctx, { ...deed, kind: 'plan', offer: 'starter' })
  await cancelOffer(ctx, { ...deed, kind: 'plan', offer: null })
  const resumed = await resumeOffer(ctx, { ...deed, kind: 'plan', offer: null, reason: 'stays' })
  assert.deepEqual([resumed.state, resumed.periodEndAt], ['active', UNTIL])
  assert.deepEqual(await lastEntry(db, account), {
    actor: 'cli:ann',
    action: 'account.resume',
    subject: 'product:item',
    reason: 'stays',
    before: null,
    after: { kind: 'plan', offer: 'starter', subscription: id, renews_at: UNTIL.toISOString() },
  })
})

test('an add-on is given, or bought, and taken away at once', async (t) => {
  const { ctx, db, account, deed } = await rich(t)
  const speed = { ...deed, addOn: 'high_speed' }
  assert.deepEqual(await giveAddOn(ctx, speed), { repeated: false })
  assert.deepEqual(await giveAddOn(ctx, speed), { repeated: true })
  assert.deepEqual((await lastEntry(db, account)).after, { add_on: 'high_speed', repeated: true })
  await buyOffer(ctx, { ...deed, kind: 'add_on', offer: 'extra_bandwidth' })
  assert.equal(await balanceOf(db, account), 92_000_000)
  assert.deepEqual((await standing(db, account)).addOns, ['extra_bandwidth', 'high_speed'])

  assert.deepEqual(await takeAddOn(ctx, { ...deed, addOn: 'extra_bandwidth' }), {
    repeated: false,
    endedSubscription: true,
  })
  const after = { add_on: 'extra_bandwidth', repeated: false, ended_subscription: true }
  assert.deepEqual((await lastEntry(db, account)).after, after)
  assert.deepEqual(await states(db, account), [['extra_bandwidth', 'ended']])
  assert.deepEqual((await standing(db, account)).addOns, ['high_speed'])
  assert.equal(await balanceOf(db, account), 92_000_000)
})

test('what cannot be had leaves plans, money and audit as they were', async (t) => {
  const { ctx, db, account, deed } = await rich(t, 18_999_999)
  await giveAddOn(ctx, { ...deed, addOn: 'high_speed' })
  const before = [await standing(db, account), await balanceOf(db, account), await listAudit(db, { limit: 1 })]
  await assert.rejects(givePlan(ctx, { ...deed, plan: 'gold' }), refusal(/is not a plan of item/))
  const nothingPays = { plan: 'custom', overrides: { priceUsdMicros: null } }
  await assert.rejects(givePlan(ctx, { ...deed, ...nothingPays }), refusal(/^Nothing would pay/))
  await assert.rejects(giveAddOn(ctx, { ...deed, addOn: 'turbo' }), refusal(/is not an add-on of item/))
  await assert.rejects(buyOffer(ctx, { ...deed, kind: 'plan', offer: 'starter' }), {
    code: 'balance_too_low',
    message: 'starter of item takes 19.00 USD now, and the API balance has 18.999999 USD.',
    details: { neededMinor: 19_000_000, availableMinor: 18_999_999 },
  })
  assert.deepEqual(
    [await standing(db, account), await balanceOf(db, account), await listAudit(db, { limit: 1 })],
    before,
  )
  assert.deepEqual(await states(db, account), [])
})

test('nobody pays for an add-on that staff have given', async (t) => {
  const { ctx, db, account, deed } = await rich(t)
  await giveAddOn(ctx, { ...deed, addOn: 'high_speed' })
  await assert.rejects(
    buyOffer(ctx, { ...deed, kind: 'add_on', offer: 'high_speed' }),
    refusal(/already, given by staff/),
  )
  assert.equal((await getBalance(db, apiBalanceOf(account.id))).balanceMinor, 100_000_000)
  assert.deepEqual(await listSubscriptions(db, account.id), [])
})
