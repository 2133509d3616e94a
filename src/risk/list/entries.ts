import type { Ctx } from '../../ctx.ts'
import { audit } from '../../events/audit/audit.ts'
import type { Db, Tx } from '../../lib/db/db.ts'
import { OperatorError } from '../../lib/errors.ts'
import { probesOf, writingKeys, type Known } from './generations.ts'
import { generationForget, generationLock } from './generations.sql.ts'
import { digestsOf, prefixOf, subjectOf } from '../keys/ring.ts'
import { cleanText } from '../normalise/clean-text.ts'
import { normaliseListed } from '../normalise/normalise.ts'
import type { IdentifierType } from '../normalise/normalised.ts'
import { RULE_VERSION } from '../normalise/rule-version.ts'
import {
  entryCorroborate,
  entryCount,
  entryDispute,
  entryErase,
  entryEraseAll,
  entryListLock,
  entryListOf,
  entryLockById,
  entryPage,
  entryPurge,
  entryPut,
  markInsert,
  prefixInsert,
  sourcePut,
  subjectDraw,
  subjectFind,
  type FoundEntry,
  type MarkRow,
} from './entries.sql.ts'
import { prepareEntries, type NewEntry, type Prepared, type Unfit } from './prepare.ts'

export type ListCtx = Pick<Ctx, 'db' | 'clock' | 'riskKeys'>

/** The operator's own list; every other owner is an account. */
export const HOUSE = 0

export type Source = {
  name: string
  /** Who stands behind it, in whatever case: sources of one party are one opinion. */
  party: string
  /** 1 to 100; null: as it was, or 100 of a new one. */
  confidence: number | null
}
export const STAFF: Source = { name: 'staff', party: 'house', confidence: 100 }

/** Whose list is written: sandboxes see their own alone. */
export type Owner = { owner: number; isSandbox: boolean }

/** `unfit`: what cannot be an identifier of its type, by its place; the others are listed all the same. */
export type Put = {
  /** Of the entries that are new, and of those that were there. */
  added: number[]
  refreshed: number[]
  unfit: Unfit[]
}

/**
 * Lists identifiers for one owner from one source, in the caller's transaction. One that the same source listed for the same
 * reason is refreshed.
 */
export async function putEntries(
  ctx: ListCtx,
  tx: Tx,
  { entries, ...wish }: Owner & { entries: readonly NewEntry[]; source: Source },
): Promise<Put> {
  const { fit, unfit } = prepareEntries(ctx, { entries, isSandbox: wish.isSandbox })
  return { ...(await putPrepared(ctx, tx, { ...wish, entries: fit })), unfit }
}

/** `putEntries` without what needs no database, which an import does beside. Of what is the same twice, the last holds. */
export async function putPrepared(
  ctx: ListCtx,
  tx: Tx,
  { entries, source, owner, isSandbox }: Owner & { entries: readonly Prepared[]; source: Source },
): Promise<Omit<Put, 'unfit'>> {
  const fit = [...new Map(entries.map((each) => [identityOf(each), each])).values()]
  if (fit.length === 0) return { added: [], refreshed: [] }
  const known = await writingKeys(ctx, tx)
  await entryListLock(tx)
  const { id: source_id, party } = await sourcePut(tx, { ...source, party: partyOf(source) })
  if (party !== partyOf(source)) {
    throw new OperatorError(`The source ${source.name} is of the party ${party}; give that one, or another name.`)
  }
  const { subjects, drawn } = await subjectsOf(tx, known, fit)
  const rows = fit.map(({ row, subject }) => {
    const late = { owner, is_sandbox: isSandbox, source_id, rule_version: RULE_VERSION }
    return { ...row, ...late, subject: subjects.get(subject.text)! }
  })
  const written = await entryPut(tx, rows)
  const fresh = new Map(written.filter((each) => each.is_new).map((each) => [placeOf(each), each.id]))
  const networks = fit.flatMap(({ markings }) => markings.filter(({ form }) => form === 'network'))
  await prefixInsert(tx, [...new Set(networks.map(({ text }) => prefixOf(text)))])
  await markInsert(
    tx,
    fit.flatMap((each, at) => {
      const entry_id = fresh.get(placeOf(rows[at]!))
      return entry_id === undefined ? [] : marksOf(each, known, owner).map((mark) => ({ ...mark, entry_id }))
    }),
  )
  // One whom nobody listed before has one party behind him, and only what is allowed is shared even so.
  const allowed = new Set(rows.filter(({ kind }) => kind === 'allowed').map(({ subject }) => subject))
  await entryCorroborate(
    tx,
    [...new Set(subjects.values())].filter((subject) => !drawn.has(subject) || allowed.has(subject)),
  )
  return { added: [...fresh.values()], refreshed: written.filter((each) => !each.is_new).map(({ id }) => id) }
}

