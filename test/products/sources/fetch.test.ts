import assert from 'node:assert/strict'
import test from 'node:test'
import { readConfig } from '../../../src/config.ts'
import { fetchListing } from '../../../src/products/sources/fetch.ts'
import { openSources } from '../../../src/products/sources/open.ts'
import { listBreakers } from '../../../src/products/sources/state.ts'
import { obey } from '../../../src/upstreams/control.ts'
import { fetchHarness } from './fetch-harness.ts'
import type { Source } from '../../../src/products/sources/source.ts'

const TAOBAO = { marketplace: 'taobao', listingId: '600123457' } as const

test('sources are opened in the order of SOURCES, and feed asks nobody', () => {
  const credentials = Object.fromEntries(
    ['ONEBOUND_KEY', 'ONEBOUND_SECRET']
      .concat(
        ['ALIBABA1688', 'TAOBAOGLOBAL'].flatMap((name) =>
          ['APP_KEY', 'APP_SECRET', 'ACCESS_TOKEN', 'REFRESH_TOKEN'].map((part) => `${name}_${part}`),
        ),
      )
      .map((name) => [name, 'x']),
  )
  const opened = (sources: string) =>
    openSources(readConfig({ ...credentials, SOURCES: sources })).map(({ name, marketplaces }) => [
      name,
      marketplaces.join(),
    ])
  assert.deepEqual(opened('taobaoglobal,feed,onebound,alibaba1688'), [
    ['taobaoglobal', 'taobao,tmall'],
    ['onebound', 'taobao,tmall,weidian,1688,goofish'],
    ['alibaba1688', '1688'],
  ])
  assert.deepEqual(opened('feed'), [])
  assert.deepEqual(opened(''), [])
})

test('a listing is found, and the source that had it is named', async (t) => {
  const { ctx, upstreams } = await fetchHarness(t, 'onebound')
  const fetched = await fetchListing(ctx, TAOBAO)
  assert.equal(fetched.kind, 'found')
  assert.ok(fetched.kind === 'found')
  assert.deepEqual(
    [fetched.source, fetched.listing.listingId, fetched.listing.title],
    ['onebound', '600123457', '新款低帮板鞋'],
  )
  assert.equal(upstreams.callsFor('600123457'), 1)
})

test('unknown is absent; no source for the marketplace is absent without a call', async (t) => {
  const { ctx, upstreams } = await fetchHarness(t, 'onebound')
  assert.deepEqual(await fetchListing(ctx, { marketplace: 'weidian', listingId: '600123404' }), { kind: 'absent' })
  assert.equal(upstreams.callsFor('600123404'), 1)
  assert.deepEqual(await fetchListing({ ...ctx, sources: [] }, TAOBAO), { kind: 'absent' })
  assert.equal(upstreams.callsFor('600123457'), 0)
  const before = upstreams.controls.onebound.calls.size
  for (const listingId of ['', '0', '0123', '-1', '1e5', '12 ', '1,"x":2', '1&key=2', '1'.repeat(20), '１２３']) {
    assert.deepEqual(await fetchListing(ctx, { marketplace: '1688', listingId }), { kind: 'absent' }, listingId)
  }
  assert.equal(upstreams.controls.onebound.calls.size, before)
})

const FAULTS: [
  fault: 'down' | 'timeout' | 'http-500' | 'error' | 'quota' | 'garbage' | 'truncated' | 'wrong-id' | 'too-large',
  reason: string,
  calls: number,
][] = [
  ['down', 'no whole answer: UND_ERR_SOCKET', 2],
  ['timeout', 'no whole answer within 150 ms', 1],
  ['http-500', 'HTTP 500', 2],
  ['error', '4000 internal error', 2],
  ['quota', '4016 recharge needed', 1],
  ['garbage', 'the answer is not in the known form', 1],
  ['truncated', 'the answer is not in the known form', 1],
  ['wrong-id', 'asked for 600123457, answered 600123451', 1],
  ['too-large', 'the answer is larger than 8388608 bytes', 1],
]
for (const [fault, reason, calls] of FAULTS) {
  test(`${fault}: down with the reason, after ${calls} call(s), and nothing secret in the log`, async (t) => {
    const { ctx, upstreams, log } = await fetchHarness(t, 'onebound', { timeoutMs: fault === 'timeout' ? 150 : 5_000 })
    obey(upstreams.controls.onebound, { fault })
    const item = fault === 'wrong-id'
    assert.deepEqual(await fetchListing(ctx, TAOBAO), { kind: 'down', reasons: [`onebound: ${reason}`], item })
    assert.equal(upstreams.callsFor('600123457'), calls)
    const fields = { source: 'onebound', ...TAOBAO, reason }
    assert.deepEqual(log, [
      fault === 'quota'
        ? {
            level: 40,
            ...fields,
            leftAloneMs: 300_000,
            msg: `onebound is left alone for 300000 ms after failures, the last one: ${reason}`,
          }
        : { level: 20, ...fields, msg: `onebound failed: ${reason}` },
    ])
    assert.doesNotMatch(JSON.stringify(log), /local-(?:key|secret)/)
  })
}

