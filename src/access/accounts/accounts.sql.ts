import { sql } from 'kysely'
import type { Db, Tx } from '../../lib/db/db.ts'

export type AccountRow = { id: number; name: string; twin_of: number | null; created_at: Date }
export type MeterRow = { cap_usd_micros: number | null; low_balance_usd_micros: number }

/** Inserts an account with its meter; null when the name is taken. */
export async function accountInsert(
  tx: Tx,
  row: { name: string; twinOf: number | null; at: Date },
): Promise<number | null> {
  const { rows } = await sql<{ id: number }>`
    insert into account (name, twin_of, created_at) values (${row.name}, ${row.twinOf}, ${row.at})
    on conflict do nothing returning id`.execute(tx)
  const id = rows[0]?.id ?? null
  if (id !== null) await sql`insert into meter (account_id) values (${id})`.execute(tx)
  return id
}

export async function accountByName(db: Db, name: string): Promise<AccountRow | null> {
  const { rows } = await sql<AccountRow>`select * from account where name = ${name} and twin_of is null`.execute(db)
  return rows[0] ?? null
}

/** Of a live account or of a sandbox, which `twin_of` tells apart. */
export async function accountById(db: Db, accountId: number): Promise<AccountRow | null> {
  const { rows } = await sql<AccountRow>`select * from account where id = ${accountId}`.execute(db)
  return rows[0] ?? null
}

/** The id of an account's sandbox twin. */
export async function accountTwin(db: Db, accountId: number): Promise<number | null> {
  const { rows } = await sql<{ id: number }>`select id from account where twin_of = ${accountId}`.execute(db)
  return rows[0]?.id ?? null
}

export async function accountList(db: Db): Promise<AccountRow[]> {
  const { rows } = await sql<AccountRow>`select * from account order by id`.execute(db)
  return rows
}

export async function meterByAccount(db: Db, accountId: number): Promise<MeterRow | null> {
  const { rows } = await sql<MeterRow>`
    select cap_usd_micros, low_balance_usd_micros from meter where account_id = ${accountId}`.execute(db)
  return rows[0] ?? null
}

/** Sets the cap and answers the one before. */
export async function meterSetCap(tx: Tx, accountId: number, capUsdMicros: number | null): Promise<number | null> {
  const { rows } = await sql<{ cap_usd_micros: number | null }>`
    update meter set cap_usd_micros = ${capUsdMicros}
    from (select account_id, cap_usd_micros from meter where account_id = ${accountId} for update) before
    where meter.account_id = before.account_id
    returning before.cap_usd_micros`.execute(tx)
  return rows[0]!.cap_usd_micros
}

/** Sets the threshold and answers the one before. */
export async function meterSetLowBalance(tx: Tx, accountId: number, usdMicros: number): Promise<number> {
  const { rows } = await sql<{ low_balance_usd_micros: number }>`
    update meter set low_balance_usd_micros = ${usdMicros}
    from (select account_id, low_balance_usd_micros from meter where account_id = ${accountId} for update) before
    where meter.account_id = before.account_id
    returning before.low_balance_usd_micros`.execute(tx)
  return rows[0]!.low_balance_usd_micros
}
