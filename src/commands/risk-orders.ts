import { readConfig } from '../config.ts'
import { withCtx } from '../ctx.ts'
import type { OrderReason } from '../risk/list/reasons.ts'
import { moveOrder } from '../shopping/orders/moves.ts'
import type { PlacedOrder } from '../shopping/orders/orders.ts'
import { reportOrder } from '../shopping/orders/risk-report.ts'
import { listJudged, type OrderRisk } from '../shopping/orders/risk.ts'
import type { Json } from './account.ts'
import { cliActor } from './actor.ts'
import { print, table } from './print.ts'
import { onList } from './risk.ts'

type ReportOptions = Json & { reason: OrderReason; amount?: number; date?: Date }

export async function riskReportOrder(orderNo: string, options: ReportOptions): Promise<void> {
  const { reason, amount: amountFen = null, date } = options
  const { added, refreshed } = await onList((ctx) =>
    reportOrder(ctx, { orderNo, reason, amountFen, at: date ?? ctx.clock.now(), actor: cliActor() }),
  )
  const words = `${added} identifiers of the shopper are listed, ${refreshed} were and are refreshed.`
  print(options, { order: orderNo, added, refreshed }, words)
}

export async function riskOrders(options: Json & { verdict?: OrderRisk['verdict']; limit: number }): Promise<void> {
  const { verdict = null, limit } = options
  const judged = await withCtx(readConfig(), (ctx) => listJudged(ctx, { verdict, limit }))
  const head = ['ORDER', 'ACCOUNT', 'STATUS', 'PLACED', 'MODE', 'VERDICT', 'SCORE', 'WHY']
  const rows = judged.map((each) => [
    each.order_no ?? '(none)',
    String(each.account_id),
    each.status ?? 'refused',
    each.at.toISOString(),
    each.mode,
    each.verdict,
    String(each.score),
    Object.entries(each.reasons)
      .map(([type, codes]) => `${type}: ${codes.join(' ')}`)
      .join('; '),
  ])
  print(options, { orders: judged }, rows.length > 0 ? table(head, rows) : 'The list was asked about no such order.')
}

type Why = Json & { why: string }

export async function riskClearOrder(orderNo: string, options: Why): Promise<void> {
  const { status } = await decideHeld(orderNo, 'clear_risk', options)
  print(options, { order: orderNo, status }, `Order ${orderNo} goes on.`)
}

export async function riskRefuseOrder(orderNo: string, options: Why): Promise<void> {
  const { status } = await decideHeld(orderNo, 'refuse_risk', options)
  print(options, { order: orderNo, status }, `Order ${orderNo} is cancelled, and its money is given back.`)
}

function decideHeld(orderNo: string, name: 'clear_risk' | 'refuse_risk', { why }: Why): Promise<PlacedOrder> {
  const move = { name, actor: 'staff', lineNo: null, reason: why } as const
  return withCtx(readConfig(), async (ctx) => {
    const { order } = await moveOrder(ctx, { orderNo, accountId: null, move, who: cliActor() })
    return order
  })
}
