import { once } from 'node:events'
import { createReadStream, createWriteStream } from 'node:fs'
import { chmod, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pipeline } from 'node:stream/promises'
import type pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import pino from 'pino'
import type { Ctx } from '../src/ctx.ts'
import { systemClock } from '../src/lib/clock.ts'
import { openDb, openDedicated } from '../src/lib/db/db.ts'
import { startEmbedded } from '../src/lib/db/embedded.ts'
import { MIGRATIONS } from '../src/lib/db/folder.ts'
import { migrate } from '../src/lib/db/migrate.ts'
import { parseFeedLine } from '../src/products/catalog/feed-format.ts'
import { copyLine } from '../src/products/catalog/import.sql.ts'
import { importFeed } from '../src/products/catalog/import.ts'
import { rowOf } from '../src/products/catalog/rows.ts'
import { ensureSpaces } from '../src/products/search/spaces.ts'

export type ImportBench = {
  products: number
  feedMegabytes: number
  copyRowsPerSecond: number
  copyWithoutTermsRowsPerSecond: number
  importRowsPerSecond: number
  /** Import against the bare COPY into an identical table. */
  ratio: number
  peakRssMegabytes: number
}

/**
 * Loads the same generated products three ways into an embedded server with fsync on: `catalog import` from a feed, a bare
 * COPY into an identical table, and a bare COPY into one without the index of search terms.
 */
export async function benchImport(products: number): Promise<ImportBench> {
  const folder = await mkdtemp(join(tmpdir(), 'openhaul-bench-'))
  await chmod(folder, 0o755)
  const log = pino({ level: 'silent' })
  const server = await startEmbedded({ dataDir: join(folder, 'data'), log })
  const feed = join(folder, 'feed.jsonl')
  const rows = join(folder, 'rows.copy')
  try {
    await migrate(server.connection, MIGRATIONS, log)
    // As on every installation that was started once: new products are noted for the index of pictures.
    const { db, close } = openDb(server.connection, { log })
    await ensureSpaces({ db, clock: systemClock })
    await close()
    await writeFeed(feed, products)
    const client = await openDedicated(server.connection, { limits: { statement_timeout: 0 } })

    const memory = watchMemory()
    await client.query('checkpoint')
    const imported = await timed(async () => {
      const ctx = { connection: server.connection, clock: systemClock } as Ctx
      const { stored, bad } = await importFeed(ctx, { path: feed })
      if (stored !== products || bad !== 0) throw new Error(`${stored} of ${products} stored, ${bad} bad`)
    })
    const peakRssMegabytes = memory.stop()

    await writeRows(feed, rows)
    const copied = await timeCopy(client, rows, products, false)
    const copiedWithoutTerms = await timeCopy(client, rows, products, true)
    await client.end()
    return {
      products,
      feedMegabytes: (await stat(feed)).size / 1e6,
      copyRowsPerSecond: products / copied,
      copyWithoutTermsRowsPerSecond: products / copiedWithoutTerms,
      importRowsPerSecond: products / imported,
      ratio: copied / imported,
      peakRssMegabytes,
    }
  } finally {
    await server.leave()
    await rm(folder, { recursive: true, force: true })
  }
}

export function importTable(bench: ImportBench): string {
  const line = (name: string, perSecond: number) =>
    `${name.padEnd(46)}${String(Math.round(perSecond)).padStart(10)}${(perSecond / bench.copyRowsPerSecond).toFixed(2).padStart(8)}`
  return [
    `import: ${bench.products} products, ${bench.feedMegabytes.toFixed(0)} MB of feed, fsync on`,
    `${''.padEnd(46)}${'rows/s'.padStart(10)}${'ratio'.padStart(8)}`,
    line('bare COPY, identical table and indexes', bench.copyRowsPerSecond),
    line('bare COPY, without the index of terms', bench.copyWithoutTermsRowsPerSecond),
    line(`catalog import (peak memory ${bench.peakRssMegabytes.toFixed(0)} MB)`, bench.importRowsPerSecond),
  ].join('\n')
}

/** Seconds for one COPY of the prepared rows into a fresh table like `product`. */
async function timeCopy(client: pg.Client, path: string, products: number, withoutTerms: boolean): Promise<number> {
  await client.query('create table bare (like product including all)')
  if (withoutTerms) await client.query('drop index bare_search_terms_idx')
  await client.query('checkpoint')
  const seconds = await timed(() =>
    pipeline(
      createReadStream(path, { highWaterMark: 256 * 1024 }),
      client.query(
        copyFrom(`copy bare (marketplace, listing_id, title, price_fen, sales, details, translations, search_terms,
          content_digest, catalogue, source, fetched_at) from stdin`),
      ),
    ),
  )
  const { rows } = await client.query<{ count: number }>('select count(*) from bare')
  if (Number(rows[0]?.count) !== products) throw new Error('the bare COPY lost rows')
  await client.query('drop table bare')
  return seconds
}

