import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DomainError } from '../../../src/lib/errors.ts'
import { convertLink } from '../../../src/products/links/convert.ts'
import type { ReferralPolicy } from '../../../src/products/links/convert.ts'
import { parseLink } from '../../../src/products/links/parse.ts'
import { AGENT_IDS, listAgents, marketplacesOf } from '../../../src/products/links/registry.ts'

const TAOBAO = 'https://item.taobao.com/item.htm?id=600000000011'
const TMALL = 'https://detail.tmall.com/item.htm?id=600000000012'
const WEIDIAN = 'https://weidian.com/item.html?itemID=7100000013'
const OFFER = 'https://detail.1688.com/offer/700000000014.html'
const GOOFISH = 'https://www.goofish.com/item?id=800000000015'

type Case = [input: string, to: string, url: string | null, lost?: string[], referral?: ReferralPolicy]

const CASES: Case[] = [
  [WEIDIAN, 'cnfans', 'https://cnfans.com/product?id=7100000013&platform=WEIDIAN'],
  [OFFER, 'hoobuy', 'https://www.hoobuy.com/product/0/700000000014'],
  [OFFER, 'usfans', 'https://www.usfans.com/product/1/700000000014'],
  [OFFER, 'ponybuy', 'https://www.ponybuy.com/products/2/700000000014'],
  [TAOBAO, 'cssbuy', 'https://www.cssbuy.com/item-600000000011.html'],
  [GOOFISH, 'cssbuy', 'https://www.cssbuy.com/shop/goodsDetail?type=xianyu&id=800000000015'],
  [GOOFISH, 'cnfans', null, ['cnfans: does not carry goofish.']],
  [TAOBAO, 'fansbuy', null, ['fansbuy: does not carry taobao.']],
  [
    TMALL,
    'superbuy',
    'https://www.superbuy.com/en/page/buy?from=search-input&url=https%3A%2F%2Fdetail.tmall.com%2Fitem.htm%3Fid%3D600000000012',
  ],
  [
    TMALL,
    'fishgoo',
    'https://www.fishgoo.com/#/product?productLink=https%253A%252F%252Fdetail.tmall.com%252Fitem.htm%253Fid%253D600000000012',
  ],
  [TMALL, 'cnshopper', 'https://cnshopper.com/goods/detail?keyword=600000000012&platform=tmall'],
  [
    TMALL,
    'acbuy',
    'https://www.acbuy.com/product/?id=600000000012&source=TB',
    ['acbuy: shows it as taobao, having no code for tmall.'],
  ],
  [
    WEIDIAN,
    'wegobuy',
    'https://www.wegobuy.com/en/page/buy?from=search-input&url=https%3A%2F%2Fweidian.com%2Fitem.html%3FitemID%3D7100000013',
    ['wegobuy: is closed, so the link opens nothing.'],
  ],
  [
    WEIDIAN,
    'dgobuy',
    'https://dgobuy.com/en_US/goods/detail?spuId=7100000013',
    ['dgobuy: its link does not say the marketplace, so it cannot be read back.'],
  ],
  ['https://weidian.com/?userid=77', 'hoobuy', 'https://www.hoobuy.com/shop/2/77'],
  [
    'https://weidian.com/?userid=77',
    'kakobuy',
    'https://www.kakobuy.com/item/store?url=https%3A%2F%2Fweidian.com%2F%3Fuserid%3D77',
  ],
  ['https://m.1688.com/winport/b2b-aBc77.html', 'cssbuy', 'https://www.cssbuy.com/productlist?t=1688&shop=aBc77'],
  [
    'https://shop77.1688.com/',
    'cssbuy',
    null,
    ['cssbuy: cannot be given this shop of 1688 by the id that its link has.'],
  ],
  [
    'https://someshop.taobao.com/',
    'hoobuy',
    null,
    ['hoobuy: cannot be given this shop of taobao by the id that its link has.'],
  ],
  [
    'https://someshop.taobao.com/',
    'hagobuy',
    'https://www.hagobuy.com/item/store?url=https%3A%2F%2Fsomeshop.taobao.com%2F',
  ],
  ['https://weidian.com/?userid=77', 'basetao', null, ['basetao: has no known address for shops of weidian.']],
  [
    'https://mobile.yangkeduo.com/goods.html?goods_id=900000000017',
    'cnfans',
    null,
    ['cnfans: does not carry pinduoduo.'],
  ],
  ['https://e.tb.cn/h.abcDEF1', 'cnfans', null],
  ['https://example.com', 'cnfans', null],
  // Codes of invitation.
  [
    WEIDIAN,
    'lovegobuy',
    'https://www.lovegobuy.com/product?id=7100000013&shop_type=weidian&invite_code=a%26b',
    [],
    { lovegobuy: 'a&b' },
  ],
  [WEIDIAN, 'hoobuy', 'https://www.hoobuy.com/product/2/7100000013?inviteCode=abc', [], { hoobuy: 'abc', cnfans: 'x' }],
  [WEIDIAN, 'hoobuy', 'https://www.hoobuy.com/product/2/7100000013', [], { cnfans: 'abc' }],
  [
    WEIDIAN,
    'basetao',
    'https://www.basetao.com/best-taobao-agent-service/products/agent/weidian/7100000013.html',
    ['basetao: takes no invitation code that is known.'],
    { basetao: 'abc' },
  ],
  [
    'https://cnfans.com/product?id=7100000013&platform=WEIDIAN&ref=abc',
    'cnfans',
    'https://cnfans.com/product?id=7100000013&platform=WEIDIAN&ref=abc',
    [],
    'keep',
  ],
  [
    'https://cnfans.com/product?id=7100000013&platform=WEIDIAN&ref=abc',
    'cnfans',
    'https://cnfans.com/product?id=7100000013&platform=WEIDIAN',
  ],
  [
    'https://cnfans.com/product?id=7100000013&platform=WEIDIAN&ref=abc',
    'mulebuy',
    'https://mulebuy.com/product?id=7100000013&platform=WEIDIAN',
    [],
    'keep',
  ],
]

