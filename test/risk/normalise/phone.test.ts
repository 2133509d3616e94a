import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { normalisePhone } from '../../../src/risk/normalise/phone.ts'
import { anyText, assertLinear, canonicalTexts, keysOf, relation, type Relation } from './relation.ts'

/** Spellings of one line and extension, each with the region it is read in. */
const same: [exact: string, ...spellings: [written: string, region: string | null][]][] = [
  [
    '+442079460123',
    ['+44 20 7946 0123', null],
    ['+44 (0)20 7946 0123', null],
    ['+44(0)2079460123', 'US'],
    ['020 7946 0123', 'GB'],
    ['(020) 7946-0123', 'gb'],
    ['0044 20 7946 0123', 'GB'],
    ['0044 20 7946 0123', null],
    ['0044 20 7946 0123', 'US'],
    ['011 44 20 7946 0123', 'US'],
    ['011 44 20 7946 0123', null],
    ['＋４４ ２０ ７９４６ ０１２３', null],
    ['٠٢٠ ٧٩٤٦ ٠١٢٣', 'GB'],
    ['०२० ७९४६ ०१२३', 'GB'],
    ['+44\u00a020\u20117946\u20110123', null],
    ['+44\u200b20\u200e7946\u00ad0123', null],
    ['tel:+44-20-7946-0123', null],
    ['TEL:020-7946-0123;phone-context=+44', null],
    ['Tel.: +44 20 7946 0123', null],
    ['Phone: 020 7946 0123', 'GB'],
    ['[020] 7946.0123', 'GB'],
    ['+44/20/79460123', null],
  ],
  ['+441144960123', ['0114 496 0123', 'GB'], ['+44 114 496 0123', null]],
  [
    '+12025550123',
    ['+1 202 555 0123', null],
    ['(202) 555-0123', 'US'],
    ['202.555.0123', 'US'],
    ['1-202-555-0123', 'CA'],
    ['001 202 555 0123', 'GB'],
    ['011 1 202 555 0123', 'DE'],
    ['+1 1 202 555 0123', null],
  ],
  ['+18005550199', ['1-800-555-0199', 'US'], ['+1 800 555 0199', null]],
  ['+18003569377', ['1-800-FLOWERS', 'US'], ['1 800 flowers', 'CA'], ['+1 (800) FLOWERS', null]],
  ['+390655501234', ['+39 06 5550 1234', null], ['06 5550 1234', 'IT'], ['0039 06 5550 1234', 'DE']],
  [
    '+4930124356',
    ['+49 (0)30 124356', null],
    ['030/124356', 'DE'],
    ['0049 30 124356', 'DE'],
    ['+49 (0) 30 / 12 43 56', null],
  ],
  ['+74955550123', ['8 (495) 555-01-23', 'RU'], ['+7 495 555 01 23', null], ['+7 (8495) 555-01-23', null]],
  ['+861065550123', ['010-6555-0123', 'CN'], ['+86 10 6555 0123', null], ['+86 010 65550123', null]],
  ['+8613800000123', ['138 0000 0123', 'CN'], ['+86-13800000123', null], ['手机：138 0000 0123', 'CN']],
  ['+33155501234', ['01 55 50 12 34', 'FR'], ['+33 (0)1 55 50 12 34', null]],
  ['+34912345687', ['912 345 687', 'ES'], ['+34 (0) 912 345 687', null]],
  ['+61255501234', ['(02) 5550 1234', 'AU'], ['0011 61 2 5550 1234', 'AU'], ['+61 2 5550 1234', null]],
  ['+81312345687', ['03-1234-5687', 'JP'], ['+81 (0)3 1234 5687', null]],
  ['+5491155550123', ['011 15 5555-0123', 'AR'], ['+54 9 11 5555 0123', null], ['+54 11 15 5555 0123', null]],
  ['+80012345687', ['+800 1234 5687', null]],
  // an extension behind a hyphen, as China writes it
  [
    '+8675526991234;ext=801',
    ['0755-26991234-801', 'CN'],
    ['+86-755-26991234-801', null],
    ['+86 755-26991234-801', null],
    ['0755-26991234转801', 'CN'],
  ],
  ['+861065550123;ext=6', ['010-65550123-6', 'CN']],
  ['+862165550123;ext=6', ['021-65550123-6', 'CN']],
  [
    '+12025550123;ext=45',
    ['+1 202 555 0123 x45', null],
    ['+1 202 555 0123 ext. 45', null],
    ['(202) 555-0123 extension 45', 'US'],
    ['202-555-0123 #45', 'US'],
    ['202 555 0123,,45#', 'US'],
    ['+1-202-555-0123;ext=45', null],
    ['tel:+1-202-555-0123;ext=45', null],
    ['+1 202 555 0123 доб. 45', null],
    ['+12025550123转45', null],
    ['+12025550123分机45', null],
    ['+1 202 555 0123 int. 45', null],
    ['+1 202 555 0123 poste 45', null],
    ['+1 202 555 0123 X４５', null],
  ],
]

