import { sql } from 'kysely'
import type pg from 'pg'
import type { Db } from './db.ts'

export type Applied = { name: string; checksum: string }

const MIGRATE_LOCK = 731_905_003
const LIST = 'select name, checksum from schema_migration order by name'

/** Waits for whoever migrates at this moment. Held until the session ends. */
export async function migrationLock(client: pg.ClientBase, waitMs: number): Promise<void> {
  await client.query(`select set_config('lock_timeout', $1, false)`, [String(waitMs)])
  await client.query('select pg_advisory_lock($1)', [MIGRATE_LOCK])
}

export async function migrationTableEnsure(client: pg.ClientBase): Promise<void> {
  await client.query(
    `create table if not exists schema_migration (
       name text primary key,
       checksum text not null,
       applied_at timestamptz not null default now()
     )`,
  )
}

export async function migrationsApplied(client: pg.ClientBase): Promise<Applied[]> {
  return (await client.query<Applied>(LIST)).rows
}

/** As `migrationsApplied`, on a database that may never have been migrated. */
export async function migrationsFind(db: Db): Promise<Applied[]> {
  const { rows } = await sql<{ there: boolean }>`select to_regclass('schema_migration') is not null as there`.execute(
    db,
  )
  return rows[0]!.there ? (await sql.raw<Applied>(LIST).execute(db)).rows : []
}

/** Runs the statements and notes them, in the caller's transaction. */
export async function migrationRun(client: pg.ClientBase, migration: Applied & { statements: string }): Promise<void> {
  await client.query(migration.statements)
  await client.query('insert into schema_migration (name, checksum) values ($1, $2)', [
    migration.name,
    migration.checksum,
  ])
}

/** `migrationRun` in a transaction of its own that gives up on a table which others hold for longer. */
export async function migrationApply(
  client: pg.ClientBase,
  migration: Applied & { statements: string },
  lockTimeoutMs: number,
): Promise<void> {
  await client.query('begin')
  try {
    await client.query(`select set_config('lock_timeout', $1, true)`, [String(lockTimeoutMs)])
    await migrationRun(client, migration)
    await client.query('commit')
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw error
  }
}
