import assert from 'node:assert/strict'
import type { Clock } from '../../lib/clock.ts'
import type { Db, Tx } from '../../lib/db/db.ts'
import type { Log } from '../../lib/log.ts'
import { apiBalanceOf } from '../ledger/accounts.ts'
import { lockBalance } from '../ledger/ledger.ts'
import { subscriptionById, subscriptionListDue, subscriptionRenew } from './billing.sql.ts'
import { charge, fallBack, move, subscriptionOf, tell } from './billing.ts'
import { decideRenewal, type Subscription } from './decide.ts'

/**
 * Renews or ends at most `limit` subscriptions whose period is over: charges and moves on, or falls back to the first plan.
 * Periods that were missed are charged one by one while the balance lasts. Each step has a transaction of its own, under the
 * account's lock, so that several nodes may do so at once. One that fails is logged and left for the next time.
 */
export async function renewDue(
  ctx: { db: Db; clock: Pick<Clock, 'now'>; log: Pick<Log, 'error'> },
  limit = 1_000,
): Promise<{ renewed: number; ended: number; failed: number }> {
  const at = ctx.clock.now()
  const counts = { renewed: 0, ended: 0, failed: 0 }
  for (const { id, account_id: accountId } of await subscriptionListDue(ctx.db, at, limit)) {
    try {
      for (;;) {
        const step = await ctx.db.transaction().execute((tx) => renewOnce(tx, { id, accountId, at }))
        if (step !== null) counts[step]++
        if (step !== 'renewed') break
      }
    } catch (error) {
      counts.failed++
      ctx.log.error({ err: error, subscription: id, account: accountId }, `Subscription ${id} could not be renewed.`)
    }
  }
  return counts
}

async function renewOnce(
  tx: Tx,
  { id, accountId, at }: { id: number; accountId: number; at: Date },
): Promise<'renewed' | 'ended' | null> {
  const { availableMinor } = await lockBalance(tx, apiBalanceOf(accountId))
  // Under the lock, as the customer or another node may have been first.
  const row = await subscriptionById(tx, id)
  assert(row, 'subscriptions are never deleted')
  const current = subscriptionOf(row)
  const decision = decideRenewal(current, availableMinor, at)
  if (!decision) return null
  if (decision.kind === 'renew') {
    const { period, periodStartAt, periodEndAt } = decision
    const renewed: Subscription = { ...current, period, periodStartAt, periodEndAt }
    await charge(tx, renewed, renewed.priceUsdMicros, at)
    assert(await subscriptionRenew(tx, renewed), `subscription ${id} changed under its lock`)
    await tell(tx, 'renewed', renewed, at, { chargeUsdMicros: renewed.priceUsdMicros })
    return 'renewed'
  }
  await move(tx, current, 'ended', at)
  await fallBack(tx, current)
  if (decision.why === 'cancelled') await tell(tx, 'ended', current, at, { why: 'cancelled' })
  else {
    const details = { neededUsdMicros: current.priceUsdMicros, availableUsdMicros: availableMinor }
    await tell(tx, 'lapsed', current, at, details)
  }
  return 'ended'
}