test('a passing fault is survived by the second try, after a wait on the clock', async (t) => {
  const { ctx, upstreams } = await fetchHarness(t, 'onebound')
  obey(upstreams.controls.onebound, { fault: 'error', times: 1 })
  assert.equal((await fetchListing(ctx, TAOBAO)).kind, 'found')
  assert.equal(upstreams.callsFor('600123457'), 2)
  assert.deepEqual(ctx.clock.sleptMs, [200])
})

test('five failed look-ups open the breaker: no more calls until its time is over, then one probe', async (t) => {
  const { ctx, upstreams, log } = await fetchHarness(t, 'onebound')
  const { onebound } = upstreams.controls
  obey(onebound, { fault: 'garbage' })
  for (let look = 0; look < 5; look++) await fetchListing(ctx, TAOBAO)
  assert.deepEqual(listBreakers(ctx), [{ source: 'onebound', state: 'open' }])
  assert.deepEqual(
    log.map(({ level }) => level),
    [20, 20, 20, 20, 40],
  )

  const kept = { kind: 'down', reasons: ['onebound: left alone for a while after failures'], item: false }
  assert.deepEqual(await fetchListing(ctx, TAOBAO), kept)
  assert.equal(upstreams.callsFor('600123457'), 5)

  obey(onebound, { fault: 'none' })
  ctx.clock.advance(5_000)
  assert.deepEqual(listBreakers(ctx), [{ source: 'onebound', state: 'half_open' }])
  const together = await Promise.all(Array.from({ length: 20 }, () => fetchListing(ctx, TAOBAO)))
  assert.deepEqual(together.map(({ kind }) => kind).sort(), [...Array.from({ length: 19 }, () => 'down'), 'found'])
  assert.equal(upstreams.callsFor('600123457'), 6)
  assert.deepEqual(listBreakers(ctx), [{ source: 'onebound', state: 'closed' }])
  assert.equal((await fetchListing(ctx, TAOBAO)).kind, 'found')
})

test('one listing that the source cannot give opens no breaker, and ends no trial of a source that was away', async (t) => {
  const { ctx, upstreams, log } = await fetchHarness(t, 'onebound')
  const { onebound } = upstreams.controls
  obey(onebound, { fault: 'wrong-id' })
  for (let look = 0; look < 10; look++) {
    const fetched = await fetchListing(ctx, TAOBAO)
    assert.ok(fetched.kind === 'down' && fetched.item)
  }
  assert.deepEqual(listBreakers(ctx), [{ source: 'onebound', state: 'closed' }])
  assert.deepEqual(new Set(log.map(({ level }) => level)), new Set([20]))
  obey(onebound, { fault: 'none' })
  assert.equal((await fetchListing(ctx, { ...TAOBAO, listingId: '600123458' })).kind, 'found')

  obey(onebound, { fault: 'garbage' })
  for (let look = 0; look < 5; look++) await fetchListing(ctx, TAOBAO)
  ctx.clock.advance(5_000)
  obey(onebound, { fault: 'wrong-id', times: 1 })
  await fetchListing(ctx, TAOBAO)
  assert.deepEqual(listBreakers(ctx), [{ source: 'onebound', state: 'half_open' }])
  assert.equal((await fetchListing(ctx, TAOBAO)).kind, 'found')
  assert.deepEqual(listBreakers(ctx), [{ source: 'onebound', state: 'closed' }])
})

