import { sql } from 'kysely'
import type pg from 'pg'
import type { Db, Tx } from '../../lib/db/db.ts'
import type { Mode, Style } from './format.ts'

export type KeyRow = {
  id: number
  account_id: number
  style: Style
  mode: Mode
  hint: string
  scopes: string[]
  allow: string[]
  created_at: Date
  revoked_at: Date | null
}

const COLUMNS = sql`id, account_id, style, mode, hint, scopes, allow, created_at, revoked_at`

export async function keyInsert(
  tx: Tx,
  key: {
    accountId: number
    style: Style
    mode: Mode
    digest: Buffer
    hint: string
    scopes: string[]
    allow: string[]
    at: Date
  },
): Promise<number> {
  const { rows } = await sql<{ id: number }>`
    insert into api_key (account_id, style, mode, digest, hint, scopes, allow, created_at)
    values (${key.accountId}, ${key.style}, ${key.mode}, ${key.digest}, ${key.hint}, ${key.scopes}, ${key.allow}, ${key.at})
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

/** Marks the key as revoked; null when there is none. Revoking again keeps the first time. */
export async function keyRevoke(tx: Tx, keyId: number, at: Date): Promise<Date | null> {
  const { rows } = await sql<{ revoked_at: Date }>`
    update api_key set revoked_at = coalesce(revoked_at, ${at}) where id = ${keyId} returning revoked_at`.execute(tx)
  return rows[0]?.revoked_at ?? null
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
