import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { Ctx } from '../../../src/ctx.ts'
import { listAudit } from '../../../src/events/audit/audit.ts'
import { OperatorError } from '../../../src/lib/errors.ts'
import { check } from '../../../src/risk/check/check.ts'
import { findEntries, HOUSE, listEntries } from '../../../src/risk/list/entries.ts'
import { ensureKeys } from '../../../src/risk/list/generations.ts'
import { entryOf } from '../../../src/risk/list/import-format.ts'
import { importEntries, type ImportOptions } from '../../../src/risk/list/import.ts'
import { handClock } from '../../access/limits/hand-clock.ts'
import { seedAccount, testCtx } from '../../app.ts'
import { testDatabase } from '../../database.ts'
import { scratch } from '../../lib/db/members.ts'
import { KNOWN_KEYS } from '../known-keys.ts'

const NOW = '2024-04-15T09:20:00Z'
const PARTNER = { name: 'partner', party: 'Partner Ltd', confidence: 80 }

async function open(t: TestContext) {
  const ctx = await testCtx(t, KNOWN_KEYS, { clock: handClock(NOW) })
  await ensureKeys(ctx)
  return ctx
}

async function load(t: TestContext, ctx: Ctx, name: string, text: string, change: Partial<ImportOptions> = {}) {
  const path = join(scratch(t), name)
  writeFileSync(path, text)
  const bad: [number, string][] = []
  const whose = { owner: HOUSE, isSandbox: false, source: PARTNER, actor: 'cli:test' }
  const onBadLine = (line: number, fault: string) => void bad.push([line, fault])
  const result = await importEntries(ctx, { path, ...whose, onBadLine, ...change })
  return { result, bad }
}

const CSV = `type,value,region,reason,note,order_id,amount,date,evidence,first_seen,expires_at,kind,colour
email,Ada.Moss@gmail.com,,chargeback,Chargeback on order #ORD-8842,ORD-8842,$520.00,2024-03-15,case 7,2024-03-15,,,
phone,020 7946 0018,GB,fraud,,,,,,,2025-01-31,,
phone,nobody,,fraud,,,,,,,,,
ip,203.0.113.0/24,,abuse,,,,,,,,,
ip,8.8.8.0/24,,abuse,,,,,,,,,red
email,adamoss@gmail.com,,chargeback,,,,,,2024-02-01,,,
email,friend@example.com,,,,,,,,,,allowed,
`

test('a file is listed; what cannot be is told by its line', async (t) => {
  const ctx = await open(t)
  const { pool } = await testDatabase(t)
  const { result, bad } = await load(t, ctx, 'list.csv', CSV)
  const bytes = Buffer.byteLength(CSV)
  assert.deepEqual(result, {
    linesRead: 8,
    added: 4,
    refreshed: 0,
    bad: 2,
    bytesRead: bytes,
    bytesTotal: bytes,
    ignoredFields: ['colour'],
  })
  assert.deepEqual(
    bad.map(([line]) => line),
    [4, 5],
  )
  assert.ok(!JSON.stringify(bad).includes('nobody'))

  const found = (type: 'email' | 'phone', value: string) => findEntries(ctx, { type, value, region: null, owner: null })
  const [ada, ...others] = await found('email', 'a.d.a.moss@googlemail.com')
  assert.deepEqual(others, [])
  assert.deepEqual(ada, {
    id: ada!.id,
    owner: HOUSE,
    kind: 'adverse',
    type: 'email',
    reason_code: 'chargeback',
    // Of the same one twice in a file, the later line holds.
    reason: null,
    details: {},
    evidence: null,
    hint: 'a•••@g•••.com',
    first_seen: '2024-02-01',
    seen_at: new Date('2024-02-01'),
    listed_at: new Date(NOW),
    expires_at: new Date('2026-01-31'),
    corroborated_until: null,
    disputed_at: null,
    is_sandbox: false,
    source: 'partner',
    party: 'partner ltd',
    confidence: 80,
  })
  const [phone] = await found('phone', '+44 20 7946 0018')
  assert.deepEqual(phone!.expires_at, new Date('2025-01-31T00:00:00Z'))
  assert.equal((await found('email', 'friend@example.com'))[0]!.kind, 'allowed')

  const again = await load(t, ctx, 'list.csv', CSV.replace('email,adamoss@gmail.com,,chargeback', '\n'))
  assert.deepEqual([again.result.added, again.result.refreshed], [0, 4])
  const [refreshed] = await found('email', 'adamoss@gmail.com')
  assert.deepEqual(refreshed, {
    ...ada,
    seen_at: new Date('2024-03-15'),
    expires_at: new Date('2026-03-15'),
    reason: 'Chargeback on order #ORD-8842',
    details: { orderId: 'ORD-8842', amount: '$520.00', chargebackDate: '2024-03-15' },
    evidence: 'case 7',
  })
  const audited = (await listAudit(ctx.db)).filter(({ action }) => action === 'risk.import')
  assert.deepEqual(
    audited.map(({ actor, accountId, after }) => ({ actor, accountId, after })),
    [
      { actor: 'cli:test', accountId: null, after: { source: 'partner', added: 0, refreshed: 4 } },
      { actor: 'cli:test', accountId: null, after: { source: 'partner', added: 4, refreshed: 0 } },
    ],
  )
  const first = (await pool.query<{ id: number }>('select min(id) as id from risk_entry')).rows[0]!.id
  assert.equal(audited[1]!.subject, `risk:${first}-${first + 3}`)
})

