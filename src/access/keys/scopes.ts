/** What a key may be allowed, in the order in which refusals list them. */
export const SCOPES = [
  'products:read',
  'cart:read',
  'cart:write',
  'orders:read',
  'orders:write',
  'logistics:read',
  'shipping:read',
  'shipping:write',
  'warehouse:read',
  'profile:read',
  'profile:write',
  'wallet:read',
  'favorites:read',
  'favorites:write',
  'coupons:read',
  'coupons:write',
  'webhooks:read',
  'webhooks:write',
  'qc:read',
  'sourcing:read',
  'item:read',
  'risk:check',
  'sandbox:write',
] as const
export type Scope = (typeof SCOPES)[number]

/** What a route asks for: a scope, or nothing at all. */
export type RouteScope = Scope | 'public'
