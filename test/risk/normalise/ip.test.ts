import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { networksOf, normaliseIp, normaliseNetwork } from '../../../src/risk/normalise/ip.ts'
import { anyText, assertLinear, canonicalTexts, keysOf, relation, type Relation } from './relation.ts'

const OPTIONS = { allowDocumentation: true }

const same: [canonical: string, ...spellings: string[]][] = [
  [
    '192.0.2.1',
    '192.0.2.1',
    ' 192.0.2.1\n',
    '192.0.2.1:80',
    '[192.0.2.1]:80',
    '１９２．０．２．１',
    '192.0.2.\u200b1',
    '::ffff:192.0.2.1',
    '::FFFF:192.0.2.1',
    '::ffff:c000:201',
    '0:0:0:0:0:ffff:c000:0201',
    '[::ffff:192.0.2.1]:443',
    '::192.0.2.1',
    '::c000:201',
    '64:ff9b::192.0.2.1',
    '64:ff9b::c000:201',
  ],
  [
    '2001:db8::1',
    '2001:db8::1',
    '2001:DB8::1',
    '2001:0db8:0000:0000:0000:0000:0000:0001',
    '2001:db8:0:0:0:0:0:1',
    '2001:db8:0::1',
    '[2001:db8::1]',
    '[2001:db8::1]:443',
    '2001:db8::0.0.0.1',
  ],
  ['2001:db8::1:80', '2001:db8::1:80'],
  ['2001:db8::1:0:0:1', '2001:db8:0:0:1:0:0:1', '2001:db8:0:0:1::1'],
  ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1', '2001:db8::1:1:1:1:1'],
  ['2002:c000:201::1', '2002:c000:201::1'],
  ['2001:0:1::1', '2001:0:1::1'],
]

const pairs: [one: string, relation: Relation, other: string][] = [
  ['192.0.2.1', 'apart', '192.0.2.254'],
  ['192.0.2.1', 'apart', '192.0.3.1'],
  ['192.0.2.1', 'apart', '198.51.100.1'],
  ['2001:db8:1:2::1', 'near', '2001:db8:1:2:ffff::1'],
  ['2001:db8:1:2::1', 'near', '2001:db8:1:f2::1'],
  ['2001:db8:1:2::1', 'near', '2001:db8:1:ff02::1'],
  ['2001:db8:1:2::1', 'apart', '2001:db8:2:2::1'],
  ['2002:c000:201::1', 'apart', '192.0.2.1'],
]

/** How many of the three near keys two IPv6 addresses share: site, delegated prefix, link. */
const shared: [one: string, other: string, keys: number][] = [
  ['2001:db8:1:2::1', '2001:db8:1:2::2', 3],
  ['2001:db8:1:2::1', '2001:db8:1:3::1', 2],
  ['2001:db8:1:2::1', '2001:db8:1:102::1', 1],
]

const unfit: [written: string, why: RegExp][] = [
  ...[
    '',
    'localhost',
    '192.0.2',
    '192.0.2.256',
    '192.0.2.1.1',
    '192.0.2.01',
    '0300.0.2.1',
    '0xc0.0.2.1',
    '3221225985',
    '192.0.2.1/24',
    '192.0.2.1,198.51.100.1',
    'http://192.0.2.1',
    '::ffff:010.0.2.1',
    '::ffff:192.0.2.256',
    '::ffff:192.0.2',
    '1::2::3',
    '2001:db8::12345',
    '2001:db8::1%eth0',
    'fe80::1%eth0',
    '[2001:db8::1',
    '[]',
    `192.0.2.1${' '.repeat(60)}`,
  ].map((written): [string, RegExp] => [written, /not an IP address/]),
  ['10.1.2.3', /private/],
  ['172.16.0.1', /private/],
  ['192.168.0.1', /private/],
  ['fd00::1', /private/],
  ['127.0.0.1', /loopback/],
  ['::1', /loopback/],
  ['169.254.1.1', /link-local/],
  ['fe80::1', /link-local/],
  ['100.64.0.1', /carrier/],
  ['224.0.0.1', /multicast/],
  ['ff02::1', /multicast/],
  ['0.0.0.0', /unspecified/],
  ['::', /unspecified/],
  ['255.255.255.255', /broadcast/],
  ['240.0.0.1', /reserved/],
  ['198.18.0.1', /reserved/],
  ['100::1', /reserved/],
  ['4000::1', /reserved/],
  ['64:ff9b:1::1', /reserved/],
  ['::ffff:10.1.2.3', /private/],
  ['::127.0.0.1', /loopback/],
  ['64:ff9b::10.1.2.3', /private/],
]