test('an account lists for itself, and its sandbox apart from it', async (t) => {
  const ctx = await open(t)
  const { id, twinId } = await seedAccount(ctx)
  const line = (fields: object) => `${JSON.stringify(fields)}\n`
  const text = line({ type: 'email', value: 'own@example.com', reason: 'chargeback', date: '2024-03-15' })
  const own = { name: `account ${id}`, party: `account:${id}`, confidence: 100 }
  await load(t, ctx, 'own.jsonl', text, { owner: id, source: own })
  // What documents use as examples is public in a sandbox.
  const play = line({ type: 'ip', value: '203.0.113.7', reason: 'abuse' })
  const loaded = await load(t, ctx, 'play.jsonl', play, { owner: twinId, isSandbox: true, source: own })
  assert.deepEqual([loaded.result.added, loaded.bad], [1, []])

  const asked = { type: 'email', value: 'OWN@example.com', region: null } as const
  const scored = await check(ctx, { owner: id, isSandbox: false }, asked)
  assert.ok(scored.kind === 'checked')
  assert.deepEqual([scored.score, scored.blacklisted], [85, true])
  assert.deepEqual([...scored.entries.values()][0]!.details, { chargebackDate: '2024-03-15' })
  const others = await check(ctx, { owner: twinId, isSandbox: true }, asked)
  assert.ok(others.kind === 'checked' && others.score === 0)
  assert.equal((await listEntries(ctx, { owner: twinId, before: null, limit: 10 })).length, 1)
})

test('what was listed stays when the import is stopped', async (t) => {
  const ctx = await open(t)
  const { id } = await seedAccount(ctx)
  const lines = Array.from({ length: 9_000 }, (_, at) => `email,person${at}@example.com,abuse\n`)
  const stopping = new AbortController()
  const told: number[] = []
  const onProgress = ({ added }: { added: number }) => {
    told.push(added)
    stopping.abort(new OperatorError('Interrupted.'))
  }
  const text = `type,value,reason\n${lines.join('')}`
  const stopped = load(t, ctx, 'long.csv', text, { owner: id, onProgress, signal: stopping.signal })
  await assert.rejects(stopped, { message: 'Interrupted.' })
  const { pool } = await testDatabase(t)
  const { rows } = await pool.query('select count(*)::int as count from risk_entry where owner = $1', [id])
  assert.deepEqual([rows[0].count], told)
  assert.ok(told[0]! >= 2_000 && told[0]! < 9_000)
})

const senseless: [fields: Record<string, string>, fault: string][] = [
  [{ type: 'mail' }, 'type must be one of email, username, phone, address, ip, device.'],
  [{ value: '' }, 'value is missing.'],
  [{ kind: 'maybe' }, 'kind must be one of adverse, allowed.'],
  [{ reason: 'toString' }, 'reason must be one of chargeback, fraud, '],
  [{ region: 'GBR' }, 'region must be a country in two letters.'],
  [{ note: 'x'.repeat(501) }, 'note has more than 500 characters.'],
  [{ evidence: 'x'.repeat(2_001) }, 'evidence has more than 2000 characters.'],
  [{ date: '15.03.2024' }, 'date must be a day such as 2026-01-31, or a moment such as 2026-01-31T12:00:00Z.'],
  [{ date: '2024-02-30' }, 'date must be a day such as'],
  [{ date: '2024-05-01' }, 'date lies in the future.'],
  [{ first_seen: '2024-04-16' }, 'first_seen lies in the future.'],
  [{ expires_at: '2024-04-15T09:20:00Z' }, 'expires_at has passed already.'],
]
test('fields that make no sense are told, and their content is not', () => {
  const good = { type: 'Email', value: 'ada@example.com', reason: 'Chargeback' }
  const now = new Date(NOW)
  assert.deepEqual(entryOf({ ...good, region: 'gb' }, now), {
    kind: 'adverse',
    type: 'email',
    value: 'ada@example.com',
    reasonCode: 'chargeback',
    details: {},
    region: 'GB',
  })
  for (const [change, fault] of senseless) {
    const fields = Object.fromEntries(Object.entries({ ...good, ...change }).filter(([, text]) => text !== ''))
    const told = entryOf(fields, now)
    assert.ok('fault' in told && told.fault.startsWith(fault), JSON.stringify([change, told]))
    assert.ok(!told.fault.includes('ada@'))
  }
})

test('files that cannot be read are told', async (t) => {
  const ctx = await open(t)
  const folder = scratch(t)
  await assert.rejects(load(t, ctx, 'list.txt', CSV), /give a file whose name ends in \.csv or \.jsonl\.$/)
  const options = { owner: HOUSE, isSandbox: false, source: PARTNER, actor: 'cli:test' }
  await assert.rejects(
    importEntries(ctx, { path: join(folder, 'none.csv'), ...options }),
    /^OperatorError: There is no file /,
  )
  await assert.rejects(load(t, ctx, 'list.csv', 'value\n'), /does not name type\.$/)
})
