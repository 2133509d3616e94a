import assert from 'node:assert/strict'
import { test } from 'node:test'
import { convertLink } from '../../../src/products/links/convert.ts'
import { parseLink } from '../../../src/products/links/parse.ts'
import { toWireLink } from '../../../src/products/links/wire.ts'

test('a link prints its ten fields, in their order, and no other', () => {
  const link = convertLink(parseLink('https://detail.tmall.com/item.htm?id=600000000012'), 'acbuy')
  assert.equal(
    JSON.stringify(toWireLink(link)),
    JSON.stringify({
      input: 'https://detail.tmall.com/item.htm?id=600000000012',
      type: 'item',
      marketplace: 'tmall',
      listing_id: '600000000012',
      agent: null,
      canonical_url: 'https://detail.tmall.com/item.htm?id=600000000012',
      converted: { acbuy: 'https://www.acbuy.com/product/?id=600000000012&source=TB' },
      lost: ['acbuy: shows it as taobao, having no code for tmall.'],
      referral: null,
      reason: null,
    }),
  )
  assert.deepEqual(toWireLink(parseLink('')), {
    input: '',
    type: 'none',
    marketplace: null,
    listing_id: null,
    agent: null,
    canonical_url: null,
    converted: {},
    lost: [],
    referral: null,
    reason: 'There is no text.',
  })
})
