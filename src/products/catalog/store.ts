import assert from 'node:assert/strict'
import type { Ctx } from '../../ctx.ts'
import type { Listing } from '../listing.ts'
import { findAbsurdity } from './absurdity.ts'
import { absenceDelete, epochBump, productLock, productUpsert, quarantineInsert } from './catalog.sql.ts'
import type { Product } from './product.ts'
import { productOf, rowOf, storableJson } from './rows.ts'
import { shardOf } from './shards.ts'

/** How long an absurd answer is kept for a person to look at. */
const QUARANTINE_MS = 7 * 24 * 60 * 60_000

/** `stored` gives the product as the catalogue now has it. */
export type Stored = { kind: 'stored'; product: Product } | { kind: 'quarantined'; reason: string }

/**
 * Writes what a source answered into the live catalogue, unless it is absurd beside what is stored: then it goes into
 * quarantine, and the stored row stays. A feed's word is the operator's own: it goes past this (see `import.ts`), which
 * is also the way out when a price did move that far, and it stands, so that an answer under way while it was imported
 * changes nothing and the feed's product comes back.
 */
export async function storeListing(ctx: Ctx, listing: Listing, source: string): Promise<Stored> {
  const now = ctx.clock.now()
  return ctx.db.transaction().execute(async (tx) => {
    const before = await productLock(tx, listing)
    if (before?.source === 'feed') return { kind: 'stored', product: productOf(before) }
    const reason = findAbsurdity(before && productOf(before), listing)
    if (reason !== null) {
      const since = new Date(now.getTime() - QUARANTINE_MS)
      await quarantineInsert(tx, { ref: listing, source, reason, listing: storableJson(listing), notedAt: now, since })
      return { kind: 'quarantined', reason }
    }
    const row = await productUpsert(tx, rowOf(listing), source, now)
    if (row === null) {
      // A feed brought the listing after the look above.
      const fed = await productLock(tx, listing)
      assert.ok(fed, 'a row that refuses an upsert is there')
      return { kind: 'stored', product: productOf(fed) }
    }
    await absenceDelete(tx, listing)
    await epochBump(tx, [shardOf(listing)])
    return { kind: 'stored', product: productOf(row) }
  })
}