/** As `putEntries` for one, in a transaction of its own and with a note of who did it. Throws an `OperatorError` for what is unfit. */
export async function addEntry(
  ctx: ListCtx,
  { entry, source, actor, ...whose }: Owner & { entry: NewEntry; source: Source; actor: string },
): Promise<{ id: number; isNew: boolean }> {
  return ctx.db.transaction().execute(async (tx) => {
    const { added, refreshed, unfit } = await putEntries(ctx, tx, { ...whose, source, entries: [entry] })
    if (unfit[0]) throw new OperatorError(unfit[0].why)
    const id = [...added, ...refreshed][0]!
    const { kind, type, reasonCode: reason_code } = entry
    const after = { kind, type, reason_code, source: source.name }
    await note(tx, { ctx, actor, action: 'risk.add', owner: whose.owner, subject: `risk:${id}`, after })
    return { id, isNew: added.length === 1 }
  })
}

/** Every entry of an identifier: of one owner, or of all. Throws an `OperatorError` for what is unfit. */
export async function findEntries(
  ctx: ListCtx,
  { type, value, region, owner }: { type: IdentifierType; value: string; region: string | null; owner: number | null },
): Promise<FoundEntry[]> {
  const normalised = normaliseListed(type, value, { region, allowDocumentation: true })
  if (normalised.kind === 'unfit') throw new OperatorError(normalised.why)
  const { text } = subjectOf(type, normalised.keys)
  return ctx.db.transaction().execute(async (tx) => {
    const subject = await findSubject(ctx, tx, text)
    return subject === null ? [] : listOfSubject(tx, subject, owner)
  })
}

/** Whom entries are about that have this text (as of `subjectOf`); null when there are none. */
export async function findSubject(ctx: ListCtx, tx: Tx, text: string): Promise<number | null> {
  // Under the writers' lock of the keys, or the digests might be wrapped between both statements.
  const known = await writingKeys(ctx, tx)
  const probes = probesOf(known, text).map((digest) => ({ n: 0, digest }))
  const [found] = await subjectFind(tx, probes)
  return found?.subject ?? null
}

/** Every entry about a subject, oldest first: of one owner, or of all. */
export async function listOfSubject(db: Db, subject: number, owner: number | null = null): Promise<FoundEntry[]> {
  return entryListOf(db, subject, owner)
}

/** Locks entries until the transaction ends, behind whoever writes the list; answers those that are still there. */
export async function lockEntries(tx: Tx, ids: readonly number[]): Promise<number[]> {
  await entryListLock(tx)
  return (await entryLockById(tx, ids)).map(({ id }) => id)
}

/** Notes since when entries are disputed; null: no longer. */
export async function markDisputed(tx: Tx, ids: readonly number[], at: Date | null): Promise<void> {
  await entryDispute(tx, ids, at)
}

/** A page of an owner's entries, newest first. */
export async function listEntries(
  { db }: Pick<Ctx, 'db'>,
  page: { owner: number; before: number | null; limit: number },
): Promise<FoundEntry[]> {
  return entryPage(db, page)
}

/** Takes entries off the list for good, leaving a proof of each without its identifier. Answers how many there were. */
export async function eraseEntries(
  ctx: ListCtx,
  tx: Tx,
  { ids, actor, why }: { ids: readonly number[]; actor: string; why: string },
): Promise<number> {
  await entryListLock(tx)
  const rows = await entryLockById(tx, ids)
  await entryErase(tx, ids, { at: ctx.clock.now(), actor, why })
  await entryCorroborate(tx, [...new Set(rows.map(({ subject }) => subject))])
  for (const { id, owner, type } of rows) {
    await note(tx, { ctx, actor, action: 'risk.remove', owner, subject: `risk:${id}`, reason: why, after: { type } })
  }
  return rows.length
}

