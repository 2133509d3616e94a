import assert from 'node:assert/strict'
import { test } from 'node:test'
import { program } from './own-program.ts'

test('what is kept of a person is printed, and erased with a reason', async (t) => {
  const { tell, say, refuse, pool } = await program(t)
  const { id } = await tell<{ id: number }>('account', 'create', '--name', 'Moss')
  await pool.query(`insert into customer (account_id, username, language) values ($1, 'moss', 'en')`, [id])
  const kept = {
    profile: { username: 'moss', email: null, avatar: null, language: 'en' },
    addresses: [],
    favorites: [],
  }
  assert.deepEqual(await tell('customer', 'export', '--account', 'Moss'), kept)
  assert.deepEqual(JSON.parse(await say('customer', 'export', '--account', 'Moss')), kept)
  const nothing = { profile: null, addresses: [], favorites: [] }
  assert.deepEqual(await tell('customer', 'export', '--account', 'Moss', '--sandbox'), nothing)

  assert.match(await refuse('customer', 'erase', '--account', 'Moss'), /--reason/)
  assert.equal(
    await say('customer', 'erase', '--account', 'Moss', '--reason', 'asked for it'),
    `Nothing is kept of the person behind account ${id} "Moss"; its orders stay.`,
  )
  assert.deepEqual(await tell('customer', 'export', '--account', 'Moss'), nothing)
})
