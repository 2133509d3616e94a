import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import pg from 'pg'
import pino from 'pino'
import { voidCutOff } from '../../../src/access/usage/cut-off.ts'
import { listCutOff } from '../../../src/access/usage/events.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { instanceHold, instanceList, instanceNext } from '../../../src/lib/db/instances.sql.ts'
import { openDb } from '../../../src/lib/db/db.ts'
import { silentLog, testDatabase, type TestDatabase } from '../../database.ts'
import { untilWaiting } from '../waiting.ts'
import {
  accountState,
  assertBooks,
  AT,
  call,
  daily,
  DAY,
  holdingMeters,
  MONTH,
  run,
  seedPayer,
  settleAll,
  settlerOn,
  type Payer,
} from './settling.ts'

/** Without the second in which a living process could come back. */
const QUICK = { ...systemClock, sleep: async () => {} }

type Node = { instance: number; die(): Promise<void> }

async function open(t: TestContext) {
  const database = await testDatabase(t, { own: true })
  const payer = await seedPayer(database, { balance: 100_000 })
  return { ...database, payer }
}

/** A process as others see it: a number, and a lock on it for as long as it lives. */
async function startNode(t: TestContext, { connection, pool }: TestDatabase): Promise<Node> {
  const client = new pg.Client(connection)
  client.on('error', () => {})
  await client.connect()
  t.after(() => client.end())
  const instance = await instanceNext(client)
  await instanceHold(client, instance)
  return {
    instance,
    async die() {
      await client.end()
      for (;;) {
        const probe = await pool.connect()
        const alive = await instanceList(probe).finally(() => probe.release())
        if (!alive.includes(instance)) return
      }
    },
  }
}

/** Charges that this process has open: one from the day's allowance, the others from the balance. */
async function charge(t: TestContext, database: TestDatabase, { instance }: Node, payer: Payer, count: number) {
  const settler = settlerOn(t, database, { instance, lines: 1 })
  const itsRun = run(payer, { ...daily(1), keyCalls: 100, keySpend: 1_000_000 })
  const calls = Array.from({ length: count }, (_each, at) =>
    call({ ready: false, tid: `order ${at}`, at: new Date(AT.getTime() + at) }),
  )
  const told = await settleAll(
    settler,
    calls.map((each) => [itsRun, each] as const),
  )
  assert.ok(
    told.every((each) => !each.startsWith('denied')),
    told.join(),
  )
  return { settler, names: calls.map(({ name }) => name) }
}

const namesOf = (rows: { name: string }[]) => rows.map(({ name }) => name)

test('what a dead process has charged and not ended is listed and voided once; what a living one has is not', async (t) => {
  const database = await open(t)
  const { payer, db } = database
  const lines: string[] = []
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(String(JSON.parse(line).msg)) })
  const [dead, living] = [await startNode(t, database), await startNode(t, database)]
  const lost = await charge(t, database, dead, payer, 4)
  const kept = await charge(t, database, living, payer, 2)
  assert.deepEqual(await voidCutOff({ db, log, clock: QUICK }), [])
  assert.deepEqual(lines, [])

  await dead.die()
  const common = { account_id: payer.accountId, key_id: payer.keyId, product: 'item', operation: 'lookUpItem' }
  assert.deepEqual(
    await voidCutOff({ db, log, clock: QUICK }),
    lost.names.map((name, at) => ({
      name,
      ...common,
      pot: at === 0 ? 'item.day' : 'balance',
      cost_usd_micros: at === 0 ? 0 : 4_000,
      tid: `order ${at}`,
      at: new Date(AT.getTime() + at),
    })),
  )
  const told = ['Voided 4 calls that a killed server had charged and not answered; `usage --cut-off` lists them']
  assert.deepEqual(lines, told)
  const voided = {
    balance: 92_000,
    pots: [`key:${payer.keyId}:calls ${MONTH} 2`, `key:${payer.keyId}:spend ${MONTH} 8000`, `spend ${MONTH} 8000`],
    transfers: [
      ...lost.names.slice(1).map((name) => `${name} 4000 reversed`),
      ...kept.names.map((name) => `${name} 4000`),
    ],
    events: lost.names.map((name, at) => `${name} cut off nothing 0 ${80_000 + at * 4_000}`),
    charges: kept.names.map((name) => `${name} balance 4000`),
    days: ['2026-11-21 lookUpItem 4 0 4 0 0 0'],
  }
  assert.deepEqual(await accountState(database, payer), voided)
  assert.ok(!voided.pots.includes(`item.day ${DAY} 1`))

  const listed = await listCutOff(db, {
    accountIds: null,
    from: new Date(AT.getTime() - 1),
    to: new Date(AT.getTime() + 60_000),
    limit: 100,
  })
  assert.deepEqual(listed.map(({ requestId }) => requestId).sort(), lost.names.toSorted())
  assert.ok(listed.every(({ status, pot, costUsdMicros }) => status === null && pot === null && costUsdMicros === 0))

  assert.deepEqual(await voidCutOff({ db, log, clock: QUICK }), [])
  assert.deepEqual(await accountState(database, payer), voided)
  assert.deepEqual(lines, told)
  await assertBooks(database)
})

