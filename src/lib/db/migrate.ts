import { createHash } from 'node:crypto'
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { OperatorError } from '../errors.ts'
import {
  migrationApply,
  migrationLock,
  migrationTableEnsure,
  migrationsApplied,
  migrationsFind,
} from './migrate.sql.ts'
import { openDedicated } from './db.ts'
import type { Applied } from './migrate.sql.ts'
import type { Connection, Db } from './db.ts'
import type { Log } from '../log.ts'

/** A file `NNNN_name.sql`: `name` is the file's, `checksum` is of its text with line ends made equal. */
export type Migration = Applied & { statements: string }

/** `behind`: files are not applied yet. `newer`: the database knows more than this program. `changed`: an applied file differs. */
export type SchemaState = 'current' | 'behind' | 'newer' | 'changed'

const OTHERS_WAIT_MS = 60_000
const LOCK_TIMEOUT_MS = 3_000

/** The migrations of a folder in their order. Throws an `OperatorError` for a file that is not named like one. */
export async function listMigrations(folder: string): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort()
  const numbers = new Set<string>()
  for (const name of names) {
    const number = /^(\d{4})_[a-z0-9_-]+\.sql$/.exec(name)?.[1]
    if (number === undefined || numbers.has(number)) {
      throw new OperatorError(
        `${name} in ${folder} is not a migration: name it NNNN_name.sql with a number of its own.`,
      )
    }
    numbers.add(number)
  }
  return Promise.all(
    names.map(async (name) => {
      const statements = (await readFile(join(folder, name), 'utf8')).replaceAll('\r\n', '\n')
      return { name, statements, checksum: createHash('sha256').update(statements).digest('hex') }
    }),
  )
}

/**
 * Applies what is missing, each file in one transaction; several processes may do it at once. Returns the names
 * applied. Throws an `OperatorError` when the database is newer than the folder or an applied file was changed.
 */
export async function migrate(connection: Connection, folder: string, log: Log): Promise<string[]> {
  const migrations = await listMigrations(folder)
  const client = await openDedicated(connection, {
    name: 'openhaul migrate',
    // A migration takes the time that its rows take.
    limits: { statement_timeout: 0, idle_in_transaction_session_timeout: 0 },
  })
  try {
    await migrationLock(client, OTHERS_WAIT_MS)
    await migrationTableEnsure(client)
    const applied = await migrationsApplied(client)
    assertAppliesTo(migrations, applied)

    const known = new Set(applied.map(({ name }) => name))
    const missing = migrations.filter(({ name }) => !known.has(name))
    for (const migration of missing) {
      await migrationApply(client, migration, LOCK_TIMEOUT_MS).catch((error: unknown) => {
        throw explain(migration, error)
      })
      log.debug({ migration: migration.name }, `Applied migration ${migration.name}`)
    }
    return missing.map(({ name }) => name)
  } finally {
    await client.end()
  }
}

/** How the database's schema stands to the folder's migrations. */
export async function schemaState(db: Db, folder: string): Promise<SchemaState> {
  const migrations = await listMigrations(folder)
  const applied = await migrationsFind(db)
  const checksums = new Map(migrations.map(({ name, checksum }) => [name, checksum]))
  if (applied.some(({ name }) => !checksums.has(name))) return 'newer'
  if (applied.some(({ name, checksum }) => checksums.get(name) !== checksum)) return 'changed'
  return applied.length < migrations.length ? 'behind' : 'current'
}

const REMEDY: Record<Exclude<SchemaState, 'current'>, string> = {
  behind: 'is behind this program: run "npm run -s openhaul -- migrate", then start again.',
  newer: 'is newer than this program: start the newer version.',
  changed: 'was made by other migrations than this program has: run the version that made it, or restore a backup.',
}

/** Throws an `OperatorError` with the remedy unless the schema is exactly this program's. */
export async function requireCurrent(db: Db, folder: string): Promise<void> {
  const state = await schemaState(db, folder)
  if (state !== 'current') throw new OperatorError(`The database ${REMEDY[state]}`)
}

function assertAppliesTo(migrations: Migration[], applied: Applied[]): void {
  const checksums = new Map(migrations.map(({ name, checksum }) => [name, checksum]))
  for (const { name, checksum } of applied) {
    if (!checksums.has(name)) {
      throw new OperatorError(
        `The database is newer than this program: it has the migration ${name}. Run the newer version, or restore a ` +
          'backup of before into an empty database.',
      )
    }
    if (checksums.get(name) !== checksum) {
      throw new OperatorError(
        `The migration ${name} was changed after it was applied to this database: bring the file back as it was, and ` +
          'put the change into a new migration.',
      )
    }
  }
  const last = applied.at(-1)?.name ?? ''
  const late = migrations.slice(0, applied.length).find(({ name }) => !applied.some((each) => each.name === name))
  if (late) {
    throw new OperatorError(
      `The migration ${late.name} is missing from the database, which already has ${last}: number it after that.`,
    )
  }
}

function explain({ name, statements }: Migration, error: unknown): Error {
  const { message, code, position } = error as pg.DatabaseError
  if (code === '55P03') {
    return new OperatorError(
      `The migration ${name} waited too long for a table that others use: stop the other sessions, then run it again.`,
      { cause: error },
    )
  }
  const line = position ? ` at line ${statements.slice(0, Number(position)).split('\n').length}` : ''
  return new Error(`Migration ${name} failed${line}: ${message}`, { cause: error })
}
