import { join } from 'node:path'
import { readConfig } from '../config.ts'
import { openDatabase, withCtx } from '../ctx.ts'
import { fileBlobs } from '../lib/blobs.ts'
import { MIGRATIONS } from '../lib/db/folder.ts'
import { openLog } from '../lib/log.ts'
import { backup, type Contents } from './backup.ts'
import { print } from './print.ts'
import { restore } from './restore.ts'

type Json = { json?: boolean }

export async function backupCommand(file: string, options: Json): Promise<void> {
  const contents = await withCtx(readConfig(), ({ connection, blobs, clock }) =>
    backup({ connection, blobs, file, now: clock.now(), onProgress: tell }),
  )
  print(options, { file, ...contents }, `Wrote ${inWords(contents)} to ${file}.`)
}

/** Into an empty database, which therefore is opened but not migrated. */
export async function restoreCommand(file: string, options: Json): Promise<void> {
  const config = readConfig()
  const database = await openDatabase(config, openLog(config.logLevel))
  try {
    const blobs = fileBlobs(join(config.dataDir, 'blobs'))
    const { connection } = database
    const contents = await restore({ connection, migrations: MIGRATIONS, blobs, file, onProgress: tell })
    print(options, { file, ...contents }, `Read ${inWords(contents)} from ${file}.`)
  } finally {
    await database.leave()
  }
}

function tell({ part, ...done }: Contents & { part: string }): void {
  process.stderr.write(`${part}: ${inWords(done)}\n`)
}

function inWords({ rows, blobs, bytes }: Contents): string {
  return `${rows} rows, ${blobs} pictures, ${Math.ceil(bytes / 1_000_000)} MB`
}
