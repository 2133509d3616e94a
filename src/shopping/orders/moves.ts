import { accountOwner } from '../../access/accounts/accounts.ts'
import type { Ctx } from '../../ctx.ts'
import { addNews } from '../../events/outbox/outbox.ts'
import { accountNow, dropTimer, setTimer, type TimerHandler } from '../../events/timers/timers.ts'
import type { Seal, Tx } from '../../lib/db/db.ts'
import { DomainError } from '../../lib/errors.ts'
import { SYSTEM, walletOf } from '../../money/ledger/accounts.ts'
import { captureHold, placeHolds, voidHold } from '../../money/ledger/holds.ts'
import { transfer } from '../../money/ledger/ledger.ts'
import { giveBackCoupon } from '../coupons/coupons.ts'
import { decide, givenBackFen, type Done, type LedgerCommand, type Refused } from './decide.ts'
import { amountsOf, type Move, type OrderLine } from './order.ts'
import { getOrder, isOrderNo, placedOf, rowOf, unknownOrder, type PlacedLine, type PlacedOrder } from './orders.ts'
import { orderLineList, orderLock, orderMoveInsert, orderTallyMove, orderUpdate } from './orders.sql.ts'

const MINUTE_MS = 60_000

/** The timers of an order that is pending: when it is accepted unless somebody stopped it, and when it has ended. */
export const ACCEPT_TIMER = 'order.accept'
export const EXPIRE_TIMER = 'order.expire'

type OrderCtx = Pick<Ctx, 'db' | 'clock' | 'config'>

type OrderTimer = TimerHandler<OrderCtx & Pick<Ctx, 'log'>>

export type Moved = { order: PlacedOrder; givenBackFen: number }

/**
 * Makes a move on an order, with all that it does to lines, money, coupon and timers, in one transaction. `accountId`: whose
 * order it has to be; null for those who work on everybody's. `who`: who it is that acts, such as `cli:NAME`. Throws
 * `not_found` for an unknown number, what `decide` refuses with its code, and `balance_too_low` when a higher price is not
 * covered.
 */
export async function moveOrder(ctx: OrderCtx, wanted: Wanted, seal?: Seal<Moved>): Promise<Moved> {
  return ctx.db.transaction().execute(async (tx) => {
    const moved = await moveLocked(ctx, tx, wanted)
    if ('kind' in moved) throw refusal(moved)
    await seal?.(tx, moved)
    return moved
  })
}

/** What `moveOrder` would give back, and nothing done; throws as it does. */
export async function tryMove(
  ctx: Pick<Ctx, 'db'>,
  { orderNo, accountId, move }: { orderNo: string; accountId: number; move: Move },
): Promise<{ after: Done['after']; givenBackFen: number }> {
  const done = decide(await getOrder(ctx, accountId, orderNo), move)
  if (done.kind === 'refused') throw refusal(done)
  return { after: done.after, givenBackFen: givenBackFen(done) }
}

/** Accepts an order that nobody stopped, and cancels one that was pending for too long. */
export const ORDER_TIMERS: Readonly<Record<string, OrderTimer>> = {
  [ACCEPT_TIMER]: byTimer(ACCEPT_TIMER, { name: 'accept', actor: 'system', lineNo: null }),
  [EXPIRE_TIMER]: byTimer(EXPIRE_TIMER, { name: 'expire', actor: 'system', lineNo: null }),
}

function byTimer(firing: string, move: Move): OrderTimer {
  return async (ctx, tx, { ref, accountId }) => {
    // Refused, somebody was first, and there is nothing left to do.
    await moveLocked(ctx, tx, { orderNo: ref, accountId, move, who: 'timer', firing })
  }
}

type Wanted = { orderNo: string; accountId: number | null; move: Move; who: string }

/** As `moveOrder`, in the caller's transaction, and what is refused is answered. */
export async function moveLocked(
  ctx: OrderCtx,
  tx: Tx,
  { orderNo, accountId, move, who, firing }: Wanted & { firing?: string },
): Promise<Moved | Refused> {
  const row = isOrderNo(orderNo) ? await orderLock(tx, orderNo, accountId) : null
  if (!row) throw unknownOrder(orderNo)
  const order = placedOf(row, await orderLineList(tx, row.id))
  const done = decide(order, move)
  if (done.kind === 'refused') return done
  const at = await accountNow(tx, ctx.clock, order.accountId)
  const lines = linesAfter(order, done.lines)
  const after: PlacedOrder = { ...order, ...amountsOf(lines), status: done.after, updatedAt: at, lines }
  // What is as it was, the decision has left alone.
  const changed = lines.filter((_, place) => !order.lines.includes(done.lines[place] as PlacedLine))
  await write(tx, order, after, changed)
  await applyDecision(ctx, tx, { order: after, done, at, who, ...(firing !== undefined && { firing }) })
  return { order: after, givenBackFen: givenBackFen(done) }
}

