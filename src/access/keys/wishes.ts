import { OperatorError } from '../../lib/errors.ts'
import { parseNetwork } from './addresses.ts'
import { SCOPES, type Scope } from './scopes.ts'

// What an operator asks of a key, checked. Everything here throws an `OperatorError` that says what to give instead.

const GRACE_SECONDS_MAX = 90 * 24 * 60 * 60

/** The scopes asked for, in the order of the list; all of them when none is asked for. */
export function scopesFrom(asked: string[] | undefined): Scope[] {
  if (!asked) return [...SCOPES]
  const unknown = asked.find((scope) => !SCOPES.some((each) => each === scope))
  if (unknown !== undefined) throw new OperatorError(`"${unknown}" is not a scope; choose from ${SCOPES.join(', ')}.`)
  return SCOPES.filter((scope) => asked.includes(scope))
}

export function requireNetworks(networks: string[]): string[] {
  const wrong = networks.find((network) => !parseNetwork(network))
  if (wrong === undefined) return networks
  throw new OperatorError(`"${wrong}" is not an address or a network; give one like 203.0.113.7 or 203.0.113.0/24.`)
}

export function requireLabel(label: string | null): string | null {
  if (label === null || (label.trim() === label && label.length >= 1 && label.length <= 100)) return label
  throw new OperatorError('A label has 1 to 100 characters, without blanks at its ends.')
}

export function requireLater(expiresAt: Date | null, now: Date): Date | null {
  if (expiresAt === null || expiresAt > now) return expiresAt
  throw new OperatorError(`A key cannot expire in the past; ${expiresAt.toISOString()} is over.`)
}

export function requireCap(cap: number | null): number | null {
  if (cap === null || (Number.isSafeInteger(cap) && cap >= 0)) return cap
  throw new OperatorError('A cap is a whole number from 0 on.')
}

export function requireGrace(graceSeconds: number): void {
  if (Number.isSafeInteger(graceSeconds) && graceSeconds >= 0 && graceSeconds <= GRACE_SECONDS_MAX) return
  throw new OperatorError('The grace of a rolled key is 0 seconds to 90 days.')
}
