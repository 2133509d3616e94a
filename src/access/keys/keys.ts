import { hash } from 'node:crypto'
import { audit } from '../../events/audit/audit.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Db, Tx } from '../../lib/db/db.ts'
import { DomainError } from '../../lib/errors.ts'
import type { Random } from '../../lib/ids.ts'
import type { Account } from '../accounts/accounts.ts'
import { newKeyText, type Mode, type Style } from './format.ts'
import { accessEpochBump, keyInsert, keyList, keyLock, keyUpdate, type KeyRow } from './keys.sql.ts'
import { decideDisable, decideEnable, decideRevoke, decideRoll, decideSet, type KeyPatch } from './life.ts'
import { requireCap, requireGrace, requireLabel, requireLater, requireNetworks, scopesFrom } from './wishes.ts'

/** Who did what the program itself does, such as the demo's keys. */
const OURSELVES = 'system'
/** How long a rolled key goes on working, unless said otherwise. */
export const GRACE_SECONDS = 24 * 60 * 60

/** What is stored of a key: the SHA-256 of its clear text. */
function keyDigest(clearText: string): Buffer {
  return hash('sha256', clearText, 'buffer')
}

export type NewKey = {
  account: Account
  style: Style
  mode: Mode
  scopes?: string[]
  allow?: string[]
  label?: string | null
  /** As in the audit: `cli:NAME`. */
  createdBy?: string
  expiresAt?: Date | null
  /** The most that it may do in a UTC month; null: no cap of its own. */
  capCalls?: number | null
  capUsdMicros?: number | null
}
export type CreatedKey = {
  id: number
  key: string
  style: Style
  mode: Mode
  accountId: number
  scopes: string[]
  allow: string[]
  label: string | null
  expiresAt: Date | null
}

type Doing = { db: Db; clock: Clock }

/**
 * Creates a key and returns its clear text, which cannot be had again. A test-mode key belongs to the account's sandbox
 * twin. Without scopes it gets all. Throws an `OperatorError` for an unknown scope, an unreadable network, an unfit label
 * or cap, and an expiry that lies in the past.
 */
export async function createKey(ctx: Doing & { random: Random }, input: NewKey): Promise<CreatedKey> {
  const at = ctx.clock.now()
  const wish = {
    scopes: scopesFrom(input.scopes),
    allow: requireNetworks(input.allow ?? []),
    label: requireLabel(input.label ?? null),
    expires_at: requireLater(input.expiresAt ?? null, at),
    cap_calls: requireCap(input.capCalls ?? null),
    cap_usd_micros: requireCap(input.capUsdMicros ?? null),
  }
  const { account, style, mode, createdBy = OURSELVES } = input
  const accountId = mode === 'test' ? account.twinId : account.id
  const { id, key } = await ctx.db.transaction().execute((tx) =>
    insertKey(tx, ctx.random, {
      ...wish,
      account_id: accountId,
      style,
      mode,
      created_at: at,
      created_by: createdBy,
      cap_key: null,
    }),
  )
  const { scopes, allow, label, expires_at: expiresAt } = wish
  return { id, key, style, mode, accountId, scopes, allow, label, expiresAt }
}

/** No epoch is told: no node remembers a key that was not there. */
async function insertKey(
  tx: Tx,
  random: Random,
  row: Omit<Parameters<typeof keyInsert>[1], 'digest' | 'hint'> & { created_by: string },
): Promise<{ id: number; key: string }> {
  const key = newKeyText(random, row.style, row.mode)
  const id = await keyInsert(tx, { ...row, digest: keyDigest(key), hint: key.slice(-4) })
  const { account_id: accountId, created_at: at, created_by: actor, ...after } = row
  await audit(tx, { at, actor, action: 'key.create', accountId, subject: `key:${id}`, after })
  return { id, key }
}

/** The keys of an account and of its sandbox, or every key. Never the clear text. */
export async function listKeys(db: Db, account: Account | null): Promise<KeyRow[]> {
  return keyList(db, account && [account.id, account.twinId])
}

export type By = { actor: string }
const BY_OURSELVES: By = { actor: OURSELVES }

/** Revokes a key for good, on every node within a second; again, it keeps the first time. Throws `not_found`. */
export async function revokeKey(
  ctx: Doing,
  keyId: number,
  by: By = BY_OURSELVES,
): Promise<{ id: number; revokedAt: Date }> {
  const { revoked_at: revokedAt } = await changeKey(ctx, keyId, by, 'key.revoke', decideRevoke)
  return { id: keyId, revokedAt: revokedAt! }
}

/** Switches a key off, on every node within a second. Throws `not_found`, and `conflict` for a revoked one. */
export async function disableKey(ctx: Doing, keyId: number, by: By): Promise<{ id: number; disabledAt: Date }> {
  const { disabled_at: disabledAt } = await changeKey(ctx, keyId, by, 'key.disable', decideDisable)
  return { id: keyId, disabledAt: disabledAt! }
}

/** Switches a key on again. Throws `not_found`, and `conflict` for a revoked one. */
export async function enableKey(ctx: Doing, keyId: number, by: By): Promise<{ id: number }> {
  await changeKey(ctx, keyId, by, 'key.enable', decideEnable)
  return { id: keyId }
}

