import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Call, Run, Settler } from '../../../src/access/usage/settle.ts'
import { finish, LOW_BALANCE, newAccount, settle, type Account } from './settle-model.ts'
import {
  accountState,
  assertBooks,
  call,
  DAY,
  MONTH,
  PRICE,
  run,
  settleAll,
  settleBench,
  type Bench,
  type Payer,
} from './settling.ts'

// Random batches against plain numbers in memory. SEED replays those of another run; SEQUENCES is how many.
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000_000)
const SEQUENCES = Number(process.env['SEQUENCES'] ?? 100)
const ACCOUNTS = 2
const KINDS = 3

/** Limits are small, so that each is met in most streams. */
const kind = fc.record({
  pot: fc.option(fc.record({ name: fc.constantFrom('item.day', 'item.trial'), limit: fc.nat(12) })),
  price: fc.constantFrom(PRICE, PRICE, 30_000, 0, null),
  keyCalls: fc.option(fc.nat(25), { freq: 3 }),
  keySpend: fc.option(fc.nat(20 * PRICE), { freq: 3 }),
  isMetered: fc.boolean(),
  sandbox: fc.boolean(),
})
const account = fc.record({
  balance: fc.integer({ min: 0, max: 60 * PRICE }),
  cap: fc.option(fc.nat(40 * PRICE)),
  kinds: fc.array(kind, { minLength: KINDS, maxLength: KINDS }),
})
const asked = fc.record({
  who: fc.nat(ACCOUNTS - 1),
  kind: fc.nat(KINDS - 1),
  /** A month that is over comes late, and one begins early where another clock is ahead. */
  later: fc.integer({ min: 0, max: 9 }).map((drawn) => (drawn === 9 ? 1 : 0)),
  times: fc.integer({ min: 1, max: 8 }),
  ready: fc.boolean(),
  bytes: fc.nat(3_000),
})
const ending = fc.record({ pick: fc.nat(), keep: fc.boolean(), bytes: fc.nat(3_000) })
const step = fc.oneof(
  {
    arbitrary: fc.record({
      do: fc.constant('settle' as const),
      calls: fc.array(asked, { minLength: 1, maxLength: 10 }),
    }),
    weight: 3,
  },
  {
    arbitrary: fc.record({
      do: fc.constant('finish' as const),
      ends: fc.array(ending, { minLength: 1, maxLength: 10 }),
    }),
    weight: 2,
  },
)
const stream = fc.record({
  accounts: fc.array(account, { minLength: ACCOUNTS, maxLength: ACCOUNTS }),
  steps: fc.array(step, { minLength: 1, maxLength: 8 }),
})

type Stream = typeof stream extends fc.Arbitrary<infer T> ? T : never
type Side = { payer: Payer; model: Account; runs: Run[][] }

async function open(bench: Bench, { accounts }: Stream): Promise<Side[]> {
  const sides: Side[] = []
  for (const { balance, cap, kinds } of accounts) {
    const payer = await bench.payer({ balance, ...(cap !== null && { cap }) })
    await bench.pool.query('update meter set low_balance_usd_micros = $2 where account_id = $1', [
      payer.accountId,
      LOW_BALANCE,
    ])
    const runs = kinds.map((each) => [runOf(payer, each, 0), runOf(payer, each, 1)])
    sides.push({ payer, model: newAccount(balance, cap), runs })
  }
  return sides
}

function runOf(
  payer: Payer,
  { pot, price, keyCalls, keySpend, isMetered, sandbox }: Stream['accounts'][number]['kinds'][number],
  later: number,
): Run {
  return run(payer, {
    ...(pot && { pot: pot.name, potLimit: pot.limit, bucket: pot.name === 'item.day' ? DAY + later : MONTH + later }),
    price,
    keyCalls,
    keySpend,
    sandbox,
    month: MONTH + later,
    ...(isMetered && { bytesIncluded: 5_000_000_000, gbPrice: 200_000 }),
  })
}

