import { finished } from 'node:stream/promises'
import type pg from 'pg'
import { rowsWrite, type DumpTable } from '../lib/db/dump.sql.ts'
import { TarError } from './tar.ts'

export type RowLoader = {
  /** A piece of a table's rows; the pieces of one table follow each other. */
  write(table: string, piece: AsyncIterable<Buffer>): Promise<void>
  /** Rows of the tables that are through. */
  count(): number
  /** Completes the last table and returns the count. */
  end(): Promise<number>
}

/** Streams rows into tables, one at a time, no faster than the database takes them. */
export function rowLoader(client: pg.Client, tables: DumpTable[]): RowLoader {
  const byName = new Map(tables.map((table) => [`${table.schema}.${table.name}`, table]))
  let current: { name: string; copy: ReturnType<typeof rowsWrite>; done: Promise<void> } | null = null
  let rows = 0

  async function start(name: string) {
    const table = byName.get(name)
    if (!table) throw new TarError(`it has rows of the unknown table ${name}`)
    // A second COPY of the same table would mean that the pieces are not in their order.
    byName.delete(name)
    const copy = rowsWrite(client, table)
    const done = finished(copy)
    // Looked at when a write fails or the table ends.
    done.catch(() => {})
    current = { name, copy, done }
    return current
  }

  async function finish(): Promise<void> {
    if (!current) return
    const { copy, done } = current
    current = null
    copy.end()
    await done
    rows += copy.rowCount
  }

  return {
    async write(name, piece) {
      if (current?.name !== name) await finish()
      const { copy, done } = current ?? (await start(name))
      for await (const bytes of piece) {
        const taken = new Promise<void>((resolve, reject) => {
          copy.write(bytes, (error) => (error ? reject(error) : resolve()))
        })
        // The stream's own error says what was wrong with the rows; a write only says that it is closed.
        await taken.catch(() => done)
      }
    },
    count: () => rows,
    async end() {
      await finish()
      return rows
    },
  }
}
