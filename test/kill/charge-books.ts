import assert from 'node:assert/strict'
import pg from 'pg'
import { openDb, type Connection } from '../../src/lib/db/db.ts'
import { auditBooks } from '../../src/money/ledger/audit.ts'
import { silentLog } from '../database.ts'
import { CALLERS, type Answered, type Payer } from './charge-load.ts'

export const PRICE = 4_000

/** Of one life of the server: what it had charged when it was killed and nobody got an answer to. */
export type Loss = { unanswered: number; cutOff: number }

/**
 * Proves that the books agree with what was answered. `startedAt` are the starts of the lives so far, `isRunning` whether
 * the last of them is still at work: of that one only sums are looked at. Answers the losses of those that have ended.
 */
export async function proveCharges(
  connection: Connection,
  known: { payers: readonly Payer[]; answered: readonly Answered[]; startedAt: readonly Date[]; isRunning: boolean },
): Promise<Loss[]> {
  const client = new pg.Client(connection)
  await client.connect()
  const { db, close } = openDb(connection, { log: silentLog, max: 1 })
  try {
    // One view of everything, as the server may be at work.
    await client.query('begin transaction isolation level repeatable read')
    await proveAnswers(client, known.answered)
    await proveRepeats(client, known.answered)
    for (const payer of known.payers) await proveSums(client, payer)
    assert.deepEqual(await auditBooks(db), { sums: { USD: 0, CNY: 0 }, faults: [] })
    return await proveLosses(client, known)
  } finally {
    await client.end()
    await close()
  }
}

type Booked = { status: number | null; pot: string | null; cost: string; paid: string | null; reversed: boolean }

/** Every answered 200 is paid exactly once under its request's id, and everything else is not. */
async function proveAnswers(client: pg.Client, answered: readonly Answered[]): Promise<void> {
  const { rows } = await client.query<Booked & { name: string; times: number }>(
    `select n.name, count(*)::int as times, min(e.status)::int as status, min(e.pot) as pot, min(e.cost_usd_micros) as cost,
       min(t.amount_minor) as paid, bool_or(r.id is not null) as reversed
     from unnest($1::text[]) as n(name) left join usage_event e on e.request_id = n.name
     left join ledger_transfer t on t.name = n.name left join ledger_transfer r on r.reverses_id = t.id
     group by n.name`,
    [answered.map(({ requestId }) => requestId)],
  )
  const booked = new Map(rows.map((row) => [row.name, row]))
  assert.equal(booked.size, answered.length, 'a request id was given twice')
  const wrong = answered.flatMap((answer) => {
    const row = booked.get(answer.requestId)!
    return row.times === 1 && isRight(answer, row) ? [] : [{ answer, row }]
  })
  assert.deepEqual(wrong.slice(0, 5), [], `${wrong.length} of ${answered.length} answers are booked otherwise`)
}

function isRight({ payer, status, billed, cost, idempotencyKey }: Answered, row: Booked): boolean {
  const isPaid = row.paid !== null && Number(row.paid) === PRICE
  if (status === 404) {
    const isFree = row.status === 404 && row.pot === null && Number(row.cost) === 0 && billed === 'false'
    return isFree && (payer === 'balance' ? isPaid && row.reversed : row.paid === null)
  }
  // A repeat is told that it was not billed; another attempt was. Its own event is written behind the answer.
  if (billed === 'false') return idempotencyKey !== null && row.paid === null && row.pot === null
  if (row.status !== 200 || row.reversed || billed !== 'true') return false
  if (payer === 'daily') return row.pot === 'item.day' && Number(row.cost) === 0 && row.paid === null && cost === '0.00'
  return row.pot === 'balance' && Number(row.cost) === PRICE && isPaid && cost === '0.004'
}

/** However often a request with an Idempotency-Key was sent: once answered, it is paid once. */
async function proveRepeats(client: pg.Client, answered: readonly Answered[]): Promise<void> {
  const keys = answered.flatMap(({ status, idempotencyKey }) => (status === 200 && idempotencyKey) || [])
  const { rows } = await client.query(
    `select k.key, count(e.pot)::int as paid from (select distinct unnest($1::text[]) as key) k
     left join usage_event e on e.tid = k.key group by k.key having count(e.pot) <> 1`,
    [keys],
  )
  assert.deepEqual(rows, [])
}

