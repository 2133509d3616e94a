import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { FRESH_MS } from '../../src/products/catalog/catalog.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { startUpstreams } from '../../src/upstreams/start.ts'
import { assertAnswer, seedKey, testApp } from '../app.ts'

/** The whole application in front of local upstream servers, with a clock that can be moved on. */
async function open(t: TestContext) {
  const upstreams = await startUpstreams({ port: 0, clock: systemClock })
  t.after(() => upstreams.stop())
  const moved = { byMs: 0 }
  const clock = {
    now: () => new Date(Date.now() + moved.byMs),
    elapsedMs: () => performance.now() + moved.byMs,
    sleep: systemClock.sleep,
  }
  const env = { ...upstreams.env, SOURCES: 'onebound,alibaba1688' }
  const { app, ctx } = await testApp(t, env, { clock })
  const { headers } = await seedKey(ctx, { room: true, mode: 'live' })
  const sandbox = await seedKey(ctx, { mode: 'test' })
  const get = (path: string, sent = headers) => app.inject({ url: `/api/v1/products/${path}`, headers: sent })
  const post = (url: string) => app.inject({ method: 'POST', url: '/api/v1/item', headers, payload: { url } })
  const setFault = (fault: 'none' | 'down') => {
    upstreams.controls.onebound.fault = fault
    upstreams.controls.alibaba1688.fault = fault
  }
  return { app, upstreams, moved, ctx, get, post, setFault, sandbox }
}

test('an unknown listing is fetched once, stored, and served from then on', async (t) => {
  const { upstreams, get, post, ctx } = await open(t)
  const answers = await Promise.all(Array.from({ length: 100 }, () => get('taobao/600000000001')))
  const first = answers[0]!
  assert.equal(first.statusCode, 200)
  assert.ok(answers.every(({ body }) => body === first.body))
  assert.equal(upstreams.callsFor('600000000001'), 1)

  const { data } = first.json()
  assert.ok(data.id >= 1_000_000)
  assert.deepEqual([data.listing_id, data.qc_count, data.qc_preview], ['600000000001', 0, []])
  const item = await post('https://item.taobao.com/item.htm?id=600000000001')
  assert.equal(item.json().data.num_iid, '600000000001')
  ctx.printed.entries.clear()
  assert.equal((await get('taobao/600000000001')).body, first.body)
  assert.equal(upstreams.callsFor('600000000001'), 1)
})

test('a listing that no source knows is 404, and remembered as absent', async (t) => {
  const { upstreams, get } = await open(t)
  for (let call = 0; call < 3; call++) {
    assertAnswer(await get('weidian/7231000404'), 404, { error: { code: 'NOT_FOUND', message: 'Product not found' } })
  }
  assert.equal(upstreams.callsFor('7231000404'), 1)
})

test('with the sources down a stale product is served, and an unknown one fails as its contract says', async (t) => {
  const { upstreams, moved, get, post, setFault } = await open(t)
  const fresh = await get('1688/600000000002')
  assert.equal(fresh.statusCode, 200)

  setFault('down')
  moved.byMs += FRESH_MS + 1
  const stale = await get('1688/600000000002')
  assert.deepEqual([stale.statusCode, stale.body], [200, fresh.body])

  const unknown = await get('1688/600000000003')
  assert.equal(unknown.statusCode, 500)
  assert.equal(unknown.json().error.code, 'INTERNAL')
  const item = await post('https://detail.1688.com/offer/600000000003.html')
  assert.equal(item.statusCode, 500)
  assert.equal(item.json().error, 'server_error')

  // Up again: a failure is not remembered once the breaker lets a probe through, and the stale one is refreshed behind.
  setFault('none')
  moved.byMs += 10 * 60_000
  assert.equal((await get('1688/600000000003')).statusCode, 200)
  const calls = upstreams.callsFor('600000000002')
  assert.equal((await get('1688/600000000002')).statusCode, 200)
  const deadline = Date.now() + 2_000
  while (upstreams.callsFor('600000000002') === calls && Date.now() < deadline) await systemClock.sleep(5)
  assert.equal(upstreams.callsFor('600000000002'), calls + 1)
})

test('a test key never causes an upstream call', async (t) => {
  const { upstreams, get, sandbox } = await open(t)
  assertAnswer(await get('taobao/600000000004', sandbox.headers), 404, {
    error: { code: 'NOT_FOUND', message: 'Product not found' },
  })
  assert.equal(upstreams.callsFor('600000000004'), 0)
})

test('the metrics tell which source is left alone', async (t) => {
  const { app, get, setFault } = await open(t)
  const standing = async () => {
    const text = await app.metrics.registry.metrics()
    return text.split('\n').filter((line) => line.startsWith('openhaul_source_breaker_open{'))
  }
  const told = (onebound: number) => [
    `openhaul_source_breaker_open{source="onebound"} ${onebound}`,
    'openhaul_source_breaker_open{source="alibaba1688"} 0',
  ]
  assert.deepEqual(await standing(), told(0))
  setFault('down')
  for (let id = 600_000_000_021; id < 600_000_000_041; id++) await get(`taobao/${id}`)
  assert.deepEqual(await standing(), told(1))
})
