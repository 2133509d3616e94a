import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemRandom } from '../../../src/lib/ids.ts'
import { keyOf } from '../../../src/risk/keys/ring.ts'
import { seal, unseal } from '../../../src/risk/keys/seal.ts'

const RING = [1, 2].map((byte) => keyOf(Buffer.alloc(32, byte)))
const ABOUT = { about: 'order 7', random: systemRandom }

test('what is sealed is read by the key that sealed it, whatever keys came since', () => {
  const text = 'somebody@example.com, 12 Löwenstraße'
  const old = seal(RING.slice(0, 1), text, ABOUT)
  const fresh = seal(RING, text, ABOUT)
  assert.deepEqual([old.generation, fresh.generation], [1, 2])
  for (const sealed of [old, fresh]) {
    assert.ok(!sealed.bytes.includes('somebody'))
    assert.equal(unseal(RING, sealed, 'order 7'), text)
  }
  assert.notDeepEqual(seal(RING, text, ABOUT).bytes, fresh.bytes)
})

test('neither another key reads it, nor another place, nor when a byte was changed', () => {
  const sealed = seal(RING, 'a text', ABOUT)
  for (const generation of [1, 3]) assert.equal(unseal(RING, { ...sealed, generation }, 'order 7'), null)
  assert.equal(unseal(RING, sealed, 'order 8'), null)
  for (let at = 0; at < sealed.bytes.length; at++) {
    const bytes = Buffer.from(sealed.bytes)
    bytes[at]! ^= 1
    assert.equal(unseal(RING, { ...sealed, bytes }, 'order 7'), null, String(at))
  }
})
