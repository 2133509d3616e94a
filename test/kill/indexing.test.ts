import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import test, { type TestContext } from 'node:test'
import pg from 'pg'
import { readConfig } from '../../src/config.ts'
import { openCtx } from '../../src/ctx.ts'
import type { Connection } from '../../src/lib/db/db.ts'
import { silentLog } from '../database.ts'
import { scratch } from '../lib/db/members.ts'
import { runJson } from '../process/program.ts'
import { picture } from '../products/search/shop.ts'
import { killCount, killRepeatedly, lifeTable, type Scenario } from './kills.ts'

const PRODUCTS = 6
const PICTURES = 2
const PROGRAM = join(import.meta.dirname, 'picture-indexer.ts')
const ENV = { DATABASE_URL: '', LOG_LEVEL: 'silent' }

async function writeFeed(folder: string): Promise<string> {
  mkdirSync(folder)
  const lines = []
  for (let product = 0; product < PRODUCTS; product++) {
    const images = []
    for (let each = 0; each < PICTURES; each++) {
      const name = `${product}-${each}.jpg`
      writeFileSync(join(folder, name), await picture(product * PICTURES + each))
      images.push(name)
    }
    const listing = {
      marketplace: 'weidian',
      listing_id: String(8_000_000 + product),
      title: '手工杯',
      price_fen: 990,
      images,
    }
    lines.push(JSON.stringify(listing))
  }
  const feed = join(folder, 'feed.jsonl')
  writeFileSync(feed, `${lines.join('\n')}\n`)
  return feed
}

async function query<Row extends pg.QueryResultRow>(connection: Connection, statement: string): Promise<Row[]> {
  const client = new pg.Client(connection)
  await client.connect()
  try {
    return (await client.query<Row>(statement)).rows
  } finally {
    await client.end()
  }
}

/** Acknowledged is how many pictures were made so far, in all spaces. */
const scenario: Scenario<number> = {
  program: () => ({ args: [PROGRAM], env: ENV }),
  async drive(child, acknowledge) {
    for await (const line of createInterface({ input: child.stdout! })) acknowledge(Number(line))
  },
  async verify(connection, acknowledged) {
    const [found] = await query<{ made: number; stray: number }>(
      connection,
      `select
         count(*) filter (where features is not null or removed_at is not null)::int as made,
         (count(*) filter (where removed_at is null
           and not exists (select from search_picture p where p.id = v.picture_id)))::int as stray
       from search_vector v`,
    )
    assert.equal(found!.stray, 0)
    assert(found!.made >= Math.max(0, ...acknowledged), `${found!.made} of ${acknowledged.at(-1)} are left`)
    // Something changes in every life, now and then in the middle of being indexed.
    await query(
      connection,
      `update product p set details = jsonb_set(p.details, '{images}', other.details -> 'images')
       from (select details from product order by random() limit 1) other
       where p.id = (select id from product order by random() limit 1)`,
    )
  },
}

test(
  'indexing that is killed is finished by the next start, with nothing twice and nothing missing',
  { timeout: 900_000 },
  async (t: TestContext) => {
    const folder = scratch(t)
    const dataDir = join(folder, 'data')
    const feed = await writeFeed(join(folder, 'feed'))
    await runJson(dataDir, ['catalog', 'import', feed])
    const kills = killCount()
    const lives = await killRepeatedly({ scenario, dataDir, kills, random: Math.random })
    t.diagnostic(`\n${lifeTable(lives)}`)
    assert.equal(lives.length, kills + 1)
    assert(lives.every(({ acknowledged }) => acknowledged > 0))

    await finish(dataDir)
    await assertWhole(t, dataDir)
  },
)

async function finish(dataDir: string): Promise<void> {
  const child: ChildProcess = spawn(process.execPath, [PROGRAM, 'finish'], {
    env: { ...process.env, ...ENV, DATA_DIR: dataDir },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const [code] = await once(child, 'close')
  assert.equal(code, 0)
}

/** Every picture that a product has is in the active space once, and in the memory of a node that starts now. */
async function assertWhole(t: TestContext, dataDir: string): Promise<void> {
  const ctx = await openCtx(readConfig({ DATA_DIR: dataDir, ...ENV }), silentLog, { isNode: true })
  t.after(() => ctx.close())
  const [found] = await query<{ products: number; wanted: number; made: number; missing: number; surplus: number }>(
    ctx.connection,
    `with wanted as (
       select distinct p.id as product_id, image as address
       from product p cross join jsonb_array_elements_text(p.details -> 'images') as image),
     made as (
       select p.product_id, p.address from search_picture p
       join search_vector v on v.picture_id = p.id and v.product_id = p.product_id and v.features is not null
       join search_space s on s.id = v.space_id and s.state = 'active')
     select (select count(*)::int from product) as products,
       (select count(*)::int from wanted) as wanted,
       (select count(*)::int from made) as made,
       (select count(*)::int from (select * from wanted except all select * from made) as less) as missing,
       (select count(*)::int from (select * from made except all select * from wanted) as more) as surplus`,
  )
  const wanted = found!.wanted
  assert.deepEqual(found, { products: PRODUCTS, wanted, made: wanted, missing: 0, surplus: 0 })
  assert.equal(wanted, PRODUCTS * PICTURES)
  await ctx.search.start()
  assert.equal(ctx.search.current()!.index.stats().pictures, wanted)
}
