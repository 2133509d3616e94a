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
import { isTokenRemembered, readHolder, tokenText } from '../keys/oidc.ts'
import { decide, type Window, type WindowLimit } from './window.ts'

/** What one address may ask of the public routes without a key, on each node. */
export const PUBLIC_LIMIT: WindowLimit = { max: 120, windowMs: 60_000 }

/** How many keys and ID tokens that do not work one address may try, on each node. */
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
  // A remembered key is only read again because something has changed, which need not be the key.
  const isStranger = !isRemembered(ctx, slot)
  return attempt(ctx, { address, isStranger }, () => currentPrincipal(ctx, slot) ?? readPrincipal(ctx, clearText, slot))
}

/** As `findCaller`, for the holder of an ID token. Whether the address may try comes first, as verifying costs the most. */
export async function findHolder(ctx: Ctx, token: unknown, address: string): Promise<Principal> {
  const text = tokenText(ctx, token)
  const isStranger = !isTokenRemembered(ctx, text)
  return attempt(ctx, { address, isStranger }, () => readHolder(ctx, text))
}

/** A stranger may try while the address has not failed too often; whoever fails is counted. */
async function attempt(
  ctx: Ctx,
  { address, isStranger }: { address: string; isStranger: boolean },
  read: () => Principal | Promise<Principal>,
): Promise<Principal> {
  const group = failedGroup(address)
  const gate = isStranger ? await passGate(ctx, group) : null
  try {
    return await read()
  } catch (error) {
    if (error instanceof DomainError && FAILURES.has(error.code)) {
      const counted = decide(ctx.addressWindows.get(group) ?? null, FAILED_LIMIT, ctx.clock.elapsedMs())
      if (counted.kind === 'allow') remember(ctx.addressWindows, group, counted.window)
    }
    throw error
  } finally {
    gate?.leave()
  }
}

/** How many look-ups of unknown keys and tokens of one address are under way, and who waits for one of them to end. */
type Gate = { underWay: number; waiting: (() => void)[] }
const GATES = new WeakMap<AddressWindows, Map<string, Gate>>()

/**
 * Waits until this address may have one more look-up under way: no more than it may still fail, so that many at the same
 * time cannot fail more often than one after the other. Throws `rate_limited` once it has failed too often.
 */
async function passGate(ctx: Ctx, group: string): Promise<{ leave(): void }> {
  let gates = GATES.get(ctx.addressWindows)
  if (!gates) GATES.set(ctx.addressWindows, (gates = new Map()))
  const gate = gates.get(group) ?? { underWay: 0, waiting: [] }
  gates.set(group, gate)
  const open = gates
  const leave = () => {
    gate.underWay--
    const waiting = gate.waiting.splice(0)
    for (const wake of waiting) wake()
    if (gate.underWay === 0 && waiting.length === 0) open.delete(group)
  }
  for (;;) {
    const mayTry = decide(ctx.addressWindows.get(group) ?? null, FAILED_LIMIT, ctx.clock.elapsedMs())
    if (mayTry.kind === 'deny') {
      if (gate.underWay === 0) open.delete(group)
      throw new DomainError('rate_limited', 'Too many failed attempts; try again later.', {
        retryAfterSeconds: mayTry.retryAfterSeconds,
      })
    }
    // `remaining` is what is left after this one.
    if (gate.underWay <= mayTry.remaining) break
    await new Promise<void>((resolve) => gate.waiting.push(resolve))
  }
  gate.underWay++
  return { leave }
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
