import type { Clock } from '../../lib/clock.ts'
import type { Db } from '../../lib/db/db.ts'
import { DomainError } from '../../lib/errors.ts'
import type { Log } from '../../lib/log.ts'
import { findEmpty, isGood, newLease, putBack, takeAtHand, type LeasePot, type LeaseTable } from './lease-table.ts'
import { openReturns, type Returns } from './lease-returns.ts'
import { potsLease } from './pots.sql.ts'

export type { LeasePot } from './lease-table.ts'

/** Without a unit: the first pot that has none left. */
export type LeaseAnswer = { granted: true } | { granted: false; pot: string }

/** Hands out units of days and months without asking the database for each. */
export type Leases = {
  /**
   * Takes one unit of each pot, or none at all: at once when they are at hand, else after asking the database. Each pot may
   * be named once. Rejects with `busy` when the database cannot be asked.
   */
  take(accountId: number, pots: readonly LeasePot[]): true | Promise<LeaseAnswer>
  /** Gives one unit of each pot back, once for a take that was granted. */
  giveBack(accountId: number, pots: readonly LeasePot[]): void
  /** Units at hand here, which the database counts as used. */
  unused(accountId: number, name: string, bucket: number): number
  /** Returns what is at hand. Takes after that are refused as `busy`. */
  close(): Promise<void>
}

type Waiter = {
  pots: readonly LeasePot[]
  resolve: (answer: LeaseAnswer) => void
  reject: (error: Error) => void
}
/** `asking`: set while the database is asked for what the waiters lack, for one of them after the other. */
type Account = { id: number; table: LeaseTable; waiters: Waiter[]; asking: Promise<void> | null }
type State = {
  db: Db
  clock: Clock
  log: Log
  accounts: Map<number, Account>
  returns: Returns
  /** Counts the looks for idle leases. A take notes it, which is cheaper than the time. */
  round: number
  stopping: AbortController
}

const ROUND_MS = 250
/** A lease is returned after a second without a take. */
const IDLE_ROUNDS = 4
/** How long nobody asks again for a unit of a pot that was empty. */
const EMPTY_MS = 1_000

/**
 * Units are counted as used in the database, at most 1 % of a limit (or one) at a time, before any of them is handed out. So
 * the last unit passes once on any number of nodes, and after a kill a counter is never below what was answered. What is
 * at hand when a process is killed, or when the outcome of a lease or return is lost with its connection, stays counted:
 * at most one lease of each pot for each such accident, to the customer's disadvantage.
 */
export function openLeases(ctx: { db: Db; clock: Clock; log: Log }): Leases {
  const { db, clock, log } = ctx
  const accounts = new Map<number, Account>()
  const stopping = new AbortController()
  const state: State = { db, clock, log, accounts, returns: openReturns(ctx), round: 0, stopping }
  const rounds = runRounds(state)

  return {
    take(accountId, pots) {
      const account = accounts.get(accountId) ?? newAccount(accounts, accountId)
      if (takeAtHand(account.table, pots, state.round)) return true
      if (stopping.signal.aborted) return Promise.reject(busyFrom(new Error('the leases are closed')))
      const pot = findEmpty(account.table, pots, clock.elapsedMs())
      if (pot !== null) return Promise.resolve({ granted: false, pot })
      return new Promise((resolve, reject) => {
        account.waiters.push({ pots, resolve, reject })
        account.asking ??= answerWaiters(state, account)
      })
    },
    giveBack(accountId, pots) {
      const account = accounts.get(accountId) ?? newAccount(accounts, accountId)
      for (const pot of pots) putBack(account.table, pot, state.round)
      serve(state, account)
    },
    unused(accountId, name, bucket) {
      const lease = accounts.get(accountId)?.table.get(name)
      return lease && lease.bucket >= bucket ? lease.units : 0
    },
    async close() {
      stopping.abort()
      await rounds
      for (const { asking } of accounts.values()) await asking
      for (const account of accounts.values()) dropIdle(account, state.returns, Infinity, Infinity)
      await state.returns.close()
    },
  }
}

