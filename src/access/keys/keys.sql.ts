import { sql } from 'kysely'
import type pg from 'pg'
import type { Db, Tx } from '../../lib/db/db.ts'
import { inetText } from './addresses.ts'
import type { Mode, Style } from './format.ts'

/** What may change in the life of a key. */
export type KeyLife = {
  label: string | null
  allow: string[]
  expires_at: Date | null
  disabled_at: Date | null
  revoked_at: Date | null
  rolled_to: number | null
  cap_calls: number | null
  cap_usd_micros: number | null
}

export type KeyRow = KeyLife & {
  id: number
  account_id: number
  style: Style
  mode: Mode
  hint: string
  scopes: string[]
  created_at: Date
  created_by: string | null
  last_used_at: Date | null
  last_used_from: string | null
  /** Whose counters its caps are on; null: its own. */
  cap_key: number | null
}

const COLUMNS = sql`id, account_id, style, mode, hint, scopes, created_at, created_by, last_used_at, last_used_from,
  label, allow, expires_at, disabled_at, revoked_at, rolled_to, cap_calls, cap_usd_micros, cap_key`

type KeyInsert = Pick<
  KeyRow,
  'account_id' | 'style' | 'mode' | 'hint' | 'scopes' | 'allow' | 'label' | 'created_at' | 'created_by'
> &
  Pick<KeyRow, 'expires_at' | 'cap_calls' | 'cap_usd_micros' | 'cap_key'> & { digest: Buffer }

export async function keyInsert(tx: Tx, key: KeyInsert): Promise<number> {
  const { rows } = await sql<{ id: number }>`
    insert into api_key (account_id, style, mode, digest, hint, scopes, allow, label, created_at, created_by, expires_at,
      cap_calls, cap_usd_micros, cap_key)
    values (${key.account_id}, ${key.style}, ${key.mode}, ${key.digest}, ${key.hint}, ${key.scopes}, ${key.allow},
      ${key.label}, ${key.created_at}, ${key.created_by}, ${key.expires_at}, ${key.cap_calls}, ${key.cap_usd_micros}, ${key.cap_key})
    returning id`.execute(tx)
  return rows[0]!.id
}

export async function keyByDigest(db: Db, digest: Buffer): Promise<KeyRow | null> {
  const { rows } = await sql<KeyRow>`
    select ${COLUMNS} from api_key where digest = ${digest}`.execute(db)
  return rows[0] ?? null
}

/** Keys of these accounts, or of all; oldest first. */
export async function keyList(db: Db, accountIds: number[] | null): Promise<KeyRow[]> {
  const { rows } = await sql<KeyRow>`
    select ${COLUMNS} from api_key
    where ${accountIds}::bigint[] is null or account_id = any(${accountIds}) order by id`.execute(db)
  return rows
}

/** The keys whose caps are counted on the counters of this one. */
export async function keyListCountedOn(db: Db, capKey: number): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`
    select id from api_key where id = ${capKey} or cap_key = ${capKey} order by id`.execute(db)
  return rows.map(({ id }) => id)
}

/** The key as it stands, not held. */
export async function keyById(db: Db, keyId: number): Promise<KeyRow | null> {
  const { rows } = await sql<KeyRow>`select ${COLUMNS} from api_key where id = ${keyId}`.execute(db)
  return rows[0] ?? null
}

/** The key as it stands, held against every other change until the transaction ends. */
export async function keyLock(tx: Tx, keyId: number): Promise<KeyRow | null> {
  const { rows } = await sql<KeyRow>`select ${COLUMNS} from api_key where id = ${keyId} for update`.execute(tx)
  return rows[0] ?? null
}

/** Writes what may change in a key that the caller has locked. */
export async function keyUpdate(tx: Tx, keyId: number, life: KeyLife): Promise<void> {
  await sql`
    update api_key set label = ${life.label}, allow = ${life.allow}, expires_at = ${life.expires_at},
      disabled_at = ${life.disabled_at}, revoked_at = ${life.revoked_at}, rolled_to = ${life.rolled_to},
      cap_calls = ${life.cap_calls}, cap_usd_micros = ${life.cap_usd_micros}
    where id = ${keyId}`.execute(tx)
}

/**
 * Notes when and from where keys were last used, by one statement; a key may be named several times. What is noted never
 * moves back; an unreadable address leaves the last one. Rows are locked in the order of ids, as two nodes may note the same keys at once.
 */
export async function keysTouch(
  client: pg.ClientBase,
  uses: readonly { keyId: number; at: Date; address: string }[],
): Promise<void> {
  await client.query(
    `with latest as (
       select distinct on (id) id, at, address from unnest($1::bigint[], $2::timestamptz[], $3::inet[]) u (id, at, address)
       order by id, at desc
     ), locked as (
       select k.id from api_key k join latest l on l.id = k.id
       where k.last_used_at is null or k.last_used_at < l.at order by k.id for no key update of k
     )
     update api_key k set last_used_at = l.at, last_used_from = coalesce(l.address, k.last_used_from)
     from latest l join locked using (id) where k.id = l.id`,
    [uses.map(({ keyId }) => keyId), uses.map(({ at }) => at), uses.map(({ address }) => inetText(address))],
  )
}

/** Tells every node that cached keys are out of date. NOTIFY only wakes the poll, which reads the row. */
export async function accessEpochBump(tx: Tx): Promise<void> {
  await sql`update access_epoch set value = value + 1`.execute(tx)
  await sql`select pg_notify('epoch', 'access')`.execute(tx)
}

export async function accessEpoch(client: pg.ClientBase): Promise<number> {
  const { rows } = await client.query<{ value: string | number }>('select value from access_epoch')
  return Number(rows[0]!.value)
}
