import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import type { Ctx } from '../../../src/ctx.ts'
import { OperatorError } from '../../../src/lib/errors.ts'
import {
  eraseEntries,
  findEntries,
  HOUSE,
  listEntries,
  purgeEntries,
  putEntries,
  STAFF,
} from '../../../src/risk/list/entries.ts'
import type { NewEntry } from '../../../src/risk/list/prepare.ts'
import { untilWaiting } from '../../access/waiting.ts'
import { testDatabase } from '../../database.ts'
import { account, ask, DAY_MS, NOW, openList, put, scoreFor, THE_HOUSE } from '../risk-bench.ts'

const daysOn = (days: number) => new Date(Date.parse(NOW) + days * DAY_MS)

async function find(ctx: Ctx, value: string) {
  return findEntries(ctx, { type: 'email', value, region: null, owner: null })
}

test('what is listed is found under each way to write it, and kept as a masked hint', async (t) => {
  const { ctx } = await openList(t)
  const id = await put(ctx, 'email', 'Ada.Moss+haul@gmail.com', {
    reason: 'Chargeback on order #ORD-8842',
    details: { orderId: 'ORD-8842' },
    evidence: 'case 7',
    firstSeen: new Date('2026-10-15T22:00:00Z'),
  })
  const entry = {
    id,
    owner: HOUSE,
    kind: 'adverse',
    type: 'email',
    reason_code: 'chargeback',
    reason: 'Chargeback on order #ORD-8842',
    details: { orderId: 'ORD-8842' },
    evidence: 'case 7',
    hint: 'a•••@g•••.com',
    first_seen: '2026-10-15',
    seen_at: new Date('2026-10-15T22:00:00Z'),
    listed_at: new Date(NOW),
    expires_at: new Date('2028-10-14T22:00:00Z'),
    corroborated_until: null,
    disputed_at: null,
    is_sandbox: false,
    source: 'staff',
    party: 'house',
    confidence: 100,
  }
  assert.deepEqual(await find(ctx, 'adamoss@googlemail.com'), [entry])
  assert.deepEqual(await find(ctx, 'ada.moss@outlook.com'), [])
  const { score, blacklisted, entries } = await ask(ctx, THE_HOUSE, 'email', 'adamoss@gmail.com')
  assert.deepEqual(
    { score, blacklisted, form: entries.get(id)!.form },
    { score: 81, blacklisted: true, form: 'canonical' },
  )
})

test('listed again by the same source for the same reason, an entry is refreshed', async (t) => {
  const { ctx, passDays } = await openList(t)
  const value = 'again@example.org'
  const id = await put(ctx, 'email', value, { details: { orderId: '1' }, reason: 'first', expiresAt: daysOn(700) })
  passDays(10)
  assert.equal(await put(ctx, 'email', value.toUpperCase(), { details: { amount: '$5' } }), id)
  const [entry, ...others] = await find(ctx, value)
  assert.equal(others.length, 0)
  assert.deepEqual(
    {
      seen: entry!.first_seen,
      listed: entry!.listed_at,
      ends: entry!.expires_at,
      said: entry!.reason,
      details: entry!.details,
    },
    {
      seen: '2026-11-21',
      listed: daysOn(10),
      ends: daysOn(740),
      said: 'first',
      details: { orderId: '1', amount: '$5' },
    },
  )
  assert.notEqual(await put(ctx, 'email', value, { reasonCode: 'fraud' }), id)
  const { rows } = await sql`select from risk_mark where entry_id = ${id} and is_subject`.execute(ctx.db)
  assert.equal(rows.length, 1)
})

