import { sql } from 'kysely'
import type { Db } from '../../lib/db/db.ts'

export type PotRow = { name: string; bucket: number; used: number }

export async function potList(db: Db, accountId: number): Promise<PotRow[]> {
  const { rows } = await sql<PotRow>`select name, bucket, used from pot where account_id = ${accountId}`.execute(db)
  return rows
}

/**
 * Counts units of all these pots for this process to hand out, at least one of each, and commits; or, when a pot has none
 * left, answers that one alone with 0 granted. `bucket` is the one that was counted in, `used` what it then stands at.
 */
export async function potsLease(
  db: Db,
  accountId: number,
  pots: readonly { name: string; bucket: number; limit: number }[],
  at: Date,
): Promise<(PotRow & { granted: number })[]> {
  const { rows } = await sql<PotRow & { granted: number }>`
    select name, bucket, granted, used from pots_lease(${accountId}, ${JSON.stringify(pots)}::jsonb, ${at})`.execute(db)
  return rows
}

/** Gives leased units back. Answers the accounts it was done for; those whose meter another has locked stay as they are. */
export async function potsReturn(
  db: Db,
  returns: readonly { account: number; name: string; bucket: number; units: number }[],
): Promise<number[]> {
  const { rows } = await sql<{ account: number }>`
    select account from pots_return(${JSON.stringify(returns)}::jsonb) as account`.execute(db)
  return rows.map(({ account }) => account)
}
