import { Type } from 'typebox'
import type { Checked, Entry } from '../../risk/check/check.ts'
import { CATEGORIES, REASONS } from '../../risk/list/reasons.ts'
import { TYPES } from '../../risk/normalise/normalised.ts'
import { RULE_VERSION } from '../../risk/normalise/rule-version.ts'

const day = Type.Union([Type.String(), Type.Null()], {
  description: 'A day, such as 2024-03-15; of what others list, the first of its month.',
})
const text = Type.Union([Type.String(), Type.Null()])

export const IdentifierTypeField = Type.Enum([...TYPES])
export const RegionField = Type.Optional(
  Type.String({
    pattern: '^[A-Za-z]{2}$',
    description: 'a country in two letters, for phone numbers and addresses that do not say their own',
    examples: ['US'],
  }),
)
export const TokenField = Type.Optional(Type.String({ description: 'an ID token, in the place of a key' }))

const WireReason = Type.Object({
  code: Type.String(),
  says: Type.String(),
  match: Type.Enum(['exact', 'canonical', 'near', 'network'], { description: 'How it meets what was asked.' }),
  source: Type.Enum(['own', 'shared'], { description: 'Listed by you, or by others who agree.' }),
  firstSeen: Type.String(),
  expiresAt: Type.String(),
  disputed: Type.Boolean({ description: 'The person listed objects; it counts half until that is decided.' }),
  strength: Type.Number({ description: '0 to 1: what it adds to the score.' }),
})

export const WireResult = Type.Object({
  blacklisted: Type.Boolean(),
  riskScore: Type.Integer({ minimum: 0, maximum: 100 }),
  category: Type.Enum([...CATEGORIES]),
  matchType: Type.Union([Type.Enum([...TYPES]), Type.Null()]),
  firstSeen: day,
  reason: text,
  details: Type.Unknown({ description: 'An object on a match, with what you keep of an entry of yours; else `[]`.' }),
  reasons: Type.Array(WireReason, { description: 'All that counts, the strongest first.' }),
  flags: Type.Array(Type.String(), { description: 'Facts beside, such as `disposable`; they do not count.' }),
  ruleVersion: Type.Integer({ description: 'The same question under the same rules and list has the same score.' }),
  checkId: Type.String(),
  decaysAt: Type.Union([Type.String(), Type.Null()], {
    description: 'When the score falls next by itself, at the latest.',
  }),
})
export const WireChecked = Type.Object({ type: Type.Enum([...TYPES]), value: Type.String() })
export const Cost = Type.Number({ description: 'US dollars from the balance; 0 when the plan includes it.' })

/** What a check found, as `result` tells it. What an entry says in words and figures is for its owner alone. */
export function toWireResult(checked: Checked, checkId: string) {
  const { counted, entries, isAllowed } = checked
  const [first] = counted.map(({ entryId }) => entries.get(entryId)!)
  const allowing = [...entries.values()].filter(({ kind }) => isAllowed && kind === 'allowed')
  return {
    blacklisted: checked.blacklisted,
    riskScore: checked.score,
    category: checked.category,
    matchType: checked.matchType,
    firstSeen: checked.firstSeen && dayOf(checked.firstSeen),
    reason: first ? saysOf(first) : null,
    // As clients know it: a list when there is nothing, else an object.
    details: first ? (first.isOwn ? first.details : {}) : [],
    reasons: [
      ...counted.map(({ entryId, strength }) => toWireReason(entries.get(entryId)!, strength)),
      ...allowing.map((entry) => toWireReason(entry, 0)),
    ],
    flags: [...checked.flags],
    ruleVersion: RULE_VERSION,
    checkId,
    decaysAt: checked.decaysAt && checked.decaysAt.toISOString(),
  }
}

function toWireReason(entry: Entry, strength: number) {
  return {
    code: entry.kind === 'allowed' ? 'allowed' : entry.reasonCode,
    says: saysOf(entry),
    match: entry.form,
    source: entry.isOwn ? 'own' : 'shared',
    firstSeen: dayOf(entry.firstSeen),
    expiresAt: entry.expiresAt.toISOString(),
    disputed: entry.isDisputed,
    strength: Math.round(strength * 1_000) / 1_000,
  }
}

function saysOf({ kind, isOwn, reason, reasonCode }: Entry): string {
  const told = kind === 'allowed' ? 'It is listed as allowed.' : REASONS[reasonCode].says
  return (isOwn && reason) || told
}

function dayOf(at: Date): string {
  return at.toISOString().slice(0, 10)
}

/** US dollars as a JSON number. */
export function dollars(usdMicros: number): number {
  return usdMicros / 1_000_000
}
