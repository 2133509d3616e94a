import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KeyRow } from '../../../src/access/keys/keys.sql.ts'
import {
  decideDisable,
  decideEnable,
  decideRevoke,
  decideRoll,
  decideSet,
  keyState,
  requireActive,
} from '../../../src/access/keys/life.ts'
import { DomainError } from '../../../src/lib/errors.ts'

const NOW = new Date('2026-11-21T12:00:00Z')
const later = (seconds: number) => new Date(NOW.getTime() + seconds * 1000)
const active = { id: 7, rolled_to: null, expires_at: null, disabled_at: null, revoked_at: null } as KeyRow
const ending = { ...active, expires_at: later(60) }
const expired = { ...active, expires_at: NOW }
const disabled = { ...active, disabled_at: later(-1) }
const revoked = { ...active, revoked_at: later(-1), disabled_at: later(-1), expires_at: later(-1) }
const rolled = { ...active, rolled_to: 9, revoked_at: later(-1) }

test('a key is active until the moment it expires, and the hardest reason against it is told', () => {
  const told = [active, ending, expired, disabled, revoked].map((key) => {
    try {
      requireActive(key, NOW)
      return 'fine'
    } catch (error) {
      assert.ok(error instanceof DomainError && error.code === 'key_revoked')
      return error.message
    }
  })
  assert.deepEqual(told, [
    'fine',
    'fine',
    'This API key has expired.',
    'This API key is disabled.',
    'This API key has been revoked.',
  ])
  assert.equal(keyState({ ...disabled, expires_at: NOW }, NOW), 'expired')
})

const cases: { name: string; decide: () => object; expected: object | string }[] = [
  { name: 'revoke', decide: () => decideRevoke(active, NOW), expected: { revoked_at: NOW } },
  { name: 'revoke again', decide: () => decideRevoke(revoked, NOW), expected: {} },
  { name: 'disable', decide: () => decideDisable(active, NOW), expected: { disabled_at: NOW } },
  { name: 'disable again', decide: () => decideDisable(disabled, NOW), expected: {} },
  {
    name: 'disable a revoked one',
    decide: () => decideDisable(revoked, NOW),
    expected: 'Key 7 is revoked, which is final.',
  },
  { name: 'enable', decide: () => decideEnable(disabled), expected: { disabled_at: null } },
  { name: 'enable an active one', decide: () => decideEnable(active), expected: {} },
  { name: 'enable a revoked one', decide: () => decideEnable(revoked), expected: 'Key 7 is revoked, which is final.' },
  { name: 'set', decide: () => decideSet(active, { label: 'x' }), expected: { label: 'x' } },
  { name: 'set a revoked one', decide: () => decideSet(revoked, {}), expected: 'Key 7 is revoked, which is final.' },
  { name: 'roll with grace', decide: () => decideRoll(active, 30, NOW), expected: { expires_at: later(30) } },
  { name: 'roll without', decide: () => decideRoll(active, 0, NOW), expected: { revoked_at: NOW } },
  {
    name: 'roll within its own expiry',
    decide: () => decideRoll(ending, 30, NOW),
    expected: { expires_at: later(30) },
  },
  {
    name: 'roll never lengthens a life',
    decide: () => decideRoll(ending, 61, NOW),
    expected: { expires_at: later(60) },
  },
  { name: 'roll again', decide: () => decideRoll(rolled, 30, NOW), expected: 'Key 7 was rolled to key 9 already.' },
  {
    name: 'roll an expired one',
    decide: () => decideRoll(expired, 0, NOW),
    expected: 'Key 7 is expired; only an active key is rolled.',
  },
  {
    name: 'roll a disabled one',
    decide: () => decideRoll(disabled, 0, NOW),
    expected: 'Key 7 is disabled; only an active key is rolled.',
  },
  {
    name: 'roll a revoked one',
    decide: () => decideRoll(revoked, 0, NOW),
    expected: 'Key 7 is revoked; only an active key is rolled.',
  },
]

for (const { name, decide, expected } of cases) {
  test(`decided: ${name}`, () => {
    if (typeof expected === 'string') assert.throws(decide, { code: 'conflict', message: expected })
    else assert.deepEqual(decide(), expected)
  })
}
