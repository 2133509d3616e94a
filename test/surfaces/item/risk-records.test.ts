import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { InjectOptions } from 'fastify'
import { fingerprintOf } from '../../../src/access/idempotency/idempotency.ts'
import { assertBooks, balanceOf, credit, seedCaller, until, type Answer } from '../metering/meter-bench.ts'
import { batchOf, checkOf, openRisk, PRICE } from './risk-bench.ts'

const CREDIT = 1_000_000
const NOBODY = 2_000_000_000
const VALUE = 'Once.Only@example.com'
const ASKED = { type: 'email', value: VALUE }

async function open(t: TestContext) {
  const bench = await openRisk(t)
  const { app, ctx, pool } = bench
  const caller = await seedCaller(ctx, { risk: ['payg', { perSecond: null }] }, { style: 'cbk' })
  await credit(ctx, caller.account, CREDIT)
  const send = (call: InjectOptions, key = 'k') =>
    app.inject({ ...call, headers: { ...call.headers, ...caller.headers, 'idempotency-key': key } })
  const spent = async () => CREDIT - (await balanceOf(ctx, caller.accountId))
  const record = async (): Promise<{ fingerprint: Buffer; body: string | null; status: number | null }> => {
    const { rows } = await pool.query('select fingerprint, body, status from idempotency where account_id = $1', [
      caller.accountId,
    ])
    assert.equal(rows.length, 1)
    return rows[0]
  }
  // As a killed server leaves what it did: booked, and the record unfinished.
  const forget = async () => {
    const { rowCount } = await pool.query(
      `update idempotency set done_at = null, status = null, body = null, instance = $1 where account_id = $2`,
      [NOBODY, caller.accountId],
    )
    assert.equal(rowCount, 1)
  }
  return { ...bench, caller, send, spent, record, forget }
}

const replayed = ({ headers }: Answer) => headers['idempotent-replayed'] ?? null

test('a check sent again has the same answer, of which what was checked was not kept', async (t) => {
  const { ctx, send, spent, record } = await open(t)
  const first = await send(checkOf(ASKED))
  const second = await send(checkOf(ASKED))
  assert.deepEqual([replayed(first), replayed(second)], [null, 'true'])
  assert.equal(second.body, first.body)
  assert.equal(first.json().checked.value, VALUE)
  assert.equal(await spent(), PRICE)

  const { body, fingerprint } = await record()
  const { value: _value, ...kept } = first.json().checked
  assert.deepEqual(JSON.parse(body!), { ...first.json(), checked: kept })
  // Whoever guesses what was asked cannot tell by the record.
  for (const guess of [ASKED, { ...ASKED }, { type: 'email', value: VALUE.toLowerCase() }]) {
    assert.notDeepEqual(fingerprint, fingerprintOf('POST', '/api/v1/blacklist/check', guess))
  }

  const other = await send(checkOf({ ...ASKED, value: 'other@example.com' }))
  assert.deepEqual([other.statusCode, other.json().error], [409, 'conflict'])
  assert.equal(await spent(), PRICE)
  await assertBooks(ctx)
})

test('a batch sent again has the same answer, with the values in their places', async (t) => {
  const { send, spent, record } = await open(t)
  const items = [ASKED, { type: 'ip', value: '10.0.0.1' }, { type: 'phone', value: 12025550142, region: 'US' }]
  const first = await send(batchOf(items))
  const second = await send(batchOf(items))
  assert.deepEqual([first.statusCode, replayed(first), replayed(second)], [200, null, 'true'])
  assert.equal(second.body, first.body)
  assert.equal(first.json().results[2].checked.value, '12025550142')
  const { body } = await record()
  for (const value of [VALUE, '12025550142', '10.0.0.1']) assert.ok(!body!.includes(value), value)
  assert.equal(await spent(), 2 * PRICE)
  const other = await send(batchOf(items.toReversed()))
  assert.equal(other.statusCode, 409)
})

test('a refusal that is not kept can be sent again', async (t) => {
  const { send, spent } = await open(t)
  const unfit = checkOf({ type: 'ip', value: '10.0.0.1' })
  for (let at = 0; at < 2; at++) {
    const answer = await send(unfit)
    assert.deepEqual([answer.statusCode, replayed(answer)], [400, null])
  }
  assert.equal((await send(checkOf(ASKED))).statusCode, 200)
  assert.equal(await spent(), PRICE)
})

for (const [name, call, cost] of [
  ['check', checkOf(ASKED), PRICE],
  ['batch', batchOf([ASKED, { type: 'username', value: 'ada' }]), 2 * PRICE],
] as const) {
  test(`a ${name} that was paid for and not answered when its server was killed is answered without another charge`, async (t) => {
    const { ctx, send, spent, forget } = await open(t)
    assert.equal((await send(call)).statusCode, 200)
    assert.equal(await spent(), cost)
    await forget()
    const again = await send(call)
    assert.deepEqual([again.statusCode, replayed(again), again.json().ok], [200, null, true])
    assert.equal(await spent(), cost)
    const third = await send(call)
    assert.deepEqual([replayed(third), third.body], ['true', again.body])
    assert.equal(await spent(), cost)
    await assertBooks(ctx)
  })
}

test('a batch that was paid for, cut off, and then cannot be done, is given back whole', async (t) => {
  const { ctx, pool, send, spent, forget } = await open(t)
  const call = batchOf([{ type: 'ip', value: '10.0.0.1' }, ASKED, { type: 'username', value: 'ada' }, ASKED])
  assert.equal((await send(call)).statusCode, 200)
  assert.equal(await spent(), 3 * PRICE)
  await forget()
  const holder = await pool.connect()
  await holder.query('begin; lock table risk_mark in access exclusive mode')
  assert.equal((await send(call)).statusCode, 503)
  await holder.query('rollback')
  holder.release()
  assert.equal(await spent(), 0)
  assert.equal((await send(call)).statusCode, 200)
  assert.equal(await spent(), 3 * PRICE)
  await assertBooks(ctx)
})

test('of two equal batches at once under one key one is done', async (t) => {
  const { send, spent } = await open(t)
  const call = batchOf([ASKED, ASKED])
  const answers = await Promise.all([send(call), send(call)])
  assert.deepEqual(new Set(answers.map(({ statusCode }) => statusCode)), new Set([200, 409]))
  await until(async () => replayed(await send(call)) === 'true')
  assert.equal(await spent(), 2 * PRICE)
})
