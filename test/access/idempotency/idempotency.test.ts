import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { sql } from 'kysely'
import {
  claim,
  fingerprintOf,
  finish,
  isPinned,
  purgeIdempotency,
  release,
  validKey,
  type Claim,
  type Claimed,
} from '../../../src/access/idempotency/idempotency.ts'
import type { Ctx } from '../../../src/ctx.ts'
import { openDb, type Db } from '../../../src/lib/db/db.ts'
import { DomainError } from '../../../src/lib/errors.ts'
import { seedAccount, testCtx } from '../../app.ts'
import { silentLog, testDatabase } from '../../database.ts'
import { untilWaiting } from '../waiting.ts'

const NOW = new Date('2026-11-21T12:00:00Z')
const DAY_MS = 24 * 60 * 60 * 1000
const after = (ms: number) => new Date(NOW.getTime() + ms)
const OUTCOME = { status: 201, body: '{"data":{"id":1}}' }

/** Claims of a new account; process 1 asks, and processes 1 and 2 live, unless said otherwise. */
async function claimant(
  t: TestContext,
): Promise<{ ctx: Ctx; accountId: number; ask(wish?: Partial<Claim>, db?: Db): Promise<Claimed> }> {
  const ctx = await testCtx(t)
  const { id: accountId } = await seedAccount(ctx)
  const first: Claim = {
    accountId,
    route: 'POST /api/v1/item',
    key: 'k-1',
    fingerprint: fingerprintOf('POST', '/api/v1/item', { url: 'x' }),
    instance: 1,
    now: NOW,
    aliveInstances: async () => [1, 2],
  }
  return { ctx, accountId, ask: (wish = {}, db = ctx.db) => claim(db, { ...first, ...wish }) }
}

function newId(claimed: Claimed): number {
  assert.ok(claimed.kind === 'new' || claimed.kind === 'resumed', claimed.kind)
  return claimed.id
}

const kinds = (claims: Claimed[]) => claims.map(({ kind }) => kind).sort()

test('of twenty callers at once one works, and the others are told that it runs', async (t) => {
  const { accountId, ask } = await claimant(t)
  const { connection, pool } = await testDatabase(t)
  const { db, close } = openDb(connection, { log: silentLog, max: 20 })
  t.after(close)
  const holder = await pool.connect()
  try {
    // Takes the place without keeping it, so that all of them wait for the same moment.
    await holder.query('begin')
    await holder.query(
      `insert into idempotency (account_id, route, key, fingerprint, instance, created_at) values ($1, $2, $3, '', 0, now())`,
      [accountId, 'POST /api/v1/item', 'k-1'],
    )
    const asked = Array.from({ length: 20 }, (_each, at) => ask({ instance: 1 + (at % 2) }, db))
    const settled = Promise.all(asked)
    await untilWaiting(pool, 20)
    await holder.query('rollback')
    assert.deepEqual(kinds(await settled), ['new', ...Array.from({ length: 19 }, () => 'running')])
  } finally {
    holder.release()
  }
})

test('the first outcome is replayed to the same request, for this account and route only', async (t) => {
  const { ctx, ask } = await claimant(t)
  const id = newId(await ask())
  assert.deepEqual(await ask(), { kind: 'running' })
  assert.deepEqual(await ask({ instance: 2 }), { kind: 'running' })
  await finish(ctx.db, id, { ...OUTCOME, now: after(1) })
  await finish(ctx.db, id, { status: 500, body: '', now: after(2) })
  await release(ctx.db, id)
  assert.deepEqual(await ask({ instance: 9 }), { kind: 'replay', ...OUTCOME })
  const other = fingerprintOf('POST', '/api/v1/item', { url: 'y' })
  assert.deepEqual(await ask({ fingerprint: other }), { kind: 'other_request' })
  const elsewhere = [{ route: 'POST /api/v1/cart' }, { key: 'k-2' }, { accountId: (await seedAccount(ctx)).id }]
  for (const place of elsewhere) assert.equal((await ask(place)).kind, 'new')
})

test('another request under the key of one that runs is told so', async (t) => {
  const { ask } = await claimant(t)
  await ask()
  assert.deepEqual(await ask({ fingerprint: fingerprintOf('POST', '/', null) }), { kind: 'other_request' })
})

test('a released key is free again', async (t) => {
  const { ctx, ask } = await claimant(t)
  const first = newId(await ask())
  await release(ctx.db, first)
  const second = await ask({ fingerprint: fingerprintOf('POST', '/', null) })
  assert.deepEqual(second, { kind: 'new', id: newId(second) })
  assert.notEqual(newId(second), first)
})

test('after 24 hours a row counts as absent, whatever became of it, and is taken once', async (t) => {
  const { ctx, ask } = await claimant(t)
  const id = newId(await ask())
  await finish(ctx.db, id, { ...OUTCOME, now: NOW })
  assert.equal((await ask({ now: after(DAY_MS - 1) })).kind, 'replay')

  const { pool } = await testDatabase(t)
  const holder = await pool.connect()
  try {
    await holder.query('begin')
    await holder.query('select from idempotency where id = $1 for update', [id])
    const both = Promise.all([1, 2].map((instance) => ask({ now: after(DAY_MS), instance })))
    await untilWaiting(pool, 2)
    await holder.query('commit')
    assert.deepEqual(kinds(await both), ['new', 'running'])
  } finally {
    holder.release()
  }
  // What ran too long can no longer write under the key.
  await finish(ctx.db, id, { ...OUTCOME, now: NOW })
  assert.equal((await ask({ now: after(DAY_MS) })).kind, 'running')
})

