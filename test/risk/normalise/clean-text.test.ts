import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { cleanText } from '../../../src/risk/normalise/clean-text.ts'
import { anyText } from './relation.ts'

test('the digits of every script are digits', () => {
  const digits = Array.from({ length: 0x110000 }, (_, point) => point).filter((point) =>
    /^\p{Nd}$/u.test(String.fromCodePoint(point)),
  )
  assert.ok(digits.length >= 600)
  for (const [at, point] of digits.entries()) {
    assert.equal(cleanText(String.fromCodePoint(point)), String(at % 10), point.toString(16))
  }
})

test('what is not seen goes, and halves of pairs are what UTF-8 makes of them', () => {
  assert.equal(cleanText(' \u00a0a\u200b\u00ad\ufe0fb\u202e\tc\0\n'), 'ab c')
  assert.equal(cleanText('\ud800a'), '\ufffda')
  assert.equal(cleanText('e\u200b\u0301'), 'é')
})

test('a clean text stays as it is', () => {
  const pieces = fc.string({
    unit: fc.constantFrom('e', '\u0301', '\u200d', '\u115f', 'ᄒ', 'ᅡ', '\0', 'ﾞ', 'ｶ'),
    maxLength: 8,
  })
  fc.assert(
    fc.property(fc.oneof(anyText, pieces), (raw) => {
      assert.equal(cleanText(cleanText(raw)), cleanText(raw))
    }),
    { numRuns: 5_000 },
  )
})