/** The counters of an account say what its events and its open charges say. */
async function proveSums(client: pg.Client, { accountId, keyId }: Payer): Promise<void> {
  const { rows } = await client.query<{ pot: string; used: string; booked: string }>(
    `with paid as (
       select pot, cost_usd_micros as cost, at from usage_event where account_id = $1 and pot is not null
       union all select pot, cost_usd_micros, at from charge where account_id = $1
     )
     select p.name as pot, p.used, (
       select case
         when p.name = 'item.day' then count(*) filter (where pot = 'item.day' and to_char(at, 'YYYYMMDD')::int = p.bucket)
         when p.name like '%calls' then count(*) filter (where to_char(at, 'YYYYMM')::int = p.bucket)
         else sum(cost) filter (where to_char(at, 'YYYYMM')::int = p.bucket) end
       from paid) as booked
     from pot p where p.account_id = $1 and p.name not in ('item.bytes', 'item.included')
     union all
     select 'item.bytes', p.used, (select sum(bytes) from usage_event where account_id = $1 and pot is not null)
     from pot p where p.account_id = $1 and p.name = 'item.bytes'
     union all
     select 'billed', sum(billed), (select count(*) from usage_event where account_id = $1 and pot is not null)
     from usage_day where account_id = $1
     union all
     select 'cost', sum(cost_usd_micros), (select sum(cost_usd_micros) from usage_event where account_id = $1)
     from usage_day where account_id = $1`,
    [accountId],
  )
  const names = new Set(rows.map(({ pot }) => pot))
  // An account none of whose calls was answered yet has no counters either.
  const billed = Number(rows.find(({ pot }) => pot === 'billed')?.used ?? 0)
  for (const each of billed > 0 ? [`key:${keyId}:calls`, 'item.bytes'] : [])
    assert.ok(names.has(each), `${each} is counted`)
  assert.deepEqual(
    rows.filter(({ used, booked }) => Number(used) !== Number(booked)),
    [],
  )
}

/**
 * What was charged and never answered is no more than was under way, and whose outcome was not known was voided and can be
 * listed: none of it is left open.
 */
async function proveLosses(
  client: pg.Client,
  { answered, startedAt, isRunning }: { answered: readonly Answered[]; startedAt: readonly Date[]; isRunning: boolean },
): Promise<Loss[]> {
  const ended = isRunning ? startedAt.length - 1 : startedAt.length
  const before = isRunning ? startedAt.at(-1)! : new Date('9999-01-01')
  const open = await client.query('select name from charge where at < $1', [before])
  assert.deepEqual(open.rows, [], 'charges of a former life are still open')

  const { rows } = await client.query<{ name: string; status: number | null; life: number; kept: boolean }>(
    `select e.request_id as name, e.status, width_bucket(e.at, $1::timestamptz[]) as life,
       t.id is not null and r.id is null as kept
     from usage_event e left join ledger_transfer t on t.name = e.request_id left join ledger_transfer r on r.reverses_id = t.id
     where e.at < $2 and (e.pot is not null or e.status is null)`,
    [startedAt, before],
  )
  const told = new Set(answered.map(({ requestId }) => requestId))
  const cutOff = rows.filter(({ status }) => status === null)
  assert.deepEqual(
    cutOff.filter(({ name, kept }) => kept || told.has(name)),
    [],
    'calls that were cut off were answered, or their money was kept',
  )
  const unanswered = rows.filter(({ name, status }) => status !== null && !told.has(name))
  return startedAt.slice(0, ended).map((_each, at) => {
    const inLife = (list: typeof rows) => list.filter(({ life }) => life === at + 1).length
    const loss = { unanswered: inLife(unanswered), cutOff: inLife(cutOff) }
    assert.ok(loss.unanswered + loss.cutOff <= CALLERS, `life ${at + 1} lost ${JSON.stringify(loss)}`)
    return loss
  })
}
