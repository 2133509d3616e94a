import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { InjectOptions } from 'fastify'
import { createKey, revokeKey } from '../../../src/access/keys/keys.ts'
import {
  CALLS,
  eventsOf,
  fillWindows,
  MONTH,
  openBench,
  potsOf,
  seedCaller,
  setPot,
  windowsUsed,
} from './meter-bench.ts'
import { PLACES } from './places.ts'

// Of two things that stand against a call, the first in this order is told: path and method, key, address, scope, tier,
// windows, body, what is left. Each case has two neighbours against it.

const BATCH = { method: 'POST', url: '/api/v1/products/batch' } as const
const big = JSON.stringify({ items: ['x'.repeat(262_145)] })
const asJson = { 'content-type': 'application/json' }

test('each check comes before the next', async (t) => {
  const bench = await openBench(t)
  const { app, ctx, pool } = bench
  const elsewhere = ['203.0.113.0/24']
  const other = ['risk:check']
  const revoked = await seedCaller(ctx, {}, { allow: elsewhere })
  await revokeKey(ctx, revoked.id)
  await ctx.watch.next()
  const fenced = await seedCaller(ctx, {}, { allow: elsewhere, scopes: other })
  const narrow = await seedCaller(ctx, {}, { scopes: other })
  const basic = await seedCaller(ctx)
  const full = await seedCaller(ctx, { qc: ['pro_plus'] })
  const spent = await seedCaller(ctx)
  const spentPro = await seedCaller(ctx, { qc: ['pro_plus'] })
  for (const product of ['qc', 'sourcing', 'item'] as const) {
    for (const each of [narrow, basic, full]) await fillWindows(ctx, each.accountId, product, 1_000)
  }
  for (const [pot, used] of [
    ['qc.month', 500_000],
    ['sourcing.month', 100],
    ['item.trial', 10],
  ] as const) {
    for (const each of [full, spent, spentPro]) await setPot(pool, each.accountId, pot, MONTH, used)
  }

  type Case = { name: string; call: InjectOptions; headers: Record<string, string>; status: number; code: string }
  const cases: Case[] = PLACES.flatMap((place) => {
    const { name, call, bad, codes } = place
    const method = call.method ?? 'GET'
    return [
      { name: `${name}: path, key`, call: { url: place.nowhere }, headers: {}, status: 404, code: codes.absent },
      {
        name: `${name}: method, key`,
        call: { url: call.url.split('?')[0]!, method: place.wrong },
        headers: {},
        status: 405,
        code: codes.method,
      },
      { name: `${name}: key, address`, call, headers: revoked.headers, status: 401, code: codes.revoked },
      { name: `${name}: address, scope`, call, headers: fenced.headers, status: 403, code: codes.address },
      { name: `${name}: scope, windows`, call, headers: narrow.headers, status: 403, code: codes.scope },
      { name: `${name}: key, body`, call: bad, headers: {}, status: 401, code: codes.missing },
      {
        name: `${name}: windows, body`,
        call: { method, ...bad },
        headers: basic.headers,
        status: 429,
        code: codes.full,
      },
      { name: `${name}: body, what is left`, call: bad, headers: spent.headers, status: 400, code: place.badCode },
    ]
  })
  const json = (headers: Record<string, string>) => ({ ...headers, ...asJson })
  cases.push(
    {
      name: 'scope, tier',
      call: { ...BATCH, payload: '{}' },
      headers: json(narrow.headers),
      status: 403,
      code: 'FORBIDDEN',
    },
    {
      name: 'tier, windows',
      call: { ...BATCH, payload: '{}' },
      headers: json(basic.headers),
      status: 403,
      code: 'FORBIDDEN',
    },
    {
      name: 'windows, size',
      call: { ...BATCH, payload: big },
      headers: json(full.headers),
      status: 429,
      code: 'RATE_LIMITED',
    },
    {
      name: 'size, what is left',
      call: { ...BATCH, payload: big },
      headers: json(spentPro.headers),
      status: 413,
      code: 'PAYLOAD_TOO_LARGE',
    },
    {
      name: 'body, what is left',
      call: { ...BATCH, payload: '{}' },
      headers: json(spentPro.headers),
      status: 400,
      code: 'BAD_REQUEST',
    },
  )
  for (const { name, call, headers, status, code } of cases) {
    await t.test(name, async () => {
      const answer = await app.inject({ ...call, headers })
      const { error } = answer.json<{ error: string | { code: string } }>()
      assert.deepEqual([answer.statusCode, typeof error === 'string' ? error : error.code], [status, code])
    })
  }
  await t.test('scope before tier in its words', async () => {
    const { message } = (await app.inject({ ...BATCH, payload: {}, headers: narrow.headers })).json().error
    assert.equal(message, 'Insufficient scope. Required: qc:read. Your key has: risk:check')
  })
  await t.test('none of it was paid for', async () => {
    for (const { accountId } of [revoked, fenced, narrow, basic]) assert.deepEqual(await potsOf(ctx, accountId), {})
    // Whoever is not let in leaves no record of a call.
    for (const { accountId } of [revoked, fenced, narrow]) assert.deepEqual(await eventsOf(bench, accountId), [])
  })
})

test('windows are the account’s: a key of it is refused for what another did, and the refusal is not counted', async (t) => {
  const { app, ctx } = await openBench(t)
  const caller = await seedCaller(ctx)
  const other = await createKey(ctx, { account: caller.account, style: 'sk', mode: 'live' })
  await fillWindows(ctx, caller.accountId, 'qc', 28)
  const ask = (headers: Record<string, string>) => app.inject({ ...CALLS.qc, headers })
  const keys = [caller.headers, { authorization: `Bearer ${other.key}` }]
  const statuses: number[] = []
  for (const headers of [...keys, ...keys]) statuses.push((await ask(headers)).statusCode)
  assert.deepEqual(statuses, [200, 200, 429, 429])
  assert.equal((await windowsUsed(ctx, caller.accountId, 'qc')).minute, 30)
})