function refusal({ code, message }: Refused): DomainError {
  return new DomainError(code, message)
}

/** What was decided, with what the decision does not look at; a line that was split has it from the one that it was part of. */
function linesAfter({ lines }: PlacedOrder, decidedLines: readonly OrderLine[]): PlacedLine[] {
  const known = new Map(lines.map((line) => [line.lineNo, line]))
  return decidedLines.map((line) => ({ ...known.get(known.has(line.lineNo) ? line.lineNo : line.splitOf!)!, ...line }))
}

async function write(tx: Tx, before: PlacedOrder, after: PlacedOrder, changed: readonly PlacedLine[]): Promise<void> {
  await orderUpdate(
    tx,
    {
      id: after.id,
      status: after.status,
      total_fen: after.totalFen,
      service_fee_fen: after.serviceFeeFen,
      discount_fen: after.discountFen,
      payable_fen: after.payableFen,
      updated_at: after.updatedAt,
    },
    changed.map(rowOf),
  )
  if (before.status !== after.status) await orderTallyMove(tx, after.accountId, before.status, after.status)
}

type Decided = {
  order: Pick<PlacedOrder, 'id' | 'orderNo' | 'accountId'>
  done: Done
  at: Date
  who: string
  /** The timer that makes the move, which ends by itself. */
  firing?: string
}

/** Everything of a decision beside the order's own rows. The money last, as a wallet is what others wait for. */
export async function applyDecision(ctx: OrderCtx, tx: Tx, decided: Decided): Promise<void> {
  const { order, done, at, who } = decided
  const { id, orderNo, accountId } = order
  await orderMoveInsert(
    tx,
    id,
    done.moves.map(({ lineNo, moneyFen, ...move }) => ({ ...move, who, line_no: lineNo, money_fen: moneyFen })),
    at,
  )
  const moves = done.moves.map(({ lineNo, move, before, after }) => ({ lineNo, move, before, after }))
  const event = done.before === null ? 'order.created' : 'order.moved'
  await addNews(tx, { at, accountId, event, body: { orderNo, before: done.before, after: done.after, moves } })
  if (done.isCouponBack) await giveBackCoupon(tx, id)
  await setTimers(ctx, tx, decided)
  await applyLedger(tx, { accountId, commands: done.ledger, at })
}

async function setTimers(ctx: OrderCtx, tx: Tx, { order, done, at, firing }: Decided): Promise<void> {
  const { acceptMinutes, pendingHours } = ctx.config.orders
  const timer = { accountId: order.accountId, ref: order.orderNo }
  const after = (minutes: number) => new Date(at.getTime() + minutes * MINUTE_MS)
  if (done.pendingTimer === 'start') {
    await setTimer(tx, { ...timer, kind: ACCEPT_TIMER, dueAt: after(acceptMinutes) })
    await setTimer(tx, { ...timer, kind: EXPIRE_TIMER, dueAt: after(pendingHours * 60) })
  }
  if (done.pendingTimer === 'stop') {
    const others = [ACCEPT_TIMER, EXPIRE_TIMER].filter((kind) => kind !== firing)
    for (const kind of others) await dropTimer(tx, { ref: timer.ref, kind })
  }
}

async function applyLedger(
  tx: Tx,
  { accountId, commands, at }: { accountId: number; commands: readonly LedgerCommand[]; at: Date },
): Promise<void> {
  if (commands.length === 0) return
  const wallet = walletOf(accountId)
  const { isSandbox } = await accountOwner(tx, accountId)
  const ours = (isSandbox ? SYSTEM.sandbox : SYSTEM.revenue).CNY
  const holds: { name: string; amountMinor: number }[] = []
  for (const command of commands) {
    if (command.do === 'hold') {
      holds.push({ name: command.name, amountMinor: command.amountFen })
    } else if (command.do === 'capture') {
      const { hold, name, amountFen } = command
      await captureHold(tx, { hold, name, to: ours, amountMinor: amountFen, rest: 'release', reason: 'order', at })
    } else if (command.do === 'release') {
      await voidHold(tx, { name: command.hold, at })
    } else {
      const { name, amountFen } = command
      await transfer(tx, { name, from: ours, to: wallet, amountMinor: amountFen, reason: 'refund', at })
    }
  }
  // All at once, as an order has as many as lines; what is released for them is free by now.
  if (holds.length > 0) await placeHolds(tx, { account: wallet, holds, expiresAt: null, at })
}
