import { sql } from 'kysely'
import type { Db, Tx } from '../../lib/db/db.ts'

export type CustomerRow = { username: string; email: string | null; avatar: string | null; language: string }

export async function customerById(db: Db, accountId: number): Promise<CustomerRow | null> {
  const { rows } = await sql<CustomerRow>`
    select username, email, avatar, language from customer where account_id = ${accountId}`.execute(db)
  return rows[0] ?? null
}

/** Inserts a customer, if there is none yet, and gives the row as it is, locked until the transaction ends. */
export async function customerLock(tx: Tx, accountId: number, row: CustomerRow): Promise<CustomerRow> {
  await sql`
    insert into customer (account_id, username, email, avatar, language)
    values (${accountId}, ${row.username}, ${row.email}, ${row.avatar}, ${row.language})
    on conflict do nothing`.execute(tx)
  const { rows } = await sql<CustomerRow>`
    select username, email, avatar, language from customer where account_id = ${accountId} for update`.execute(tx)
  return rows[0]!
}

export async function customerUpdate(tx: Tx, accountId: number, row: CustomerRow): Promise<void> {
  await sql`
    update customer set username = ${row.username}, email = ${row.email}, avatar = ${row.avatar},
      language = ${row.language}
    where account_id = ${accountId}`.execute(tx)
}

export async function customerDelete(tx: Tx, accountId: number): Promise<void> {
  await sql`delete from customer where account_id = ${accountId}`.execute(tx)
}