test('a quota keeps calls away at once and for minutes, in a ctx that was copied too', async (t) => {
  const { ctx, upstreams } = await fetchHarness(t, 'onebound')
  obey(upstreams.controls.onebound, { fault: 'quota', times: 1 })
  await fetchListing(ctx, TAOBAO)
  const copy = { ...ctx, sources: [...ctx.sources] }
  for (const advanceMs of [0, 299_999]) {
    ctx.clock.advance(advanceMs)
    assert.equal((await fetchListing(copy, TAOBAO)).kind, 'down')
  }
  assert.equal(upstreams.callsFor('600123457'), 1)
  ctx.clock.advance(1)
  assert.equal((await fetchListing(copy, TAOBAO)).kind, 'found')
})

test('second tries stay a small share of the calls, however many look-ups fail together', async (t) => {
  const { ctx, upstreams } = await fetchHarness(t, 'onebound')
  obey(upstreams.controls.onebound, { fault: 'http-500' })
  await Promise.all(Array.from({ length: 100 }, () => fetchListing(ctx, TAOBAO)))
  const calls = upstreams.callsFor('600123457')
  assert.ok(calls >= 101 && calls <= 113, `${calls} calls`)
})

test('the caller gives up: its reason comes back, and the breaker learns nothing', async (t) => {
  const { ctx, upstreams } = await fetchHarness(t, 'onebound')
  obey(upstreams.controls.onebound, { fault: 'timeout' })
  for (let look = 0; look < 6; look++) {
    const abort = new AbortController()
    const looking = fetchListing(ctx, TAOBAO, abort.signal)
    setTimeout(() => abort.abort(new Error('gone')), 20)
    await assert.rejects(looking, { message: 'gone' })
  }
  assert.deepEqual(listBreakers(ctx), [{ source: 'onebound', state: 'closed' }])
})

/** A source of a few lines, to be combined with a real one. */
function sourceThat(name: string, send: Source['parseItem'], url: string): Source {
  return {
    name,
    marketplaces: ['taobao'],
    itemRequest: () => ({ method: 'GET', url: `${url}/languages`, headers: {}, body: null, timeoutMs: 1_000 }),
    parseItem: send,
  }
}

test('sources are asked in order: found wins over failures, absent needs all of them', async (t) => {
  const { ctx, upstreams } = await fetchHarness(t, 'onebound')
  const url = upstreams.urls.translate
  const failing = () => sourceThat('failing', () => ({ kind: 'failed', reason: 'broken', retry: false }), url)
  const empty = () => sourceThat('empty', () => ({ kind: 'absent' }), url)
  const [onebound] = ctx.sources as [Source]
  const outcome = async (sources: Source[], listingId = '600123457') => {
    const fetched = await fetchListing({ ...ctx, sources }, { marketplace: 'taobao', listingId })
    return fetched.kind === 'found' ? fetched.source : fetched.kind === 'down' ? fetched.reasons : fetched.kind
  }
  assert.deepEqual(await outcome([failing(), onebound]), 'onebound')
  assert.deepEqual(await outcome([empty(), onebound]), 'onebound')
  assert.deepEqual(await outcome([onebound, failing()]), 'onebound')
  assert.deepEqual(await outcome([empty(), onebound], '600123404'), 'absent')
  assert.deepEqual(await outcome([failing(), onebound], '600123404'), ['failing: broken'])
  assert.deepEqual(await outcome([onebound, failing()], '600123404'), ['failing: broken'])
  assert.deepEqual(await outcome([failing(), failing()]), ['failing: broken', 'failing: broken'])
})

test('a connector that lets another listing through is caught all the same', async (t) => {
  const { ctx, upstreams } = await fetchHarness(t, 'onebound')
  const other = await fetchListing(ctx, { marketplace: 'taobao', listingId: '600123458' })
  assert.ok(other.kind === 'found')
  const careless = sourceThat('careless', () => ({ kind: 'found', listing: other.listing }), upstreams.urls.translate)
  assert.deepEqual(await fetchListing({ ...ctx, sources: [careless] }, TAOBAO), {
    kind: 'down',
    reasons: ['careless: asked for 600123457, answered 600123458'],
    item: true,
  })
})
