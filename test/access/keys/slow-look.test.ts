import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { findPrincipal, type Principal } from '../../../src/access/keys/keyring.ts'
import { disableKey, revokeKey } from '../../../src/access/keys/keys.ts'
import type { Ctx } from '../../../src/ctx.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { setPlan } from '../../../src/money/plans/plans.ts'
import { seedKey, testApp, testCtx } from '../../app.ts'
import { testDatabase } from '../../database.ts'
import { untilWaiting } from '../waiting.ts'

// A principal that is read from a database which takes its time, on a clock that is moved by hand.

const QC = { url: '/api/v1/products/weidian/7231368393' }
const revoked = { code: 'key_revoked', message: 'This API key has been revoked.' }

/** A ctx whose elapsed time stands still until told, and whose watch sees changes only when it is told to look. */
async function handCtx(t: TestContext) {
  let ms = 0
  const ctx = await testCtx(t, {}, { clock: { ...systemClock, elapsedMs: () => ms } })
  const { watch } = ctx
  let lookedAtMs = 0
  let { value } = watch
  const still: Ctx = {
    ...ctx,
    watch: {
      get value() {
        return value
      },
      ageMs: () => ms - lookedAtMs,
      next: async () => {},
      stop: async () => {},
    },
  }
  const look = async () => {
    lookedAtMs = ms
    await watch.next()
    value = watch.value
  }
  await look()
  return { ctx: still, advance: (by: number) => void (ms += by), look }
}

/** Lets every look come as far as the account's plans, and no further until `work` is done. */
async function holdingPlans<T>(t: TestContext, work: (pool: Awaited<ReturnType<typeof poolOf>>) => Promise<T>) {
  const pool = await poolOf(t)
  const holder = await pool.connect()
  try {
    await holder.query('begin')
    await holder.query('lock table account_plan in access exclusive mode')
    return await work(pool)
  } finally {
    await holder.query('rollback')
    holder.release()
  }
}

const poolOf = async (t: TestContext) => (await testDatabase(t)).pool

/** As a promise in an object, so that nobody waits for it yet. */
const asking = (ctx: Ctx, key: string) => {
  const asked = Promise.resolve(findPrincipal(ctx, key))
  asked.catch(() => {})
  return { asked }
}

for (const { name, isSeen } of [
  { name: 'as the watch has seen meanwhile', isSeen: true },
  { name: 'which the watch, being behind, has not seen', isSeen: false },
]) {
  test(`a key that is revoked while it is read for long is refused, ${name}`, async (t) => {
    const { ctx, advance, look } = await handCtx(t)
    const { id, key } = await seedKey(ctx)
    await look()
    const { asked } = await holdingPlans(t, async (pool) => {
      const asking1 = asking(ctx, key)
      await untilWaiting(pool, 1)
      await revokeKey(ctx, id)
      advance(1_000)
      if (isSeen) await look()
      return asking1
    })
    await assert.rejects(asked, revoked)
    await assert.rejects(async () => findPrincipal(ctx, key), revoked)
    assert.equal(ctx.keyring.size, 0)
  })
}

test('nor is one that is known already, and is read again as a plan has changed', async (t) => {
  const { ctx, advance, look } = await handCtx(t)
  const { id, key, account } = await seedKey(ctx)
  await look()
  assert.equal((await findPrincipal(ctx, key)).keyId, id)
  await ctx.db.transaction().execute((tx) => setPlan(tx, account.id, 'qc', 'pro'))
  await look()
  const { all } = await holdingPlans(t, async (pool) => {
    const all = Array.from({ length: 10 }, () => asking(ctx, key).asked)
    await untilWaiting(pool, 1)
    await disableKey(ctx, id, { actor: 'cli:tester' })
    advance(1_000)
    await look()
    return { all }
  })
  for (const asked of all) await assert.rejects(asked, { code: 'key_revoked', message: 'This API key is disabled.' })
})

test('what was read for long and has not changed is answered, and kept', async (t) => {
  const { ctx, advance, look } = await handCtx(t)
  const { id, key } = await seedKey(ctx)
  await look()
  const { asked } = await holdingPlans(t, async (pool) => {
    const waiting = asking(ctx, key)
    await untilWaiting(pool, 1)
    advance(5_000)
    await look()
    return waiting
  })
  const principal: Principal = await asked
  assert.equal(principal.keyId, id)
  assert.equal(findPrincipal(ctx, key), principal)
})

test('a look is shared by callers of the next 100 ms, and by nobody after them', async (t) => {
  const { ctx, advance, look } = await handCtx(t)
  const { key, id } = await seedKey(ctx)
  await look()
  const { looks } = await holdingPlans(t, async (pool) => {
    const first = findPrincipal(ctx, key)
    await untilWaiting(pool, 1)
    advance(100)
    assert.equal(findPrincipal(ctx, key), first)
    advance(1)
    const second = findPrincipal(ctx, key)
    assert.notEqual(second, first)
    await untilWaiting(pool, 2)
    return { looks: [Promise.resolve(first), Promise.resolve(second)] }
  })
  assert.deepEqual(
    (await Promise.all(looks)).map(({ keyId }) => keyId),
    [id, id],
  )
})

test('at the door, the first call with a key that was revoked long ago is 401, however slow the database is', async (t) => {
  const { app, ctx } = await testApp(t)
  const { id, headers } = await seedKey(ctx, { mode: 'live' })
  const beganAtMs = performance.now()
  const { call } = await holdingPlans(t, async (pool) => {
    const call = app.inject({ ...QC, headers })
    await untilWaiting(pool, 1)
    await revokeKey(ctx, id)
    // Past the second in which a revoked key may live.
    const sinceMs = performance.now()
    while (performance.now() - sinceMs < 1_000) await ctx.watch.next()
    return { call: call.then((answer) => answer) }
  })
  const answer = await call
  assert.ok(performance.now() - beganAtMs > 1_000)
  assert.equal(answer.statusCode, 401)
  assert.deepEqual(answer.json(), { error: { code: 'REVOKED_KEY', message: 'This API key has been revoked.' } })
})