test('an entry is as old as what happened, however often and however late it is listed', async (t) => {
  const { ctx, passDays } = await openList(t)
  const value = 'long.ago@example.org'
  const happened = { firstSeen: daysOn(-500), seenAt: daysOn(-455) }
  const id = await put(ctx, 'email', value, happened)
  const score = await scoreFor(ctx, THE_HOUSE, 'email', value)
  assert.equal(score, 43)
  passDays(20)
  assert.equal(await put(ctx, 'email', value, happened), id)
  const [entry] = await find(ctx, value)
  assert.deepEqual([entry!.seen_at, entry!.expires_at], [daysOn(-455), daysOn(-455 + 730)])
  assert.deepEqual([entry!.first_seen, await scoreFor(ctx, THE_HOUSE, 'email', value)], ['2025-07-09', score])
  // It has ended before it is listed.
  const late = { kind: 'adverse', type: 'email', value, reasonCode: 'unpaid', seenAt: daysOn(-365) } as const
  const wish = { owner: HOUSE, isSandbox: false, source: STAFF, entries: [late] }
  const { unfit } = await ctx.db.transaction().execute((tx) => putEntries(ctx, tx, wish))
  assert.deepEqual(unfit, [
    { at: 0, why: 'It has ended: what is listed for this reason is kept for 365 days from when it happened.' },
  ])
})

test('a source keeps its party, as what it listed agrees with others by it', async (t) => {
  const { ctx } = await openList(t)
  const source = { name: 'guild', party: 'guild', confidence: 80 }
  await put(ctx, 'email', 'guild@example.org', { source })
  await put(ctx, 'email', 'guild@example.org', { source: { ...source, confidence: 60 } })
  assert.equal((await find(ctx, 'guild@example.org'))[0]!.confidence, 60)
  const other = put(ctx, 'email', 'guild@example.org', { source: { ...source, party: 'others' } })
  await assert.rejects(other, { message: 'The source guild is of the party guild; give that one, or another name.' })
})

test('twice in one list, the later holds; what is unfit is told by its place, without what it says', async (t) => {
  const { ctx } = await openList(t)
  const entry = (value: string, reason: string) =>
    ({ kind: 'adverse', type: 'phone', value, reason, reasonCode: 'unpaid' }) as const
  const entries = [entry('+1 202 555 0123', 'one'), entry('secret', 'bad'), entry('001-202-555-0123', 'two')]
  const put = { owner: HOUSE, isSandbox: false, source: STAFF, entries }
  const { added, refreshed, unfit } = await ctx.db.transaction().execute((tx) => putEntries(ctx, tx, put))
  assert.deepEqual([added.length, refreshed, unfit.map(({ at }) => at)], [1, [], [1]])
  assert.doesNotMatch(unfit[0]!.why, /secret/)
  const [found] = await findEntries(ctx, { type: 'phone', value: '+12025550123', region: null, owner: null })
  assert.equal(found!.reason, 'two')
  await assert.rejects(findEntries(ctx, { type: 'phone', value: 'secret', region: null, owner: null }), OperatorError)
})

test('an entry that is taken off leaves a proof without its identifier, and nothing else', async (t) => {
  const { ctx } = await openList(t)
  const id = await put(ctx, 'email', 'gone@example.org')
  const erase = { ids: [id], actor: 'staff:7', why: 'It was a mistake.' }
  assert.equal(await ctx.db.transaction().execute((tx) => eraseEntries(ctx, tx, erase)), 1)
  assert.deepEqual(await find(ctx, 'gone@example.org'), [])
  assert.equal(await scoreFor(ctx, THE_HOUSE, 'email', 'gone@example.org'), 0)
  const { rows: marks } = await sql`select from risk_mark where entry_id = ${id}`.execute(ctx.db)
  assert.equal(marks.length, 0)
  const { rows } = await sql`
    select entry_id, owner, type, reason_code, listed_at, erased_at, actor, why from risk_erasure where entry_id = ${id}`.execute(
    ctx.db,
  )
  const at = new Date(NOW)
  assert.deepEqual(rows, [
    {
      entry_id: id,
      owner: 0,
      type: 'email',
      reason_code: 'chargeback',
      listed_at: at,
      erased_at: at,
      actor: 'staff:7',
      why: erase.why,
    },
  ])
  assert.equal(await ctx.db.transaction().execute((tx) => eraseEntries(ctx, tx, erase)), 0)
})

