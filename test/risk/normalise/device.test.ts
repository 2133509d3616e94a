import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { normaliseDevice } from '../../../src/risk/normalise/device.ts'
import { anyText, assertLinear, canonicalTexts, keysOf, relation, retyped, type Relation } from './relation.ts'

const UUID = '6fa459ea-ee8a-3ca4-894e-db77e160355e'

const pairs: [one: string, relation: Relation, other: string][] = [
  [UUID, 'exact', ` ${UUID}\n`],
  [UUID, 'exact', `any:${UUID}`],
  [UUID, 'canonical', UUID.toUpperCase()],
  [UUID, 'canonical', UUID.replaceAll('-', '')],
  [UUID, 'canonical', UUID.replaceAll('-', '\u2011')],
  [UUID, 'canonical', `{${UUID.toUpperCase()}}`],
  [UUID, 'canonical', `urn:uuid:${UUID}`],
  [UUID, 'canonical', `URN:UUID:${UUID.toUpperCase()}`],
  [`idfv:${UUID}`, 'canonical', `IDFV:${UUID.toUpperCase()}`],
  [`idfv:${UUID}`, 'apart', UUID],
  [`idfv:${UUID}`, 'apart', `idfa:${UUID}`],
  [UUID, 'apart', UUID.replace('6', '7')],
  ['00:1a:2b:3c:4d:5e', 'canonical', '00-1A-2B-3C-4D-5E'],
  ['00:1a:2b:3c:4d:5e', 'canonical', '001a.2b3c.4d5e'],
  ['fe:dc:ba:98:76:54', 'canonical', 'FEDCBA987654'],
  ['mac:fe:dc:ba:98:76:54', 'canonical', 'mac:fedcba987654'],
  ['fe:dc:ba:98:76:54', 'apart', 'dc:ba:98:76:54'],
  ['fe:dc:ba:98', 'canonical', 'FEDCBA98'],
  ['9f86d081884c7d65', 'canonical', '9F86D081884C7D65'],
  // digits of both cases are hexadecimal where the separators say so
  [UUID, 'canonical', UUID.replace('ea-ee', 'EA-ee')],
  [UUID, 'canonical', `{${UUID.replace('ea-ee', 'EA\u2011ee')}}`],
  ['fe:dc:ba:98:76:54', 'canonical', 'FE:dc:ba:98:76:54'],
  ['fedc.ba98.7654', 'canonical', 'FEdc.ba98.7654'],
  ['AbCdEf12', 'apart', 'aBcDeF12'],
  ['AbCdEf12', 'apart', 'abcdef12'],
  ['AbCd-Ef12', 'apart', 'aBcD-eF12'],
  [UUID, 'apart', UUID.replace('ea-ee', 'EA-ee').replaceAll('-', '')],
  ['fp:Zm9vYmFyQmF6', 'exact', 'FP: Zm9vYmFyQmF6'],
  ['fp:Zm9vYmFyQmF6', 'apart', 'fp:zm9vymfyqmf6'],
  ['Zm9v-YmFy_QmF6', 'apart', 'Zm9vYmFyQmF6'],
  ['Zm9vYmFyQmF6', 'canonical', 'Zm9v\u200bYmFyQmF6'],
  ['Zm9vYmFyQmF6', 'canonical', 'Ｚｍ９ｖＹｍＦｙＱｍＦ６'],
  ['Zm9vYmFyQmF6', 'apart', 'Zm9vYmFyQmF7'],
  ['351234-56-789012-4', 'canonical', '351234567890124'],
]
for (const [one, expected, other] of pairs) {
  test(`device: ${JSON.stringify(one)} and ${JSON.stringify(other)}: ${expected}`, () => {
    assert.equal(relation(normaliseDevice(one), normaliseDevice(other)), expected)
  })
}

test('all that is made of a device id', () => {
  assert.deepEqual(normaliseDevice(` IDFV:${UUID.toUpperCase()} `), {
    kind: 'fit',
    keys: [
      { form: 'exact', text: `exact/idfv:${UUID.toUpperCase()}` },
      { form: 'canonical', text: 'canonical/idfv:6fa459eaee8a3ca4894edb77e160355e' },
    ],
    hint: '•••5e',
    flags: [],
  })
})

