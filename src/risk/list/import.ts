import { type FileHandle, open } from 'node:fs/promises'
import { extname } from 'node:path'
import type { Ctx } from '../../ctx.ts'
import { audit } from '../../events/audit/audit.ts'
import { dbOn, openDedicated, type Db } from '../../lib/db/db.ts'
import { OperatorError } from '../../lib/errors.ts'
import { lineCutter, type Line } from '../../lib/lines.ts'
import { HOUSE, putPrepared, type ListCtx, type Owner, type Source } from './entries.ts'
import { prepareEntries, type NewEntry, type Prepared } from './prepare.ts'
import { entryOf, IMPORT_FIELDS, REQUIRED_FIELDS } from './import-format.ts'
import { csvReader, jsonReader, type Fields, type FileRecord, type RecordReader } from './import-records.ts'

const CHUNK_ENTRIES = 2_000
/** Small enough for answers of the database to be taken in between. */
const READ_BYTES = 32 * 1024
const LIMITS = { statement_timeout: 60_000, lock_timeout: 10_000 }
const IGNORED_FIELDS_MAX = 20
const READERS: Readonly<Record<string, () => RecordReader>> = {
  '.csv': () => csvReader(REQUIRED_FIELDS),
  '.jsonl': jsonReader,
}

/** Of what is committed. `added` entries are new, `refreshed` ones were listed by this source for this reason before. */
export type ImportProgress = {
  linesRead: number
  added: number
  refreshed: number
  bad: number
  bytesRead: number
  bytesTotal: number
}
/** `ignoredFields`: the first names that the format does not know. */
export type ImportResult = ImportProgress & { ignoredFields: string[] }

export type ImportOptions = Owner & {
  path: string
  source: Source
  /** For the audit. */
  actor: string
  /** After each commit. */
  onProgress?: (progress: ImportProgress) => void
  /** For each record that could not be listed, by the line that it begins in, with a sentence that does not repeat it. */
  onBadLine?: (line: number, fault: string) => void
  /** Stops after the chunk under way; the promise then rejects with the signal's reason. */
  signal?: AbortSignal
}

type ImportCtx = ListCtx & Pick<Ctx, 'connection'>

/** Entries that are ready to be written, and how far in the file they reach. */
type Chunk = { fit: Prepared[]; linesRead: number; bad: number; bytesRead: number }

/**
 * Lists what a CSV or JSONL file says (docs/risk.md), in chunks of one transaction each: what was listed stays when a later
 * line is bad. Importing a file again refreshes its entries. Throws an `OperatorError` for a file that cannot be read.
 */
export async function importEntries(ctx: ImportCtx, options: ImportOptions): Promise<ImportResult> {
  const { file, bytesTotal, reader } = await openFile(options.path)
  const ignored = new Set<string>()
  const result = { linesRead: 0, added: 0, refreshed: 0, bad: 0, bytesRead: 0, bytesTotal }
  const client = await openDedicated(ctx.connection, { name: 'openhaul risk import', limits: LIMITS })
  const db = dbOn(client)
  let underway = Promise.resolve()
  const store = async ({ fit, ...read }: Chunk) => {
    const { added, refreshed } = await storeChunk(ctx, db, fit, options)
    result.added += added
    result.refreshed += refreshed
    Object.assign(result, read)
    options.onProgress?.({ ...result })
  }
  try {
    for await (const chunk of readChunks(ctx, file, reader, options, ignored)) {
      // One chunk on its way while the next is read: never more in memory.
      await underway
      options.signal?.throwIfAborted()
      underway = store(chunk)
      underway.catch(() => {})
    }
    await underway
    return { ...result, ignoredFields: [...ignored] }
  } finally {
    await underway.catch(() => {})
    await client.end().catch(() => {})
    await file.close().catch(() => {})
  }
}

async function storeChunk(
  ctx: ImportCtx,
  db: Db,
  fit: readonly Prepared[],
  { owner, isSandbox, source, actor }: ImportOptions,
): Promise<{ added: number; refreshed: number }> {
  if (fit.length === 0) return { added: 0, refreshed: 0 }
  return db.transaction().execute(async (tx) => {
    const { added, refreshed } = await putPrepared(ctx, tx, { owner, isSandbox, source, entries: fit })
    const ids = [...added, ...refreshed]
    const [first, last] = [Math.min(...ids), Math.max(...ids)]
    await audit(tx, {
      at: ctx.clock.now(),
      actor,
      action: 'risk.import',
      accountId: owner === HOUSE ? null : owner,
      subject: `risk:${first}-${last}`,
      after: { source: source.name, added: added.length, refreshed: refreshed.length },
    })
    return { added: added.length, refreshed: refreshed.length }
  })
}

/** The entries of a file's good records in chunks; the last one tells how many lines there were, even without entries. */
async function* readChunks(
  ctx: ImportCtx,
  file: FileHandle,
  reader: RecordReader,
  { isSandbox, onBadLine, signal }: ImportOptions,
  ignored: Set<string>,
): AsyncGenerator<Chunk> {
  const cutter = lineCutter()
  let chunk: Chunk = { fit: [], linesRead: 0, bad: 0, bytesRead: 0 }
  const refuse = (line: number, fault: string) => {
    chunk.bad += 1
    onBadLine?.(line, fault)
  }
  // Normalised piece by piece, beside what the database does with the chunk before.
  const take = (lines: readonly Line[], last: FileRecord | null = null) => {
    const records = [...lines.map((line) => reader.push(line)), last].filter((record) => record !== null)
    const entries: NewEntry[] = []
    const places: number[] = []
    for (const record of records) {
      const entry = 'fault' in record ? record : entryOf(record.fields, ctx.clock.now())
      if ('fields' in record) noteUnknown(record.fields, ignored)
      if ('fault' in entry) refuse(record.line, entry.fault)
      else places[entries.push(entry) - 1] = record.line
    }
    const { fit, unfit } = prepareEntries(ctx, { entries, isSandbox })
    for (const { at, why } of unfit) refuse(places[at]!, why)
    const { number: linesRead = chunk.linesRead, endsAt: bytesRead = chunk.bytesRead } = lines.at(-1) ?? {}
    chunk = { fit: [...chunk.fit, ...fit], bad: chunk.bad, linesRead, bytesRead }
  }
  for await (const piece of file.createReadStream({ highWaterMark: READ_BYTES, autoClose: false })) {
    signal?.throwIfAborted()
    take(cutter.push(piece as Buffer))
    if (chunk.fit.length < CHUNK_ENTRIES) continue
    yield chunk
    chunk = { ...chunk, fit: [] }
  }
  take(cutter.end())
  take([], reader.end())
  yield chunk
}

function noteUnknown(fields: Fields, ignored: Set<string>): void {
  for (const name of Object.keys(fields)) {
    if (!KNOWN.has(name) && ignored.size < IGNORED_FIELDS_MAX) ignored.add(name.slice(0, 100))
  }
}

const KNOWN: ReadonlySet<string> = new Set(IMPORT_FIELDS)

async function openFile(path: string): Promise<{ file: FileHandle; bytesTotal: number; reader: RecordReader }> {
  const readerOf = READERS[extname(path).toLowerCase()]
  if (!readerOf)
    throw new OperatorError(`${path}: give a file whose name ends in ${Object.keys(READERS).join(' or ')}.`)
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') throw new OperatorError(`There is no file ${path}.`)
    throw new OperatorError(`${path} cannot be read (${error.code}).`)
  })
  const found = await file.stat()
  if (found.isFile()) return { file, bytesTotal: found.size, reader: readerOf() }
  await file.close()
  throw new OperatorError(`${path} is not a file.`)
}