/** Writes what the import sends, with the columns that it fills in itself. */
async function writeRows(feed: string, path: string): Promise<void> {
  const out = createWriteStream(path)
  for await (const line of createInterface({ input: createReadStream(feed) })) {
    const parsed = parseFeedLine(Buffer.from(line))
    if (!parsed || 'fault' in parsed) throw new Error('the generated feed has a bad line')
    const row = copyLine(rowOf(parsed.listing)).replace(/\n$/, '\tlive\tfeed\t2026-01-01T00:00:00Z\n')
    if (!out.write(row)) await once(out, 'drain')
  }
  out.end()
  await once(out, 'close')
}

async function writeFeed(path: string, products: number): Promise<void> {
  const out = createWriteStream(path)
  for (let number = 0; number < products; number++) {
    if (!out.write(`${JSON.stringify(feedListing(number))}\n`)) await once(out, 'drain')
  }
  out.end()
  await once(out, 'close')
}

const PLACES = ['taobao', 'tmall', 'weidian', '1688', 'goofish']
const WORDS =
  '夏季 秋冬 新款 宽松 休闲 纯棉 短袖 长袖 连帽 卫衣 外套 衬衫 牛仔 直筒 运动 跑步 透气 防水 双肩 背包 帆布 单肩 小众 设计 复古 百搭 简约 陶瓷 水杯 保温 台灯 卧室 收纳 折叠 便携 蓝牙 耳机 键盘 静音 遮阳 帽子 围巾 加厚 毛绒 玩具 桌面 摆件 礼物 学生 家用 厨房'.split(
    ' ',
  )
const ENGLISH =
  'summer autumn loose casual cotton short sleeve hooded sweatshirt jacket shirt denim straight sports running breathable waterproof backpack canvas shoulder retro minimalist ceramic cup insulated lamp bedroom storage folding portable bluetooth earphones keyboard silent hat scarf thick plush toy desk ornament gift'.split(
    ' ',
  )
const COLOURS = ['黑色', '白色', '灰色', '藏青色', '卡其色', '墨绿色', '酒红色', '杏色']
const SIZES = ['S', 'M', 'L', 'XL', '2XL', '3XL']

/** An invented product of an ordinary size (about 3 KB): two options, 12 skus, six pictures, ten attributes. */
function feedListing(number: number): object {
  let seed = number * 2_654_435_761 + 12_345
  const draw = (below: number) => {
    seed = (Math.imul(seed ^ (seed >>> 15), 2_246_822_519) + 3_266_489_917) >>> 0
    return seed % below
  }
  const pick = (list: readonly string[]) => list[draw(list.length)]!
  const some = (list: readonly string[], count: number) => Array.from({ length: count }, () => pick(list))
  const listingId = String(600_000_000_000 + number * 37)
  const picture = (name: string) => `https://pictures.example/${listingId}/${name}-${draw(1e9)}.jpg`
  const colours = COLOURS.slice(draw(4), 8).slice(0, 4)
  const sizes = SIZES.slice(0, 3)
  const priceFen = 990 + draw(50_000)
  return {
    marketplace: PLACES[number % PLACES.length],
    listing_id: listingId,
    title: `${some(WORDS, 9).join('')} ${draw(1000)}`,
    description: some(WORDS, 60).join(''),
    price_fen: priceFen,
    sales: draw(20_000),
    images: Array.from({ length: 6 }, (_, at) => picture(`main${at}`)),
    options: [
      {
        id: '1627207',
        name: '颜色分类',
        values: colours.map((name, at) => ({ id: `${at + 1}`, name, image: picture('c') })),
      },
      { id: '20509', name: '尺码', values: sizes.map((name, at) => ({ id: `${at + 1}`, name })) },
    ],
    skus: colours.flatMap((_, colour) =>
      sizes.map((__, size) => ({
        sku_id: `${5_000_000_000_000 + number * 100 + colour * 10 + size}`,
        choices: [
          ['1627207', `${colour + 1}`],
          ['20509', `${size + 1}`],
        ],
        price_fen: priceFen + draw(10) * 100,
        stock: draw(500),
      })),
    ),
    attributes: some(WORDS, 10).map((name) => ({ name, value: some(WORDS, 2).join('') })),
    seller: { id: `${draw(1e9)}`, name: `${pick(WORDS)}小店`, city: '杭州', province: '浙江' },
    weight_grams: 100 + draw(2_000),
    translations: { en: { title: some(ENGLISH, 8).join(' ') } },
  }
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const beganAtMs = performance.now()
  await run()
  return (performance.now() - beganAtMs) / 1000
}

function watchMemory(): { stop(): number } {
  let peak = 0
  const look = () => (peak = Math.max(peak, process.memoryUsage.rss()))
  const timer = setInterval(look, 50)
  return {
    stop() {
      clearInterval(timer)
      look()
      return peak / 1e6
    },
  }
}

if (import.meta.main) {
  const products = Number(process.argv[2] ?? 200_000)
  if (!Number.isInteger(products) || products < 1) throw new Error('usage: node bench/import.ts [PRODUCTS]')
  console.log(importTable(await benchImport(products)))
}
