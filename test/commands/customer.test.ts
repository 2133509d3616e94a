import assert from 'node:assert/strict'
import { test } from 'node:test'
import { program } from './own-program.ts'

test('what is kept of a person is printed, and erased with a reason', async (t) => {
  const { tell, say, refuse, pool } = await program(t)
  const { id } = await tell<{ id: number }>('account', 'create', '--name', 'Moss')
  await pool.query(`insert into customer (account_id, username, language) values ($1, 'moss', 'en')`, [id])
  const nothing = { profile: null, addresses: [], favorites: [], identities: [], orders: [] }
  const kept = {
    live: { ...nothing, profile: { username: 'moss', email: null, avatar: null, language: 'en' } },
    sandbox: nothing,
  }
  assert.deepEqual(await tell('customer', 'export', '--account', 'Moss'), kept)
  assert.deepEqual(JSON.parse(await say('customer', 'export', '--account', 'Moss')), kept)

  assert.match(await refuse('customer', 'erase', '--account', 'Moss'), /--reason/)
  assert.equal(
    await say('customer', 'erase', '--account', 'Moss', '--reason', 'asked for it'),
    `Profile, addresses, favourites, login and what orders keep of account ${id} "Moss" and its sandbox are gone; its orders stay.`,
  )
  assert.deepEqual(await tell('customer', 'export', '--account', 'Moss'), { live: nothing, sandbox: nothing })
})
