import assert from 'node:assert/strict'
import type { DomainError } from '../../lib/errors.ts'

// What happens to money, decided without a clock or a database. ledger.ts applies it under the lock of the customer's account.

/** What an account has. A null balance is a system account's, which may go below zero. */
export type Purse = { balanceMinor: number | null; heldMinor: number }

/** What a transfer is, apart from when and why. */
export type Move = {
  from: string
  to: string
  amountMinor: number
  /** The name of the hold that it captures. */
  hold: string | null
  /** The name of the transfer that it undoes. */
  reverses: string | null
}

export type HoldState = 'open' | 'captured' | 'voided' | 'expired'
export type Hold = {
  account: string
  amountMinor: number
  capturedMinor: number
  state: HoldState
  expiresAt: Date | null
}

export type Refusal = {
  kind: 'refused'
  code: Extract<DomainError['code'], 'balance_too_low' | 'conflict' | 'not_found'>
  message: string
  details: Record<string, string | number>
}
type Repeated = { kind: 'repeated' }

/** `first` is the transfer that has this name already. Other content under the same name is a fault of ours. */
export function decideTransfer(payer: Purse, first: Move | null, wanted: Move): Repeated | Refusal | { kind: 'move' } {
  assertAmount(wanted.amountMinor)
  if (isRepeat(first, wanted)) return { kind: 'repeated' }
  return shortfall(payer, wanted.amountMinor) ?? { kind: 'move' }
}

/** Whether a name was used for this very move. Used for another, it is a fault of ours. */
export function isRepeat(first: Move | null, wanted: Move): boolean {
  assert.notEqual(wanted.from, wanted.to, 'a transfer needs two accounts')
  if (!first) return false
  assert.deepEqual(first, wanted, 'a transfer of this name has other content')
  return true
}

/**
 * `undone` is the transfer to undo, `by` the name of what undid it before, `first` the transfer that has the reverse's name
 * already. The money comes back from whoever got it, who must still have it.
 */
export function decideReverse(
  receiver: Purse,
  { name, undone, by, first }: { name: string; undone: Move; by: string | null; first: Move | null },
): Repeated | Refusal | { kind: 'move' } {
  const { from, to, amountMinor } = undone
  if (isRepeat(first, { from: to, to: from, amountMinor, hold: null, reverses: name })) return { kind: 'repeated' }
  if (undone.reverses !== null) {
    return conflict(`Transfer ${name} is itself a reverse; make a new transfer instead.`, { name })
  }
  if (by !== null) return conflict(`Transfer ${name} is reversed already, by ${by}.`, { name, by })
  return shortfall(receiver, amountMinor) ?? { kind: 'move' }
}

export function decidePlace(
  payer: Purse,
  first: Pick<Hold, 'account' | 'amountMinor' | 'expiresAt'> | null,
  wanted: Pick<Hold, 'account' | 'amountMinor' | 'expiresAt'>,
): Repeated | Refusal | { kind: 'place' } {
  assertAmount(wanted.amountMinor)
  if (first) {
    const { account, amountMinor, expiresAt } = first
    assert.deepEqual({ account, amountMinor, expiresAt }, wanted, 'a hold of this name has other content')
    return { kind: 'repeated' }
  }
  return shortfall(payer, wanted.amountMinor) ?? { kind: 'place' }
}

/** What a hold becomes, and by how much less its account then holds. */
type HoldChange = { kind: 'change'; capturedMinor: number; state: HoldState; unheldMinor: number }

/**
 * Takes `amountMinor` of what a hold keeps. What is left stays held or is released, as `rest` says. A hold that is due has
 * ended, whether or not the job that says so has run.
 */
export function decideCapture(
  name: string,
  hold: Hold,
  { amountMinor, rest, at }: { amountMinor: number; rest: 'keep' | 'release'; at: Date },
): Refusal | HoldChange {
  assertAmount(amountMinor)
  const state = hold.state === 'open' && isDue(hold, at) ? 'expired' : hold.state
  if (state !== 'open') return conflict(`Hold ${name} is ${state}; nothing can be captured from it.`, { name, state })
  const leftMinor = hold.amountMinor - hold.capturedMinor
  if (amountMinor > leftMinor) {
    return conflict(`Hold ${name} keeps less than is to be captured.`, { name, neededMinor: amountMinor, leftMinor })
  }
  const isLast = rest === 'release' || amountMinor === leftMinor
  return {
    kind: 'change',
    capturedMinor: hold.capturedMinor + amountMinor,
    state: isLast ? 'captured' : 'open',
    unheldMinor: isLast ? leftMinor : amountMinor,
  }
}

/** Releases what a hold still keeps. */
export function decideVoid(name: string, hold: Hold): Repeated | Refusal | HoldChange {
  if (hold.state === 'voided') return { kind: 'repeated' }
  if (hold.state !== 'open') {
    return conflict(`Hold ${name} is ${hold.state}; it cannot be voided.`, { name, state: hold.state })
  }
  return release(hold, 'voided')
}

/** Null when the hold is not due, or not open. */
export function decideExpiry(hold: Hold, at: Date): HoldChange | null {
  return hold.state === 'open' && isDue(hold, at) ? release(hold, 'expired') : null
}

function release(hold: Hold, state: 'voided' | 'expired'): HoldChange {
  const { amountMinor, capturedMinor } = hold
  return { kind: 'change', capturedMinor, state, unheldMinor: amountMinor - capturedMinor }
}

function isDue({ expiresAt }: Hold, at: Date): boolean {
  return expiresAt !== null && expiresAt.getTime() <= at.getTime()
}

/** What an account may spend: what it has, less what is held. A system account is never asked. */
export function availableMinor({ balanceMinor, heldMinor }: Purse): number {
  return balanceMinor === null ? Infinity : balanceMinor - heldMinor
}

/** Null when the account covers the amount. */
export function shortfall(payer: Purse, neededMinor: number): Refusal | null {
  const available = availableMinor(payer)
  if (neededMinor <= available) return null
  return {
    kind: 'refused',
    code: 'balance_too_low',
    message: 'The balance does not cover this amount.',
    details: { neededMinor, availableMinor: available },
  }
}

function conflict(message: string, details: Refusal['details']): Refusal {
  return { kind: 'refused', code: 'conflict', message, details }
}

function assertAmount(amountMinor: number): void {
  assert(Number.isSafeInteger(amountMinor) && amountMinor > 0, 'an amount is a positive whole number of minor units')
}
