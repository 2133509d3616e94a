import type { Ctx } from '../../ctx.ts'
import { markingsOf, subjectOf, type Marking } from '../keys/ring.ts'
import { normaliseListed } from '../normalise/normalise.ts'
import type { IdentifierType } from '../normalise/normalised.ts'
import type { EntryRow } from './entries.sql.ts'
import { FADES_SOONER, REASONS, type ReasonCode } from './reasons.ts'

export type NewEntry = {
  kind: 'adverse' | 'allowed'
  type: IdentifierType
  value: string
  /** As of `Reading`. */
  region?: string
  reasonCode: ReasonCode
  /** For the owner alone, as are `details`. */
  reason?: string | null
  details?: Record<string, string>
  evidence?: string | null
  firstSeen?: Date
  /** When it happened last; else when it was first seen, else now. Its age counts from there. */
  seenAt?: Date
  /** Unless given, by the reason. */
  expiresAt?: Date
}

export type Unfit = { at: number; why: string }

const DAY_MS = 86_400_000

/** An entry that can be listed, with its identifier normalised. */
export type Prepared = {
  row: Pick<
    EntryRow,
    | 'kind'
    | 'type'
    | 'reason_code'
    | 'reason'
    | 'details'
    | 'evidence'
    | 'hint'
    | 'first_seen'
    | 'seen_at'
    | 'listed_at'
    | 'expires_at'
  >
  /** The one of its markings that says whose entry it is. */
  subject: Marking
  markings: readonly Marking[]
}

/** Normalises entries, without a database. */
export function prepareEntries(
  { clock }: Pick<Ctx, 'clock'>,
  { entries, isSandbox }: { entries: readonly NewEntry[]; isSandbox: boolean },
): { fit: Prepared[]; unfit: Unfit[] } {
  const listedAt = clock.now()
  const fit: Prepared[] = []
  const unfit: Unfit[] = []
  for (const [at, entry] of entries.entries()) {
    const reading = { region: entry.region ?? null, allowDocumentation: isSandbox }
    const normalised = normaliseListed(entry.type, entry.value, reading)
    if (normalised.kind === 'unfit') {
      unfit.push({ at, why: normalised.why })
      continue
    }
    const row = rowOf(entry, normalised.hint, listedAt)
    const why = endFault(row, listedAt)
    if (why !== null) {
      unfit.push({ at, why })
      continue
    }
    const { keys } = normalised
    fit.push({ row, subject: subjectOf(entry.type, keys), markings: markingsOf(entry.type, keys) })
  }
  return { fit, unfit }
}

function rowOf(entry: NewEntry, hint: string, at: Date): Prepared['row'] {
  const seenAt = entry.seenAt ?? entry.firstSeen ?? at
  const firstSeen = entry.firstSeen && entry.firstSeen < seenAt ? entry.firstSeen : seenAt
  return {
    kind: entry.kind,
    type: entry.type,
    reason_code: entry.reasonCode,
    reason: entry.reason ?? null,
    details: entry.details ?? {},
    evidence: entry.evidence ?? null,
    hint,
    first_seen: firstSeen.toISOString().slice(0, 10),
    seen_at: seenAt,
    listed_at: at,
    expires_at: entry.expiresAt ?? latestEnd({ ...entry, seenAt }),
  }
}

type Lasting = { type: IdentifierType; reasonCode: ReasonCode }

function expiryDays({ type, reasonCode }: Lasting): number {
  return REASONS[reasonCode].expiryDays * (FADES_SOONER[type] ?? 1)
}

function latestEnd({ seenAt, ...entry }: Lasting & { seenAt: Date }): Date {
  return new Date(seenAt.getTime() + expiryDays(entry) * DAY_MS)
}

/** What is wrong with when an entry is to end, or null: what speaks against somebody is forgotten on time. */
function endFault(row: Prepared['row'], now: Date): string | null {
  const entry = { type: row.type, reasonCode: row.reason_code, seenAt: row.seen_at }
  const kept = `what is listed for this reason is kept for ${expiryDays(entry)} days from when it happened.`
  if (row.expires_at <= now) return `It has ended: ${kept}`
  return row.kind === 'adverse' && row.expires_at > latestEnd(entry) ? `Give an earlier end: ${kept}` : null
}
