import { sql } from 'kysely'
import type { Db, Tx } from '../../lib/db/db.ts'
import type { Offer, Subscription } from './decide.ts'
import type { SubscriptionState } from './states.ts'

export type SubscriptionRow = {
  id: number
  account_id: number
  product: Offer['product']
  kind: Offer['kind']
  offer: string
  state: SubscriptionState
  price_usd_micros: number
  anchor_at: Date
  period: number
  period_start_at: Date
  period_end_at: Date
  created_at: Date
  ended_at: Date | null
}

/** The subscription that runs: to a plan of the product, whichever, or to this add-on. */
export async function subscriptionCurrent(
  db: Db,
  wanted: { accountId: number; product: string; kind: string; offer: string | null },
): Promise<SubscriptionRow | null> {
  const { rows } = await sql<SubscriptionRow>`
    select * from subscription
    where account_id = ${wanted.accountId} and product = ${wanted.product} and kind = ${wanted.kind}
      and (kind = 'plan' or offer = ${wanted.offer}) and state <> 'ended'`.execute(db)
  return rows[0] ?? null
}

export async function subscriptionById(db: Db, id: number): Promise<SubscriptionRow | null> {
  const { rows } = await sql<SubscriptionRow>`select * from subscription where id = ${id}`.execute(db)
  return rows[0] ?? null
}

/** Newest first. */
export async function subscriptionList(db: Db, accountId: number, limit: number): Promise<SubscriptionRow[]> {
  const { rows } = await sql<SubscriptionRow>`
    select * from subscription where account_id = ${accountId} order by id desc limit ${limit}`.execute(db)
  return rows
}

/** Running subscriptions whose period is over, longest first. */
export async function subscriptionListDue(
  db: Db,
  at: Date,
  limit: number,
): Promise<{ id: number; account_id: number }[]> {
  const { rows } = await sql<{ id: number; account_id: number }>`
    select id, account_id from subscription where state <> 'ended' and period_end_at <= ${at}
    order by period_end_at, id limit ${limit}`.execute(db)
  return rows
}

export async function subscriptionInsert(
  tx: Tx,
  row: Offer & Pick<Subscription, 'accountId' | 'priceUsdMicros' | 'periodStartAt' | 'periodEndAt'> & { at: Date },
): Promise<SubscriptionRow> {
  const { rows } = await sql<SubscriptionRow>`
    insert into subscription (account_id, product, kind, offer, state, price_usd_micros, anchor_at, period_start_at,
      period_end_at, created_at)
    values (${row.accountId}, ${row.product}, ${row.kind}, ${row.offer}, 'active', ${row.priceUsdMicros},
      ${row.periodStartAt}, ${row.periodStartAt}, ${row.periodEndAt}, ${row.at})
    returning *`.execute(tx)
  return rows[0]!
}

/** Moves a subscription that is as it was decided on; false when it is not. */
export async function subscriptionMove(
  tx: Tx,
  row: { id: number; from: SubscriptionState; to: SubscriptionState; at: Date },
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update subscription set state = ${row.to}, ended_at = ${row.to === 'ended' ? row.at : null}
    where id = ${row.id} and state = ${row.from} and state <> 'ended'`.execute(tx)
  return numAffectedRows === 1n
}

/** Moves an active subscription on to its next period; false when it is there already. */
export async function subscriptionRenew(
  tx: Tx,
  row: Pick<Subscription, 'id' | 'period' | 'periodStartAt' | 'periodEndAt'>,
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update subscription set period = ${row.period}, period_start_at = ${row.periodStartAt},
      period_end_at = ${row.periodEndAt}
    where id = ${row.id} and state = 'active' and period = ${row.period - 1}`.execute(tx)
  return numAffectedRows === 1n
}
