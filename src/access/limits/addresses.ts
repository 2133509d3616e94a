import type { Ctx } from '../../ctx.ts'
import { DomainError, type ErrorCode } from '../../lib/errors.ts'
import { addressGroup } from '../keys/addresses.ts'
import {
  currentPrincipal,
  isRemembered,
  keySlot,
  readPrincipal,
  type KeyMemo,
  type Principal,
} from '../keys/keyring.ts'
import { decide, type Window, type WindowLimit } from './window.ts'

/** What one address may ask of the public routes without a key, on each node. */
export const PUBLIC_LIMIT: WindowLimit = { max: 120, windowMs: 60_000 }

/** How many keys that do not work one address may try, on each node. */
export const FAILED_LIMIT: WindowLimit = { max: 30, windowMs: 60_000 }
const FAILURES: ReadonlySet<ErrorCode> = new Set(['key_malformed', 'key_unknown', 'key_revoked'])

/** Windows by address group: of public calls, and apart from them of failed attempts. */
export type AddressWindows = Map<string, Window>
const TRACKED_MAX = 100_000

/** Counts one public call of this address; throws `rate_limited` with `retryAfterSeconds` when its minute is full. */
export function takePublicCall(ctx: Ctx, address: string): void {
  const group = addressGroup(address)
  const decision = decide(ctx.addressWindows.get(group) ?? null, PUBLIC_LIMIT, ctx.clock.elapsedMs())
  if (decision.kind === 'deny') {
    throw new DomainError('rate_limited', 'Per-minute limit exceeded', {
      retryAfterSeconds: decision.retryAfterSeconds,
    })
  }
  remember(ctx.addressWindows, group, decision.window)
}

/**
 * As `findPrincipal`, for a caller at this address. After 30 failed attempts in a minute every key that this node does not
 * remember is answered `rate_limited` with `retryAfterSeconds`, and nobody is asked; keys that work here go on working.
 */
export function findCaller(
  ctx: Ctx,
  clearText: string | null,
  address: string,
  memo: KeyMemo | null = null,
): Principal | Promise<Principal> {
  const slot = keySlot(clearText, memo)
  return currentPrincipal(ctx, slot) ?? findStranger(ctx, clearText!, slot, address)
}

async function findStranger(ctx: Ctx, clearText: string, slot: string, address: string): Promise<Principal> {
  const group = failedGroup(address)
  const mayTry = decide(ctx.addressWindows.get(group) ?? null, FAILED_LIMIT, ctx.clock.elapsedMs())
  // A remembered key is only read again because something has changed, which need not be the key.
  if (mayTry.kind === 'deny' && !isRemembered(ctx, slot)) {
    throw new DomainError('rate_limited', 'Too many failed attempts; try again later.', {
      retryAfterSeconds: mayTry.retryAfterSeconds,
    })
  }
  try {
    return await readPrincipal(ctx, clearText, slot)
  } catch (error) {
    if (error instanceof DomainError && FAILURES.has(error.code)) {
      // Decided again: others may have failed meanwhile.
      const counted = decide(ctx.addressWindows.get(group) ?? null, FAILED_LIMIT, ctx.clock.elapsedMs())
      if (counted.kind === 'allow') remember(ctx.addressWindows, group, counted.window)
    }
    throw error
  }
}

function failedGroup(address: string): string {
  return `failed ${addressGroup(address)}`
}

/** Put at the end, so that the address that was silent longest is the first to be forgotten. */
function remember(windows: AddressWindows, group: string, window: Window): void {
  windows.delete(group)
  windows.set(group, window)
  if (windows.size > TRACKED_MAX) windows.delete(windows.keys().next().value!)
}