test('what a dead process left is taken up once, with the charge that paid for it', async (t) => {
  const { ctx, ask } = await claimant(t)
  const id = newId(await ask({ instance: 3, aliveInstances: async () => [1, 2, 3] }))
  await sql`update idempotency set charge = 'req_1' where id = ${id}`.execute(ctx.db)

  // Both have seen the row of the dead process before either takes it.
  const seen = Promise.withResolvers<void>()
  let looked = 0
  const aliveInstances = async () => {
    if (++looked === 2) seen.resolve()
    await seen.promise
    return [1, 2]
  }
  const claimed = await Promise.all([1, 2].map((instance) => ask({ instance, aliveInstances })))
  assert.deepEqual(kinds(claimed), ['resumed', 'running'])
  const resumed = claimed.find(({ kind }) => kind === 'resumed')!
  assert.deepEqual(resumed, { kind: 'resumed', id: newId(resumed), charge: 'req_1' })

  // The one that was taken for dead, should it wake, neither frees nor answers it.
  await release(ctx.db, id)
  await finish(ctx.db, id, { ...OUTCOME, body: 'late', now: NOW })
  assert.deepEqual(await ask(), { kind: 'running' })
  await finish(ctx.db, newId(resumed), { ...OUTCOME, now: NOW })
  assert.deepEqual(await ask(), { kind: 'replay', ...OUTCOME })
})

test('who lives is asked only after the row was seen, and not for rows that need no answer', async (t) => {
  const { ctx, ask } = await claimant(t)
  let asked = 0
  const aliveInstances = async () => {
    asked++
    return [1, 2, 3]
  }
  const id = newId(await ask({ instance: 3, aliveInstances }))
  await ask({ instance: 3, aliveInstances })
  assert.equal(asked, 0)
  assert.deepEqual(await ask({ aliveInstances }), { kind: 'running' })
  await finish(ctx.db, id, { ...OUTCOME, now: NOW })
  await ask({ aliveInstances })
  assert.equal(asked, 1)
})

test('a row that goes while its caller asks who lives is claimed anew', async (t) => {
  const { ctx, ask } = await claimant(t)
  const id = newId(await ask({ instance: 3 }))
  const aliveInstances = async () => {
    await release(ctx.db, id)
    return [1]
  }
  assert.equal((await ask({ aliveInstances })).kind, 'new')
})

test('rows are purged once they are 24 hours old', async (t) => {
  const { ctx, ask } = await claimant(t)
  await purgeIdempotency(ctx.db, after(30 * DAY_MS))
  await finish(ctx.db, newId(await ask()), { ...OUTCOME, now: NOW })
  await ask({ key: 'k-2', now: after(1) })
  await sql`
    insert into idempotency (account_id, route, key, fingerprint, instance, created_at)
    select account_id, route, 'more-' || n, fingerprint, instance, created_at
    from idempotency, generate_series(1, 11000) n where key = 'k-1'`.execute(ctx.db)
  assert.equal(await purgeIdempotency(ctx.db, after(DAY_MS - 1)), 0)
  assert.equal(await purgeIdempotency(ctx.db, after(DAY_MS)), 11_001)
  assert.equal(await purgeIdempotency(ctx.db, after(DAY_MS + 1)), 1)
})

test('success and the outcomes of work are pinned; what may be tried again is not', () => {
  const all = [200, 201, 204, 303, 400, 401, 402, 403, 404, 405, 409, 413, 422, 429, 500, 503]
  assert.deepEqual(all.filter(isPinned), [200, 201, 204, 303, 405, 409, 413, 422])
})

test('a key is 1 to 255 printable characters', () => {
  for (const fit of ['a', ' ~', 'k'.repeat(255)]) assert.equal(validKey(fit), fit)
  for (const unfit of ['', 'k'.repeat(256), 'a\n', '\u0000', 'é', '\u007f']) {
    assert.throws(() => validKey(unfit), { code: 'input_invalid' }, JSON.stringify(unfit))
  }
})

test('requests are the same when method, address and content are', () => {
  const of = (method: string, url: string, body: unknown) => fingerprintOf(method, url, body).toString('hex')
  const form = Object.assign(Object.create(null) as object, { b: '2', a: '1' })
  assert.equal(of('POST', '/x', { a: '1', b: '2' }), of('POST', '/x', form))
  const others = [
    of('POST', '/x', { a: '1', b: '2' }),
    of('PUT', '/x', { a: '1', b: '2' }),
    of('POST', '/x?y', { a: '1', b: '2' }),
    of('POST', '/x', { a: 1, b: '2' }),
    of('POST', '/x', { a: '1' }),
    of('POST', '/x', { a: { b: '2' } }),
    of('POST', '/x', ['1', '2']),
    of('POST', '/x', ['2', '1']),
    of('POST', '/x', undefined),
    of('POST', '/x', null),
    of('POST', '/x', 'undefined'),
    of('POST', '/x', ''),
    of('POST', '/x', {}),
    of('POST', '/x', []),
    of('POST', '/x', Buffer.from('[]')),
  ]
  assert.equal(new Set(others).size, others.length)
})

test('a body that is nested without end is refused, not failed on', () => {
  const nested = (depth: number) => JSON.parse('['.repeat(depth) + ']'.repeat(depth)) as unknown
  assert.equal(fingerprintOf('POST', '/x', nested(60)).length, 32)
  assert.throws(
    () => fingerprintOf('POST', '/x', nested(100_000)),
    (error) => error instanceof DomainError && error.code === 'input_invalid',
  )
})