for (const [canonical, ...spellings] of same) {
  for (const written of spellings) {
    test(`${JSON.stringify(written)} is ${canonical}`, () => {
      const normalised = normaliseIp(written, OPTIONS)
      assert.deepEqual(keysOf(normalised, 'exact'), [`exact/${canonical}`])
      assert.deepEqual(keysOf(normalised, 'canonical'), [`canonical/${canonical}`])
    })
  }
}

for (const [one, expected, other] of pairs) {
  test(`${one} and ${other}: ${expected}`, () => {
    assert.equal(relation(normaliseIp(one, OPTIONS), normaliseIp(other, OPTIONS)), expected)
  })
}

for (const [one, other, expected] of shared) {
  test(`${one} and ${other} share ${expected} near keys`, () => {
    const theirs = keysOf(normaliseIp(other, OPTIONS), 'near')
    assert.equal(keysOf(normaliseIp(one, OPTIONS), 'near').filter((key) => theirs.includes(key)).length, expected)
  })
}

for (const [written, why] of unfit) {
  test(`${written} cannot be checked`, () => {
    const normalised = normaliseIp(written, OPTIONS)
    assert.equal(normalised.kind, 'unfit')
    assert.match(normalised.why, why)
  })
}

test('documentation networks are nobody in production', () => {
  for (const written of ['192.0.2.1', '198.51.100.1', '203.0.113.1', '2001:db8::1', '::ffff:192.0.2.1']) {
    assert.equal(normaliseIp(written).kind, 'unfit')
  }
  assert.equal(normaliseIp('1.1.1.1').kind, 'fit')
})

test('the whole of what becomes of an address', () => {
  assert.deepEqual(normaliseIp('[2002:C000:0201::1]:443'), {
    kind: 'fit',
    keys: [
      { form: 'exact', text: 'exact/2002:c000:201::1' },
      { form: 'canonical', text: 'canonical/2002:c000:201::1' },
      { form: 'near', text: 'near/2002:c000:201:0::/64' },
      { form: 'near', text: 'near/2002:c000:201:0::/56' },
      { form: 'near', text: 'near/2002:c000:201::/48' },
    ],
    hint: '2002:c000:•',
    flags: ['tunnel'],
  })
})

const networks: [written: string, key: string, hint: string][] = [
  ['203.0.113.77/24', 'net/203.0.113.0/24', '203.0.•.•/24'],
  ['203.0.113.77/32', 'net/203.0.113.77/32', '203.0.•.•/32'],
  ['203.0.113.77/31', 'net/203.0.113.76/31', '203.0.•.•/31'],
  ['203.0.113.77/17', 'net/203.0.0.0/17', '203.0.•.•/17'],
  ['203.255.255.255/8', 'net/203.0.0.0/8', '203.255.•.•/8'],
  ['::ffff:203.0.113.77/120', 'net/203.0.113.0/24', '203.0.•.•/24'],
  ['64:ff9b::203.0.113.77/128', 'net/203.0.113.77/32', '203.0.•.•/32'],
  [' 2001:DB8::/32 ', 'net/2001:db8::/32', '2001:db8:•/32'],
  ['2001:db8:ffff::/41', 'net/2001:db8:ff80::/41', '2001:db8:•/41'],
  ['2600::/16', 'net/2600::/16', '2600:0:•/16'],
  ['2001:db8::f/128', 'net/2001:db8:0:0:0:0:0:f/128', '2001:db8:•/128'],
  ['2001:db8::ff/113', 'net/2001:db8:0:0:0:0:0:0/113', '2001:db8:•/113'],
  ['192.0.0.0/8', 'net/192.0.0.0/8', '192.0.•.•/8'],
]

