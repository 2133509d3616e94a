import assert from 'node:assert/strict'
import { createWriteStream } from 'node:fs'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import test from 'node:test'
import pg from 'pg'
import { scratch } from '../lib/db/members.ts'
import { killCount, killRepeatedly, lifeTable, type Scenario } from './kills.ts'

const ROWS = 120_000
const FIRST_ID = 7_000_000_000
const priceOf = (row: number) => 1_000 + (row % 9_000)

async function writeFeed(path: string): Promise<void> {
  const file = createWriteStream(path)
  for (let row = 0; row < ROWS; row++) {
    const line = {
      marketplace: 'weidian',
      listing_id: String(FIRST_ID + row),
      title: `手工杯 ${row}`,
      price_fen: priceOf(row),
    }
    if (!file.write(`${JSON.stringify(line)}\n`)) await once(file, 'drain')
  }
  file.end()
  await once(file, 'close')
}

/** Acknowledged is what the import's progress calls stored: so many rows from the feed's beginning. */
function importScenario(feed: string): Scenario<number> {
  const main = join(import.meta.dirname, '../../src/main.ts')
  return {
    program: () => ({ args: [main, 'catalog', 'import', feed], env: { DATABASE_URL: '' } }),
    async drive(child, acknowledge) {
      for await (const line of createInterface({ input: child.stderr! })) {
        const stored = /^stored (\d+), bad 0$/.exec(line)?.[1]
        if (stored && Number(stored) > 0) acknowledge(Number(stored))
      }
    },
    async verify(connection, acknowledged) {
      const most = Math.max(0, ...acknowledged)
      const client = new pg.Client(connection)
      await client.connect()
      try {
        const { rows } = await client.query(
          `select count(*)::int as stored, count(*) filter (where price_fen <> 1000 + (listing_id::bigint - $2) % 9000)::int as wrong
           from product where catalogue = 'live' and listing_id::bigint < $2 + $1`,
          [most, FIRST_ID],
        )
        assert.deepEqual(rows, [{ stored: most, wrong: 0 }])
      } finally {
        await client.end()
      }
    },
  }
}

test(
  'no row that an import called stored is lost by kills, and each restart is clean',
  { timeout: 900_000 },
  async (t) => {
    const folder = scratch(t)
    const feed = join(folder, 'feed.jsonl')
    await writeFeed(feed)
    const kills = killCount()
    const lives = await killRepeatedly({
      scenario: importScenario(feed),
      dataDir: join(folder, 'data'),
      kills,
      random: Math.random,
    })
    t.diagnostic(`\n${lifeTable(lives)}`)
    assert.equal(lives.length, kills + 1)
  },
)
