import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LeasePot } from '../../../src/access/limits/leases.ts'
import { handClock } from './hand-clock.ts'
import {
  count,
  counters,
  holding,
  leaseBench,
  outcome,
  queued,
  seedMeter,
  setUsed,
  takeMany,
  until,
} from './lease-bench.ts'

const METER = 'select from meter where account_id = $1 for update'
const month = (limit: number, bucket = 202611): LeasePot => ({ name: 'qc.month', bucket, limit })
const key = (limit: number, bucket = 202611): LeasePot => ({ name: 'key:7:calls', bucket, limit })

test('the last unit of a month passes once, whoever asks at once on whatever node', async (t) => {
  const bench = await leaseBench(t)
  const { accountId } = bench
  const pots = [month(20_000)]
  await setUsed(bench, pots[0]!, 19_999)
  const nodes = [bench.node(), bench.node()]
  const calls = await holding(bench, METER, [accountId], async (holder) => {
    const calls = nodes.map((leases) => takeMany(leases, accountId, pots, 200))
    // One request of each node, with 199 callers behind it.
    await queued(bench, 2)
    await holder.query('commit')
    return calls
  })
  const outcomes = (await Promise.all(calls)).flat()
  assert.equal(count(outcomes), 1)
  assert.equal(count(outcomes, 'qc.month'), 399)
  assert.deepEqual(await counters(bench), ['qc.month 202611 20000'])
})

test('exactly as many pass as are left, by leases and one by one', async (t) => {
  const bench = await leaseBench(t)
  const pots = [month(2_000)]
  await setUsed(bench, pots[0]!, 1_750)
  const nodes = [bench.node(), bench.node(), bench.node()]
  const outcomes = (await Promise.all(nodes.map((leases) => takeMany(leases, bench.accountId, pots, 200)))).flat()
  assert.equal(count(outcomes), 250)
  assert.equal(count(outcomes, 'qc.month'), 350)
  assert.deepEqual(await counters(bench), ['qc.month 202611 2000'])
})

test('a lease is 1 % of the limit, one unit near its end, and is handed out without asking', async (t) => {
  const bench = await leaseBench(t)
  const { accountId } = bench
  const leases = bench.node()
  const pots = [month(1_000)]
  const first = leases.take(accountId, pots)
  assert.ok(first !== true)
  assert.deepEqual(await first, { granted: true })
  assert.deepEqual(await counters(bench), ['qc.month 202611 10'])
  assert.equal(leases.unused(accountId, 'qc.month', 202611), 9)
  for (let taken = 0; taken < 9; taken++) assert.equal(leases.take(accountId, pots), true)
  assert.equal(leases.unused(accountId, 'qc.month', 202611), 0)
  assert.notEqual(leases.take(accountId, pots), true)

  const near = { ...month(1_000), name: 'near' }
  await setUsed(bench, near, 937)
  assert.equal(await outcome(leases.take(accountId, [near])), 'granted')
  assert.equal(leases.unused(accountId, 'near', 202611), 0)
  assert.equal(leases.unused(accountId, 'nobody', 202611), 0)
  assert.equal(leases.unused(0, 'near', 202611), 0)
})

test('callers are served in the order in which they came', async (t) => {
  const bench = await leaseBench(t)
  const pots = [month(1_000)]
  await setUsed(bench, pots[0]!, 997)
  const outcomes = await takeMany(bench.node(), bench.accountId, pots, 6)
  assert.deepEqual(outcomes, ['granted', 'granted', 'granted', 'qc.month', 'qc.month', 'qc.month'])
})

test('all pots or none: whichever is empty, the others keep their units', async (t) => {
  const bench = await leaseBench(t)
  const { accountId } = bench
  const leases = bench.node()
  await setUsed(bench, key(5), 4)
  const both = [month(1_000), key(5)]
  assert.deepEqual(await takeMany(leases, accountId, both, 3), ['granted', 'key:7:calls', 'key:7:calls'])
  assert.deepEqual(await counters(bench), ['key:7:calls 202611 5', 'qc.month 202611 10'])
  assert.equal(leases.unused(accountId, 'qc.month', 202611), 9)
  // Another key of the account goes on at once.
  assert.equal(leases.take(accountId, [month(1_000)]), true)
  await setUsed(bench, month(1_000), 1_000)
  await setUsed(bench, key(5), 0)
  const other = bench.node()
  assert.equal(await outcome(other.take(accountId, both)), 'qc.month')
  assert.deepEqual(await counters(bench), ['key:7:calls 202611 0', 'qc.month 202611 1000'])
})

