import { categoryOf, FADES_SOONER, REASONS, type Category, type ReasonCode } from '../list/reasons.ts'
import type { MarkForm } from '../keys/ring.ts'
import type { IdentifierType } from '../normalise/normalised.ts'

/** An entry that an identifier meets. */
export type Signal = {
  entryId: number
  kind: 'adverse' | 'allowed'
  /** Listed by whoever asks. */
  isOwn: boolean
  type: IdentifierType
  form: MarkForm
  /** Of a near match: the part of the identifier's near keys that meet, 0 to 1. */
  share: number
  reasonCode: ReasonCode
  /** Who stands behind it. */
  party: string
  /** Of the source, 1 to 100. */
  confidence: number
  isDisputed: boolean
  firstSeen: Date
  /** Its age counts from here. */
  seenAt: Date
  /** From when on it says nothing to whoever asks. */
  expiresAt: Date
}

export type Counted = Signal & {
  /** 0 to 1: what it says now. */
  strength: number
}

export type Score = {
  /** 0 clean to 100. */
  score: number
  /** An entry is of this very identifier, or of its network; near ones only raise the score. */
  blacklisted: boolean
  category: Category
  matchType: IdentifierType | null
  /** When the strongest of them was seen first. */
  firstSeen: Date | null
  /** Strongest first. */
  counted: readonly Counted[]
  isAllowed: boolean
  /** When the score falls by itself next; null when there is nothing to fall. */
  decaysAt: Date | null
}

const DAY_MS = 86_400_000
const FRESH_DAYS = 90
const STEP_DAYS = 30
const FORM_WEIGHT: Readonly<Record<Exclude<MarkForm, 'near'>, number>> = { exact: 1, canonical: 0.95, network: 0.7 }
/** What look-alikes say at most. */
const NEAR_WEIGHT = 0.5
/**
 * Which part of an identifier's near keys has to meet another's for a look-alike. bench/risk-quality.ts draws the curve and chooses: of
 * the shares from which on 98 of 100 such matches are right, the one that finds most. Types that are not here have no near keys.
 */
export const NEAR_SHARE_MIN: Readonly<Partial<Record<IdentifierType, number>>> = {
  email: 0.28,
  username: 0.33,
  address: 0.5,
  ip: 1,
}
const DISPUTED = 0.5

/**
 * What signals say together at a time: each by its reason, form, source and age, and all as 1 − Π(1 − strength), so that
 * another adverse one never lowers it. Of one party and reason the strongest counts. Whom the asker allows is in no doubt; whom the
 * house allows, in the asker's own alone.
 */
export function scoreOf(signals: readonly Signal[], now: Date): Score {
  const allowing = signals.filter(
    ({ kind, form, expiresAt }) => kind === 'allowed' && form !== 'near' && expiresAt > now,
  )
  const isAllowed = allowing.length > 0
  const doubts = (own: boolean) => (own ? !allowing.some(({ isOwn }) => isOwn) : !isAllowed)
  const adverse = signals.filter(({ kind, isOwn }) => kind === 'adverse' && doubts(isOwn))
  const counted = strongest(adverse, now)
  const [first] = counted
  if (!first) return { ...CLEAN, isAllowed }
  const score = together(counted)
  return {
    score,
    blacklisted: score > 0 && counted.some(({ form }) => form !== 'near'),
    category: categoryOf(first.type, first.reasonCode),
    matchType: first.type,
    firstSeen: first.firstSeen,
    counted,
    isAllowed: false,
    decaysAt: score > 0 ? fallsAt(adverse, score, now) : null,
  }
}

const CLEAN: Score = {
  score: 0,
  blacklisted: false,
  category: 'none',
  matchType: null,
  firstSeen: null,
  counted: [],
  isAllowed: false,
  decaysAt: null,
}

function together(counted: readonly { strength: number }[]): number {
  const clean = counted.reduce((product, { strength }) => product * (1 - strength), 1)
  return Math.round(100 * (1 - clean))
}

function strengthOf(signal: Signal, now: Date): number {
  if (signal.expiresAt <= now) return 0
  const reason = REASONS[signal.reasonCode]
  const halfLifeDays = reason.halfLifeDays * (FADES_SOONER[signal.type] ?? 1)
  const form = signal.form === 'near' ? nearWeight(signal) : FORM_WEIGHT[signal.form]
  const decay = 0.5 ** ((stepsOf(signal, now) * STEP_DAYS) / halfLifeDays)
  return reason.weight * form * (signal.confidence / 100) * (signal.isDisputed ? DISPUTED : 1) * decay
}

function nearWeight({ type, share }: Signal): number {
  return share < (NEAR_SHARE_MIN[type] ?? 1) ? 0 : NEAR_WEIGHT * share
}

/** How many whole steps its age is beyond the time in which it says all that it has to say. */
function stepsOf({ seenAt }: Signal, now: Date): number {
  const ageDays = (now.getTime() - seenAt.getTime()) / DAY_MS
  return Math.max(0, Math.floor((ageDays - FRESH_DAYS) / STEP_DAYS))
}

/** One for each party and reason, strongest first; equal ones in the order of their entries. */
function strongest(signals: readonly Signal[], now: Date): Counted[] {
  const kept = new Map<string, Counted>()
  const ordered = signals
    .map((signal) => ({ ...signal, strength: strengthOf(signal, now) }))
    .sort((one, two) => two.strength - one.strength || one.entryId - two.entryId)
  for (const signal of ordered) {
    const key = `${signal.party}\0${signal.reasonCode}`
    if (signal.strength > 0 && !kept.has(key)) kept.set(key, signal)
  }
  return [...kept.values()]
}

/** The first moment of a lower score, found by halves: by itself it only falls. */
function fallsAt(signals: readonly Signal[], score: number, now: Date): Date {
  let before = now.getTime()
  let after = Math.max(...signals.map(({ expiresAt }) => expiresAt.getTime()))
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2)
    if (together(strongest(signals, new Date(middle))) < score) after = middle
    else before = middle
  }
  return new Date(after)
}
