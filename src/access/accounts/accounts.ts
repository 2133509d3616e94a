import assert from 'node:assert/strict'
import type { Clock } from '../../lib/clock.ts'
import type { Db } from '../../lib/db/db.ts'
import { OperatorError } from '../../lib/errors.ts'
import { accountByName, accountInsert, accountList, accountPlanSet, accountTwin } from './accounts.sql.ts'

export type Account = { id: number; name: string; twinId: number }

/** Where a new account starts, one plan for each product. */
const FIRST_PLANS = { qc: 'basic', sourcing: 'free', item: 'payg', risk: 'payg', agent: 'default' }
/** The most that is on sale, for the demo account. */
export const HIGHEST_PLANS = {
  qc: 'pro_plus',
  sourcing: 'developer',
  item: 'scale',
  risk: 'risk_shield_pro',
  agent: 'default',
}

/**
 * Creates an account together with its sandbox twin, both on the same plans. Throws an `OperatorError` when the name is
 * empty, longer than 100 characters, or taken.
 */
export async function createAccount(
  ctx: { db: Db; clock: Clock },
  name: string,
  plans: Record<string, string> = FIRST_PLANS,
): Promise<Account> {
  if (name.trim() !== name || name.length < 1 || name.length > 100) {
    throw new OperatorError('An account name has 1 to 100 characters, without blanks at its ends.')
  }
  const at = ctx.clock.now()
  return ctx.db.transaction().execute(async (tx) => {
    const id = await accountInsert(tx, { name, twinOf: null, at })
    if (id === null) throw new OperatorError(`There is an account named "${name}" already; choose another name.`)
    const twinId = await accountInsert(tx, { name, twinOf: id, at })
    assert(twinId !== null, 'a new account has no twin yet')
    await accountPlanSet(tx, id, plans)
    await accountPlanSet(tx, twinId, plans)
    return { id, name, twinId }
  })
}

/** The live account of this name, or null. */
export async function findAccount(db: Db, name: string): Promise<Account | null> {
  const row = await accountByName(db, name)
  if (!row) return null
  const twinId = await accountTwin(db, row.id)
  assert(twinId !== null, 'every account has a sandbox twin')
  return { id: row.id, name: row.name, twinId }
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
