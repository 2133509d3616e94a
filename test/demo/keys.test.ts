import assert from 'node:assert/strict'
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { findAccount } from '../../src/access/accounts/accounts.ts'
import { findPrincipal } from '../../src/access/keys/keyring.ts'
import { listKeys } from '../../src/access/keys/keys.ts'
import { openDemoKeys } from '../../src/demo/keys.ts'
import { OperatorError } from '../../src/lib/errors.ts'
import { walletOf } from '../../src/money/ledger/accounts.ts'
import { getBalance } from '../../src/money/ledger/ledger.ts'
import { listCoupons } from '../../src/shopping/coupons/coupons.ts'
import { testCtx } from '../app.ts'

test('servers that start together share the demo account and its keys', async (t) => {
  const ctx = await testCtx(t, {})
  const dataDir = join(ctx.config.dataDir, 'not', 'there')
  const own = { ...ctx, config: { ...ctx.config, dataDir } }
  const opened = await Promise.all([1, 2, 3].map(() => openDemoKeys(own)))
  const [first] = opened
  for (const keys of opened) assert.deepEqual(keys, first)
  assert.deepEqual(Object.keys(first!), ['qc', 'oh', 'cbk', 'sk'])
  assert.deepEqual(readdirSync(dataDir), ['demo-keys.json'])
  assert.deepEqual(JSON.parse(readFileSync(join(dataDir, 'demo-keys.json'), 'utf8')), first)
  assert.equal(statSync(join(dataDir, 'demo-keys.json')).mode & 0o777, 0o600)
  assert.equal((await listKeys(ctx.db, null)).length, 4)
  const { twinId } = (await findAccount(ctx.db, 'demo'))!
  assert.equal((await getBalance(ctx.db, walletOf(twinId))).availableMinor, 500_000)
  const coupons = await listCoupons(ctx.db)
  assert.deepEqual(
    coupons.map(({ id, name, isSandbox }) => ({ id, name, isSandbox })),
    [{ id: 50, name: 'First haul', isSandbox: true }],
  )

  const elsewhere = { ...ctx, config: { ...ctx.config, dataDir: join(ctx.config.dataDir, 'elsewhere') } }
  const [mine, others] = await Promise.all([openDemoKeys(own), openDemoKeys(elsewhere)])
  assert.deepEqual(mine, first)
  for (const key of Object.values(others)) assert.equal((await findPrincipal(ctx, key)).mode, 'test')
})

test('a folder that cannot be written to is refused before any key is made', async (t) => {
  const ctx = await testCtx(t, {})
  const before = await listKeys(ctx.db, null)
  const file = join(ctx.config.dataDir, 'file')
  writeFileSync(file, '')
  for (const dataDir of [file, join(file, 'data')]) {
    await assert.rejects(openDemoKeys({ ...ctx, config: { ...ctx.config, dataDir } }), OperatorError)
  }
  assert.equal(existsSync(join(ctx.config.dataDir, 'data')), false)
  assert.deepEqual(await listKeys(ctx.db, null), before)
})
