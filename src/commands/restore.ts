import { createReadStream } from 'node:fs'
import { createGunzip } from 'node:zlib'
import type pg from 'pg'
import { DomainError, OperatorError } from '../lib/errors.ts'
import { openDedicated, type Connection } from '../lib/db/db.ts'
import {
  loadBegin,
  partitionCreate,
  sequenceSet,
  tablesAnalyze,
  tablesClose,
  tablesCount,
  tablesList,
  tablesOpen,
  transactionEnd,
} from '../lib/db/dump.sql.ts'
import { migrationLock, migrationRun, migrationTableEnsure } from '../lib/db/migrate.sql.ts'
import { listMigrations, type Migration } from '../lib/db/migrate.ts'
import { END, FORMAT_VERSION, MANIFEST, type Contents, type Manifest } from './backup.ts'
import { rowLoader, type RowLoader } from './row-loader.ts'
import { TarError, readTar, readWhole, type TarMember } from './tar.ts'
import type { Blobs } from '../lib/blobs.ts'

export type RestoreOptions = {
  connection: Connection
  /** The folder with the migrations of this program. */
  migrations: string
  blobs: Blobs
  file: string
  onProgress?: (done: Contents & { part: string }) => void
}

const MANIFEST_BYTES = 64 * 1_048_576
const BLOB_BYTES = 256 * 1_048_576
const OTHERS_WAIT_MS = 60_000
const UNLIMITED = { statement_timeout: 0, idle_in_transaction_session_timeout: 0, lock_timeout: 30_000 }

/**
 * Reads a file of `backup` into an empty database and brings it to this program's schema. One transaction: after any
 * failure or kill the database is as empty as before; a failure takes its blobs away again, a kill leaves them. Throws
 * an `OperatorError` for a database that is not empty, a backup of a newer program, and a file that is damaged or no
 * backup.
 */
export async function restore(options: RestoreOptions): Promise<Contents> {
  const client = await openDedicated(options.connection, { name: 'openhaul restore', limits: UNLIMITED })
  try {
    await migrationLock(client, OTHERS_WAIT_MS)
    const tables = await tablesCount(client)
    if (tables > 0) {
      throw new OperatorError(
        `The database is not empty (${tables} tables): restore into a new DATA_DIR, or into a database just created.`,
      )
    }
    await loadBegin(client)
    const contents = await withBlobsOrNone(options.blobs, (blobs) => load(client, { ...options, blobs }))
    await transactionEnd(client, 'commit')
    await tablesAnalyze(client, await tablesList(client))
    return contents
  } catch (error) {
    throw explain(error, options.file)
  } finally {
    // Ends an open transaction too, undoing it.
    await client.end()
  }
}

/** Runs `write` on `blobs`; when it fails, makes them what they were before. */
async function withBlobsOrNone<T>(blobs: Blobs, write: (blobs: Blobs) => Promise<T>): Promise<T> {
  const changed = new Map<string, Buffer | null>()
  try {
    return await write({
      ...blobs,
      async put(name, bytes) {
        const before = await blobs.get(name)
        if (before?.equals(bytes)) return
        if (!changed.has(name)) changed.set(name, before)
        await blobs.put(name, bytes)
      },
    })
  } catch (error) {
    for (const [name, before] of changed) {
      // A blob too many is only in the way: the failure itself is what must be told.
      await (before ? blobs.put(name, before) : blobs.delete(name)).catch(() => {})
    }
    throw error
  }
}

async function load(client: pg.Client, options: RestoreOptions): Promise<Contents> {
  const input = createReadStream(options.file)
  const gunzip = createGunzip({ chunkSize: 262_144 })
  input.once('error', (error) => gunzip.destroy(error))
  const done: Contents = { rows: 0, blobs: 0, bytes: 0 }
  let target: Target | null = null
  let promised: Contents | null = null
  try {
    for await (const member of readTar(input.pipe(gunzip))) {
      if (promised) throw new TarError(`${member.name} stands after the end`)
      if (member.name === MANIFEST && !target) target = await prepare(client, member, options.migrations)
      else if (!target) throw new TarError('it does not begin with a manifest')
      else if (member.name === END) promised = JSON.parse(String(await readWhole(member, MANIFEST_BYTES))) as Contents
      else await take(member, target.rows, options, done)
    }
  } finally {
    input.destroy()
    gunzip.destroy()
  }
  if (!target || !promised) throw new TarError('it has no end')
  done.rows = await target.rows.end()
  if (done.rows !== promised.rows || done.blobs !== promised.blobs || done.bytes !== promised.bytes) {
    throw new TarError(`it holds ${JSON.stringify(done)} and says ${JSON.stringify(promised)}`)
  }
  await target.finish()
  return done
}

