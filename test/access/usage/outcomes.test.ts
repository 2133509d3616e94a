import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { InjectOptions } from 'fastify'
import { revokeKey } from '../../../src/access/keys/keys.ts'
import { OUTCOMES, outcomeOf } from '../../../src/access/usage/outcomes.ts'
import type { Overrides } from '../../../src/money/plans/overrides.ts'
import { startShelf } from '../../products/catalog/ctx.ts'
import {
  assertBooks,
  balanceOf,
  CALLS,
  credit,
  DAY,
  daysOf,
  eventsOf,
  fillWindows,
  ITEM_URL,
  MONTH,
  openBench,
  potsOf,
  PRICE,
  ROOMY,
  seedCaller,
  setPot,
  UNKNOWN,
  windowsUsed,
  type Bench,
  type Caller,
  type Metered,
} from '../../surfaces/metering/meter-bench.ts'

const FAILING = '600000000031'
/** As many as a pot gives out one by one, so that what is counted is what was used. */
const LIMIT = 50
const CREDIT = 1_000_000

/** What the page says, by surface: of what the price list has, and of nothing. */
const TAKES: Record<Metered, string> = {
  qc: 'a call of the month',
  sourcing: 'a credit',
  item: 'allowance, trial or money',
}
type Row = { surface: Metered; answer: string; windows: 'all' | 'shortest' | 'none'; takes: boolean }

