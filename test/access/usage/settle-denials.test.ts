import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Run } from '../../../src/access/usage/runs.ts'
import {
  accountState,
  assertBooks,
  call,
  credit,
  daily,
  MONTH,
  PRICE,
  run,
  settleAll,
  settleBench,
  told,
} from './settling.ts'

type Means = { balance?: number; cap?: number; run: Partial<Run>; told: string[] }
const pays = (...afters: number[]) => afters.map((after) => `balance ${PRICE} -> ${after}`)
const DENIALS: (Means & { name: string })[] = [
  { name: 'no balance', run: {}, told: ['denied balance -> 0'] },
  { name: 'one micro short', balance: 7_999, run: {}, told: [...pays(3_999), 'denied balance -> 3999'] },
  { name: 'to the last micro', balance: 8_000, run: {}, told: [...pays(4_000, 0), 'denied balance -> 0'] },
  {
    name: 'the account’s cap',
    balance: 50_000,
    cap: 8_000,
    run: {},
    told: [...pays(46_000, 42_000), 'denied account_cap -> 42000'],
  },
  {
    name: 'a cap between two calls',
    balance: 50_000,
    cap: 7_999,
    run: {},
    told: [...pays(46_000), 'denied account_cap -> 46000'],
  },
  { name: 'a cap of nothing', balance: 50_000, cap: 0, run: {}, told: ['denied account_cap -> 50000'] },
  {
    name: 'the key’s cap in money',
    balance: 50_000,
    run: { keySpend: 4_000 },
    told: [...pays(46_000), 'denied key_cap -> 46000'],
  },
  {
    name: 'both caps: the account’s is told',
    balance: 50_000,
    cap: 4_000,
    run: { keySpend: 4_000 },
    told: [...pays(46_000), 'denied account_cap -> 46000'],
  },
  {
    name: 'a cap and no balance: the balance is told',
    balance: 4_000,
    cap: 4_000,
    run: {},
    told: [...pays(0), 'denied balance -> 0'],
  },
  {
    name: 'the key’s cap in calls',
    balance: 50_000,
    run: { keyCalls: 1 },
    told: [...pays(46_000), 'denied key_calls -> 46000'],
  },
  { name: 'a key of no calls', balance: 50_000, run: { keyCalls: 0 }, told: ['denied key_calls -> 50000'] },
  {
    name: 'the key’s calls count those of the pot',
    balance: 50_000,
    run: { ...daily(1), keyCalls: 2 },
    told: ['item.day 0 -> 50000', ...pays(46_000), 'denied key_calls -> 46000'],
  },
  {
    name: 'credits without a price',
    balance: 50_000,
    run: { pot: 'sourcing.month', bucket: MONTH, potLimit: 1, price: null },
    told: ['sourcing.month 0 -> 50000', 'denied pot -> 50000'],
  },
  { name: 'neither pot nor price', balance: 50_000, run: { price: null }, told: ['denied pot -> 50000'] },
  {
    name: 'a pot, then the balance',
    balance: 5_000,
    run: daily(1),
    told: ['item.day 0 -> 5000', ...pays(1_000), 'denied balance -> 1000'],
  },
  {
    name: 'caps do not hold for the pot',
    cap: 0,
    run: { ...daily(2), keySpend: 0 },
    told: ['item.day 0 -> 0', 'item.day 0 -> 0', 'denied balance -> 0'],
  },
]

for (const { name, told: expected, run: wish, ...means } of DENIALS) {
  test(`what is denied, and why: ${name}`, async (t) => {
    const bench = await settleBench(t)
    for (const apart of [false, true]) {
      const payer = await bench.payer(means)
      const settler = bench.settler()
      const itsRun = run(payer, wish)
      const calls = expected.map(() => call())
      const answers: string[] = []
      if (apart) for (const each of calls) answers.push(told(await settler.settle(itsRun, each)))
      else
        answers.push(
          ...(await settleAll(
            settler,
            calls.map((each) => [itsRun, each] as const),
          )),
        )
      // Within one run the balance after is the same for all that are denied: what is left in the end.
      assert.deepEqual(answers, expected, apart ? 'in batches of their own' : 'in one batch')

      const paid = expected.filter((each) => !each.startsWith('denied'))
      const spent = paid.filter((each) => each.startsWith('balance')).length * PRICE
      const state = await accountState(bench, payer)
      assert.equal(state.balance, (means.balance ?? 0) - spent)
      assert.equal(state.events.length, paid.length)
      assert.equal(state.transfers.length, spent / PRICE)
      const used = [
        ...(wish.pot && wish.potLimit ? [`${wish.pot} ${wish.bucket} ${wish.potLimit}`] : []),
        ...(wish.keyCalls ? [`key:${payer.keyId}:calls ${MONTH} ${paid.length}`] : []),
        ...(wish.keySpend ? [`key:${payer.keyId}:spend ${MONTH} ${spent}`] : []),
        ...(spent > 0 ? [`spend ${MONTH} ${spent}`] : []),
      ]
      assert.deepEqual(state.pots, used.sort())
    }
    await assertBooks(bench)
  })
}

test('a gigabyte that was begun is paid once before the next call, which is denied when that cannot be', async (t) => {
  const bench = await settleBench(t)
  const settler = bench.settler()
  const payer = await bench.payer({ balance: 413_000 })
  const metered = run(payer, { bytesIncluded: 5_000_000_000, gbPrice: 200_000 })
  const setBytes = (used: number) =>
    bench.pool.query(
      `insert into pot (account_id, name, bucket, used) values ($1, 'item.bytes', $2, $3)
       on conflict (account_id, name) do update set used = excluded.used`,
      [payer.accountId, MONTH, used],
    )
  const settle = async (count: number, itsRun = metered) =>
    settleAll(
      settler,
      Array.from({ length: count }, () => [itsRun, call()] as const),
    )

  await setBytes(4_999_999_999)
  assert.deepEqual(await settle(1), ['balance 4000 -> 409000'])
  // That answer reached into the first gigabyte.
  assert.deepEqual(await settle(2), ['balance 4000 -> 205000', 'balance 4000 -> 201000'])
  assert.deepEqual(await settle(1), ['balance 4000 -> 197000'])
  await setBytes(6_000_000_000)
  assert.deepEqual(await settle(1), ['denied balance -> 197000'])

  await credit(bench, payer.accountId, 403_000)
  await bench.pool.query('update meter set cap_usd_micros = 300000 where account_id = $1', [payer.accountId])
  assert.deepEqual(await settle(1), ['denied account_cap -> 600000'])
  await bench.pool.query('update meter set cap_usd_micros = null where account_id = $1', [payer.accountId])
  const capped = { ...metered, keySpend: 199_999 }
  assert.deepEqual(await settle(1, capped), ['denied key_cap -> 600000'])
  assert.deepEqual(await settle(1), ['balance 4000 -> 396000'])

  const { pots, transfers, balance } = await accountState(bench, payer)
  assert.equal(balance, 396_000)
  assert.deepEqual(pots, [`item.bytes ${MONTH} 6000002000`, `item.gb ${MONTH} 2`, `spend ${MONTH} 420000`])
  const gigabytes = [1, 2].map((nth) => `gb:${payer.accountId}:item:${MONTH}:${nth} 200000`)
  assert.deepEqual(
    transfers.filter((each) => each.startsWith('gb:')),
    gigabytes,
  )
  await assertBooks(bench)
})
