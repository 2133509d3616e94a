import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import pino from 'pino'
import { handClock } from '../limits/hand-clock.ts'
import { faultProxy, type Fault } from './fault-proxy.ts'
import {
  accountState,
  assertBooks,
  call,
  codeOf,
  daily,
  DAY,
  holdingMeters,
  MONTH,
  PRICE,
  run,
  running,
  settleAll,
  settleBench,
  told,
  untilSessions,
  untilSettling,
} from './settling.ts'

/** One line only, so that the first call is what makes the connection. */
async function faultBench(t: TestContext) {
  const bench = await settleBench(t)
  const proxy = await faultProxy(t, bench.connection)
  return { ...bench, proxy }
}

const settled = (work: Promise<Parameters<typeof told>[0]>) => work.then(told, codeOf)

test('a connection that was ended while nothing was under way is made anew', async (t) => {
  const bench = await settleBench(t)
  const settler = bench.settler({ lines: 1 })
  const payer = await bench.payer({ balance: 100_000 })
  await settleAll(settler, [[run(payer), call()]])
  for (let round = 1; round <= 5; round++) {
    const [pid] = await untilSessions(bench.pool, `state = 'idle'`, 1)
    await bench.pool.query('select pg_terminate_backend($1)', [pid])
    // At once, and later on when the end was noticed.
    if (round % 2 === 0) await delay(20)
    const answers = await settleAll(settler, [[run(payer), call()]])
    assert.deepEqual(answers, [`balance 4000 -> ${100_000 - PRICE * (round + 1)}`])
  }
  const { transfers, events, balance } = await accountState(bench, payer)
  assert.deepEqual([transfers.length, events.length, balance], [6, 6, 76_000])
})

test('a session that is ended in the middle of a batch: every call is charged once and answered once', async (t) => {
  const bench = await settleBench(t)
  const settler = bench.settler({ lines: 1 })
  const payer = await bench.payer({ balance: 3 * PRICE })
  const asked = Array.from({ length: 8 }, (_each, at) => [run(payer, daily(2)), call({ ready: at % 2 === 0 })] as const)
  const work = await holdingMeters(bench, [payer], async () => {
    const work = settleAll(settler, asked)
    const [pid] = await untilSettling(bench.pool)
    await bench.pool.query('select pg_terminate_backend($1)', [pid])
    return { work }
  })
  const expected = [
    'item.day 0 -> 12000',
    'item.day 0 -> 12000',
    'balance 4000 -> 8000',
    'balance 4000 -> 4000',
    'balance 4000 -> 0',
  ]
  // Each run is an object of its own, so that what is denied is told the balance that was then left: none.
  assert.deepEqual(await work.work, [...expected, ...Array.from({ length: 3 }, () => 'denied balance -> 0')])
  const { balance, pots, transfers, events, charges } = await accountState(bench, payer)
  assert.deepEqual([balance, transfers.length, events.length, charges.length], [0, 3, 3, 2])
  assert.deepEqual(pots, [`item.day ${DAY} 2`, `spend ${MONTH} 12000`])
})

for (const fault of ['before', 'during', 'after'] as const satisfies Fault[]) {
  test(`a connection cut ${fault} the statement: every call is charged once and answered once`, async (t) => {
    const bench = await faultBench(t)
    const settler = bench.settler({ lines: 1, connection: bench.proxy.connection })
    const payer = await bench.payer({ balance: 3 * PRICE })
    const itsRun = run(payer, { ...daily(2), keyCalls: 100, keySpend: 100_000 })
    const asked = Array.from({ length: 8 }, (_each, at) => [itsRun, call({ ready: at % 2 === 0 })] as const)
    bench.proxy.next('calls_settle', fault)
    // While the meter is held, what the server goes on with cannot end by itself.
    const work =
      fault === 'during'
        ? await holdingMeters(bench, [payer], async () => {
            const work = settleAll(settler, asked)
            await cutDuring(bench)
            return { work }
          })
        : { work: settleAll(settler, asked) }
    const answers = await work.work
    assert.equal(bench.proxy.happened, 1)
    // What is read back of an open charge does not tell the balance; its end does.
    const open = fault === 'after' ? 0 : null
    assert.deepEqual(answers, [
      'item.day 0 -> 12000',
      `item.day 0 -> ${open ?? 12_000}`,
      'balance 4000 -> 8000',
      `balance 4000 -> ${open ?? 4_000}`,
      'balance 4000 -> 0',
      ...Array.from({ length: 3 }, () => 'denied balance -> 0'),
    ])
    const { balance, pots, transfers, events, charges, days } = await accountState(bench, payer)
    assert.deepEqual([balance, transfers.length, events.length, charges.length], [0, 3, 3, 2])
    const ofKey = [`key:${payer.keyId}:calls ${MONTH} 5`, `key:${payer.keyId}:spend ${MONTH} 12000`]
    assert.deepEqual(pots, [`item.day ${DAY} 2`, ...ofKey, `spend ${MONTH} 12000`])
    assert.deepEqual(days, ['2026-11-21 lookUpItem 3 3 0 6000 8000 900'])
    await assertBooks(bench)
  })
}

