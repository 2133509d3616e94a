import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type pg from 'pg'
import { createAccount } from '../../../src/access/accounts/accounts.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { openDb, type Db, type Opened, type Tx } from '../../../src/lib/db/db.ts'
import { DomainError } from '../../../src/lib/errors.ts'
import { apiBalanceOf, SYSTEM, walletOf } from '../../../src/money/ledger/accounts.ts'
import { auditBooks } from '../../../src/money/ledger/audit.ts'
import { transfer } from '../../../src/money/ledger/ledger.ts'
import { silentLog, testDatabase } from '../../database.ts'

export const AT = new Date('2026-03-01T12:00:00.000Z')
export const at = (time: string) => new Date(`2026-${time}Z`)
export const clockAt = (now: Date) => ({ now: () => now })

export type Books = { db: Db; pool: pg.Pool; begin<T>(work: (tx: Tx) => Promise<T>): Promise<T> }

/**
 * The file's database, or this test's own, with connections enough for everybody who waits in a race. The books must be
 * right at the end.
 */
export async function testBooks(t: TestContext, options: { own?: boolean } = {}): Promise<Books> {
  let opened: Opened | null = null
  // Before the database is made, as it would be dropped first.
  t.after(async () => {
    if (!opened) return
    const audit = await auditBooks(opened.db).finally(opened.close)
    assert.deepEqual(audit, { sums: { USD: 0, CNY: 0 }, faults: [] })
  })
  const { connection } = await testDatabase(t, options)
  opened = openDb(connection, { log: silentLog, max: 24, exitWhenIdle: true })
  const { db, pool } = opened
  return { db, pool, begin: (work) => db.transaction().execute(work) }
}

let count = 0

/** A new account with this much in its API balance and its wallet. */
export async function seedPurse(
  books: Books,
  amountMinor = 0,
): Promise<{ accountId: number; api: string; wallet: string }> {
  const { id } = await createAccount(
    { db: books.db, clock: { ...systemClock, ...clockAt(AT) } },
    `purse ${process.pid} ${++count}`,
  )
  const codes = { api: apiBalanceOf(id), wallet: walletOf(id) }
  if (amountMinor > 0) {
    await books.begin(async (tx) => {
      for (const [to, from] of [
        [codes.api, SYSTEM.payments.USD],
        [codes.wallet, SYSTEM.payments.CNY],
      ] as const) {
        await transfer(tx, { name: `seed:${to}`, from, to, amountMinor, reason: 'seed', at: AT })
      }
    })
  }
  return { accountId: id, ...codes }
}

/** What a call comes to: its answer, or the code of its refusal. */
export async function outcome<T>(call: Promise<T>): Promise<T | string> {
  return call.catch((error: unknown) => {
    if (error instanceof DomainError) return error.code
    throw error
  })
}

/**
 * Starts `calls` while the account's row is held, waits until all of them queue for a lock, lets go, and answers their
 * outcomes.
 */
export async function race<T>(books: Books, account: string, calls: (() => Promise<T>)[]): Promise<(T | string)[]> {
  const holder = await books.pool.connect()
  try {
    await holder.query('begin')
    await holder.query('select from ledger_account where code = $1 for update', [account])
    const outcomes = calls.map((call) => outcome(call()))
    // Heard here, so that one that fails early is a failure of the test and not of the process.
    const all = Promise.all(outcomes)
    all.catch(() => {})
    await queued(books.pool, calls.length)
    await holder.query('commit')
    return await all
  } finally {
    await holder.query('rollback')
    holder.release()
  }
}

async function queued(pool: pg.Pool, count: number): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    const { rows } = await pool.query<{ count: number }>(
      `select count(*)::int as count from pg_stat_activity
       where datname = current_database() and wait_event_type = 'Lock'`,
    )
    if (rows[0]!.count === count) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  assert.fail(`it never came to ${count} callers that wait`)
}
