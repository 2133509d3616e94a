import { sql } from 'kysely'
import type { Db, Tx } from '../../lib/db/db.ts'
import type { Address } from './addresses.ts'

const COLUMNS = sql.raw(
  `id, name, phone, phone_e164 as "phoneE164", country, state, city, address, zip_code as "zipCode",
   is_default as "isDefault"`,
)

/** Until the transaction ends nobody else changes the addresses of this account; there may be no row yet to lock. */
export async function addressesLock(tx: Tx, accountId: number): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended('addresses ' || ${accountId}::bigint, 0))`.execute(tx)
}

/** Until the transaction ends nobody changes the addresses of this account. */
export async function addressesLockShared(tx: Tx, accountId: number): Promise<void> {
  await sql`select pg_advisory_xact_lock_shared(hashtextextended('addresses ' || ${accountId}::bigint, 0))`.execute(tx)
}

/** All addresses of an account, oldest first. */
export async function addressList(db: Db, accountId: number): Promise<Address[]> {
  const { rows } = await sql<Address>`
    select ${COLUMNS} from address where account_id = ${accountId} order by id`.execute(db)
  return rows
}

/** An address of this account that stays as it is until the transaction ends, or null. */
export async function addressLockShared(tx: Tx, accountId: number, id: number): Promise<Address | null> {
  const { rows } = await sql<Address>`
    select ${COLUMNS} from address where account_id = ${accountId} and id = ${id} for share`.execute(tx)
  return rows[0] ?? null
}

export async function addressInsert(
  tx: Tx,
  accountId: number,
  row: Omit<Address, 'id'>,
  createdAt: Date,
): Promise<number> {
  const { rows } = await sql<{ id: number }>`
    insert into address (account_id, name, phone, phone_e164, country, state, city, address, zip_code, is_default,
      created_at)
    values (${accountId}, ${row.name}, ${row.phone}, ${row.phoneE164}, ${row.country}, ${row.state}, ${row.city},
      ${row.address}, ${row.zipCode}, ${row.isDefault}, ${createdAt})
    returning id`.execute(tx)
  return rows[0]!.id
}

export async function addressUpdate(tx: Tx, row: Address): Promise<void> {
  await sql`
    update address set name = ${row.name}, phone = ${row.phone}, phone_e164 = ${row.phoneE164},
      country = ${row.country}, state = ${row.state}, city = ${row.city}, address = ${row.address},
      zip_code = ${row.zipCode}, is_default = ${row.isDefault}
    where id = ${row.id}`.execute(tx)
}

/** Takes the default from whichever address of the account has it. */
export async function addressClearDefault(tx: Tx, accountId: number): Promise<void> {
  await sql`update address set is_default = false where account_id = ${accountId} and is_default`.execute(tx)
}

export async function addressSetDefault(tx: Tx, id: number): Promise<void> {
  await sql`update address set is_default = true where id = ${id}`.execute(tx)
}

export async function addressDelete(tx: Tx, id: number): Promise<void> {
  await sql`delete from address where id = ${id}`.execute(tx)
}

export async function addressDeleteAll(tx: Tx, accountId: number): Promise<void> {
  await sql`delete from address where account_id = ${accountId}`.execute(tx)
}
