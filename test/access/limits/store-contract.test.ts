import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { Valkey } from 'iovalkey'
import { systemClock } from '../../../src/lib/clock.ts'
import { silentLog } from '../../database.ts'
import type { LimitStore, Take, WindowRule } from '../../../src/access/limits/limit-store.ts'
import { memoryStore } from '../../../src/access/limits/memory-store.ts'
import { openValkeyStore } from '../../../src/access/limits/valkey-store.ts'
import { handClock } from './hand-clock.ts'
import { startValkey, VALKEY_MISSING } from './valkey-server.ts'

type Bench = {
  store: LimitStore
  pass(ms: number): Promise<void>
  /** The clock goes back by so much while `slot` is in use. */
  stepBack(slot: string, ms: number): Promise<void>
}

const ALONE = () => ({ nodes: 1, rank: 0 })

async function memoryBench(): Promise<Bench> {
  const clock = handClock()
  return { store: memoryStore(clock, ALONE), pass: clock.pass, stepBack: (_slot, ms) => clock.pass(-ms) }
}

async function valkeyBench(t: TestContext): Promise<Bench> {
  const { socket } = await startValkey(t)
  const store = openValkeyStore({ url: socket, clock: systemClock, log: silentLog, share: ALONE })
  await store.started()
  t.after(() => store.close())
  return {
    store,
    pass: delay,
    // The server's clock is the machine's; a window that began in its future is the same to it.
    async stepBack(slot, ms) {
      const client = new Valkey(socket)
      const key = `openhaul:window:${slot}`
      const value = (await client.getBuffer(key))!
      for (const at of [0, 16]) value.writeDoubleLE(value.readDoubleLE(at) + ms, at)
      await client.set(key, value)
      await client.quit()
    },
  }
}

const SECOND: WindowRule = { name: 'second', windowMs: 1_000, max: 2 }
const MINUTE: WindowRule = { name: 'minute', windowMs: 60_000, max: 3 }

const remaining = ({ standings }: Take) => standings.map((each) => each.remaining)
const outcome = (take: Take) => ({ denied: take.denied, remaining: remaining(take) })