function newAccount(accounts: Map<number, Account>, id: number): Account {
  const account: Account = { id, table: new Map(), waiters: [], asking: null }
  accounts.set(id, account)
  return account
}

/** Looks for idle leases until stopped, and returns them. */
async function runRounds(state: State): Promise<void> {
  const { clock, accounts, returns, stopping } = state
  for (;;) {
    await clock.sleep(ROUND_MS, stopping.signal).catch(() => {})
    if (stopping.signal.aborted) return
    state.round++
    for (const account of accounts.values()) {
      dropIdle(account, returns, state.round - IDLE_ROUNDS, clock.elapsedMs())
      if (account.table.size === 0 && account.asking === null) accounts.delete(account.id)
    }
    await returns.send()
  }
}

/** Drops the leases that nobody took from since `round`; their units are to be returned. */
function dropIdle({ id, table }: Account, returns: Returns, round: number, nowMs: number): void {
  for (const [name, lease] of table) {
    if (lease.takenIn >= round) continue
    returns.add(id, name, lease)
    lease.units = 0
    if (lease.emptyUntilMs <= nowMs) table.delete(name)
  }
}

/** Answers whoever can be answered from what is known here, in the order of their arrival. */
function serve({ clock, round }: State, account: Account): void {
  if (account.waiters.length === 0) return
  const nowMs = clock.elapsedMs()
  account.waiters = account.waiters.filter(({ pots, resolve }) => {
    const granted = takeAtHand(account.table, pots, round)
    const empty = granted ? null : findEmpty(account.table, pots, nowMs)
    if (granted) resolve({ granted })
    else if (empty !== null) resolve({ granted: false, pot: empty })
    return !granted && empty === null
  })
}

/** Asks the database until nobody waits. A failure is everybody's who waits then. Never rejects. */
async function answerWaiters(state: State, account: Account): Promise<void> {
  try {
    while (account.waiters.length > 0) {
      await ask(state, account, account.waiters[0]!.pots)
      serve(state, account)
    }
  } catch (error) {
    if (!(error instanceof DomainError)) {
      state.log.error({ err: error, account: account.id }, `units of account ${account.id} could not be leased`)
    }
    const busy = busyFrom(error)
    for (const { reject } of account.waiters.splice(0)) reject(busy)
  } finally {
    account.asking = null
  }
}

/** Asks the database for units of those of these pots that have none at hand, and notes what it says. */
async function ask(state: State, { id, table }: Account, pots: readonly LeasePot[]): Promise<void> {
  const { returns, clock, round } = state
  const lacking: LeasePot[] = []
  let hasVoid = false
  for (const pot of pots) {
    const lease = table.get(pot.name)
    if (lease && lease.units > 0 && isGood(lease, pot)) continue
    lacking.push(pot)
    if (!lease || isGood(lease, pot)) continue
    table.delete(pot.name)
    // Of an earlier bucket, nobody counts the units any more; leased under a larger limit, they count.
    if (lease.bucket >= pot.bucket) {
      returns.add(id, pot.name, lease)
      hasVoid = true
    }
  }
  if (hasVoid) await returns.send()

  for (const { name, bucket, granted, used } of await potsLease(state.db, id, lacking, clock.now())) {
    const pot = lacking.find((each) => each.name === name)!
    let lease = table.get(name)
    if (!lease || lease.bucket < bucket) table.set(name, (lease = newLease({ ...pot, bucket }, round)))
    lease.units += granted
    lease.limit = pot.limit
    lease.used = used
    lease.takenIn = state.round
    // From the answer on, so that whoever waited for it is answered by it.
    lease.emptyUntilMs = granted === 0 ? clock.elapsedMs() + EMPTY_MS : -Infinity
    lease.emptyLimit = pot.limit
  }
}

function busyFrom(error: unknown): DomainError {
  if (error instanceof DomainError) return error
  const details = { retryAfterSeconds: 1 }
  return new DomainError('busy', 'The server is busy; try again in a moment.', details, { cause: error })
}
