import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { OUTCOMES, outcomeOf } from '../../../src/access/usage/outcomes.ts'
import type { Overrides } from '../../../src/money/plans/overrides.ts'
import { ensureKeys } from '../../../src/risk/list/generations.ts'
import { startShelf } from '../../products/catalog/ctx.ts'
import { KNOWN_KEYS } from '../../risk/known-keys.ts'
import {
  assertBooks,
  balanceOf,
  credit,
  daysOf,
  eventsOf,
  MONTH,
  openBench,
  potsOf,
  PRICE,
  ROOMY,
  seedCaller,
  windowsUsed,
  type Bench,
  type Caller,
} from '../../surfaces/metering/meter-bench.ts'
import { CREDIT, DRIVES, FAILING, LIMIT, type Drive, type Surface } from './outcome-drives.ts'

/** What the page says, by surface: of what the price list has, and of nothing. */
const TAKES: Record<Surface, string> = {
  qc: 'a call of the month',
  sourcing: 'a credit',
  item: 'allowance, trial or money',
  risk: 'allowance or money',
}
type Row = { surface: Surface; answer: string; windows: 'all' | 'shortest' | 'none'; takes: boolean }

/** The table of docs/billing.md. */
function readTable(): Row[] {
  const page = readFileSync(new URL('../../../docs/billing.md', import.meta.url), 'utf8')
  const [, table = ''] = page.split('## What an answer uses up')
  const [body = ''] = table.split('\n## ')
  return [...body.matchAll(/^\| (\w+) +\| (\w+) +\| (\w+) +\| ([^|]+?) +\|$/gm)].slice(1).map((match) => {
    const [, surface, answer, windows, takes] = match as unknown as [string, Surface, string, Row['windows'], string]
    assert.ok(takes === TAKES[surface] || takes === 'nothing', `${surface} ${answer}: ${takes}`)
    return { surface, answer, windows, takes: takes !== 'nothing' }
  })
}

test('the page says what the code does, in every row', () => {
  const rows = readTable()
  assert.deepEqual(
    rows,
    rows.map(({ surface, answer }) => {
      const outcome = OUTCOMES.find(({ status }) => status === answer)
      assert.ok(outcome, `the code has no ${answer}`)
      const { windows, quota, paid } = outcome
      return { surface, answer, windows, takes: surface === 'qc' ? quota : paid }
    }),
  )
  assert.deepEqual(
    OUTCOMES.map(({ status }) => status).filter((status) => !rows.some(({ answer }) => answer === status)),
    [],
  )
})

test('every status has an outcome: its own, else that of its class', () => {
  const named = [200, 201, 204, 302, 304, 400, 401, 402, 403, 404, 405, 409, 413, 422, 429, 500, 503, 504]
  assert.deepEqual(
    named.map((status) => outcomeOf(status).status),
    [
      '2xx',
      '2xx',
      '2xx',
      '2xx',
      '304',
      '4xx',
      '401',
      '402',
      '403',
      '404',
      '4xx',
      '4xx',
      '4xx',
      '4xx',
      '429',
      '5xx',
      '5xx',
      '5xx',
    ],
  )
})

/** What may pay on a surface: the pot, and what a call then costs. */
const PAYERS: Record<Surface, { pot: string; plan: string; size: Overrides; cost: number }[]> = {
  qc: [{ pot: 'qc.month', plan: 'pro_plus', size: { perMonth: LIMIT }, cost: 0 }],
  sourcing: [{ pot: 'sourcing.month', plan: 'free', size: { perMonth: LIMIT }, cost: 0 }],
  item: [
    { pot: 'item.day', plan: 'starter', size: { perDay: LIMIT }, cost: 0 },
    { pot: 'item.trial', plan: 'payg', size: { perMonth: LIMIT }, cost: 0 },
    { pot: 'balance', plan: 'payg', size: { perMonth: 0 }, cost: PRICE },
  ],
  risk: [
    { pot: 'risk.month', plan: 'risk_shield', size: { perMonth: LIMIT }, cost: 0 },
    { pot: 'balance', plan: 'payg', size: {}, cost: 30_000 },
  ],
}

