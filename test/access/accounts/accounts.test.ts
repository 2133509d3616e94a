import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  accountNames,
  accountOwner,
  createAccount,
  findAccount,
  getAccount,
  getGuard,
  listAccounts,
  setAccountCap,
  setLowBalance,
} from '../../../src/access/accounts/accounts.ts'
import { listAudit } from '../../../src/events/audit/audit.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { OperatorError } from '../../../src/lib/errors.ts'
import { apiBalanceOf, walletOf } from '../../../src/money/ledger/accounts.ts'
import { getBalance } from '../../../src/money/ledger/ledger.ts'
import { FIRST_PLANS, HIGHEST_PLANS, PRODUCTS } from '../../../src/money/plans/catalogue.ts'
import { readStandings } from '../../../src/money/plans/plans.ts'
import { testDatabase } from '../../database.ts'
import { newAccount } from './new-account.ts'

const refusal = (message: RegExp) => (error: unknown) => error instanceof OperatorError && message.test(error.message)

test('an account and its sandbox begin with empty balances, no cap, and an entry in the audit', async (t) => {
  const { db } = await testDatabase(t)
  const at = new Date('2026-11-21T12:00:00.000Z')
  const clock = { ...systemClock, now: () => at }
  const account = await createAccount({ db, clock }, 'shop', { plans: HIGHEST_PLANS, actor: 'cli:ann' })
  for (const id of [account.id, account.twinId]) {
    const empty = { balanceMinor: 0, heldMinor: 0, availableMinor: 0 }
    assert.deepEqual(await getBalance(db, apiBalanceOf(id)), empty)
    assert.deepEqual(await getBalance(db, walletOf(id)), empty)
    assert.deepEqual(await getGuard(db, id), { capUsdMicros: null, lowBalanceUsdMicros: 1_000_000 })
  }
  const standings = await readStandings(db, account.id)
  assert.deepEqual(Object.fromEntries(PRODUCTS.map((product) => [product, standings[product].plan])), HIGHEST_PLANS)
  const entries = await listAudit(db, { accountIds: [account.id, account.twinId] })
  assert.deepEqual(entries, [
    {
      id: entries[0]!.id,
      at,
      actor: 'cli:ann',
      action: 'account.create',
      accountId: account.id,
      subject: `account:${account.id}`,
      reason: null,
      before: null,
      after: { name: 'shop', sandbox_id: account.twinId, plans: HIGHEST_PLANS },
    },
  ])
})

test('what cannot be an account is refused, and nothing is left of it', async (t) => {
  const { db } = await testDatabase(t)
  const ctx = { db, clock: systemClock }
  const { name } = await newAccount(db)
  const before = await listAccounts(db)
  await assert.rejects(
    createAccount(ctx, name),
    refusal(/^There is an account named ".*" already; choose another name\.$/),
  )
  for (const wrong of ['', ' ', ' a', 'a ', 'a'.repeat(101)]) {
    await assert.rejects(createAccount(ctx, wrong), refusal(/has 1 to 100 characters/))
  }
  for (const number of ['7', '0', '9'.repeat(30)]) {
    await assert.rejects(
      createAccount(ctx, number),
      refusal(/choose a name with a letter in it, as numbers name accounts/),
    )
  }
  const plans = { ...FIRST_PLANS, item: 'gold' }
  await assert.rejects(createAccount(ctx, 'golden', { plans }), refusal(/^"gold" is not a plan of item/))
  assert.deepEqual(await listAccounts(db), before)
})

test('an account is found by its name or its number, and never by the number of its sandbox', async (t) => {
  const { db, pool } = await testDatabase(t)
  const account = await newAccount(db)
  assert.deepEqual(await findAccount(db, account.name), account)
  assert.deepEqual(await findAccount(db, String(account.id)), account)
  assert.equal(await findAccount(db, String(account.twinId)), null)
  await assert.rejects(getAccount(db, String(account.twinId)), {
    name: 'OperatorError',
    message:
      `${account.twinId} is the sandbox of account ${account.id} "${account.name}": give ${account.id} or ` +
      `${account.name}, and --sandbox where its sandbox is meant.`,
  })
  // An older version made accounts of such names. A number goes before a name.
  const rename = (id: number, name: string) =>
    pool.query('update account set name = $2 where id = $1 or twin_of = $1', [id, name])
  const old = await newAccount(db)
  await rename(old.id, '88001')
  assert.deepEqual(await findAccount(db, '88001'), { ...old, name: '88001' })
  await rename(old.id, String(account.id))
  assert.deepEqual(await findAccount(db, String(account.id)), account)

  for (const nobody of ['nobody of this name', '999999999', '9'.repeat(30), '-1', '1e3', '']) {
    assert.equal(await findAccount(db, nobody), null, nobody)
  }
  assert.deepEqual(await getAccount(db, account.name), account)
  const message = /^There is no account "ghost"; make it with: account create --name "ghost"$/
  await assert.rejects(getAccount(db, 'ghost'), refusal(message))
  await assert.rejects(
    getAccount(db, '999999999'),
    refusal(/^There is no account "999999999"; `account list` shows all\.$/),
  )

  const { id, twinId, name } = account
  assert.deepEqual(await accountOwner(db, id), { liveId: id, isSandbox: false, name })
  assert.deepEqual(await accountOwner(db, twinId), { liveId: id, isSandbox: true, name })
  const names = await accountNames(db)
  assert.deepEqual([names.get(id), names.get(twinId)], [name, name])
})

test('caps and thresholds are of one account each, and tell what was before', async (t) => {
  const { db } = await testDatabase(t)
  const { id, twinId } = await newAccount(db)
  await db.transaction().execute(async (tx) => {
    assert.equal(await setAccountCap(tx, id, 5_000_000), null)
    assert.equal(await setAccountCap(tx, id, 7_000_000), 5_000_000)
    assert.equal(await setLowBalance(tx, id, 0), 1_000_000)
  })
  assert.deepEqual(await getGuard(db, id), { capUsdMicros: 7_000_000, lowBalanceUsdMicros: 0 })
  assert.deepEqual(await getGuard(db, twinId), { capUsdMicros: null, lowBalanceUsdMicros: 1_000_000 })
  await db.transaction().execute((tx) => setAccountCap(tx, id, null))
  assert.equal((await getGuard(db, id)).capUsdMicros, null)
})
