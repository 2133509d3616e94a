import type { Ctx } from '../../ctx.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Db, Tx } from '../../lib/db/db.ts'
import {
  accountClockOffset,
  timerClaim,
  timerDelete,
  timerFindDue,
  timerFinish,
  timerListDue,
  timerRest,
  timerUpsert,
  type TimerRow,
} from './timers.sql.ts'

/** Something that is to happen at `dueAt` of the account's time; there is one of each `kind` for each `ref`. */
export type Timer = { accountId: number; dueAt: Date; kind: string; ref: string }

type TimerCtx = Pick<Ctx, 'db' | 'clock' | 'log'>

/** What is done in `tx` when a timer is due; `now` is the account's time. What it throws undoes it, and it is tried again. */
export type TimerHandler<C extends TimerCtx = TimerCtx> = (
  ctx: C,
  tx: Tx,
  timer: { accountId: number; ref: string; dueAt: Date; now: Date },
) => Promise<void>

/** How long a timer rests after each failure; the last holds for all further ones. */
const PAUSES_MS = [1, 5, 30, 120].map((minutes) => minutes * 60_000)

/** What time it is for an account: a sandbox's clock may be ahead of the real one. */
export async function accountNow(db: Db, clock: Pick<Clock, 'now'>, accountId: number): Promise<Date> {
  return new Date(clock.now().getTime() + (await accountClockOffset(db, accountId)))
}

/** Sets a timer; the one of this kind and ref that was there before is gone. */
export async function setTimer(tx: Tx, timer: Timer): Promise<void> {
  await timerUpsert(tx, timer)
}

/** Drops a timer, if there is one: it will not run any more. */
export async function dropTimer(tx: Tx, timer: Pick<Timer, 'kind' | 'ref'>): Promise<void> {
  await timerDelete(tx, timer)
}

/**
 * Runs at most `limit` timers that are due, of one account or of all, each in a transaction of its own, and answers how many
 * ran. Several nodes may do so at once. One whose handler fails is logged, and rests for a while of real time.
 */
export async function runDueTimers<C extends TimerCtx>(
  ctx: C,
  handlers: Readonly<Record<string, TimerHandler<C>>>,
  { accountId = null, limit = 1_000 }: { accountId?: number | null; limit?: number } = {},
): Promise<number> {
  const at = ctx.clock.now()
  let count = 0
  for (const id of await timerListDue(ctx.db, { at, accountId, limit })) {
    if (await runTimer(ctx, handlers, id, at)) count++
  }
  return count
}

/** Ends a transaction whose timer is no longer what it was. */
class Overtaken extends Error {}

async function runTimer<C extends TimerCtx>(
  ctx: C,
  handlers: Readonly<Record<string, TimerHandler<C>>>,
  id: number,
  at: Date,
): Promise<boolean> {
  let timer: TimerRow | null = null
  try {
    return await ctx.db.transaction().execute(async (tx) => {
      // Not the row's own lock: whoever moves an order locks the order and then its timers, and a handler comes from the
      // other side. So the row is touched last, and counts only if it still is what was read.
      if (!(await timerClaim(tx, id))) return false
      timer = await timerFindDue(tx, id, at)
      if (timer === null) return false
      await handle(ctx, tx, handlers, timer, at)
      if (!(await timerFinish(tx, timer))) throw new Overtaken()
      return true
    })
  } catch (error) {
    if (error instanceof Overtaken) return false
    if (timer === null) throw error
    await rest(ctx, timer, at, error)
    return false
  }
}

async function handle<C extends TimerCtx>(
  ctx: C,
  tx: Tx,
  handlers: Readonly<Record<string, TimerHandler<C>>>,
  { account_id: accountId, kind, ref, due_at: dueAt, offset_ms: offsetMs }: TimerRow,
  at: Date,
): Promise<void> {
  const handler = handlers[kind]
  if (!handler) throw new Error(`nobody handles timers of the kind ${kind}`)
  await handler(ctx, tx, { accountId, ref, dueAt, now: new Date(at.getTime() + offsetMs) })
}

async function rest({ db, log }: TimerCtx, timer: TimerRow, at: Date, error: unknown): Promise<void> {
  const pauseMs = PAUSES_MS[Math.min(timer.tries, PAUSES_MS.length - 1)]!
  // What overtook it has also said what becomes of it.
  if (!(await timerRest(db, timer, new Date(at.getTime() + pauseMs)))) return
  const { kind, ref } = timer
  log.error({ err: error, kind, ref }, `The timer ${kind} of ${ref} failed and rests for ${pauseMs / 60_000} min.`)
}
