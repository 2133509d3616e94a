import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { scratch } from '../lib/db/members.ts'
import { program } from './own-program.ts'

type Entries = { entries: { id: number; seen_at: string; listed_at: string; expires_at: string }[] }

test('identifiers are listed, found, and erased from the command line', async (t) => {
  const { tell, say, refuse, pipe, pool } = await program(t)
  const { id: accountId } = await tell<{ id: number }>('account', 'create', '--name', 'shop')
  const ada = ['--type', 'email', '--value', 'ada.moss@gmail.com']
  const first = await tell('risk', 'add', ...ada, '--reason', 'chargeback', '--note', 'Order 7', '--evidence', 'case 7')
  const { id } = first as { id: number }
  assert.deepEqual(first, { id, new: true })
  const piped = await pipe(
    'adamoss@gmail.com\n',
    'risk',
    'add',
    '--type',
    'email',
    '--value',
    '-',
    '--reason',
    'chargeback',
  )
  assert.deepEqual(piped, {
    code: 0,
    stdout: `Entry ${id} was listed already, and is refreshed. Orders ask it; checks of accounts do while a second party lists the same.\n`,
    stderr: '',
  })
  const own = await tell<{ id: number }>(
    'risk',
    'add',
    ...ada,
    '--allow',
    '--account',
    'shop',
    '--expires',
    '2099-01-31',
  )

  const { entries } = await tell<Entries>('risk', 'search', '--type', 'email', '--value', 'A.D.A.moss@googlemail.com')
  const common = {
    sandbox: false,
    type: 'email',
    hint: 'a•••@g•••.com',
    details: {},
    shared_until: null,
    disputed_at: null,
  }
  const house = entries[0]!
  assert.deepEqual(entries, [
    {
      ...common,
      id,
      account_id: null,
      kind: 'adverse',
      reason: 'chargeback',
      note: 'Order 7',
      evidence: 'case 7',
      source: { name: 'staff', party: 'house', confidence: 100 },
      first_seen: house.listed_at.slice(0, 10),
      seen_at: house.listed_at,
      listed_at: house.listed_at,
      expires_at: house.expires_at,
    },
    {
      ...common,
      id: own.id,
      account_id: accountId,
      kind: 'allowed',
      reason: 'other',
      note: null,
      evidence: null,
      source: { name: `account ${accountId}`, party: `account:${accountId}`, confidence: 100 },
      first_seen: house.listed_at.slice(0, 10),
      seen_at: entries[1]!.listed_at,
      listed_at: entries[1]!.listed_at,
      expires_at: '2099-01-31T00:00:00.000Z',
    },
  ])
  const shown = (await say('risk', 'list')).split('\n').map((line) => line.split(/ {2,}/))
  const seen = house.listed_at.slice(0, 10)
  assert.deepEqual(shown, [
    ['ID', 'LIST', 'TYPE', 'HINT', 'REASON', 'NOTE', 'SOURCE', 'SEEN', 'EXPIRES', 'SHARED', 'DISPUTED'],
    [
      String(id),
      'operator',
      'email',
      'a•••@g•••.com',
      'chargeback',
      'Order 7',
      'staff',
      seen,
      house.expires_at.slice(0, 10),
    ],
  ])
  assert.equal(await say('risk', 'list', '--account', 'shop', '--sandbox'), 'There are no entries.')
  assert.equal(
    await say('risk', 'search', '--type', 'phone', '--value', '020 7946 0018', '--region', 'gb'),
    'It is on no list.',
  )

  assert.deepEqual(await tell('risk', 'remove', String(id), '--why', 'Paid after all'), { id, removed: true })
  const proof = await pool.query(`select entry_id, owner, type, reason_code, actor, why from risk_erasure`)
  const { actor } = proof.rows[0] as { actor: string }
  assert.match(actor, /^cli:/)
  assert.deepEqual(proof.rows, [
    { entry_id: id, owner: 0, type: 'email', reason_code: 'chargeback', actor, why: 'Paid after all' },
  ])
  const audited = await pool.query(
    `select action, subject, account_id from audit_entry where action like 'risk.%' order by id`,
  )
  assert.deepEqual(audited.rows, [
    { action: 'risk.add', subject: `risk:${id}`, account_id: null },
    { action: 'risk.add', subject: `risk:${id}`, account_id: null },
    { action: 'risk.add', subject: `risk:${own.id}`, account_id: accountId },
    { action: 'risk.remove', subject: `risk:${id}`, account_id: null },
  ])

  assert.equal(await say('risk', 'orders', '--verdict', 'hold'), 'The list was asked about no such order.')

  const refusals: [args: string[], message: RegExp][] = [
    [['add', ...ada], /^Give either --reason, or --allow for what is never doubted\.$/],
    [['add', ...ada, '--allow', '--reason', 'fraud'], /^Give either --reason, or --allow /],
    [['add', ...ada, '--reason', 'fraud', '--date', '2999-01-01'], /^--date lies in the future\.$/],
    [
      ['add', ...ada, '--reason', 'fraud', '--expires', '2099-01-01'],
      /^Give an earlier end: what is listed for this reason is kept for 1095 days /,
    ],
    [['remove', String(id), '--why', ' '], /Give 1 to 500 characters\.$/],
    [['clear-order', 'ORD-20260131-001', '--why', 'seen'], /^There is no order ORD-20260131-001\.$/],
    [['add', ...ada, '--reason', 'dislike'], /Allowed choices are chargeback, fraud, /],
    [['add', ...ada, '--reason', 'fraud', '--sandbox'], /^--sandbox goes with --account\.$/],
    [['add', ...ada, '--reason', 'fraud', '--expires', '2020-01-01'], /^--expires has passed already\.$/],
    [['add', '--type', 'ip', '--value', '10.0.0.1', '--reason', 'abuse'], /^This address is private; /],
    [['remove', String(id), '--why', 'again'], /^There is no entry \d+; /],
    [['remove', String(own.id)], /'--why <text>' not specified$/],
    [['report-order', 'ORD-20260131-001', '--reason', 'fraud'], /^There is no order ORD-20260131-001\.$/],
  ]
  for (const [args, message] of refusals) assert.match(await refuse('risk', ...args), message, args.join(' '))
})

