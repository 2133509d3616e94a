import { readConfig } from '../config.ts'
import { openBlobs, openDatabase, withCtx } from '../ctx.ts'
import { systemClock } from '../lib/clock.ts'
import { MIGRATIONS } from '../lib/db/folder.ts'
import { openHttp } from '../lib/http-client.ts'
import { openLog } from '../lib/log.ts'
import { backup, type Contents } from './backup.ts'
import { print } from './print.ts'
import { restore } from './restore.ts'

type Json = { json?: boolean }

export async function backupCommand(file: string, options: Json): Promise<void> {
  const progress = tellParts()
  const contents = await withCtx(readConfig(), ({ connection, blobs, clock }) =>
    backup({ connection, blobs, file, now: clock.now(), onProgress: progress.on }).finally(progress.end),
  )
  print(options, { file, ...contents }, `Wrote ${inWords(contents)} to ${file}.`)
}

/** Into an empty database, which therefore is opened but not migrated. */
export async function restoreCommand(file: string, options: Json): Promise<void> {
  const config = readConfig()
  const database = await openDatabase(config, openLog(config.logLevel))
  try {
    const { connection } = database
    const http = openHttp()
    const blobs = openBlobs({ config, http, clock: systemClock })
    const progress = tellParts()
    const restoring = restore({ connection, migrations: MIGRATIONS, blobs, file, onProgress: progress.on })
    const contents = await restoring.finally(progress.end).finally(() => http.close())
    print(options, { file, ...contents }, `Read ${inWords(contents)} from ${file}.`)
  } finally {
    await database.leave()
  }
}

/** Tells on stderr how large each part was, a line a part; in a terminal the line of the part under way grows. */
function tellParts() {
  let current: { part: string; fromBytes: number; bytes: number } | null = null

  function end(): void {
    if (current && current.bytes > current.fromBytes) write(current, '\n')
    current = null
  }

  return {
    on({ part, bytes }: Contents & { part: string }): void {
      if (current?.part !== part) {
        const fromBytes: number = current?.bytes ?? 0
        end()
        current = { part, fromBytes, bytes }
      }
      current.bytes = bytes
      if (process.stderr.isTTY && bytes > current.fromBytes) write(current, '')
    },
    end,
  }
}

function write({ part, fromBytes, bytes }: { part: string; fromBytes: number; bytes: number }, after: string): void {
  const name = part === 'blobs' ? 'pictures' : part.replace(/^public\./, '')
  process.stderr.write(`${process.stderr.isTTY ? '\r\u001B[K' : ''}${name}: ${sizeInWords(bytes - fromBytes)}${after}`)
}

function inWords({ rows, blobs, bytes }: Contents): string {
  return `${counted(rows, 'row')}, ${counted(blobs, 'picture')}, ${sizeInWords(bytes)}`
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

function sizeInWords(bytes: number): string {
  return bytes < 1_000_000 ? `${Math.ceil(bytes / 1_000)} KB` : `${Math.ceil(bytes / 1_000_000)} MB`
}
