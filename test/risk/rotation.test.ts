import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'kysely'
import type { Ctx } from '../../src/ctx.ts'
import { check } from '../../src/risk/check/check.ts'
import { eraseEntries, findEntries, HOUSE, putEntries, STAFF } from '../../src/risk/list/entries.ts'
import type { NewEntry } from '../../src/risk/list/prepare.ts'
import { rewrapMarks, rotateKey } from '../../src/risk/list/generations.ts'
import { testCtx } from '../app.ts'
import { untilWaiting } from '../access/waiting.ts'
import { testDatabase } from '../database.ts'
import { ensureKeys } from '../../src/risk/list/generations.ts'
import { put, THE_HOUSE } from './risk-bench.ts'

// Nodes on one database with one file of keys. Every answer is known beforehand, and is right whatever the keys do meanwhile.

const LISTED = 600
const CHURNED = 40
const ASKERS_A_NODE = 4

const listed = (number: number) => `listed.person${number}@post.example.net`
const unlisted = (number: number) => `somebody.else${number}@mail.example.org`

async function openNodes(t: TestContext): Promise<[Ctx, Ctx, Ctx]> {
  const dataDir = await mkdtemp(join(tmpdir(), 'openhaul-test-'))
  t.after(() => rm(dataDir, { recursive: true, force: true }))
  await sql`truncate risk_key, risk_entry, risk_mark, risk_erasure cascade`.execute((await testDatabase(t)).db)
  const open = async () => testCtx(t, { DATA_DIR: dataDir })
  const nodes: [Ctx, Ctx, Ctx] = [await open(), await open(), await open()]
  await Promise.all(nodes.map((node) => ensureKeys(node)))
  return nodes
}

async function listMany(ctx: Ctx, count: number): Promise<void> {
  const entries = Array.from({ length: count }, (_, number): NewEntry => {
    return { kind: 'adverse', type: 'email', value: listed(number), reasonCode: 'chargeback' }
  })
  await ctx.db
    .transaction()
    .execute((tx) => putEntries(ctx, tx, { owner: HOUSE, isSandbox: false, source: STAFF, entries }))
}

async function isBlacklisted(ctx: Ctx, value: string): Promise<boolean> {
  const checked = await check(ctx, THE_HOUSE, { type: 'email', value, region: null })
  assert.equal(checked.kind, 'checked')
  return checked.kind === 'checked' && checked.blacklisted
}

async function generations({ db }: Ctx): Promise<{ marks: unknown[]; keys: unknown[] }> {
  const marks = await sql`select distinct generation from risk_mark order by 1`.execute(db)
  const keys = await sql`select generation, settled_at is not null as settled from risk_key order by 1`.execute(db)
  return { marks: marks.rows, keys: keys.rows }
}

/** Asks on both nodes without a pause until it is stopped; whatever is wrong or refused ends it. */
function keepAsking(nodes: readonly Ctx[]) {
  const seen = { count: 0, longestMs: 0 }
  const run = { isOver: false }
  const asker = async (ctx: Ctx, seed: number) => {
    for (let turn = seed; !run.isOver; turn += 7) {
      const startedMs = performance.now()
      const isListed = turn % 2 === 0
      const value = isListed ? listed(turn % LISTED) : unlisted(turn)
      assert.equal(await isBlacklisted(ctx, value), isListed, value)
      seen.count++
      seen.longestMs = Math.max(seen.longestMs, performance.now() - startedMs)
    }
  }
  const askers = nodes.flatMap((ctx) => Array.from({ length: ASKERS_A_NODE }, async (_, seed) => asker(ctx, seed)))
  const over = Promise.all(askers)
  over.catch(() => {})
  return {
    seen,
    async stop() {
      run.isOver = true
      await over
    },
  }
}

/** Lists and takes off, each time by one node, and asks the other at once. */
async function churn([one, two]: readonly [Ctx, Ctx], round: number): Promise<void> {
  for (let number = 0; number < CHURNED; number++) {
    const value = `passing.by${round}.${number}@post.example.net`
    const [writer, reader] = number % 2 === 0 ? [one, two] : [two, one]
    const id = await put(writer, 'email', value)
    assert.equal(await isBlacklisted(reader, value), true)
    await reader.db
      .transaction()
      .execute((tx) => eraseEntries(reader, tx, { ids: [id], actor: 'test', why: 'It was a test.' }))
    assert.equal(await isBlacklisted(writer, value), false)
  }
}

