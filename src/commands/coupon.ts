import { readConfig } from '../config.ts'
import { withCtx } from '../ctx.ts'
import { OperatorError } from '../lib/errors.ts'
import { yuan } from '../lib/money.ts'
import { createCoupon, listCoupons, withdrawCoupon, type Coupon } from '../shopping/coupons/coupons.ts'
import { cliActor } from './actor.ts'
import { oneLine, print, table } from './print.ts'
import type { Moment } from './times.ts'

type Json = { json?: boolean }

export type CouponCreateOptions = Json & {
  name: string
  percent?: number
  /** In fen, as the next two. */
  cny?: number
  minCny?: number
  maxCny?: number
  expires: Moment
  limit?: number | null
  perCustomer: number
  sandbox?: boolean
}

export async function couponCreate(options: CouponCreateOptions): Promise<void> {
  const { percent, cny } = options
  if ((percent === undefined) === (cny === undefined)) throw new OperatorError('Give either --percent or --cny.')
  const coupon = await withCtx(readConfig(), async (ctx) => {
    const expiresAt = options.expires(ctx.clock.now())
    if (expiresAt === null) throw new OperatorError('A coupon has an end; give one with --expires.')
    return createCoupon(ctx, {
      name: options.name,
      type: percent === undefined ? 'fixed' : 'percentage',
      value: percent ?? cny!,
      minOrderFen: options.minCny ?? 0,
      maxDiscountFen: options.maxCny ?? null,
      expiresAt,
      limitTotal: options.limit ?? null,
      limitPerCustomer: options.perCustomer,
      isSandbox: options.sandbox === true,
      actor: cliActor(),
    })
  })
  print(options, toJson(coupon), `Coupon ${coupon.id}: ${wordsOf(coupon)}.`)
}

/** Nobody claims or uses it from here on; orders that use it keep it. */
export async function couponWithdraw(id: number, options: Json): Promise<void> {
  const coupon = await withCtx(readConfig(), (ctx) => withdrawCoupon(ctx, { id, actor: cliActor() }))
  print(options, toJson(coupon), `Coupon ${id} is withdrawn; ${coupon.claimed} had been claimed.`)
}

/** Every coupon, newest first. */
export async function couponList(options: Json): Promise<void> {
  const coupons = await withCtx(readConfig(), (ctx) => listCoupons(ctx.db))
  const rows = coupons.map((coupon) => [
    String(coupon.id),
    oneLine(coupon.name),
    wordsOf(coupon),
    `${coupon.claimed}${coupon.limitTotal === null ? '' : ` of ${coupon.limitTotal}`}`,
    coupon.withdrawnAt ? 'withdrawn' : '',
  ])
  const words = rows.length > 0 ? table(['ID', 'NAME', 'TERMS', 'CLAIMED', ''], rows) : 'There are no coupons.'
  print(options, { coupons: coupons.map(toJson) }, words)
}

function toJson(coupon: Coupon) {
  return {
    id: coupon.id,
    name: coupon.name,
    sandbox: coupon.isSandbox,
    type: coupon.type,
    percent: coupon.type === 'percentage' ? coupon.value : null,
    cny: coupon.type === 'fixed' ? yuan(coupon.value) : null,
    min_cny: yuan(coupon.minOrderFen),
    max_cny: coupon.maxDiscountFen === null ? null : yuan(coupon.maxDiscountFen),
    expires_at: coupon.expiresAt.toISOString(),
    limit: coupon.limitTotal,
    per_customer: coupon.limitPerCustomer,
    claimed: coupon.claimed,
    withdrawn_at: coupon.withdrawnAt?.toISOString() ?? null,
  }
}

function wordsOf({ type, value, minOrderFen, maxDiscountFen, expiresAt, isSandbox, limitPerCustomer }: Coupon): string {
  return [
    type === 'percentage' ? `${value} % off` : `¥${yuan(value)} off`,
    ...(minOrderFen > 0 ? [`from ¥${yuan(minOrderFen)}`] : []),
    ...(maxDiscountFen === null ? [] : [`at most ¥${yuan(maxDiscountFen)}`]),
    `until ${expiresAt.toISOString()}`,
    ...(limitPerCustomer > 1 ? [`${limitPerCustomer} for each customer`] : []),
    ...(isSandbox ? ['for sandboxes'] : []),
  ].join(', ')
}