test('a charge that was committed before the database went away for long is given back when it returns', async (t) => {
  const bench = await faultBench(t)
  const clock = handClock()
  const lines: string[] = []
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(String(JSON.parse(line).msg)) })
  const settler = bench.settler({ lines: 1, connection: bench.proxy.connection, clock, log })
  const payer = await bench.payer({ balance: 100_000, cap: 90_000 })
  const itsRun = run(payer, {
    ...daily(1),
    keyCalls: 9,
    keySpend: 90_000,
    bytesIncluded: 5_000_000_000,
    gbPrice: 200_000,
  })
  const asked = [call(), call(), call({ ready: false })]
  bench.proxy.next('calls_settle', 'after', true)
  const startedAtMs = clock.elapsedMs()
  const answers = await running(clock, Promise.all(asked.map((each) => settled(settler.settle(itsRun, each)))))
  assert.deepEqual(answers, ['busy', 'busy', 'busy'])
  const waitedMs = clock.elapsedMs() - startedAtMs
  assert.ok(waitedMs >= 5_000 && waitedMs < 7_000, `${waitedMs} ms`)
  const charged = await accountState(bench, payer)
  assert.deepEqual([charged.balance, charged.events.length, charged.charges.length], [92_000, 2, 1])

  bench.proxy.setAway(false)
  const done = until(async () => (await accountState(bench, payer)).balance === 100_000)
  await running(clock, done)
  const [first, second, third] = asked.map(({ name }) => name)
  assert.deepEqual(await accountState(bench, payer), {
    balance: 100_000,
    pots: [],
    transfers: [`${second} 4000 reversed`, `${third} 4000 reversed`],
    events: [`${first} 503 nothing 0 100000`, `${second} 503 nothing 0 96000`, `${third} 503 nothing 0 100000`].sort(),
    charges: [],
    days: ['2026-11-21 lookUpItem 3 0 3 0 0 600'],
  })
  await running(clock, settler.close())
  assert.deepEqual(lines, [
    '3 calls of unknown outcome are still to be given back',
    'all calls of unknown outcome are given back',
  ])
  await assertBooks(bench)
})

test('with the database away for a while calls wait; away for long, they are busy within seconds, however many', async (t) => {
  const bench = await faultBench(t)
  const clock = handClock()
  const lines: string[] = []
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) })
  const settler = bench.settler({ connection: bench.proxy.connection, clock, log })
  const payer = await bench.payer({ balance: 100_000_000 })
  const itsRun = run(payer)
  bench.proxy.setAway(true)
  const waiting = settleAll(settler, [[itsRun, call()]])
  await clock.pass(1_000)
  await delay(20)
  bench.proxy.setAway(false)
  assert.deepEqual(await running(clock, waiting), ['balance 4000 -> 99996000'])

  bench.proxy.setAway(true)
  const other = bench.settler({ connection: bench.proxy.connection, clock, log })
  const startedAtMs = clock.elapsedMs()
  const many = Array.from({ length: 3_000 }, () => [itsRun, call()] as const)
  const answers = await running(clock, settleAll(other, many))
  const waitedMs = clock.elapsedMs() - startedAtMs
  assert.deepEqual([...new Set(answers)], ['busy'])
  assert.ok(waitedMs >= 5_000 && waitedMs < 12_000, `${waitedMs} ms`)
  assert.equal((await accountState(bench, payer)).transfers.length, 1)
  // Nothing was sent, so there is nothing to be given back.
  assert.deepEqual(lines, [])
})

test('with a database that hangs a call is busy within seconds, and is given back when it answers again', async (t) => {
  const bench = await faultBench(t)
  const clock = handClock()
  const settler = bench.settler({ lines: 1, connection: bench.proxy.connection, clock })
  const payer = await bench.payer({ balance: 100_000 })
  bench.proxy.next('calls_settle', 'hang')
  const hanging = settled(settler.settle(run(payer), call()))
  await until(async () => (await accountState(bench, payer)).balance === 96_000)
  await clock.pass(5_900)
  await delay(20)
  const startedAtMs = clock.elapsedMs()
  assert.equal(await running(clock, hanging), 'busy')
  assert.ok(clock.elapsedMs() - startedAtMs < 1_000)
  await running(
    clock,
    until(async () => (await accountState(bench, payer)).balance === 100_000),
  )
})

const KEPT = { keep: true, status: 200, bytes: 1_500, us: 900 }

