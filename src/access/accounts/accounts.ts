import assert from 'node:assert/strict'
import { audit } from '../../events/audit/audit.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Db, Tx } from '../../lib/db/db.ts'
import { OperatorError } from '../../lib/errors.ts'
import { openLedgerAccounts } from '../../money/ledger/ledger.ts'
import { FIRST_PLANS, type Product } from '../../money/plans/catalogue.ts'
import { openPlans } from '../../money/plans/plans.ts'
import {
  accountById,
  accountByName,
  accountInsert,
  accountList,
  accountTwin,
  meterByAccount,
  meterSetCap,
  meterSetLowBalance,
  type AccountRow,
} from './accounts.sql.ts'

export type Account = { id: number; name: string; twinId: number }

const DIGITS = /^\d+$/

/**
 * Creates an account together with its sandbox twin, both with empty balances; the plans are for both. Throws an
 * `OperatorError` when the name is empty, longer than 100 characters, all digits, or taken.
 */
export async function createAccount(
  ctx: { db: Db; clock: Clock },
  name: string,
  { plans = FIRST_PLANS, actor = 'system' }: { plans?: Readonly<Record<Product, string>>; actor?: string } = {},
): Promise<Account> {
  if (name.trim() !== name || name.length < 1 || name.length > 100) {
    throw new OperatorError('An account name has 1 to 100 characters, without blanks at its ends.')
  }
  if (DIGITS.test(name)) {
    throw new OperatorError(
      `An account cannot be called "${name}": choose a name with a letter in it, as numbers name accounts.`,
    )
  }
  const at = ctx.clock.now()
  return ctx.db.transaction().execute(async (tx) => {
    const id = await accountInsert(tx, { name, twinOf: null, at })
    if (id === null) throw new OperatorError(`There is an account named "${name}" already; choose another name.`)
    const twinId = await accountInsert(tx, { name, twinOf: id, at })
    assert(twinId !== null, 'a new account has no twin yet')
    for (const each of [id, twinId]) await openLedgerAccounts(tx, each)
    await openPlans(tx, id, plans)
    const after = { name, sandbox_id: twinId, plans }
    await audit(tx, { at, actor, action: 'account.create', accountId: id, subject: `account:${id}`, after })
    return { id, name, twinId }
  })
}

/** The live account of this number when it is all digits, else of this name. Null: there is none, or the number is a sandbox's. */
export async function findAccount(db: Db, nameOrId: string): Promise<Account | null> {
  const row = await findRow(db, nameOrId)
  if (!row || row.twin_of !== null) return null
  const twinId = await accountTwin(db, row.id)
  assert(twinId !== null, 'every account has a sandbox twin')
  return { id: row.id, name: row.name, twinId }
}

/** As `findAccount`; throws an `OperatorError` when there is none, and for the number of a sandbox. */
export async function getAccount(db: Db, nameOrId: string): Promise<Account> {
  const account = await findAccount(db, nameOrId)
  if (account) return account
  const row = await findRow(db, nameOrId)
  if (row) {
    // Taken for its account, it would have done to the one what was meant for the other.
    const { id, name, twin_of: liveId } = row
    throw new OperatorError(
      `${id} is the sandbox of account ${liveId} "${name}": give ${liveId} or ${name}, and --sandbox where its sandbox is meant.`,
    )
  }
  const remedy = DIGITS.test(nameOrId)
    ? '`account list` shows all.'
    : `make it with: account create --name "${nameOrId}"`
  throw new OperatorError(`There is no account "${nameOrId}"; ${remedy}`)
}

/** A number goes before a name: accounts of an older version may be called by digits. */
async function findRow(db: Db, nameOrId: string): Promise<AccountRow | null> {
  const row = /^\d{1,15}$/.test(nameOrId) ? await accountById(db, Number(nameOrId)) : null
  return row ?? accountByName(db, nameOrId)
}

/** Whose account this is, live or sandbox: plans and the name are the live one's. */
export async function accountOwner(
  db: Db,
  accountId: number,
): Promise<{ liveId: number; isSandbox: boolean; name: string }> {
  const row = await accountById(db, accountId)
  assert(row, `there is no account ${accountId}`)
  return { liveId: row.twin_of ?? row.id, isSandbox: row.twin_of !== null, name: row.name }
}

/** Live accounts with their sandboxes, oldest first. */
export async function listAccounts(db: Db): Promise<(Account & { createdAt: Date })[]> {
  const rows = await accountList(db)
  const twins = new Map(rows.map(({ id, twin_of: twinOf }) => [twinOf, id]))
  const live = rows.filter(({ twin_of: twinOf }) => twinOf === null)
  return live.map(({ id, name, created_at: createdAt }) => ({ id, name, twinId: twins.get(id)!, createdAt }))
}

/** The name of every account by its id; a sandbox has the name of the account it belongs to. */
export async function accountNames(db: Db): Promise<Map<number, string>> {
  return new Map((await accountList(db)).map(({ id, name }) => [id, name]))
}

/** The spend cap and the low-balance threshold of one account, live or sandbox, each for itself. */
export type Guard = { capUsdMicros: number | null; lowBalanceUsdMicros: number }

export async function getGuard(db: Db, accountId: number): Promise<Guard> {
  const row = await meterByAccount(db, accountId)
  assert(row, `account ${accountId} has no meter`)
  return { capUsdMicros: row.cap_usd_micros, lowBalanceUsdMicros: row.low_balance_usd_micros }
}

/** Sets the most that priced calls may cost in a UTC month (null: no cap), from the next call on; answers the cap before. */
export async function setAccountCap(tx: Tx, accountId: number, capUsdMicros: number | null): Promise<number | null> {
  return meterSetCap(tx, accountId, capUsdMicros)
}

/** Sets the API balance below which there is news of it; answers the threshold before. */
export async function setLowBalance(tx: Tx, accountId: number, usdMicros: number): Promise<number> {
  return meterSetLowBalance(tx, accountId, usdMicros)
}
