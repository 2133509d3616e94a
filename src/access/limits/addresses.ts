import type { Ctx } from '../../ctx.ts'
import { DomainError } from '../../lib/errors.ts'
import { addressGroup } from '../keys/addresses.ts'
import { decide, type Window, type WindowLimit } from './window.ts'

/** What one address may ask of the public routes without a key, on each node. */
export const PUBLIC_LIMIT: WindowLimit = { max: 120, windowMs: 60_000 }

/** Windows by address group. */
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
  // Put at the end, so that the address that was silent longest is the first to be forgotten.
  ctx.addressWindows.delete(group)
  ctx.addressWindows.set(group, decision.window)
  if (ctx.addressWindows.size > TRACKED_MAX) ctx.addressWindows.delete(ctx.addressWindows.keys().next().value!)
}