for (const fault of ['before', 'during', 'after'] as const satisfies Fault[]) {
  test(`a connection cut ${fault} charges are ended: each is ended once and answered once`, async (t) => {
    const bench = await faultBench(t)
    const settler = bench.settler({ lines: 1, connection: bench.proxy.connection })
    const payer = await bench.payer({ balance: 100_000 })
    const [kept, voided] = [call({ ready: false }), call({ ready: false })]
    await settleAll(settler, [
      [run(payer), kept],
      [run(payer), voided],
    ])
    const finish = () =>
      Promise.all([
        settler.finish({ name: kept.name, ...KEPT }),
        settler.finish({ name: voided.name, keep: false, status: 404, bytes: 0, us: 900 }),
        settler.finish({ name: 'req_nobody', ...KEPT }),
      ])
    bench.proxy.next('calls_finish', fault)
    const ended =
      fault === 'during'
        ? await holdingMeters(bench, [payer], async () => {
            const work = finish()
            await cutDuring(bench)
            return { work }
          })
        : { work: finish() }
    const answers = await ended.work
    assert.equal(bench.proxy.happened, 1)
    assert.deepEqual(
      [answers[0], answers[1].found, answers[2]],
      [{ found: true, balanceAfterUsdMicros: 92_000 }, true, { found: false, balanceAfterUsdMicros: null }],
    )
    assert.deepEqual(await accountState(bench, payer), {
      balance: 96_000,
      pots: [`spend ${MONTH} 4000`],
      transfers: [`${kept.name} 4000`, `${voided.name} 4000 reversed`],
      events: [`${kept.name} 200 balance 4000 92000`, `${voided.name} 404 nothing 0 96000`].sort(),
      charges: [],
      days: ['2026-11-21 lookUpItem 2 1 1 1500 4000 1800'],
    })
  })
}

for (const fault of ['before', 'after'] as const satisfies Fault[]) {
  test(`a database that goes away ${fault} a charge is ended: its caller is told so and gets the money back`, async (t) => {
    const bench = await faultBench(t)
    const clock = handClock()
    const settler = bench.settler({ lines: 1, connection: bench.proxy.connection, clock })
    const payer = await bench.payer({ balance: 100_000 })
    const open = call({ ready: false })
    await settleAll(settler, [[run(payer, { keyCalls: 5 }), open]])
    bench.proxy.next('calls_finish', fault, true)
    const [ended] = await running(clock, Promise.allSettled([settler.finish({ name: open.name, ...KEPT })]))
    assert.equal(ended.status === 'rejected' && codeOf(ended.reason), 'busy')
    const { charges, balance } = await accountState(bench, payer)
    assert.deepEqual([balance, charges.length], [96_000, fault === 'before' ? 1 : 0])

    bench.proxy.setAway(false)
    await running(
      clock,
      until(async () => (await accountState(bench, payer)).balance === 100_000),
    )
    const state = await accountState(bench, payer)
    assert.deepEqual(
      { pots: state.pots, charges: state.charges, transfers: state.transfers },
      {
        pots: [],
        charges: [],
        transfers: [`${open.name} 4000 reversed`],
      },
    )
    assert.equal(state.events.length, 1)
    assert.match(state.events[0]!, new RegExp(`^${open.name} 503 nothing 0 `))
  })
}

test('a close ends within seconds while the database hangs, and tells what it could not give back', async (t) => {
  const bench = await faultBench(t)
  const clock = handClock()
  const lines: { msg: string; names?: string[] }[] = []
  const log = pino({ level: 'error' }, { write: (line: string) => void lines.push(JSON.parse(line)) })
  const settler = bench.settler({ connection: bench.proxy.connection, clock, log })
  const payer = await bench.payer({ balance: 100_000 })
  const open = call({ ready: false })
  await settleAll(settler, [[run(payer), open]])
  bench.proxy.hang()
  const lost = call()
  const calls = settled(settler.settle(run(payer), lost))
  await new Promise((resolve) => setImmediate(resolve))
  const ended = settler.finish({ name: open.name, ...KEPT }).then(() => 'ended', codeOf)
  await new Promise((resolve) => setImmediate(resolve))
  const late = settled(settler.settle(run(payer), call()))
  const startedAtMs = clock.elapsedMs()
  const close = settler.close()
  await running(clock, close)
  const waitedMs = clock.elapsedMs() - startedAtMs
  assert.ok(waitedMs >= 5_000 && waitedMs < 6_000, `${waitedMs} ms`)
  assert.deepEqual(await Promise.all([calls, ended, late]), ['busy', 'busy', 'busy'])
  assert.deepEqual(lines.flatMap(({ names = [] }) => names).sort(), [lost.name, open.name].sort())
})

test('a close does not wait for a database that hangs when nothing is under way', async (t) => {
  const bench = await faultBench(t)
  const settler = bench.settler({ connection: bench.proxy.connection })
  const payer = await bench.payer({ balance: 100_000 })
  await settleAll(settler, [[run(payer), call()]])
  bench.proxy.hang()
  const startedAtMs = performance.now()
  await settler.close()
  const tookMs = performance.now() - startedAtMs
  assert.ok(tookMs < 3_000, `${tookMs} ms`)
})

/** Cuts the session that waits for the lock, and resolves when it is gone: its owner must not leave it at work. */
async function cutDuring({ pool, proxy }: Awaited<ReturnType<typeof faultBench>>): Promise<void> {
  const [pid] = await untilSettling(pool)
  proxy.cut()
  await untilSessions(pool, `pid = ${pid}`, 0)
}

/** Resolves once it holds; only what is awaited behind it says why it never did. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  const endMs = performance.now() + 20_000
  while (!(await holds())) {
    if (performance.now() > endMs) throw new Error('it never came to hold')
    await delay(5)
  }
}
