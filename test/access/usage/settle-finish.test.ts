import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  accountState,
  assertBooks,
  call,
  codeOf,
  daily,
  DAY,
  holdingMeters,
  MONTH,
  run,
  settleAll,
  settleBench,
} from './settling.ts'

const KEPT = { keep: true, status: 200, bytes: 1_500, us: 900 }
const VOIDED = { keep: false, status: 404, bytes: 0, us: 900 }

test('a charge that is kept is billed; ended again, or unknown, it changes nothing', async (t) => {
  const bench = await settleBench(t)
  const settler = bench.settler()
  const payer = await bench.payer({ balance: 100_000 })
  const open = call({ ready: false, status: 0, bytes: 0, tid: 'order 7' })
  const metered = run(payer, { bytesIncluded: 5_000_000_000, gbPrice: 200_000, keyCalls: 9, keySpend: 90_000 })
  await settleAll(settler, [[metered, open]])
  const { name } = open
  assert.deepEqual(await settler.finish({ name, ...KEPT }), { found: true, balanceAfterUsdMicros: 96_000 })
  const kept = await accountState(bench, payer)
  assert.deepEqual(kept, {
    balance: 96_000,
    pots: [
      `item.bytes ${MONTH} 1500`,
      `key:${payer.keyId}:calls ${MONTH} 1`,
      `key:${payer.keyId}:spend ${MONTH} 4000`,
      `spend ${MONTH} 4000`,
    ],
    transfers: [`${name} 4000`],
    events: [`${name} 200 balance 4000 96000`],
    charges: [],
    days: ['2026-11-21 lookUpItem 1 1 0 1500 4000 900'],
  })
  const again = [KEPT, VOIDED].map((each) => settler.finish({ name, ...each }))
  const unknown = settler.finish({ name: 'req_nobody', ...VOIDED })
  const notFound = { found: false, balanceAfterUsdMicros: null }
  assert.deepEqual(await Promise.all([...again, unknown]), [notFound, notFound, notFound])
  assert.deepEqual(await accountState(bench, payer), kept)
})

test('a charge that is voided gives back balance, pot, caps and its idempotency record', async (t) => {
  const bench = await settleBench(t)
  const settler = bench.settler()
  const payer = await bench.payer({ balance: 100_000, cap: 90_000 })
  const { rows } = await bench.pool.query<{ id: number }>(
    `insert into idempotency (account_id, route, key, fingerprint, instance, created_at)
     select $1, 'POST /api/v1/item', k, '\\x00', 1, now() from unnest(array['a', 'b']) k returning id`,
    [payer.accountId],
  )
  const metered = run(payer, {
    ...daily(1),
    bytesIncluded: 5_000_000_000,
    gbPrice: 200_000,
    keyCalls: 9,
    keySpend: 90_000,
  })
  const [fromPot, fromBalance] = rows.map(({ id }) => call({ ready: false, record: id })) as [
    ReturnType<typeof call>,
    ReturnType<typeof call>,
  ]
  const recorded = async () => {
    const found = await bench.pool.query<{ charge: string | null }>(
      'select charge from idempotency where account_id = $1 order by key',
      [payer.accountId],
    )
    return found.rows.map(({ charge }) => charge)
  }
  assert.deepEqual(
    await settleAll(settler, [
      [metered, fromPot],
      [metered, fromBalance],
    ]),
    ['item.day 0 -> 100000', 'balance 4000 -> 96000'],
  )
  assert.deepEqual(await recorded(), [fromPot.name, fromBalance.name])
  const calls = `key:${payer.keyId}:calls ${MONTH}`
  const spends = [`key:${payer.keyId}:spend ${MONTH} 4000`, `spend ${MONTH} 4000`]
  assert.deepEqual((await accountState(bench, payer)).pots, [`item.day ${DAY} 1`, `${calls} 2`, ...spends])

  assert.deepEqual(await settler.finish({ name: fromPot.name, ...VOIDED }), {
    found: true,
    balanceAfterUsdMicros: 96_000,
  })
  assert.deepEqual(await recorded(), [null, fromBalance.name])
  assert.deepEqual((await accountState(bench, payer)).pots, [`${calls} 1`, ...spends])
  assert.deepEqual(await settler.finish({ name: fromBalance.name, ...VOIDED }), {
    found: true,
    balanceAfterUsdMicros: 100_000,
  })
  assert.deepEqual(await recorded(), [null, null])
  assert.deepEqual(await accountState(bench, payer), {
    balance: 100_000,
    pots: [],
    transfers: [`${fromBalance.name} 4000 reversed`],
    events: [`${fromBalance.name} 404 nothing 0 100000`, `${fromPot.name} 404 nothing 0 96000`].sort(),
    charges: [],
    days: ['2026-11-21 lookUpItem 2 0 2 0 0 1800'],
  })
  await assertBooks(bench)
})

test('an ending that waits for a lock in vain is busy, and is given back when the lock is free', async (t) => {
  const bench = await settleBench(t)
  const settler = bench.settler()
  const [locked, free] = [await bench.payer({ balance: 100_000 }), await bench.payer({ balance: 100_000 })]
  const [stuck, other] = [call({ ready: false }), call({ ready: false })]
  await settleAll(settler, [
    [run(locked), stuck],
    [run(free), other],
  ])
  const ended = await holdingMeters(bench, [locked], () =>
    Promise.allSettled([stuck, other].map(({ name }) => settler.finish({ name, ...KEPT }))),
  )
  assert.deepEqual(
    ended.map((each) => (each.status === 'fulfilled' ? each.value : codeOf(each.reason))),
    ['busy', { found: true, balanceAfterUsdMicros: 96_000 }],
  )
  // A close waits for what is still to be given back.
  await settler.close()
  const { balance, charges, events } = await accountState(bench, locked)
  assert.deepEqual(
    { balance, charges, events },
    { balance: 100_000, charges: [], events: [`${stuck.name} 503 nothing 0 100000`] },
  )
})
