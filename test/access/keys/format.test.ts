import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MODES, newKeyText, parseKeyText, STYLES } from '../../../src/access/keys/format.ts'
import { systemRandom } from '../../../src/lib/ids.ts'

test('every new key has its documented form and is read back as its own style and mode', () => {
  const forms = STYLES.flatMap((style) => MODES.map((mode) => ({ style, mode })))
  const shapes = forms.map(({ style, mode }) =>
    newKeyText(systemRandom, style, mode).replace(/[A-Za-z0-9]{32}$/, '<32>'),
  )
  assert.deepEqual(shapes, [
    'qc_live_<32>',
    'qc_test_<32>',
    'oh_live_<32>',
    'oh_test_<32>',
    'cbk_<32>',
    'cbk_test_<32>',
    'sk-<32>',
    'sk-test-<32>',
  ])
  for (const form of forms) assert.deepEqual(parseKeyText(newKeyText(systemRandom, form.style, form.mode)), form)
})

test('what is not the form of a key is refused without asking anyone', () => {
  const random = 'a'.repeat(32)
  const junk = [
    '',
    'qc_live_',
    `qc_live_${random}a`,
    `qc_live_${random.slice(1)}`,
    `QC_LIVE_${random}`,
    `qc_live_${random.slice(1)}_`,
    ` qc_live_${random}`,
    `qc_live_${random}\n`,
    `qc_prod_${random}`,
    `cbk_live_${random}`,
    random,
    `qc_live_${'é'.repeat(32)}`,
    'x'.repeat(1_000_000),
  ]
  assert.deepEqual(
    junk.filter((text) => parseKeyText(text) !== null),
    [],
  )
})

test('the random part uses all 62 characters', () => {
  const seen = new Set(Array.from({ length: 200 }, () => newKeyText(systemRandom, 'qc', 'live').slice(8)).join(''))
  assert.equal(seen.size, 62)
})
