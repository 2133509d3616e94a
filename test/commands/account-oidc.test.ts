import assert from 'node:assert/strict'
import { test } from 'node:test'
import { program } from './own-program.ts'

test('holders of ID tokens are linked to an account, and unlinked, from the command line', async (t) => {
  const { tell, say, refuse, pool } = await program(t)
  const { id } = await tell('account', 'create', '--name', 'Acme')
  const who = ['--account', 'Acme', '--subject', 'user-1']
  const issuer = 'https://issuer.example'
  const value = { account_id: id, issuer, subject: 'user-1' }
  assert.equal(
    await refuse('account', 'link-oidc', ...who),
    'Give --issuer, or set OIDC_ISSUER: identities are those of an issuer.',
  )
  const link = ['account', 'link-oidc', ...who, '--issuer', issuer]
  assert.deepEqual(await tell(...link), { ...value, repeated: false })
  assert.equal(await say(...link), `ID tokens of user-1 from ${issuer} act for account ${String(id)} "Acme".`)
  const linked = async () => (await pool.query('select account_id, issuer, subject from oidc_identity')).rows
  assert.deepEqual(await linked(), [value])

  const unlink = ['account', 'unlink-oidc', ...who, '--issuer', issuer]
  assert.deepEqual(await tell(...unlink), value)
  assert.deepEqual(await linked(), [])
  assert.match(await refuse(...unlink), /^Account \d+ has no such identity; /)
})
