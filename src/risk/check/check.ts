import type { Ctx } from '../../ctx.ts'
import { monthEnd, monthStart } from '../../lib/buckets.ts'
import type { Hit } from '../list/lookups.ts'
import { markingsOf, type Marking } from '../keys/ring.ts'
import { networksOf } from '../normalise/ip.ts'
import { normalise } from '../normalise/normalise.ts'
import type { IdentifierType, Normalised } from '../normalise/normalised.ts'
import { scoreOf, type Score, type Signal } from '../score/score.ts'

export type Question = { type: IdentifierType; value: string; region: string | null }
/** Who asks: an account's list, and what two parties list; of a sandbox its own list alone. */
export type By = { owner: number; isSandbox: boolean }

export type Entry = Signal & {
  /** For their owner alone. */
  reason: string | null
  details: Record<string, string>
}
export type Checked = Score & {
  kind: 'checked'
  /** The entries behind `counted`, by their ids. */
  entries: ReadonlyMap<number, Entry>
  flags: readonly string[]
}
export type Unfit = { kind: 'unfit'; why: string }

/** An identifier that can be checked. */
export type Readable = {
  kind: 'readable'
  markings: readonly Marking[]
  /** Facts beside, as of `Normalised`. */
  flags: readonly string[]
}

/** Whether an identifier can be checked, found without asking anybody. */
export function readQuestion({ isSandbox }: By, { type, value, region }: Question): Readable | Unfit {
  const normalised = normalise(type, value, { region, allowDocumentation: isSandbox })
  if (normalised.kind === 'unfit') return normalised
  return { kind: 'readable', markings: askedOf(type, normalised), flags: normalised.flags }
}

/**
 * What the list says of an identifier now. The value itself is neither kept nor logged. Rejects with `busy` while this process
 * lacks a key of the list.
 */
export async function checkRead(
  ctx: Pick<Ctx, 'clock' | 'riskLookups'>,
  { owner, isSandbox }: By,
  { markings, flags }: Readable,
): Promise<Checked> {
  const hits = await ctx.riskLookups.ask({ owner, seesOthers: !isSandbox }, markings)
  const entries = entriesOf(withoutWider(hits, owner), owner, markings.filter(({ form }) => form === 'near').length)
  const score = scoreOf([...entries.values()], ctx.clock.now())
  return { kind: 'checked', ...score, entries, flags }
}

/** As `readQuestion` and `checkRead` in one. */
export async function check(
  ctx: Pick<Ctx, 'clock' | 'riskLookups'>,
  by: By,
  question: Question,
): Promise<Checked | Unfit> {
  const read = readQuestion(by, question)
  return read.kind === 'unfit' ? read : checkRead(ctx, by, read)
}

function askedOf(type: IdentifierType, { keys }: Extract<Normalised, { kind: 'fit' }>): Marking[] {
  const markings = markingsOf(type, keys)
  if (type !== 'ip') return markings
  const own = keys[0]!.text
  const networks = networksOf(own.slice(own.indexOf('/') + 1))
  const inside = networks.map((text): Marking => ({ form: 'network', text: `ip\0${text.slice('net/'.length)}` }))
  return [...markings, ...inside]
}

/**
 * A network that is allowed takes away what is said of it and of wider ones, and of nothing else: by the asker, what anybody says; by
 * the house, what others than the asker say.
 */
function withoutWider(hits: readonly Hit[], owner: number): readonly Hit[] {
  const isNetwork = ({ form }: Hit) => form === 'network'
  const allowed = hits.filter((hit) => isNetwork(hit) && hit.kind === 'allowed')
  // Networks were asked for from the smallest on.
  const overrules = (one: Hit, other: Hit) =>
    one.marking <= other.marking && (one.owner === owner || other.owner !== owner)
  const isOverruled = (hit: Hit) => isNetwork(hit) && allowed.some((each) => overrules(each, hit))
  const adverse = hits.filter((hit) => hit.kind === 'adverse' && !isOverruled(hit))
  // What was allowed has had its say, unless it has the last word.
  return adverse.length > 0 ? hits.filter((hit) => !isNetwork(hit) || adverse.includes(hit)) : hits
}

/** The strongest way in which each entry is met. */
function entriesOf(hits: readonly Hit[], owner: number, nearCount: number): Map<number, Entry> {
  const byEntry = Map.groupBy(hits, ({ id }) => id)
  const entries = new Map<number, Entry>()
  for (const [id, met] of byEntry) {
    const near = new Set(met.filter(({ form }) => form === 'near').map(({ marking }) => marking)).size
    const best = met.find(({ form }) => form === 'exact') ?? met.find(({ form }) => form !== 'near') ?? met[0]!
    entries.set(id, {
      entryId: id,
      kind: best.kind,
      type: best.type,
      form: best.form,
      share: nearCount === 0 ? 0 : near / nearCount,
      reasonCode: best.reason_code,
      party: best.party,
      confidence: best.confidence,
      isDisputed: best.disputed_at !== null,
      ...timesOf(best, owner),
      isOwn: best.owner === owner,
      reason: best.reason,
      details: best.details,
    })
  }
  return entries
}

/** Of others' entries months alone are told and counted by, as a day may tell whose order was behind one. */
function timesOf({ owner, first_seen: day, seen_at: seenAt, expires_at: expiresAt }: Hit, asker: number) {
  const firstSeen = new Date(`${day}T00:00:00Z`)
  if (owner === asker) return { firstSeen, seenAt, expiresAt }
  return { firstSeen: monthStart(firstSeen), seenAt: monthStart(seenAt), expiresAt: monthEnd(expiresAt) }
}