/** Everything that is counted of an account, in numbers. */
async function measure(bench: Bench, { accountId, id }: Caller, product: Surface) {
  const { ctx } = bench
  const pots = await potsOf(ctx, accountId)
  // What a node has drawn and not handed out is not used.
  const used = (pot: string) => (pots[pot] ?? 0) - ctx.leases.unused(accountId, pot, MONTH)
  const events = await eventsOf(bench, accountId)
  return {
    ...(await windowsUsed(ctx, accountId, product)),
    balance: await balanceOf(ctx, accountId),
    'qc.month': used('qc.month'),
    'sourcing.month': used('sourcing.month'),
    'item.day': used('item.day'),
    'item.trial': used('item.trial'),
    'item.bytes': used('item.bytes'),
    'risk.month': used('risk.month'),
    spend: used('spend'),
    keyCalls: used(`key:${id}:calls`),
    events: events.length,
    ...(await daysOf(bench, accountId)),
  }
}
type Measure = Awaited<ReturnType<typeof measure>>

const NOTHING: Measure = {
  second: 0,
  minute: 0,
  balance: 0,
  'qc.month': 0,
  'sourcing.month': 0,
  'item.day': 0,
  'item.trial': 0,
  'item.bytes': 0,
  'risk.month': 0,
  spend: 0,
  keyCalls: 0,
  events: 0,
  calls: 0,
  billed: 0,
  errors: 0,
  bytes: 0,
  cost: 0,
}

for (const row of readTable()) {
  const { surface, answer } = row
  test(`${surface} ${answer}: windows ${row.windows}, ${row.takes ? TAKES[surface] : 'nothing'}`, async (t) => {
    const shelf = await startShelf(t)
    shelf.says.set(FAILING, 'down')
    const bench = await openBench(t, { env: KNOWN_KEYS, parts: { sources: [shelf.source] } })
    await ensureKeys(bench.ctx)
    const drives = DRIVES[surface][answer]
    assert.ok(drives, 'there is a way to make it happen')
    for (const payer of PAYERS[surface]) {
      for (const drive of drives) {
        await t.test(`${drive.name}, ${payer.pot}`, () => assertOutcome(bench, row, payer, drive))
      }
    }
    await assertBooks(bench.ctx)
  })
}

async function assertOutcome(bench: Bench, row: Row, payer: (typeof PAYERS)['item'][0], drive: Drive): Promise<void> {
  const { ctx, app } = bench
  const { surface } = row
  const { pot, plan, size, cost } = payer
  const wish = { capCalls: LIMIT, ...drive.wish }
  const caller = await seedCaller(ctx, { [surface]: [plan, { ...ROOMY, ...size }] }, wish)
  if (pot === 'balance') await credit(ctx, caller.account, CREDIT)
  const sent = (await drive.prepare?.(bench, caller)) ?? {}
  const before = await measure(bench, caller, surface)

  const headers = { ...caller.headers, ...drive.call.headers, ...sent }
  const answer = await app.inject({ ...drive.call, headers })
  await drive.mend?.(bench)
  assert.equal(answer.statusCode, drive.status)
  const after = await measure(bench, caller, surface)

  const used = Object.fromEntries(
    Object.entries(after).map(([name, value]) => [name, value - before[name as keyof Measure]]),
  ) as Measure
  const isLetIn = drive.isStranger !== true
  const expected: Measure = {
    ...NOTHING,
    second: row.windows === 'none' ? 0 : 1,
    minute: row.windows === 'all' ? 1 : 0,
    events: isLetIn ? 1 : 0,
    calls: isLetIn ? 1 : 0,
    errors: isLetIn && drive.status >= 400 ? 1 : 0,
    bytes: used.bytes,
    ...(row.takes && { billed: 1, keyCalls: 1 }),
    ...(row.takes && pot !== 'balance' && { [pot]: 1 }),
    ...(row.takes && pot === 'balance' && { balance: -cost, spend: cost, cost }),
    ...(row.takes && surface === 'item' && { 'item.bytes': Buffer.byteLength(answer.body) }),
  }
  assert.deepEqual(used, expected)
  if (row.takes && answer.body !== '') assert.equal(used.bytes, Buffer.byteLength(answer.body))
  assert.equal(answer.headers['x-billed'], isLetIn ? String(row.takes) : undefined)
  if (!isLetIn) return
  const event = (await eventsOf(bench, caller.accountId)).at(-1)!
  const { status, pot: paidBy, cost: paid, bytes } = event
  assert.deepEqual(
    { status, paidBy, paid, bytes },
    { status: drive.status, paidBy: row.takes ? pot : null, paid: row.takes ? cost : 0, bytes: used.bytes },
  )
}
