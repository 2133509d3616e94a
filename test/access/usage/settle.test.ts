import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  accountState,
  assertBooks,
  call,
  daily,
  DAY,
  holdingMeters,
  MONTH,
  PRICE,
  run,
  settleAll,
  settleBench,
  told,
  toldOf,
  UNTOUCHED,
  untilSettling,
} from './settling.ts'

test('one batch of many accounts: each run by its own pot and balance, in the order of arrival', async (t) => {
  const bench = await settleBench(t)
  const settler = bench.settler()
  const [rich, poor, potted] = [
    await bench.payer({ balance: 100_000 }),
    await bench.payer({ balance: 9_000 }),
    await bench.payer({ balance: 4_000 }),
  ]
  const richItem = run(rich)
  const richRisk = run(rich, { product: 'risk', operation: 'checkRisk', price: 30_000 })
  const poorItem = run(poor)
  const pottedItem = run(potted, daily(2))
  const asked = [
    [richItem, call()],
    [poorItem, call()],
    [richRisk, call()],
    [pottedItem, call()],
    [richItem, call()],
    [pottedItem, call()],
    [pottedItem, call()],
    [pottedItem, call()],
    [poorItem, call()],
    [poorItem, call()],
    [richItem, call({ ready: false })],
    [richItem, call()],
  ] as const
  assert.deepEqual(await settleAll(settler, asked), [
    'balance 4000 -> 96000',
    'balance 4000 -> 5000',
    'balance 30000 -> 66000',
    'item.day 0 -> 4000',
    'balance 4000 -> 62000',
    'item.day 0 -> 4000',
    'balance 4000 -> 0',
    'denied balance -> 0',
    'balance 4000 -> 1000',
    'denied balance -> 1000',
    'balance 4000 -> 58000',
    'balance 4000 -> 54000',
  ])
  assert.deepEqual({ ...settler.stats, waitMsTotal: 0 }, { batches: 1, calls: 12, waitMsTotal: 0 })
  const name = (at: number) => asked[at]![1].name
  assert.deepEqual(await accountState(bench, rich), {
    balance: 54_000,
    pots: [`spend ${MONTH} 46000`],
    transfers: [`${name(0)} 4000`, `${name(2)} 30000`, `${name(4)} 4000`, `${name(10)} 4000`, `${name(11)} 4000`],
    events: [
      `${name(0)} 200 balance 4000 96000`,
      `${name(2)} 200 balance 30000 66000`,
      `${name(4)} 200 balance 4000 62000`,
      `${name(11)} 200 balance 4000 54000`,
    ].sort(),
    charges: [`${name(10)} balance 4000`],
    days: ['2026-11-21 checkRisk 1 1 0 2000 30000 300', '2026-11-21 lookUpItem 3 3 0 6000 12000 900'],
  })
  assert.deepEqual(await accountState(bench, poor), {
    balance: 1_000,
    pots: [`spend ${MONTH} 8000`],
    transfers: [`${name(1)} 4000`, `${name(8)} 4000`],
    events: [`${name(1)} 200 balance 4000 5000`, `${name(8)} 200 balance 4000 1000`].sort(),
    charges: [],
    days: ['2026-11-21 lookUpItem 2 2 0 4000 8000 600'],
  })
  assert.deepEqual(await accountState(bench, potted), {
    balance: 0,
    pots: [`item.day ${DAY} 2`, `spend ${MONTH} 4000`],
    transfers: [`${name(6)} 4000`],
    events: [
      `${name(3)} 200 item.day 0 4000`,
      `${name(5)} 200 item.day 0 4000`,
      `${name(6)} 200 balance 4000 0`,
    ].sort(),
    charges: [],
    days: ['2026-11-21 lookUpItem 3 3 0 6000 4000 900'],
  })
  await assertBooks(bench)
})

test('a call that cannot be booked fails alone, and texts that the database does not take are made fit', async (t) => {
  const bench = await settleBench(t)
  const settler = bench.settler()
  const payer = await bench.payer({ balance: 100_000 })
  const other = await bench.payer({ balance: 100_000 })
  const itsRun = run(payer)
  const texts = ['order 7', 'a\0b', 'half \ud83d', '中文 😀', '"\\"']
  const asked = [
    ...texts.map((tid) => [itsRun, call({ tid })] as const),
    [itsRun, call({ status: 99_999 })],
    [run(other), call()],
    [itsRun, call()],
  ] as const
  assert.deepEqual(await settleAll(settler, asked), [
    ...[96_000, 92_000, 88_000, 84_000, 80_000].map((after) => `balance 4000 -> ${after}`),
    '22003',
    'balance 4000 -> 96000',
    'balance 4000 -> 76000',
  ])
  const { rows } = await bench.pool.query<{ tid: string }>(
    'select tid from usage_event where account_id = $1 and tid is not null order by balance_after_usd_micros desc',
    [payer.accountId],
  )
  assert.deepEqual(
    rows.map(({ tid }) => tid),
    ['order 7', 'ab', 'half \ufffd', '中文 😀', '"\\"'],
  )
  const state = await accountState(bench, payer)
  assert.deepEqual([state.balance, state.transfers.length, state.events.length], [76_000, 6, 6])
})