async function settleStep(
  settler: Settler,
  sides: Side[],
  calls: Extract<Stream['steps'][number], { do: 'settle' }>['calls'],
): Promise<number> {
  const batch = calls.flatMap(({ who, kind, later, times, ready, bytes }) =>
    Array.from({ length: times }, () => [who, sides[who]!.runs[kind]![later]!, call({ ready, bytes })] as const),
  )
  const expected = batch.map(([who, itsRun, each]) => settle(sides[who]!.model, itsRun, each))
  const before = settler.stats.batches
  assert.deepEqual(
    await settleAll(
      settler,
      batch.map(([, itsRun, each]): [Run, Call] => [itsRun, each]),
    ),
    expected,
  )
  assert.equal(settler.stats.batches, before + 1)
  return expected.filter((each) => each.startsWith('denied')).length
}

async function finishStep(
  settler: Settler,
  sides: Side[],
  ends: Extract<Stream['steps'][number], { do: 'finish' }>['ends'],
): Promise<void> {
  const work: Promise<unknown>[] = []
  const expected: unknown[] = []
  for (const { pick, keep, bytes } of ends) {
    const open = sides.flatMap(({ model }) => [...model.open.keys()].map((name) => ({ name, model })))
    // Now and then one that is not open.
    const { name, model } = open[pick % (open.length + 1)] ?? { name: 'req_nobody', model: sides[0]!.model }
    const end = { name, keep, status: keep ? 200 : 404, bytes: keep ? bytes : 0, us: 40 }
    const balance = finish(model, end)
    expected.push({ found: balance !== null, balanceAfterUsdMicros: balance })
    work.push(settler.finish(end))
  }
  assert.deepEqual(await Promise.all(work), expected)
}

async function assertSame(bench: Bench, { payer, model }: Side): Promise<void> {
  const { balance, pots, charges, days, transfers } = await accountState(bench, payer)
  const { rows: news } = await bench.pool.query<{ what: string; times: number }>(
    `select concat_ws(' ', event, body->>'pot', body->>'percent') as what, count(*)::int as times from outbox
     where account_id = $1 group by 1`,
    [payer.accountId],
  )
  const lines = <T>(entries: Iterable<T>, print: (each: T) => string) => [...entries].map(print).sort()
  assert.deepEqual(
    {
      balance,
      pots: pots.sort(),
      charges: charges.sort(),
      days,
      news: lines(news, ({ what, times }) => `${what}: ${times}`),
      paid: transfers
        .filter((each) => !each.endsWith('reversed'))
        .reduce((sum, each) => sum + Number(each.split(' ')[1]), 0),
    },
    {
      balance: model.balance,
      pots: lines(
        [...model.pots].filter(([, { used }]) => used > 0),
        ([name, { bucket, used }]) => `${name} ${bucket} ${used}`,
      ),
      charges: lines(model.open, ([name, { pot, cost }]) => `${name} ${pot} ${cost}`),
      days: lines(model.days, ([operation, figures]) => `2026-11-21 ${operation} ${figures.join(' ')}`),
      news: lines(model.news, ([what, times]) => `${what}: ${times}`),
      paid: model.startBalance - model.balance,
    },
  )
}

test(
  `${SEQUENCES} random streams of batches come to what calls one by one come to`,
  { timeout: 600_000 },
  async (t) => {
    const bench = await settleBench(t)
    const settler = bench.settler({ lines: 1 })
    let denied = 0
    t.diagnostic(`seed ${SEED}`)
    await fc.assert(
      fc.asyncProperty(stream, async (drawn) => {
        const sides = await open(bench, drawn)
        for (const each of drawn.steps) {
          if (each.do === 'settle') denied += await settleStep(settler, sides, each.calls)
          else await finishStep(settler, sides, each.ends)
          for (const side of sides) await assertSame(bench, side)
        }
      }),
      { seed: SEED, numRuns: SEQUENCES },
    )
    await assertBooks(bench)
    t.diagnostic(`${settler.stats.calls} calls in ${settler.stats.batches} batches, ${denied} of them denied`)
    assert.ok(denied > 0 && denied < settler.stats.calls)
  },
)
