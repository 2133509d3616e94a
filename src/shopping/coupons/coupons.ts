import type { Ctx } from '../../ctx.ts'
import { audit } from '../../events/audit/audit.ts'
import { accountNow } from '../../events/timers/timers.ts'
import type { Db, Seal, Tx } from '../../lib/db/db.ts'
import { DomainError, OperatorError } from '../../lib/errors.ts'
import type { Scope } from '../../products/catalog/product.ts'
import {
  claimGiveBack,
  claimInsert,
  claimList,
  claimLock,
  claimUse,
  couponInsert,
  couponList,
  couponListClaimable,
  couponLock,
  couponWithdraw,
  type ClaimRow,
  type CouponRow,
} from './coupons.sql.ts'
import { chooseClaim, claimState, type ClaimState, type Terms } from './discount.ts'

export type Coupon = Terms & {
  id: number
  name: string
  /** Of sandboxes, whose customers alone see it. */
  isSandbox: boolean
  expiresAt: Date
  /** How many may be claimed in all; null: any number. */
  limitTotal: number | null
  limitPerCustomer: number
  claimed: number
  withdrawnAt: Date | null
}

/** A coupon that a customer has claimed. */
export type ClaimedCoupon = Coupon & { state: ClaimState; claimedAt: Date; usedAt: Date | null }

type StaffCtx = Pick<Ctx, 'db' | 'clock'>

export type NewCoupon = Omit<Coupon, 'id' | 'claimed' | 'withdrawnAt'> & { actor: string }

/** Throws an `OperatorError` for terms that make no sense. */
export async function createCoupon(ctx: StaffCtx, { actor, ...terms }: NewCoupon): Promise<Coupon> {
  const at = ctx.clock.now()
  assertTerms(terms, at)
  return ctx.db.transaction().execute(async (tx) => {
    const row = await couponInsert(tx, {
      catalogue: terms.isSandbox ? 'demo' : 'live',
      name: terms.name,
      type: terms.type,
      value: terms.value,
      min_order_fen: terms.minOrderFen,
      max_discount_fen: terms.maxDiscountFen,
      expires_at: terms.expiresAt,
      limit_total: terms.limitTotal,
      limit_per_customer: terms.limitPerCustomer,
      created_at: at,
    })
    const { claimed: _, withdrawnAt: __, ...after } = couponOf(row)
    await audit(tx, { at, actor, action: 'coupon.create', accountId: null, subject: `coupon:${row.id}`, after })
    return couponOf(row)
  })
}

/** From here on it is neither claimed nor used; orders that use it keep it. Throws an `OperatorError` when there is none. */
export async function withdrawCoupon(ctx: StaffCtx, { id, actor }: { id: number; actor: string }): Promise<Coupon> {
  const at = ctx.clock.now()
  return ctx.db.transaction().execute(async (tx) => {
    const row = await couponLock(tx, id)
    if (!row) throw new OperatorError(`There is no coupon ${id}; \`coupon list\` shows all.`)
    if (row.withdrawn_at) return couponOf(row)
    await couponWithdraw(tx, id, at)
    await audit(tx, { at, actor, action: 'coupon.withdraw', accountId: null, subject: `coupon:${id}` })
    return couponOf({ ...row, withdrawn_at: at })
  })
}

/** Every coupon, newest first. */
export async function listCoupons(db: Db): Promise<Coupon[]> {
  return (await couponList(db)).map(couponOf)
}

/** What a customer can claim now, the one that ends first first. */
export async function listAvailable(ctx: StaffCtx, { catalogue }: Scope, accountId: number): Promise<Coupon[]> {
  const now = await accountNow(ctx.db, ctx.clock, accountId)
  return (await couponListClaimable(ctx.db, { accountId, catalogue, now })).map(couponOf)
}

/** What a customer has claimed, newest first. */
export async function listMine(ctx: StaffCtx, accountId: number): Promise<ClaimedCoupon[]> {
  const now = await accountNow(ctx.db, ctx.clock, accountId)
  return (await claimList(ctx.db, accountId)).toReversed().map((row) => claimedOf(row, now))
}

/**
 * Claims a coupon for a customer, to be used once. Throws `not_found` for one that there is not, or not any more, and `conflict`
 * when it has ended, when all are claimed, and when the customer has claimed as many as one may.
 */
