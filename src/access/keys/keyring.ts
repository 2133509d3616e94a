import { hash } from 'node:crypto'
import type { Ctx } from '../../ctx.ts'
import { DomainError } from '../../lib/errors.ts'
import { isInNetworks, parseNetwork, type Network } from './addresses.ts'
import { parseKeyText, type Mode, type Style } from './format.ts'
import { keyByDigest, type KeyRow } from './keys.sql.ts'
import type { RouteScope, Scope } from './scopes.ts'

/** Who calls: what a checked key stands for. */
export type Principal = {
  keyId: number
  accountId: number
  style: Style
  mode: Mode
  scopes: ReadonlySet<Scope>
  allow: readonly Network[]
}

/** Principals by the SHA-256 digest of their key, each with the epoch it was read in. */
export type Keyring = Map<string, { principal: Principal; epoch: number }>

const CACHED_MAX = 50_000
/** A cached principal is served only while the last look at the epoch is younger than this, so a revoked key dies within a second. */
export const WATCH_AGE_MAX_MS = 800

/**
 * Who is behind this key? Throws `key_missing`, `key_malformed` (without touching the database), `key_unknown` or
 * `key_revoked`.
 */
export async function findPrincipal(ctx: Ctx, clearText: string | null): Promise<Principal> {
  if (clearText === null || clearText === '') throw new DomainError('key_missing', 'No API key was sent.')
  if (!parseKeyText(clearText)) throw new DomainError('key_malformed', 'This is not the form of an API key.')

  const slot = hash('sha256', clearText, 'base64url')
  const epoch = ctx.watch.value.access
  const cached = ctx.keyring.get(slot)
  if (cached && cached.epoch === epoch && ctx.watch.ageMs() < WATCH_AGE_MAX_MS) return cached.principal

  const row = await keyByDigest(ctx.db, Buffer.from(slot, 'base64url'))
  if (!row) throw new DomainError('key_unknown', 'This API key is not known.')
  if (row.revoked_at) throw new DomainError('key_revoked', 'This API key has been revoked.')
  const principal = toPrincipal(row)
  // The epoch from before the read: had the key changed since, the next poll shows a newer one and this entry is void.
  ctx.keyring.delete(slot)
  ctx.keyring.set(slot, { principal, epoch })
  if (ctx.keyring.size > CACHED_MAX) ctx.keyring.delete(ctx.keyring.keys().next().value!)
  return principal
}

function toPrincipal(row: KeyRow): Principal {
  return {
    keyId: row.id,
    accountId: row.account_id,
    style: row.style,
    mode: row.mode,
    scopes: new Set(row.scopes as Scope[]),
    allow: row.allow.map((network) => parseNetwork(network)!),
  }
}

/** Throws `address_not_allowed` or `scope_missing`. */
export function checkPrincipal(principal: Principal, address: string, scope: RouteScope): void {
  if (principal.allow.length > 0 && !isInNetworks(address, principal.allow)) {
    throw new DomainError('address_not_allowed', 'This API key may not be used from this address.')
  }
  if (scope !== 'public' && !principal.scopes.has(scope)) {
    const has = [...principal.scopes].join(', ') || 'none'
    throw new DomainError('scope_missing', `Insufficient scope. Required: ${scope}. Your key has: ${has}`)
  }
}
