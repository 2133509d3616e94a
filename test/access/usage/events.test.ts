import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KyselyPlugin } from 'kysely'
import type pg from 'pg'
import { exportUsage, listCutOff, searchUsage, usageByDay, type UsageEvent } from '../../../src/access/usage/events.ts'
import { DomainError } from '../../../src/lib/errors.ts'
import { testDatabase } from '../../database.ts'
import { seedUser } from './records.ts'

const FROM = new Date('2026-11-01T00:00:00Z')
const TO = new Date('2026-12-01T00:00:00Z')

test('an event is told with all that is known of it', async (t) => {
  const { db, pool } = await testDatabase(t)
  const { accountId, keyId } = await seedUser({ db, pool })
  await pool.query(
    `insert into usage_event (at, request_id, account_id, key_id, product, operation, status, pot, cost_usd_micros,
       transfer_id, balance_after_usd_micros, bytes, duration_us, tid)
     values ('2026-11-20T10:00:00.123456Z', 'req_paid', $1, $2, 'item', 'getItem', 200, 'balance', 4000, 77, 996000, 2048, 1500, 'order 7'),
       ('2026-11-20T10:00:00.123457Z', 'req_cut', $1, $2, 'item', 'getItem', null, null, 0, 78, 996000, 0, null, null)`,
    [accountId, keyId],
  )
  const common = { accountId, keyId, product: 'item', operation: 'getItem', at: new Date('2026-11-20T10:00:00.123Z') }
  const cutOff: UsageEvent = {
    ...common,
    requestId: 'req_cut',
    status: null,
    pot: null,
    costUsdMicros: 0,
    transferId: 78,
    balanceAfterUsdMicros: 996_000,
    bytes: 0,
    durationUs: null,
    tid: null,
  }
  const paid: UsageEvent = {
    ...common,
    requestId: 'req_paid',
    status: 200,
    pot: 'balance',
    costUsdMicros: 4000,
    transferId: 77,
    balanceAfterUsdMicros: 996_000,
    bytes: 2048,
    durationUs: 1500,
    tid: 'order 7',
  }
  assert.deepEqual(await searchUsage(db, { accountIds: [accountId], to: TO }), { events: [cutOff, paid], next: null })
  assert.deepEqual(await listCutOff(db, { accountIds: [accountId], from: FROM, to: TO }), [cutOff])
  const all = await listCutOff(db, { accountIds: null, from: FROM, to: TO })
  assert.deepEqual(
    all.filter((event) => event.accountId === accountId),
    [cutOff],
  )
  assert.deepEqual(await listCutOff(db, { accountIds: [accountId], from: TO, to: TO }), [])
})

test('what is asked for is found, and nothing of another account', async (t) => {
  const { db, pool } = await testDatabase(t)
  const { accountId, twinId, keyId } = await seedUser({ db, pool })
  await fill(pool, accountId, keyId, { count: 60, every: '1 hour' })
  await fill(pool, twinId, keyId, { count: 5, every: '1 hour' })
  const ids = async (wish: object, to = TO) => {
    const { events } = await searchUsage(db, { accountIds: [accountId], to, ...wish, limit: 1_000 })
    return events.map(({ requestId }) => Number(requestId.split('_')[2]))
  }
  const numbers = (keep: (n: number) => boolean) => Array.from({ length: 60 }, (_each, at) => 60 - at).filter(keep)
  assert.deepEqual(
    await ids({}),
    numbers(() => true),
  )
  assert.deepEqual(
    await ids({ tid: 'tid 3' }),
    numbers((n) => n % 10 === 3),
  )
  assert.deepEqual(await ids({ requestId: `req_${accountId}_17` }), [17])
  assert.deepEqual(await ids({ requestId: `req_${twinId}_3` }), [])
  assert.deepEqual(
    await ids({ status: 404 }),
    numbers((n) => n % 4 === 0),
  )
  assert.deepEqual(
    await ids({ status: 404, tid: 'tid 2' }),
    numbers((n) => n % 20 === 12),
  )
  assert.deepEqual(await ids({ status: 70_000 }), [])
  assert.deepEqual(
    await ids({ keyId }),
    numbers(() => true),
  )
  assert.deepEqual(await ids({ keyId: keyId + 1 }), [])
  assert.deepEqual(await ids({ product: 'item' }), [])
  // Event n is n hours after the first of the month; the end is not included.
  assert.deepEqual(
    await ids({ from: new Date('2026-11-01T10:00:00Z') }, new Date('2026-11-01T13:00:00Z')),
    [12, 11, 10],
  )
  // Thirty days unless asked for more.
  assert.deepEqual(
    await ids({}, new Date('2026-12-02T12:00:00Z')),
    numbers((n) => n >= 36),
  )
  const both = await searchUsage(db, { accountIds: [accountId, twinId], to: TO, limit: 1_000 })
  assert.equal(both.events.length, 65)
})

