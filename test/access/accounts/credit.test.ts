import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { creditAccount, type Credit } from '../../../src/access/accounts/credit.ts'
import { listAudit } from '../../../src/events/audit/audit.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { OperatorError } from '../../../src/lib/errors.ts'
import { systemRandom } from '../../../src/lib/ids.ts'
import { apiBalanceOf, walletOf } from '../../../src/money/ledger/accounts.ts'
import { auditBooks } from '../../../src/money/ledger/audit.ts'
import { getBalance, listTransfers } from '../../../src/money/ledger/ledger.ts'
import { testDatabase } from '../../database.ts'
import { newAccount } from './new-account.ts'

const AT = new Date('2026-11-21T12:00:00.000Z')
const ctx = async (t: TestContext) => {
  const { db } = await testDatabase(t)
  return { db, clock: { ...systemClock, now: () => AT }, random: systemRandom }
}
const WISH = {
  isSandbox: false,
  currency: 'USD',
  amountMinor: 25_500_000,
  reason: 'bank 17',
  actor: 'cli:ann',
} as const

test('dollars go to the API balance and yuan to the wallet, live or sandbox, from where each comes from', async (t) => {
  const own = await ctx(t)
  const account = await newAccount(own.db)
  const { id, twinId } = account
  const cases: [wish: Partial<Credit>, from: string, to: string][] = [
    [{}, 'system:payments:USD', apiBalanceOf(id)],
    [{ currency: 'CNY', amountMinor: 19_950 }, 'system:payments:CNY', walletOf(id)],
    [{ isSandbox: true, amountMinor: 1 }, 'system:sandbox:USD', apiBalanceOf(twinId)],
    [{ isSandbox: true, currency: 'CNY', amountMinor: 7 }, 'system:sandbox:CNY', walletOf(twinId)],
  ]
  for (const [wish, from, to] of cases) {
    const credited = await creditAccount(own, { account, ...WISH, ...wish })
    const { amountMinor } = { ...WISH, ...wish }
    const balance = { balanceMinor: amountMinor, heldMinor: 0, availableMinor: amountMinor }
    assert.match(credited.transfer, /^credit:[A-Za-z0-9]{20}$/)
    assert.deepEqual(credited, { transfer: credited.transfer, repeated: false, balance })
    assert.deepEqual(await getBalance(own.db, to), balance)
    const [made, ...others] = await listTransfers(own.db, to)
    const unbound = { hold: null, reverses: null, reversedBy: null }
    const whole = {
      id: made!.id,
      name: credited.transfer,
      from,
      to,
      amountMinor,
      reason: 'bank 17',
      at: AT,
      ...unbound,
    }
    assert.deepEqual([made, others], [whole, []])
  }
  assert.deepEqual(await auditBooks(own.db), { sums: { USD: 0, CNY: 0 }, faults: [] })
})

test('a named credit happens once, and its name belongs to it', async (t) => {
  const own = await ctx(t)
  const account = await newAccount(own.db)
  const name = `invoice-${account.id}`
  const all = await Promise.all([1, 2, 3, 4, 5].map(() => creditAccount(own, { account, ...WISH, name })))
  assert.equal(all.filter(({ repeated }) => !repeated).length, 1)
  assert.equal((await getBalance(own.db, apiBalanceOf(account.id))).balanceMinor, 25_500_000)

  const message = `The name "${name}" is another credit's; choose a new one.`
  const other = await newAccount(own.db)
  for (const wish of [{ amountMinor: 1 }, { isSandbox: true }, { currency: 'CNY' as const }, { account: other }]) {
    await assert.rejects(creditAccount(own, { account, ...WISH, name, ...wish }), new OperatorError(message))
  }

  const [entry, ...rest] = (await listAudit(own.db, { accountIds: [account.id, account.twinId] })).slice(0, -1)
  const code = apiBalanceOf(account.id)
  assert.deepEqual(
    [entry, rest],
    [
      {
        id: entry!.id,
        at: AT,
        actor: 'cli:ann',
        action: 'account.credit',
        accountId: account.id,
        subject: `credit:${name}`,
        reason: 'bank 17',
        before: { account: code, balance_minor: 0 },
        after: { account: code, balance_minor: 25_500_000 },
      },
      [],
    ],
  )
})

test('a credit without a reason, or with an unfit name, is refused', async (t) => {
  const own = await ctx(t)
  const account = await newAccount(own.db)
  for (const wish of [
    { reason: ' ' },
    { reason: 'x'.repeat(501) },
    { name: '' },
    { name: 'a b' },
    { name: 'x'.repeat(101) },
  ]) {
    await assert.rejects(creditAccount(own, { account, ...WISH, ...wish }), OperatorError)
  }
  assert.equal((await getBalance(own.db, apiBalanceOf(account.id))).balanceMinor, 0)
})