test('a pot with units at hand is not leased again because another has none', async (t) => {
  const bench = await leaseBench(t)
  const leases = bench.node()
  const both = [month(10_000), key(50)]
  assert.equal(count(await takeMany(leases, bench.accountId, both, 20)), 20)
  assert.deepEqual(await counters(bench), ['key:7:calls 202611 20', 'qc.month 202611 100'])
})

test('an empty pot is remembered for a second, under the same limit', async (t) => {
  const bench = await leaseBench(t)
  const { accountId } = bench
  const clock = handClock()
  const leases = bench.node(clock)
  await setUsed(bench, month(10), 10)
  assert.equal(await outcome(leases.take(accountId, [month(10)])), 'qc.month')
  await setUsed(bench, month(10), 9)
  await clock.pass(999)
  assert.equal(await outcome(leases.take(accountId, [month(10)])), 'qc.month')
  assert.equal(await outcome(leases.take(accountId, [month(11)])), 'granted')
  await setUsed(bench, month(11), 11)
  assert.equal(await outcome(leases.take(accountId, [month(11)])), 'qc.month')
  await setUsed(bench, month(11), 10)
  await clock.pass(1_000)
  assert.equal(await outcome(leases.take(accountId, [month(11)])), 'granted')
})

test('a unit given back is at hand for the next, and for whoever waits', async (t) => {
  const bench = await leaseBench(t)
  const { accountId } = bench
  const leases = bench.node(handClock())
  const pots = [month(10), key(10)]
  await setUsed(bench, pots[0]!, 9)
  await setUsed(bench, pots[1]!, 9)
  assert.equal(await outcome(leases.take(accountId, pots)), 'granted')
  assert.equal(await outcome(leases.take(accountId, pots)), 'qc.month')
  leases.giveBack(accountId, pots)
  assert.equal(leases.take(accountId, pots), true)
  assert.equal(await outcome(leases.take(accountId, pots)), 'qc.month')

  const other = bench.node(handClock())
  await holding(bench, METER, [accountId], async () => {
    const waiting = other.take(accountId, pots)
    assert.notEqual(waiting, true)
    await queued(bench, 1)
    leases.giveBack(accountId, pots)
    other.giveBack(accountId, pots)
    assert.deepEqual(await waiting, { granted: true })
  })
  // Its question is answered only now; while the meter is still locked for it, what is at hand could not be returned.
  assert.equal(await outcome(other.take(accountId, pots)), 'qc.month')
})

test('an idle lease goes back after a second without a take', async (t) => {
  const bench = await leaseBench(t)
  const { accountId } = bench
  const clock = handClock()
  const leases = bench.node(clock)
  assert.equal(await outcome(leases.take(accountId, [month(1_000)])), 'granted')
  await clock.pass(900)
  assert.equal(leases.take(accountId, [month(1_000)]), true)
  await clock.pass(1_000)
  assert.equal(leases.unused(accountId, 'qc.month', 202611), 8)
  await clock.pass(250)
  assert.equal(leases.unused(accountId, 'qc.month', 202611), 0)
  await until(async () => (await counters(bench))[0] === 'qc.month 202611 2')
})

test('a lease whose meter is locked is returned later, and holds nobody else up', async (t) => {
  const bench = await leaseBench(t)
  const { accountId } = bench
  const other = { ...bench, accountId: await seedMeter(bench) }
  const clock = handClock()
  const leases = bench.node(clock)
  for (const id of [accountId, other.accountId]) {
    assert.equal(await outcome(leases.take(id, [month(1_000)])), 'granted')
  }
  await holding(bench, METER, [accountId], async () => {
    await clock.pass(1_500)
    await until(async () => (await counters(other))[0] === 'qc.month 202611 1')
    assert.deepEqual(await counters(bench), ['qc.month 202611 10'])
  })
  await until(async () => {
    await clock.pass(250)
    return (await counters(bench))[0] === 'qc.month 202611 1'
  })
  assert.deepEqual(bench.said, [])
})

test('closing returns what is at hand, that of a lease under way too, and takes are refused then', async (t) => {
  const bench = await leaseBench(t)
  const { accountId } = bench
  const leases = bench.node()
  const calls = await holding(bench, METER, [accountId], async () => {
    const calls = takeMany(leases, accountId, [month(1_000)], 3)
    await queued(bench, 1)
    return { calls, closing: leases.close() }
  })
  assert.equal(count(await calls.calls), 3)
  await calls.closing
  assert.deepEqual(await counters(bench), ['qc.month 202611 3'])
  assert.equal(await outcome(leases.take(accountId, [month(1_000)])), 'busy')
  assert.deepEqual(bench.said, [])
})