const pairs: [one: string, region: string | null, relation: Relation, other: string][] = [
  // an extension belongs to the exact number only
  ['+1 202 555 0123 x45', null, 'canonical', '+1 202 555 0123'],
  ['+1 202 555 0123 x45', null, 'canonical', '+1 202 555 0123 x46'],
  // numbers of before a new plan
  ['+52 1 55 5555 0123', null, 'canonical', '+52 55 5555 0123'],
  ['+55 11 8555-0123', null, 'canonical', '+55 11 98555-0123'],
  ['+55 11 6555-0123', null, 'canonical', '+55 11 96555-0123'],
  ['+55 11 9555-0123', null, 'canonical', '+55 11 99555-0123'],
  ['(11) 8555-0123', 'BR', 'canonical', '+55 11 98555-0123'],
  ['+55 11 3555-0123', null, 'apart', '+55 11 93555-0123'],
  ['+55 11 5555-0123', null, 'apart', '+55 11 95555-0123'],
  ['+55 11 7555-0123', null, 'apart', '+55 11 97555-0123'],
  // the country mistaken
  ['+44 20 7946 0123', null, 'apart', '+49 20 7946 0123'],
  // mobile and landline of Argentina
  ['+54 9 11 5555 0123', null, 'apart', '+54 11 5555 0123'],
  // Italy keeps its zero, so 06… and 6… are two
  ['+39 06 5550 1234', null, 'apart', '+39 6 5550 1234'],
  ['+44 20 7946 0123', null, 'apart', '+44 20 7946 0124'],
  ['+44 20 7946 0123', null, 'apart', '+44 28 7946 0123'],
  ['+1 202 555 0123', null, 'apart', '+1 302 555 0123'],
  ['+1 202 555 0123', null, 'apart', '+1 202 555 0132'],
  ['+1 202 555 0123', null, 'apart', '+1 202 556 0123'],
  ['+45 32 12 34 56', null, 'apart', '+852 3212 3456'],
  ['+65 6123 4576', null, 'apart', '+852 6123 4576'],
  ['0114 496 0123', 'GB', 'apart', '+44 961 0123'],
]

const unfit: [written: string, region: string | null, why: RegExp][] = [
  ['020 7946 0123', null, /country code/],
  ['020 7946 0123', 'ZZ', /country code/],
  ['2025550123', null, /does not say its country/],
  ['911', 'US', /No such/],
  ['+1 202 555', null, /No such/],
  ['+44 20 7946 0123 0123 0123', null, /No such/],
  ['+999 123 456 789', null, /No such/],
  ['', 'US', /No such/],
  ['+', 'US', /No such/],
  ['++44 20 7946 0123', null, /No such/],
  ['call me 202 555 0123', 'US', /No such/],
  ['ada@example.com', 'US', /No such/],
  ['202 555 0123 or 202 555 0124', 'US', /No such/],
  [`+44 20 7946 0123${' '.repeat(60)}`, null, /at most 64/],
  // the area code is missing, or there is no such area
  ['98765-4321', 'BR', /No such .* country code/],
  ['3456-7890', 'BR', /No such/],
  ['124356', 'DE', /No such/],
  ['2084234', 'CA', /No such/],
  ['202 155 0123', 'US', /No such/],
  ['0000000000', 'US', /No such/],
  ['1234567890', 'US', /No such/],
  // what is filled in where a number must be
  ['+1 555 555 5555', null, /can be called/],
  ['+1 202 555 5555', null, /can be called/],
  ['+1 234 567 8901', null, /can be called/],
  ['+1 123 456 7890', null, /can be called/],
  ['+1 000 000 0000', null, /can be called/],
  ['(202) 222-2222', 'US', /can be called/],
  ['020 1234 5678', 'GB', /can be called/],
  ['07911 123456', 'GB', /can be called/],
  ['089/123456', 'DE', /can be called/],
  ['+49 30 123456', null, /can be called/],
  ['138 0000 0000', 'CN', /can be called/],
  ['912 345 678', 'ES', /can be called/],
  ['03-1234-5678', 'JP', /can be called/],
  ['(11) 91234-5678', 'BR', /can be called/],
]

for (const [exact, ...spellings] of same) {
  for (const [written, region] of spellings) {
    test(`${written} in ${region} is ${exact}`, () => {
      assert.equal(keysOf(normalisePhone(written, { region }))[0], `exact/${exact}`)
    })
  }
}

