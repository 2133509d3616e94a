import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DomainError } from '../../../src/lib/errors.ts'
import { heldOf } from '../../../src/risk/disputes/disputes.ts'
import { untilWaiting } from '../../access/waiting.ts'
import { desk, email, list, MINUTE_MS } from './desk.ts'

type Desk = Awaited<ReturnType<typeof desk>>

const HOUR_MS = 60 * MINUTE_MS
const OFTEN = 'At most 3 codes are sent within an hour; use the last one, or try again later.'
const OFTEN_HERE = 'At most 10 codes are sent within an hour to those who ask from one network; try again later.'
const ALL_SENT = 'No more codes are sent today; write to whoever runs this service.'
const NOT_THERE = 'No codes are sent to numbers of this kind; write to whoever runs this service.'

const refused = (code: string, message: string, details: object = {}) => {
  const wanted = { code, message, details }
  return (error: unknown) => {
    assert.ok(error instanceof DomainError)
    assert.deepEqual({ code: error.code, message: error.message, details: error.details }, wanted)
    return true
  }
}

/** Codes that were sent to others just now. */
async function sendOthers({ ctx, pool }: Desk, count: number): Promise<void> {
  await pool.query(
    `insert into risk_code (digest, caller_digest, code_digest, sent_at, ends_at)
     select 'other', 'other', decode(md5(n::text), 'hex'), $1, $1 from generate_series(1, $2) n`,
    [ctx.clock.now(), count],
  )
}

/** Lets all ask at once, when each can see that there is room; answers how many were sent one. */
async function race({ pool, ask, sender }: Desk, asked: [value: string, caller: string][]): Promise<number> {
  const before = sender.sent.length
  const blocker = await pool.connect()
  await blocker.query('begin')
  await blocker.query('lock table risk_code in share mode')
  const asking = Promise.allSettled(asked.map(([value, caller]) => ask(email(value), caller)))
  await untilWaiting(pool, asked.length)
  await blocker.query('commit')
  blocker.release()
  await asking
  return sender.sent.length - before
}

test('three codes an hour are sent to one mailbox, and three to all of its tags', async (t) => {
  const { ctx, advance, sender, ask, code } = await desk(t)
  await list(ctx, 'victim@corp.example')
  for (const tag of ['+0', '+1', '+two+2']) {
    await ask(email(`victim${tag}@corp.example`))
    advance(MINUTE_MS)
  }
  const often = refused('rate_limited', OFTEN, { retryAfterSeconds: 57 * 60 })
  for (const value of ['victim+3@corp.example', 'Victim+4@Corp.example']) {
    await assert.rejects(ask(email(value)), often)
  }
  const tagged = code()
  // Whoever asks for those cannot keep the victim from asking.
  await ask(email('victim@corp.example'))
  assert.deepEqual(
    sender.sent.map(({ to }) => to),
    ['victim+0@corp.example', 'victim+1@corp.example', 'victim+two+2@corp.example', 'victim@corp.example'],
  )
  // Whoever reads a tagged address need not be who reads the plain one.
  await assert.rejects(heldOf(ctx, { ...email('victim@corp.example'), code: tagged }), DomainError)
  assert.deepEqual((await heldOf(ctx, { ...email('victim+two+2@corp.example'), code: tagged })).held, [])

  advance(57 * MINUTE_MS)
  await ask(email('victim+3@corp.example'))

  // As servers read them, these are tags too.
  for (const quoted of ['"victim+a b"', '"victim+c d"', String.raw`"\vict\im+e f"`])
    await ask(email(`${quoted}@corp.example`))
  const quoted = refused('rate_limited', OFTEN, { retryAfterSeconds: 60 * 60 })
  await assert.rejects(ask(email('"victim+g h"@corp.example')), quoted)
})

test('ten codes an hour are sent to those who ask from one place', async (t) => {
  const { advance, ask, sender } = await desk(t)
  for (let time = 0; time < 10; time++) {
    await ask(email(`${time}@example.com`), 'here')
    advance(MINUTE_MS)
  }
  await assert.rejects(
    ask(email('10@example.com'), 'here'),
    refused('rate_limited', OFTEN_HERE, { retryAfterSeconds: 50 * 60 }),
  )
  await ask(email('10@example.com'), 'there')
  advance(50 * MINUTE_MS)
  await ask(email('11@example.com'), 'here')
  assert.equal(sender.sent.length, 12)
})

test('a thousand codes a day are sent', async (t) => {
  const now = await desk(t)
  await sendOthers(now, 999)
  await now.ask(email('last@example.com'))
  await assert.rejects(now.ask(email('late@example.com')), refused('busy', ALL_SENT))
  now.advance(24 * HOUR_MS - 1)
  await assert.rejects(now.ask(email('late@example.com')), refused('busy', ALL_SENT))
  now.advance(1)
  await now.ask(email('late@example.com'))
  assert.equal(now.sender.sent.length, 2)
})

test('of many who ask at once no more get a code than one after the other', async (t) => {
  const now = await desk(t)
  const values = Array.from({ length: 5 }, (_, at) => `${at}@example.com`)
  assert.equal(
    await race(
      now,
      values.map((value) => ['asked@example.com', value]),
    ),
    3,
  )
  for (let time = 0; time < 8; time++) await now.ask(email(`other${time}@example.com`), 'here')
  assert.equal(
    await race(
      now,
      values.map((value) => [value, 'here']),
    ),
    2,
  )
  await sendOthers(now, 1_000 - 3 - 10 - 1)
  assert.equal(
    await race(
      now,
      values.map((value) => [`new${value}`, value]),
    ),
    1,
  )
})

test('nobody waits for the message of another one', async (t) => {
  const { ask, sender } = await desk(t)
  sender.beforeSending = async () => {
    sender.beforeSending = async () => {}
    await ask(email('second@example.com'))
  }
  await ask(email('first@example.com'))
  assert.deepEqual(
    sender.sent.map(({ to }) => to),
    ['second@example.com', 'first@example.com'],
  )
})

test('no code goes to numbers that cost whoever sends to them', async (t) => {
  const { ask, sender } = await desk(t)
  const costly = ['+1 900 258 1736', '+49 180 5 172839', '+979 192837465']
  const international = [
    '+870 773111632',
    '+881 612845978',
    '+882 16 1928 3746',
    '+883 510001928374',
    '+888 19283746501',
  ]
  const numbers = [...costly, '+44 7700 900123', ...international]
  for (const value of numbers) {
    await assert.rejects(ask({ type: 'phone', value }), refused('input_invalid', NOT_THERE), value)
  }
  // Their first digits are those of a satellite, and their country is the United States or Vietnam.
  await ask({ type: 'phone', value: '+1 870 258 1736' })
  await ask({ type: 'phone', value: '+84 88 816 3745' })
  // As it was dialled before 2019.
  await ask({ type: 'phone', value: '+52 1 55 1928 3746' })
  assert.deepEqual(
    sender.sent.map(({ to }) => to),
    ['+18702581736', '+84888163745', '+525519283746'],
  )
})
