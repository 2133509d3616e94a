import assert from 'node:assert/strict'
import { addNews } from '../../events/outbox/outbox.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Log } from '../../lib/log.ts'
import type { Db, Tx } from '../../lib/db/db.ts'
import { DomainError } from '../../lib/errors.ts'
import { ownerOf } from './accounts.ts'
import {
  decideCapture,
  decideExpiry,
  decidePlace,
  decideVoid,
  isRepeat,
  type Hold,
  type HoldState,
  type Move,
} from './decide.ts'
import { lockPair, moveOf, purse, refused } from './ledger.ts'
import {
  holdByName,
  holdCapture,
  holdInsert,
  holdListByName,
  holdListDue,
  holdRelease,
  ledgerAccountLock,
  transferByName,
  transferInsert,
  type HoldRow,
} from './ledger.sql.ts'

// The lock of an account is the lock of its holds: everything that changes one takes it first.

export type NewHold = {
  /** The caller's name for it: placed twice, it is there once. */
  name: string
  /** The code of a customer's account. */
  account: string
  amountMinor: number
  /** When it ends by itself; null: never. */
  expiresAt: Date | null
  at: Date
}

/**
 * Keeps an amount of a customer's balance for later. Placed again, it changes nothing and is `repeated`, whatever became
 * of it since. Throws `DomainError('balance_too_low')`. The same name with other content is a fault of ours.
 */
export async function placeHold(tx: Tx, { name, amountMinor, ...common }: NewHold): Promise<{ repeated: boolean }> {
  const { placed } = await placeHolds(tx, { ...common, holds: [{ name, amountMinor }] })
  return { repeated: placed === 0 }
}

/** As `placeHold` for several at once, all or none; `placed`: how many of them were not there before. */
export async function placeHolds(
  tx: Tx,
  {
    account,
    holds,
    expiresAt,
    at,
  }: Omit<NewHold, 'name' | 'amountMinor'> & {
    holds: readonly Pick<NewHold, 'name' | 'amountMinor'>[]
  },
): Promise<{ placed: number }> {
  const [payer] = await ledgerAccountLock(tx, [account])
  assert(payer && payer.balance_minor !== null, `holds are on customers' accounts: ${account}`)
  const known = new Map(
    (
      await holdListByName(
        tx,
        holds.map(({ name }) => name),
      )
    ).map((row) => [row.name, holdOf(row)]),
  )
  const fresh: (typeof holds)[number][] = []
  let { balanceMinor, heldMinor } = purse(payer)
  for (const hold of holds) {
    const { name, amountMinor } = hold
    const decision = decidePlace({ balanceMinor, heldMinor }, known.get(name) ?? null, {
      account,
      amountMinor,
      expiresAt,
    })
    if (decision.kind === 'refused') throw refused(decision)
    if (decision.kind === 'repeated') continue
    heldMinor += amountMinor
    fresh.push(hold)
  }
  if (fresh.length === 0) return { placed: 0 }
  const placed = await holdInsert(tx, { accountId: payer.id, holds: fresh, at, expiresAt })
  assert.equal(placed, fresh.length, 'a hold of the same name has other content')
  return { placed }
}

export type Capture = {
  hold: string
  /** The name of the transfer that it becomes: sent twice, it happens once. */
  name: string
  to: string
  amountMinor: number
  /** What becomes of what is left: `keep` it held for another capture, or `release` it. */
  rest: 'keep' | 'release'
  reason: string
  at: Date
}

/**
 * Pays from a hold, in part or whole; sent again, it changes nothing and is `repeated`. Throws `DomainError`: `not_found`
 * for an unknown hold; `conflict` for one that has ended or is due, or that keeps less than `amountMinor`. The same name
 * with other content is a fault of ours.
 */
