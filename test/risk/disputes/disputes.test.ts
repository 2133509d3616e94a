import assert from 'node:assert/strict'
import { test } from 'node:test'
import { listAudit } from '../../../src/events/audit/audit.ts'
import { DomainError, OperatorError } from '../../../src/lib/errors.ts'
import { decideDispute, dispute, heldOf, listDisputes, purgeDisputes } from '../../../src/risk/disputes/disputes.ts'
import { HOUSE, listEntries } from '../../../src/risk/list/entries.ts'
import { untilWaiting } from '../../access/waiting.ts'
import { seedAccount } from '../../app.ts'
import { desk, email, list, MINUTE_MS } from './desk.ts'

type Desk = Awaited<ReturnType<typeof desk>>

const WRONG = 'The code is wrong, or works no longer; ask for another one.'
const refused = (message: string) => (error: unknown) =>
  (error instanceof DomainError || error instanceof OperatorError) && error.message === message

async function tokenOf({ ctx, code, ask }: Desk, value: string): Promise<string> {
  await ask(email(value))
  return (await heldOf(ctx, { ...email(value), code: code() })).token
}

/** Another code than the right one. */
const not = (code: string) => (code.startsWith('0') ? '1' : '0') + code.slice(1)

test('a code ends after a quarter of an hour, and works once, for whom it was sent to', async (t) => {
  const { ctx, advance, code, ask } = await desk(t)
  const held = (value: string, given: string) => heldOf(ctx, { ...email(value), code: given })
  await ask(email('late@example.com'))
  advance(15 * MINUTE_MS - 1)
  await held('late@example.com', code())
  await assert.rejects(held('late@example.com', code()), refused(WRONG))
  await ask(email('late@example.com'))
  advance(15 * MINUTE_MS)
  await assert.rejects(held('late@example.com', code()), refused(WRONG))

  await ask(email('one@example.com'))
  await assert.rejects(held('other@example.com', code()), refused(WRONG))
})

test('whoever tries or asks for codes of others does not lock them out', async (t) => {
  const { ctx, code, ask } = await desk(t)
  const held = (given: string) => heldOf(ctx, { ...email('victim@example.com'), code: given })
  const codes: string[] = []
  for (let time = 0; time < 3; time++) {
    await ask(email('victim@example.com'))
    codes.push(code())
  }
  for (let time = 0; time < 20; time++) await assert.rejects(held(not(codes[0]!)), refused(WRONG))
  for (const each of codes) {
    await held(each)
    await assert.rejects(held(each), refused(WRONG))
  }
})

test('a code is taken as people write it', async (t) => {
  const { ctx, code, ask } = await desk(t)
  await ask(email('typed@example.com'))
  const typed = ` ${code().slice(0, 4).toLowerCase()}-${code().slice(4, 6)} ${code().slice(6)} `
  await heldOf(ctx, { ...email('typed@example.com'), code: typed })
})

test('a token works for half an hour', async (t) => {
  const now = await desk(t)
  const { ctx, advance } = now
  await list(ctx, 'token@example.com')
  const token = await tokenOf(now, 'token@example.com')
  advance(30 * MINUTE_MS)
  const late = dispute(ctx, { token, statement: 'No.' })
  await assert.rejects(late, refused('This token is none, or has ended; ask for another code.'))
})

test('a code whose sender failed counts, and works if it arrived', async (t) => {
  const { ctx, sender, code, ask } = await desk(t)
  sender.isLate = true
  for (let time = 0; time < 3; time++) {
    const told = refused(
      'It is not certain that the code was sent; wait a minute for it before you ask for another one.',
    )
    await assert.rejects(ask(email('down@example.com')), told)
  }
  const told = refused('At most 3 codes are sent within an hour; use the last one, or try again later.')
  await assert.rejects(ask(email('down@example.com')), told)
  assert.equal(sender.sent.length, 3)
  await heldOf(ctx, { ...email('down@example.com'), code: code() })
})

test('of many who use a code at once one gets a token', async (t) => {
  const { ctx, pool, code, ask } = await desk(t)
  await ask(email('race@example.com'))
  const first = code()
  await ask(email('race@example.com'))
  const codes = [first, first, first, code(), code()]
  const blocker = await pool.connect()
  await blocker.query('begin')
  await blocker.query('select from risk_code for update')
  const using = Promise.allSettled(codes.map((each) => heldOf(ctx, { ...email('race@example.com'), code: each })))
  await untilWaiting(pool, codes.length)
  await blocker.query('commit')
  blocker.release()
  assert.equal((await using).filter(({ status }) => status === 'fulfilled').length, 2)
})

test('a statement is counted in characters, however many units they take', async (t) => {
  const now = await desk(t)
  await list(now.ctx, 'words@example.com')
  const token = await tokenOf(now, 'words@example.com')
  const told = refused('statement has 1 to 2000 characters.')
  await assert.rejects(dispute(now.ctx, { token, statement: '\u{1f4e6}'.repeat(2_001) }), told)
  await dispute(now.ctx, { token, statement: '\u{1f4e6}'.repeat(2_000) })
})

