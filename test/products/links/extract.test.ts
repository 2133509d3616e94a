import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EXTRACT_CHARS_MAX, EXTRACT_LINKS_MAX, extractLinks } from '../../../src/products/links/extract.ts'

const T = 'https://item.taobao.com/item.htm?id=600000000011'
const W = 'https://weidian.com/item.html?itemID=7100000013'
const A = 'https://www.acbuy.com/product/?id=7100000013&source=WD'

/** Each text with what is found in it: type and id, or type and the text of the link where there is no id. */
const CASES: [name: string, text: string, found: string[]][] = [
  ['nothing', 'no links here, only a.b and 3.14', []],
  ['two with a blank', `${T} ${W}`, ['item 600000000011', 'item 7100000013']],
  ['a chat message', `【淘宝】${T}，「白色 帆布包」点击链接直接打开`, ['item 600000000011']],
  ['Chinese on both sides without blanks', `看这个${T}很好${W}。`, ['item 600000000011', 'item 7100000013']],
  ['Chinese marks', `（${T}）、${W}！${A}；`, ['item 600000000011', 'item 7100000013', 'item 7100000013']],
  ['marks of a sentence', `(${T}), "${W}". <${A}>`, ['item 600000000011', 'item 7100000013', 'item 7100000013']],
  ['a markdown link', `[bag](${T}) and **${W}**`, ['item 600000000011', 'item 7100000013']],
  ['a markdown link that shows its target', `[${T}](${T})`, ['item 600000000011']],
  ['a table in markdown', `|${T}|${W}|`, ['item 600000000011', 'item 7100000013']],
  ['a row of a spreadsheet', `1,bag,${T},"${W}"\t${A}`, ['item 600000000011', 'item 7100000013', 'item 7100000013']],
  ['links glued together', `${T}${W}`, ['item 600000000011', 'item 7100000013']],
  [
    'HTML',
    `<a href="${A.replace('&', '&amp;')}">x</a><br>${T}<br/>${W}</p>`,
    ['item 7100000013', 'item 600000000011', 'item 7100000013'],
  ],
  ['JSON', JSON.stringify({ a: T }).replaceAll('/', '\\/'), ['item 600000000011']],
  [
    'JSON with escaped marks',
    `{"a":"${T}\\u0026x\\u003d1","b":"${A.replace('&', '\\u0026')}"}`,
    ['item 600000000011', 'item 7100000013'],
  ],
  ['JSON inside JSON', `"{\\"a\\":\\"${T.replaceAll('/', '\\\\/')}\\\\u0026x=1\\"}"`, ['item 600000000011']],
  [
    'HTML that hides every mark',
    `<b>${W.replaceAll('/', '&#x2F;').replace('=', '&#x3D;')}</b> ${T.replaceAll('/', '&#47;')}&#39;`,
    ['item 7100000013', 'item 600000000011'],
  ],
  [
    'known hosts without scheme',
    `weidian.com/item.html?itemID=7100000013, see acbuy.com`,
    ['item 7100000013', 'page acbuy.com'],
  ],
  ['several hosts without scheme', 'weidian.com/item/71;weidian.com/item/72', ['item 71', 'item 72']],
  ['an address of mail', 'write to someone@taobao.com', []],
  ['any address with a scheme', 'https://example.com/a?b=1.', ['none https://example.com/a?b=1']],
  ['a link inside another', `https://www.kakobuy.com/item/details?url=${W}`, ['item 7100000013']],
  [
    'a link inside an encoded one',
    `https://www.kakobuy.com/item/details?url=${encodeURIComponent(W)}`,
    ['item 7100000013'],
  ],
  ['an encoded link', encodeURIComponent(T), ['item 600000000011']],
  [
    'raw Chinese in the parameters',
    'https://item.taobao.com/item.htm?title=帆布包&id=600000000011 x',
    ['item 600000000011'],
  ],
  ['invisible characters', `https://item.tao\u200bbao.com/item.htm?id=600000000011\u200b`, ['item 600000000011']],
  [
    'a short link and its key',
    'https://e.tb.cn/h.abcDEF1?tk=xyz MF123 「包」',
    ['short https://e.tb.cn/h.abcDEF1?tk=xyz'],
  ],
  [
    'a forged host',
    'https://item.taobao.com.evil.test/item.htm?id=1',
    ['none https://item.taobao.com.evil.test/item.htm?id=1'],
  ],
]

for (const [name, text, found] of CASES) {
  test(`finds ${name}`, () => {
    assert.deepEqual(
      extractLinks(text).map((link) => `${link.type} ${link.listingId ?? link.input}`),
      found,
    )
  })
}

test('the input of each link is its own text', () => {
  assert.deepEqual(
    extractLinks(`see (${T}) 和${W}。`).map((link) => link.input),
    [T, W],
  )
})

test('a text with too many links ends with the reason', () => {
  const links = extractLinks(`${T} `.repeat(EXTRACT_LINKS_MAX + 1))
  assert.equal(links.length, EXTRACT_LINKS_MAX + 1)
  assert.equal(links.at(-1)!.reason, `Only the first ${EXTRACT_LINKS_MAX} links of a text are given.`)
  assert.equal(extractLinks(`${T} `.repeat(EXTRACT_LINKS_MAX)).length, EXTRACT_LINKS_MAX)
})

test('a text that is too long ends with the reason', () => {
  const links = extractLinks(`${T} ${'x'.repeat(EXTRACT_CHARS_MAX)} ${W}`)
  assert.deepEqual(
    links.map((link) => [link.listingId, link.reason]),
    [
      ['600000000011', null],
      [null, `Only the first ${EXTRACT_CHARS_MAX} characters of a text are searched.`],
    ],
  )
})
