import type { Db } from '../../lib/db/db.ts'
import { potList } from './pots.sql.ts'

/** A counter of a UTC month (202611) or day (20261121), units that nodes have leased and not handed out included. */
export type PotUse = { bucket: number; used: number }

/** All counters of an account by name. One whose bucket is over still shows it: nothing is used of the present one. */
export async function potsUsed(db: Db, accountId: number): Promise<Map<string, PotUse>> {
  const rows = await potList(db, accountId)
  return new Map(rows.map(({ name, bucket, used }) => [name, { bucket, used }]))
}