/**
 * Changes label, networks or expiry; what is not given stays. Throws `not_found`, `conflict` for a revoked key, and an
 * `OperatorError` for an unreadable network, an unfit label, and an expiry that lies in the past.
 */
export async function setKey(
  ctx: Doing,
  keyId: number,
  wish: { label?: string | null; allow?: string[]; expiresAt?: Date | null },
  by: By,
): Promise<KeyRow> {
  const patch: KeyPatch = {
    ...(wish.label !== undefined && { label: requireLabel(wish.label) }),
    ...(wish.allow !== undefined && { allow: requireNetworks(wish.allow) }),
    ...(wish.expiresAt !== undefined && { expires_at: requireLater(wish.expiresAt, ctx.clock.now()) }),
  }
  return changeKey(ctx, keyId, by, 'key.set', (row) => decideSet(row, patch))
}

/**
 * Sets what a key may do at most in a UTC month; null lifts a cap, and what is not given stays. Answers the key as it was,
 * for the entry in the audit, which is the caller's to write. Throws `not_found`, and `conflict` for a revoked key.
 */
export async function setKeyCap(
  tx: Tx,
  keyId: number,
  { capCalls, capUsdMicros }: { capCalls?: number | null; capUsdMicros?: number | null },
): Promise<KeyRow> {
  const patch: KeyPatch = {
    ...(capCalls !== undefined && { cap_calls: requireCap(capCalls) }),
    ...(capUsdMicros !== undefined && { cap_usd_micros: requireCap(capUsdMicros) }),
  }
  return (await applyChange(tx, keyId, (row) => decideSet(row, patch))).before
}

/**
 * Makes a key that takes another's place, with its style, mode, scopes, networks, label, expiry and caps, which are counted
 * on with its own; answers the clear text, which cannot be had again. The old one works until `graceSeconds` are over; 0 revokes it at once. A key has one
 * successor: of several calls, also at the same time, all but one throw `conflict`, as for a key that is not active.
 */
export async function rollKey(
  ctx: Doing & { random: Random },
  keyId: number,
  { graceSeconds = GRACE_SECONDS, actor }: { graceSeconds?: number } & By,
): Promise<{ id: number; key: string; rolledFrom: number; endsAt: Date }> {
  requireGrace(graceSeconds)
  return ctx.db.transaction().execute(async (tx) => {
    const old = await lockKey(tx, keyId)
    const at = ctx.clock.now()
    const patch = decideRoll(old, graceSeconds, at)
    const { account_id, style, mode, scopes, allow, label, cap_calls, cap_usd_micros } = old
    const same = { account_id, style, mode, scopes, allow, label, cap_calls, cap_usd_micros }
    const made = await insertKey(tx, ctx.random, {
      ...same,
      created_at: at,
      created_by: actor,
      expires_at: old.expires_at,
      cap_key: old.cap_key ?? old.id,
    })
    const { before, after } = await applyChange(tx, keyId, () => ({ ...patch, rolled_to: made.id }))
    await recordChange(tx, { before, after, at, actor, action: 'key.roll' })
    return { ...made, rolledFrom: keyId, endsAt: (patch.revoked_at ?? patch.expires_at)! }
  })
}

/** One change of a key in its own transaction, with its entry in the audit. What changes nothing leaves none. */
async function changeKey(
  ctx: Doing,
  keyId: number,
  { actor }: By,
  action: string,
  decide: (row: KeyRow, now: Date) => KeyPatch,
): Promise<KeyRow> {
  return ctx.db.transaction().execute(async (tx) => {
    const at = ctx.clock.now()
    const { before, after } = await applyChange(tx, keyId, (row) => decide(row, at))
    await recordChange(tx, { before, after, at, actor, action })
    return after
  })
}

async function applyChange(
  tx: Tx,
  keyId: number,
  decide: (row: KeyRow) => KeyPatch,
): Promise<{ before: KeyRow; after: KeyRow }> {
  const before = await lockKey(tx, keyId)
  const after = { ...before, ...decide(before) }
  if (changedMembers(before, after).length > 0) {
    await keyUpdate(tx, keyId, after)
    await accessEpochBump(tx)
  }
  return { before, after }
}

async function recordChange(
  tx: Tx,
  { before, after, ...entry }: { before: KeyRow; after: KeyRow; at: Date; actor: string; action: string },
): Promise<void> {
  const changed = changedMembers(before, after)
  if (changed.length === 0) return
  const only = (row: KeyRow) => Object.fromEntries(changed.map((member) => [member, row[member]]))
  await audit(tx, {
    ...entry,
    accountId: before.account_id,
    subject: `key:${before.id}`,
    before: only(before),
    after: only(after),
  })
}

function changedMembers(before: KeyRow, after: KeyRow): (keyof KeyRow)[] {
  const members = Object.keys(after) as (keyof KeyRow)[]
  return members.filter((member) => JSON.stringify(before[member]) !== JSON.stringify(after[member]))
}

async function lockKey(tx: Tx, keyId: number): Promise<KeyRow> {
  const row = await keyLock(tx, keyId)
  if (!row) throw new DomainError('not_found', `There is no key ${keyId}; \`key list\` shows all.`)
  return row
}
