import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { eraseEntries } from '../../../src/risk/list/entries.ts'
import { seedAccount } from '../../app.ts'
import { account, ask, DAY_MS, NOW, openList, put, scoreFor, THE_HOUSE } from '../risk-bench.ts'

const daysOn = (days: number) => new Date(Date.parse(NOW) + days * DAY_MS)
const STRANGER = account(999)

test('an entry counts for its owner at once, and for others when a second party lists the same', async (t) => {
  const { ctx } = await openList(t)
  await put(ctx, 'email', 'ada.moss@gmail.com', { owner: 11 })
  assert.equal(await scoreFor(ctx, account(11), 'email', 'ada.moss@gmail.com'), 85)
  assert.equal(await scoreFor(ctx, STRANGER, 'email', 'ada.moss@gmail.com'), 0)
  assert.equal(await scoreFor(ctx, THE_HOUSE, 'email', 'ada.moss@gmail.com'), 0)
  // The same mailbox in another spelling.
  await put(ctx, 'email', 'adamoss+x@googlemail.com', { owner: 12 })
  assert.equal(await scoreFor(ctx, STRANGER, 'email', 'ada.moss@gmail.com'), 97)
  const { entries } = await ask(ctx, STRANGER, 'email', 'adamoss@gmail.com')
  assert.deepEqual(
    [...entries.values()].map(({ isOwn }) => isOwn),
    [false, false],
  )
})

test('one party twice is one opinion, whatever its sources are called', async (t) => {
  const { ctx } = await openList(t)
  const source = (name: string) => ({ name, party: 'feeds of one house', confidence: 80 })
  await put(ctx, 'phone', '+1 202 555 0111', { source: source('feed one') })
  await put(ctx, 'phone', '+1 202 555 0111', { source: source('feed two'), reasonCode: 'fraud' })
  assert.equal(await scoreFor(ctx, STRANGER, 'phone', '+12025550111'), 0)
  await put(ctx, 'phone', '+1 202 555 0111', { owner: 13, reasonCode: 'unpaid' })
  assert.ok((await scoreFor(ctx, STRANGER, 'phone', '+12025550111')) > 0)
})

test('when one of two ends or is taken off, the other counts for its owner alone again', async (t) => {
  const { ctx, passDays } = await openList(t)
  const value = 'ends.one@example.org'
  // Whose entry is erased, which is noted for the account.
  const { id: other } = await seedAccount(ctx)
  await put(ctx, 'email', value, { owner: 21, expiresAt: daysOn(400) })
  const second = await put(ctx, 'email', value, { owner: other, expiresAt: daysOn(30) })
  assert.ok((await scoreFor(ctx, STRANGER, 'email', value)) > 0)
  passDays(30)
  assert.equal(await scoreFor(ctx, STRANGER, 'email', value), 0)
  assert.equal(await scoreFor(ctx, account(21), 'email', value), 85)

  await put(ctx, 'email', value, { owner: other, expiresAt: daysOn(500) })
  assert.ok((await scoreFor(ctx, STRANGER, 'email', value)) > 0)
  await ctx.db.transaction().execute((tx) => eraseEntries(ctx, tx, { ids: [second], actor: 'test', why: 'A mistake.' }))
  assert.equal(await scoreFor(ctx, STRANGER, 'email', value), 0)
  assert.equal(await scoreFor(ctx, account(21), 'email', value), 85)
})

test('of three parties the second that ends decides, and each entry counts no longer than itself', async (t) => {
  const { ctx, passDays } = await openList(t)
  const value = 'three.parties@example.org'
  for (const [owner, days] of [
    [31, 10],
    [32, 20],
    [33, 40],
  ] as const) {
    await put(ctx, 'email', value, { owner, expiresAt: daysOn(days) })
  }
  const counted = async () => (await ask(ctx, STRANGER, 'email', value)).counted.map(({ party }) => party).sort()
  assert.deepEqual(await counted(), ['account:31', 'account:32', 'account:33'])
  passDays(10)
  assert.deepEqual(await counted(), ['account:32', 'account:33'])
  // Refreshed, the first counts again though what decides has not moved.
  await put(ctx, 'email', value, { owner: 31, expiresAt: daysOn(15) })
  assert.deepEqual(await counted(), ['account:31', 'account:32', 'account:33'])
  passDays(10)
  assert.deepEqual(await counted(), [])
})

test('sandboxes see their own entries alone, and are nobody’s opinion', async (t) => {
  const { ctx } = await openList(t)
  const value = 'sandbox@example.org'
  await put(ctx, 'email', value, { owner: 41, isSandbox: true })
  await put(ctx, 'email', value, { owner: 42, isSandbox: true })
  await put(ctx, 'email', value, { owner: 43 })
  assert.equal(await scoreFor(ctx, STRANGER, 'email', value), 0)
  await put(ctx, 'email', value, { owner: 44 })
  assert.ok((await scoreFor(ctx, STRANGER, 'email', value)) > 0)
  assert.equal(await scoreFor(ctx, { owner: 41, isSandbox: true }, 'email', value), 85)
  assert.equal(await scoreFor(ctx, { owner: 45, isSandbox: true }, 'email', value), 0)
})

test('two parties who list at once corroborate each other', async (t) => {
  const { ctx } = await openList(t)
  for (let round = 0; round < 5; round++) {
    const value = `at.once${round}@example.org`
    await Promise.all([51, 52].map(async (owner) => put(ctx, 'email', value, { owner })))
    assert.ok((await scoreFor(ctx, STRANGER, 'email', value)) > 0)
  }
})

test('listed by a thousand accounts, an identifier is told as soon as any other', async (t) => {
  const { ctx } = await openList(t)
  const value = 'everybody.knows@example.org'
  await put(ctx, 'email', value, { owner: 1_001 })
  await put(ctx, 'email', value, { owner: 1_002 })
  // As a thousand accounts would have listed it.
  await sql`
    with source as (
      insert into risk_source (name, party, confidence)
      select 'own ' || n, 'account:' || n, 100 from generate_series(1003, 2000) n returning id, name),
    entry as (
      insert into risk_entry (subject, owner, kind, type, reason_code, source_id, hint, first_seen, seen_at, listed_at, expires_at,
        corroborated_until, is_sandbox, rule_version)
      select e.subject, substr(source.name, 5)::bigint, e.kind, e.type, e.reason_code, source.id, e.hint, e.first_seen, e.seen_at, e.listed_at,
        e.expires_at, e.corroborated_until, false, 1
      from source, risk_entry e where e.owner = 1001 returning id, owner)
    insert into risk_mark (digest, owner, is_adverse, entry_id, generation, form, is_subject, shared_until)
    select m.digest, entry.owner, m.is_adverse, entry.id, m.generation, m.form, m.is_subject, m.shared_until
    from entry, risk_mark m where m.owner = 1001`.execute(ctx.db)
  const said = await ask(ctx, STRANGER, 'email', value)
  assert.deepEqual([said.score, said.blacklisted, said.counted.length], [100, true, 100])
  assert.deepEqual(await ask(ctx, STRANGER, 'email', value), said)
  const own = await ask(ctx, account(1_500), 'email', value)
  assert.equal([...own.entries.values()].filter(({ isOwn }) => isOwn).length, 1)
})
