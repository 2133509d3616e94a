import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { duration, moment } from '../../src/commands/times.ts'
import { scratch } from '../lib/db/members.ts'
import { run, runJson } from '../process/program.ts'

const NOW = new Date('2026-11-21T12:00:00Z')

test('a time is a duration, a moment with its zone, a UTC day or never; anything else is refused', () => {
  const read = (text: string) => {
    try {
      return moment(text)(NOW)?.toISOString() ?? 'never'
    } catch {
      return 'refused'
    }
  }
  assert.deepEqual(
    ['30d', '12h', '90s', '2030-01-31', '2030-01-31T12:00:00Z', '2030-01-31T12:00+08:00', 'never'].map(read),
    [
      '2026-12-21T12:00:00.000Z',
      '2026-11-22T00:00:00.000Z',
      '2026-11-21T12:01:30.000Z',
      '2030-01-31T00:00:00.000Z',
      '2030-01-31T12:00:00.000Z',
      '2030-01-31T04:00:00.000Z',
      'never',
    ],
  )
  const wrong = [
    '',
    '30',
    '30y',
    '-1d',
    '2030-01-31T12:00:00',
    '2030-02-30',
    '2030-13-01T00:00Z',
    '2030-01-01T25:00Z',
    'tomorrow',
  ]
  assert.deepEqual(
    wrong.map(read),
    wrong.map(() => 'refused'),
  )
  assert.deepEqual(['0', '45s', '30m', '24h', '7d'].map(duration), [0, 45, 1_800, 86_400, 604_800])
  for (const text of ['', '24', '1w', '-1h']) assert.throws(() => duration(text))
})

test('the life of a key from the command line', async (t) => {
  const dataDir = join(scratch(t), 'data')
  const account = await runJson<{ id: number }>(dataDir, ['account', 'create', '--name', 'shop'])
  type Made = { id: number; key: string; expires_at: string }
  const make = ['key', 'create', '--account', String(account.id), '--style', 'qc', '--mode', 'live']
  const wish = [
    '--label',
    'till 1',
    '--expires',
    '2090-01-31',
    '--cap-calls',
    '500',
    '--cap-usd',
    '2.50',
    '--scopes',
    'qc:read',
  ]
  const made = await runJson<Made>(dataDir, [...make, ...wish])
  assert.deepEqual(made, {
    id: made.id,
    key: made.key,
    style: 'qc',
    mode: 'live',
    account_id: account.id,
    scopes: ['qc:read'],
    allow: [],
    label: 'till 1',
    expires_at: '2090-01-31T00:00:00.000Z',
  })

  const id = String(made.id)
  const set = await runJson(dataDir, [
    'key',
    'set',
    id,
    '--label',
    '',
    '--allow',
    '203.0.113.0/24',
    '--expires',
    'never',
  ])
  assert.deepEqual(set, { id: made.id, label: null, allow: ['203.0.113.0/24'], expires_at: null })
  await runJson(dataDir, ['key', 'set', id, '--label', 'till 2', '--allow', 'all'])
  const rolled = await runJson<{ id: number; key: string; old_key_ends_at: string }>(dataDir, ['key', 'roll', id])
  assert.notEqual(rolled.key, made.key)
  const next = String(rolled.id)
  assert.deepEqual(await run(dataDir, ['key', 'roll', id]), {
    code: 1,
    stdout: '',
    stderr: `openhaul: Key ${id} was rolled to key ${next} already.\n`,
  })
  const { disabled_at: disabledAt } = await runJson<{ disabled_at: string }>(dataDir, ['key', 'disable', next])
  type Listed = Record<string, unknown>[]
  const [old, young, ...more] = await runJson<Listed>(dataDir, ['key', 'list', '--account', 'shop'])
  const { created_at: createdAt, created_by: createdBy } = old!
  assert.match(String(createdBy), /^cli:./)
  const shared = {
    account: 'shop',
    account_id: account.id,
    label: 'till 2',
    style: 'qc',
    mode: 'live',
    scopes: ['qc:read'],
    allow: [],
    cap_calls: 500,
    cap_usd: '2.50',
    created_by: createdBy,
    last_used_at: null,
    last_used_from: null,
    revoked_at: null,
  }
  const oldRow = {
    ...shared,
    id: made.id,
    hint: made.key.slice(-4),
    created_at: createdAt,
    expires_at: rolled.old_key_ends_at,
    disabled_at: null,
    rolled_to: rolled.id,
    state: 'active',
  }
  const youngRow = {
    ...shared,
    id: rolled.id,
    hint: rolled.key.slice(-4),
    created_at: young!['created_at'],
    expires_at: null,
    disabled_at: disabledAt,
    rolled_to: null,
    state: 'disabled',
  }
  assert.deepEqual([old, young, more], [oldRow, youngRow, []])

  const table = (await run(dataDir, ['key', 'list'])).stdout.trimEnd().split('\n')
  const rest = `till 2  500 calls, 2.50 USD`
  assert.deepEqual(
    table.map((line) => line.split(/ {2,}/).filter((_cell, at) => ![5, 6, 9].includes(at))),
    [
      ['ID', 'ACCOUNT', 'STYLE', 'MODE', 'ENDS IN', 'LABEL', 'CAPS', 'LAST USED', 'EXPIRES', 'STATE'],
      [
        id,
        'shop',
        'qc',
        'live',
        `…${oldRow.hint}`,
        ...rest.split('  '),
        'never',
        rolled.old_key_ends_at,
        `active, rolled to ${next}`,
      ],
      [next, 'shop', 'qc', 'live', `…${youngRow.hint}`, ...rest.split('  '), 'never', 'never', 'disabled'],
    ],
  )
  assert.deepEqual(await runJson(dataDir, ['key', 'enable', next]), { id: rolled.id, disabled_at: null })
  const third = await run(dataDir, ['key', 'roll', next, '--grace', '0'])
  assert.match(
    third.stdout,
    new RegExp(`^qc_live_\\w{32}\\nKey \\d+\\. It is shown this once; keep it now\\. Key ${next} is revoked\\.\\n$`),
  )
  const refusals = [
    { args: ['key', 'set', id], stderr: 'openhaul: Nothing is named to set; give --label, --allow or --expires.\n' },
    { args: ['key', 'enable', next], stderr: `openhaul: Key ${next} is revoked, which is final.\n` },
    { args: ['key', 'disable', '99'], stderr: 'openhaul: There is no key 99; `key list` shows all.\n' },
    {
      args: ['key', 'list', '--account', 'nobody'],
      stderr: 'openhaul: There is no account "nobody"; make it with: account create --name "nobody"\n',
    },
    {
      args: [...make, '--expires', '2020-01-01'],
      stderr: 'openhaul: A key cannot expire in the past; 2020-01-01T00:00:00.000Z is over.\n',
    },
  ]
  for (const { args, stderr } of refusals) assert.deepEqual(await run(dataDir, args), { code: 1, stdout: '', stderr })
})
