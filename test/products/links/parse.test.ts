import assert from 'node:assert/strict'
import { createCipheriv } from 'node:crypto'
import { test } from 'node:test'
import { PARSE_CHARS_MAX, parseLink } from '../../../src/products/links/parse.ts'
import { ROWS, encoded } from './fixtures/rows.ts'
import { judge } from './judge.ts'

for (const row of ROWS) {
  test(`${row.kind} ${row.type}: ${JSON.stringify(row.url.slice(0, 120))}`, () => {
    const link = parseLink(row.url)
    assert.equal(judge(row, link), 'right', JSON.stringify(link))
    assert.equal(link.input, row.url)
    assert.equal(typeof link.reason, link.type === 'item' ? 'object' : 'string')
  })
}

const BLANK = {
  marketplace: null,
  listingId: null,
  agent: null,
  canonicalUrl: null,
  storeId: null,
  shortUrl: null,
  converted: {},
  lost: [],
  referral: null,
}

const WHOLE: [url: string, link: object][] = [
  [
    'https://www.kakobuy.com/item/details?url=https%3A%2F%2Fweidian.com%2Fitem.html%3FitemID%3D7100000013&affcode=abc12',
    {
      ...BLANK,
      type: 'item',
      marketplace: 'weidian',
      listingId: '7100000013',
      agent: 'kakobuy',
      canonicalUrl: 'https://weidian.com/item.html?itemID=7100000013',
      referral: { kakobuy: 'abc12' },
      reason: null,
    },
  ],
  [
    'https://item.jd.com/100000000016.html',
    {
      ...BLANK,
      type: 'unsupported',
      marketplace: 'jd',
      listingId: '100000000016',
      canonicalUrl: 'https://item.jd.com/100000000016.html',
      reason: 'Listings of jd are recognised but not carried.',
    },
  ],
  [
    'https://www.acbuy.com/en/page/shop/shop/?shopid=77&platform=WD&u=abc',
    {
      ...BLANK,
      type: 'store',
      marketplace: 'weidian',
      agent: 'acbuy',
      canonicalUrl: 'https://weidian.com/?userid=77',
      storeId: '77',
      referral: { acbuy: 'abc' },
      reason: 'A shop on weidian, not one of its items.',
    },
  ],
  [
    'https://www.cssbuy.com/productlist?t=1688&shop=aBcD77',
    {
      ...BLANK,
      type: 'store',
      marketplace: '1688',
      agent: 'cssbuy',
      canonicalUrl: 'https://m.1688.com/winport/b2b-aBcD77.html',
      storeId: 'b2b-aBcD77',
      reason: 'A shop on 1688, not one of its items.',
    },
  ],
  [
    'https://e.tb.cn/h.abcDEF1?tk=xyz',
    {
      ...BLANK,
      type: 'short',
      marketplace: 'taobao',
      shortUrl: 'https://e.tb.cn/h.abcDEF1?tk=xyz',
      reason: 'A short link: it has to be followed to know its item.',
    },
  ],
  [
    'https://ikako.vip/r/abc12',
    {
      ...BLANK,
      type: 'page',
      agent: 'kakobuy',
      referral: { kakobuy: 'abc12' },
      reason: 'An invitation to Kakobuy, not one item.',
    },
  ],
  [
    'https://cnfans.com/product?id=7100000013',
    {
      ...BLANK,
      type: 'ambiguous',
      listingId: '7100000013',
      agent: 'cnfans',
      reason: 'The link of CNFans does not tell the marketplace of its item.',
    },
  ],
  [
    'https://user@item.taobao.com/item.htm?id=600000000011',
    { ...BLANK, type: 'none', reason: 'The address carries a user name before its host, as forged links do.' },
  ],
  ['  ', { ...BLANK, type: 'none', reason: 'There is no text.' }],
  [
    'x'.repeat(PARSE_CHARS_MAX + 1),
    { ...BLANK, type: 'none', reason: `The text is longer than ${PARSE_CHARS_MAX} characters.` },
  ],
]