for (const [written, key, hint] of networks) {
  test(`the network ${written} is ${key}`, () => {
    const normalised = normaliseNetwork(written, OPTIONS)
    assert.deepEqual(normalised, { kind: 'fit', keys: [{ form: 'exact', text: key }], hint, flags: [] })
  })
}

for (const [written, why] of [
  ['203.0.113.0/7', /\/8 or longer/],
  ['2001:db8::/15', /\/16 or longer/],
  ['::ffff:0:0/95', /\/8 or longer/],
  ['203.0.113.0/33', /not a network/],
  ['2001:db8::/129', /not a network/],
  ['203.0.113.0', /not a network/],
  ['203.0.113/24', /not a network/],
  ['203.0.113.0/255.255.255.0', /not a network/],
  ['203.0.113.0/-1', /not a network/],
  ['10.0.0.0/8', /private/],
  ['224.0.0.0/8', /multicast/],
  ['fe80::/64', /link-local/],
] as const) {
  test(`the network ${written} cannot be listed`, () => {
    const normalised = normaliseNetwork(written, OPTIONS)
    assert.equal(normalised.kind, 'unfit')
    assert.match(normalised.why, why)
  })
}

test('an address lies in the networks of all lengths, the smallest first', () => {
  const four = networksOf('192.0.2.129')
  assert.equal(four.length, 25)
  assert.deepEqual(
    [four[0], four[1], four[8], four[24]],
    ['net/192.0.2.129/32', 'net/192.0.2.128/31', 'net/192.0.2.0/24', 'net/192.0.0.0/8'],
  )
  const six = networksOf('2001:db8:1:23ff::7')
  assert.equal(six.length, 113)
  assert.deepEqual(
    [six[0], six[64], six[71], six[112]],
    ['net/2001:db8:1:23ff:0:0:0:7/128', 'net/2001:db8:1:23ff::/64', 'net/2001:db8:1:2380::/57', 'net/2001::/16'],
  )
})

test('an entry of any length is found by every address inside it, and by none outside', () => {
  const four = fc.tuple(fc.ipV4(), fc.integer({ min: 8, max: 32 }))
  const six = fc.tuple(fc.ipV6(), fc.integer({ min: 16, max: 128 }))
  fc.assert(
    fc.property(fc.oneof(four, six), fc.ipV4(), ([written, bits], stranger) => {
      const address = normaliseIp(written, OPTIONS)
      if (address.kind === 'unfit') return
      const [own = ''] = canonicalTexts(address)
      const length = own.includes(':') ? Math.max(16, bits) : Math.min(32, bits)
      const entry = normaliseNetwork(`${own}/${length}`, OPTIONS)
      const [key = ''] = keysOf(entry, 'exact')
      assert.ok(networksOf(own).includes(key))
      if (!own.includes(':') && stranger.split('.')[0] !== own.split('.')[0])
        assert.ok(!networksOf(stranger).includes(key))
    }),
  )
})

test('anything has an answer', () => {
  fc.assert(
    fc.property(
      fc.oneof(anyText, fc.ipV4Extended(), fc.ipV6(), fc.stringMatching(/^[0-9a-f.:[\]/%]{0,50}$/)),
      (raw) => {
        normaliseIp(raw)
        normaliseNetwork(raw)
      },
    ),
  )
})

test('an address is read as itself, and its case and padding mean nothing', () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (written) => {
      const normalised = normaliseIp(written, OPTIONS)
      if (normalised.kind === 'unfit') return
      const [text = ''] = canonicalTexts(normalised)
      assert.deepEqual(normaliseIp(text, OPTIONS), normalised)
      const padded = written.replaceAll(/(?<=:|^)[\da-f]{1,4}(?=:)/g, (group) => group.padStart(4, '0').toUpperCase())
      assert.deepEqual(normaliseIp(padded, OPTIONS), normalised)
    }),
  )
})

test('hostile texts take linear time', () => {
  assertLinear(normaliseIp, 64)
})
