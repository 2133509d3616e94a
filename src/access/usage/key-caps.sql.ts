import { sql } from 'kysely'
import type { Tx } from '../../lib/db/db.ts'

/** Counts on a key's caps what these keys have used in a month already. Locks the account's meter. */
export async function keyPotsFromUsage(
  tx: Tx,
  { accountId, capKey, keyIds, month }: { accountId: number; capKey: number; keyIds: number[]; month: number },
): Promise<void> {
  await sql`select key_pots_from_usage(${accountId}, ${capKey}, ${keyIds}::bigint[], ${month})`.execute(tx)
}
