import { storableText } from '../../lib/text.ts'
import { TYPES } from '../normalise/normalised.ts'
import type { NewEntry } from './prepare.ts'
import type { Fields } from './import-records.ts'
import { eventDetails, REASONS, type ReasonCode } from './reasons.ts'

/** The fields of an import; docs/risk.md says what they mean. */
export const IMPORT_FIELDS = [
  'type',
  'value',
  'region',
  'kind',
  'reason',
  'note',
  'order_id',
  'amount',
  'date',
  'evidence',
  'first_seen',
  'expires_at',
] as const
export const REQUIRED_FIELDS = ['type', 'value']
export type ImportField = (typeof IMPORT_FIELDS)[number]

const KINDS = ['adverse', 'allowed'] as const
const LENGTHS: Partial<Record<ImportField, number>> = { note: 500, order_id: 100, amount: 50, evidence: 2_000 }
const MOMENT = /^(\d{4}-\d\d-\d\d)(?:T\d\d:\d\d:\d\d(?:\.\d{1,3})?Z)?$/

/** The entry that a record says, or one sentence that tells what is wrong with it and never what it says. */
export function entryOf(fields: Fields, now: Date): NewEntry | { fault: string } {
  const given = fields as Readonly<Partial<Record<ImportField, string>>>
  const type = TYPES.find((each) => each === given.type?.toLowerCase())
  if (!type) return { fault: `type must be one of ${TYPES.join(', ')}.` }
  if (given.value === undefined) return { fault: 'value is missing.' }
  const kind = KINDS.find((each) => each === (given.kind ?? 'adverse').toLowerCase())
  if (!kind) return { fault: `kind must be one of ${KINDS.join(', ')}.` }
  const reasonCode = reasonOf(given.reason ?? (kind === 'allowed' ? 'other' : ''))
  if (!reasonCode) return { fault: `reason must be one of ${Object.keys(REASONS).join(', ')}.` }
  const region = given.region?.toUpperCase()
  if (region !== undefined && !/^[A-Z]{2}$/.test(region)) return { fault: 'region must be a country in two letters.' }
  const fault = lengthFault(given) ?? momentFault(given, now)
  if (fault !== null) return { fault }

  const details = eventDetails(reasonCode, {
    orderId: given.order_id && storableText(given.order_id),
    amount: given.amount && storableText(given.amount),
    date: given.date?.slice(0, 10),
  })
  return {
    kind,
    type,
    value: given.value,
    reasonCode,
    details,
    ...(region !== undefined && { region }),
    ...(given.note !== undefined && { reason: storableText(given.note) }),
    ...(given.evidence !== undefined && { evidence: storableText(given.evidence) }),
    ...(given.date !== undefined && { seenAt: new Date(given.date) }),
    ...(given.first_seen !== undefined && { firstSeen: new Date(given.first_seen) }),
    ...(given.expires_at !== undefined && { expiresAt: new Date(given.expires_at) }),
  }
}

function reasonOf(text: string): ReasonCode | null {
  const code = text.toLowerCase()
  return Object.hasOwn(REASONS, code) ? (code as ReasonCode) : null
}

function lengthFault(fields: Readonly<Partial<Record<ImportField, string>>>): string | null {
  for (const [field, most] of Object.entries(LENGTHS) as [ImportField, number][]) {
    if ((fields[field]?.length ?? 0) > most) return `${field} has more than ${most} characters.`
  }
  return null
}

function momentFault(fields: Readonly<Partial<Record<ImportField, string>>>, now: Date): string | null {
  for (const field of ['date', 'first_seen', 'expires_at'] as const) {
    const text = fields[field]
    if (text === undefined) continue
    const at = momentOf(text)
    if (at === null) return `${field} must be a day such as 2026-01-31, or a moment such as 2026-01-31T12:00:00Z.`
    if (field === 'expires_at' && at <= now) return 'expires_at has passed already.'
    if (field !== 'expires_at' && at > now) return `${field} lies in the future.`
  }
  return null
}

/** Null for a day that its month does not have, which would be read as one of the next, and for what was before computers. */
function momentOf(text: string): Date | null {
  const day = MOMENT.exec(text)?.[1]
  const at = new Date(day === undefined ? NaN : text)
  return at.getTime() >= 0 && at.toISOString().startsWith(day!) ? at : null
}
