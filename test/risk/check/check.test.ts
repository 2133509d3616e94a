import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { check } from '../../../src/risk/check/check.ts'
import { putEntries } from '../../../src/risk/list/entries.ts'
import { REASONS, type ReasonCode } from '../../../src/risk/list/reasons.ts'
import type { NewEntry } from '../../../src/risk/list/prepare.ts'
import { account, ask, openList, ownSource, put, scoreFor, THE_HOUSE } from '../risk-bench.ts'

const chargeback = 60

test('an address is doubted by the networks that it lies in, the smallest word counts', async (t) => {
  const { ctx } = await openList(t)
  await put(ctx, 'ip', '45.12.0.0/16')
  await put(ctx, 'ip', '45.12.7.0/24', { kind: 'allowed', reasonCode: 'other' })
  await put(ctx, 'ip', '45.12.7.128/26')
  await put(ctx, 'ip', '45.12.7.130')
  const scores = async (addresses: string[]) => Promise.all(addresses.map((ip) => scoreFor(ctx, THE_HOUSE, 'ip', ip)))
  assert.deepEqual(await scores(['45.12.3.4', '45.12.255.255', '45.13.0.0', '::ffff:45.12.3.4']), [
    chargeback,
    chargeback,
    0,
    chargeback,
  ])
  // Within what is allowed; within the smaller network that is not; the address itself.
  assert.deepEqual(await scores(['45.12.7.5', '45.12.7.127', '45.12.7.128', '45.12.7.192']), [0, 0, chargeback, 0])
  assert.ok((await scoreFor(ctx, THE_HOUSE, 'ip', '45.12.7.130')) > chargeback)

  await put(ctx, 'ip', '2a01:4f8::/32')
  assert.deepEqual(await scores(['2a01:4f8:1:2::3', '2a01:4f9::1']), [chargeback, 0])
})

test('an allowed network outdoes the same one; by the house it does not for the own list of whoever asks', async (t) => {
  const { ctx } = await openList(t)
  const allowed = { kind: 'allowed', reasonCode: 'other' } as const
  await put(ctx, 'ip', '46.5.0.0/16', { owner: 63 })
  await put(ctx, 'ip', '46.5.6.0/24', { owner: 63 })
  await put(ctx, 'ip', '46.5.6.0/24', { owner: 63, ...allowed })
  assert.equal(await scoreFor(ctx, account(63), 'ip', '46.5.6.7'), 0)
  assert.equal(await scoreFor(ctx, account(63), 'ip', '46.5.7.7'), chargeback)

  for (const owner of [64, 65]) await put(ctx, 'ip', '46.8.0.0/16', { owner })
  await put(ctx, 'ip', '46.8.9.0/24', allowed)
  assert.ok((await scoreFor(ctx, account(66), 'ip', '46.8.1.1')) > 0)
  assert.equal(await scoreFor(ctx, account(66), 'ip', '46.8.9.1'), 0)
  assert.equal(await scoreFor(ctx, account(64), 'ip', '46.8.9.1'), chargeback)
})

test('a network of a kind that nobody had listed before is found by those who asked before', async (t) => {
  const { ctx } = await openList(t)
  assert.equal(await scoreFor(ctx, THE_HOUSE, 'ip', '77.1.2.3'), 0)
  await put(ctx, 'ip', '77.1.2.0/29')
  assert.equal(await scoreFor(ctx, THE_HOUSE, 'ip', '77.1.2.3'), chargeback)
  assert.equal(await scoreFor(ctx, THE_HOUSE, 'ip', '77.1.2.8'), 0)
})

test('look-alikes raise the score and blacklist nobody; too little in common says nothing', async (t) => {
  const { ctx } = await openList(t)
  const id = await put(ctx, 'username', 'market:ada_moss88')
  const { score, blacklisted, entries } = await ask(ctx, THE_HOUSE, 'username', 'market:adamoss88')
  assert.equal(blacklisted, false)
  assert.ok(score > 0 && score < 50)
  const { form, share } = entries.get(id)!
  assert.deepEqual({ form, share: share.toFixed(2) }, { form: 'near', share: '0.33' })
  assert.equal(await scoreFor(ctx, THE_HOUSE, 'username', 'market:ada_moss77'), 0)
  assert.equal(await scoreFor(ctx, THE_HOUSE, 'username', 'forum:ada_moss88'), 0)
})

test('what is unfit is told with what to send instead', async (t) => {
  const { ctx } = await openList(t)
  const answer = await check(ctx, THE_HOUSE, { type: 'ip', value: '10.0.0.1', region: null })
  assert.deepEqual(answer, {
    kind: 'unfit',
    why: 'This address is private; send the public address that the visitor came from.',
  })
  const documentation = { type: 'ip', value: '192.0.2.1', region: null } as const
  assert.equal((await check(ctx, THE_HOUSE, documentation)).kind, 'unfit')
  assert.equal((await check(ctx, { owner: 5, isSandbox: true }, documentation)).kind, 'checked')
})

test('the flags of an identifier come with its answer', async (t) => {
  const { ctx } = await openList(t)
  assert.deepEqual((await ask(ctx, THE_HOUSE, 'email', 'info@mailinator.com')).flags, ['disposable', 'role'])
})

