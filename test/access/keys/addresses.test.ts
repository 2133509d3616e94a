import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressGroup, isInNetworks, parseNetwork } from '../../../src/access/keys/addresses.ts'

const cases: { address: string; allow: string[]; inside: boolean }[] = [
  { address: '203.0.113.7', allow: ['203.0.113.7'], inside: true },
  { address: '203.0.113.8', allow: ['203.0.113.7'], inside: false },
  { address: '203.0.113.255', allow: ['203.0.113.0/24'], inside: true },
  { address: '203.0.114.0', allow: ['203.0.113.0/24'], inside: false },
  { address: '203.0.113.9', allow: ['203.0.113.77/24'], inside: true },
  { address: '::ffff:203.0.113.9', allow: ['203.0.113.0/24'], inside: true },
  { address: '::ffff:cb00:7109', allow: ['203.0.113.0/24'], inside: true },
  { address: '203.0.113.9', allow: ['::ffff:203.0.113.0/120'], inside: true },
  { address: '2001:db8::1', allow: ['2001:db8::/32'], inside: true },
  { address: '2001:db9::1', allow: ['2001:db8::/32'], inside: false },
  { address: '2001:db8::1', allow: ['0.0.0.0/0'], inside: false },
  { address: '10.1.2.3', allow: ['192.0.2.1', '10.0.0.0/8'], inside: true },
  { address: '1.2.3.4', allow: ['0.0.0.0/0'], inside: true },
  { address: 'not an address', allow: ['0.0.0.0/0', '::/0'], inside: false },
  { address: 'fe80::1%eth0', allow: ['::/0'], inside: false },
]

for (const { address, allow, inside } of cases) {
  test(`${address} is ${inside ? '' : 'not '}in ${allow.join(' or ')}`, () => {
    assert.equal(
      isInNetworks(
        address,
        allow.map((network) => parseNetwork(network)!),
      ),
      inside,
    )
  })
}

test('unreadable networks are refused rather than guessed at', () => {
  const wrong = [
    '',
    '203.0.113',
    '0x7f.1',
    '2130706433',
    '010.0.0.1',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '::/129',
    'host',
  ]
  assert.deepEqual(
    wrong.filter((text) => parseNetwork(text) !== null),
    [],
  )
})

test('one household or server counts as one: an IPv4 address in either spelling, an IPv6 /64', () => {
  assert.equal(addressGroup('203.0.113.7'), addressGroup('::ffff:203.0.113.7'))
  assert.notEqual(addressGroup('203.0.113.7'), addressGroup('203.0.113.8'))
  assert.equal(addressGroup('2001:db8::1'), addressGroup('2001:db8::ffff:1'))
  assert.notEqual(addressGroup('2001:db8::1'), addressGroup('2001:db8:0:1::1'))
})
