import assert from 'node:assert/strict'
import type { Db, Tx } from '../../lib/db/db.ts'
import { DomainError } from '../../lib/errors.ts'
import { apiBalanceOf, walletOf } from './accounts.ts'
import { availableMinor, decideReverse, decideTransfer, type Move, type Purse, type Refusal } from './decide.ts'
import {
  ledgerAccountBalance,
  ledgerAccountInsert,
  ledgerAccountLock,
  transferByName,
  transferInsert,
  transferList,
  type AccountRow,
  type TransferRow,
} from './ledger.sql.ts'

// Whoever calls has the transaction. A refusal leaves it as it was, so that the caller may go on.

export type NewTransfer = {
  /** The caller's name for it: sent twice, it happens once. */
  name: string
  /** Codes of accounts in one currency. */
  from: string
  to: string
  amountMinor: number
  reason: string
  at: Date
}

/** Opens an account's API balance and wallet, both empty, so that there is something to lock. */
export async function openLedgerAccounts(tx: Tx, accountId: number): Promise<void> {
  await ledgerAccountInsert(tx, [
    { code: apiBalanceOf(accountId), currency: 'USD' },
    { code: walletOf(accountId), currency: 'CNY' },
  ])
}

/**
 * Moves money once; sent again, it changes nothing and is `repeated`. Throws `DomainError('balance_too_low')` when a
 * customer's account does not have the amount, or holds it for something else. The same name with other content is a fault
 * of ours.
 */
export async function transfer(tx: Tx, input: NewTransfer): Promise<{ repeated: boolean }> {
  const { name, from, to, amountMinor } = input
  const [payer, receiver] = await lockPair(tx, from, to)
  const wanted: Move = { from, to, amountMinor, hold: null, reverses: null }
  const decide = async () => decideTransfer(purse(payer), moveOf(await transferByName(tx, name)), wanted)
  const row = { ...input, debitId: payer.id, creditId: receiver.id, reversesId: null, holdId: null, unheldMinor: 0 }
  return applyMove(tx, decide, row)
}

/**
 * Undoes a transfer once: its money goes back. Asked again under the same name, it changes nothing and is `repeated`.
 * Throws `DomainError`: `not_found` for an unknown transfer, `conflict` for one that was undone under another name or is
 * itself a reverse, `balance_too_low` when whoever got the money no longer has it.
 */
export async function reverse(
  tx: Tx,
  { name, reverseName, at }: { name: string; reverseName: string; at: Date },
): Promise<{ repeated: boolean }> {
  const undone = await transferByName(tx, name)
  if (!undone) throw new DomainError('not_found', `There is no transfer ${name}.`, { name })
  const [receiver, payer] = await lockPair(tx, undone.credit, undone.debit)
  const decide = async () => {
    // Read again, as another may have undone it before the lock was ours.
    const { reversed_by: by } = (await transferByName(tx, name))!
    const first = moveOf(await transferByName(tx, reverseName))
    return decideReverse(purse(receiver), { name, undone: moveOf(undone), by, first })
  }
  return applyMove(tx, decide, {
    name: reverseName,
    debitId: receiver.id,
    creditId: payer.id,
    amountMinor: undone.amount_minor,
    reason: 'reverse',
    at,
    reversesId: undone.id,
    holdId: null,
    unheldMinor: 0,
  })
}

/** Applies what was decided. Between two system accounts nothing is locked: then the name decides who was first. */
async function applyMove(
  tx: Tx,
  decide: () => Promise<{ kind: 'repeated' | 'move' } | Refusal>,
  row: Parameters<typeof transferInsert>[1],
): Promise<{ repeated: boolean }> {
  const decision = await decide()
  if (decision.kind === 'refused') throw refused(decision)
  if (decision.kind === 'repeated') return { repeated: true }
  if (await transferInsert(tx, row)) return { repeated: false }
  const again = await decide()
  if (again.kind === 'refused') throw refused(again)
  assert.equal(again.kind, 'repeated', `a transfer named ${row.name} appeared and went`)
  return { repeated: true }
}

export type Balance = { balanceMinor: number; heldMinor: number; availableMinor: number }

/** What an account has, and how much of it may be spent. A code without an account is a fault of ours. */
export async function getBalance(db: Db, code: string): Promise<Balance> {
  const row = await ledgerAccountBalance(db, code)
  assert(row, `there is no ledger account ${code}`)
  const { balance_minor: balanceMinor, held_minor: heldMinor } = row
  return { balanceMinor, heldMinor, availableMinor: balanceMinor - heldMinor }
}

/**
 * Locks a customer's account until the transaction ends and answers what it has: whatever depends on the balance, or must
 * not happen twice at once for it, can be decided. Ledger accounts are locked last of all rows.
 */
export async function lockBalance(tx: Tx, code: string): Promise<Balance> {
  const [row] = await ledgerAccountLock(tx, [code])
  assert(row && row.balance_minor !== null, `there is no customer's ledger account ${code}`)
  const { balance_minor: balanceMinor, held_minor: heldMinor } = row
  return { balanceMinor, heldMinor, availableMinor: availableMinor(purse(row)) }
}

export type LedgerTransfer = {
  id: number
  name: string
  from: string
  to: string
  amountMinor: number
  reason: string
  at: Date
  /** Names: of the hold that it captures, of the transfer that it undoes, of the one that undid it. */
  hold: string | null
  reverses: string | null
  reversedBy: string | null
}

/**
 * Transfers from and to an account, newest first, at most `limit` (100); `beforeId` is the id of the last one of the page
 * before.
 */
export async function listTransfers(
  db: Db,
  code: string,
  { beforeId = null, limit = 100 }: { beforeId?: number | null; limit?: number } = {},
): Promise<LedgerTransfer[]> {
  const rows = await transferList(db, { code, beforeId, limit })
  return rows.map(printed)
}

/** The transfer of this name, or null. */
export async function findTransfer(db: Db, name: string): Promise<LedgerTransfer | null> {
  const row = await transferByName(db, name)
  return row && printed(row)
}

function printed({ amount_minor: amountMinor, reversed_by: reversedBy, ...row }: TransferRow): LedgerTransfer {
  const { id, name, debit: from, credit: to, reason, at, hold, reverses } = row
  return { id, name, from, to, amountMinor, reason, at, hold, reverses, reversedBy }
}

/** Two accounts of one currency, in the order asked; a customer's is locked. */
export async function lockPair(tx: Tx, from: string, to: string): Promise<[AccountRow, AccountRow]> {
  const rows = await ledgerAccountLock(tx, [from, to])
  const [first, second] = [from, to].map((code) => rows.find((row) => row.code === code))
  assert(first && second, `both ledger accounts must exist: ${from}, ${to}`)
  assert.equal(first.currency, second.currency, `${from} and ${to} must be of one currency`)
  return [first, second]
}

export function purse({ balance_minor: balanceMinor, held_minor: heldMinor }: AccountRow): Purse {
  return { balanceMinor, heldMinor }
}

export function moveOf(row: TransferRow): Move
export function moveOf(row: TransferRow | null): Move | null
export function moveOf(row: TransferRow | null): Move | null {
  if (!row) return null
  const { debit: from, credit: to, amount_minor: amountMinor, hold, reverses } = row
  return { from, to, amountMinor, hold, reverses }
}

export function refused({ code, message, details }: Refusal): DomainError {
  return new DomainError(code, message, details)
}