test('a file is imported, and its bad lines are told without what they say', async (t) => {
  const { tell, attempt, refuse, say } = await program(t)
  await tell('account', 'create', '--name', 'shop')
  const file = join(scratch(t), 'list.csv')
  writeFileSync(file, 'type,value,reason,colour\nemail,ada@example.com,fraud,red\nemail,secret-nobody,fraud,\n')
  const named = ['--source', 'partner', '--party', 'Partner Ltd', '--confidence', '80']
  const people = await attempt('risk', 'import', file, ...named)
  assert.equal(people.code, 1)
  assert.match(people.stdout, /^1 entries added, 0 refreshed, 1 bad, [\d.]+ s\.\n$/)
  assert.deepEqual(people.stderr.trimEnd().split('\n'), [
    'listed 1, bad 1',
    'line 3: Send one e-mail address alone, such as name@example.com, without a display name.',
    'fields that the format does not know: colour',
  ])
  const programs = await attempt('risk', 'import', file, '--account', 'shop', '--json')
  const { seconds, ...value } = JSON.parse(programs.stdout) as { seconds: number; faults: { line: number }[] }
  assert.ok(seconds >= 0)
  const { fault } = value.faults[0] as unknown as { fault: string }
  assert.deepEqual(value, { lines: 3, added: 1, refreshed: 0, bad: 1, faults: [{ line: 3, fault }] })
  assert.match(
    await say('risk', 'search', '--type', 'email', '--value', 'ada@example.com'),
    /partner .*\n.* account \d/,
  )
  for (const each of [people, programs]) assert.doesNotMatch(JSON.stringify(each), /nobody/)

  const refusals: [args: string[], message: RegExp][] = [
    [[join(file, 'none.csv')], /^There is no file /],
    [[file, '--party', 'x'], /^--party and --confidence go with --source\.$/],
    [[file, '--source', 'x'], /^Give --party: who stands behind the source\.$/],
    [[file, '--source', 'Staff', '--party', 'x'], /^A source of ours is called "Staff"; choose another name\.$/],
    [[file, '--source', 'x', '--party', 'x', '--account', 'shop'], /^Give --source for the operator's list; /],
    [[file, '--source', 'x', '--party', 'x', '--confidence', '0'], /Give a whole number from 1 to 100\.$/],
  ]
  for (const [args, message] of refusals) assert.match(await refuse('risk', 'import', ...args), message, args.join(' '))
})

test('disputes are shown and decided once', async (t) => {
  const { tell, say, refuse, pool } = await program(t)
  assert.equal(await say('risk', 'disputes'), 'There are no open disputes.')
  const listed = ['risk', 'add', '--type', 'phone', '--value', '+44 20 7946 0018', '--reason', 'unpaid']
  const { id: entry } = await tell<{ id: number }>(...listed)
  const open = async () => {
    const { rows } = await pool.query<{ id: number }>(
      `insert into risk_dispute (type, hint, state, statement, opened_at)
       values ('phone', '+44 ••• ••18', 'open', $1, '2026-11-21T17:00:00Z') returning id`,
      ['It was\u0007 paid.'],
    )
    const { id } = rows[0]!
    await pool.query('insert into risk_dispute_entry values ($1, $2)', [id, entry])
    await pool.query(`update risk_entry set disputed_at = '2026-11-21T17:00:00Z'`)
    return id
  }
  const first = await open()
  const told = `${first}: phone +44 ••• ••18, entries ${entry}, since 2026-11-21T17:00:00.000Z\n  “It was? paid.”`
  assert.equal(await say('risk', 'disputes'), told)
  assert.match(await refuse('risk', 'decide', String(first), '--why', 'x'), /^Give either --uphold or --remove\.$/)
  const why = ['--why', 'No payment came in']
  assert.equal(
    await say('risk', 'decide', String(first), '--uphold', ...why),
    `Dispute ${first} is decided: 1 entries are upheld, and count in full again.`,
  )
  assert.match(
    await refuse('risk', 'decide', String(first), '--remove', ...why),
    /was decided already: upheld, by cli:/,
  )
  const second = await open()
  assert.deepEqual(await tell('risk', 'decide', String(second), '--remove', '--why', 'It came'), {
    id: second,
    decision: 'removed',
    entries: 1,
  })
  const { disputes } = await tell<{ disputes: { decided_at: string; decided_by: string }[] }>(
    'risk',
    'disputes',
    '--decided',
  )
  const common = {
    type: 'phone',
    hint: '+44 ••• ••18',
    statement: 'It was\u0007 paid.',
    opened_at: '2026-11-21T17:00:00.000Z',
  }
  const deed = (at: number) => ({ decided_at: disputes[at]!.decided_at, decided_by: disputes[at]!.decided_by })
  assert.deepEqual(disputes, [
    { ...common, id: second, state: 'removed', entries: [], why: 'It came', ...deed(0) },
    { ...common, id: first, state: 'upheld', entries: [], why: 'No payment came in', ...deed(1) },
  ])
})

test('keys are rotated, and rows wrapped by the newest', async (t) => {
  const { tell, say, refuse, pool, dataDir } = await program(t)
  await say('risk', 'add', '--type', 'username', '--value', 'mossgatherer', '--reason', 'abuse')
  assert.equal(
    await say('risk', 'rotate-key'),
    'Key 2 is in use: copy the keys to where you keep them. Servers wrap what older ones made; `risk rewrap` does it at once.',
  )
  assert.match(await refuse('risk', 'rotate-key'), /^Rows are still being wrapped by key 2; wait for that to end\.$/)
  const { wrapped } = await tell<{ wrapped: number }>('risk', 'rewrap')
  assert.ok(wrapped >= 1)
  assert.deepEqual(await tell('risk', 'rotate-key'), { generation: 3 })
  assert.match(await say('risk', 'search', '--type', 'username', '--value', 'MossGatherer'), /abuse/)

  // Without the keys nothing is left but to give it up.
  rmSync(join(dataDir, 'risk-keys.json'))
  const lost =
    /risk-keys\.json lacks key 1 of the risk list; put back the keys that it had, or give the list up with `risk forget-list`\.$/
  assert.match(await refuse('risk', 'list'), lost)
  const would = '1 entries would be erased, with their keys. Stop all servers, and say --yes.'
  assert.equal(await say('risk', 'forget-list', '--why', 'lost'), would)
  assert.equal(await say('risk', 'forget-list', '--why', 'lost', '--yes'), '1 entries are erased, with their keys.')
  assert.equal(await say('risk', 'list'), 'There are no entries.')
  const { rows } = await pool.query('select why from risk_erasure')
  assert.deepEqual(rows, [{ why: 'lost' }])
  const [last] = await tell<{ action: string; reason: string }[]>('risk', 'audit', '--limit', '1')
  assert.deepEqual([last!.action, last!.reason], ['risk.forget_list', 'lost'])
})
