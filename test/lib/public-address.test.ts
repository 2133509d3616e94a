import assert from 'node:assert/strict'
import test from 'node:test'
import { isPublicAddress } from '../../src/lib/public-address.ts'

test('only addresses of the public internet are public', () => {
  const cases: Record<string, boolean> = {
    '1.1.1.1': true,
    '93.184.216.34': true,
    '2606:4700::1111': true,
    '0.0.0.0': false,
    '0.1.2.3': false,
    '10.0.0.1': false,
    '100.64.0.1': false,
    '127.0.0.1': false,
    '127.255.255.254': false,
    '169.254.169.254': false,
    '172.16.0.1': false,
    '172.31.255.255': false,
    '192.0.0.1': false,
    '192.0.2.1': false,
    '192.88.99.1': false,
    '192.168.1.1': false,
    '198.18.0.1': false,
    '198.51.100.1': false,
    '203.0.113.1': false,
    '224.0.0.1': false,
    '240.0.0.1': false,
    '255.255.255.255': false,
    '::': false,
    '::1': false,
    // IPv4 inside IPv6, in each of the forms that exist.
    '::127.0.0.1': false,
    '::ffff:127.0.0.1': false,
    '::ffff:1.1.1.1': false,
    '::ffff:0:127.0.0.1': false,
    '64:ff9b::7f00:1': false,
    '64:ff9b:1::7f00:1': false,
    '2002:7f00:1::': false,
    '2001:0:7f00:1::': false,
    '100::1': false,
    '2001:db8::1': false,
    '3fff::1': false,
    '5f00::1': false,
    'fc00::1': false,
    'fd12:3456::1': false,
    'fe80::1': false,
    'fe80::1%lo': false,
    'fec0::1': false,
    'ff02::1': false,
    '4000::1': false,
    localhost: false,
    '': false,
    '999.1.1.1': false,
    '1.1.1.1, 10.0.0.1': false,
  }
  const judged = Object.fromEntries(Object.keys(cases).map((address) => [address, isPublicAddress(address)]))
  assert.deepEqual(judged, cases)
})
