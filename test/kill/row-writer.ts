// Writes rows in pairs, one transaction a pair, from eight callers, and prints each pair's number when it is committed.
import { sql } from 'kysely'
import pino from 'pino'
import { openDb } from '../../src/lib/db/db.ts'
import { startEmbedded } from '../../src/lib/db/embedded.ts'

const log = pino({ level: 'silent' })
const embedded = await startEmbedded({ dataDir: process.env['DATA_DIR']!, log })
const { db, close } = openDb(embedded.connection, { log })
await sql`create table if not exists pair (id bigint generated always as identity, number bigint, half text)`.execute(
  db,
)
await sql`create sequence if not exists pair_number`.execute(db)
const stopping = new AbortController()
process.once('SIGTERM', () => stopping.abort())

async function write(): Promise<void> {
  while (!stopping.signal.aborted) {
    const number = await db.transaction().execute(async (tx) => {
      const { rows } = await sql<{ number: number }>`
        insert into pair (number, half) values (nextval('pair_number'), 'first') returning number`.execute(tx)
      await sql`insert into pair (number, half) values (${rows[0]!.number}, ${'second'.repeat(50)})`.execute(tx)
      return rows[0]!.number
    })
    process.stdout.write(`${number}\n`)
  }
}

await Promise.all(Array.from({ length: 8 }, write))
await close()
await embedded.leave()
