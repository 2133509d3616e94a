import assert from 'node:assert/strict'
import { test } from 'node:test'
import { audit, listAudit } from '../../src/events/audit/audit.ts'
import { newAccount } from '../access/accounts/new-account.ts'
import { testDatabase } from '../database.ts'

const AT = new Date('2026-11-21T12:00:00.000Z')

test('an entry says who did what to whom, and why', async (t) => {
  const { db } = await testDatabase(t)
  const account = await newAccount(db)
  const whole = {
    at: AT,
    actor: 'cli:ann',
    action: 'key.revoke',
    accountId: account.id,
    subject: 'key:7',
    reason: 'it was lost',
    before: { revoked_at: null },
    after: { revoked_at: '2026-11-21T12:00:00.000Z' },
  }
  const short = { at: AT, actor: 'system', action: 'key.create', accountId: account.id, subject: 'key:7' }
  await db.transaction().execute(async (tx) => {
    await audit(tx, short)
    await audit(tx, whole)
  })
  const entries = await listAudit(db, { accountIds: [account.id] })
  const [first, second, made] = entries
  assert.equal(entries.length, 3)
  assert.deepEqual(
    [first, second],
    [
      { ...whole, id: first!.id },
      { ...short, id: second!.id, reason: null, before: null, after: null },
    ],
  )
  assert.deepEqual([made!.action, made!.subject], ['account.create', `account:${account.id}`])
})

test('entries are listed newest first, page by page, of some accounts or of all', async (t) => {
  const { db } = await testDatabase(t)
  const mine = await newAccount(db)
  const other = await newAccount(db)
  await db.transaction().execute(async (tx) => {
    for (const [n, accountId] of [mine.id, mine.twinId, other.id, null].entries()) {
      await audit(tx, { at: AT, actor: 'system', action: 'a.b', accountId, subject: `thing:${n}` })
    }
  })
  const subjects = (entries: { subject: string }[]) => entries.map(({ subject }) => subject)
  assert.deepEqual(subjects(await listAudit(db, { limit: 4 })), ['thing:3', 'thing:2', 'thing:1', 'thing:0'])
  const page = await listAudit(db, { accountIds: [mine.id, mine.twinId], limit: 1 })
  assert.deepEqual(subjects(page), ['thing:1'])
  const next = await listAudit(db, { accountIds: [mine.id, mine.twinId], beforeId: page[0]!.id })
  assert.deepEqual(subjects(next), ['thing:0', `account:${mine.id}`])
})
