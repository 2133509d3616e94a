import { text } from 'node:stream/consumers'
import { getAccount } from '../access/accounts/accounts.ts'
import { readConfig } from '../config.ts'
import { withCtx, type Ctx } from '../ctx.ts'
import { listAudit } from '../events/audit/audit.ts'
import { OperatorError } from '../lib/errors.ts'
import {
  addEntry,
  eraseEntries,
  findEntries,
  HOUSE,
  listEntries,
  STAFF,
  type Owner,
  type Source,
} from '../risk/list/entries.ts'
import type { NewEntry } from '../risk/list/prepare.ts'
import type { FoundEntry } from '../risk/list/entries.sql.ts'
import { ensureKeys } from '../risk/list/generations.ts'
import type { ReasonCode } from '../risk/list/reasons.ts'
import type { IdentifierType } from '../risk/normalise/normalised.ts'
import { printAudit, type Json } from './account.ts'
import { cliActor } from './actor.ts'
import { oneLine, print, table } from './print.ts'

/** Whose list; without an account the operator's. */
export type OfList = { account?: string; sandbox?: boolean }
type Identifier = { type: IdentifierType; value: string; region?: string }
type AddOptions = Json &
  OfList &
  Identifier & { reason?: ReasonCode; allow?: boolean; note?: string; evidence?: string; date?: Date; expires?: Date }

export async function riskAdd(options: AddOptions): Promise<void> {
  const { type, reason, allow = false, note, evidence, date, expires } = options
  if ((reason === undefined) === !allow) {
    throw new OperatorError('Give either --reason, or --allow for what is never doubted.')
  }
  const { value, region } = await readIdentifier(options)
  const added = await onList(async (ctx) => {
    if (expires && expires <= ctx.clock.now()) throw new OperatorError('--expires has passed already.')
    if (date && date > ctx.clock.now()) throw new OperatorError('--date lies in the future.')
    const entry: NewEntry = {
      kind: allow ? 'allowed' : 'adverse',
      type,
      value,
      reasonCode: reason ?? 'other',
      ...(region !== null && { region }),
      ...(note !== undefined && { reason: note }),
      ...(evidence !== undefined && { evidence }),
      ...(date && { seenAt: date }),
      ...(expires && { expiresAt: expires }),
    }
    return addEntry(ctx, { entry, actor: cliActor(), ...(await listOf(ctx, options)) })
  })
  const did = added.isNew ? 'is listed' : 'was listed already, and is refreshed'
  const isOwn = options.account !== undefined
  const counts = isOwn || allow ? '' : ' Orders ask it; checks of accounts do while a second party lists the same.'
  print(options, { id: added.id, new: added.isNew }, `Entry ${added.id} ${did}.${counts}`)
}

export async function riskRemove(id: number, options: Json & { why: string }): Promise<void> {
  const count = await onList((ctx) =>
    ctx.db.transaction().execute((tx) => eraseEntries(ctx, tx, { ids: [id], actor: cliActor(), why: options.why })),
  )
  if (count === 0) throw new OperatorError(`There is no entry ${id}; \`risk search\` shows those of an identifier.`)
  print(options, { id, removed: true }, `Entry ${id} is erased.`)
}

/** On every list. */
export async function riskSearch(options: Json & Identifier): Promise<void> {
  const { type } = options
  const { value, region } = await readIdentifier(options)
  const entries = await onList((ctx) => findEntries(ctx, { type, value, region, owner: null }))
  printEntries(options, entries, 'It is on no list.')
}

export async function riskList(options: Json & OfList & { before?: number; limit: number }): Promise<void> {
  const { before = null, limit } = options
  const entries = await onList(async (ctx) => {
    const { owner } = await listOf(ctx, options)
    return listEntries(ctx, { owner, before, limit })
  })
  printEntries(options, entries, 'There are no entries.')
}

export async function riskAudit(options: Json & { before?: number; limit: number }): Promise<void> {
  const { before = null, limit } = options
  const page = { actions: 'risk.', beforeId: before, limit }
  printAudit(options, await withCtx(readConfig(), ({ db }) => listAudit(db, page)))
}

/** Runs a command with the keys of the list at hand. */
export async function onList<T>(work: (ctx: Ctx, interrupted: AbortSignal) => Promise<T>): Promise<T> {
  return withCtx(readConfig(), async (ctx, interrupted) => {
    const lack = await ensureKeys(ctx)
    if (lack !== null) throw new OperatorError(lack)
    return work(ctx, interrupted)
  })
}

/** The list that options name, and its own source. */
export async function listOf({ db }: Pick<Ctx, 'db'>, options: OfList): Promise<Owner & { source: Source }> {
  const { account: name, sandbox: isSandbox = false } = options
  if (name === undefined) {
    if (isSandbox) throw new OperatorError('--sandbox goes with --account.')
    return { owner: HOUSE, isSandbox, source: STAFF }
  }
  const { id, twinId } = await getAccount(db, name)
  const owner = isSandbox ? twinId : id
  return { owner, isSandbox, source: { name: `account ${owner}`, party: `account:${id}`, confidence: 100 } }
}

async function readIdentifier({ value, region }: Identifier): Promise<{ value: string; region: string | null }> {
  const given = value === '-' ? (await text(process.stdin)).replace(/\r?\n$/, '') : value
  return { value: given, region: region?.toUpperCase() ?? null }
}

function printEntries(options: Json, entries: readonly FoundEntry[], none: string): void {
  const rows = entries.map((each) => [
    String(each.id),
    each.owner === HOUSE ? 'operator' : `account ${each.owner}`,
    each.type,
    each.hint,
    each.kind === 'allowed' ? 'allowed' : each.reason_code,
    oneLine(each.reason ?? ''),
    oneLine(each.source),
    each.first_seen,
    each.expires_at.toISOString().slice(0, 10),
    each.corroborated_until ? 'yes' : '',
    each.disputed_at ? 'yes' : '',
  ])
  const head = ['ID', 'LIST', 'TYPE', 'HINT', 'REASON', 'NOTE', 'SOURCE', 'SEEN', 'EXPIRES', 'SHARED', 'DISPUTED']
  print(options, { entries: entries.map(toJson) }, rows.length > 0 ? table(head, rows) : none)
}

function toJson({ owner, is_sandbox: sandbox, source, party, confidence, ...entry }: FoundEntry) {
  return {
    id: entry.id,
    account_id: owner === HOUSE ? null : owner,
    sandbox,
    kind: entry.kind,
    type: entry.type,
    hint: entry.hint,
    reason: entry.reason_code,
    note: entry.reason,
    details: entry.details,
    evidence: entry.evidence,
    source: { name: source, party, confidence },
    first_seen: entry.first_seen,
    seen_at: entry.seen_at.toISOString(),
    listed_at: entry.listed_at.toISOString(),
    expires_at: entry.expires_at.toISOString(),
    shared_until: entry.corroborated_until?.toISOString() ?? null,
    disputed_at: entry.disputed_at?.toISOString() ?? null,
  }
}
