import type { Ctx } from '../../ctx.ts'
import { audit } from '../../events/audit/audit.ts'
import { DomainError } from '../../lib/errors.ts'
import { yuan } from '../../lib/money.ts'
import { putEntries, type ListCtx, type Source } from '../../risk/list/entries.ts'
import type { NewEntry } from '../../risk/list/prepare.ts'
import { eventDetails, type OrderReason } from '../../risk/list/reasons.ts'
import { keptIdentifiers } from '../customers/identifiers.ts'
import { isOrderNo, unknownOrder } from './orders.ts'
import { orderLock } from './orders.sql.ts'
import { listFor } from './risk.ts'

/** Orders of ours are no other opinion than the house's. */
const ORDERS: Source = { name: 'orders', party: 'house', confidence: 100 }

const SAYS: Readonly<Record<OrderReason, string>> = {
  chargeback: 'Chargeback on order',
  fraud: 'Fraud on order',
}

const NOTHING_KEPT =
  'Nothing was kept of who placed this order, as orders did not ask the risk list (ORDER_RISK), it was erased, or its key is lost. `risk add` lists what you are sure of.'

export type Reported = { added: number; refreshed: number }

/**
 * Lists what was known of an order's shopper when it was placed because of what came of it; `amountFen` is what it cost unless given,
 * `at` when it happened. Throws `not_found` for an unknown number, `input_invalid` for what is to come, and `unprocessable` where nothing was kept.
 */
export async function reportOrder(
  ctx: ListCtx & Pick<Ctx, 'db'>,
  {
    orderNo,
    reason,
    amountFen,
    at,
    actor,
  }: {
    orderNo: string
    reason: OrderReason
    amountFen: number | null
    at: Date
    actor: string
  },
): Promise<Reported> {
  if (at > ctx.clock.now()) throw new DomainError('input_invalid', 'This lies in the future; give when it happened.')
  return ctx.db.transaction().execute(async (tx) => {
    const order = isOrderNo(orderNo) ? await orderLock(tx, orderNo, null) : null
    if (!order) throw unknownOrder(orderNo)
    const { id: orderId, account_id: accountId } = order
    const identifiers = await keptIdentifiers(ctx, tx, orderId)
    if (!identifiers) throw new DomainError('unprocessable', NOTHING_KEPT)
    const details = eventDetails(reason, {
      orderId: orderNo,
      amount: `¥${yuan(amountFen ?? order.payable_fen)}`,
      date: at.toISOString().slice(0, 10),
    })
    const entries = identifiers.map(({ type, value, region }): NewEntry => {
      const said = { reasonCode: reason, reason: `${SAYS[reason]} #${orderNo}`, details, firstSeen: at }
      return { kind: 'adverse', type, value, ...(region !== null && { region }), ...said }
    })
    const list = await listFor(tx, accountId)
    const { added, refreshed, unfit } = await putEntries(ctx, tx, { ...list, source: ORDERS, entries })
    if (added.length + refreshed.length === 0) throw new DomainError('unprocessable', unfit[0]!.why)
    const after = { reason, entries: [...added, ...refreshed] }
    const deed = { at: ctx.clock.now(), actor, action: 'risk.report_order', accountId }
    await audit(tx, { ...deed, subject: `order:${orderNo}`, after })
    return { added: added.length, refreshed: refreshed.length }
  })
}
