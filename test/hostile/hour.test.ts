import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { AddressInfo } from 'node:net'
import { demoListings } from '../../src/demo/catalogue.ts'
import { storeDemo } from '../../src/products/catalog/catalog.ts'
import { seedKey, testApp } from '../app.ts'
import { ATTACKS, send, type Dice } from './requests.ts'

/** As many requests as a run makes; an hour's worth at closing. */
const REQUESTS = Number(process.env['HOSTILE_REQUESTS'] ?? 3_000)
const AT_ONCE = 16
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000)

/** A small generator, so that a run can be repeated by its seed. */
function diceOf(seed: number): Dice {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

const residentMb = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024

test('a hostile hour: right status, flat memory, no fault of ours', { timeout: 3_600_000 }, async (t) => {
  t.diagnostic(`SEED=${SEED} HOSTILE_REQUESTS=${REQUESTS}`)
  const { app, ctx } = await testApp(t)
  await storeDemo(ctx, demoListings())
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  const { key, headers } = await seedKey(ctx, { room: true })
  const works = () => fetch(`http://127.0.0.1:${port}/api/v1/products/weidian/7231368393`, { headers })
  assert.equal((await works()).status, 200)

  const dice = diceOf(SEED)
  const statuses = new Map<string, number>()
  const memory: number[] = []
  let sent = 0
  const attacker = async () => {
    while (sent < REQUESTS) {
      const attack = ATTACKS[sent++ % ATTACKS.length]!(dice, key)
      const status = await send(port, attack.bytes)
      assert.ok(attack.statuses.includes(status), `${attack.name}: ${status}; SEED=${SEED}`)
      statuses.set(`${status}`, (statuses.get(`${status}`) ?? 0) + 1)
      if (sent % Math.ceil(REQUESTS / 20) === 0) memory.push(Math.round(residentMb()))
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, attacker))

  t.diagnostic(`statuses ${JSON.stringify(Object.fromEntries(statuses))}`)
  t.diagnostic(`resident MB ${memory.join(' ')}`)
  assert.equal([...statuses.keys()].filter((status) => status.startsWith('5')).length, 0)
  // The second half must not stand above the first by more than what a collection may leave.
  const half = memory.length >> 1
  const most = (list: number[]) => Math.max(...list)
  assert.ok(most(memory.slice(half)) < most(memory.slice(0, half)) + 64, `memory grows: ${memory.join(' ')}`)
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