export async function claimCoupon(
  ctx: StaffCtx,
  { catalogue }: Scope,
  accountId: number,
  couponId: number,
  seal?: Seal<ClaimedCoupon>,
): Promise<ClaimedCoupon> {
  const now = await accountNow(ctx.db, ctx.clock, accountId)
  return ctx.db.transaction().execute(async (tx) => {
    const coupon = await couponLock(tx, couponId)
    if (coupon?.catalogue !== catalogue || coupon.withdrawn_at) throw new DomainError('not_found', 'Coupon not found')
    const mine = await claimList(tx, accountId, couponId)
    const refusal = claimRefusal(coupon, mine.length, now)
    if (refusal) throw new DomainError('conflict', refusal)
    await claimInsert(tx, { couponId, accountId, at: now })
    const claimed = claimedOf((await claimList(tx, accountId, couponId)).at(-1)!, now)
    await seal?.(tx, claimed)
    return claimed
  })
}

export type Use = {
  accountId: number
  couponId: number
  /** What the items cost. */
  totalFen: number
  /** The account's time. */
  now: Date
}

/**
 * Uses a coupon for an order, in its transaction: of any number at once, one does. Throws `not_found` when the customer never
 * claimed it, `conflict` when it is used, withdrawn or has ended, `input_invalid` when the items cost less than its minimum.
 */
export async function useCoupon(
  tx: Tx,
  { accountId, couponId, orderId, totalFen, now }: Use & { orderId: number },
): Promise<{ discountFen: number }> {
  const rows = await claimLock(tx, accountId, couponId)
  const { claim, discountFen } = chooseClaim(rows.map(termsOf), totalFen, now)
  await claimUse(tx, claim.claimId, { orderId, at: now })
  return { discountFen }
}

/** What `useCoupon` would take off now, for a quote; throws as it does. */
export async function quoteCoupon(
  db: Db,
  { accountId, couponId, totalFen, now }: Use,
): Promise<{ discountFen: number }> {
  const { discountFen } = chooseClaim((await claimList(db, accountId, couponId)).map(termsOf), totalFen, now)
  return { discountFen }
}

/** Makes the coupon of an order usable again, once however often it is called. Whether there was one to give back. */
export async function giveBackCoupon(tx: Tx, orderId: number): Promise<boolean> {
  return claimGiveBack(tx, orderId)
}

/** Why a customer who has claimed `mine` of a coupon cannot claim another, or null. */
function claimRefusal(coupon: CouponRow, mine: number, now: Date): string | null {
  if (coupon.expires_at <= now) return 'This coupon has expired.'
  if (mine >= coupon.limit_per_customer) return 'You have claimed this coupon already.'
  if (coupon.limit_total !== null && coupon.claimed >= coupon.limit_total) return 'All of these coupons are claimed.'
  return null
}

function assertTerms(
  { name, type, value, maxDiscountFen, expiresAt, limitTotal, limitPerCustomer }: Omit<NewCoupon, 'actor'>,
  now: Date,
) {
  if (name.trim() === '' || name.length > 100) throw new OperatorError('A coupon has a name of 1 to 100 characters.')
  if (value < 1 || (type === 'percentage' && value > 100)) {
    throw new OperatorError('A coupon takes off 1 to 100 percent, or an amount above zero.')
  }
  if (maxDiscountFen === 0) throw new OperatorError('What a coupon takes off at most is above zero.')
  if (limitTotal === 0 || limitPerCustomer === 0) throw new OperatorError('A limit of claims is at least 1.')
  if (expiresAt <= now) throw new OperatorError('A coupon ends in the future.')
}

function couponOf(row: CouponRow): Coupon {
  return {
    id: row.id,
    name: row.name,
    isSandbox: row.catalogue === 'demo',
    type: row.type,
    value: row.value,
    minOrderFen: row.min_order_fen,
    maxDiscountFen: row.max_discount_fen,
    expiresAt: row.expires_at,
    limitTotal: row.limit_total,
    limitPerCustomer: row.limit_per_customer,
    claimed: row.claimed,
    withdrawnAt: row.withdrawn_at,
  }
}

function termsOf(row: ClaimRow) {
  return { ...couponOf(row), claimId: row.claim_id, usedAt: row.used_at }
}

function claimedOf(row: ClaimRow, now: Date): ClaimedCoupon {
  const { claimId: _, ...claim } = termsOf(row)
  return { ...claim, state: claimState(claim, now), claimedAt: row.claimed_at }
}
