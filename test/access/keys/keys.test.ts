import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAccount, findAccount } from '../../../src/access/accounts/accounts.ts'
import { findPrincipal } from '../../../src/access/keys/keyring.ts'
import { createKey, listKeys, revokeKey } from '../../../src/access/keys/keys.ts'
import { SCOPES } from '../../../src/access/keys/scopes.ts'
import { DomainError, OperatorError } from '../../../src/lib/errors.ts'
import { seedAccount, testCtx } from '../../app.ts'

const code = (expected: string) => (error: unknown) => error instanceof DomainError && error.code === expected

test('a live key acts for the account, a test key for its sandbox twin', async (t) => {
  const ctx = await testCtx(t)
  const account = await seedAccount(ctx)
  const live = await createKey(ctx, { account, style: 'qc', mode: 'live' })
  const sandbox = await createKey(ctx, { account, style: 'sk', mode: 'test', scopes: ['cart:read', 'products:read'] })

  assert.notEqual(account.id, account.twinId)
  const principal = await findPrincipal(ctx, live.key)
  assert.deepEqual([principal.accountId, principal.mode, [...principal.scopes]], [account.id, 'live', [...SCOPES]])
  const twin = await findPrincipal(ctx, sandbox.key)
  assert.deepEqual(
    [twin.accountId, twin.mode, [...twin.scopes]],
    [account.twinId, 'test', ['products:read', 'cart:read']],
  )
})

test('the database never holds the clear text', async (t) => {
  const ctx = await testCtx(t)
  const account = await seedAccount(ctx)
  const { key } = await createKey(ctx, { account, style: 'cbk', mode: 'live' })
  const rows = await listKeys(ctx.db, account)
  assert.equal(rows.length, 1)
  assert.ok(!JSON.stringify(rows).includes(key.slice(4, 36)))
  assert.equal(rows[0]!.hint, key.slice(-4))
})

test('a revoked key is refused on another node within a second, and stays revoked', async (t) => {
  const here = await testCtx(t)
  const there = await testCtx(t)
  const account = await seedAccount(here)
  const { id, key } = await createKey(here, { account, style: 'qc', mode: 'live' })
  await findPrincipal(there, key)

  const first = await revokeKey(here, id)
  const deadline = performance.now() + 1_000
  let refusal: unknown = null
  while (refusal === null && performance.now() < deadline) {
    refusal = await findPrincipal(there, key).then(
      () => null,
      (error: unknown) => error,
    )
  }
  assert.ok(code('key_revoked')(refusal))
  assert.deepEqual(await revokeKey(here, id), first)
})

test('when the watch is behind, a cached key is read through', async (t) => {
  const ctx = await testCtx(t)
  const account = await seedAccount(ctx)
  const { id, key } = await createKey(ctx, { account, style: 'qc', mode: 'live' })
  const stale = {
    ...ctx,
    watch: { value: ctx.watch.value, ageMs: () => 801, next: async () => {}, stop: async () => {} },
  }
  await findPrincipal(stale, key)
  await revokeKey(ctx, id)
  await assert.rejects(findPrincipal(stale, key), code('key_revoked'))
})

test('missing, malformed and unknown keys are told apart', async (t) => {
  const ctx = await testCtx(t)
  await assert.rejects(findPrincipal(ctx, null), code('key_missing'))
  await assert.rejects(findPrincipal(ctx, 'qc_live_short'), code('key_malformed'))
  await assert.rejects(findPrincipal(ctx, `qc_live_${'a'.repeat(32)}`), code('key_unknown'))
  await assert.rejects(revokeKey(ctx, 999_999), code('not_found'))
})

test('what an operator mistypes is refused in words, and nothing is made', async (t) => {
  const ctx = await testCtx(t)
  const account = await seedAccount(ctx)
  const make = (wrong: { scopes?: string[]; allow?: string[] }) =>
    createKey(ctx, { account, style: 'qc', mode: 'live', ...wrong })
  await assert.rejects(make({ scopes: ['qc:write'] }), OperatorError)
  await assert.rejects(make({ allow: ['10.0.0.0/99'] }), OperatorError)
  await assert.rejects(createAccount(ctx, account.name), OperatorError)
  await assert.rejects(createAccount(ctx, ' '), OperatorError)
  assert.deepEqual(await listKeys(ctx.db, account), [])
  assert.equal(await findAccount(ctx.db, 'nobody of this name'), null)
})
