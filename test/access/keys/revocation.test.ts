import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { createKey, revokeKey } from '../../../src/access/keys/keys.ts'
import { openWatch, type Ctx } from '../../../src/ctx.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { seedAccount, testApp, type TestApp } from '../../app.ts'
import { silentLog, testDatabase } from '../../database.ts'
import { stallingProxy } from './stalling-proxy.ts'

const DEADLINE_MS = 1_000
const WATCHERS = `pid <> pg_backend_pid() and datname = current_database() and application_name = 'openhaul watch'`

/** A node whose watch on the database has a connection that the test breaks. */
async function nodeWith(t: TestContext, watch: Ctx['watch']): Promise<TestApp> {
  t.after(() => watch.stop())
  return testApp(t, {}, { watch })
}

async function ask({ app }: TestApp, key: string): Promise<{ status: number; body: unknown }> {
  const headers = { authorization: `Bearer ${key}` }
  const answer = await app.inject({ url: '/api/v1/products/taobao/1', headers })
  return { status: answer.statusCode, body: answer.json() }
}

/** How long after `sinceMs` each node first refused the key for what it is. Throws when one goes on serving it. */
async function deathOn(nodes: TestApp[], key: string, sinceMs: number): Promise<number[]> {
  return Promise.all(
    nodes.map(async (node) => {
      while (performance.now() - sinceMs < 5 * DEADLINE_MS) {
        const { status, body } = await ask(node, key)
        if (status === 401) {
          const error = { code: 'REVOKED_KEY', message: 'This API key has been revoked.' }
          assert.deepEqual(body, { error })
          return performance.now() - sinceMs
        }
        await delay(20)
      }
      throw new Error('the revoked key is still served')
    }),
  )
}

/**
 * Two nodes that serve a key, the second with a watch of its own; `disturb` is done to that one before the key is revoked
 * on the first.
 */
async function revokeWhile(t: TestContext, there: TestApp, disturb: () => Promise<void>): Promise<void> {
  const here = await testApp(t)
  const account = await seedAccount(here.ctx)
  const { id, key } = await createKey(here.ctx, { account, style: 'qc', mode: 'live' })
  for (const node of [here, there]) {
    await node.ctx.watch.next()
    assert.notEqual((await ask(node, key)).status, 401)
    assert.equal(node.ctx.keyring.size, 1)
  }
  await disturb()
  await revokeKey(here.ctx, id)
  const sinceMs = performance.now()
  const diedMs = await deathOn([here, there], key, sinceMs)
  assert.ok(Math.max(...diedMs) < DEADLINE_MS, `it died after ${diedMs.join(' and ')} ms`)
  for (const node of [here, there]) assert.equal((await ask(node, key)).status, 401)
}

test('a revoked key dies on both nodes within a second', async (t) => {
  await revokeWhile(t, await testApp(t), async () => {})
})

test('also while the connection of the second node is cut, again and again', async (t) => {
  const { connection, pool } = await testDatabase(t)
  const others = (await pool.query<{ pid: number }>(`select pid from pg_stat_activity where ${WATCHERS}`)).rows
  const { watch } = await openWatch({ connection, clock: systemClock, log: silentLog, isNode: true })
  const own = await pool.query<{ pid: number }>(`select pid from pg_stat_activity where ${WATCHERS}`)
  const [mine, ...more] = own.rows.filter(({ pid }) => !others.some((other) => other.pid === pid))
  assert.ok(mine && more.length === 0)
  const there = await nodeWith(t, watch)
  const spared = (await pool.query<{ pid: number }>(`select pid from pg_stat_activity where ${WATCHERS}`)).rows
    .map(({ pid }) => pid)
    .filter((pid) => pid !== mine.pid)

  let cuts = 0
  const stopping = new AbortController()
  let cutting = Promise.resolve()
  const cut = async () => {
    const { rows } = await pool.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where ${WATCHERS} and pid <> all($1)`,
      [spared],
    )
    cuts += rows.length
  }
  try {
    await revokeWhile(t, there, async () => {
      // The first node's watch was opened meanwhile, and is left alone too.
      const now = (await pool.query<{ pid: number }>(`select pid from pg_stat_activity where ${WATCHERS}`)).rows
      spared.push(...now.map(({ pid }) => pid).filter((pid) => pid !== mine.pid))
      await cut()
      cutting = (async () => {
        while (!stopping.signal.aborted) await Promise.all([cut(), delay(5)])
      })()
    })
    assert.ok(cuts > 1, `${cuts} cuts`)
  } finally {
    stopping.abort()
    await cutting
  }
})

test('and while it hangs', async (t) => {
  const { connection } = await testDatabase(t)
  const proxy = await stallingProxy(t, connection)
  const opened = await openWatch({ connection: proxy.connection, clock: systemClock, log: silentLog, isNode: true })
  const there = await nodeWith(t, opened.watch)
  await revokeWhile(t, there, async () => proxy.stall())
  assert.ok(there.ctx.watch.ageMs() > 500)
})
