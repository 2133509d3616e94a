import assert from 'node:assert/strict'
import { existsSync, mkdirSync, renameSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { scratch } from '../lib/db/members.ts'
import { launch, run, type Ended } from '../process/program.ts'
import { picture, until } from '../products/search/shop.ts'
import { testDatabase } from '../database.ts'

const DEFAULT = '(?<fingerprint>[0-9a-f]{64})'

/** A program on a database of its own, with a feed of products, each with one picture. */
async function scene(t: test.TestContext, products: number) {
  const { connection, pool } = await testDatabase(t, { own: true })
  const { user, host, port, database } = connection
  const env = { DATABASE_URL: `postgres://${user}@/${database}?host=${host}&port=${port}` }
  const folder = scratch(t)
  const dataDir = join(folder, 'data')
  const feed = join(folder, 'feed')
  mkdirSync(feed)
  const lines = []
  for (let each = 0; each < products; each++) {
    writeFileSync(join(feed, `${each}.jpg`), await picture(600 + each))
    lines.push({
      marketplace: 'weidian',
      listing_id: `${900 + each}`,
      title: '杯',
      price_fen: 1,
      images: [`${each}.jpg`],
    })
  }
  writeFileSync(join(feed, 'feed.jsonl'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  const ask = (...args: string[]): Promise<Ended> => run(dataDir, args, env)
  const imported = await ask('catalog', 'import', join(feed, 'feed.jsonl'))
  assert.equal(imported.code, 0, imported.stderr)
  return { pool, ask, feed, dataDir, start: (...args: string[]) => launch(t, dataDir, args, env) }
}

test('an index is made, told of and made anew', async (t) => {
  const { pool, ask } = await scene(t, 4)
  assert.deepEqual(await ask('index', 'status'), {
    code: 0,
    stdout: 'There is no index yet; the first start makes it.\n',
    stderr: '',
  })
  await pool.query(
    `update product set details = jsonb_set(details, '{images}', '["/media/p/00/${'0'.repeat(64)}.webp"]') where listing_id = '903'`,
  )

  const rebuilt = await ask('index', 'rebuild', '--json')
  assert.deepEqual(
    { code: rebuilt.code, stdout: JSON.parse(rebuilt.stdout) },
    { code: 0, stdout: { space: 2, pictures: 3, faults: 1 } },
  )
  assert.match(rebuilt.stderr, /4 of 4 pictures\n3 pictures\n$/)

  const status = JSON.parse((await ask('index', 'status', '--json')).stdout)
  const [space] = status.spaces
  assert.match(space.fingerprint, new RegExp(`^${DEFAULT}$`))
  assert(space.memory_bytes > 0)
  const expected = {
    space: 2,
    state: 'active',
    embedder: 'classic-v1',
    fingerprint: space.fingerprint,
    origin: 'default',
    pictures: 3,
    faults: [{ fault: 'It could not be fetched.', count: 1, example: `/media/p/00/${'0'.repeat(64)}.webp` }],
    missing: 0,
    due: 0,
    noted: true,
    memory_bytes: space.memory_bytes,
  }
  assert.deepEqual(status, { spaces: [expected] })
  const { stdout } = await ask('index', 'status')
  assert.equal(
    stdout,
    `SPACE  STATE   EMBEDDER                 ORIGIN   PICTURES  FAULTS  MISSING  PRODUCTS DUE  MEMORY
2      active  classic-v1 ${space.fingerprint.slice(0, 12)}  default  3         1       0        0             0.0 MB
space 2, once: It could not be fetched. It is /media/p/00/${'0'.repeat(64)}.webp
`,
  )
})

test('an interrupted rebuild leaves the index as it was, and the next one goes on', async (t) => {
  const { pool, ask, start } = await scene(t, 30)
  const { child, end } = start('index', 'rebuild')
  const filling = async () =>
    (await pool.query(`select id from search_space where state = 'filling'`)).rows[0]?.id as number
  await until('it is at the new space', async () => {
    const { rows } = await pool.query('select count(*)::int as count from search_vector where space_id = 2')
    return rows[0].count > 0
  })
  child.kill('SIGINT')
  const { code, stdout, stderr } = await end
  assert.deepEqual({ code, stdout }, { code: 1, stdout: '' })
  assert.match(
    stderr,
    /\nopenhaul: Interrupted\. What was done stays; a server goes on with it, and so does `index rebuild`\.\n$/,
  )
  assert.equal(await filling(), 2)

  const next = await ask('index', 'rebuild')
  assert.deepEqual(
    { code: next.code, stdout: next.stdout },
    { code: 0, stdout: 'Space 2 has 30 pictures. Searches ask them from now on.\n' },
  )
  const { rows } = await pool.query('select id, state from search_space order by id')
  assert.deepEqual(rows, [
    { id: 1, state: 'retired' },
    { id: 2, state: 'active' },
  ])
})

test('a rebuild says what it waits for', async (t) => {
  const { ask, start, dataDir, pool } = await scene(t, 4)
  assert.equal((await ask('index', 'rebuild')).code, 0)
  renameSync(join(dataDir, 'blobs'), join(dataDir, 'blobs-elsewhere'))
  const { child, end } = start('index', 'rebuild')
  let told = ''
  child.stderr!.on('data', (text: string) => (told += text))
  const words = '4 of 4 pictures, 4 that searches find now and that could not be fetched; they are asked for again\n'
  await until('it says so', () => told.endsWith(words))
  child.kill('SIGINT')
  assert.equal((await end).code, 1)
  const { rows } = await pool.query('select state from search_space order by id')
  assert.deepEqual(
    rows.map(({ state }) => state),
    ['retired', 'active', 'filling'],
  )
})

test('learning that cannot be done says why and changes nothing', async (t) => {
  const { pool, ask, feed } = await scene(t, 2)
  const refuse = async (...args: string[]) => {
    const { code, stdout, stderr } = await ask('index', 'learn', ...args)
    assert.deepEqual({ code, stdout }, { code: 1, stdout: '' }, stderr)
    return stderr.trimEnd().split('\n').at(-1)
  }
  const tooFew = (count: number) =>
    `openhaul: Learning takes at least 200 pictures that show something, better 2000; there are ${count}`
  const fewAsked = 'openhaul: Give --count 200 or more: fewer pictures teach nothing.'
  assert.equal(await refuse('--generated', '--from', feed), 'openhaul: Give --generated or --from, not both.')
  assert.equal(
    await refuse('--from', join(feed, 'none')),
    `openhaul: ${join(feed, 'none')} is no folder that can be read (ENOENT).`,
  )
  // Another name of a picture is one more; the feed itself, a folder and what nobody can read or hold are none.
  symlinkSync(join(feed, '0.jpg'), join(feed, 'linked.jpg'))
  symlinkSync(join(feed, 'none'), join(feed, 'dangling.jpg'))
  mkdirSync(join(feed, 'folder.jpg'))
  writeFileSync(join(feed, 'huge.jpg'), '')
  truncateSync(join(feed, 'huge.jpg'), 3 * 2 ** 30)
  assert.equal(await refuse('--from', feed, '--write', join(feed, 'asset')), tooFew(3))
  assert.equal(await refuse('--from', feed, '--count', '199'), fewAsked)
  assert.equal(await refuse(), tooFew(0))
  assert.equal(existsSync(join(feed, 'asset')), false)
  assert.equal((await pool.query('select from search_asset')).rowCount, 0)
})
