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

test('one listing under the names of tmall and taobao is that of tmall, in any order', () => {
  const tmall = 'https://detail.tmall.com/item.htm?id=600000000012'
  const agent = 'https://cnfans.com/product?id=600000000012&platform=TAOBAO'
  const taobao = 'https://item.taobao.com/item.htm?id=600000000012'
  for (const text of [`${tmall} ${agent}`, `${agent} ${tmall}`, `${taobao} ${agent} ${tmall}`]) {
    assert.equal(parseLink(text).canonicalUrl, tmall, text)
  }
  assert.equal(parseLink(`${tmall} ${agent.replace('TAOBAO', 'WEIDIAN')}`).type, 'ambiguous')
})

const W = encoded('https://weidian.com/item.html?itemID=7100000013', 1)
const X = encoded('https://weidian.com/item.html?itemID=7100000099', 1)
const J = encoded('https://item.jd.com/100000000016.html', 1)
const KAKOBUY = 'https://www.kakobuy.com/item/details'

/** Links that give two answers, each with another pair of places. */
const TWO_ANSWERS: [name: string, url: string][] = [
  ['one wrapping parameter twice', `${KAKOBUY}?url=${W}&url=${X}`],
  ['two wrapping parameters', `${KAKOBUY}?url=${W}&link=${X}`],
  ['a listing that is not carried', `${KAKOBUY}?url=${W}&link=${J}`],
  ['two links in a wrapped message', `${KAKOBUY}?url=${encoded('look ', 1)}${W}%20${X}`],
  ['the query and the route', `${KAKOBUY}?url=${W}#/item?url=${X}`],
  ['the route and the id form', `https://cnfans.com/product?id=7100000099&platform=WEIDIAN#/product?url=${W}`],
  ['the id form and a wrapped address', `https://www.acbuy.com/product?id=7100000099&source=WD&url=${W}`],
  ['the id form and a listing that is not carried', `https://www.acbuy.com/product?id=7100000099&source=WD&url=${J}`],
  ['an id without a marketplace and a wrapped address', `https://www.acbuy.com/product?id=7100000099&url=${W}`],
  ['a believed address of another id', `https://www.sifubuy.com/detail?id=7100000099&type=1&productUrl=${W}`],
  ['two code names', 'https://cnfans.com/product?id=7100000013&platform=WEIDIAN&shop_type=taobao'],
  ['one code name twice', 'https://cnfans.com/product?id=7100000013&platform=WEIDIAN&platform=taobao'],
  ['one code name twice, once unknown', 'https://cnfans.com/product?id=7100000013&platform=WEIDIAN&platform=x'],
  ['two id names of an agent', 'https://oopbuy.com/goods/details?id=7100000013&spuNo=7100000099&channel=weidian'],
  ['two named ids', 'https://loongbuy.com/product-details?weidian=7100000013&taobao=7100000013'],
  ['two id names of a marketplace', 'https://item.taobao.com/item.htm?id=600000000011&itemId=600000000099'],
  ['path and parameter of taobao', 'https://world.taobao.com/item/600000000011.htm?id=600000000099'],
  ['path and parameter of weidian', 'https://weidian.com/item/7100000013?itemID=7100000099'],
  ['path and parameter of 1688', 'https://detail.1688.com/offer/700000000014.html?offerId=700000000099'],
]

for (const [name, url] of TWO_ANSWERS) {
  test(`two different answers are ambiguous: ${name}`, () => {
    const { type, listingId } = parseLink(url)
    assert.deepEqual({ type, listingId }, { type: 'ambiguous', listingId: null })
  })
}

test('one answer given twice is that answer', () => {
  for (const url of [
    `${KAKOBUY}?url=${W}&url=${W}&link=${encoded(W, 1)}`,
    `${KAKOBUY}?url=${W}#/item?url=${W}`,
    `https://www.acbuy.com/product?id=7100000013&source=WD&url=${W}`,
    `https://www.acbuy.com/product?id=7100000013&url=${W}`,
    `https://www.acbuy.com/product?id=7100000013&source=WD&url=${encoded('https://weidian.com/', 1)}`,
    `${KAKOBUY}?keyword=${encoded('https://e.tb.cn/h.abcDEF1', 1)}&url=${W}`,
  ]) {
    assert.equal(parseLink(url).canonicalUrl, 'https://weidian.com/item.html?itemID=7100000013', url)
  }
})

test('a wrapped message keeps the agent, its code, and where the short link starts', () => {
  const short = (message: string) => {
    const { type, agent, referral, shortUrl } = parseLink(`${KAKOBUY}?url=${encoded(message, 1)}&affcode=abc`)
    return { type, agent, referral, shortUrl }
  }
  const found = {
    type: 'short',
    agent: 'kakobuy',
    referral: { kakobuy: 'abc' },
    shortUrl: 'https://e.tb.cn/h.abcDEF1?tk=xyz',
  }
  assert.deepEqual(short('【淘宝】https://e.tb.cn/h.abcDEF1?tk=xyz MF123 「帆布包」'), found)
  assert.deepEqual(short('https://e.tb.cn/h.abcDEF1?tk=xyz MF123 「帆布包」'), found)
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