const NONE = 'Send the id of one device: this one stands for none, or for many.'
const SHORT = 'Send a device id of at least 8 characters.'
const LONG = 'Send a device id of at most 512 characters.'
const unfit: [value: string, why: string][] = [
  ['00000000-0000-0000-0000-000000000000', NONE],
  ['idfa:00000000-0000-0000-0000-000000000000', NONE],
  ['{FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF}', NONE],
  ['00:00:00:00:00:00', NONE],
  ['02:00:00:00:00:00', NONE],
  ['xxxxxxxxxxxx', NONE],
  ['ｕｎｋｎｏｗｎ', NONE],
  ['Unknown', NONE],
  ['undefined', NONE],
  ['fp:undefined', NONE],
  ['[object Object]', NONE],
  ['[object Promise]', NONE],
  ['fp:[object HTMLDocument]', NONE],
  ['emulator-5554', NONE],
  ['adb:EMULATOR-5556', NONE],
  ['iPhone14,2', NONE],
  ['iPad13,11', NONE],
  ['model:MacBookPro18,3', NONE],
  ['d41d8cd98f00b204e9800998ecf8427e', NONE],
  ['D41D8CD9-8F00-B204-E980-0998ECF8427E', NONE],
  ['1B2M2Y8AsgTpgAmY7PhCfg==', NONE],
  ['da39a3ee5e6b4b0d3255bfef95601890afd80709', NONE],
  ['2jmj7l5rSw0yVb/vlWAYkK/YBwk=', NONE],
  ['fp:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', NONE],
  ['NOT_AVAILABLE', NONE],
  ['To Be Filled By O.E.M.', NONE],
  ['Default string', NONE],
  ['0123456789ABCDEF', NONE],
  ['9774d56d682e549c', NONE],
  ['03000200-0400-0500-0006-000700080009', NONE],
  ['', SHORT],
  ['null', SHORT],
  ['NaN', SHORT],
  ['none', SHORT],
  ['n/a', SHORT],
  ['1234567', SHORT],
  ['12-34-56', SHORT],
  ['android:abc', SHORT],
  ['ab\u200b\u200b\u200b\u200b\u200b\u200b', SHORT],
  ['1a'.repeat(257), LONG],
]
for (const [value, why] of unfit) {
  test(`device: ${JSON.stringify(value).slice(0, 50)} is unfit`, () => {
    assert.deepEqual(normaliseDevice(value), { kind: 'unfit', why })
  })
}

test('any text gets an answer, and what it was made into makes the same again', () => {
  const ids = fc.string({ unit: fc.constantFrom(...Array.from('aAfF09:-.{} '), 'urn:uuid:', 'fp:'), maxLength: 40 })
  fc.assert(
    fc.property(fc.oneof(anyText, ids, fc.uuid()), (raw) => {
      const normalised = normaliseDevice(raw)
      if (normalised.kind === 'unfit') return
      const [exact] = keysOf(normalised, 'exact')
      const [canonical] = canonicalTexts(normalised)
      fc.pre(exact!.length <= 512 && canonical!.length <= 512)
      assert.deepEqual(keysOf(normaliseDevice(exact!.slice('exact/'.length)), 'exact'), [exact])
      assert.deepEqual(canonicalTexts(normaliseDevice(canonical!)), [canonical])
    }),
    { numRuns: 5_000 },
  )
})

test('however a hexadecimal id is typed, its canonical key is the same', () => {
  const typed = [...retyped, (text: string) => `{${text}}`, (text: string) => text.replaceAll('-', '')]
  fc.assert(
    fc.property(fc.uuid({ version: [4] }), fc.constantFrom(...typed), (uuid, retype) => {
      assert.deepEqual(canonicalTexts(normaliseDevice(retype(uuid))), canonicalTexts(normaliseDevice(uuid)))
    }),
  )
})

test('time grows no faster than the text', () => assertLinear(normaliseDevice, 512))
