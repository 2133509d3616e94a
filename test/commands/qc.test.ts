import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { instant } from '../../src/commands/times.ts'
import { sizeMm } from '../../src/commands/arguments.ts'
import { scratch } from '../lib/db/members.ts'
import { blank, drawn } from '../products/qc/pictures.ts'
import { program } from './own-program.ts'

test('a moment has its zone, and a day is one of the calendar; sides are three whole numbers', () => {
  const read = (text: string) => {
    try {
      return instant(text).toISOString()
    } catch {
      return 'refused'
    }
  }
  assert.deepEqual(
    ['2026-01-31', '2026-01-31T12:00+08:00', '2026-02-30', '2026-01-31T12:00:00', '7d', 'never', ''].map(read),
    ['2026-01-31T00:00:00.000Z', '2026-01-31T04:00:00.000Z', ...Array.from({ length: 5 }, () => 'refused')],
  )
  assert.deepEqual(sizeMm('300x200X150'), [300, 200, 150])
  for (const text of ['', '300', '300x200', '300x200x', '1.5x2x3', '-1x2x3', '1x2x3x4']) {
    assert.throws(() => sizeMm(text), text)
  }
})

test('photos from the command line, from the first to the last', async (t) => {
  const { tell, say, refuse, attempt, pool } = await program(t)
  const folder = scratch(t)
  mkdirSync(folder, { recursive: true })
  const file = async (name: string, bytes: Buffer | Promise<Buffer>) => {
    writeFileSync(join(folder, name), await bytes)
    return join(folder, name)
  }
  const lines = ['7200000003', '7200000004'].map((id) => JSON.stringify({ ...FEED, listing_id: id }))
  assert.equal((await attempt('catalog', 'import', await file('feed.jsonl', Buffer.from(lines.join('\n'))))).code, 0)
  const photos = [await file('a.png', drawn('command a')), await file('b.png', drawn('command b'))]
  const cup = 'weidian/7200000003'
  const link = 'https://weidian.com/item.html?itemID=7200000003'
  const measured = ['--sku', '501', '--source', 'warehouse', '--weight', '512', '--size', '300x200x150']
  const taken = ['--taken', '2026-05-01T08:30:00Z']

  type Added = { set: number; photos: string[] }
  const added = await tell<Added>('qc', 'add', link, ...photos, ...measured, ...taken)
  const { set } = added
  assert.equal(added.photos.length, 2)
  const value = { product: cup, public: true, photos: added.photos, reused: [] }
  assert.deepEqual(added, { set, new: true, ...value })
  assert.deepEqual(await tell('qc', 'add', cup, ...photos, ...taken), { set, new: false, ...value })
  const kept = `Set ${set} has them already: 2 photos of ${cup}, public. Nothing was added.`
  assert.equal(await say('qc', 'add', cup, ...photos, ...measured, ...taken), kept)
  const remedy = 'What else is said of it stays as it was; remove it first to say otherwise.'
  assert.equal(await say('qc', 'add', cup, ...photos, ...taken, '--private'), `${kept} ${remedy}`)

  const hidden = await tell<Added>('qc', 'add', cup, await file('c.png', drawn('command c')), '--private')
  const { sets } = await tell<{ sets: { photos: string[]; added_at: string }[] }>('qc', 'list', cup)
  const [signed] = sets[1]!.photos
  assert.match(signed!, /^\/media\/private\/[0-9a-f]{64}\.webp\?expires=\d+&signature=[\w-]{43}$/)
  const unknown = { sku_id: null, source: 'upload', taken_at: null, weight_grams: null, size_mm: null }
  assert.deepEqual(sets, [
    {
      id: set,
      sku_id: '501',
      source: 'warehouse',
      taken_at: '2026-05-01T08:30:00.000Z',
      weight_grams: 512,
      size_mm: { length: 300, width: 200, height: 150 },
      public: true,
      added_at: sets[0]!.added_at,
      photos: added.photos,
    },
    { id: hidden.set, ...unknown, public: false, added_at: sets[1]!.added_at, photos: [signed] },
  ])
  const listed = (await say('qc', 'list', link)).replaceAll(/expires=\S+/g, 'expires=…')
  assert.deepEqual(listed.split('\n'), [
    `Set ${set}: 2 photos, public, by warehouse, taken 2026-05-01T08:30:00.000Z, sku 501, 512 g, 300 × 200 × 150 mm`,
    ...added.photos.map((path) => `  ${path}`),
    `Set ${hidden.set}: 1 photo, private, by upload`,
    `  ${hidden.photos[0]}?expires=…`,
  ])

  const other = 'weidian/7200000004'
  assert.equal(await say('qc', 'list', other), `There are no photos of ${other}.`)
  const reused = await say('qc', 'add', other, photos[0]!, await file('white.png', blank('#fff')))
  const [first, second] = reused.split('\n')
  assert.match(first!, new RegExp(`^Set \\d+: 2 photos of ${other}, public\\.$`))
  assert.equal(second, `${photos[0]} shows what a photo of ${cup} shows: ${added.photos[0]}`)

  const damaged = await file('damaged.png', (await drawn('command d')).subarray(0, 2_000))
  const large = await file('large.png', Buffer.alloc(10 * 1024 * 1024 + 1))
  const rows = async () => (await pool.query('select * from qc_photo order by id')).rows
  const before = await rows()
  const refusals: [args: string[], message: RegExp][] = [
    [['add', cup, photos[0]!, damaged], /^\S+damaged\.png: The picture is [^\n]+\.$/],
    [['add', cup, join(folder, 'none.png')], /^There is no file \S+none\.png\.$/],
    [['add', cup, folder], /^\S+ cannot be read \(EISDIR\)\.$/],
    [['add', cup, large], /^\S+large\.png is larger than 10 MB\.$/],
    [['add', cup, photos[0]!, '--sku', '9'], /^weidian\/7200000003 has no sku 9\.$/],
    [['add', cup, photos[0]!, '--taken', '2990-01-01'], /^Photos cannot be taken in the future\.$/],
    [
      ['add', cup, photos[0]!, '--taken', 'today'],
      /'--taken <when>' argument 'today' is invalid\. Give a moment such as/,
    ],
    [['add', cup, photos[0]!, '--size', '3x4'], /'--size <LxWxH>' argument '3x4' is invalid\. Give length, width and/],
    [['add', cup, photos[0]!, '--weight', '0'], /^The weight must be 1 to 1000000 whole grams\.$/],
    [['add', cup, photos[0]!, '--source', 'me'], /Allowed choices are warehouse, upload, feed\.$/],
    [
      ['add', 'weidian/7200000009', photos[0]!],
      /^Nobody knows weidian\/7200000009; import it first \(docs\/feed\.md\)\.$/,
    ],
    [['add', 'cup', photos[0]!], /^"cup" is no product; give a link to one, or a text such as weidian\/7231368393\.$/],
    [['add', cup], /missing required argument 'files'$/],
    [['list', 'weidian/7200000009'], /^Nobody knows weidian\/7200000009; import it first \(docs\/feed\.md\)\.$/],
    [['remove', '999'], /^There is no set 999\.$/],
    [['remove', 'x'], /is invalid for argument 'set'\. Give a whole number\.$/],
  ]
  for (const [args, message] of refusals) assert.match(await refuse('qc', ...args), message, args.join(' '))
  assert.deepEqual(await rows(), before)

  assert.equal(await say('qc', 'remove', String(set)), `Removed set ${set} with 2 photos.`)
  assert.deepEqual(await tell('qc', 'remove', String(hidden.set)), { set: hidden.set, removed: 1 })
  assert.deepEqual(await tell('qc', 'list', cup), { product: cup, sets: [] })
  const { code, stderr } = await attempt('qc', 'remove', String(set))
  assert.deepEqual([code, stderr], [1, `openhaul: There is no set ${set}.\n`])
})

const FEED = {
  marketplace: 'weidian',
  title: '手工陶瓷杯',
  price_fen: 1_990,
  skus: [{ sku_id: '501', price_fen: 1_990 }],
}
