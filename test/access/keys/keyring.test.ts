import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkPrincipal, findPrincipal, keySlot, type Principal } from '../../../src/access/keys/keyring.ts'
import { createKey, disableKey, enableKey, revokeKey } from '../../../src/access/keys/keys.ts'
import type { Ctx } from '../../../src/ctx.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { openDb } from '../../../src/lib/db/db.ts'
import { setPlan } from '../../../src/money/plans/plans.ts'
import { seedAccount, seedKey, testCtx } from '../../app.ts'
import { silentLog, testDatabase } from '../../database.ts'
import { freePort } from '../../lib/db/server-double.ts'
import { untilWaiting } from '../waiting.ts'

const BY = { actor: 'cli:tester' }

/** A ctx that sees changes only when it is told to look. */
async function stillCtx(t: Parameters<typeof testCtx>[0]): Promise<Ctx & { look(): Promise<void>; ageMs: number }> {
  const ctx = await testCtx(t)
  const { value } = ctx.watch
  const still = {
    ...ctx,
    ageMs: 0,
    watch: { value, ageMs: () => still.ageMs, next: async () => {}, stop: async () => {} },
    async look() {
      await ctx.watch.next()
      still.watch.value = ctx.watch.value
    },
  }
  return still
}

/** The same ctx on a server that nobody can reach. */
async function unreachable(t: Parameters<typeof testCtx>[0], ctx: Ctx): Promise<Ctx> {
  const connection = { host: '127.0.0.1', port: await freePort(), user: 'u', database: 'd', password: '' }
  const { db, close } = openDb(connection, { log: silentLog })
  t.after(close)
  return { ...ctx, db }
}

test('a known key is answered at once, without the database, until it or a plan changes', async (t) => {
  const ctx = await stillCtx(t)
  const { id, key, account } = await seedKey(ctx)
  const asked = findPrincipal(ctx, key)
  assert.ok(asked instanceof Promise)
  const first = await asked
  const offline = await unreachable(t, ctx)
  assert.equal(findPrincipal(offline, key), first)

  await ctx.db.transaction().execute((tx) => setPlan(tx, account.id, 'qc', 'pro'))
  assert.equal(findPrincipal(offline, key), first)
  await ctx.look()
  const upgraded = await findPrincipal(ctx, key)
  assert.deepEqual([first.terms.qc.plan, upgraded.terms.qc.plan], ['basic', 'pro'])
  assert.equal(findPrincipal(offline, key), upgraded)

  await disableKey(ctx, id, BY)
  await ctx.look()
  await assert.rejects(async () => findPrincipal(ctx, key), {
    code: 'key_revoked',
    message: 'This API key is disabled.',
  })
  await enableKey(ctx, id, BY)
  assert.equal((await findPrincipal(ctx, key)).keyId, id)
  await revokeKey(ctx, id, BY)
  await ctx.look()
  await assert.rejects(async () => findPrincipal(ctx, key), { message: 'This API key has been revoked.' })
})

test('when the watch is behind, a cached key is read through', async (t) => {
  const ctx = await stillCtx(t)
  const { id, key } = await seedKey(ctx)
  const principal = await findPrincipal(ctx, key)
  await revokeKey(ctx, id, BY)
  ctx.ageMs = 799
  assert.equal(findPrincipal(ctx, key), principal)
  ctx.ageMs = 800
  await assert.rejects(async () => findPrincipal(ctx, key), { code: 'key_revoked' })
  assert.equal(ctx.keyring.size, 0)
})

test('a key expires on the millisecond, also where it is cached', async (t) => {
  let nowMs = Date.parse('2026-11-21T12:00:00Z')
  const ctx = await testCtx(t, {}, { clock: { ...systemClock, now: () => new Date(nowMs) } })
  const account = await seedAccount(ctx)
  const expiresAt = new Date(nowMs + 1_000)
  const { key } = await createKey(ctx, { account, style: 'oh', mode: 'live', expiresAt })
  assert.equal((await findPrincipal(ctx, key)).expiresAtMs, expiresAt.getTime())
  nowMs += 999
  assert.ok(!(findPrincipal(ctx, key) instanceof Promise))
  nowMs += 1
  await assert.rejects(async () => findPrincipal(ctx, key), {
    code: 'key_revoked',
    message: 'This API key has expired.',
  })
})

