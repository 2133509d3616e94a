import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { testDatabase } from '../database.ts'
import { scratch } from '../lib/db/members.ts'
import { run, serve } from './program.ts'

const LISTED = 3_000
const ASKERS_A_SERVER = 4
const listed = (number: number) => `listed.person${number}@post.example.net`
const unlisted = (number: number) => `somebody.else${number}@mail.example.org`

test('two servers answer rightly and without a pause while a third process rotates the keys twice', async (t) => {
  const { connection } = await testDatabase(t, { own: true })
  const { user, host, port, database } = connection
  const env = { DATABASE_URL: `postgres://${user}@/${database}?host=${host}&port=${port}` }
  const folder = scratch(t)
  const dataDir = join(folder, 'data')
  const tell = async <T>(...args: string[]) => {
    const { code, stdout, stderr } = await run(dataDir, [...args, '--json'], env)
    assert.equal(code, 0, stderr)
    return JSON.parse(stdout) as T
  }
  const shop = ['--account', 'shop']
  await tell('migrate')
  await tell('account', 'create', '--name', 'shop')
  const windows = ['--per-second', 'unlimited', '--per-minute', 'unlimited', '--price-usd', '0.03']
  await tell('account', 'set-plan', ...shop, '--product', 'risk', '--plan', 'custom', ...windows)
  await tell('account', 'credit', ...shop, '--usd', '9000', '--reason', 'a test')
  const { key } = await tell<{ key: string }>('key', 'create', ...shop, '--style', 'cbk', '--mode', 'live')
  const file = join(folder, 'list.csv')
  const rows = Array.from({ length: LISTED }, (_, number) => `email,${listed(number)},chargeback\n`)
  writeFileSync(file, `type,value,reason\n${rows.join('')}`)
  await tell('risk', 'import', file, ...shop)
  const servers = [await serve(t, dataDir, env), await serve(t, dataDir, env)]

  const seen = { count: 0, longestMs: 0 }
  const isOver = new AbortController()
  const ask = async (url: string, value: string) => {
    const body = new URLSearchParams({ type: 'email', value })
    const answer = await fetch(`${url}/api/v1/blacklist/check`, { method: 'POST', headers: { 'x-api-key': key }, body })
    const { result } = (await answer.json()) as { result?: { blacklisted: boolean } }
    return { status: answer.status, blacklisted: result?.blacklisted }
  }
  const asker = async (url: string, seed: number) => {
    for (let turn = seed; !isOver.signal.aborted; turn += 7) {
      const startedMs = performance.now()
      const isListed = turn % 2 === 0
      const answer = await ask(url, isListed ? listed(turn % LISTED) : unlisted(turn))
      assert.deepEqual(answer, { status: 200, blacklisted: isListed })
      seen.count++
      seen.longestMs = Math.max(seen.longestMs, performance.now() - startedMs)
    }
  }
  const asking = Promise.all(
    servers.flatMap(({ url }) => Array.from({ length: ASKERS_A_SERVER }, async (_, seed) => asker(url, seed))),
  )
  asking.catch(() => {})
  for (const generation of [2, 3]) {
    const before = seen.count
    assert.deepEqual(await tell('risk', 'rotate-key'), { generation })
    const { wrapped } = await tell<{ wrapped: number }>('risk', 'rewrap')
    assert.ok(wrapped >= LISTED)
    assert.ok(seen.count > before, 'somebody asked meanwhile')
  }
  isOver.abort()
  await asking
  t.diagnostic(`${seen.count} checks, the longest ${seen.longestMs.toFixed(0)} ms`)
  for (const server of servers) assert.equal((await server.stop()).code, 0)
  await tell('ledger', 'check')
})
