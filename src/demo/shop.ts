import type { Account } from '../access/accounts/accounts.ts'
import { creditAccount } from '../access/accounts/credit.ts'
import type { Ctx } from '../ctx.ts'
import { createCoupon, listCoupons } from '../shopping/coupons/coupons.ts'

const COUPON = {
  name: 'First haul',
  isSandbox: true,
  type: 'percentage',
  value: 10,
  minOrderFen: 20_000,
  maxDiscountFen: null,
  expiresAt: new Date('2100-01-01T00:00:00Z'),
  limitTotal: null,
  limitPerCustomer: 1,
  actor: 'demo',
} as const

/** Play money for the demo account's sandbox and a coupon for all sandboxes, each made once. One caller at a time. */
export async function openDemoShop(ctx: Ctx, account: Account): Promise<void> {
  const credit = { currency: 'CNY', amountMinor: 500_000, reason: 'play money', name: 'demo-wallet' } as const
  await creditAccount(ctx, { account, isSandbox: true, ...credit, actor: 'demo' })
  const coupons = await listCoupons(ctx.db)
  if (coupons.some(({ isSandbox, name }) => isSandbox && name === COUPON.name)) return
  await createCoupon(ctx, COUPON)
}
