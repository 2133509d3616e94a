import type { Db } from '../../lib/db/db.ts'
import { orderNumberNext } from './orders.sql.ts'

/**
 * The next number of the UTC day of `at`, such as `ORD-20240115-001`: three digits or more. Drawn outside the order's
 * transaction, so that nobody waits for somebody else's; one that is not used is a gap.
 */
export async function drawNumber(db: Db, prefix: 'ORD', at: Date): Promise<string> {
  const day = at.toISOString().slice(0, 10)
  const count = await orderNumberNext(db, prefix, day)
  return `${prefix}-${day.replaceAll('-', '')}-${String(count).padStart(3, '0')}`
}
