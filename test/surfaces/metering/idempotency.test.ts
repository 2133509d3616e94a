import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { InjectOptions } from 'fastify'
import { createKey } from '../../../src/access/keys/keys.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { apiBalanceOf } from '../../../src/money/ledger/accounts.ts'
import { listTransfers } from '../../../src/money/ledger/ledger.ts'
import { listing } from '../../products/catalog/listings.ts'
import { startShelf } from '../../products/catalog/ctx.ts'
import {
  assertBooks,
  balanceOf,
  CALLS,
  credit,
  holdingMeter,
  ITEM_URL,
  MONTH,
  openBench,
  potsOf,
  PRICE,
  seedCaller,
  setPot,
  START,
  told,
  UNKNOWN,
  until,
  windowsUsed,
  type Answer,
  type Bench,
  type Caller,
} from './meter-bench.ts'

const CREDIT = 1_000_000
const BATCH = {
  method: 'POST',
  url: '/api/v1/products/batch',
  payload: { items: [{ storefront: 'weidian', listing_id: '7231368393' }] },
} as const
const running = 'A request with this Idempotency-Key is under way; wait for its answer.'
const elsewhere = 'This Idempotency-Key was used for another request; choose a new one.'

/** A caller who pays each call of item from the balance, and has all of qc. */
async function seedPayer(bench: Bench, mode: 'live' | 'test' = 'live'): Promise<Caller> {
  const plans = { item: ['payg', { perSecond: null, perMonth: 0 }], qc: ['pro_plus'] } as const
  const caller = await seedCaller(bench.ctx, { item: [...plans.item], qc: [...plans.qc] }, { mode })
  await credit(bench.ctx, caller.account, CREDIT, mode === 'test')
  return caller
}

async function open(t: TestContext, options: Parameters<typeof openBench>[1] = {}) {
  const bench = await openBench(t, options)
  const caller = await seedPayer(bench)
  const { app } = bench
  const send = (key: string, call: InjectOptions = CALLS.item, headers = caller.headers) =>
    app.inject({ ...call, headers: { ...call.headers, ...headers, 'idempotency-key': key } })
  const spent = async () => CREDIT - (await balanceOf(bench.ctx, caller.accountId))
  return { ...bench, bench, caller, send, spent }
}

/** How often a key's answer was the first one: `new`, `replayed`, or what it was refused with. */
function kind({ statusCode, headers }: Answer): string {
  if (statusCode >= 400) return String(statusCode)
  return headers['idempotent-replayed'] === 'true' ? 'replayed' : 'new'
}

const refusals = [
  { name: 'item', call: CALLS.item, refusal: { error: 'conflict', message: running } },
  { name: 'qc’s batch', call: BATCH, refusal: { error: { code: 'CONFLICT', message: running } } },
] as const

for (const { name, call, refusal } of refusals) {
  test(`${name}: of 20 at once with one key on two nodes one runs and is paid for, the others are told to wait`, async (t) => {
    const { nodes, pool, caller, ctx, spent, send } = await open(t, { nodes: 2 })
    const headers = { ...caller.headers, 'idempotency-key': 'once' }
    const answered: Answer[] = []
    // The one that runs cannot be paid for before all others have been answered.
    const { started, refused } = await holdingMeter(pool, caller.accountId, async () => {
      const started = Array.from({ length: 20 }, async (_each, at) => {
        const answer = await nodes[at % 2]!.app.inject({ ...call, headers })
        answered.push(answer)
        return answer
      })
      await until(() => answered.length === 19)
      return { started, refused: [...answered] }
    })
    for (const answer of refused) {
      assert.deepEqual(told(answer, 'x-billed'), { status: 409, body: refusal, 'x-billed': 'false' })
    }
    const answers = await Promise.all(started)
    assert.deepEqual(answers.map(kind).sort(), ['new', ...Array.from({ length: 19 }, () => '409')].sort())
    const first = answers.find(({ statusCode }) => statusCode === 200)!
    assert.equal(first.headers['x-billed'], 'true')

    const again = await send('once', call)
    assert.deepEqual([kind(again), again.body], ['replayed', first.body])
    const transfers = await listTransfers(ctx.db, apiBalanceOf(caller.accountId))
    const calls = transfers.filter(({ reason }) => reason === 'call').map(({ name }) => name)
    if (call === CALLS.item) {
      assert.deepEqual([calls, await spent()], [[first.headers['x-request-id']], PRICE])
    } else {
      for (const { ctx } of nodes) await ctx.leases.close()
      assert.deepEqual([calls, await potsOf(ctx, caller.accountId)], [[], { 'qc.month': 1 }])
    }
    await assertBooks(ctx)
  })
}

