import assert from 'node:assert/strict'
import { test } from 'node:test'
import { heldOf } from '../../../src/risk/disputes/disputes.ts'
import { rewrapMarks, rotateKey } from '../../../src/risk/list/generations.ts'
import { desk, email, list } from './desk.ts'

const KEYS = [1, 2].map((filler) => Buffer.alloc(32, filler).toString('base64'))

test('codes outlive the rotation of the keys', async (t) => {
  const { ctx, code, ask } = await desk(t, { RISK_KEYS: KEYS.join() })
  const asked = { type: 'email', value: 'rotated@example.com' } as const
  await list(ctx, asked.value)
  await ask(asked, 'a place')
  assert.equal(await rotateKey(ctx), 2)
  assert.equal((await heldOf(ctx, { ...asked, code: code() })).held.length, 1)

  await ask(asked, 'a place')
  assert.ok((await rewrapMarks(ctx)) > 0)
  assert.equal((await heldOf(ctx, { ...asked, code: code() })).held.length, 1)
  await ask(asked, 'a place')
  await assert.rejects(ask(asked, 'a place'), /^DomainError: At most 3 codes are sent within an hour/)
  // With the three of before.
  for (let time = 0; time < 7; time++) await ask(email(`${time}@example.com`), 'a place')
  await assert.rejects(ask(email('8@example.com'), 'a place'), /^DomainError: At most 10 codes are sent within an hour/)
})
