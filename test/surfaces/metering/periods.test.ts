import assert from 'node:assert/strict'
import { test } from 'node:test'
import { apiBalanceOf } from '../../../src/money/ledger/accounts.ts'
import { listTransfers } from '../../../src/money/ledger/ledger.ts'
import {
  assertBooks,
  balanceOf,
  CALLS,
  credit,
  DAY,
  MONTH,
  potsOf,
  seedCaller,
  setPot,
  told,
  windowsUsed,
  type Caller,
} from './meter-bench.ts'
import { counter, GB, onPlan, tooLow } from './on-plan.ts'

// What is counted by UTC day and month: bandwidth beyond what is included, and what begins anew when.

test('bandwidth: each GB that is begun beyond the plan’s is paid for once, before the call that comes next', async (t) => {
  const { ctx, caller, ask, pool, usage } = await onPlan(t, 'item', 'payg', { perSecond: null, perMonth: 0 })
  const { accountId } = caller
  await credit(ctx, caller.account, 1_000_000)
  const after = async () => {
    const { statusCode, headers } = await ask('item')
    return [statusCode, headers['x-cost'], headers['x-balance-after']]
  }
  await setPot(pool, accountId, 'item.bytes', MONTH, 5 * GB - 1)
  assert.deepEqual(await after(), [200, '0.004', '0.996'])
  assert.deepEqual(await after(), [200, '0.004', '0.792'])
  assert.deepEqual(await after(), [200, '0.004', '0.788'])
  // Two more begun at once.
  await setPot(pool, accountId, 'item.bytes', MONTH, 7 * GB + 1)
  assert.deepEqual(await after(), [200, '0.004', '0.384'])
  assert.deepEqual(await after(), [200, '0.004', '0.38'])
  const transfers = await listTransfers(ctx.db, apiBalanceOf(accountId))
  assert.deepEqual(
    transfers.filter(({ reason }) => reason === 'bandwidth').map(({ name, amountMinor }) => [name, amountMinor]),
    [
      [`gb:${accountId}:item:${MONTH}:2`, 400_000],
      [`gb:${accountId}:item:${MONTH}:1`, 200_000],
    ],
  )
  assert.equal((await usage()).balance.spent_this_month_usd, '0.62')

  await setPot(pool, accountId, 'item.bytes', MONTH, 9 * GB)
  const before = await potsOf(ctx, accountId)
  assert.deepEqual(told(await ask('item')), tooLow)
  assert.deepEqual(await potsOf(ctx, accountId), before)
  assert.equal(await balanceOf(ctx, accountId), 380_000)
  await assertBooks(ctx)
})

test('bandwidth is of a month: with an allowance left, a call is refused while a GB cannot be paid, and passes in the next', async (t) => {
  const { ask, caller, pool, clock } = await onPlan(t, 'item', 'starter', {}, '2026-11-30T23:59:59Z')
  await setPot(pool, caller.accountId, 'item.bytes', MONTH, 6 * GB)
  assert.deepEqual(told(await ask('item')), tooLow)
  await clock.pass(1_000)
  assert.equal((await ask('item')).statusCode, 200)
})

test('an allowance is of a UTC day, the trial, credits and qc’s calls of a UTC month', async (t) => {
  const { ctx, clock, app, caller, pool } = await onPlan(t, 'item', 'starter', {}, '2026-11-21T23:59:59Z')
  const trial = await seedCaller(ctx, { item: ['payg', { perSecond: null }] })
  const { accountId } = caller
  const statuses = async (who: Caller) => {
    const answers = [CALLS.qc, CALLS.sourcing, CALLS.item].map((call) => app.inject({ ...call, headers: who.headers }))
    return (await Promise.all(answers)).map(({ statusCode }) => statusCode)
  }
  await setPot(pool, accountId, 'item.day', DAY, 1_000)
  await setPot(pool, accountId, 'qc.month', MONTH, 1_000)
  await setPot(pool, accountId, 'sourcing.month', MONTH, 100)
  for (let call = 0; call < 10; call++) {
    assert.equal((await app.inject({ ...CALLS.item, headers: trial.headers })).statusCode, 200)
  }
  assert.deepEqual(await statuses(caller), [429, 429, 402])
  assert.equal((await app.inject({ ...CALLS.item, headers: trial.headers })).statusCode, 402)
  await clock.pass(1_000)
  assert.deepEqual(await statuses(caller), [429, 429, 200])
  assert.equal((await app.inject({ ...CALLS.item, headers: trial.headers })).statusCode, 402)
})

test('at the end of a UTC month its counters begin anew', async (t) => {
  const { ctx, clock, app, ask, caller, pool } = await onPlan(t, 'item', 'payg', {}, '2026-11-30T23:59:59Z')
  const { accountId } = caller
  await setPot(pool, accountId, 'item.trial', MONTH, 10)
  await setPot(pool, accountId, 'qc.month', MONTH, 1_000)
  await setPot(pool, accountId, 'sourcing.month', MONTH, 100)
  const statuses = async () =>
    [await ask('qc'), await ask('sourcing'), await ask('item')].map(({ statusCode }) => statusCode)
  assert.deepEqual(await statuses(), [429, 429, 402])
  await clock.pass(1_000)
  assert.deepEqual(await statuses(), [200, 200, 200])
  const { month } = (await app.inject({ url: '/api/v1/usage', headers: caller.headers })).json()
  assert.deepEqual(month, counter(1_000, 2, 31 * 86_400, '2027-01-01T00:00:00.000Z', 202612))
  const { rows } = await pool.query('select bucket from pot where account_id = $1 and name = $2', [
    accountId,
    'item.trial',
  ])
  assert.deepEqual(rows, [{ bucket: 202612 }])
  assert.equal((await windowsUsed(ctx, accountId, 'qc')).minute, 2)
})