for (const [url, link] of WHOLE) {
  test(`the whole answer for ${url.slice(0, 60)}`, () => {
    assert.deepEqual(parseLink(url), { input: url, ...link })
  })
}

test('codes mean what the agent means by them', () => {
  const byNumber = (url: string) => parseLink(url).marketplace
  assert.deepEqual(
    [
      'https://hoobuy.com/product/2/7100000013',
      'https://www.ponybuy.com/products/2/7100000013',
      'https://www.usfans.com/product/2/7100000013',
    ].map(byNumber),
    ['weidian', '1688', 'taobao'],
  )
})

test('a message with one listing is that listing, with several it is ambiguous', () => {
  const message = (text: string) => {
    const { type, listingId, reason } = parseLink(text)
    return { type, listingId, reason }
  }
  const item = { type: 'item', listingId: '600000000011', reason: null }
  const one = 'https://item.taobao.com/item.htm?id=600000000011'
  assert.deepEqual(message(`look: ${one}, and https://shop77.taobao.com/ and https://example.com`), item)
  assert.deepEqual(message(`[${one}](${one})`), item)
  assert.deepEqual(message(`${one}](${one})`), item)
  assert.deepEqual(message(`${one} ${one.replace('https', 'http')}`), item)
  assert.deepEqual(message(`看看这个${one}。谢谢`), item)
  assert.deepEqual(message(`${one} https://weidian.com/item.html?itemID=7100000013`), {
    type: 'ambiguous',
    listingId: null,
    reason: 'The text holds links to several listings.',
  })
})

test('links inside links are read to a bounded depth', () => {
  const nest = (levels: number) => {
    let url = 'https://weidian.com/item.html?itemID=7100000013'
    for (let level = 0; level < levels; level += 1) url = `https://www.kakobuy.com/item/details?url=${encoded(url, 1)}`
    return parseLink(url).type
  }
  assert.equal(nest(3), 'item')
  assert.notEqual(nest(40), 'item')
})

test('an encrypted Pandabuy address is read, a spoilt one is short', () => {
  const cipher = createCipheriv('des-ede3-cbc', '12zxcvbn'.repeat(3), '90oikjhg')
  const plain = 'https://weidian.com/item.html?itemID=7100000013'
  const sealed = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()])
  const noisy = Buffer.concat([sealed.subarray(0, 5), Buffer.from('x'), sealed.subarray(5)]).toString('base64')
  const url = `https://www.pandabuy.com/product?url=PJ5q${encodeURIComponent(noisy)}`
  const { type, marketplace, listingId, agent } = parseLink(url)
  assert.deepEqual(
    { type, marketplace, listingId, agent },
    { type: 'item', marketplace: 'weidian', listingId: '7100000013', agent: 'pandabuy' },
  )
  assert.equal(parseLink(url.replace('PJ5q', 'PJ4q')).type, 'short')
  assert.equal(parseLink('https://www.pandabuy.com/product?url=PJ5qAAAA').type, 'short')
})

test('codes of invitation are kept by agent, the outermost first, and odd ones are left out', () => {
  const inner = 'https://cnfans.com/product?id=7100000013&platform=WEIDIAN&ref=inner1'
  const url = `https://www.allchinabuy.com/en/page/buy/?url=${encoded(inner, 1)}&partnercode=outer1`
  assert.deepEqual(parseLink(url).referral, { allchinabuy: 'outer1', cnfans: 'inner1' })
  const twice = `https://cnfans.com/product?ref=outer1&url=${encoded(inner, 1)}`
  assert.deepEqual(parseLink(twice).referral, { cnfans: 'outer1' })
  assert.equal(parseLink('https://cnfans.com/product?id=7&platform=WEIDIAN&ref=').referral, null)
  assert.equal(parseLink('https://cnfans.com/product?id=7&platform=WEIDIAN&ref=%3Cb%3E').referral, null)
})
