import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAccount, findAccount } from '../../../src/access/accounts/accounts.ts'
import { findPrincipal } from '../../../src/access/keys/keyring.ts'
import {
  createKey,
  disableKey,
  enableKey,
  listKeys,
  revokeKey,
  rollKey,
  setKey,
  setKeyCap,
} from '../../../src/access/keys/keys.ts'
import { keysTouch } from '../../../src/access/keys/keys.sql.ts'
import { SCOPES } from '../../../src/access/keys/scopes.ts'
import { listAudit } from '../../../src/events/audit/audit.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { OperatorError, type DomainError } from '../../../src/lib/errors.ts'
import { seedAccount, testCtx } from '../../app.ts'
import { testDatabase } from '../../database.ts'
import { untilWaiting } from '../waiting.ts'

const BY = { actor: 'cli:tester' }
const START = new Date('2026-11-21T12:00:00Z')

/** A ctx whose time stands still at START until told, and a key of a new account. */
async function keyCtx(t: Parameters<typeof testCtx>[0], wish: Partial<Parameters<typeof createKey>[1]> = {}) {
  let nowMs = START.getTime()
  const clock = { ...systemClock, now: () => new Date(nowMs), advance: (ms: number) => void (nowMs += ms) }
  const ctx = await testCtx(t, {}, { clock })
  const account = await seedAccount(ctx)
  const made = await createKey(ctx, { account, style: 'qc', mode: 'live', ...wish })
  const row = async (id = made.id) => (await listKeys(ctx.db, account)).find((each) => each.id === id)!
  const entries = async (id = made.id) => {
    const all = await listAudit(ctx.db, { accountIds: [account.id] })
    return all
      .filter(({ subject }) => subject === `key:${id}`)
      .map(({ actor, action, before, after }) => ({ actor, action, before, after }))
      .toReversed()
  }
  return { ctx, clock, account, made, row, entries }
}

async function epoch(ctx: Awaited<ReturnType<typeof testCtx>>): Promise<number> {
  await ctx.watch.next()
  return ctx.watch.value.access
}

test('a live key acts for the account, a test key for its sandbox twin, on the plans of the account', async (t) => {
  const ctx = await testCtx(t)
  const account = await seedAccount(ctx)
  const live = await createKey(ctx, { account, style: 'qc', mode: 'live' })
  const sandbox = await createKey(ctx, { account, style: 'sk', mode: 'test', scopes: ['cart:read', 'products:read'] })

  assert.notEqual(account.id, account.twinId)
  const principal = await findPrincipal(ctx, live.key)
  const { terms, ...rest } = principal
  assert.deepEqual(rest, {
    keyId: live.id,
    accountId: account.id,
    liveAccountId: account.id,
    isSandbox: false,
    style: 'qc',
    mode: 'live',
    scopes: new Set(SCOPES),
    allow: [],
    expiresAtMs: null,
    capCalls: null,
    capUsdMicros: null,
    capKey: live.id,
    lastAddress: { text: '', isAllowed: false },
  })
  const twin = await findPrincipal(ctx, sandbox.key)
  assert.deepEqual(
    [twin.accountId, twin.liveAccountId, twin.isSandbox, twin.mode, [...twin.scopes]],
    [account.twinId, account.id, true, 'test', ['products:read', 'cart:read']],
  )
  assert.deepEqual(twin.terms, terms)
  assert.deepEqual([terms.qc.plan, terms.agent.plan], ['basic', 'default'])
})

test('a key is stored with all that was asked for, and never its clear text', async (t) => {
  const expiresAt = new Date('2027-01-01T00:00:00Z')
  const wish = { scopes: ['qc:read'], allow: ['203.0.113.0/24'], label: 'till', createdBy: 'cli:tester', expiresAt }
  const caps = { capCalls: 500, capUsdMicros: 2_500_000 }
  const { made, row, entries, account } = await keyCtx(t, { ...wish, ...caps })
  const stored = await row()
  const columns = {
    account_id: account.id,
    style: 'qc',
    mode: 'live',
    scopes: ['qc:read'],
    allow: ['203.0.113.0/24'],
    label: 'till',
    created_at: START,
    created_by: 'cli:tester',
    expires_at: expiresAt,
    cap_calls: 500,
    cap_usd_micros: 2_500_000,
  }
  assert.deepEqual(stored, {
    id: made.id,
    hint: made.key.slice(-4),
    ...columns,
    last_used_at: null,
    last_used_from: null,
    disabled_at: null,
    revoked_at: null,
    rolled_to: null,
    cap_key: null,
  })
  const { account_id: _id, created_at: _at, created_by: _by, ...after } = columns
  assert.deepEqual(await entries(), [
    {
      actor: 'cli:tester',
      action: 'key.create',
      before: null,
      after: { ...after, cap_key: null, expires_at: expiresAt.toISOString() },
    },
  ])
  assert.ok(!JSON.stringify([stored, await entries()]).includes(made.key.slice(8, 40)))
})

