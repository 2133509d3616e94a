import assert from 'node:assert/strict'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { testDatabase } from '../database.ts'
import { freePort } from '../lib/db/server-double.ts'
import { scratch } from '../lib/db/members.ts'
import { launch, run, runJson, serve } from './program.ts'

test('every command says in one line that the database server is not there, and keeps the password', async (t) => {
  const dataDir = join(scratch(t), 'data')
  const port = await freePort()
  const DATABASE_URL = `postgres://shop:secret@127.0.0.1:${port}/haul`
  const feed = join(scratch(t), 'feed.jsonl')
  writeFileSync(feed, '')
  const commands = [
    ['serve'],
    ['migrate'],
    ['account', 'list'],
    ['key', 'list'],
    ['catalog', 'import', feed],
    ['backup', join(dataDir, 'x.backup')],
    ['restore', feed],
  ]
  for (const args of commands) {
    assert.deepEqual(await run(dataDir, args, { DATABASE_URL }), {
      code: 1,
      stdout: '',
      stderr: `openhaul: DATABASE_URL: no PostgreSQL answers at 127.0.0.1:${port} (ECONNREFUSED); start it, or correct the address.\n`,
    })
  }
})

test('the demo works on a database server, and says that limits are not shared', async (t) => {
  const dataDir = join(scratch(t), 'data')
  const { connection } = await testDatabase(t, { own: true })
  const DATABASE_URL = `postgres://${connection.user}@/${connection.database}?host=${connection.host}&port=${connection.port}`
  const server = await serve(t, dataDir, {
    DATABASE_URL,
    DEMO: 'true',
    LOG_LEVEL: 'warn',
    // Nobody listens there.
    VALKEY_URL: 'redis://127.0.0.1:9',
  })
  assert.match(server.printed, /Bearer qc_test_/)
  assert.deepEqual(readdirSync(dataDir), ['demo-keys.json', 'risk-keys.json'])
  const { code, stderr } = await server.stop()
  assert.equal(code, 0)
  const told = stderr.trimEnd().split('\n')
  assert.equal(told.length, 1, stderr)
  assert.match((JSON.parse(told[0]!) as { msg: string }).msg, /^Valkey is away \(connect ECONNREFUSED/)
})

test('accounts and keys are listed with what they may do', async (t) => {
  const dataDir = join(scratch(t), 'data')
  const account = await runJson<{ id: number; sandbox_id: number }>(dataDir, ['account', 'create', '--name', 'shop'])
  const listed = await runJson<{ created_at: string }[]>(dataDir, ['account', 'list'])
  assert.match(listed[0]!.created_at, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
  assert.deepEqual(listed, [{ ...account, created_at: listed[0]!.created_at }])
  const { stdout } = await run(dataDir, ['account', 'list'])
  assert.deepEqual(
    stdout.split('\n').map((line) => line.split(/ +/)),
    [
      ['ID', 'NAME', 'SANDBOX', 'CREATED'],
      [String(account.id), 'shop', String(account.sandbox_id), listed[0]!.created_at],
      [''],
    ],
  )

  const create = ['key', 'create', '--account', 'shop', '--style', 'qc', '--mode', 'live']
  for (const [option, value] of [
    ['--allow', ''],
    ['--allow', ','],
    ['--scopes', ''],
    ['--scopes', ' , '],
  ] as const) {
    const refused = await run(dataDir, [...create, option, value])
    assert.equal(refused.code, 1)
    assert.equal(refused.stdout, '')
    assert.match(refused.stderr, /^openhaul: option .* is invalid\. Nothing is named; leave the option out[^\n]*\n$/)
  }
  await runJson(dataDir, create)
  await runJson(dataDir, [...create, '--scopes', 'item:read,qc:read', '--allow', '203.0.113.0/24,::1'])
  const table = (await run(dataDir, ['key', 'list'])).stdout.trimEnd().split('\n')
  assert.deepEqual(
    table.map((line) => line.split(/ {2,}/).filter((_cell, at) => at === 5 || at === 6)),
    [
      ['SCOPES', 'ALLOW'],
      ['all', 'anywhere'],
      ['qc:read,item:read', '203.0.113.0/24,::1'],
    ],
  )
})

test('an import tells every bad line to programs and the first to people', async (t) => {
  const folder = scratch(t)
  const dataDir = join(folder, 'data')
  const feed = join(folder, 'feed.jsonl')
  writeFileSync(feed, '{"broken\n'.repeat(25))
  const people = await run(dataDir, ['catalog', 'import', feed])
  const lines = people.stderr.trimEnd().split('\n')
  assert.equal(people.code, 1)
  assert.equal(lines.filter((line) => /^stored 0, bad 25$/.test(line)).length, 1)
  assert.equal(lines.filter((line) => /^line \d+: /.test(line)).length, 20)
  assert.equal(lines.at(-1), 'and 5 more bad lines; with --json, the first 10000 are listed under "faults"')

  const { stdout } = await run(dataDir, ['catalog', 'import', feed, '--json'])
  const { bad, faults } = JSON.parse(stdout) as { bad: number; faults: { line: number }[] }
  assert.equal(bad, 25)
  assert.deepEqual(
    faults.map(({ line }) => line),
    Array.from({ length: 25 }, (_each, at) => at + 1),
  )
})

test('a backup tells each part once, and refuses a folder before it reads a row', async (t) => {
  const folder = scratch(t)
  const dataDir = join(folder, 'data')
  await runJson(dataDir, ['account', 'create', '--name', 'shop'])
  const refused = await run(dataDir, ['backup', folder])
  assert.deepEqual(refused, {
    code: 1,
    stdout: '',
    stderr: `openhaul: The backup cannot be written to ${folder}: it is a folder; give the name of a file.\n`,
  })
  const { code, stdout, stderr } = await run(dataDir, ['backup', join(folder, 'x.backup')])
  assert.equal(code, 0)
  assert.match(stdout, /^Wrote \d+ rows, 0 pictures, \d+ KB to /)
  const parts = stderr.trimEnd().split('\n')
  for (const part of parts) assert.match(part, /^[a-z_0-9]+: \d+ KB$/)
  assert.equal(new Set(parts).size, parts.length)
  assert.ok(parts.includes('account: 1 KB'), stderr)
})

test('link --file keeps to line feeds, reads what is piped in, and refuses what is no file', async (t) => {
  const folder = scratch(t)
  const text = 'one\rtwo\u2028three\r\n\r\r\n\nlast'
  const inputs = ['one\rtwo\u2028three', '\r', '', 'last']
  const file = join(folder, 'lines.txt')
  writeFileSync(file, text)
  for (const [path, piped] of [
    [file, ''],
    ['-', text],
  ] as const) {
    const { code, stdout } = await run(folder, ['link', '--file', path, '--json'], {}, piped)
    const answered = stdout.trimEnd().split('\n')
    assert.deepEqual([code, answered.map((line) => (JSON.parse(line) as { input: string }).input)], [0, inputs])
  }
  const refused = await run(folder, ['link', '--file', folder, '--json'])
  assert.deepEqual([refused.code, refused.stdout], [1, ''])
  assert.match(refused.stderr, /^openhaul: Cannot read [^\n]+\n$/)
})

test('whoever stops reading ends the command quietly', async (t) => {
  const folder = scratch(t)
  const file = join(folder, 'lines.txt')
  writeFileSync(file, 'https://weidian.com/item.html?itemID=7231368393\n'.repeat(20_000))
  const { child, end } = launch(t, folder, ['link', '--file', file, '--json'])
  child.stdout!.once('data', () => child.stdout!.destroy())
  const { code, stderr } = await end
  assert.deepEqual([code, stderr], [0, ''])
})

test('help finds its way to a command of a command', async (t) => {
  const folder = scratch(t)
  const asked = await run(folder, ['help', 'key', 'create'])
  assert.deepEqual([asked.code, asked.stderr], [0, ''])
  assert.match(asked.stdout, /^Usage: openhaul key create \[options\]\n/)
  assert.deepEqual(await run(folder, ['key', 'create', '--help']), asked)
  assert.match((await run(folder, ['help'])).stdout, /^Usage: openhaul \[options\] \[command\]\n/)
  assert.deepEqual(await run(folder, ['help', 'key', 'lose']), {
    code: 1,
    stdout: '',
    stderr: "openhaul: unknown command 'key lose'\n",
  })
  const refused = await run(folder, ['upstreams', '--port', '65533'])
  assert.deepEqual([refused.code, refused.stdout], [1, ''])
  assert.match(refused.stderr, /^openhaul: option .* is invalid\. Give a port from 1 to 65532, or 0\.\n$/)
})
