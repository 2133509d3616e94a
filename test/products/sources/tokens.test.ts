import assert from 'node:assert/strict'
import test from 'node:test'
import { sql } from 'kysely'
import { fetchListing } from '../../../src/products/sources/fetch.ts'
import { readConfig } from '../../../src/config.ts'
import { openSources } from '../../../src/products/sources/open.ts'
import { obey } from '../../../src/upstreams/control.ts'
import { testDatabase } from '../../database.ts'
import { fetchHarness } from './fetch-harness.ts'
import type { Db } from '../../../src/lib/db/db.ts'

const OFFER = { marketplace: '1688', listingId: '700123457' } as const
const ITEM = { marketplace: 'taobao', listingId: '700123457' } as const
const HOUR_MS = 3_600_000

/** The stored row, without the values that differ from run to run. */
async function stored(db: Db, source: string) {
  const { rows } = await sql<{
    version: number
    expires_at: Date | null
    claimed: boolean
    access_token: string
    refresh_token: string
  }>`
    select version, expires_at, refreshing_until is not null as claimed, access_token, refresh_token
    from source_token where source = ${source}`.execute(db)
  return rows[0]
}

test('a token is put in place from the settings and used', async (t) => {
  const { db } = await testDatabase(t, { own: true })
  const { ctx, upstreams } = await fetchHarness(t, 'alibaba1688', { db })
  assert.equal((await fetchListing(ctx, OFFER)).kind, 'found')
  assert.deepEqual(await stored(db, 'alibaba1688'), {
    version: 1,
    expires_at: null,
    claimed: false,
    access_token: upstreams.env['ALIBABA1688_ACCESS_TOKEN'],
    refresh_token: upstreams.env['ALIBABA1688_REFRESH_TOKEN'],
  })
})

test('a hundred calls that find the token run out renew it once, and all are answered', async (t) => {
  const { db } = await testDatabase(t, { own: true })
  const { ctx, upstreams } = await fetchHarness(t, 'alibaba1688', { db })
  ctx.clock.advance(11 * HOUR_MS)
  const kinds = await Promise.all(
    Array.from({ length: 100 }, async (_, at) => {
      const fetched = await fetchListing(ctx, { marketplace: '1688', listingId: `7001234${at + 10}` })
      return fetched.kind === 'down' ? fetched.reasons.join() : fetched.kind
    }),
  )
  assert.deepEqual([...new Set(kinds)], ['found'])
  assert.equal(upstreams.controls.alibaba1688.calls.get('token'), 1)
  const row = await stored(db, 'alibaba1688')
  assert.deepEqual(
    [row?.version, row?.claimed, row?.refresh_token, row?.expires_at?.toISOString()],
    // The answer leaves the refresh token out: the old one stays.
    [2, false, 'local-1688-refresh', '2026-01-01T21:00:00.000Z'],
  )
})

test('a token whose end is known is renewed a minute before it, without a refused call', async (t) => {
  const { db } = await testDatabase(t, { own: true })
  const { ctx, upstreams } = await fetchHarness(t, 'alibaba1688', { db })
  const { calls } = upstreams.controls.alibaba1688
  ctx.clock.advance(11 * HOUR_MS)
  await fetchListing(ctx, OFFER)
  assert.deepEqual([calls.get('token'), calls.get('1688/700123457')], [1, 2])
  ctx.clock.advance(10 * HOUR_MS - 61_000)
  await fetchListing(ctx, OFFER)
  assert.deepEqual([calls.get('token'), calls.get('1688/700123457')], [1, 3])
  ctx.clock.advance(1_000)
  assert.equal((await fetchListing(ctx, OFFER)).kind, 'found')
  assert.deepEqual([calls.get('token'), calls.get('1688/700123457')], [2, 4])
})

test('refresh tokens that are good for one refresh are replaced each time', async (t) => {
  const { db } = await testDatabase(t, { own: true })
  const { ctx, upstreams } = await fetchHarness(t, 'taobaoglobal', { db })
  const seen = new Set<string>()
  for (let round = 0; round < 3; round++) {
    ctx.clock.advance(31 * 24 * HOUR_MS)
    assert.equal((await fetchListing(ctx, ITEM)).kind, 'found')
    seen.add((await stored(db, 'taobaoglobal'))!.refresh_token)
  }
  assert.equal(seen.size, 3)
  assert.equal(upstreams.controls.taobaoglobal.calls.get('token'), 3)
})

