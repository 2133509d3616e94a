import { sql } from 'kysely'
import type { Db, Tx } from '../../lib/db/db.ts'

export type OutboxRow = {
  id: number
  at: Date
  account_id: number | null
  event: string
  body: Record<string, unknown>
}

export async function outboxInsert(tx: Tx, news: Omit<OutboxRow, 'id'>): Promise<void> {
  await sql`select outbox_add(${news.at}, ${news.account_id}, ${news.event}, ${JSON.stringify(news.body)}::jsonb)`.execute(
    tx,
  )
}

/** Rows after an id, in the order of ids; of one account, or of all. */
export async function outboxList(
  db: Db,
  filter: { accountId: number | null; afterId: number; limit: number },
): Promise<OutboxRow[]> {
  const { rows } = await sql<OutboxRow>`
    select * from outbox
    where id > ${filter.afterId} and (${filter.accountId}::bigint is null or account_id = ${filter.accountId})
    order by id limit ${filter.limit}`.execute(db)
  return rows
}

/** Rows of these accounts, newest first. */
export async function outboxNewest(db: Db, filter: { accountIds: number[]; limit: number }): Promise<OutboxRow[]> {
  const { rows } = await sql<OutboxRow>`
    select * from outbox where account_id = any(${filter.accountIds}) order by id desc limit ${filter.limit}`.execute(
    db,
  )
  return rows
}

/** Deletes at most `limit` rows from before `before`, oldest first, and answers how many went. */
export async function outboxDelete(db: Db, before: Date, limit: number): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from outbox where id in (select id from outbox where at < ${before} order by id limit ${limit})`.execute(db)
  return Number(numAffectedRows)
}