test('a repeat gets the first answer whole, and nothing is taken for it', async (t) => {
  const { caller, send, spent, nodes } = await open(t, { nodes: 2 })
  const first = await send('k-1', { ...CALLS.item, headers: { 'accept-encoding': 'gzip' } })
  assert.deepEqual([first.statusCode, first.headers['content-encoding'], kind(first)], [200, 'gzip', 'new'])
  assert.equal(first.headers['x-cost'], '0.004')
  const plain = await send('k-2')
  const again = await send('k-1')
  const names = ['content-type', 'idempotent-replayed', 'x-billed', 'x-cost', 'x-balance-after'] as const
  assert.deepEqual(told(again, ...names), {
    status: 200,
    body: plain.json(),
    'content-type': 'application/json; charset=utf-8',
    'idempotent-replayed': 'true',
    'x-billed': 'false',
    'x-cost': '0.00',
    'x-balance-after': null,
  })
  assert.notEqual(again.headers['x-request-id'], first.headers['x-request-id'])
  // On another node, and with the members in another order.
  const payload = { tid: 'x', url: ITEM_URL }
  const tagged = await send('k-3', { ...CALLS.item, payload: { url: ITEM_URL, tid: 'x' } })
  const there = await nodes[1]!.app.inject({
    ...CALLS.item,
    payload,
    headers: { ...caller.headers, 'idempotency-key': 'k-3' },
  })
  assert.deepEqual([kind(there), there.body], ['replayed', tagged.body])
  assert.equal(await spent(), 3 * PRICE)
})

test('a repeat counts in the windows', async (t) => {
  const { ctx, caller, send } = await open(t)
  await send('k', BATCH)
  await send('k', BATCH)
  assert.equal((await windowsUsed(ctx, caller.accountId, 'qc')).minute, 2)
})

test('another request under the key is a conflict, whole; another route, account or mode is another key', async (t) => {
  const { bench, ctx, app, caller, send, spent } = await open(t)
  assert.equal(kind(await send('k')), 'new')
  for (const payload of [{ url: ITEM_URL, tid: 'x' }, { url: `${ITEM_URL}0` }]) {
    const answer = await send('k', { ...CALLS.item, payload })
    assert.deepEqual(told(answer), { status: 409, body: { error: 'conflict', message: elsewhere } })
  }
  assert.equal((await send('k', { ...CALLS.item, url: '/api/v1/item?x=1' })).statusCode, 409)
  assert.equal(kind(await send('k', BATCH)), 'new')
  const other = await send('k', { ...BATCH, payload: { items: [{}] } })
  assert.deepEqual(told(other), { status: 409, body: { error: { code: 'CONFLICT', message: elsewhere } } })

  const payload = { url: ITEM_URL, tid: 'sandbox' }
  const sandbox = await createKey(ctx, { account: caller.account, style: 'cbk', mode: 'test' })
  await credit(ctx, caller.account, CREDIT, true)
  const stranger = await seedPayer(bench)
  for (const headers of [{ 'x-api-key': sandbox.key }, stranger.headers]) {
    assert.equal(kind(await send('k', { ...CALLS.item, payload }, headers)), 'new')
    assert.equal(kind(await send('k', { ...CALLS.item, payload }, headers)), 'replayed')
  }
  assert.equal(await balanceOf(ctx, caller.account.twinId), CREDIT - PRICE)
  // Another key of the account is the same sender.
  const second = await createKey(ctx, { account: caller.account, style: 'cbk', mode: 'live' })
  assert.equal(kind(await send('k', CALLS.item, { 'x-api-key': second.key })), 'replayed')
  assert.equal(await spent(), PRICE)
  // A call that only reads has no use for a key.
  const sent = { ...caller.headers, 'idempotency-key': 'x'.repeat(300) }
  const read = await app.inject({ ...CALLS.qc, headers: sent })
  assert.deepEqual([read.statusCode, read.headers['idempotent-replayed']], [200, undefined])
})

