import assert from 'node:assert/strict'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { systemClock } from '../../src/lib/clock.ts'
import { findPostmaster } from '../../src/lib/db/postmaster.ts'
import { startS3 } from '../../src/upstreams/s3.ts'
import { scratch } from '../lib/db/members.ts'
import { doCurl, run, runJson, serve } from './program.ts'

const curls = (printed: string) => printed.split('\n').filter((line) => line.startsWith('curl '))
/** A quote has a name and an end of its own each time, as a check has a name and its moment. */
const withoutOwn = (text: string) =>
  text.replace(/"quoteId":"[^"]*","expiresAt":"[^"]*"/, '').replace(/"(?:checkId|timestamp)":[^,}]*/g, '')
const keysOf = (dataDir: string) => readFileSync(join(dataDir, 'demo-keys.json'), 'utf8')

test('the server starts on nothing, prints calls that work, and takes its database with it', async (t) => {
  const dataDir = join(scratch(t), 'data')
  const first = await serve(t, dataDir, { LOG_LEVEL: 'silent' })
  assert.match(first.printed, /^openhaul ready on http:\/\/127\.0\.0\.1:\d+\n/)
  const calls = curls(first.printed)
  assert.equal(calls.length, 7)
  for (const call of calls) {
    const answer = await doCurl(call)
    assert.equal(answer.status, 200, call)
    const body = (await answer.json()) as object
    assert.ok('data' in body || 'result' in body, call)
  }
  assert.equal(statSync(join(dataDir, 'demo-keys.json')).mode & 0o777, 0o600)
  const keys = keysOf(dataDir)

  assert.deepEqual({ ...(await first.stop()), stdout: '' }, { code: 0, stdout: '', stderr: '' })
  assert.equal(findPostmaster(join(dataDir, 'postgres')), null)

  const second = await serve(t, dataDir)
  assert.equal(keysOf(dataDir), keys)
  for (const call of calls) {
    const again = await doCurl(call.replaceAll(first.url, second.url))
    assert.equal(again.status, 200, call)
  }
  await second.stop()
})

test('a bucket that is not ours keeps the server from starting, and one that is down does not', async (t) => {
  const s3 = await startS3({ clock: systemClock })
  t.after(() => s3.stop())
  const dataDir = join(scratch(t), 'data')
  const refused = await run(dataDir, ['serve'], { ...s3.env, S3_BUCKET: 'other-bucket' })
  assert.equal(refused.code, 1)
  assert.match(refused.stderr, /^openhaul: .*\(NoSuchBucket\): make the bucket other-bucket, or correct S3_BUCKET\.\n$/)
  s3.faults.push('drop', 'drop', 'drop', 'drop')
  const server = await serve(t, dataDir, { ...s3.env, LOG_LEVEL: 'warn' })
  assert.match((await server.stop()).stderr, /pictures are answered 503 meanwhile: S3 at \S+ does not answer a GET/)
})

test('commands work beside a running server, which sees what they did within a second', async (t) => {
  const folder = scratch(t)
  const dataDir = join(folder, 'data')
  const server = await serve(t, dataDir)
  await runJson(dataDir, ['account', 'create', '--name', 'shop'])
  const key = await runJson<{ id: number; key: string }>(dataDir, [
    'key',
    'create',
    '--account',
    'shop',
    '--style',
    'qc',
    '--mode',
    'live',
  ])
  const headers = { authorization: `Bearer ${key.key}` }
  const look = () => fetch(`${server.url}/api/v1/products/weidian/7200000001`, { headers })
  const until = async (status: number) => {
    const deadline = performance.now() + 1_000
    let answer = await look()
    while (answer.status !== status && performance.now() < deadline) {
      await delay(20)
      answer = await look()
    }
    assert.equal(answer.status, status)
    return answer.json() as Promise<{ data: { price: string } }>
  }
  assert.equal((await look()).status, 404)

  const feed = join(folder, 'feed.jsonl')
  const line = (priceFen: number) =>
    JSON.stringify({ marketplace: 'weidian', listing_id: '7200000001', title: '手工杯', price_fen: priceFen })
  writeFileSync(feed, `${line(1990)}\n{"broken\n`)
  const first = await run(dataDir, ['catalog', 'import', feed, '--json'])
  assert.equal(first.code, 1)
  const { stored, bad, faults } = JSON.parse(first.stdout) as {
    stored: number
    bad: number
    faults: { line: number }[]
  }
  assert.deepEqual([stored, bad, faults.map((fault) => fault.line)], [1, 1, [2]])
  assert.equal((await until(200)).data.price, '¥19.90')

  writeFileSync(feed, line(2490))
  assert.deepEqual((await run(dataDir, ['catalog', 'import', feed])).code, 0)
  const deadline = performance.now() + 1_000
  while ((await until(200)).data.price !== '¥24.90')
    assert.ok(performance.now() < deadline, 'the old price is still served')

  await runJson(dataDir, ['key', 'revoke', String(key.id)])
  await until(401)
  await server.stop()
})

