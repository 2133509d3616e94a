import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { demoListings } from '../../src/demo/catalogue.ts'
import { storeDemo } from '../../src/products/catalog/catalog.ts'
import { seedKey, testApp } from '../app.ts'
import type { Orders, Told } from './attacker.ts'

/** As many requests as a run makes; an hour's worth at closing. */
const REQUESTS = Number(process.env['HOSTILE_REQUESTS'] ?? 3_000)
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000)
/** After these, all that is made once is made. */
const WARM_UP = Math.round(REQUESTS / 3)
/** What the server may hold more after all others: a leak of 5 KB a request is three times as much. */
const GROWTH_BYTES_MAX = (REQUESTS - WARM_UP) * 1_500

setFlagsFromString('--expose-gc')
// What the engine compiled stays: megabytes of it, dropped before one look and made anew before the next, hide what leaks.
setFlagsFromString('--no-flush-bytecode')
const collect = runInNewContext('gc') as () => void

/** What is held for good: the least of some looks, as what is on its way out, such as closed sockets, goes bit by bit. */
async function heldBytes(): Promise<number> {
  let least = Infinity
  for (let looks = 0; looks < 40; looks++) {
    collect()
    const { heapUsed, external } = process.memoryUsage()
    least = Math.min(least, heapUsed + external)
    await delay(50)
  }
  return least
}

function startAttacker(t: TestContext): (orders: Orders) => Promise<Told> {
  const child = fork(join(import.meta.dirname, 'attacker.ts'))
  t.after(() => child.kill('SIGKILL'))
  return async (orders) => {
    child.send(orders)
    const [told] = (await once(child, 'message')) as [Told]
    return told
  }
}

test('a hostile hour: right status, flat memory, no fault of ours', { timeout: 3_600_000 }, async (t) => {
  t.diagnostic(`SEED=${SEED} HOSTILE_REQUESTS=${REQUESTS}`)
  const { app, ctx } = await testApp(t, { TRUST_PROXY: '127.0.0.1' })
  await storeDemo(ctx, demoListings())
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  const { key, headers } = await seedKey(ctx, { mode: 'live', room: true })
  const works = () => fetch(`http://127.0.0.1:${port}/api/v1/products/weidian/7231368393`, { headers })
  assert.equal((await works()).status, 200)

  const attack = startAttacker(t)
  const run = async (from: number, to: number) => {
    const { statuses, faults } = await attack({ port, key, seed: SEED, from, to })
    t.diagnostic(`statuses ${JSON.stringify(statuses)}`)
    assert.deepEqual(faults, [], `SEED=${SEED}`)
    assert.deepEqual(
      Object.keys(statuses).filter((status) => status.startsWith('5')),
      [],
    )
    await ctx.usage.flush()
    return heldBytes()
  }
  const before = await run(0, WARM_UP)
  const after = await run(WARM_UP, REQUESTS)
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(2)
  t.diagnostic(`held ${megabytes(before)} MB after the warm-up, ${megabytes(after)} MB at the end`)
  assert.ok(after - before < GROWTH_BYTES_MAX, `memory grows by ${megabytes(after - before)} MB; SEED=${SEED}`)
  assert.ok(ctx.addressWindows.size > REQUESTS / 20, `${ctx.addressWindows.size} addresses were seen`)

  // After an attack of weeks from everywhere, each address that is new costs one that is old.
  const [oldest] = ctx.addressWindows.keys()
  for (let nth = 0; ctx.addressWindows.size < 100_000; nth++) {
    ctx.addressWindows.set(`long ago ${nth}`, { used: 1, startedAtMs: 0 })
  }
  await run(REQUESTS, REQUESTS + 400)
  assert.deepEqual([ctx.addressWindows.size, ctx.addressWindows.has(oldest!)], [100_000, false])
  assert.ok(ctx.keyring.size <= 1, `${ctx.keyring.size} keys are remembered`)

  // Whoever has a key that works goes on, from the same address.
  const answer = await works()
  assert.equal(answer.status, 200)
  assert.equal(((await answer.json()) as { data: { id: number } }).data.id, 482910)
  assert.equal((await ctx.usage.flush(), ctx.usage.dropped), 0)
})

test('forwarding headers are believed from a trusted proxy alone', async (t) => {
  const fenced = async (env: Record<string, string>, forwarded: string) => {
    const { app, ctx } = await testApp(t, env)
    await storeDemo(ctx, demoListings())
    const { headers } = await seedKey(ctx, { allow: ['203.0.113.0/24'] })
    const answer = await app.inject({
      url: '/api/v1/products/weidian/7231368393',
      headers: { ...headers, 'x-forwarded-for': forwarded },
    })
    return answer.statusCode
  }
  assert.equal(await fenced({}, '203.0.113.7'), 403)
  assert.equal(await fenced({ TRUST_PROXY: '10.0.0.0/8' }, '203.0.113.7'), 403)
  assert.equal(await fenced({ TRUST_PROXY: '127.0.0.1' }, '203.0.113.7'), 200)
  // What the proxy itself saw stands last; what the caller claimed before it does not count.
  assert.equal(await fenced({ TRUST_PROXY: '127.0.0.1' }, '203.0.113.7, 198.51.100.1'), 403)
  assert.equal(await fenced({ TRUST_PROXY: '127.0.0.1' }, '198.51.100.1, 203.0.113.7'), 200)
  assert.equal(await fenced({ TRUST_PROXY: '127.0.0.1' }, 'junk, %%, 203.0.113.7'), 200)
})
