import type { Ctx } from '../../ctx.ts'
import { audit } from '../../events/audit/audit.ts'
import type { Tx } from '../../lib/db/db.ts'
import { DomainError, OperatorError } from '../../lib/errors.ts'
import { storableText } from '../../lib/text.ts'
import type { FoundEntry } from '../list/entries.sql.ts'
import { eraseEntries, HOUSE, listOfSubject, lockEntries, markDisputed, type ListCtx } from '../list/entries.ts'
import { categoryOf, REASONS, type Category } from '../list/reasons.ts'
import { codeDeleteEnded } from './codes.sql.ts'
import { takeToken, useCode, type CodeCtx, type Reachable } from './codes.ts'
import {
  disputeBlank,
  disputeDecide,
  disputeEntryList,
  disputeInsert,
  disputeList,
  disputeListOf,
  disputeLock,
  type DisputeRow,
  type DisputeState,
} from './disputes.sql.ts'

/** What somebody is told that is held about him: never who listed it, nor in what words. */
export type Held = {
  category: Category
  /** A sentence. */
  reason: string
  firstSeen: string
  expiresAt: Date
  isDisputed: boolean
  listedBy: 'operator' | 'member'
}

export type Dispute = Omit<DisputeRow, 'opened_at' | 'decided_at' | 'decided_by'> & {
  openedAt: Date
  decidedAt: Date | null
  decidedBy: string | null
  /** Those of its entries that are still there. */
  entryIds: number[]
}

export const STATEMENT_MAX = 2_000
const DAY_MS = 86_400_000
const CODES_KEPT_MS = DAY_MS
const STATEMENTS_KEPT_MS = 2 * 365 * DAY_MS

/** What can become of a dispute: its entries stay and count in full again, or are erased. */
const NEXT: Readonly<Record<DisputeState, readonly DisputeState[]>> = {
  open: ['upheld', 'removed'],
  upheld: [],
  removed: [],
}

/**
 * What is held against an address or a number whose code is given, and a token to object with for half an hour. Throws
 * `input_invalid` for a code that is wrong, over or used.
 */
export async function heldOf(
  ctx: CodeCtx & ListCtx,
  asked: Reachable & { code: string },
): Promise<{ held: Held[]; token: string; tokenEndsAt: Date }> {
  return ctx.db.transaction().execute(async (tx) => {
    const { subject, token, endsAt } = await useCode(ctx, tx, asked)
    const entries = subject === null ? [] : await heldEntries(ctx, tx, subject)
    return { held: entries.map(toHeld), token, tokenEndsAt: endsAt }
  })
}

/**
 * Objects to all that is held against whom the token stands for, and answers the dispute's number. Until staff decide, an entry
 * counts half, unless it was upheld before. Throws `input_invalid` for a token that is none and a statement without words, and
 * `conflict` when there is nothing to object to.
 */
export async function dispute(
  ctx: ListCtx,
  { token, statement }: { token: string; statement: string },
): Promise<{ id: number }> {
  const words = storableText(statement).trim()
  // In code points, as the schemas of surfaces count.
  if (words === '' || Array.from(words).length > STATEMENT_MAX) {
    throw new DomainError('input_invalid', `statement has 1 to ${STATEMENT_MAX} characters.`)
  }
  return ctx.db.transaction().execute(async (tx) => {
    const subject = await takeToken(ctx, tx, token)
    const entries = subject === null ? [] : await heldEntries(ctx, tx, subject)
    const ids = await lockEntries(
      tx,
      entries.map((each) => each.id),
    )
    const before = await disputeListOf(tx, ids)
    const isIn = (state: DisputeState) => (id: number) =>
      before.some((each) => each.entry_id === id && each.state === state)
    const objectedTo = ids.filter((id) => !isIn('open')(id))
    if (objectedTo.length === 0) throw nothingToDispute(ids.length > 0)
    const at = ctx.clock.now()
    // Those that were upheld go on counting in full, or whoever objects time and again would keep them at half.
    await markDisputed(
      tx,
      objectedTo.filter((id) => !isIn('upheld')(id)),
      at,
    )
    const { type, hint } = entries[0]!
    const id = await disputeInsert(tx, { type, hint, statement: words, opened_at: at }, objectedTo)
    const deed = { at, actor: 'listed person', action: 'risk.dispute', accountId: null }
    await audit(tx, { ...deed, subject: `dispute:${id}`, after: { entries: objectedTo } })
    return { id }
  })
}