test('what is upheld counts in full again, also when it is objected to once more', async (t) => {
  const now = await desk(t)
  const { ctx } = now
  const entry = await list(ctx, 'upheld@example.com')
  const isDisputed = async () =>
    (await listEntries(ctx, { owner: HOUSE, before: null, limit: 1_000 })).find(({ id }) => id === entry)!
      .disputed_at !== null
  const first = await dispute(ctx, { token: await tokenOf(now, 'upheld@example.com'), statement: 'Not me.' })
  assert.equal(await isDisputed(), true)
  const decide = { id: first.id, decision: 'upheld', why: 'The card’s owner says so', actor: 'cli:test' } as const
  await decideDispute(ctx, decide)
  assert.equal(await isDisputed(), false)
  await assert.rejects(
    decideDispute(ctx, { ...decide, decision: 'removed' }),
    refused(`Dispute ${first.id} was decided already: upheld, by cli:test.`),
  )

  const second = await dispute(ctx, { token: await tokenOf(now, 'upheld@example.com'), statement: 'Still not me.' })
  assert.equal(await isDisputed(), false)
  const common = { type: 'email', hint: 'u•••@e•••.com', openedAt: new Date(ctx.clock.now()), entryIds: [entry] }
  const undecided = { decidedAt: null, decidedBy: null, decision: null }
  const open = { ...common, ...undecided, id: second.id, state: 'open', statement: 'Still not me.' }
  assert.deepEqual(
    (await listDisputes(ctx, { isOpen: true, limit: 10 })).filter(({ id }) => id === second.id),
    [open],
  )
  const [decided] = await listDisputes(ctx, { isOpen: false, limit: 1 })
  const deed = { decidedAt: ctx.clock.now(), decidedBy: 'cli:test', decision: 'The card’s owner says so' }
  assert.deepEqual(decided, { ...common, ...deed, id: first.id, state: 'upheld', statement: 'Not me.' })
  const audited = (await listAudit(ctx.db)).filter(({ subject }) => subject === `dispute:${first.id}`)
  assert.deepEqual(
    audited.map(({ action, actor, reason }) => ({ action, actor, reason })),
    [
      { action: 'risk.decide', actor: 'cli:test', reason: 'The card’s owner says so' },
      { action: 'risk.dispute', actor: 'listed person', reason: null },
    ],
  )
  await assert.rejects(
    decideDispute(ctx, { ...decide, id: 999_999 }),
    refused('There is no dispute 999999; `risk disputes` shows those that are open.'),
  )
})

test('two tokens of one person open one dispute', async (t) => {
  const now = await desk(t)
  const { ctx, pool } = now
  const entry = await list(ctx, 'both@example.com')
  const tokens = [await tokenOf(now, 'both@example.com'), await tokenOf(now, 'both@example.com')]
  const blocker = await pool.connect()
  await blocker.query('begin')
  await blocker.query('select from risk_entry where id = $1 for update', [entry])
  const opening = Promise.allSettled(tokens.map((token) => dispute(ctx, { token, statement: 'No.' })))
  await untilWaiting(pool, 2)
  await blocker.query('commit')
  blocker.release()
  const outcomes = (await opening).map((each) => (each.status === 'fulfilled' ? 'opened' : String(each.reason)))
  assert.deepEqual(outcomes.sort(), ['DomainError: You have objected already; wait for what is decided.', 'opened'])
})

test('sandboxes, allowed and ended entries are not held against anybody', async (t) => {
  const now = await desk(t)
  const { ctx, advance, code, ask } = now
  const { id, twinId } = await seedAccount(ctx)
  const source = { name: `account ${id}`, party: `account:${id}`, confidence: 100 }
  await list(ctx, 'none@example.com', { owner: twinId, isSandbox: true, source })
  await list(ctx, 'none@example.com', { kind: 'allowed', reasonCode: 'other' })
  await list(ctx, 'none@example.com', { expiresAt: new Date(ctx.clock.now().getTime() + MINUTE_MS) })
  advance(MINUTE_MS)
  await ask(email('none@example.com'))
  assert.deepEqual((await heldOf(ctx, { ...email('none@example.com'), code: code() })).held, [])
})

test('codes go a day after their end, and statements two years after the decision', async (t) => {
  const now = await desk(t)
  const { ctx, advance, pool } = now
  await list(ctx, 'old@example.com')
  const { id } = await dispute(ctx, { token: await tokenOf(now, 'old@example.com'), statement: 'My words.' })
  await decideDispute(ctx, { id, decision: 'upheld', why: 'So it is', actor: 'cli:test' })
  const kept = async () => {
    const codes = await pool.query(
      `select count(*)::int as count from risk_code where subject = (select max(subject) from risk_entry)`,
    )
    const words = await pool.query('select statement from risk_dispute where id = $1', [id])
    return [codes.rows[0].count > 0, words.rows[0].statement]
  }
  advance(24 * 60 * MINUTE_MS + 30 * MINUTE_MS)
  await purgeDisputes(ctx)
  assert.deepEqual(await kept(), [true, 'My words.'])
  advance(1)
  await purgeDisputes(ctx)
  assert.deepEqual(await kept(), [false, 'My words.'])
  advance(2 * 365 * 24 * 60 * MINUTE_MS)
  await purgeDisputes(ctx)
  assert.deepEqual(await kept(), [false, ''])
})
