import { DomainError } from '../../lib/errors.ts'
import type { KeyLife, KeyRow } from './keys.sql.ts'

export type KeyState = 'active' | 'disabled' | 'expired' | 'revoked'

const REFUSAL: Record<Exclude<KeyState, 'active'>, string> = {
  disabled: 'This API key is disabled.',
  expired: 'This API key has expired.',
  revoked: 'This API key has been revoked.',
}

type Dates = Pick<KeyLife, 'expires_at' | 'disabled_at' | 'revoked_at'>

/** How a key stands; of several reasons against it, the one that is hardest to undo. */
export function keyState(key: Dates, now: Date): KeyState {
  if (key.revoked_at) return 'revoked'
  if (key.expires_at && key.expires_at <= now) return 'expired'
  return key.disabled_at ? 'disabled' : 'active'
}

/** Throws `key_revoked`, with the reason in words, unless the key is active. */
export function requireActive(key: Dates, now: Date): void {
  const state = keyState(key, now)
  if (state !== 'active') throw new DomainError('key_revoked', REFUSAL[state])
}

// What each change does to a key, decided without a clock or a database. Nothing to change is an empty answer; what may not
// be is a `conflict`.

export type KeyPatch = Partial<KeyLife>

export function decideRevoke(key: KeyRow, now: Date): KeyPatch {
  return key.revoked_at ? {} : { revoked_at: now }
}

export function decideDisable(key: KeyRow, now: Date): KeyPatch {
  requireNotRevoked(key)
  return key.disabled_at ? {} : { disabled_at: now }
}

export function decideEnable(key: KeyRow): KeyPatch {
  requireNotRevoked(key)
  return key.disabled_at ? { disabled_at: null } : {}
}

/** Sets what is given. */
export function decideSet(key: KeyRow, wish: KeyPatch): KeyPatch {
  requireNotRevoked(key)
  return wish
}

/**
 * What becomes of a key that another takes the place of: without grace it is revoked, else it expires when the grace is
 * over, and never later than it would have. Only an active key has a successor, and only one.
 */
export function decideRoll(key: KeyRow, graceSeconds: number, now: Date): KeyPatch {
  if (key.rolled_to !== null) {
    throw new DomainError('conflict', `Key ${key.id} was rolled to key ${key.rolled_to} already.`)
  }
  const state = keyState(key, now)
  if (state !== 'active') throw new DomainError('conflict', `Key ${key.id} is ${state}; only an active key is rolled.`)
  if (graceSeconds === 0) return { revoked_at: now }
  const graceEnd = new Date(now.getTime() + graceSeconds * 1000)
  return { expires_at: key.expires_at && key.expires_at < graceEnd ? key.expires_at : graceEnd }
}

function requireNotRevoked(key: KeyRow): void {
  if (key.revoked_at) throw new DomainError('conflict', `Key ${key.id} is revoked, which is final.`)
}
