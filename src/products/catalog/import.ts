import { type FileHandle, open } from 'node:fs/promises'
import type pg from 'pg'
import type { Ctx } from '../../ctx.ts'
import { openDedicated } from '../../lib/db/db.ts'
import { OperatorError } from '../../lib/errors.ts'
import { type Line, LINE_BYTES_MAX, lineCutter } from '../../lib/lines.ts'
import { parseFeedLine } from './feed-format.ts'
import { type FeedPictures, hasOnlyAddresses, openFeedPictures, takePictures } from './feed-pictures.ts'
import { copyLine, importBatch, importFinish, importKnown, importPrepare } from './import.sql.ts'
import { refKey } from './product.ts'
import { rowOf } from './rows.ts'
import { shardOf } from './shards.ts'

const BATCH_ROWS = 2_000
/** A batch ends here too, so that long lines do not fill the memory. */
const BATCH_CHARACTERS = 8 * 1024 * 1024
const READ_BYTES = 256 * 1024
const TRIES = 3
/** Deadlock and lock not available: somebody else was in the way, and the batch can simply be sent again. */
const PASSING = new Set(['40P01', '55P03'])
const IGNORED_FIELDS_MAX = 20

/** `stored` are rows that are committed; a listing that two batches name counts in both. */
export type ImportProgress = {
  linesRead: number
  stored: number
  bad: number
  bytesRead: number
  bytesTotal: number
}

/** `changed` are the rows that were new or different; `ignoredFields` the first names that the format does not know. */
export type ImportResult = ImportProgress & { changed: number; ignoredFields: string[] }

export type ImportOptions = {
  path: string
  /** After each commit. */
  onProgress?: (progress: ImportProgress) => void
  /** For each line that could not be loaded, with one sentence; lines count from 1. */
  onBadLine?: (line: number, fault: string) => void
  /** Stops after the batch under way; the promise then rejects with the signal's reason. */
  signal?: AbortSignal
}

/** Rows of distinct listings, ready to be sent, and how far in the file they reach. */
type Batch = {
  rows: Map<string, { line: string; shard: number; digest: string }>
  characters: number
  linesRead: number
  bad: number
  bytesRead: number
}

/**
 * Loads a feed (docs/feed.md) into the live catalogue, in batches of one transaction each. Bad lines are reported and
 * the good ones load; loading a feed again changes what differs. Throws `OperatorError` for a file that cannot be read.
 */
export async function importFeed(ctx: Ctx, options: ImportOptions): Promise<ImportResult> {
  const { file, bytesTotal } = await openFeed(options.path)
  const ignored = new Set<string>()
  const result = { linesRead: 0, stored: 0, changed: 0, bad: 0, bytesRead: 0, bytesTotal }
  let underway = Promise.resolve()
  let client: pg.Client | null = null
  try {
    const pictures = await openFeedPictures(options.path)
    const importing = await openDedicated(ctx.connection, { name: 'openhaul import' })
    client = importing
    await importPrepare(importing)

    const store = async (batch: Batch) => {
      result.changed += await storeBatch(ctx, importing, batch)
      result.stored += batch.rows.size
      const { linesRead, bad, bytesRead } = batch
      Object.assign(result, { linesRead, bad, bytesRead })
      options.onProgress?.({ linesRead, stored: result.stored, bad, bytesRead, bytesTotal })
    }
    for await (const batch of readBatches(ctx, file, options, pictures, ignored)) {
      // One batch on its way while the next is read: never more in memory.
      await underway
      options.signal?.throwIfAborted()
      underway = store(batch)
      underway.catch(() => {})
    }
    await underway
    await importFinish(importing)
    return { ...result, ignoredFields: [...ignored] }
  } finally {
    await underway.catch(() => {})
    await client?.end().catch(() => {})
    await file.close().catch(() => {})
  }
}

/** The rows of a feed's good lines in batches; the last one tells how many lines there were, even without rows. */
async function* readBatches(
  ctx: Ctx,
  file: FileHandle,
  { onBadLine, signal }: ImportOptions,
  pictures: FeedPictures,
  ignored: Set<string>,
): AsyncGenerator<Batch> {
  let batch: Batch = { rows: new Map(), characters: 0, linesRead: 0, bad: 0, bytesRead: 0 }
  const add = async (line: Line) => {
    const fault = await addLine(ctx, batch, line, pictures, ignored)
    batch.linesRead = line.number
    batch.bytesRead = line.endsAt
    if (fault === null) return
    batch.bad += 1
    onBadLine?.(line.number, fault)
  }

  const cutter = lineCutter()
  for await (const chunk of file.createReadStream({ highWaterMark: READ_BYTES, autoClose: false })) {
    signal?.throwIfAborted()
    for (const line of cutter.push(chunk as Buffer)) {
      await add(line)
      if (batch.rows.size < BATCH_ROWS && batch.characters < BATCH_CHARACTERS) continue
      yield batch
      batch = { ...batch, rows: new Map(), characters: 0 }
    }
  }
  for (const line of cutter.end()) await add(line)
  yield batch
}

/** Puts a line's row into the batch; the sentence when it cannot be loaded. */
async function addLine(
  ctx: Ctx,
  batch: Batch,
  line: Line,
  pictures: FeedPictures,
  ignored: Set<string>,
): Promise<string | null> {
  if (line.bytes === null) return `the line is longer than ${LINE_BYTES_MAX} bytes.`
  const parsed = parseFeedLine(line.bytes)
  if (parsed === null) return null
  if ('fault' in parsed) return parsed.fault
  for (const field of parsed.ignored) if (ignored.size < IGNORED_FIELDS_MAX) ignored.add(field.slice(0, 100))

  let { listing } = parsed
  if (!hasOnlyAddresses(listing)) {
    const taken = await takePictures(ctx, pictures, listing)
    if ('fault' in taken) return taken.fault
    listing = taken.listing
  }
  const row = rowOf(listing)
  const text = copyLine(row)
  batch.rows.set(refKey(listing), { line: text, shard: shardOf(listing), digest: row.contentDigest })
  batch.characters += text.length
  return null
}

/** Writes what of the batch is new or different; gives the number of those rows. */
async function storeBatch(ctx: Ctx, client: pg.Client, batch: Batch): Promise<number> {
  const known = await importKnown(client, [...batch.rows.keys()])
  const rows = [...batch.rows].filter(([key, { digest }]) => known.get(key) !== digest)
  if (rows.length === 0) return 0
  // In one order for every import, so that two at once cannot lock each other's rows crosswise.
  rows.sort(([a], [b]) => (a < b ? -1 : 1))
  const lines = rows.map(([, { line }]) => line)
  const shards = new Set(rows.map(([, { shard }]) => shard))
  for (let tried = 1; ; tried++) {
    try {
      await importBatch(client, lines, shards, ctx.clock.now())
      return rows.length
    } catch (error) {
      if (tried === TRIES || !PASSING.has((error as { code?: string }).code ?? '')) throw error
    }
  }
}

async function openFeed(path: string): Promise<{ file: FileHandle; bytesTotal: number }> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') {
      throw new OperatorError(`There is no file ${path}; give the path of a feed (docs/feed.md).`)
    }
    throw new OperatorError(`${path} cannot be read (${error.code}).`)
  })
  const found = await file.stat()
  if (found.isFile()) return { file, bytesTotal: found.size }
  await file.close()
  throw new OperatorError(`${path} is not a file; give the path of a feed (docs/feed.md).`)
}