test('several processes renew once between them', async (t) => {
  const { db } = await testDatabase(t, { own: true })
  const { ctx, upstreams } = await fetchHarness(t, 'taobaoglobal', { db })
  ctx.clock.advance(31 * 24 * HOUR_MS)
  // Own sources are own state: what another process would have.
  const processes = Array.from({ length: 5 }, () => ({
    ...ctx,
    sources: openSources(readConfig({ ...upstreams.env, SOURCES: 'taobaoglobal' })),
    // A real wait, as the one who renews needs real time.
    clock: { ...ctx.clock, sleep: () => new Promise<void>((resolve) => setTimeout(resolve, 5)) },
  }))
  const fetched = await Promise.all(processes.map((each) => fetchListing(each, ITEM)))
  assert.deepEqual(
    fetched.map(({ kind }) => kind),
    ['found', 'found', 'found', 'found', 'found'],
  )
  assert.equal(upstreams.controls.taobaoglobal.calls.get('token'), 1)
})

test('a claim that a dead process left behind is taken over when its time is past', async (t) => {
  const { db } = await testDatabase(t, { own: true })
  const { ctx, upstreams } = await fetchHarness(t, 'alibaba1688', { db })
  await fetchListing(ctx, OFFER)
  ctx.clock.advance(11 * HOUR_MS)
  const until = new Date(ctx.clock.now().getTime() + 5_000)
  await sql`update source_token set refreshing_until = ${until} where source = 'alibaba1688'`.execute(db)
  assert.equal((await fetchListing(ctx, OFFER)).kind, 'found')
  assert.equal(upstreams.controls.alibaba1688.calls.get('token'), 1)
  assert.equal(
    ctx.clock.sleptMs.reduce((sum, ms) => sum + ms, 0),
    5_000,
  )
})

test('a refused refresh is told, opens the breaker for minutes and leaves the claim free', async (t) => {
  const { db } = await testDatabase(t, { own: true })
  const { ctx, upstreams, log } = await fetchHarness(t, 'alibaba1688', { db })
  const wrong = openSources(
    readConfig({ ...upstreams.env, SOURCES: 'alibaba1688', ALIBABA1688_REFRESH_TOKEN: 'revoked-token' }),
  )
  ctx.clock.advance(11 * HOUR_MS)
  const reason = 'the access token could not be renewed: gw.ParamInvalid the refresh token is not known'
  assert.deepEqual(await fetchListing({ ...ctx, sources: wrong }, OFFER), {
    kind: 'down',
    reasons: [`alibaba1688: ${reason}`],
    item: false,
  })
  assert.equal((await stored(db, 'alibaba1688'))?.claimed, false)
  ctx.clock.advance(200_000)
  await fetchListing({ ...ctx, sources: wrong }, OFFER)
  assert.equal(upstreams.controls.alibaba1688.calls.get('token'), 1)
  assert.doesNotMatch(JSON.stringify(log), /revoked-token|local-1688-secret/)
})

test('a source that stays unhappy with a fresh token is asked twice and not for ever', async (t) => {
  const { db } = await testDatabase(t, { own: true })
  const { ctx, upstreams } = await fetchHarness(t, 'alibaba1688', { db })
  obey(upstreams.controls.alibaba1688, { fault: 'token-expired' })
  const fetched = await fetchListing(ctx, OFFER)
  const reasons = ['alibaba1688: 401 Request need user authorized']
  assert.deepEqual(fetched, { kind: 'down', reasons, item: false })
  assert.deepEqual([upstreams.controls.alibaba1688.calls.get('token'), upstreams.callsFor('700123457')], [1, 2])
})

test('other tokens in the settings replace the stored ones; the same ones do not', async (t) => {
  const { db } = await testDatabase(t, { own: true })
  const { ctx, upstreams } = await fetchHarness(t, 'alibaba1688', { db })
  ctx.clock.advance(11 * HOUR_MS)
  await fetchListing(ctx, OFFER)
  const renewed = await stored(db, 'alibaba1688')

  const again = openSources(readConfig({ ...upstreams.env, SOURCES: 'alibaba1688' }))
  await fetchListing({ ...ctx, sources: again }, OFFER)
  assert.deepEqual(await stored(db, 'alibaba1688'), renewed)

  const changed = openSources(
    readConfig({ ...upstreams.env, SOURCES: 'alibaba1688', ALIBABA1688_ACCESS_TOKEN: 'other' }),
  )
  const refreshes = upstreams.controls.alibaba1688.calls.get('token')!
  assert.equal((await fetchListing({ ...ctx, sources: changed }, OFFER)).kind, 'found')
  // "other" was put in place, refused and renewed.
  assert.equal((await stored(db, 'alibaba1688'))?.version, 4)
  assert.equal(upstreams.controls.alibaba1688.calls.get('token'), refreshes + 1)
})

test('a stored token that was deleted is put in place again', async (t) => {
  const { db } = await testDatabase(t, { own: true })
  const { ctx } = await fetchHarness(t, 'alibaba1688', { db })
  await fetchListing(ctx, OFFER)
  await sql`delete from source_token`.execute(db)
  assert.equal((await fetchListing(ctx, OFFER)).kind, 'found')
})
