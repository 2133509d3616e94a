import type { Ctx } from '../../ctx.ts'
import { chargesCutOff, chargesVoid, type CutOffRow } from './charges.sql.ts'

/** How long a process that lives may be without the connection that shows it. */
const RECONNECT_MS = 1_500

/** Voids the charge of a call that a killed process had begun. False when there is none: then the call was booked, or never charged. */
export async function voidCharge(ctx: Pick<Ctx, 'db'>, name: string): Promise<boolean> {
  const [isVoided = false] = await chargesVoid(ctx.db, [name])
  return isVoided
}

/**
 * Lists and voids the charges that killed processes left: paid for, and never answered. Runs at each start and every few
 * minutes; of several at the same time, each charge is voided by one. Answers those that it voided.
 */
export async function voidCutOff(ctx: Pick<Ctx, 'db' | 'log' | 'clock'>): Promise<CutOffRow[]> {
  if ((await chargesCutOff(ctx.db)).length === 0) return []
  // A living process whose connection was cut shows itself again within a second.
  await ctx.clock.sleep(RECONNECT_MS)
  const found = await chargesCutOff(ctx.db)
  if (found.length === 0) return []
  const isOurs = await chargesVoid(
    ctx.db,
    found.map(({ name }) => name),
  )
  const cutOff = found.filter((_each, at) => isOurs[at])
  if (cutOff.length === 0) return []
  ctx.log.warn(
    { charges: cutOff.length },
    `Voided ${cutOff.length} calls that a killed server had charged and not answered; \`usage --cut-off\` lists them`,
  )
  return cutOff
}
