import { DomainError } from '../../lib/errors.ts'
import { yuan } from '../../lib/money.ts'

export const COUPON_TYPES = ['percentage', 'fixed'] as const
export type CouponType = (typeof COUPON_TYPES)[number]

/** What a coupon takes off, and of what. */
export type Terms = {
  type: CouponType
  /** Percent from 1 to 100, or fen. */
  value: number
  /** What the items must cost at least. */
  minOrderFen: number
  /** What it takes off at most; null: no cap. */
  maxDiscountFen: number | null
}

/** What it takes off items of `totalFen`: percent rounded down to the fen, and never more than they cost. */
export function discountOf({ type, value, maxDiscountFen }: Terms, totalFen: number): number {
  const full = type === 'fixed' ? value : hundredths(totalFen * value)
  return Math.min(full, maxDiscountFen ?? full, totalFen)
}

/** Whole numbers, as dividing first would round. */
function hundredths(amount: number): number {
  return (amount - (amount % 100)) / 100
}

export const CLAIM_STATES = ['claimed', 'used', 'withdrawn', 'expired'] as const
export type ClaimState = (typeof CLAIM_STATES)[number]

/** One customer's right to use a coupon once. */
export type Claim = Terms & { expiresAt: Date; withdrawnAt: Date | null; usedAt: Date | null }

/** `claimed`: it can be used. */
export function claimState({ usedAt, withdrawnAt, expiresAt }: Omit<Claim, keyof Terms>, now: Date): ClaimState {
  if (usedAt !== null) return 'used'
  if (withdrawnAt !== null) return 'withdrawn'
  return expiresAt <= now ? 'expired' : 'claimed'
}

const UNUSABLE: Record<Exclude<ClaimState, 'claimed'>, string> = {
  used: 'This coupon is used already.',
  withdrawn: 'This coupon has been withdrawn.',
  expired: 'This coupon has expired.',
}

/**
 * Which of a customer's claims of one coupon is used, and what it takes off. Throws `not_found` when there are none, `conflict`
 * when none can be used, `input_invalid` when the items cost less than its minimum.
 */
export function chooseClaim<C extends Claim>(
  claims: readonly C[],
  totalFen: number,
  now: Date,
): { claim: C; discountFen: number } {
  const claim = claims.find((each) => claimState(each, now) === 'claimed')
  if (claim === undefined) throw noneUsable(claims, now)
  const { minOrderFen } = claim
  if (totalFen < minOrderFen) {
    const told = `This coupon is for orders from ¥${yuan(minOrderFen)}; the items cost ¥${yuan(totalFen)}.`
    throw new DomainError('input_invalid', told, { minOrderFen, totalFen })
  }
  return { claim, discountFen: discountOf(claim, totalFen) }
}

function noneUsable(claims: readonly Claim[], now: Date): DomainError {
  const [first] = claims
  if (first === undefined) return new DomainError('not_found', 'Coupon not found')
  return new DomainError('conflict', UNUSABLE[claimState(first, now) as keyof typeof UNUSABLE])
}
