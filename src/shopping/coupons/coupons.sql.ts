import { sql } from 'kysely'
import type { Db, Tx } from '../../lib/db/db.ts'
import type { Catalogue } from '../../products/catalog/product.ts'
import type { CouponType } from './discount.ts'

export type CouponRow = {
  id: number
  catalogue: Catalogue
  name: string
  type: CouponType
  value: number
  min_order_fen: number
  max_discount_fen: number | null
  expires_at: Date
  limit_total: number | null
  limit_per_customer: number
  claimed: number
  created_at: Date
  withdrawn_at: Date | null
}

/** A claim with its coupon. */
export type ClaimRow = CouponRow & { claim_id: number; claimed_at: Date; order_id: number | null; used_at: Date | null }

const COUPON = sql.raw(
  `c.id, c.catalogue, c.name, c.type, c.value, c.min_order_fen, c.max_discount_fen, c.expires_at, c.limit_total,
   c.limit_per_customer, c.claimed, c.created_at, c.withdrawn_at`,
)

export async function couponInsert(
  tx: Tx,
  row: Omit<CouponRow, 'id' | 'claimed' | 'withdrawn_at'>,
): Promise<CouponRow> {
  const { rows } = await sql<CouponRow>`
    insert into coupon as c (catalogue, name, type, value, min_order_fen, max_discount_fen, expires_at, limit_total,
      limit_per_customer, created_at)
    values (${row.catalogue}, ${row.name}, ${row.type}, ${row.value}, ${row.min_order_fen}, ${row.max_discount_fen},
      ${row.expires_at}, ${row.limit_total}, ${row.limit_per_customer}, ${row.created_at})
    returning ${COUPON}`.execute(tx)
  return rows[0]!
}

/** All coupons, newest first. */
export async function couponList(db: Db): Promise<CouponRow[]> {
  const { rows } = await sql<CouponRow>`select ${COUPON} from coupon c order by id desc`.execute(db)
  return rows
}

/** The coupon, locked until the transaction ends: of any number who claim it, each sees what the one before left. */
export async function couponLock(tx: Tx, id: number): Promise<CouponRow | null> {
  const { rows } = await sql<CouponRow>`select ${COUPON} from coupon c where id = ${id} for update`.execute(tx)
  return rows[0] ?? null
}

export async function couponWithdraw(tx: Tx, id: number, at: Date): Promise<void> {
  await sql`update coupon set withdrawn_at = ${at} where id = ${id}`.execute(tx)
}

/** What an account may claim, the one that ends first first. */
export async function couponListClaimable(
  db: Db,
  { accountId, catalogue, now }: { accountId: number; catalogue: Catalogue; now: Date },
): Promise<CouponRow[]> {
  const { rows } = await sql<CouponRow>`
    select ${COUPON} from coupon c
    where catalogue = ${catalogue} and withdrawn_at is null and expires_at > ${now}
      and (limit_total is null or claimed < limit_total)
      and limit_per_customer >
        (select count(*) from coupon_claim where coupon_id = c.id and account_id = ${accountId})
    order by expires_at, id`.execute(db)
  return rows
}

/** Claims a coupon that `couponLock` has locked. */
export async function claimInsert(
  tx: Tx,
  { couponId, accountId, at }: { couponId: number; accountId: number; at: Date },
): Promise<void> {
  await sql`
    with counted as (update coupon set claimed = claimed + 1 where id = ${couponId})
    insert into coupon_claim (coupon_id, account_id, claimed_at) values (${couponId}, ${accountId}, ${at})`.execute(tx)
}

/** An account's claims, of one coupon or of all, oldest first. */
export async function claimList(db: Db, accountId: number, couponId: number | null = null): Promise<ClaimRow[]> {
  const { rows } = await claims(accountId, couponId).execute(db)
  return rows
}

/** As `claimList`, the claims locked until the transaction ends. */
export async function claimLock(tx: Tx, accountId: number, couponId: number): Promise<ClaimRow[]> {
  const { rows } = await sql<ClaimRow>`${claims(accountId, couponId)} for update of claim`.execute(tx)
  return rows
}

function claims(accountId: number, couponId: number | null) {
  return sql<ClaimRow>`
    select ${COUPON}, claim.id as claim_id, claim.claimed_at, claim.order_id, claim.used_at
    from coupon_claim claim join coupon c on c.id = claim.coupon_id
    where claim.account_id = ${accountId} and (${couponId}::bigint is null or claim.coupon_id = ${couponId})
    order by claim.id`
}

export async function claimUse(tx: Tx, id: number, { orderId, at }: { orderId: number; at: Date }): Promise<void> {
  await sql`update coupon_claim set order_id = ${orderId}, used_at = ${at} where id = ${id}`.execute(tx)
}

/** Whether the order had one. */
export async function claimGiveBack(tx: Tx, orderId: number): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update coupon_claim set order_id = null, used_at = null where order_id = ${orderId}`.execute(tx)
  return numAffectedRows === 1n
}
