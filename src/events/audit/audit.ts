import type { Db, Tx } from '../../lib/db/db.ts'
import { auditInsert, auditList } from './audit.sql.ts'

/** Who did what to whom; `before` and `after` hold what changed, never a secret. */
export type AuditEntry = {
  at: Date
  /** `cli:NAME` for a command on the server. */
  actor: string
  /** What was done, verb last: `key.revoke`. */
  action: string
  accountId: number | null
  /** What it was done to: `key:7`. */
  subject: string
  reason?: string | null
  before?: Record<string, unknown> | null
  after?: Record<string, unknown> | null
}

/** Writes down who did what, in the transaction that does it. */
export async function audit(tx: Tx, entry: AuditEntry): Promise<void> {
  const { at, actor, action, accountId, subject, reason = null, before = null, after = null } = entry
  await auditInsert(tx, { at, actor, action, account_id: accountId, subject, reason, before, after })
}

/**
 * Entries of these accounts, or of all, and of actions that begin like this, newest first, at most `limit` (100), before the entry
 * `beforeId`.
 */
export async function listAudit(
  db: Db,
  {
    accountIds = null,
    actions = '',
    beforeId = null,
    limit = 100,
  }: { accountIds?: number[] | null; actions?: string; beforeId?: number | null; limit?: number } = {},
): Promise<(Required<AuditEntry> & { id: number })[]> {
  const rows = await auditList(db, { accountIds, actions, beforeId, limit })
  return rows.map(({ account_id: accountId, ...row }) => ({ ...row, accountId }))
}