test('an entry ends by its reason, at once for checks and for good with the purge', async (t) => {
  const { ctx, passDays } = await openList(t)
  await put(ctx, 'device', 'a1b2c3d4e5f60718', { reasonCode: 'automation' })
  await put(ctx, 'username', 'stays.here', { reasonCode: 'automation' })
  assert.ok((await scoreFor(ctx, THE_HOUSE, 'device', 'A1B2C3D4E5F60718')) > 0)
  // A quarter of 90 days.
  passDays(22.5)
  assert.equal(await scoreFor(ctx, THE_HOUSE, 'device', 'A1B2C3D4E5F60718'), 0)
  assert.ok((await purgeEntries(ctx)) >= 1)
  assert.equal(await purgeEntries(ctx), 0)
  assert.deepEqual(await findEntries(ctx, { type: 'device', value: 'a1b2c3d4e5f60718', region: null, owner: null }), [])
  assert.ok((await scoreFor(ctx, THE_HOUSE, 'username', 'stays.here')) > 0)
})

test('what is listed again while the purge is on its way stays', async (t) => {
  const { ctx, passDays } = await openList(t)
  const value = 'back.again@example.org'
  const id = await put(ctx, 'email', value, { reasonCode: 'unpaid' })
  passDays(366)
  const { rows } = await sql<{ id: number }>`select id from risk_entry where expires_at < ${daysOn(366)}`.execute(
    ctx.db,
  )
  const { pool } = await testDatabase(t)
  const listed = Promise.withResolvers<void>()
  const writing = ctx.db.transaction().execute(async (tx) => {
    const entries: NewEntry[] = [{ kind: 'adverse', type: 'email', value, reasonCode: 'unpaid' }]
    const { refreshed } = await putEntries(ctx, tx, { owner: HOUSE, isSandbox: false, source: STAFF, entries })
    assert.deepEqual(refreshed, [id])
    listed.resolve()
    await untilWaiting(pool, 1)
  })
  await listed.promise
  const [purged] = await Promise.all([purgeEntries(ctx), writing])
  assert.equal(purged, rows.length - 1)
  assert.ok((await scoreFor(ctx, THE_HOUSE, 'email', value)) > 0)
})

test('many writers at once do not wait for connections that each other hold', async (t) => {
  const { ctx } = await openList(t)
  await put(ctx, 'email', 'crowd@example.org')
  ctx.riskKeys.known = null
  const found = await Promise.all(Array.from({ length: 40 }, () => find(ctx, 'crowd@example.org')))
  assert.ok(found.every((each) => each.length === 1))
})

test("pages of an owner's entries, the newest first", async (t) => {
  const { ctx } = await openList(t)
  const ids: number[] = []
  for (const name of ['one', 'two', 'three']) ids.unshift(await put(ctx, 'username', `page.${name}`, { owner: 71 }))
  const first = await listEntries(ctx, { owner: 71, before: null, limit: 2 })
  assert.deepEqual(
    first.map(({ id }) => id),
    ids.slice(0, 2),
  )
  const second = await listEntries(ctx, { owner: 71, before: ids[1]!, limit: 2 })
  assert.deepEqual(
    second.map(({ id }) => id),
    ids.slice(2),
  )
  assert.deepEqual(await findEntries(ctx, { type: 'username', value: 'page.one', region: null, owner: 72 }), [])
})

test('who is allowed by an account is in no doubt for that account alone; by the house, for all but their own lists', async (t) => {
  const { ctx } = await openList(t)
  const value = 'allowed@example.org'
  for (const owner of [81, 82]) await put(ctx, 'email', value, { owner })
  await put(ctx, 'email', value, { owner: 83, kind: 'allowed', reasonCode: 'other' })
  assert.ok((await scoreFor(ctx, account(84), 'email', value)) > 0)
  assert.deepEqual(
    [(await ask(ctx, account(83), 'email', value)).score, (await ask(ctx, account(83), 'email', value)).isAllowed],
    [0, true],
  )
  await put(ctx, 'email', value, { kind: 'allowed', reasonCode: 'other' })
  assert.equal(await scoreFor(ctx, account(84), 'email', value), 0)
  assert.equal(await scoreFor(ctx, account(81), 'email', value), 85)
})
