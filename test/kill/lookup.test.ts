import assert from 'node:assert/strict'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import test from 'node:test'
import pg from 'pg'
import { createAccount } from '../../src/access/accounts/accounts.ts'
import { createKey } from '../../src/access/keys/keys.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { openDb, type Connection } from '../../src/lib/db/db.ts'
import { startEmbedded } from '../../src/lib/db/embedded.ts'
import { systemRandom } from '../../src/lib/ids.ts'
import { startUpstreams, type Upstreams } from '../../src/upstreams/start.ts'
import { giveRoom } from '../app.ts'
import { silentLog } from '../database.ts'
import { scratch } from '../lib/db/members.ts'
import { killCount, killRepeatedly, lifeTable, type Scenario } from './kills.ts'

type Answered = { listingId: string; id: number; price: string }

/** Eight callers look up listings that nobody asked for before; an answer of 200 acknowledges that the product is kept. */
function lookupScenario(upstreams: Upstreams, dataDir: string): Scenario<Answered> {
  let next = 600_000_001_000
  let key: string | null = null

  async function keepAsking(url: string, acknowledge: (ack: Answered) => void): Promise<void> {
    for (;;) {
      const listingId = String(next++)
      if (listingId.endsWith('404')) continue
      const answer = await fetch(`${url}/api/v1/products/1688/${listingId}`, {
        headers: { authorization: `Bearer ${key}` },
      })
      const body = (await answer.json()) as { data: { id: number; price: string } }
      assert.equal(answer.status, 200, JSON.stringify(body))
      acknowledge({ listingId, id: body.data.id, price: body.data.price })
    }
  }

  return {
    program: () => ({
      args: [join(import.meta.dirname, '../../src/main.ts'), 'serve'],
      env: {
        ...upstreams.env,
        PORT: '0',
        DATABASE_URL: '',
        LOG_LEVEL: 'error',
        SOURCES: 'alibaba1688',
        TRANSLATE_URL: '',
      },
    }),
    async drive(child, acknowledge) {
      for await (const line of createInterface({ input: child.stdout! })) {
        const url = /^openhaul ready on (.*)$/.exec(line)?.[1]
        if (!url) continue
        key ??= await makeKey(dataDir)
        await Promise.all(Array.from({ length: 8 }, () => keepAsking(url, acknowledge)))
      }
    },
    verify: verifyKept,
  }
}

async function makeKey(dataDir: string): Promise<string> {
  const embedded = await startEmbedded({ dataDir, log: silentLog })
  const { db, close } = openDb(embedded.connection, { log: silentLog })
  const ctx = { db, clock: systemClock, random: systemRandom }
  const account = await createAccount(ctx, 'killed')
  await giveRoom(ctx, account)
  const { key } = await createKey(ctx, { account, style: 'qc', mode: 'live' })
  await close()
  await embedded.leave()
  return key
}

async function verifyKept(connection: Connection, acknowledged: readonly Answered[]): Promise<void> {
  const client = new pg.Client(connection)
  await client.connect()
  try {
    const { rows } = await client.query<{ listing_id: string; id: string; price_fen: string }>(
      `select listing_id, id, price_fen from product where catalogue = 'live' and listing_id = any($1)`,
      [acknowledged.map(({ listingId }) => listingId)],
    )
    const kept = new Map(
      rows.map((row) => [row.listing_id, [Number(row.id), `¥${(Number(row.price_fen) / 100).toFixed(2)}`]]),
    )
    const lost = acknowledged.filter(({ listingId, id, price }) => {
      const [keptId, keptPrice] = kept.get(listingId) ?? []
      return keptId !== id || keptPrice !== price
    })
    assert.deepEqual(lost, [])
  } finally {
    await client.end()
  }
}

test(
  'no product that was answered is lost or changed by kills, and each restart is clean',
  { timeout: 900_000 },
  async (t) => {
    const upstreams = await startUpstreams({ port: 0, clock: systemClock })
    t.after(() => upstreams.stop())
    const dataDir = join(scratch(t), 'data')
    const kills = killCount()
    const lives = await killRepeatedly({
      scenario: lookupScenario(upstreams, dataDir),
      dataDir,
      kills,
      random: Math.random,
    })
    t.diagnostic(`\n${lifeTable(lives)}`)
    assert.equal(lives.length, kills + 1)
  },
)
