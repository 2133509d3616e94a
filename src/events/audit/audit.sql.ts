import { sql } from 'kysely'
import type { Db, Tx } from '../../lib/db/db.ts'

export type AuditRow = {
  id: number
  at: Date
  actor: string
  action: string
  account_id: number | null
  subject: string
  reason: string | null
  before: Record<string, unknown> | null
  after: Record<string, unknown> | null
}

export async function auditInsert(tx: Tx, row: Omit<AuditRow, 'id'>): Promise<void> {
  await sql`
    insert into audit_entry (at, actor, action, account_id, subject, reason, before, after)
    values (${row.at}, ${row.actor}, ${row.action}, ${row.account_id}, ${row.subject}, ${row.reason},
      ${json(row.before)}::jsonb, ${json(row.after)}::jsonb)`.execute(tx)
}

/** Entries of these accounts, or of all, of actions that begin like this, before an id (null: from the newest), newest first. */
export async function auditList(
  db: Db,
  filter: { accountIds: number[] | null; actions: string; beforeId: number | null; limit: number },
): Promise<AuditRow[]> {
  const { rows } = await sql<AuditRow>`
    select * from audit_entry
    where (${filter.accountIds}::bigint[] is null or account_id = any(${filter.accountIds}))
      and starts_with(action, ${filter.actions})
      and (${filter.beforeId}::bigint is null or id < ${filter.beforeId})
    order by id desc limit ${filter.limit}`.execute(db)
  return rows
}

function json(value: Record<string, unknown> | null): string | null {
  return value && JSON.stringify(value)
}