test('a locked account is busy and not charged, and holds up nobody else of its batch', async (t) => {
  const bench = await settleBench(t)
  const settler = bench.settler()
  const [locked, free] = [await bench.payer({ balance: 100_000 }), await bench.payer({ balance: 100_000 })]
  const answers = await holdingMeters(bench, [locked], () =>
    settleAll(settler, [
      [run(locked), call()],
      [run(free), call()],
      [run(locked), call()],
      [run(free), call({ ready: false })],
    ]),
  )
  assert.deepEqual(answers, ['busy', 'balance 4000 -> 96000', 'busy', 'balance 4000 -> 92000'])
  assert.deepEqual(await accountState(bench, locked), { ...UNTOUCHED, balance: 100_000 })
  assert.deepEqual(await settleAll(settler, [[run(locked), call()]]), ['balance 4000 -> 96000'])
})

test('batches of two processes that cross do not deadlock', async (t) => {
  const bench = await settleBench(t)
  const settlers = [bench.settler({ lines: 1 }), bench.settler({ lines: 1, instance: 2 })]
  const payers = await Promise.all(Array.from({ length: 6 }, () => bench.payer({ balance: 400_000 })))
  const runs = payers.map((payer) => run(payer))
  // The two wait behind the same lock, one wanting the accounts upwards and the other downwards.
  for (let round = 0; round < 10; round++) {
    const answers = await holdingMeters(bench, [payers[round % 6]!], async () => {
      const work = settlers.map((settler, at) => {
        const order = at === 0 ? runs : runs.toReversed()
        return settleAll(
          settler,
          order.flatMap(
            (each) =>
              [
                [each, call()],
                [each, call({ ready: false })],
              ] as const,
          ),
        )
      })
      await untilSettling(bench.pool, 2)
      return { work }
    })
    for (const told of await Promise.all(answers.work))
      assert.ok(
        told.every((each) => each.startsWith('balance 4000')),
        told.join(),
      )
  }
  for (const payer of payers) {
    const { balance, events, charges, transfers } = await accountState(bench, payer)
    assert.deepEqual([balance, events.length, charges.length, transfers.length], [400_000 - 40 * PRICE, 20, 20, 40])
  }
  const { rows } = await bench.pool.query(
    `select deadlocks::int from pg_stat_database where datname = current_database()`,
  )
  assert.deepEqual(rows, [{ deadlocks: 0 }])
  await assertBooks(bench)
})

test('calls are settled in the order of their arrival, whatever came between', async (t) => {
  const bench = await settleBench(t)
  const settler = bench.settler({ lines: 1 })
  const payer = await bench.payer({ balance: 10 * PRICE })
  const [one, two] = [run(payer), run(payer, { operation: 'other' })]
  const calls = Array.from({ length: 12 }, (_each, at) => [at % 3 === 0 ? two : one, call()] as const)
  const answers = await holdingMeters(bench, [payer], async () => {
    const first = settleAll(settler, calls.slice(0, 4))
    await untilSettling(bench.pool)
    // These come while the first are under way, in several turns of the event loop.
    const others = []
    for (const each of calls.slice(4)) {
      others.push(settleAll(settler, [each]))
      await new Promise((resolve) => setImmediate(resolve))
    }
    return { work: [first, ...others] }
  })
  const expected = calls.map((_each, at) => (at < 10 ? `balance 4000 -> ${(9 - at) * PRICE}` : 'denied balance -> 0'))
  assert.deepEqual((await Promise.all(answers.work)).flat(), expected)
  assert.equal(settler.stats.batches, 2)
})

test('a closed settler is busy, without asking the database', async (t) => {
  const bench = await settleBench(t)
  const settler = bench.settler()
  const payer = await bench.payer({ balance: 100_000 })
  const last = settler.settle(run(payer), call())
  await settler.close()
  assert.equal(told(await last), 'balance 4000 -> 96000')
  const [after] = await Promise.allSettled([settler.settle(run(payer), call())])
  assert.equal(toldOf(after), 'busy')
  assert.equal((await accountState(bench, payer)).balance, 96_000)
})