/** How many entries there are, on all lists. */
export async function countEntries({ db }: Pick<Ctx, 'db'>): Promise<number> {
  return entryCount(db)
}

/**
 * Erases every entry with the keys that they were made with, of which none may be at hand any more, leaving a proof of each. Answers how
 * many there were. No server may run: it would go on with the old keys.
 */
export async function forgetList(
  { db, clock }: Pick<Ctx, 'db' | 'clock'>,
  { actor, why }: { actor: string; why: string },
): Promise<number> {
  return db.transaction().execute(async (tx) => {
    await generationLock(tx)
    await entryListLock(tx)
    const at = clock.now()
    const count = await entryEraseAll(tx, { at, actor, why })
    await generationForget(tx)
    const deed = { at, actor, action: 'risk.forget_list', accountId: null, subject: 'risk', reason: why }
    await audit(tx, { ...deed, after: { entries: count } })
    return count
  })
}

const PURGED_AT_ONCE = 500

/** Takes entries off that have ended, a page at a time, with one note of each page and no proof; answers how many. */
export async function purgeEntries(ctx: ListCtx): Promise<number> {
  for (let count = 0; ;) {
    const page = await ctx.db.transaction().execute((tx) => purgePage(ctx, tx))
    count += page
    if (page < PURGED_AT_ONCE) return count
  }
}

async function purgePage(ctx: ListCtx, tx: Tx): Promise<number> {
  // Looked for under the lock: one that was just listed again has not ended.
  await entryListLock(tx)
  const gone = await entryPurge(tx, ctx.clock.now(), PURGED_AT_ONCE)
  if (gone.length === 0) return 0
  await entryCorroborate(tx, [...new Set(gone.map(({ subject }) => subject))])
  const ids = gone.map(({ id }) => id)
  const subject = `risk:${Math.min(...ids)}-${Math.max(...ids)}`
  const deed = { ctx, actor: 'system', action: 'risk.expire', owner: HOUSE, subject, reason: 'It has expired.' }
  await note(tx, { ...deed, after: { entries: gone.length } })
  return gone.length
}

function marksOf({ row, subject, markings }: Prepared, { ring }: Known, owner: number): Omit<MarkRow, 'entry_id'>[] {
  return markings.map((marking) => {
    const digest = digestsOf(ring, marking.text).at(-1)!
    const isSubject = marking.text === subject.text
    return {
      digest,
      owner,
      is_adverse: row.kind === 'adverse',
      generation: ring.length,
      form: marking.form,
      is_subject: isSubject,
    }
  })
}

/** The subject of each text: the one that other entries have already, or a new one, which is `drawn`. */
async function subjectsOf(
  tx: Tx,
  known: Known,
  fit: readonly Prepared[],
): Promise<{ subjects: Map<string, number>; drawn: ReadonlySet<number> }> {
  const texts = [...new Set(fit.map(({ subject }) => subject.text))]
  const probes = texts.flatMap((text, n) => probesOf(known, text).map((digest) => ({ n, digest })))
  const subjects = new Map((await subjectFind(tx, probes)).map(({ n, subject }) => [texts[n]!, subject]))
  const unknown = texts.filter((text) => !subjects.has(text))
  const drawn = await subjectDraw(tx, unknown.length)
  for (const [n, text] of unknown.entries()) subjects.set(text, drawn[n]!)
  return { subjects, drawn: new Set(drawn) }
}

/** Or else a slip of the keyboard would be a second opinion. */
function partyOf({ party }: Source): string {
  return cleanText(party).toLowerCase().replaceAll(/\s+/g, ' ')
}

function identityOf({ row, subject }: Prepared): string {
  return `${row.kind}\0${row.reason_code}\0${subject.text}`
}

function placeOf({
  subject,
  kind,
  reason_code: reason,
}: {
  subject: number
  kind: string
  reason_code: string
}): string {
  return `${subject} ${kind} ${reason}`
}

async function note(
  tx: Tx,
  entry: {
    ctx: ListCtx
    actor: string
    action: string
    owner: number
    subject: string
    reason?: string
    after: Record<string, unknown>
  },
): Promise<void> {
  const { ctx, actor, action, owner, subject, reason, after } = entry
  const accountId = owner === HOUSE ? null : owner
  await audit(tx, { at: ctx.clock.now(), actor, action, accountId, subject, after, ...(reason && { reason }) })
}
