import assert from 'node:assert/strict'
import { test } from 'node:test'
import { disableKey, enableKey } from '../../../src/access/keys/keys.ts'
import { FAILED_LIMIT, findCaller, PUBLIC_LIMIT, takePublicCall } from '../../../src/access/limits/addresses.ts'
import type { Ctx } from '../../../src/ctx.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { DomainError } from '../../../src/lib/errors.ts'
import { randomText, systemRandom } from '../../../src/lib/ids.ts'
import { seedKey, testCtx } from '../../app.ts'

const HERE = '203.0.113.7'

/** A ctx whose elapsed time stands still until told, and a count of the statements that reach its database. */
async function limitCtx(
  t: Parameters<typeof testCtx>[0],
): Promise<Ctx & { advance(ms: number): void; asked(): number }> {
  let ms = 0
  let asked = 0
  const ctx = await testCtx(t, {}, { clock: { ...systemClock, elapsedMs: () => ms } })
  const counting = ctx.db.withPlugin({
    transformQuery: ({ node }) => (asked++, node),
    transformResult: async ({ result }) => result,
  })
  return { ...ctx, db: counting, advance: (by) => void (ms += by), asked: () => asked }
}

async function codeOf(caller: () => ReturnType<typeof findCaller>): Promise<string> {
  try {
    return `key ${(await caller()).keyId}`
  } catch (error) {
    return (error as { code: string }).code
  }
}

const unknown = () => `qc_live_${randomText(systemRandom, 32)}`

async function fail(ctx: Ctx, times: number, address = HERE): Promise<void> {
  for (let count = 0; count < times; count++) {
    const text = count % 2 === 0 ? unknown() : 'junk'
    assert.match(await codeOf(() => findCaller(ctx, text, address)), /^key_(?:unknown|malformed)$/)
  }
}

test('after thirty failures in a minute nobody is asked any more, until the minute is over', async (t) => {
  const ctx = await limitCtx(t)
  const { id, key } = await seedKey(ctx)
  await fail(ctx, 10)
  ctx.advance(20_500)
  await fail(ctx, FAILED_LIMIT.max - 10)
  const asked = ctx.asked()
  assert.ok(asked >= FAILED_LIMIT.max / 2)
  const refusal = {
    code: 'rate_limited',
    message: 'Too many failed attempts; try again later.',
    details: { retryAfterSeconds: 40 },
  }
  for (const text of [unknown(), 'junk', key]) await assert.rejects(async () => findCaller(ctx, text, HERE), refusal)
  await assert.rejects(async () => findCaller(ctx, key, `::ffff:${HERE}`), refusal)
  assert.equal(ctx.asked(), asked)
  assert.equal(await codeOf(() => findCaller(ctx, null, HERE)), 'key_missing')
  assert.equal(await codeOf(() => findCaller(ctx, key, '203.0.113.8')), `key ${id}`)
  ctx.advance(39_499)
  assert.equal(await codeOf(() => findCaller(ctx, unknown(), HERE)), 'rate_limited')
  ctx.advance(1)
  assert.equal(await codeOf(() => findCaller(ctx, unknown(), HERE)), 'key_unknown')
})

test('of many failed attempts at once thirty reach the database', async (t) => {
  const ctx = await limitCtx(t)
  const before = ctx.asked()
  const codes = await Promise.all(Array.from({ length: 500 }, () => codeOf(() => findCaller(ctx, unknown(), HERE))))
  const count = (code: string) => codes.filter((each) => each === code).length
  assert.deepEqual([count('key_unknown'), count('rate_limited')], [FAILED_LIMIT.max, 500 - FAILED_LIMIT.max])
  assert.equal(ctx.asked() - before, FAILED_LIMIT.max)
  assert.equal(await codeOf(() => findCaller(ctx, unknown(), '203.0.113.8')), 'key_unknown')
})

test('many calls at once with a key that nobody here knows yet, and that works, are no attempts', async (t) => {
  const ctx = await limitCtx(t)
  const { id, key } = await seedKey(ctx)
  const codes = await Promise.all(Array.from({ length: 200 }, () => codeOf(() => findCaller(ctx, key, HERE))))
  assert.deepEqual([...new Set(codes)], [`key ${id}`])
  // None of them is held against the address.
  await fail(ctx, FAILED_LIMIT.max)
  assert.equal(await codeOf(() => findCaller(ctx, unknown(), HERE)), 'rate_limited')
})

test('a database that is away holds nothing against an address', async (t) => {
  const ctx = await limitCtx(t)
  const away = ctx.db.withPlugin({
    transformQuery: ({ node }) => node,
    transformResult: () => Promise.reject(new DomainError('busy', 'The server is busy.')),
  })
  for (let count = 0; count < 2 * FAILED_LIMIT.max; count++) {
    assert.equal(await codeOf(() => findCaller({ ...ctx, db: away }, unknown(), HERE)), 'busy')
  }
  await fail(ctx, FAILED_LIMIT.max)
  assert.equal(await codeOf(() => findCaller(ctx, unknown(), HERE)), 'rate_limited')
})

test('a key that works here goes on working, also when it must be read again', async (t) => {
  const ctx = await limitCtx(t)
  const { id, key } = await seedKey(ctx)
  const other = await seedKey(ctx)
  for (const text of [key, other.key]) await findCaller(ctx, text, HERE)
  await fail(ctx, FAILED_LIMIT.max)
  const cached = findCaller(ctx, key, HERE)
  assert.ok(!(cached instanceof Promise) && cached.keyId === id)
  await disableKey(ctx, other.id, { actor: 'cli:tester' })
  await ctx.watch.next()
  assert.equal(await codeOf(() => findCaller(ctx, key, HERE)), `key ${id}`)
  // One that failed is a stranger from then on.
  assert.equal(await codeOf(() => findCaller(ctx, other.key, HERE)), 'key_revoked')
  await enableKey(ctx, other.id, { actor: 'cli:tester' })
  assert.equal(await codeOf(() => findCaller(ctx, other.key, HERE)), 'rate_limited')
})

test('failures count for the household, and apart from public calls', async (t) => {
  const ctx = await limitCtx(t)
  await fail(ctx, FAILED_LIMIT.max, '2001:db8::1')
  assert.equal(await codeOf(() => findCaller(ctx, unknown(), '2001:db8::ffff')), 'rate_limited')
  assert.equal(await codeOf(() => findCaller(ctx, unknown(), '2001:db8:0:1::1')), 'key_unknown')
  for (let count = 0; count < PUBLIC_LIMIT.max; count++) takePublicCall(ctx, '2001:db8::1')
  assert.throws(() => takePublicCall(ctx, '2001:db8::1'), { code: 'rate_limited' })
})

test('the address that was silent longest is the first to be forgotten', async (t) => {
  const ctx = await limitCtx(t)
  for (let count = 0; count < 100_000; count++) ctx.addressWindows.set(`${count}`, { used: 1, startedAtMs: 0 })
  await fail(ctx, 2)
  takePublicCall(ctx, HERE)
  assert.deepEqual(
    [ctx.addressWindows.size, ...['0', '1', '2'].map((group) => ctx.addressWindows.has(group))],
    [100_000, false, false, true],
  )
})