for (const [kind, bench, skip] of [
  ['memory', memoryBench, false],
  ['Valkey', valkeyBench, VALKEY_MISSING],
] as const) {
  test(
    `${kind}: a window begins with its first call, is full at its last unit, and begins anew when it is over`,
    { skip },
    async (t) => {
      const { store, pass } = await bench(t)
      const rules = [SECOND]
      const first = await store.take('a', rules)
      const { startedAtMs, resetMs } = first.standings[0]!
      assert.deepEqual(first, {
        denied: -1,
        standings: [{ rule: SECOND, max: 2, remaining: 1, resetMs: 1_000, startedAtMs }],
      })
      await pass(100)
      const second = await store.take('a', rules)
      assert.deepEqual(outcome(second), { denied: -1, remaining: [0] })
      const third = await store.take('a', rules)
      assert.deepEqual(outcome(third), { denied: 0, remaining: [0] })
      assert.equal(third.standings[0]!.startedAtMs, startedAtMs)
      assert.ok(third.standings[0]!.resetMs <= 900 && third.standings[0]!.resetMs > 0)
      // Another's windows are another's.
      assert.deepEqual(outcome(await store.take('b', rules)), { denied: -1, remaining: [1] })
      await pass(resetMs)
      const fresh = await store.take('a', rules)
      assert.deepEqual(outcome(fresh), { denied: -1, remaining: [1] })
      assert.ok(fresh.standings[0]!.startedAtMs >= startedAtMs + 1_000)
    },
  )

  test(`${kind}: 500 callers at once get what is left, the first ones first`, { skip }, async (t) => {
    const { store } = await bench(t)
    const rules = [{ ...MINUTE, max: 100 }]
    for (let used = 0; used < 99; used++) await store.take('last', rules)
    const last = await Promise.all(Array.from({ length: 500 }, async () => store.take('last', rules)))
    assert.deepEqual(
      last.map(({ denied }) => denied),
      [-1, ...Array<number>(499).fill(0)],
    )
    const all = await Promise.all(Array.from({ length: 500 }, async () => store.take('all', rules)))
    assert.deepEqual(
      all.map(outcome),
      Array.from({ length: 500 }, (_, at) => ({ denied: at < 100 ? -1 : 0, remaining: [Math.max(0, 99 - at)] })),
    )
  })

  test(`${kind}: a call that one window refuses is counted in none`, { skip }, async (t) => {
    const { store, pass } = await bench(t)
    const rules = [SECOND, MINUTE]
    const outcomes = (await Promise.all([1, 2, 3, 4].map(async () => store.take('a', rules)))).map(outcome)
    assert.deepEqual(outcomes, [
      { denied: -1, remaining: [1, 2] },
      { denied: -1, remaining: [0, 1] },
      { denied: 0, remaining: [0, 1] },
      { denied: 0, remaining: [0, 1] },
    ])
    await pass(1_001)
    assert.deepEqual(outcome(await store.take('a', rules)), { denied: -1, remaining: [1, 0] })
    assert.deepEqual(outcome(await store.take('a', rules)), { denied: 1, remaining: [1, 0] })
    assert.deepEqual(outcome(await store.take('a', [SECOND])), { denied: -1, remaining: [0] })
  })

  test(
    `${kind}: what is given back can be taken again, all of it or all but the shortest window`,
    { skip },
    async (t) => {
      const { store } = await bench(t)
      const rules = [SECOND, MINUTE]
      const first = await store.take('a', rules)
      store.giveBack('a', first, 'longer')
      const second = await store.take('a', rules)
      assert.deepEqual(outcome(second), { denied: -1, remaining: [0, 2] })
      const refused = await store.take('a', rules)
      assert.deepEqual(outcome(refused), { denied: 0, remaining: [0, 2] })
      store.giveBack('a', refused, 'all')
      assert.deepEqual(outcome(await store.take('a', rules)), { denied: 0, remaining: [0, 2] })
      store.giveBack('a', second, 'all')
      assert.deepEqual(outcome(await store.take('a', rules)), { denied: -1, remaining: [0, 2] })
    },
  )

  test(`${kind}: a call of a window that is over is not given back to the next`, { skip }, async (t) => {
    const { store, pass } = await bench(t)
    const rules = [SECOND, MINUTE]
    const old = await store.take('a', rules)
    await pass(1_001)
    await store.take('a', rules)
    store.giveBack('a', old, 'all')
    assert.deepEqual(outcome(await store.take('a', rules)), { denied: -1, remaining: [0, 1] })
  })

  test(
    `${kind}: a clock that steps back gives nothing away and keeps nobody longer than a window`,
    { skip },
    async (t) => {
      const { store, pass, stepBack } = await bench(t)
      const rules = [SECOND]
      await store.take('a', rules)
      await store.take('a', rules)
      await stepBack('a', 3_600_000)
      const refused = await store.take('a', rules)
      assert.deepEqual(outcome(refused), { denied: 0, remaining: [0] })
      assert.equal(refused.standings[0]!.resetMs, 1_000)
      await pass(1_001)
      assert.deepEqual(outcome(await store.take('a', rules)), { denied: -1, remaining: [1] })
    },
  )

  test(`${kind}: changed rules apply to the next call, and no window is forgotten`, { skip }, async (t) => {
    const { store } = await bench(t)
    const taken = [
      [MINUTE],
      [{ ...MINUTE, max: 5 }],
      [{ ...MINUTE, max: 1 }],
      [SECOND],
      [{ ...MINUTE, max: 3 }],
      [],
    ].map(async (rules) => store.take('a', rules))
    assert.deepEqual((await Promise.all(taken)).map(outcome), [
      { denied: -1, remaining: [2] },
      { denied: -1, remaining: [3] },
      { denied: 0, remaining: [0] },
      { denied: -1, remaining: [1] },
      { denied: -1, remaining: [0] },
      { denied: -1, remaining: [] },
    ])
  })
}