/** The disputes that are open, oldest first, or those that are decided, newest first. */
export async function listDisputes(
  { db }: Pick<Ctx, 'db'>,
  wish: { isOpen: boolean; limit: number },
): Promise<Dispute[]> {
  return (await disputeList(db, wish)).map(toDispute)
}

/**
 * Ends a dispute: its entries are upheld, or erased and leave a proof. Throws an `OperatorError` for one that is unknown or
 * decided.
 */
export async function decideDispute(
  ctx: ListCtx,
  { id, decision, why, actor }: { id: number; decision: 'upheld' | 'removed'; why: string; actor: string },
): Promise<{ entries: number }> {
  return ctx.db.transaction().execute(async (tx) => {
    const row = await disputeLock(tx, id)
    if (!row) throw new OperatorError(`There is no dispute ${id}; \`risk disputes\` shows those that are open.`)
    if (!NEXT[row.state].includes(decision)) {
      throw new OperatorError(`Dispute ${id} was decided already: ${row.state}, by ${row.decided_by}.`)
    }
    const at = ctx.clock.now()
    await disputeDecide(tx, { id, state: decision, decision: why, decided_at: at, decided_by: actor })
    const ids = await disputeEntryList(tx, id)
    const after = { decision, entries: ids }
    const deed = { at, actor, action: 'risk.decide', accountId: null, subject: `dispute:${id}` }
    await audit(tx, { ...deed, reason: why, before: { state: row.state }, after })
    if (decision === 'upheld') await markDisputed(tx, ids, null)
    else await eraseEntries(ctx, tx, { ids, actor, why: `Dispute ${id}: ${why}` })
    return { entries: ids.length }
  })
}

/** Deletes codes a day after their end, and empties the statements of disputes two years after they were decided. */
export async function purgeDisputes({
  db,
  clock,
}: Pick<Ctx, 'db' | 'clock'>): Promise<{ codes: number; statements: number }> {
  const before = (ms: number) => new Date(clock.now().getTime() - ms)
  return {
    codes: await codeDeleteEnded(db, before(CODES_KEPT_MS)),
    statements: await disputeBlank(db, before(STATEMENTS_KEPT_MS)),
  }
}

function nothingToDispute(isUnderWay: boolean): DomainError {
  const told = isUnderWay ? 'You have objected already; wait for what is decided.' : 'Nothing is held to object to.'
  return new DomainError('conflict', told)
}

/** What counts against a person in somebody's eyes; sandboxes are nobody's. */
async function heldEntries({ clock }: Pick<Ctx, 'clock'>, tx: Tx, subject: number): Promise<FoundEntry[]> {
  const now = clock.now()
  return (await listOfSubject(tx, subject)).filter(
    (entry) => entry.kind === 'adverse' && !entry.is_sandbox && entry.expires_at > now,
  )
}

function toHeld(entry: FoundEntry): Held {
  return {
    category: categoryOf(entry.type, entry.reason_code),
    reason: REASONS[entry.reason_code].says,
    firstSeen: entry.first_seen,
    expiresAt: entry.expires_at,
    isDisputed: entry.disputed_at !== null,
    listedBy: entry.owner === HOUSE ? 'operator' : 'member',
  }
}

function toDispute({
  opened_at: openedAt,
  decided_at: decidedAt,
  decided_by: decidedBy,
  entry_ids: entryIds,
  ...row
}: DisputeRow & { entry_ids: number[] }): Dispute {
  return { ...row, openedAt, decidedAt, decidedBy, entryIds }
}
