import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addNews, listNewest, listNews, purgeNews } from '../../src/events/outbox/outbox.ts'
import { newAccount } from '../access/accounts/new-account.ts'
import { testDatabase } from '../database.ts'

const AT = new Date('2026-11-21T12:00:00.000Z')
const DAY_MS = 24 * 3_600_000

test('news is written with what it tells of, or not at all', async (t) => {
  const { db } = await testDatabase(t)
  const account = await newAccount(db)
  const news = { at: AT, accountId: account.id, event: 'limit.reached', body: { percent: 50, pot: 'qc.month' } }
  await db.transaction().execute((tx) => addNews(tx, news))
  const undone = db.transaction().execute(async (tx) => {
    await addNews(tx, { ...news, event: 'balance.low' })
    throw new Error('given up')
  })
  await assert.rejects(undone, /given up/)
  const [first, ...rest] = await listNews(db, { accountId: account.id })
  assert.deepEqual([first, rest], [{ ...news, id: first!.id }, []])
})

test('news is read in the order of ids, page by page, of one account or of everybody', async (t) => {
  const { db } = await testDatabase(t)
  const mine = await newAccount(db)
  const other = await newAccount(db)
  const [last] = (await listNews(db, { limit: 10_000 })).slice(-1)
  const whose = [mine.id, other.id, null, mine.id, mine.id]
  await db.transaction().execute(async (tx) => {
    for (const [n, accountId] of whose.entries()) await addNews(tx, { at: AT, accountId, event: 'a.b', body: { n } })
  })
  const told = (rows: { body: object }[]) => rows.map(({ body }) => (body as { n: number }).n)
  const afterId = last?.id ?? 0
  assert.deepEqual(told(await listNews(db, { afterId })), [0, 1, 2, 3, 4])
  const page = await listNews(db, { accountId: mine.id, limit: 2 })
  assert.deepEqual(told(page), [0, 3])
  assert.deepEqual(told(await listNews(db, { accountId: mine.id, limit: 2, afterId: page[1]!.id })), [4])
  const newest = await listNewest(db, { accountIds: [mine.id, other.id], limit: 3 })
  assert.deepEqual(newest[0], { id: newest[0]!.id, at: AT, accountId: mine.id, event: 'a.b', body: { n: 4 } })
  assert.deepEqual(told(newest), [4, 3, 1])
})

test('an event has a noun and a verb', async (t) => {
  const { db } = await testDatabase(t)
  for (const event of ['low', 'balance.', 'Balance.low', 'a.b.c', '']) {
    const add = db.transaction().execute((tx) => addNews(tx, { at: AT, accountId: null, event, body: {} }))
    await assert.rejects(add, /outbox_event_check/)
  }
})

test('news goes after 30 days, not before', async (t) => {
  const { db } = await testDatabase(t)
  const account = await newAccount(db)
  // Long ago, so that nothing else in the database is old enough.
  const now = new Date('2001-02-01T00:00:00.000Z')
  const ages = [30 * DAY_MS + 1, 30 * DAY_MS, 0]
  await db.transaction().execute(async (tx) => {
    for (const age of ages) {
      await addNews(tx, { at: new Date(now.getTime() - age), accountId: account.id, event: 'a.b', body: { age } })
    }
  })
  assert.deepEqual([await purgeNews(db, now), await purgeNews(db, now)], [1, 0])
  const left = await listNews(db, { accountId: account.id })
  assert.deepEqual(
    left.map(({ body }) => body['age']),
    [30 * DAY_MS, 0],
  )
})
