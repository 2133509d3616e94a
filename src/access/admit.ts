import type { Ctx } from '../ctx.ts'
import { checkPrincipal, findPrincipal, type Principal } from './keys/keyring.ts'
import type { RouteScope } from './keys/scopes.ts'
import { takePublicCall } from './limits/addresses.ts'

/** What a call looks like at the door, before its body is read. */
export type Knock = { keyText: string | null; address: string; scope: RouteScope }

/**
 * The first half of the door: who is this, and may they come in? Runs before the body is read. Answers the principal, or
 * null on a public route, which needs no key and is limited per address. Throws a `DomainError` for every refusal.
 */
export async function identify(ctx: Ctx, knock: Knock): Promise<Principal | null> {
  if (knock.scope === 'public') {
    takePublicCall(ctx, knock.address)
    return null
  }
  const principal = await findPrincipal(ctx, knock.keyText)
  checkPrincipal(principal, knock.address, knock.scope)
  return principal
}

/**
 * The second half: after the body is known to be valid and before the work is done, take what the call costs. Nothing is
 * priced yet; every route declares its cost in calls, and this is the one place that will take it.
 */
export async function charge(_ctx: Ctx, _principal: Principal | null, _cost: number): Promise<void> {}
