import { monthBucket } from '../../lib/buckets.ts'
import type { Tx } from '../../lib/db/db.ts'
import { DomainError } from '../../lib/errors.ts'
import { setKeyCap } from '../keys/keys.ts'
import { keyById, keyListCountedOn, type KeyRow } from '../keys/keys.sql.ts'
import { keyPotsFromUsage } from './key-caps.sql.ts'

/**
 * Sets what a key may do at most in a UTC month; null lifts a cap, and what is not given stays. What it has used in this
 * month counts, up to what servers have not written yet (half a second). Answers the key as it was. Throws `not_found`, and
 * `conflict` for a revoked key.
 */
export async function limitKey(
  tx: Tx,
  keyId: number,
  caps: { capCalls?: number | null; capUsdMicros?: number | null },
  now: Date,
): Promise<KeyRow> {
  const row = await keyById(tx, keyId)
  if (!row) throw new DomainError('not_found', `There is no key ${keyId}; \`key list\` shows all.`)
  const root = row.cap_key ?? row.id
  const keyIds = await keyListCountedOn(tx, root)
  // The meter before the key, as everywhere.
  await keyPotsFromUsage(tx, { accountId: row.account_id, capKey: root, keyIds, month: monthBucket(now) })
  return setKeyCap(tx, keyId, caps)
}
