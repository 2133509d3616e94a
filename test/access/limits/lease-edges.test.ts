import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { LeasePot } from '../../../src/access/limits/leases.ts'
import { monthBucket } from '../../../src/lib/buckets.ts'
import { handClock } from './hand-clock.ts'
import type { TakerInput } from './lease-taker.ts'
import { count, counters, holding, leaseBench, outcome, queued, setUsed, takeMany, until } from './lease-bench.ts'

const METER = 'select from meter where account_id = $1 for update'
const month = (limit: number, bucket = 202611): LeasePot => ({ name: 'qc.month', bucket, limit })

test('at the turn of the UTC month the old lease is void and the new month begins at nothing', async (t) => {
  const bench = await leaseBench(t)
  const { accountId } = bench
  const clock = handClock('2026-11-30T23:59:59.500Z')
  const leases = bench.node(clock)
  const take = () => leases.take(accountId, [month(1_000, monthBucket(clock.now()))])
  assert.equal(await outcome(take()), 'granted')
  await clock.pass(499)
  assert.equal(take(), true)
  const old = [month(1_000, monthBucket(clock.now()))]
  await clock.pass(1)
  assert.equal(leases.unused(accountId, 'qc.month', 202612), 0)
  const first = take()
  assert.notEqual(first, true)
  assert.equal(await outcome(first), 'granted')
  assert.deepEqual(await counters(bench), ['qc.month 202612 10'])
  assert.equal(leases.unused(accountId, 'qc.month', 202612), 9)
  // What was taken in the old month is not given back to the new one.
  leases.giveBack(accountId, old)
  assert.equal(leases.unused(accountId, 'qc.month', 202612), 9)
})

test('a node whose clock is behind counts in the bucket that the others have begun', async (t) => {
  const bench = await leaseBench(t)
  const { accountId } = bench
  const [ahead, behind] = [bench.node(handClock()), bench.node(handClock())]
  assert.equal(await outcome(ahead.take(accountId, [month(1_000, 202612)])), 'granted')
  assert.equal(await outcome(behind.take(accountId, [month(1_000, 202611)])), 'granted')
  assert.deepEqual(await counters(bench), ['qc.month 202612 20'])
  // Its units are of the month that it has yet to reach.
  assert.equal(behind.unused(accountId, 'qc.month', 202612), 9)
  assert.equal(behind.take(accountId, [month(1_000, 202612)]), true)
  await behind.close()
  assert.deepEqual(await counters(bench), ['qc.month 202612 12'])
})

test('under a smaller limit a lease beyond it is void, and one within it is not', async (t) => {
  const bench = await leaseBench(t)
  const { accountId } = bench
  const leases = bench.node(handClock())
  await setUsed(bench, month(1_000), 500)
  assert.equal(await outcome(leases.take(accountId, [month(1_000)])), 'granted')
  assert.equal(leases.take(accountId, [month(510)]), true)
  // 510 are counted, 8 of them at hand: 502 calls were answered.
  assert.equal(await outcome(leases.take(accountId, [month(503)])), 'granted')
  assert.deepEqual(await counters(bench), ['qc.month 202611 503'])
  assert.equal(await outcome(leases.take(accountId, [month(503)])), 'qc.month')
  assert.deepEqual(await takeMany(leases, accountId, [month(505)], 3), ['granted', 'granted', 'qc.month'])
  assert.equal(await outcome(leases.take(accountId, [month(400)])), 'qc.month')
  assert.deepEqual(await counters(bench), ['qc.month 202611 505'])
})

test('under a larger limit a lease goes on, and an empty pot is asked again at once', async (t) => {
  const bench = await leaseBench(t)
  const { accountId } = bench
  const leases = bench.node(handClock())
  await setUsed(bench, month(1_000), 900)
  assert.equal(await outcome(leases.take(accountId, [month(1_000)])), 'granted')
  assert.equal(leases.take(accountId, [month(5_000)]), true)
  assert.equal(leases.unused(accountId, 'qc.month', 202611), 8)
  await setUsed(bench, month(1_000), 1_000)
  assert.equal(count(await takeMany(leases, accountId, [month(1_000)], 9)), 8)
  assert.equal(await outcome(leases.take(accountId, [month(5_000)])), 'granted')
  assert.deepEqual(await counters(bench), ['qc.month 202611 1050'])
})