test('each change tells every node and the audit; what changes nothing tells neither', async (t) => {
  const { ctx, clock, made, row, entries } = await keyCtx(t)
  const { id } = made
  const before = await epoch(ctx)
  assert.deepEqual(await disableKey(ctx, id, BY), { id, disabledAt: START })
  clock.advance(1_000)
  assert.deepEqual(await disableKey(ctx, id, BY), { id, disabledAt: START })
  await enableKey(ctx, id, BY)
  await enableKey(ctx, id, BY)
  const expiresAt = new Date('2027-01-01T00:00:00Z')
  await setKey(ctx, id, { label: 'till', allow: ['::1'], expiresAt }, BY)
  await setKey(ctx, id, { label: 'till' }, BY)
  await setKey(ctx, id, { label: null, allow: [], expiresAt: null }, BY)
  const was = await ctx.db.transaction().execute((tx) => setKeyCap(tx, id, { capCalls: 10, capUsdMicros: null }))
  assert.deepEqual([was.cap_calls, (await row()).cap_calls], [null, 10])
  const { revokedAt } = await revokeKey(ctx, id, BY)
  clock.advance(1_000)
  assert.deepEqual(await revokeKey(ctx, id, BY), { id, revokedAt })
  // The cap's entry in the audit is its caller's to write.
  assert.equal(await epoch(ctx), before + 6)
  assert.deepEqual((await entries()).slice(1), [
    { ...BY, action: 'key.disable', before: { disabled_at: null }, after: { disabled_at: START.toISOString() } },
    { ...BY, action: 'key.enable', before: { disabled_at: START.toISOString() }, after: { disabled_at: null } },
    {
      ...BY,
      action: 'key.set',
      before: { label: null, allow: [], expires_at: null },
      after: { label: 'till', allow: ['::1'], expires_at: expiresAt.toISOString() },
    },
    {
      ...BY,
      action: 'key.set',
      before: { label: 'till', allow: ['::1'], expires_at: expiresAt.toISOString() },
      after: { label: null, allow: [], expires_at: null },
    },
    { ...BY, action: 'key.revoke', before: { revoked_at: null }, after: { revoked_at: revokedAt.toISOString() } },
  ])
})

test('no change is made to a revoked key or one that is not there', async (t) => {
  const { ctx, made, row } = await keyCtx(t)
  await revokeKey(ctx, made.id, BY)
  const stored = await row()
  const changes = [
    (id: number) => disableKey(ctx, id, BY),
    (id: number) => enableKey(ctx, id, BY),
    (id: number) => setKey(ctx, id, { label: 'x' }, BY),
    (id: number) => ctx.db.transaction().execute((tx) => setKeyCap(tx, id, { capCalls: 1 })),
    (id: number) => rollKey(ctx, id, BY),
  ]
  for (const change of changes) {
    await assert.rejects(change(made.id), { code: 'conflict' })
    await assert.rejects(change(999_999), { code: 'not_found' })
  }
  await assert.rejects(revokeKey(ctx, 999_999), { code: 'not_found' })
  assert.deepEqual(await row(), stored)
})

test('a rolled key works until its grace is over, beside the one that takes its place', async (t) => {
  const wish = { scopes: ['qc:read'], allow: ['203.0.113.7'], label: 'till', capCalls: 5, capUsdMicros: 7 }
  const { ctx, clock, made, row, entries } = await keyCtx(t, { ...wish, expiresAt: new Date('2027-01-01T00:00:00Z') })
  const next = await rollKey(ctx, made.id, { graceSeconds: 60, ...BY })
  const endsAt = new Date(START.getTime() + 60_000)
  assert.deepEqual(next, { id: next.id, key: next.key, rolledFrom: made.id, endsAt })
  const old = await row()
  assert.deepEqual([old.rolled_to, old.expires_at, old.revoked_at], [next.id, endsAt, null])
  assert.deepEqual(await row(next.id), {
    ...old,
    id: next.id,
    hint: next.key.slice(-4),
    created_by: BY.actor,
    // A key that ends is not made endless by rolling it, nor are its caps made anew.
    expires_at: new Date('2027-01-01T00:00:00Z'),
    rolled_to: null,
    cap_key: made.id,
  })
  assert.deepEqual(
    (await entries()).slice(1).map(({ action, after }) => ({ action, after })),
    [{ action: 'key.roll', after: { expires_at: endsAt.toISOString(), rolled_to: next.id } }],
  )
  clock.advance(59_999)
  assert.equal((await findPrincipal(ctx, made.key)).keyId, made.id)
  clock.advance(1)
  await assert.rejects(async () => findPrincipal(ctx, made.key), {
    code: 'key_revoked',
    message: 'This API key has expired.',
  })
  assert.equal((await findPrincipal(ctx, next.key)).keyId, next.id)
})

test('without grace the old key is revoked at once; a day is the default', async (t) => {
  const { ctx, made } = await keyCtx(t)
  const second = await rollKey(ctx, made.id, { graceSeconds: 0, ...BY })
  await epoch(ctx)
  await assert.rejects(async () => findPrincipal(ctx, made.key), { message: 'This API key has been revoked.' })
  const third = await rollKey(ctx, second.id, BY)
  assert.equal(third.endsAt.getTime() - START.getTime(), 24 * 60 * 60 * 1000)
})