test('missing, malformed and unknown keys are told apart, and only an unknown one reaches the database', async (t) => {
  const ctx = await unreachable(t, await testCtx(t))
  for (const missing of [null, '']) assert.throws(() => findPrincipal(ctx, missing), { code: 'key_missing' })
  const random = 'a'.repeat(32)
  const junk = ['qc_live_short', `qc_live_${random}a`, `qc_live_${'é'.repeat(32)}`, ' ', '\0', 'x'.repeat(16_000)]
  for (const text of junk) assert.throws(() => findPrincipal(ctx, text), { code: 'key_malformed' }, text.slice(0, 50))
  await assert.rejects(async () => findPrincipal(ctx, `qc_live_${random}`), { code: 'busy' })
  assert.equal(ctx.keyring.size, 0)

  const online = await testCtx(t)
  await assert.rejects(async () => findPrincipal(online, `qc_live_${random}`), { code: 'key_unknown' })
  assert.equal(online.keyring.size, 0)
})

test('callers of one key at the same time share a look, and a busy database is no word on the key', async (t) => {
  const ctx = await stillCtx(t)
  const { key } = await seedKey(ctx)
  const { pool } = await testDatabase(t)
  const holder = await pool.connect()
  try {
    await holder.query('begin')
    await holder.query('lock table api_key in access exclusive mode')
    const asked = Array.from({ length: 50 }, async () => findPrincipal(ctx, key))
    await untilWaiting(pool, 1)
    await holder.query('commit')
    assert.equal(new Set(await Promise.all(asked)).size, 1)
  } finally {
    holder.release()
  }
  const known = await findPrincipal(ctx, key)
  ctx.ageMs = 800
  await assert.rejects(async () => findPrincipal(await unreachable(t, ctx), key), { code: 'busy' })
  ctx.ageMs = 0
  assert.equal(findPrincipal(ctx, key), known)
})

test('the key that was read longest ago is the first to be forgotten', async (t) => {
  const ctx = await testCtx(t)
  const { key } = await seedKey(ctx)
  const entry = { principal: null, access: -1, plans: -1, look: null }
  for (let count = 0; count < 50_000; count++) ctx.keyring.set(`slot ${count}`, entry)
  await findPrincipal(ctx, key)
  assert.deepEqual(
    [ctx.keyring.size, ctx.keyring.has('slot 0'), ctx.keyring.has('slot 1'), ctx.keyring.has(keySlot(key))],
    [50_000, false, true, true],
  )
})

test('addresses and scopes are checked at each call', async (t) => {
  const ctx = await testCtx(t)
  const { key } = await seedKey(ctx, { allow: ['203.0.113.0/24', '2001:db8::/32'], scopes: ['qc:read', 'cart:read'] })
  const principal: Principal = await findPrincipal(ctx, key)
  const check = (address: string, scope: 'qc:read' | 'cart:write' = 'qc:read') => {
    try {
      checkPrincipal(principal, address, scope)
      return 'fine'
    } catch (error) {
      return (error as { code: string }).code
    }
  }
  const addresses = [
    '203.0.113.7',
    '203.0.113.7',
    '::ffff:203.0.113.8',
    '198.51.100.1',
    '198.51.100.1',
    '203.0.113.7',
    '2001:db8::1',
    '',
  ]
  assert.deepEqual(
    addresses.map((address) => check(address)),
    ['fine', 'fine', 'fine', 'address_not_allowed', 'address_not_allowed', 'fine', 'fine', 'address_not_allowed'],
  )
  assert.equal(check('203.0.113.7', 'cart:write'), 'scope_missing')
  assert.equal(check('198.51.100.1', 'cart:write'), 'address_not_allowed')
})