for (const [input, to, url, lost = [], referral] of CASES) {
  test(`${input.slice(8, 50)} to ${to}${referral ? ` with ${JSON.stringify(referral)}` : ''}`, () => {
    const parsed = parseLink(input)
    assert.deepEqual(convertLink(parsed, to, referral), {
      ...parsed,
      converted: url === null ? {} : { [to]: url },
      lost,
    })
  })
}

test('without a target the link stays as it is', () => {
  const link = parseLink(WEIDIAN)
  assert.equal(convertLink(link, undefined), link)
})

test('all leaves out what is closed or renamed and says who cannot carry it', () => {
  const { converted, lost } = convertLink(parseLink(TMALL), 'all')
  const open = listAgents().filter((agent) => agent.status === 'active' || agent.status === 'legacy')
  const able = open.filter((agent) => marketplacesOf(agent).includes('tmall')).map((agent) => agent.id)
  assert.deepEqual(Object.keys(converted), able)
  assert.ok(!('wegobuy' in converted) && !('pandabuy' in converted) && !('joyabuy' in converted))
  assert.ok(lost.includes('fansbuy: does not carry tmall.'))
  assert.ok(lost.includes('cnfans: shows it as taobao, having no code for tmall.'))
})

test('what is written for every agent and marketplace is read back as the same listing', () => {
  const checked: string[] = []
  for (const input of [TAOBAO, TMALL, WEIDIAN, OFFER, GOOFISH]) {
    const link = parseLink(input)
    for (const id of AGENT_IDS) {
      const { converted, lost } = convertLink(link, id)
      const url = converted[id]
      if (url === undefined) {
        assert.equal(lost.length, 1, id)
        continue
      }
      const back = parseLink(url)
      const folded = lost.some((each) => each.includes('having no code'))
      const expected = {
        type: id === 'dgobuy' ? 'ambiguous' : 'item',
        marketplace: id === 'dgobuy' ? null : folded ? 'taobao' : link.marketplace,
        listingId: link.listingId,
        agent: id,
      }
      const { type, marketplace, listingId, agent } = back
      assert.deepEqual({ type, marketplace, listingId, agent }, expected, url)
      checked.push(id)
    }
  }
  assert.deepEqual(new Set(checked), AGENT_IDS)
})

test('shops that are written are read back as the same shop', () => {
  let checked = 0
  for (const input of ['https://shop77.taobao.com/', 'https://weidian.com/?userid=77', 'https://shop77.1688.com/']) {
    const link = parseLink(input)
    for (const [id, url] of Object.entries(convertLink(link, 'all').converted)) {
      const { type, canonicalUrl, agent } = parseLink(url)
      assert.deepEqual(
        { type, canonicalUrl, agent },
        { type: 'store', canonicalUrl: link.canonicalUrl, agent: id },
        url,
      )
      checked += 1
    }
  }
  assert.ok(checked > 30, `${checked} checked`)
})

test('unknown agents and unfit codes are refused', () => {
  const link = parseLink(WEIDIAN)
  const refused = { name: 'DomainError', code: 'input_invalid' }
  assert.throws(() => convertLink(link, 'nobody'), refused)
  assert.throws(() => convertLink(link, '__proto__'), refused)
  assert.throws(() => convertLink(link, 'cnfans', { nobody: 'abc' }), refused)
  for (const code of ['', 'a b', 'ü', 'x'.repeat(129)]) {
    assert.throws(() => convertLink(link, 'cnfans', { cnfans: code }), DomainError, JSON.stringify(code))
  }
})