test('refusals and faults are not kept: the next request under the key is a first one', async (t) => {
  const shelf = await startShelf(t)
  const bench = await openBench(t, { parts: { sources: [shelf.source] } })
  const { app, ctx, pool } = bench
  const { account, accountId, headers } = await seedCaller(ctx, { item: ['payg', { perSecond: null, perMonth: 0 }] })
  const send = (key: string, call: InjectOptions) =>
    app.inject({ ...call, headers: { ...headers, 'idempotency-key': key } })
  const at = (url: string) => ({ ...CALLS.item, payload: { url } })
  const cup = (id: string) => at(`https://item.taobao.com/item.htm?id=${id}`)

  assert.equal(kind(await send('402', CALLS.item)), '402')
  await credit(ctx, account, CREDIT)
  assert.equal(kind(await send('402', CALLS.item)), 'new')
  assert.equal(kind(await send('402', CALLS.item)), 'replayed')

  shelf.says.set('600000000041', 'down')
  assert.equal(kind(await send('500', cup('600000000041'))), '500')
  shelf.says.set('600000000042', listing({ listingId: '600000000042' }))
  assert.equal(kind(await send('500', cup('600000000042'))), 'new')

  assert.equal(kind(await send('404', UNKNOWN.item)), '404')
  assert.equal(kind(await send('404', UNKNOWN.item)), '404')
  assert.equal(kind(await send('404', CALLS.item)), 'new')

  assert.equal(kind(await send('400', at('x'))), '400')
  assert.equal(kind(await send('400', at(''))), '400')
  assert.equal(kind(await send('400', CALLS.item)), 'new')

  // A key's cap in calls is the 429 of a priced call that is known only after its body.
  const capped = await seedCaller(ctx, { item: ['starter', { perSecond: null }] }, { capCalls: 5 })
  const sent = { headers: { ...capped.headers, 'idempotency-key': '429' } }
  await setPot(pool, capped.accountId, `key:${capped.id}:calls`, MONTH, 5)
  assert.equal(kind(await app.inject({ ...CALLS.item, ...sent })), '429')
  await setPot(pool, capped.accountId, `key:${capped.id}:calls`, MONTH, 0)
  assert.equal(kind(await app.inject({ ...CALLS.item, ...sent })), 'new')

  assert.equal(await balanceOf(ctx, accountId), CREDIT - 4 * PRICE)
  const { rows } = await pool.query('select key from idempotency where account_id = $1 and done_at is null', [
    accountId,
  ])
  assert.deepEqual(rows, [])
  await assertBooks(ctx)
})

test('a key that is none is 400, in each envelope, before anything is done', async (t) => {
  const { ctx, caller, send, spent } = await open(t)
  const message = 'Idempotency-Key must have 1 to 255 printable ASCII characters.'
  for (const key of ['', 'x'.repeat(256), 'zwölf', 'a\tb']) {
    const item = await send(key)
    assert.deepEqual(told(item), { status: 400, body: { error: 'invalid_parameter', message } })
    const qc = await send(key, BATCH)
    assert.deepEqual(told(qc), { status: 400, body: { error: { code: 'BAD_REQUEST', message } } })
  }
  assert.equal(kind(await send('x'.repeat(255))), 'new')
  assert.equal(kind(await send('x'.repeat(255))), 'replayed')
  assert.equal(await spent(), PRICE)
  assert.equal((await potsOf(ctx, caller.accountId))['qc.month'], undefined)
})

test('after 24 hours the key is new, and the call is paid for again', async (t) => {
  const moved = { byMs: 0 }
  const clock = {
    now: () => new Date(Date.parse(START) + moved.byMs),
    elapsedMs: () => moved.byMs,
    sleep: systemClock.sleep,
  }
  const { send, spent } = await open(t, { parts: { clock } })
  assert.equal(kind(await send('k')), 'new')
  moved.byMs += 24 * 3_600_000 - 1
  assert.equal(kind(await send('k')), 'replayed')
  assert.equal(await spent(), PRICE)
  moved.byMs += 1
  assert.equal(kind(await send('k', { ...CALLS.item, payload: { url: ITEM_URL, tid: 'other' } })), 'new')
  assert.equal(kind(await send('k')), '409')
  assert.equal(await spent(), 2 * PRICE)
})

test('what a node had paid for when it died is not paid for again, and nobody takes it from a living node', async (t) => {
  const { pool, caller, send, spent, ctx } = await open(t)
  const first = await send('k')
  const leave = (instance: number) =>
    pool.query(
      `update idempotency set done_at = null, status = null, body = null, instance = $1
       where account_id = $2`,
      [instance, caller.accountId],
    )
  await leave(ctx.instance)
  assert.equal(kind(await send('k')), '409')
  await leave(2_000_000_000)
  const again = await send('k')
  assert.deepEqual([kind(again), again.body, again.headers['x-billed']], ['new', first.body, 'false'])
  assert.equal(kind(await send('k')), 'replayed')
  assert.equal(await spent(), PRICE)
})
