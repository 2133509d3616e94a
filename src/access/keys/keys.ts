import { hash } from 'node:crypto'
import type { Clock } from '../../lib/clock.ts'
import type { Db } from '../../lib/db/db.ts'
import { DomainError, OperatorError } from '../../lib/errors.ts'
import type { Random } from '../../lib/ids.ts'
import type { Account } from '../accounts/accounts.ts'
import { parseNetwork } from './addresses.ts'
import { newKeyText, type Mode, type Style } from './format.ts'
import { accessEpochBump, keyInsert, keyList, keyRevoke, type KeyRow } from './keys.sql.ts'
import { SCOPES, type Scope } from './scopes.ts'

/** What is stored of a key: the SHA-256 of its clear text. */
function keyDigest(clearText: string): Buffer {
  return hash('sha256', clearText, 'buffer')
}

export type NewKey = { account: Account; style: Style; mode: Mode; scopes?: string[]; allow?: string[] }
export type CreatedKey = {
  id: number
  key: string
  style: Style
  mode: Mode
  accountId: number
  scopes: string[]
  allow: string[]
}

/**
 * Creates a key and returns its clear text, which cannot be had again. A test-mode key belongs to the account's sandbox
 * twin. Without scopes it gets all. Throws an `OperatorError` for an unknown scope or an unreadable network.
 */
export async function createKey(ctx: { db: Db; clock: Clock; random: Random }, input: NewKey): Promise<CreatedKey> {
  const scopes = scopesFrom(input.scopes)
  const allow = input.allow ?? []
  for (const network of allow) {
    if (!parseNetwork(network)) {
      throw new OperatorError(
        `"${network}" is not an address or a network; give one like 203.0.113.7 or 203.0.113.0/24.`,
      )
    }
  }

  const { account, style, mode } = input
  const key = newKeyText(ctx.random, style, mode)
  const accountId = mode === 'test' ? account.twinId : account.id
  const id = await ctx.db.transaction().execute((tx) =>
    keyInsert(tx, {
      accountId,
      style,
      mode,
      digest: keyDigest(key),
      hint: key.slice(-4),
      scopes,
      allow,
      at: ctx.clock.now(),
    }),
  )
  return { id, key, style, mode, accountId, scopes, allow }
}

function scopesFrom(asked: string[] | undefined): Scope[] {
  if (!asked) return [...SCOPES]
  const unknown = asked.find((scope) => !SCOPES.some((each) => each === scope))
  if (unknown !== undefined) throw new OperatorError(`"${unknown}" is not a scope; choose from ${SCOPES.join(', ')}.`)
  return SCOPES.filter((scope) => asked.includes(scope))
}

/** The keys of an account and of its sandbox, or every key. Never the clear text. */
export async function listKeys(db: Db, account: Account | null): Promise<KeyRow[]> {
  return keyList(db, account && [account.id, account.twinId])
}

/** Revokes a key for good, on every node within a second. Throws `not_found` for an unknown id. */
export async function revokeKey(
  ctx: { db: Db; clock: Clock },
  keyId: number,
): Promise<{ id: number; revokedAt: Date }> {
  return ctx.db.transaction().execute(async (tx) => {
    const revokedAt = await keyRevoke(tx, keyId, ctx.clock.now())
    if (!revokedAt) throw new DomainError('not_found', `There is no key ${keyId}; \`key list\` shows all.`)
    await accessEpochBump(tx)
    return { id: keyId, revokedAt }
  })
}
