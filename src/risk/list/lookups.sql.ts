import { sql } from 'kysely'
import type { Db } from '../../lib/db/db.ts'
import type { MarkForm } from '../keys/ring.ts'
import type { EntryRow } from './entries.sql.ts'

/** A digest to look for, for somebody. */
export type Probe = { digest: Buffer; owner: number; sees_others: boolean; is_near: boolean }

export type HitRow = Pick<
  EntryRow,
  'id' | 'owner' | 'kind' | 'type' | 'reason_code' | 'reason' | 'details' | 'seen_at' | 'expires_at' | 'disputed_at'
> & {
  /** The place of its probe among those sent. */
  n: number
  listed_form: MarkForm
  first_seen: string
  party: string
  confidence: number
}

type Listed = { announced: number; settled: number; prefixes: string[] }

/** Of one digest at most so many entries of its owner count, and of others. */
const OWN_MAX = 50
const OTHERS_MAX = 100
/** What is near to so many tells nobody apart. */
const NEAR_MAX = 20

/**
 * What stands under these digests: entries of whoever asks, and those of others that two parties list. As of the same moment,
 * `announced`: the newest generation of digests; `settled`: the oldest that there may be; `prefixes`: those of listed networks, as `prefixOf` says them.
 */
export async function hitList(db: Db, probes: readonly Probe[], now: Date): Promise<Listed & { hits: HitRow[] }> {
  const { rows } = await sql<HitRow & Listed & { n: number | null }>`
    select known.*, hit.* from (
      select max(generation) as announced, coalesce(max(generation) filter (where settled_at is not null), 1) as settled,
        array(select prefix from risk_prefix) as prefixes
      from risk_key) known
    left join risk_hits(${Buffer.concat(probes.map(({ digest }) => digest))}, ${probes.map(({ owner }) => owner)},
      ${probes.map(({ sees_others: sees }) => sees)}, ${probes.map(({ is_near: near }) => near)}, ${now}, ${OWN_MAX},
      ${OTHERS_MAX}, ${NEAR_MAX}) hit on true`.execute(db)
  const { announced, settled, prefixes } = rows[0]!
  return { announced, settled, prefixes, hits: rows.filter(({ n }) => n !== null) }
}