type Target = { rows: RowLoader; finish(): Promise<void> }

/** Builds the schema that the backup was taken from, ready for its rows. */
async function prepare(client: pg.Client, member: TarMember, folder: string): Promise<Target> {
  const manifest = parseManifest(await readWhole(member, MANIFEST_BYTES))
  const all = await listMigrations(folder)
  const known = migrationsOf(manifest, all)
  await migrationTableEnsure(client)
  for (const migration of known) await migrationRun(client, migration)

  const made = new Set((await tablesList(client)).map(({ schema, name }) => `${schema}.${name}`))
  for (const table of manifest.tables) {
    if (made.has(`${table.schema}.${table.name}`) || (await partitionCreate(client, table))) continue
    throw new TarError(`its table ${table.name} is in none of its migrations`)
  }
  const tables = await tablesList(client)
  const keys = await tablesOpen(client, tables)

  return {
    rows: rowLoader(client, manifest.tables),
    async finish() {
      await tablesClose(client, tables, keys)
      for (const sequence of manifest.sequences) await sequenceSet(client, sequence)
      for (const migration of all.filter((each) => !known.includes(each))) await migrationRun(client, migration)
    },
  }
}

async function take(member: TarMember, rows: RowLoader, options: RestoreOptions, done: Contents): Promise<void> {
  const [kind, ...rest] = member.name.split('/')
  if (kind === 'rows' && rest.length === 2) {
    await rows.write(rest[0]!, member.body)
    done.rows = rows.count()
  } else if (kind === 'blobs' && rest.length > 0) {
    await options.blobs.put(rest.join('/'), await readWhole(member, BLOB_BYTES)).catch((error: unknown) => {
      // Not of the system's making: the name is none that a blob can have.
      throw (error as NodeJS.ErrnoException).syscall ? error : new TarError(String(error))
    })
    done.blobs++
  } else {
    throw new TarError(`${member.name} does not belong there`)
  }
  done.bytes += member.bytes
  options.onProgress?.({ ...done, part: kind === 'rows' ? rest[0]! : kind })
}

function parseManifest(text: Buffer): Manifest {
  const manifest = JSON.parse(String(text)) as Manifest
  if (manifest?.format !== 'openhaul backup') throw new TarError('its manifest is not one of openhaul')
  if (manifest.version <= FORMAT_VERSION) return manifest
  throw new OperatorError('The backup was written by a newer version of openhaul: restore it with that version.')
}

function migrationsOf(manifest: Manifest, all: Migration[]): Migration[] {
  return manifest.migrations.map(({ name, checksum }) => {
    const migration = all.find((each) => each.name === name)
    if (migration?.checksum === checksum) return migration
    throw new OperatorError(
      migration
        ? `The backup was made with another text of the migration ${name}: restore it with the version that made it.`
        : `The backup is newer than this program (it has the migration ${name}): restore it with the newer version.`,
    )
  })
}

function explain(error: unknown, file: string): unknown {
  if (error instanceof OperatorError || error instanceof DomainError) return error
  const { code, syscall, message } = error as NodeJS.ErrnoException
  if (syscall && ['ENOENT', 'EACCES', 'EPERM', 'EISDIR', 'ENOTDIR'].includes(code ?? '')) {
    return new OperatorError(`The backup ${file} cannot be read: ${message}`, { cause: error })
  }
  const damaged = error instanceof TarError || error instanceof SyntaxError || code?.startsWith('Z_')
  // Classes 22 and 23: rows that are no rows of their table, or that refer to what is not there.
  if (!damaged && !/^2[23]/.test(code ?? '')) return error
  return new OperatorError(`${file} is damaged or is no backup of openhaul (${message}): nothing was restored.`, {
    cause: error,
  })
}