test('rolled by many at the same time, a key has one successor', async (t) => {
  const { ctx, account, made } = await keyCtx(t)
  const { pool } = await testDatabase(t)
  const holder = await pool.connect()
  try {
    await holder.query('begin')
    await holder.query('select from api_key where id = $1 for update', [made.id])
    const rolls = Array.from({ length: 5 }, () => rollKey(ctx, made.id, BY))
    const settled = Promise.allSettled(rolls)
    await untilWaiting(pool, 5)
    await holder.query('commit')
    const won = (await settled).filter((each) => each.status === 'fulfilled').map(({ value }) => value.id)
    const lost = (await settled).filter((each) => each.status === 'rejected').map(({ reason }) => reason as DomainError)
    assert.equal(won.length, 1)
    const refusal = ['DomainError', 'conflict', `Key ${made.id} was rolled to key ${won[0]} already.`]
    assert.deepEqual(
      lost.map(({ name, code, message }) => [name, code, message]),
      Array.from({ length: 4 }, () => refusal),
    )
    assert.equal((await listKeys(ctx.db, account)).length, 2)
  } finally {
    holder.release()
  }
})

test('last use is noted by one statement, the latest of each key, and never moves back', async (t) => {
  const { ctx, account, made, row } = await keyCtx(t)
  const other = await createKey(ctx, { account, style: 'oh', mode: 'live' })
  const { pool } = await testDatabase(t)
  const client = await pool.connect()
  const at = (seconds: number) => new Date(START.getTime() + seconds * 1000)
  const seen = async (id: number) => {
    const { last_used_at: usedAt, last_used_from: from } = await row(id)
    return [usedAt, from]
  }
  const before = await epoch(ctx)
  try {
    await keysTouch(client, [])
    await keysTouch(client, [
      { keyId: made.id, at: at(2), address: '::ffff:203.0.113.7' },
      { keyId: made.id, at: at(1), address: '203.0.113.1' },
      { keyId: other.id, at: at(1), address: '2001:db8::1' },
      { keyId: 999_999, at: at(1), address: '203.0.113.1' },
    ])
    assert.deepEqual(await seen(made.id), [at(2), '203.0.113.7'])
    assert.deepEqual(await seen(other.id), [at(1), '2001:db8::1'])
    await keysTouch(client, [
      { keyId: made.id, at: at(1), address: '203.0.113.2' },
      { keyId: other.id, at: at(3), address: 'not an address' },
    ])
    assert.deepEqual(await seen(made.id), [at(2), '203.0.113.7'])
    assert.deepEqual(await seen(other.id), [at(3), '2001:db8::1'])
  } finally {
    client.release()
  }
  assert.equal(await epoch(ctx), before)
})

test('of two nodes that note the same keys at once, the later use stands', async (t) => {
  const { ctx, account, made, row } = await keyCtx(t)
  const ids = [made.id]
  while (ids.length < 4) ids.push((await createKey(ctx, { account, style: 'qc', mode: 'live' })).id)
  const { pool } = await testDatabase(t)
  const [holder, one, two] = await Promise.all([pool.connect(), pool.connect(), pool.connect()])
  const uses = (seconds: number) =>
    ids.map((keyId) => ({ keyId, at: new Date(START.getTime() + seconds * 1000), address: '203.0.113.7' }))
  try {
    await holder.query('begin')
    await holder.query('select from api_key where id = $1 for update', [ids[1]])
    const later = keysTouch(one, uses(2))
    await untilWaiting(pool, 1)
    const earlier = keysTouch(two, uses(1).toReversed())
    await untilWaiting(pool, 2)
    await holder.query('commit')
    await Promise.all([later, earlier])
  } finally {
    for (const client of [holder, one, two]) client.release()
  }
  for (const id of ids) assert.equal((await row(id)).last_used_at?.getTime(), START.getTime() + 2_000)
})

test('what an operator mistypes is refused in words, and nothing is made', async (t) => {
  const ctx = await testCtx(t)
  const account = await seedAccount(ctx)
  const make = (wrong: Partial<Parameters<typeof createKey>[1]>) =>
    createKey(ctx, { account, style: 'qc', mode: 'live', ...wrong })
  const wishes = [
    { scopes: ['qc:write'] },
    { allow: ['10.0.0.0/99'] },
    { label: '' },
    { label: ' x' },
    { label: 'x'.repeat(101) },
    { expiresAt: new Date(0) },
    { capCalls: -1 },
    { capUsdMicros: 0.5 },
  ]
  for (const wrong of wishes) await assert.rejects(make(wrong), OperatorError)
  await assert.rejects(rollKey(ctx, 1, { graceSeconds: -1, ...BY }), OperatorError)
  await assert.rejects(rollKey(ctx, 1, { graceSeconds: 91 * 86_400, ...BY }), OperatorError)
  await assert.rejects(createAccount(ctx, account.name), OperatorError)
  await assert.rejects(createAccount(ctx, ' '), OperatorError)
  assert.deepEqual(await listKeys(ctx.db, account), [])
  assert.equal(await findAccount(ctx.db, 'nobody of this name'), null)
})