test('pages hold every event once, in order, whatever comes in meanwhile', async (t) => {
  const { db, pool } = await testDatabase(t)
  const { accountId, twinId, keyId } = await seedUser({ db, pool })
  // Many of one moment, and moments a microsecond apart.
  await fill(pool, accountId, keyId, { count: 100, every: '0 seconds' })
  await fill(pool, twinId, keyId, { count: 100, every: '1 microsecond' })
  const { rows } = await pool.query<{ request_id: string }>(
    `select request_id from usage_event where account_id in ($1, $2) order by at desc, request_id desc`,
    [accountId, twinId],
  )
  const expected = rows.map(({ request_id: requestId }) => requestId)

  const filter = { accountIds: [accountId, twinId], to: TO }
  const read: string[] = []
  let before: string | undefined
  do {
    const page = await searchUsage(db, { ...filter, limit: 7, before })
    assert.ok(page.events.length === 7 || page.next === null)
    read.push(...page.events.map(({ requestId }) => requestId))
    before = page.next ?? undefined
    await pool.query(
      `insert into usage_event (at, request_id, account_id, key_id, product, operation) values ('2026-11-30Z', $1, $2, $3, 'qc', 'late')`,
      [`req_late_${accountId}_${read.length}`, accountId, keyId],
    )
  } while (before !== undefined)
  assert.deepEqual(read, expected)

  const exported: string[] = []
  for await (const { requestId } of exportUsage(db, { ...filter, to: new Date('2026-11-29Z') }))
    exported.push(requestId)
  assert.deepEqual(exported.toReversed(), expected)
})

test('a cursor of somebody else is refused', async (t) => {
  const { db } = await testDatabase(t)
  const encoded = (text: string) => Buffer.from(text).toString('base64url')
  for (const before of [
    '',
    'x',
    encoded('2026-11-20'),
    encoded('2026-13-20T10:00:00.123456Z req_1'),
    encoded('2026-11-20T10:00:00.123456Z a\0b'),
  ]) {
    await assert.rejects(
      searchUsage(db, { accountIds: [1], to: TO, before }),
      (error) => error instanceof DomainError && error.code === 'input_invalid',
      before,
    )
  }
})

test('an export of 50,000 events is read page by page, as fast as it is taken', async (t) => {
  const { db, pool } = await testDatabase(t)
  const { accountId, keyId } = await seedUser({ db, pool })
  await fill(pool, accountId, keyId, { count: 50_000, every: '1 second' })
  const pages: number[] = []
  const counting: KyselyPlugin = {
    transformQuery: ({ node }) => node,
    transformResult: async ({ result }) => {
      pages.push(result.rows.length)
      return result
    },
  }
  let last = 0
  for await (const { requestId } of exportUsage(db.withPlugin(counting), { accountIds: [accountId], to: TO })) {
    const number = Number(requestId.split('_')[2])
    assert.equal(number, last + 1)
    last = number
    // No page is read ahead.
    assert.equal(pages.length, Math.ceil(last / 2_000))
  }
  assert.equal(last, 50_000)
  assert.deepEqual(pages, [...Array.from({ length: 25 }, () => 2_000), 0])
})

test('days are summed over keys, by product and operation, first and last day included', async (t) => {
  const { db, pool } = await testDatabase(t)
  const { accountId, twinId, keyId } = await seedUser({ db, pool })
  const add = (account: number, key: number, operation: string, day: string, cost: number) =>
    pool.query(`select usage_day_add($1, $2, 'item', $3, $4, 2, 1, 1, 1000, $5, 700)`, [
      account,
      key,
      operation,
      day,
      cost,
    ])
  await add(accountId, keyId, 'getItem', '2026-11-01', 4000)
  await add(accountId, keyId + 1, 'getItem', '2026-11-01', 4000)
  await add(accountId, keyId, 'getPrice', '2026-11-01', 0)
  await add(accountId, keyId, 'getItem', '2026-11-03', 4000)
  await add(accountId, keyId, 'getItem', '2026-11-04', 4000)
  await add(accountId, keyId, 'getItem', '2026-10-31', 4000)
  await add(twinId, keyId, 'getItem', '2026-11-01', 4000)
  const one = { product: 'item', calls: 2, billed: 1, errors: 1, bytes: 1000, durationUs: 700 }
  const two = { product: 'item', calls: 4, billed: 2, errors: 2, bytes: 2000, durationUs: 1400 }
  const days = await usageByDay(db, [accountId], new Date('2026-11-01T23:59:59Z'), new Date('2026-11-03T00:00:00Z'))
  assert.deepEqual(days, [
    { ...two, day: '2026-11-01', operation: 'getItem', costUsdMicros: 8000 },
    { ...one, day: '2026-11-01', operation: 'getPrice', costUsdMicros: 0 },
    { ...one, day: '2026-11-03', operation: 'getItem', costUsdMicros: 4000 },
  ])
})

/** Events 1 to `count`; each tenth has the same reference, and each fourth is a 404. */
async function fill(
  pool: pg.Pool,
  accountId: number,
  keyId: number,
  { count, every }: { count: number; every: string },
): Promise<void> {
  await pool.query(
    `insert into usage_event (at, request_id, account_id, key_id, product, operation, status, bytes, duration_us, tid)
     select timestamptz '2026-11-01Z' + n * $4::interval, 'req_' || $1::bigint || '_' || n, $1::bigint, $2::bigint, 'qc', 'getProduct',
       case when n % 4 = 0 then 404 else 200 end, 1000, 200, 'tid ' || n % 10
     from generate_series(1, $3::int) n`,
    [accountId, keyId, count, every],
  )
}