test('a backup, restored into an empty folder, gives the same answers', async (t) => {
  const folder = scratch(t)
  const [before, after] = [join(folder, 'data'), join(folder, 'restored')]
  const server = await serve(t, before)
  const calls = curls(server.printed)
  const answers = await Promise.all(calls.map(async (call) => (await doCurl(call)).text()))
  const file = join(folder, 'all.backup')
  await runJson(before, ['backup', file])
  await server.stop()

  await runJson(after, ['restore', file])
  const { code, stderr } = await run(after, ['restore', file])
  assert.equal(code, 1)
  assert.match(stderr, /not empty/)
  const restored = await serve(t, after, { PUBLIC_URL: server.url })
  for (const [at, call] of calls.entries()) {
    // What a call names as ours is named by the address that is given out.
    const answer = await doCurl(call.replaceAll(`${server.url}/api`, `${restored.url}/api`))
    assert.equal(withoutOwn(await answer.text()), withoutOwn(answers[at]!), call)
  }
  await restored.stop()
})

test('what an operator mistypes ends with one clear line', async (t) => {
  const dataDir = join(scratch(t), 'data')
  const cases: { args: string[]; env?: Record<string, string>; says: RegExp }[] = [
    { args: ['serve'], env: { PORT: 'x' }, says: /^openhaul: PORT is "x": give a whole number/ },
    { args: ['serve'], env: { SOURCES: 'onebound' }, says: /^openhaul: ONEBOUND_KEY is not set/ },
    { args: ['lnk'], says: /^openhaul: unknown command 'lnk'/ },
    {
      args: ['link', 'https://weidian.com/item.html?itemID=7231368393', '--to', 'nobody'],
      says: /^openhaul: "nobody" is not an agent/,
    },
    { args: ['link'], says: /^openhaul: Give one link, or --file/ },
    { args: ['link', '--file', '/nowhere'], says: /^openhaul: Cannot read \/nowhere/ },
    { args: ['catalog', 'import', '/nowhere'], says: /^openhaul: There is no file \/nowhere/ },
  ]
  for (const { args, env = {}, says } of cases) {
    const { code, stdout, stderr } = await run(dataDir, args, env)
    assert.notEqual(code, 0)
    assert.equal(stdout, '')
    assert.match(stderr, says)
  }
})

test('link --file answers every line, blank ones included', async (t) => {
  const folder = scratch(t)
  const file = join(folder, 'links.txt')
  writeFileSync(
    file,
    'https://weidian.com/item.html?itemID=7231368393\n\nnothing\r\nhttps://item.taobao.com/item.htm?id=6789012345',
  )
  const { code, stdout } = await run(folder, ['link', '--file', file, '--to', 'cnfans', '--json'])
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { input: string; type: string; listing_id: string | null })
  assert.equal(code, 0)
  assert.deepEqual(
    lines.map(({ input, type, listing_id: id }) => [input, type, id]),
    [
      ['https://weidian.com/item.html?itemID=7231368393', 'item', '7231368393'],
      ['', 'none', null],
      ['nothing', 'none', null],
      ['https://item.taobao.com/item.htm?id=6789012345', 'item', '6789012345'],
    ],
  )
})