test('two rotations under load: every answer is right, and nothing of the older keys is left', async (t) => {
  const nodes = await openNodes(t)
  // The third only asks: nothing but the answers of the database tells it of another key.
  const [one, two] = nodes
  const wrapping = [one, two] as const
  await listMany(one, LISTED)
  const asking = keepAsking(nodes)
  for (const [round, rotating] of wrapping.entries()) {
    const before = asking.seen.count
    assert.equal(await rotateKey(rotating), round + 2)
    const [wrapped] = await Promise.all([
      Promise.all(wrapping.map((node) => rewrapMarks(node))),
      churn(wrapping, round),
      delay(300),
    ])
    // What was written while it began is wrapped by the next run, as the job would.
    const late = (await rewrapMarks(one)) + (await rewrapMarks(two))
    assert.ok(wrapped.reduce((sum, each) => sum + each, late) >= LISTED, 'something was wrapped')
    assert.ok(asking.seen.count > before, 'somebody asked meanwhile')
    assert.deepEqual((await generations(one)).marks, [{ generation: round + 2 }])
  }
  await asking.stop()
  assert.deepEqual(await generations(two), {
    marks: [{ generation: 3 }],
    keys: [
      { generation: 1, settled: false },
      { generation: 2, settled: true },
      { generation: 3, settled: true },
    ],
  })
  t.diagnostic(`${asking.seen.count} checks, the longest ${asking.seen.longestMs.toFixed(0)} ms`)
  // All know by now that nothing older than the third is left to look for.
  for (const node of nodes) {
    assert.equal(await isBlacklisted(node, listed(1)), true)
    assert.equal((await node.riskKeys.known)?.oldest ?? 3, 3)
  }
})

test('while some marks are wrapped and others not, each is found, and the generation is not settled', async (t) => {
  const [one, two] = await openNodes(t)
  await listMany(one, 40)
  assert.equal(await isBlacklisted(two, listed(3)), true)
  const { pool } = await testDatabase(t)
  const holder = await pool.connect()
  try {
    await holder.query('begin')
    await holder.query('select from risk_mark where entry_id % 2 = 0 for update')
    await rotateKey(one)
    assert.ok((await rewrapMarks(two)) > 0)
    assert.deepEqual((await generations(one)).marks, [{ generation: 1 }, { generation: 2 }])
    assert.deepEqual((await generations(one)).keys.at(-1), { generation: 2, settled: false })
    for (const node of [one, two]) {
      for (let number = 0; number < 40; number++) assert.equal(await isBlacklisted(node, listed(number)), true)
      assert.equal(await isBlacklisted(node, unlisted(1)), false)
    }
    await assert.rejects(rotateKey(two), /Rows are still being wrapped by key 2/)
  } finally {
    await holder.query('rollback')
    holder.release()
  }
  assert.ok((await rewrapMarks(two)) > 0)
  assert.deepEqual((await generations(one)).keys.at(-1), { generation: 2, settled: true })
  for (let number = 0; number < 40; number++) assert.equal(await isBlacklisted(one, listed(number)), true)
})

test('nothing is wrapped before those have ended who write by the key before, and what they wrote is wrapped too', async (t) => {
  const [one, two] = await openNodes(t)
  await listMany(one, 1)
  const { pool } = await testDatabase(t)
  const written = Promise.withResolvers<void>()
  const release = Promise.withResolvers<void>()
  const value = 'slow.writer@post.example.net'
  const writing = one.db.transaction().execute(async (tx) => {
    const entries: NewEntry[] = [{ kind: 'adverse', type: 'email', value, reasonCode: 'fraud' }]
    await putEntries(one, tx, { owner: HOUSE, isSandbox: false, source: STAFF, entries })
    written.resolve()
    await release.promise
  })
  await written.promise
  assert.equal(await rotateKey(two), 2)
  const wrapping = rewrapMarks(two)
  await waitsForLock(pool)
  release.resolve()
  await Promise.all([writing, wrapping])
  assert.equal(await isBlacklisted(two, value), true)
  assert.deepEqual(await generations(two), {
    marks: [{ generation: 2 }],
    keys: [
      { generation: 1, settled: false },
      { generation: 2, settled: true },
    ],
  })
  assert.equal(await isBlacklisted(one, value), true)
})

test('who writes by the key before finds whom others list, and nothing is wrapped until then', async (t) => {
  const [one, two] = await openNodes(t)
  const value = 'one.and.the.same@post.example.net'
  const first = await put(one, 'email', value)
  const { pool } = await testDatabase(t)
  // A writer that knows the key of before waits for the list, as behind an import.
  const importer = await pool.connect()
  await importer.query(`begin; select pg_advisory_xact_lock(hashtextextended('risk list', 0))`)
  const writing = put(one, 'email', value, { reasonCode: 'fraud' })
  await untilWaiting(pool, 1)
  await rotateKey(two)
  const wrapping = rewrapMarks(two)
  await untilWaiting(pool, 2)
  assert.deepEqual((await generations(two)).marks, [{ generation: 1 }])
  await importer.query('commit')
  importer.release()
  const second = await writing
  await wrapping
  const found = await findEntries(two, { type: 'email', value, region: null, owner: null })
  assert.deepEqual(
    found.map(({ id }) => id),
    [first, second],
  )
})

async function waitsForLock(pool: { query(text: string): Promise<{ rows: unknown[] }> }): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    const { rows } = await pool.query(`
      select from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock' and query ~ 'from risk_key'`)
    if (rows.length > 0) return
    await delay(5)
  }
  assert.fail('nobody waited')
}