export async function captureHold(tx: Tx, capture: Capture): Promise<{ repeated: boolean }> {
  const { hold: holdName, name, to, amountMinor, reason, at } = capture
  const [payer, receiver] = await lockPair(tx, (await getHold(tx, holdName)).account, to)
  const row = await getHold(tx, holdName)
  const wanted: Move = { from: row.account, to, amountMinor, hold: holdName, reverses: null }
  if (isRepeat(moveOf(await transferByName(tx, name)), wanted)) return { repeated: true }
  const decision = decideCapture(holdName, holdOf(row), capture)
  if (decision.kind === 'refused') throw refused(decision)
  const { capturedMinor, state, unheldMinor } = decision
  const moved = await transferInsert(tx, {
    name,
    debitId: payer.id,
    creditId: receiver.id,
    amountMinor,
    reason,
    at,
    reversesId: null,
    holdId: row.id,
    unheldMinor,
  })
  assert(moved, `a transfer named ${name} has other content`)
  const change = { id: row.id, fromCapturedMinor: row.captured_minor, capturedMinor, state, at }
  assert(await holdCapture(tx, change), `hold ${holdName} changed under its lock`)
  return { repeated: false }
}

/**
 * Ends a hold and releases what it still keeps; voided again, it changes nothing and is `repeated`. Throws `DomainError`:
 * `not_found` for an unknown hold, `conflict` for one that is captured or expired.
 */
export async function voidHold(tx: Tx, { name, at }: { name: string; at: Date }): Promise<{ repeated: boolean }> {
  const { account } = await getHold(tx, name)
  await ledgerAccountLock(tx, [account])
  const row = await getHold(tx, name)
  const decision = decideVoid(name, holdOf(row))
  if (decision.kind === 'refused') throw refused(decision)
  if (decision.kind === 'repeated') return { repeated: true }
  const { unheldMinor } = decision
  const change = { id: row.id, fromCapturedMinor: row.captured_minor, state: 'voided', unheldMinor, at } as const
  assert(await holdRelease(tx, change), `hold ${name} changed under its lock`)
  return { repeated: false }
}

/**
 * Ends open holds that are due, at most `limit`, each in a transaction of its own with the news `hold.expired`, and answers
 * how many it ended. Several nodes may do so at once.
 */
export async function expireHolds(
  ctx: { db: Db; clock: Pick<Clock, 'now'>; log: Log },
  limit = 1_000,
): Promise<number> {
  const at = ctx.clock.now()
  const due = await holdListDue(ctx.db, at, limit)
  let count = 0
  for (const { name, account } of due) {
    try {
      if (await ctx.db.transaction().execute((tx) => expireHold(tx, { name, account, at }))) count++
    } catch (error) {
      // One that cannot be ended now must not hold the others up.
      ctx.log.warn({ err: error, hold: name }, `A hold could not be ended and is tried again later: ${name}`)
    }
  }
  return count
}

async function expireHold(
  tx: Tx,
  { name, account, at }: { name: string; account: string; at: Date },
): Promise<boolean> {
  const [owner] = await ledgerAccountLock(tx, [account])
  assert(owner, `there is no ledger account ${account}`)
  const row = await getHold(tx, name)
  // Another node, a capture or a void may have been first.
  const decision = decideExpiry(holdOf(row), at)
  if (!decision) return false
  const { unheldMinor } = decision
  const change = { id: row.id, fromCapturedMinor: row.captured_minor, state: 'expired', unheldMinor, at } as const
  assert(await holdRelease(tx, change), `hold ${name} changed under its lock`)
  const body = { name, account, currency: owner.currency, releasedMinor: unheldMinor }
  await addNews(tx, { at, accountId: ownerOf(account), event: 'hold.expired', body })
  return true
}

export type LedgerHold = Hold & { name: string; state: HoldState; placedAt: Date; closedAt: Date | null }

/** The hold of this name, or null. */
export async function findHold(db: Db, name: string): Promise<LedgerHold | null> {
  const row = await holdByName(db, name)
  return row && { name, ...holdOf(row), placedAt: row.placed_at, closedAt: row.closed_at }
}

async function getHold(db: Db, name: string): Promise<HoldRow> {
  const row = await holdByName(db, name)
  if (!row) throw new DomainError('not_found', `There is no hold ${name}.`, { name })
  return row
}

function holdOf(row: HoldRow): Hold {
  const { account, amount_minor: amountMinor, captured_minor: capturedMinor, state, expires_at: expiresAt } = row
  return { account, amountMinor, capturedMinor, state, expiresAt }
}
