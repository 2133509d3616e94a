import { createWriteStream } from 'node:fs'
import { rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import type pg from 'pg'
import { syncFolder } from '../lib/disk.ts'
import { OperatorError } from '../lib/errors.ts'
import { openDedicated, type Connection } from '../lib/db/db.ts'
import {
  rowsRead,
  sequencesList,
  serverVersion,
  snapshotBegin,
  tablesList,
  type DumpSequence,
  type DumpTable,
} from '../lib/db/dump.sql.ts'
import { migrationsApplied, type Applied } from '../lib/db/migrate.sql.ts'
import { tarEnd, tarMember } from './tar.ts'
import type { Blobs } from '../lib/blobs.ts'

/** Raised when older programs could no longer read what is written. */
export const FORMAT_VERSION = 1
export const MANIFEST = 'backup.json'
export const END = 'end.json'

export type Manifest = {
  format: 'openhaul backup'
  version: number
  createdAt: string
  postgres: string
  migrations: Applied[]
  tables: DumpTable[]
  sequences: DumpSequence[]
}

/** What went into the file; stands at its end, so that a file cut short is told apart. */
export type Contents = { rows: number; blobs: number; bytes: number }

export type BackupOptions = {
  connection: Connection
  blobs: Blobs
  file: string
  now: Date
  /** Called now and then with what is done so far; `bytes` are before compression. */
  onProgress?: (done: Contents & { part: string }) => void
}

/** Rows go in pieces of about this size, so that memory stays flat whatever a table holds. */
const PIECE_BYTES = 1_048_576
const UNLIMITED = { statement_timeout: 0, idle_in_transaction_session_timeout: 0, lock_timeout: 30_000 }

/**
 * Writes every row, as of one moment, and every blob into one file: a tar, gzipped, that `restore` reads on any later
 * version of this program or of PostgreSQL. The file appears whole or not at all, readable by its owner only. Throws an
 * `OperatorError` when it cannot be written.
 */
export async function backup(options: BackupOptions): Promise<Contents> {
  if ((await stat(options.file).catch(() => null))?.isDirectory()) {
    throw new OperatorError(`The backup cannot be written to ${options.file}: it is a folder; give the name of a file.`)
  }
  const beside = `${options.file}.${process.pid}.part`
  const client = await openDedicated(options.connection, { name: 'openhaul backup', limits: UNLIMITED })
  const contents: Contents = { rows: 0, blobs: 0, bytes: 0 }
  try {
    await snapshotBegin(client)
    const output = createWriteStream(beside, { mode: 0o600, flush: true })
    await pipeline(Readable.from(tarOf(client, options, contents)), createGzip(), output)
    await rename(beside, options.file)
    await syncFolder(dirname(options.file))
    return contents
  } catch (error) {
    await rm(beside, { force: true }).catch(() => {})
    throw explain(error, options.file)
  } finally {
    await client.end()
  }
}

async function* tarOf(client: pg.Client, options: BackupOptions, contents: Contents): AsyncGenerator<Buffer> {
  const { blobs, now } = options
  const manifest: Manifest = {
    format: 'openhaul backup',
    version: FORMAT_VERSION,
    createdAt: now.toISOString(),
    postgres: await serverVersion(client),
    migrations: await migrationsApplied(client),
    tables: await tablesList(client),
    sequences: await sequencesList(client),
  }
  yield* tarMember(MANIFEST, Buffer.from(JSON.stringify(manifest, null, 2)), now)

  for (const table of manifest.tables) {
    const part = `${table.schema}.${table.name}`
    let pieces = 0
    const stream = rowsRead(client, table)
    for await (const piece of inPieces(stream)) {
      yield* tarMember(`rows/${part}/${String(pieces++).padStart(6, '0')}`, piece, now)
      contents.bytes += piece.length
      options.onProgress?.({ ...contents, part })
    }
    contents.rows += stream.rowCount
    options.onProgress?.({ ...contents, part })
  }

  // After the rows: a blob is written before the row that names it, so none of the snapshot's is missing.
  for await (const name of blobs.list()) {
    const bytes = await blobs.get(name)
    if (bytes === null) continue
    yield* tarMember(`blobs/${name}`, bytes, now)
    contents.blobs++
    contents.bytes += bytes.length
    options.onProgress?.({ ...contents, part: 'blobs' })
  }
  yield* tarMember(END, Buffer.from(JSON.stringify(contents)), now)
  yield tarEnd()
}

async function* inPieces(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let parts: Buffer[] = []
  let bytes = 0
  for await (const part of stream) {
    parts.push(part)
    bytes += part.length
    if (bytes < PIECE_BYTES) continue
    yield Buffer.concat(parts)
    parts = []
    bytes = 0
  }
  if (bytes > 0) yield Buffer.concat(parts)
}

function explain(error: unknown, file: string): unknown {
  const { code, syscall, message } = error as NodeJS.ErrnoException
  if (code === '42P01') return new OperatorError('The database has no tables yet: there is nothing to back up.')
  if (!syscall || !['ENOENT', 'EACCES', 'EPERM', 'ENOSPC', 'EISDIR', 'EROFS', 'ENOTDIR'].includes(code ?? ''))
    return error
  return new OperatorError(`The backup cannot be written to ${file}: ${message}`, { cause: error })
}