test('two starts at once void each charge once', async (t) => {
  const database = await open(t)
  const { payer } = database
  const other = await seedPayer(database, { balance: 100_000 })
  const dead = await startNode(t, database)
  const first = await charge(t, database, dead, payer, 3)
  const second = await charge(t, database, dead, other, 3)
  await dead.die()
  const starts = await holdingMeters(database, [payer], async () => {
    const work = [1, 2].map(() => {
      const { db, close } = openDb(database.connection, { log: silentLog })
      t.after(close)
      return voidCutOff({ db, log: silentLog, clock: QUICK })
    })
    await untilWaiting(database.pool, 2)
    return { work }
  })
  const voided = await Promise.all(starts.work)
  assert.deepEqual(voided.flatMap(namesOf).sort(), [...first.names, ...second.names].sort())
  for (const each of [payer, other]) {
    const { balance, events, charges, pots } = await accountState(database, each)
    assert.deepEqual([balance, events.length, charges, pots], [100_000, 3, [], []])
  }
  await assertBooks(database)
})

for (const first of ['the end', 'the void'] as const) {
  test(`a charge that is ended and taken for cut off at once: ${first} comes first and counts`, async (t) => {
    const database = await open(t)
    const { payer, db } = database
    const node = await startNode(t, database)
    const { settler, names } = await charge(t, database, node, payer, 2)
    // The process lives and has only lost its lock, as when the database was restarted under it.
    await node.die()
    const finish = () =>
      Promise.all(names.map((name) => settler.finish({ name, keep: true, status: 200, bytes: 9, us: 9 })))
    const both = await holdingMeters(database, [payer], async () => {
      const ended = first === 'the end' ? finish() : null
      if (ended) await untilWaiting(database.pool, 1)
      const voided = voidCutOff({ db, log: silentLog, clock: QUICK })
      await untilWaiting(database.pool, ended ? 2 : 1)
      const late = ended ?? finish()
      await untilWaiting(database.pool, 2)
      return { voided, ended: late }
    })
    const [voided, ended] = [await both.voided, await both.ended]
    const { balance, charges, events } = await accountState(database, payer)
    assert.equal(charges.length, 0)
    assert.equal(events.length, 2)
    if (first === 'the end') {
      assert.deepEqual([namesOf(voided), balance], [[], 96_000])
      assert.deepEqual(
        ended,
        [96_000, 96_000].map((balanceAfterUsdMicros) => ({ found: true, balanceAfterUsdMicros })),
      )
    } else {
      assert.deepEqual([namesOf(voided), balance], [names, 100_000])
      assert.deepEqual(
        ended,
        [null, null].map((balanceAfterUsdMicros) => ({ found: false, balanceAfterUsdMicros })),
      )
    }
    await assertBooks(database)
  })
}
