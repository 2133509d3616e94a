import assert from 'node:assert/strict'
import { test } from 'node:test'
import { postalFormOf } from '../../../src/shopping/customers/postal-forms.ts'

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'.split('')
const COUNTRIES = LETTERS.flatMap((first) => LETTERS.map((second) => first + second))

test('every example has the form it is an example of, and whoever must give a code is told one', () => {
  const known = COUNTRIES.map(postalFormOf).filter(({ required, zipCode }) => required.length > 0 || zipCode)
  assert.ok(known.length >= 40)
  for (const { required, zipCode } of known) {
    if (zipCode) assert.match(zipCode.example, zipCode.pattern)
    assert.ok(zipCode || !required.includes('zipCode'))
  }
})

test('codes with a letter, a digit or a line too many are refused', () => {
  for (const { zipCode } of COUNTRIES.map(postalFormOf)) {
    if (!zipCode) continue
    for (const wrong of [`${zipCode.example}12345`, `A${zipCode.example}B`, `${zipCode.example}\n`, ' ', '?']) {
      assert.doesNotMatch(wrong, zipCode.pattern)
    }
  }
})

test('of other countries nothing is asked', () => {
  for (const country of ['AQ', '__', 'constructor']) {
    assert.deepEqual(postalFormOf(country), { required: [], zipCode: null })
  }
})