for (const [one, region, expected, other] of pairs) {
  test(`${one} and ${other} in ${region}: ${expected}`, () => {
    assert.equal(relation(normalisePhone(one, { region }), normalisePhone(other, { region })), expected)
  })
}

for (const [written, region, why] of unfit) {
  test(`${written} in ${region} cannot be checked`, () => {
    const normalised = normalisePhone(written, { region })
    assert.equal(normalised.kind, 'unfit')
    assert.match(normalised.why, why)
  })
}

test('the whole of what becomes of a number', () => {
  assert.deepEqual(normalisePhone('+44 20 7946 0123 x 5', { region: null }), {
    kind: 'fit',
    keys: [
      { form: 'exact', text: 'exact/+442079460123;ext=5' },
      { form: 'canonical', text: 'canonical/+442079460123' },
    ],
    hint: '+44 ••• ••23',
    flags: ['extension'],
  })
})

test('flags say what kind of number it is', () => {
  const flagsOf = (written: string) => {
    const normalised = normalisePhone(written, { region: null })
    return normalised.kind === 'fit' ? normalised.flags : null
  }
  assert.deepEqual(flagsOf('+1 800 555 0199'), ['toll_free'])
  assert.deepEqual(flagsOf('+44 56 0000 0123'), ['voip'])
  assert.deepEqual(flagsOf('+1 202 155 0123'), ['unassigned'])
  assert.deepEqual(flagsOf('+44 20 7946 0123'), [])
})

const regions = fc.constantFrom(null, 'US', 'GB', 'IT', 'CN', 'AR', 'RU', 'BR', 'MX', 'xx', '')
const dialled = fc.stringMatching(/^[+(]?[0-9() .x#-]{5,20}$/)

test('anything has an answer that does not repeat it', () => {
  fc.assert(
    fc.property(fc.oneof(anyText, dialled), regions, (raw, region) => {
      const normalised = normalisePhone(raw, { region })
      if (normalised.kind === 'fit') assert.ok(keysOf(normalised, 'canonical').length === 1)
      else assert.ok(raw.length < 4 || !normalised.why.includes(raw))
    }),
  )
})

test('a canonical number is read as itself, whatever the region', () => {
  fc.assert(
    fc.property(dialled, regions, regions, (raw, region, other) => {
      const normalised = normalisePhone(raw, { region })
      if (normalised.kind === 'unfit') return
      const [text = ''] = canonicalTexts(normalised)
      assert.deepEqual(canonicalTexts(normalisePhone(text, { region: other })), [text])
    }),
    { numRuns: 1000 },
  )
})

test('an exact number is read as itself', () => {
  const twoZeros = fc.tuple(fc.constantFrom('', '+595', '+', '00', '0'), fc.stringMatching(/^0{0,4}[0-9]{5,11}$/))
  const parts = fc.oneof(
    twoZeros.map((pair) => pair.join('')),
    dialled,
    fc.stringMatching(/^[+][1-9][0-9]{6,14}$/),
  )
  let fit = 0
  fc.assert(
    fc.property(parts, fc.oneof(regions, fc.constantFrom('PY', 'DE', 'CA', 'HU', 'JP')), (raw, region) => {
      const normalised = normalisePhone(raw, { region })
      if (normalised.kind === 'unfit') return
      fit += 1
      const [exact = ''] = keysOf(normalised, 'exact')
      assert.deepEqual(keysOf(normalisePhone(exact.slice('exact/'.length), { region: null }), 'exact'), [exact])
    }),
    { numRuns: 100_000, seed: 6 },
  )
  assert.ok(fit > 15_000, String(fit))
})

test('dashes, blanks and scripts of digits mean nothing', () => {
  const national = fc.stringMatching(/^[2-9]\d{2}[2-9]\d{6}$/)
  const digits = fc.constantFrom(0xff10, 0x0660, 0x06f0, 0x0966, 0x0e50, 0x104a0)
  const separator = fc.constantFrom('', ' ', '-', '.', '\u2011', '\u200b', '\u3000', ' – ')
  fc.assert(
    fc.property(national, digits, separator, (number, zero, between) => {
      const script = (text: string) => text.replaceAll(/\d/g, (digit) => String.fromCodePoint(zero + Number(digit)))
      const written = `+1${between}${number.slice(0, 3)}${between}${number.slice(3, 6)}${between}${script(number.slice(6))}`
      assert.deepEqual(normalisePhone(written, { region: null }), normalisePhone(`+1${number}`, { region: null }))
    }),
  )
})

test('hostile texts take linear time', () => {
  assertLinear((raw) => normalisePhone(raw, { region: 'US' }), 64)
})
