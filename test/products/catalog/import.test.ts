import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import sharp from 'sharp'
import { OperatorError } from '../../../src/lib/errors.ts'
import { catalogEpochs } from '../../../src/products/catalog/catalog.sql.ts'
import { lookUp } from '../../../src/products/catalog/catalog.ts'
import { importFeed, type ImportProgress } from '../../../src/products/catalog/import.ts'
import { searchProducts } from '../../../src/products/catalog/search.ts'
import { shardOf } from '../../../src/products/catalog/shards.ts'
import { storeListing } from '../../../src/products/catalog/store.ts'
import { catalogCtx, type CatalogCtx } from './ctx.ts'
import { listing } from './listings.ts'

const LIVE = { catalogue: 'live' } as const

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'openhaul-feed-'))
  t.after(() => rm(path, { recursive: true, force: true }))
  return path
}

async function feed(t: TestContext, lines: (string | object)[], end = '\n'): Promise<string> {
  const path = join(await folder(t), 'feed.jsonl')
  await writeFile(path, lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n') + end)
  return path
}

const line = (listingId: string, change: object = {}) => ({
  marketplace: 'weidian',
  listing_id: listingId,
  title: '手工陶瓷水杯',
  price_fen: 1_990,
  ...change,
})

async function load(ctx: CatalogCtx, path: string, signal?: AbortSignal) {
  const faults: [number, string][] = []
  const progress: ImportProgress[] = []
  const result = await importFeed(ctx, {
    path,
    onProgress: (each) => progress.push(each),
    onBadLine: (number, fault) => faults.push([number, fault]),
    ...(signal && { signal }),
  })
  return { result, faults, progress }
}

async function rowsOf(ctx: CatalogCtx): Promise<Record<string, unknown>[]> {
  const { rows } = await ctx.pool.query(
    `select listing_id, title, price_fen::int, source, xmin::text as version from product order by listing_id::bigint`,
  )
  return rows
}

test('good lines load, bad ones are told by number', async (t) => {
  const ctx = await catalogCtx(t)
  const before = await catalogEpochs(ctx.pool)
  const path = await feed(
    t,
    [
      line('1', { translations: { en: { title: 'Handmade cup' } }, brand: 'x' }),
      '{"marketplace":',
      '',
      line('2', { price_fen: -1 }),
      line('3', { title: 'tab\t, "quote", back\\slash, line\nbreak, \\N, {null}' }),
      `{"marketplace":"weidian","listing_id":"9","title":"${'x'.repeat(1_100_000)}"}`,
      line('1', { title: '后来者' }),
      line('4', { marketplace: 'tmall', description: 'a\0b' }),
    ],
    '',
  )
  const { result, faults, progress } = await load(ctx, path)
  const { bytesTotal } = result
  assert.deepEqual(result, {
    linesRead: 8,
    stored: 3,
    changed: 3,
    bad: 3,
    bytesRead: bytesTotal,
    bytesTotal,
    ignoredFields: ['brand'],
  })
  assert.deepEqual(progress, [{ linesRead: 8, stored: 3, bad: 3, bytesRead: bytesTotal, bytesTotal }])
  assert.deepEqual(faults, [
    [2, faults[0]![1]],
    [4, 'price_fen must be >= 0.'],
    [6, 'the line is longer than 1048576 bytes.'],
  ])
  assert.match(faults[0]![1], /^the line is not JSON: /)

  const titles = (await rowsOf(ctx)).map(({ listing_id, title, source }) => [listing_id, title, source])
  assert.deepEqual(titles, [
    ['1', '后来者', 'feed'],
    ['3', 'tab\t, "quote", back\\slash, line\nbreak, \\N, {null}', 'feed'],
    ['4', '手工陶瓷水杯', 'feed'],
  ])
  for (const shard of new Set((['1', '3'] as const).map((id) => shardOf({ marketplace: 'weidian', listingId: id }))))
    before[shard]! += 1
  before[shardOf({ marketplace: 'taobao', listingId: '4' })]! += 1
  assert.deepEqual(await catalogEpochs(ctx.pool), before)

  const product = await lookUp(ctx, LIVE, { marketplace: 'taobao', listingId: '4' })
  assert.deepEqual([product.marketplace, product.description, product.source], ['tmall', 'ab', 'feed'])
  const found = await searchProducts(ctx, LIVE, { words: 'null quote', limit: 5, cursor: null })
  assert.deepEqual(
    found.products.map(({ listingId }) => listingId),
    ['3'],
  )
})

test('a feed can be loaded again: what did not change is not written, and ids stay', async (t) => {
  const ctx = await catalogCtx(t)
  const fetched = await storeListing(
    ctx,
    listing({ listingId: '2', marketplace: 'weidian', priceFen: 5, skus: [] }),
    'shelf',
  )
  assert.ok(fetched.kind === 'stored')
  await load(ctx, await feed(t, [line('1'), line('2')]))
  const first = await rowsOf(ctx)
  const epochs = await catalogEpochs(ctx.pool)
  assert.equal((await lookUp(ctx, LIVE, { marketplace: 'weidian', listingId: '2' })).id, fetched.product.id)

  const { result } = await load(ctx, await feed(t, [line('1'), line('2')]))
  assert.deepEqual([result.stored, result.changed], [2, 0])
  assert.deepEqual(await rowsOf(ctx), first)
  assert.deepEqual(await catalogEpochs(ctx.pool), epochs)

  const again = await load(ctx, await feed(t, [line('1'), line('2', { price_fen: 7 })]))
  assert.deepEqual([again.result.stored, again.result.changed], [2, 1])
  const third = await rowsOf(ctx)
  assert.deepEqual(third[0], first[0])
  assert.equal(third[1]!['price_fen'], 7)
})

test('what is reported as stored is committed, batch by batch, and an abort keeps it', async (t) => {
  const ctx = await catalogCtx(t)
  const path = await feed(
    t,
    Array.from({ length: 7_000 }, (_, at) => line(String(at + 1))),
  )
  const stop = new AbortController()
  const counts: Promise<[number, number]>[] = []
  const running = importFeed(ctx, {
    path,
    signal: stop.signal,
    onProgress: ({ stored, linesRead }) => {
      assert.equal(stored, linesRead)
      counts.push(
        ctx.pool
          .query('select count(*)::int as count from product')
          .then(({ rows }) => [stored, (rows[0] as { count: number }).count]),
      )
      if (stored === 4_000) stop.abort(new Error('enough'))
    },
  })
  await assert.rejects(running, /enough/)
  for (const [stored, count] of await Promise.all(counts))
    assert.ok(count >= stored, `${count} rows, ${stored} reported`)
  const kept = (await rowsOf(ctx)).length
  assert.ok(kept === 4_000 || kept === 6_000, `${kept} rows`)

  const { result, progress } = await load(ctx, path)
  assert.deepEqual([result.stored, result.changed], [7_000, 7_000 - kept])
  assert.deepEqual(
    progress.map(({ stored }) => stored),
    [2_000, 4_000, 6_000, 7_000],
  )
})

test('two imports of the same listings at once both finish', async (t) => {
  const ctx = await catalogCtx(t)
  const lines = Array.from({ length: 3_000 }, (_, at) => line(String(at + 1)))
  const [one, two] = [
    await feed(t, lines),
    await feed(
      t,
      lines.toReversed().map((each) => ({ ...each, stock: 1 })),
    ),
  ]
  const results = await Promise.all([load(ctx, one), load(ctx, two)])
  assert.deepEqual(
    results.map(({ result }) => result.stored),
    [3_000, 3_000],
  )
  assert.equal((await rowsOf(ctx)).length, 3_000)
})

test('pictures beside the feed are taken in, and nothing from outside its folder', async (t) => {
  const ctx = await catalogCtx(t)
  const outside = await folder(t)
  const picture = await sharp({ create: { width: 20, height: 10, channels: 3, background: '#a33' } })
    .png()
    .toBuffer()
  await writeFile(join(outside, 'secret.png'), picture)
  const path = await feed(t, [
    line('1', {
      images: ['https://pictures.example/a.jpg', 'pictures/a.png', './pictures/../pictures/a.png'],
      options: [{ id: '1', name: '颜色', values: [{ id: '7', name: '红', image: 'pictures/a.png' }] }],
      skus: [{ sku_id: '5', choices: [['1', '7']], image: 'pictures/a.png' }],
    }),
    line('2', { images: ['../secret.png'] }),
    line('3', { images: [join(outside, 'secret.png')] }),
    line('4', { images: ['pictures/link.png'] }),
    line('5', { images: ['pictures/folder-link/secret.png'] }),
    line('6', { images: ['pictures/missing.png'] }),
    line('7', { images: ['pictures'] }),
    line('8', { images: ['http://pictures.example/a.jpg'] }),
    line('9', { images: ['file:///etc/hostname'] }),
    line('10', { images: ['//pictures.example/a.jpg'] }),
    line('11', { images: ['pictures/text.png'] }),
    line('12', { images: ['pictures/a.png\0.jpg'] }),
    line('13', { images: ['.'] }),
  ])
  const pictures = join(path, '..', 'pictures')
  await mkdir(pictures)
  await writeFile(join(pictures, 'a.png'), picture)
  await writeFile(join(pictures, 'text.png'), 'no picture at all')
  await symlink(join(outside, 'secret.png'), join(pictures, 'link.png'))
  await symlink(outside, join(pictures, 'folder-link'))

  const { result, faults } = await load(ctx, path)
  assert.deepEqual([result.stored, result.bad], [1, 12])
  const product = await lookUp(ctx, LIVE, { marketplace: 'weidian', listingId: '1' })
  const taken = product.images[1]!
  assert.match(taken, /^\/media\/p\/[0-9a-f]{2}\/[0-9a-f]{64}\.webp$/)
  assert.deepEqual(
    [product.images, product.options[0]!.values[0]!.image, product.skus[0]!.image],
    [['https://pictures.example/a.jpg', taken, taken], taken, taken],
  )
  const bytes = await ctx.blobs.get(taken.replace('/media/', ''))
  assert.deepEqual((({ width, height, format }) => [width, height, format])(await sharp(bytes!).metadata()), [
    20,
    10,
    'webp',
  ])

  const told = faults.map(([number, fault]) => [number, fault.replace(outside, 'OUTSIDE')])
  const notAnAddress = 'must be an https:// address or a path beside the feed.'
  assert.deepEqual(
    told.filter(([number]) => number !== 11),
    [
      [2, "picture ../secret.png lies outside the feed's folder."],
      [3, "picture OUTSIDE/secret.png lies outside the feed's folder."],
      [4, "picture pictures/link.png lies outside the feed's folder."],
      [5, "picture pictures/folder-link/secret.png lies outside the feed's folder."],
      [6, 'picture pictures/missing.png does not exist.'],
      [7, 'picture pictures is not a file.'],
      [8, `picture http://pictures.example/a.jpg ${notAnAddress}`],
      [9, `picture file:///etc/hostname ${notAnAddress}`],
      [10, `picture //pictures.example/a.jpg ${notAnAddress}`],
      [12, "picture pictures/a.png\0.jpg lies outside the feed's folder."],
      [13, "picture . lies outside the feed's folder."],
    ],
  )
  assert.match(String(told.find(([number]) => number === 11)![1]), /^picture pictures\/text\.png: /)
})

test('a file that cannot be read is told to the operator, and an empty one is no fault', async (t) => {
  const ctx = await catalogCtx(t)
  const path = join(await folder(t), 'feed.jsonl')
  const fails = (message: string) => (error: unknown) => {
    assert.ok(error instanceof OperatorError)
    assert.equal(error.message, message)
    return true
  }
  await assert.rejects(load(ctx, path), fails(`There is no file ${path}; give the path of a feed (docs/feed.md).`))
  await mkdir(path)
  await assert.rejects(load(ctx, path), fails(`${path} is not a file; give the path of a feed (docs/feed.md).`))

  const { result } = await load(ctx, await feed(t, ['', '']))
  assert.deepEqual(result, {
    linesRead: 2,
    stored: 0,
    changed: 0,
    bad: 0,
    bytesRead: 2,
    bytesTotal: 2,
    ignoredFields: [],
  })
})
