import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import { accountOwner } from '../../access/accounts/accounts.ts'
import type { Ctx } from '../../ctx.ts'
import { audit } from '../../events/audit/audit.ts'
import type { Db, Tx } from '../../lib/db/db.ts'
import { DomainError } from '../../lib/errors.ts'
import { walletOf } from '../../money/ledger/accounts.ts'
import { shortfall } from '../../money/ledger/decide.ts'
import { getBalance } from '../../money/ledger/ledger.ts'
import { check, type Checked } from '../../risk/check/check.ts'
import { HOUSE, type Owner } from '../../risk/list/entries.ts'
import type { ReasonCode } from '../../risk/list/reasons.ts'
import type { IdentifierType } from '../../risk/normalise/normalised.ts'
import { RULE_VERSION } from '../../risk/normalise/rule-version.ts'
import { identifiersOf, keepIdentifiers, lockPerson, type Identifier } from '../customers/identifiers.ts'
import { moveLocked } from './moves.ts'
import type { PlacedOrder } from './orders.ts'
import {
  orderRiskDoubts,
  orderRiskInsert,
  orderRiskLock,
  orderRiskPage,
  type JudgedOrder,
  type OrderRiskRow,
} from './risk.sql.ts'

/** What the risk list says of an order: the highest score of what is known of its shopper, and why, without saying who. */
export type OrderRisk = {
  mode: OrderRiskRow['mode']
  verdict: OrderRiskRow['verdict']
  /** 0 to 100. */
  score: number
  /** Codes, by the type of what was checked. */
  reasons: Readonly<Partial<Record<IdentifierType, readonly ReasonCode[]>>>
  /** What was checked. */
  identifiers: readonly Identifier[]
}

type Wish = { accountId: number; addressId: number | null }

const REFUSED =
  'This order cannot be accepted. If you think that this is a mistake, write to whoever runs this shop. What is held about an e-mail address or phone number of yours, POST /api/v1/blacklist/disputes/code tells, where you can object.'
const HELD = 'The order is checked before it is bought.'
const CHANGED = 'Your profile or the address has changed meanwhile; look at it and order again.'

/** Whoever is held or refused learns something of the list, so that nobody may ask as often as they like. */
const DOUBTS_A_DAY = 5
const DAY_MS = 86_400_000

/**
 * Asks the risk list about an order that is about to be placed; null where orders do not wait for it. Throws `unprocessable` for one
 * that is refused, which the audit tells of; before it asks, `balance_too_low` for one that the wallet does not cover, and
 * `rate_limited` after five that were held or refused within a day; and as `check` does.
 */
export async function weighOrder(
  ctx: Ctx,
  { payableFen, now, ...wish }: Wish & { payableFen: number; now: Date },
): Promise<OrderRisk | null> {
  if (ctx.config.risk.orders.mode !== 'on') return null
  const { accountId } = wish
  // Nobody asks the list for nothing.
  await requireCover(ctx.db, accountId, payableFen)
  await requirePatience(ctx.db, accountId, now)
  const risk = await weigh(ctx, await identifiersOf(ctx, wish), { accountId, mode: 'on' })
  if (risk.verdict !== 'refuse') return risk
  await ctx.db.transaction().execute(async (tx) => {
    const { score, reasons } = risk
    await orderRiskLock(tx, accountId)
    await requirePatience(tx, accountId, now)
    await record(tx, risk, { accountId, orderId: null, at: now })
    const deed = { at: ctx.clock.now(), actor: 'risk', action: 'order.refuse', accountId }
    const after = { score, reasons, rule_version: RULE_VERSION }
    await audit(tx, { ...deed, subject: `account:${accountId}`, after })
  })
  throw new DomainError('unprocessable', REFUSED)
}

/**
 * Writes down what the list said of an order that was just placed, and stops it if it has to be looked at. Throws `conflict` when
 * what was checked is not what holds by now, and `rate_limited` as `weighOrder`: whichever it says, many at once learn no more.
 */
export async function settleRisk(
  ctx: Ctx,
  tx: Tx,
  { order, risk, addressId, at }: { order: PlacedOrder; risk: OrderRisk; addressId: number | null; at: Date },
): Promise<PlacedOrder> {
  const { orderNo, accountId, id: orderId } = order
  const identifiers = await identifiersOf({ db: tx }, { accountId, addressId })
  if (!isDeepStrictEqual(identifiers, risk.identifiers)) throw new DomainError('conflict', CHANGED)
  await keepIdentifiers(ctx, tx, { accountId, orderId, at, identifiers })
  await orderRiskLock(tx, accountId)
  await requirePatience(tx, accountId, at)
  await record(tx, risk, { accountId, orderId, at })
  if (risk.verdict !== 'hold') return order
  const move = { name: 'hold_for_risk', actor: 'risk', lineNo: null, reason: HELD } as const
  const moved = await moveLocked(ctx, tx, { orderNo, accountId, move, who: 'risk' })
  assert(!('kind' in moved), 'an order that was just placed can be held')
  return moved.order
}

