import type { Db, Tx } from '../../lib/db/db.ts'
import { outboxDelete, outboxInsert, outboxList, outboxNewest, type OutboxRow } from './outbox.sql.ts'

/** Something that happened: `accountId` is whose news it is, null for the operator's; `event` is `noun.verb`. */
export type News = { at: Date; accountId: number | null; event: string; body: Record<string, unknown> }

/** How long news is kept for those who read it. */
const KEPT_MS = 30 * 24 * 3_600_000
const DELETED_AT_ONCE = 5_000

/** Tells what happened, in the transaction in which it did. */
export async function addNews(tx: Tx, { at, accountId, event, body }: News): Promise<void> {
  await outboxInsert(tx, { at, account_id: accountId, event, body })
}

/**
 * News after the id `afterId`, at most `limit` (100), in the order of ids; of one account, or everybody's. Ids are drawn
 * before their transaction commits, so a lower one may appear after a higher one has been read.
 */
export async function listNews(
  db: Db,
  { accountId = null, afterId = 0, limit = 100 }: { accountId?: number | null; afterId?: number; limit?: number } = {},
): Promise<(News & { id: number })[]> {
  const rows = await outboxList(db, { accountId, afterId, limit })
  return rows.map(printed)
}

/** What is kept of the news of these accounts, newest first, at most `limit` (100). */
export async function listNewest(
  db: Db,
  { accountIds, limit = 100 }: { accountIds: number[]; limit?: number },
): Promise<(News & { id: number })[]> {
  return (await outboxNewest(db, { accountIds, limit })).map(printed)
}

function printed({ account_id: accountId, ...row }: OutboxRow): News & { id: number } {
  return { ...row, accountId }
}

/** Deletes news older than 30 days, a few thousand at a time, and answers how many. */
export async function purgeNews(db: Db, now: Date): Promise<number> {
  const before = new Date(now.getTime() - KEPT_MS)
  for (let count = 0; ;) {
    const deleted = await outboxDelete(db, before, DELETED_AT_ONCE)
    count += deleted
    if (deleted < DELETED_AT_ONCE) return count
  }
}