/** The table of docs/billing.md. */
function readTable(): Row[] {
  const page = readFileSync(new URL('../../../docs/billing.md', import.meta.url), 'utf8')
  const [, table = ''] = page.split('## What an answer uses up')
  const [body = ''] = table.split('\n## ')
  return [...body.matchAll(/^\| (\w+) +\| (\w+) +\| (\w+) +\| ([^|]+?) +\|$/gm)].slice(1).map((match) => {
    const [, surface, answer, windows, takes] = match as unknown as [string, Metered, string, Row['windows'], string]
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

type Prepare = (bench: Bench, caller: Caller) => Promise<Record<string, string> | void>
/** A way to get an answer. `prepare` comes before the count begins and may give headers to send. */
type Drive = {
  name: string
  status: number
  call: InjectOptions
  wish?: Parameters<typeof seedCaller>[2]
  prepare?: Prepare
  /** The caller is not let in, so there is no record of the call. */
  isStranger?: boolean
}
const revoke: Prepare = async ({ ctx }, { id }) => {
  await revokeKey(ctx, id)
  await ctx.watch.next()
}
const full =
  (product: Metered): Prepare =>
  ({ ctx }, { accountId }) =>
    fillWindows(ctx, accountId, product, ROOMY.perSecond)
const spend =
  (pot: string, bucket: number): Prepare =>
  ({ pool }, { accountId }) =>
    setPot(pool, accountId, pot, bucket, LIMIT)
const BATCH = {
  method: 'POST',
  url: '/api/v1/products/batch',
  payload: { items: [{ storefront: 'weidian', listing_id: '7231368393' }] },
} as const
const GALLERY = { url: '/api/v1/qc/weidian/7231368393' }
const IMAGES = { url: '/api/v1/qc/482910/images' }
const SEARCH = { method: 'POST', url: '/api/v1/products/search' } as const
const PICTURE = '/media/demo/v2/791912182230-1.webp'
const sourced = (query: Record<string, string>) => ({
  url: `/api/v1/1688/search_by_image?${new URLSearchParams(query).toString()}`,
})
const imagesAt = (link: string) => ({ url: `/api/v1/qc/0/images?url=${link}` })
/** A key of the same account and route that was used for another request. */
const reuse =
  (first: InjectOptions): Prepare =>
  async ({ app }, { headers }) => {
    const sent = { 'idempotency-key': 'used' }
    assert.equal((await app.inject({ ...first, headers: { ...headers, ...sent } })).statusCode, 200)
    return sent
  }
const other = (call: InjectOptions, payload: object): InjectOptions => ({ ...call, payload })
const big = 'x'.repeat(262_145)

function common(product: Metered): Record<string, Drive[]> {
  const call = CALLS[product]
  return {
    '2xx': [{ name: 'a listing', status: 200, call }],
    '404': [{ name: 'no such listing', status: 404, call: UNKNOWN[product] }],
    '401': [{ name: 'a revoked key', status: 401, call, prepare: revoke, isStranger: true }],
    '403': [
      { name: 'a scope too few', status: 403, call, wish: { scopes: ['risk:check'] }, isStranger: true },
      { name: 'another address', status: 403, call, wish: { allow: ['203.0.113.7'] }, isStranger: true },
    ],
    '429': [{ name: 'a full window', status: 429, call, prepare: full(product) }],
  }
}

/** How each row of the page is made to happen. */
const DRIVES: Record<Metered, Record<string, Drive[]>> = {
  qc: {
    ...common('qc'),
    '2xx': [
      ...common('qc')['2xx']!,
      { name: 'its headers alone', status: 200, call: { ...CALLS.qc, method: 'HEAD' } },
      { name: 'a batch', status: 200, call: BATCH },
      { name: 'the account', status: 200, call: { url: '/api/v1/me' } },
      { name: 'the counters', status: 200, call: { url: '/api/v1/usage' } },
      { name: 'the first QC photos', status: 200, call: GALLERY },
      { name: 'all QC photos', status: 200, call: IMAGES },
      { name: 'a search by words', status: 200, call: other(SEARCH, { words: '口罩' }) },
      { name: 'all QC photos, by a link', status: 200, call: imagesAt(CALLS.item.payload.url) },
    ],
    '304': [
      { name: 'a listing that the caller has', status: 304, call: { ...CALLS.qc, headers: { 'if-none-match': '*' } } },
      { name: 'photos that the caller has', status: 304, call: { ...IMAGES, headers: { 'if-none-match': '*' } } },
    ],
    '404': [
      ...common('qc')['404']!,
      { name: 'no such number', status: 404, call: { url: '/api/v1/qc/999999999/images' } },
      { name: 'a link to no such listing', status: 404, call: imagesAt(UNKNOWN.item.payload.url) },
    ],
    '429': [
      ...common('qc')['429']!,
      { name: 'a month used up', status: 429, call: CALLS.qc, prepare: spend('qc.month', MONTH) },
    ],
    '4xx': [
      { name: 'no id', status: 400, call: { url: '/api/v1/products/weidian/72x1' } },
      { name: 'no number', status: 400, call: { url: '/api/v1/qc/taobao/images' } },
      { name: 'a link to no listing', status: 400, call: imagesAt('https://example.com/') },
      { name: 'a search for nothing', status: 400, call: other(SEARCH, {}) },
      { name: 'a search with an address that is none', status: 400, call: other(SEARCH, { image_url: 'x' }) },
      { name: 'an empty batch', status: 400, call: other(BATCH, { items: [] }) },
      { name: 'too large a batch', status: 413, call: other(BATCH, { items: [big] }) },
      { name: 'a key of another request', status: 409, call: other(BATCH, { items: [{}] }), prepare: reuse(BATCH) },
    ],
    '5xx': [
      { name: 'a source that is down', status: 500, call: { url: `/api/v1/products/taobao/${FAILING}` } },
      { name: 'an index that is not loaded', status: 503, call: other(SEARCH, { image_url: PICTURE }) },
      { name: 'a source that is down, for photos', status: 500, call: { url: `/api/v1/qc/taobao/${FAILING}` } },
      {
        name: 'a source that is down, for a link',
        status: 500,
        call: imagesAt(`https://item.taobao.com/item.htm?id=${FAILING}`),
      },
    ],
  },
  sourcing: {
    ...common('sourcing'),
    '2xx': [
      ...common('sourcing')['2xx']!,
      { name: 'a search by words', status: 200, call: sourced({ keyword: '口罩' }) },
    ],
    '404': [
      ...common('sourcing')['404']!,
      { name: 'more like no such offer', status: 404, call: sourced({ offer_id: '600000000404' }) },
    ],
    '429': [
      ...common('sourcing')['429']!,
      { name: 'no credits', status: 429, call: CALLS.sourcing, prepare: spend('sourcing.month', MONTH) },
    ],
    '4xx': [
      { name: 'no id', status: 400, call: { url: '/api/v1/1688/get_product_details?offer_id=x' } },
      { name: 'a search for nothing', status: 400, call: sourced({}) },
      { name: 'a search with an address that is none', status: 400, call: sourced({ image_url: 'x' }) },
    ],
    '5xx': [
      { name: 'an index that is not loaded', status: 503, call: sourced({ image_url: PICTURE }) },
      {
        name: 'a source that is down',
        status: 500,
        call: { url: `/api/v1/1688/get_product_details?offer_id=${FAILING}` },
      },
    ],
  },
  item: {
    ...common('item'),
    '402': [
      {
        name: 'nothing left',
        status: 402,
        call: CALLS.item,
        prepare: async ({ pool, ctx }, caller) => {
          await setPot(pool, caller.accountId, 'item.day', DAY, LIMIT)
          await setPot(pool, caller.accountId, 'item.trial', MONTH, LIMIT)
          const { accountId } = caller
          const left = await balanceOf(ctx, accountId)
          // What is left of the balance is as good as used up: the next GB costs more.
          if (left > 0) await setPot(pool, accountId, 'item.bytes', MONTH, 90_000_000_000)
        },
      },
    ],
    '4xx': [
      { name: 'no link', status: 400, call: other(CALLS.item, { url: 'x' }) },
      { name: 'too large a body', status: 413, call: other(CALLS.item, { url: big }) },
      {
        name: 'a key of another request',
        status: 409,
        call: other(CALLS.item, { url: ITEM_URL, tid: 'other' }),
        prepare: reuse(CALLS.item),
      },
    ],
    '5xx': [
      {
        name: 'a source that is down',
        status: 500,
        call: other(CALLS.item, { url: `https://item.taobao.com/item.htm?id=${FAILING}` }),
      },
    ],
  },
}

/** What may pay on a surface: the pot, and what a call then costs. */
const PAYERS: Record<Metered, { pot: string; plan: string; size: Overrides; cost: number }[]> = {
  qc: [{ pot: 'qc.month', plan: 'pro_plus', size: { perMonth: LIMIT }, cost: 0 }],
  sourcing: [{ pot: 'sourcing.month', plan: 'free', size: { perMonth: LIMIT }, cost: 0 }],
  item: [
    { pot: 'item.day', plan: 'starter', size: { perDay: LIMIT }, cost: 0 },
    { pot: 'item.trial', plan: 'payg', size: { perMonth: LIMIT }, cost: 0 },
    { pot: 'balance', plan: 'payg', size: { perMonth: 0 }, cost: PRICE },
  ],
}

/** Everything that is counted of an account, in numbers. */
async function measure(bench: Bench, { accountId, id }: Caller, product: Metered) {
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
    const bench = await openBench(t, { parts: { sources: [shelf.source] } })
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
