import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { sql } from 'kysely'
import type { Ctx } from '../../../src/ctx.ts'
import { OperatorError } from '../../../src/lib/errors.ts'
import { systemRandom } from '../../../src/lib/ids.ts'
import { check } from '../../../src/risk/check/check.ts'
import { givenKeys, keyFile } from '../../../src/risk/keys/key-store.ts'
import { ensureKeys, rewrapMarks, rotateKey } from '../../../src/risk/list/generations.ts'
import { testCtx } from '../../app.ts'
import { testDatabase } from '../../database.ts'
import { put, scoreFor, THE_HOUSE } from '../risk-bench.ts'

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'openhaul-test-'))
  t.after(() => rm(path, { recursive: true, force: true }))
  return path
}

/** Nodes with an empty list, as many as there are environments. */
async function openNodes(t: TestContext, ...environments: Record<string, string>[]): Promise<Ctx[]> {
  await sql`truncate risk_key, risk_entry, risk_mark cascade`.execute((await testDatabase(t)).db)
  return Promise.all(environments.map(async (env) => testCtx(t, env)))
}

function says(message: RegExp) {
  return (error: unknown) => error instanceof OperatorError && message.test(error.message)
}

test('two first starts at once make one key, in a file for its owner alone', async (t) => {
  const DATA_DIR = await folder(t)
  const nodes = await openNodes(t, { DATA_DIR }, { DATA_DIR })
  await Promise.all(nodes.map(async (node) => ensureKeys(node)))
  const path = join(DATA_DIR, 'risk-keys.json')
  assert.equal((await stat(path)).mode & 0o777, 0o600)
  const keys = JSON.parse(await readFile(path, 'utf8')) as string[]
  assert.deepEqual(
    keys.map((key) => Buffer.from(key, 'base64').length),
    [32],
  )
  await put(nodes[0]!, 'email', 'first@example.org')
  assert.equal(await scoreFor(nodes[1]!, THE_HOUSE, 'email', 'first@example.org'), 85)
  for (const node of nodes) await ensureKeys(node)
  assert.deepEqual(JSON.parse(await readFile(path, 'utf8')), keys)
  assert.deepEqual(
    (await readdir(DATA_DIR)).filter((name) => name.includes('.part')),
    [],
  )
})

test('without its file a node lacks a key, with another one it does not start, and it makes no other', async (t) => {
  const DATA_DIR = await folder(t)
  const path = join(DATA_DIR, 'risk-keys.json')
  const [node] = await openNodes(t, { DATA_DIR })
  await ensureKeys(node!)
  await put(node!, 'email', 'kept@example.org')
  const kept = await readFile(path, 'utf8')
  const again = async () => ensureKeys(await testCtx(t, { DATA_DIR }))

  await rm(path)
  assert.match(
    (await again())!,
    /risk-keys\.json lacks key 1 of the risk list; put back the keys that it had, or give the list up/,
  )
  const lacking = await testCtx(t, { DATA_DIR })
  await assert.rejects(scoreFor(lacking, THE_HOUSE, 'email', 'kept@example.org'), { code: 'busy' })
  await assert.rejects(stat(path), { code: 'ENOENT' })
  await writeFile(path, JSON.stringify([Buffer.alloc(32, 9).toString('base64')]))
  await assert.rejects(again(), says(/has another key 1 than the risk list was made with; put back the keys/))
  for (const text of ['', '{}', '[1]', '["c2hvcnQ="]', 'not JSON']) {
    await writeFile(path, text)
    await assert.rejects(again(), says(/must be a list of keys of 32 bytes in base64\.$/))
  }
  await writeFile(path, kept)
  assert.equal(await again(), null)
})

test('keys from the environment: the first is announced, others wait for a rotation', async (t) => {
  const [one, two, three] = [1, 2, 3].map((filler) => Buffer.alloc(32, filler).toString('base64'))
  const [node, behind] = await openNodes(t, { RISK_KEYS: `${one},${two}` }, { RISK_KEYS: one! })
  await ensureKeys(node!)
  await put(node!, 'email', 'given@example.org')
  assert.equal(await scoreFor(behind!, THE_HOUSE, 'email', 'given@example.org'), 85)
  assert.equal(await rotateKey(node!), 2)
  assert.equal(await scoreFor(node!, THE_HOUSE, 'email', 'given@example.org'), 85)
  // A wrong "not listed" would be worse than no answer.
  const question = { type: 'email', value: 'given@example.org', region: null } as const
  await assert.rejects(check(behind!, THE_HOUSE, question), /^DomainError: This server lacks key 2 of the risk list/)
  await rewrapMarks(node!)
  await assert.rejects(check(behind!, THE_HOUSE, question), { code: 'busy' })

  // There is no third one yet: the operator is told what to add.
  await assert.rejects(rotateKey(node!), says(/^Add ,[A-Za-z0-9+/]{43}= to the end of RISK_KEYS on every node/))
  const added = await testCtx(t, { RISK_KEYS: `${one},${two},${three}` })
  assert.equal(await rotateKey(added), 3)
  const swapped = await testCtx(t, { RISK_KEYS: `${two},${one},${three}` })
  await assert.rejects(ensureKeys(swapped), says(/^RISK_KEYS has another key/))
})

test('a store reads what it was given, and a file what was added to it, in order', async (t) => {
  const [one, two] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
  assert.deepEqual(await givenKeys([one, two]).read(), [one, two])
  const store = keyFile({ dataDir: await folder(t), random: systemRandom })
  assert.deepEqual(await store.read(), [])
  await store.add(one)
  await store.add(two)
  assert.deepEqual(await store.read(), [one, two])
})