test('a lease that the database breaks off is the refusal of all who wait, and costs nothing', async (t) => {
  const bench = await leaseBench(t)
  const { accountId, pool } = bench
  const leases = bench.node()
  await holding(bench, METER, [accountId], async () => {
    const calls = takeMany(leases, accountId, [month(1_000)], 5)
    const [pid] = await queued(bench, 1)
    await pool.query('select pg_terminate_backend($1)', [pid])
    assert.deepEqual(await calls, Array<string>(5).fill('busy'))
  })
  assert.deepEqual(await counters(bench), [])
  assert.equal(await outcome(leases.take(accountId, [month(1_000)])), 'granted')
  assert.deepEqual(await counters(bench), ['qc.month 202611 10'])
  assert.deepEqual(
    bench.said.map(({ level, msg }) => [level, msg]),
    [[50, `units of account ${accountId} could not be leased`]],
  )
})

test('an account without a meter is a fault, not an unlimited account', async (t) => {
  const bench = await leaseBench(t)
  assert.equal(await outcome(bench.node().take(1, [month(1_000)])), 'busy')
  assert.equal(bench.said.length, 1)
})

test('a return that the database refuses is tried again until it is done', async (t) => {
  const bench = await leaseBench(t, { own: true })
  const { accountId, pool } = bench
  const clock = handClock()
  const leases = bench.node(clock)
  assert.equal(await outcome(leases.take(accountId, [month(1_000)])), 'granted')
  await pool.query('alter function pots_return rename to elsewhere')
  await until(async () => {
    await clock.pass(250)
    return bench.said.length === 1
  })
  for (let rounds = 0; rounds < 3; rounds++) await clock.pass(250)
  await pool.query('alter function elsewhere rename to pots_return')
  await until(async () => {
    await clock.pass(250)
    return (await counters(bench))[0] === 'qc.month 202611 1'
  })
  assert.deepEqual(
    bench.said.map(({ level, msg }) => [level, msg]),
    [[40, 'leased units could not be returned; they are kept until they can be']],
  )
})

test('a return whose answer is lost is not made twice', async (t) => {
  const bench = await leaseBench(t)
  const { accountId, pool } = bench
  const clock = handClock()
  const leases = bench.node(clock)
  assert.equal(await outcome(leases.take(accountId, [month(1_000)])), 'granted')
  await holding(bench, 'select from pot where account_id = $1 for update', [accountId], async () => {
    await clock.pass(1_500)
    const [pid] = await queued(bench, 1)
    await pool.query('select pg_terminate_backend($1)', [pid])
    await until(() => bench.said.length === 1)
  })
  await clock.pass(1_000)
  await leases.close()
  // Whether it was done could not be known: the units stay counted.
  assert.deepEqual(await counters(bench), ['qc.month 202611 10'])
  assert.deepEqual(
    bench.said.map(({ level, msg }) => [level, msg]),
    [[50, 'leased units may be lost: their return was sent and not answered']],
  )
})

test('half, four fifths and all of a limit are told once each', async (t) => {
  const bench = await leaseBench(t)
  const { accountId, pool } = bench
  await takeMany(bench.node(), accountId, [month(200)], 210)
  const { rows } = await pool.query<{ body: unknown }>(
    `select body from outbox where account_id = $1 and event = 'limit.reached' order by id`,
    [accountId],
  )
  const told = (percent: number, used: number) => ({ pot: 'qc.month', bucket: 202611, percent, used, limit: 200 })
  assert.deepEqual(
    rows.map(({ body }) => body),
    [told(50, 100), told(80, 160), told(100, 200)],
  )
})

test('after a kill the counter is not below what was answered, and at most one lease above it', async (t) => {
  const bench = await leaseBench(t)
  const { accountId, connection } = bench
  const folder = await mkdtemp(join(tmpdir(), 'openhaul-leases-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  for (let kill = 0; kill < 3; kill++) {
    const [before] = await counters(bench)
    const input: TakerInput = { connection, accountId, answers: join(folder, String(kill)) }
    const taker = join(import.meta.dirname, 'lease-taker.ts')
    const child = spawn(process.execPath, [taker, JSON.stringify(input)], { stdio: ['ignore', 'ignore', 'inherit'] })
    t.after(() => child.kill('SIGKILL'))
    const gone = once(child, 'exit')
    const answered = async () => (await stat(input.answers).catch(() => ({ size: 0 }))).size
    // In the midst of a lease, whichever one it is.
    await until(async () => (await answered()) >= 1_000 + 333 * kill)
    child.kill('SIGKILL')
    await gone
    const counted = usedOf((await counters(bench))[0]) - usedOf(before)
    const calls = await answered()
    assert.ok(counted >= calls, `${counted} are counted, ${calls} were answered`)
    // One lease, and the unit that it was about to note.
    assert.ok(counted <= calls + 101, `${counted} are counted, ${calls} were answered`)
  }
})

function usedOf(counter: string | undefined): number {
  return Number(counter?.split(' ')[2] ?? 0)
}
