// One process that uses an embedded database: joins it, says so on stdout as a JSON line, runs each line of stdin as SQL
// and answers with a JSON line, and leaves when stdin ends.
import { createInterface } from 'node:readline'
import pg from 'pg'
import pino from 'pino'
import { startEmbedded } from '../../../src/lib/db/embedded.ts'

const [dataDir = '', systemState = ''] = process.argv.slice(2)
const say = (value: object) => process.stdout.write(`${JSON.stringify(value)}\n`)
try {
  const startedAtMs = performance.now()
  const log = pino({ level: 'info', base: null }, pino.destination({ dest: 2, sync: true }))
  const embedded = await startEmbedded({ dataDir, log, ...(systemState ? { systemState } : {}) })
  const pool = new pg.Pool(embedded.connection)
  pool.on('error', () => {})
  say({ joined: embedded.connection, startMs: Math.round(performance.now() - startedAtMs) })
  for await (const statement of createInterface({ input: process.stdin })) {
    try {
      say({ rows: (await pool.query<object>(statement)).rows })
    } catch (error) {
      say({ error: (error as Error).message })
    }
  }
  await pool.end()
  await embedded.leave()
} catch (error) {
  say({ refused: (error as Error).name, message: (error as Error).message })
}
