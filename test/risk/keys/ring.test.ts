import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { digestsOf, keyOf, markingsOf, prefixOf, proofOf, subjectOf, wrapped } from '../../../src/risk/keys/ring.ts'
import { normalise } from '../../../src/risk/normalise/normalise.ts'
import type { IdentifierType } from '../../../src/risk/normalise/normalised.ts'

const BYTES = [1, 2, 3].map((filler) => Buffer.alloc(32, filler))
const ring = BYTES.map((bytes) => keyOf(bytes))
const hmac = (key: Buffer, data: string | Buffer) => createHmac('sha256', key).update(data).digest()

test('each generation is the HMAC-SHA-256 of the one before', () => {
  const first = hmac(BYTES[0]!, 'text')
  const second = hmac(BYTES[1]!, first)
  assert.deepEqual(digestsOf(ring, 'text'), [first, second, hmac(BYTES[2]!, second)])
})

test('a digest is wrapped from any generation to the newest', () => {
  const digests = digestsOf(ring, 'text')
  for (const [at, digest] of digests.entries()) assert.deepEqual(wrapped(ring, digest, at + 1), digests[2])
})

test('a proof tells keys apart, and is no digest of anything listed', () => {
  assert.notDeepEqual(proofOf(ring[0]!), proofOf(ring[1]!))
  assert.deepEqual(proofOf(ring[0]!), proofOf(keyOf(Buffer.alloc(32, 1))))
})

function keysOf(type: IdentifierType, value: string) {
  const normalised = normalise(type, value, { region: null, allowDocumentation: true })
  assert.equal(normalised.kind, 'fit')
  return normalised.kind === 'fit' ? normalised.keys : []
}

test('what is digested says its type, and an identifier as it is by its rules has one mark', () => {
  assert.deepEqual(markingsOf('phone', keysOf('phone', '+1 202 555 0123')), [
    { form: 'exact', text: 'phone\0+12025550123' },
  ])
  assert.deepEqual(markingsOf('phone', keysOf('phone', '+1 202 555 0123 x5')), [
    { form: 'exact', text: 'phone\0+12025550123;ext=5' },
    { form: 'canonical', text: 'phone\0+12025550123' },
  ])
  const near = markingsOf('ip', keysOf('ip', '2001:db8::1')).filter(({ form }) => form === 'near')
  assert.deepEqual(
    near.map(({ text }) => text),
    ['ip\0near/2001:db8:0:0::/64', 'ip\0near/2001:db8:0:0::/56', 'ip\0near/2001:db8:0::/48'],
  )
})

test('the subject is what the canonical key says, even where the exact one says the same', () => {
  assert.equal(subjectOf('email', keysOf('email', 'Ada.Moss+x@gmail.com')).text, 'email\0adamoss@gmail.com')
  const two = [
    { form: 'exact', text: 'exact/any:x' },
    { form: 'canonical', text: 'canonical/any:x' },
    { form: 'canonical', text: 'canonical/any:y' },
  ] as const
  assert.equal(subjectOf('username', two).text, 'username\0any:x')
  assert.equal(subjectOf('address', [{ form: 'exact', text: 'exact/po box' }]).text, 'address\0po box')
})

test('the prefix of a network', () => {
  assert.equal(prefixOf('ip\x0045.12.0.0/16'), '4/16')
  assert.equal(prefixOf('ip\x002a01:4f8::/32'), '6/32')
})