/** Where orders ask without consequence: writes down what would have been done of one that is placed. Never rejects. */
export async function watchOrder(ctx: Ctx, order: PlacedOrder, addressId: number | null): Promise<void> {
  if (ctx.config.risk.orders.mode !== 'shadow') return
  const { accountId, id: orderId, createdAt: at } = order
  try {
    const identifiers = await ctx.db.transaction().execute(async (tx) => {
      await lockPerson(tx, accountId)
      const known = await identifiersOf({ db: tx }, { accountId, addressId })
      await keepIdentifiers(ctx, tx, { accountId, orderId, at, identifiers: known })
      return known
    })
    const risk = await weigh(ctx, identifiers, { accountId, mode: 'shadow' })
    await ctx.db.transaction().execute((tx) => record(tx, risk, { accountId, orderId, at }))
  } catch (error) {
    ctx.log.warn({ err: error, orderId }, 'what the risk list says of an order could not be written down')
  }
}

/** What the list said of orders, the newest first: all, or those of one verdict. */
export async function listJudged(
  { db }: Pick<Ctx, 'db'>,
  wish: { verdict: OrderRisk['verdict'] | null; limit: number },
): Promise<JudgedOrder[]> {
  return orderRiskPage(db, wish)
}

/** Whose list an account's orders ask, and are reported to: the operator's; a sandbox has its own. */
export async function listFor(db: Db, accountId: number): Promise<Owner> {
  const { isSandbox } = await accountOwner(db, accountId)
  return { owner: isSandbox ? accountId : HOUSE, isSandbox }
}

async function requireCover(db: Db, accountId: number, payableFen: number): Promise<void> {
  const short = shortfall(await getBalance(db, walletOf(accountId)), payableFen)
  if (short) throw new DomainError(short.code, short.message, short.details)
}

async function requirePatience(db: Db, accountId: number, now: Date): Promise<void> {
  const doubts = await orderRiskDoubts(db, accountId, new Date(now.getTime() - DAY_MS))
  if (doubts.length < DOUBTS_A_DAY) return
  const retryAfterSeconds = Math.ceil((doubts.at(-DOUBTS_A_DAY)!.getTime() + DAY_MS - now.getTime()) / 1000)
  throw new DomainError('rate_limited', 'Too many orders were held or refused today.', { retryAfterSeconds })
}

async function weigh(
  ctx: Ctx,
  identifiers: readonly Identifier[],
  { accountId, mode }: { accountId: number; mode: OrderRisk['mode'] },
): Promise<OrderRisk> {
  const list = await listFor(ctx.db, accountId)
  // At once, so that they go to the database together.
  const answers = await Promise.all(identifiers.map((each) => check(ctx, list, each)))
  const checked = answers.flatMap((answer, at) =>
    answer.kind === 'checked' && answer.score > 0 ? [[identifiers[at]!.type, answer] as const] : [],
  )
  const score = Math.max(0, ...checked.map(([, each]) => each.score))
  const { holdFrom, refuseFrom } = ctx.config.risk.orders
  // Somebody looks at look-alikes, however many they are like.
  const isListed = checked.some(([, each]) => each.blacklisted && each.score >= refuseFrom)
  const verdict = isListed ? 'refuse' : score >= holdFrom ? 'hold' : 'allow'
  const reasons = Object.fromEntries(checked.map(([type, each]) => [type, codesOf(each)]))
  return { mode, verdict, score, reasons, identifiers }
}

function codesOf({ counted }: Checked): ReasonCode[] {
  return [...new Set(counted.map(({ reasonCode }) => reasonCode))]
}

async function record(
  tx: Tx,
  { mode, verdict, score, reasons }: OrderRisk,
  { accountId, orderId, at }: { accountId: number; orderId: number | null; at: Date },
): Promise<void> {
  const row = { account_id: accountId, order_id: orderId, at, mode, verdict, score, reasons }
  await orderRiskInsert(tx, { ...row, rule_version: RULE_VERSION })
}