test('checks of one turn are one statement, and each has its own answer', async (t) => {
  const { ctx } = await openList(t)
  await put(ctx, 'email', 'turn@example.org', { owner: 61 })
  const asked = Array.from({ length: 150 }, (_, n) => ({
    owner: n % 3 === 0 ? 61 : 62,
    value: n % 2 === 0 ? 'turn' : 'none',
  }))
  const scores = await Promise.all(
    asked.map(({ owner, value }) => scoreFor(ctx, account(owner), 'email', `${value}@example.org`)),
  )
  assert.deepEqual(
    scores,
    asked.map(({ owner, value }) => (owner === 61 && value === 'turn' ? 85 : 0)),
  )
})

test('a near key that half the list has says nothing, and what others list hides nothing', async (t) => {
  const { ctx } = await openList(t)
  const flood = (owner: number, count: number) => {
    const entries = Array.from({ length: count }, (_, n): NewEntry => {
      return { kind: 'adverse', type: 'username', value: `captain.nemo${1_000 + n}`, reasonCode: 'abuse' }
    })
    return ctx.db
      .transaction()
      .execute((tx) => putEntries(ctx, tx, { owner, isSandbox: false, source: ownSource(owner), entries }))
  }
  // Two parties list one; a third floods its own list with names like it.
  await put(ctx, 'username', 'captain_nemo_51', { owner: 91 })
  await put(ctx, 'username', 'captain_nemo_51', { owner: 92 })
  const before = await ask(ctx, account(93), 'username', 'captain-nemo_51')
  assert.ok(before.score > 0)
  await flood(94, 300)
  assert.deepEqual(await ask(ctx, account(93), 'username', 'captain-nemo_51'), before)
  assert.deepEqual((await ask(ctx, account(94), 'username', 'captain-nemo_51')).score, before.score)
  assert.equal(await scoreFor(ctx, account(94), 'username', 'captain.nemo1005'), 50)
  // Once the crowd counts for others too, what it shares tells nobody apart, and whom it names is found all the same.
  await flood(95, 300)
  const { entries } = await ask(ctx, account(93), 'username', 'captain.nemo1007')
  assert.deepEqual(
    [...entries.values()].map(({ form, share }) => [form, share > 0.5]),
    [
      ['exact', true],
      ['exact', true],
    ],
  )
})

test('twenty may share a near key, and with more it says nothing', async (t) => {
  const { ctx } = await openList(t)
  const near = async () => scoreFor(ctx, THE_HOUSE, 'ip', '2a02:1234:5678:9abc::ffff')
  for (let n = 1; n <= 20; n++) await put(ctx, 'ip', `2a02:1234:5678:9abc::${n.toString(16)}`)
  assert.ok((await near()) > 0)
  await put(ctx, 'ip', '2a02:1234:5678:9abc::aaaa')
  assert.equal(await near(), 0)
  // Whom it names is found all the same.
  assert.equal(await scoreFor(ctx, THE_HOUSE, 'ip', '2a02:1234:5678:9abc::aaaa'), 85)
})

test('what is allowed is found behind whatever many list', async (t) => {
  const { ctx } = await openList(t)
  const value = '93.184.215.14'
  for (let owner = 2_000; owner < 2_110; owner++) await put(ctx, 'ip', value, { owner })
  const reasons = Object.keys(REASONS) as ReasonCode[]
  for (let feed = 1; feed <= 7; feed++) {
    const source = { name: `feed ${feed}`, party: `feed ${feed}`, confidence: 90 }
    for (const reasonCode of reasons) await put(ctx, 'ip', value, { source, reasonCode })
  }
  const scores = async () => [await scoreFor(ctx, account(1), 'ip', value), await scoreFor(ctx, THE_HOUSE, 'ip', value)]
  assert.deepEqual(await scores(), [100, 100])
  await put(ctx, 'ip', value, { kind: 'allowed', reasonCode: 'other' })
  assert.deepEqual(await scores(), [0, 0])
})

test('a near key of a hundred thousand entries costs no more than any other', async (t) => {
  const { ctx } = await openList(t)
  const id = await put(ctx, 'username', 'very.common.name', { owner: 96 })
  await sql`set statement_timeout = 0`.execute(ctx.db)
  await sql`
    insert into risk_mark (digest, owner, is_adverse, entry_id, generation, form, is_subject, shared_until)
    select m.digest, n, true, m.entry_id, m.generation, m.form, false, e.expires_at
    from risk_mark m join risk_entry e on e.id = m.entry_id, generate_series(100001, 120000) n
    where m.entry_id = ${id} and m.form = 'near'`.execute(ctx.db)
  const { rows } = await sql<{ n: number }>`select count(*) as n from risk_mark where entry_id = ${id}`.execute(ctx.db)
  assert.ok(rows[0]!.n > 100_000)
  const near = await sql<{ digest: Buffer }>`
    select digest from risk_mark where entry_id = ${id} and form = 'near' limit 1`.execute(ctx.db)
  const plan = await sql<{ 'QUERY PLAN': string }>`
    explain (analyze, buffers, format text) select * from risk_hits(${near.rows[0]!.digest}, array[1]::bigint[], array[true], array[true],
      ${new Date()}, 50, 100, 20)`.execute(ctx.db)
  const pages = /shared hit=(\d+)/.exec(plan.rows.map((row) => row['QUERY PLAN']).join('\n'))
  assert.ok(Number(pages?.[1]) < 1_000, `${pages?.[1]} pages`)
  assert.equal(await scoreFor(ctx, account(97), 'username', 'very.common.name'), 0)
})
