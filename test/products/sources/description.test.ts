import assert from 'node:assert/strict'
import test from 'node:test'
import { readDescription } from '../../../src/products/sources/description.ts'
import { parseJson } from '../../../src/products/sources/json.ts'
import { readPlace } from '../../../src/products/sources/places.ts'

test('markup becomes plain text with line breaks', () => {
  const cases: [html: unknown, text: string | null][] = [
    ['plain', 'plain'],
    ['<p>one</p><p>two</p>', 'one\ntwo'],
    ['a<br>b<br/>c<BR />d', 'a\nb\nc\nd'],
    ['<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>', 'ab\nc'],
    ['<b>bold</b> and <i>more</i>', 'bold and more'],
    ['  a \t b  ', 'a b'],
    ['&lt;b&gt; &amp;amp; &#20013;&#x6587; &nbsp;&yen;5 &unknown; &', '<b> &amp; 中文 ¥5 &unknown; &'],
    ['3 < 5 and 7 > 2', '3 < 5 and 7 > 2'],
    ['<!-- hidden <p>--> shown', 'shown'],
    ['<!-- never closed <p>text</p>', null],
    ['<script>alert(1)</script>after', 'after'],
    ['<SCRIPT src=x>alert("</p>")</SCRIPT >after', 'after'],
    ['<script>never closed', null],
    ['<style>p{}</style><svg><text>x</text></svg><iframe>y</iframe>ok', 'ok'],
    ['<a href="x>y" onclick=\'>\'>link</a>', 'link'],
    ['<a href="never closed>text', null],
    ['a\u0000b\u200B\u202Ec', 'abc'],
    ['&#0;&#xD800;&#99999999;x', '\uFFFD&#99999999;x'],
    ['<<p>>', '<\n>'],
    ['İ'.repeat(20) + '<SCRIPT>x</Script>kept<p>tail</p>', 'İ'.repeat(20) + 'kept\ntail'],
    ['İİİ<style>s</style><b>bold</b><script>evil()</script>end', 'İİİboldend'],
    ['', null],
    [null, null],
    [5, null],
    [['<p>a</p>'], null],
  ]
  for (const [html, text] of cases) assert.equal(readDescription(html).text, text, String(html))
})

test('pictures are kept from the marketplaces own hosts only, and not when hidden or a pixel', () => {
  const good = 'https://img.alicdn.com/a.jpg'
  const cases: [html: string, images: string[]][] = [
    [`<img src="${good}">`, [good]],
    [`<IMG alt="x" SRC='//img.alicdn.com/a.jpg'/>`, [good]],
    ['<img src=http://img.alicdn.com/a.jpg>', [good]],
    [`<img src="${good}"><img src="${good}">`, [good]],
    ['<img src="https://si.geilicdn.com/a.jpg">', ['https://si.geilicdn.com/a.jpg']],
    ['<img src="https://img.alicdn.com/a.jpg?x=1&amp;y=2">', ['https://img.alicdn.com/a.jpg?x=1&y=2']],
    [`<img src="https://assets.alicdn.com/s.gif" data-ks-lazyload="${good}">`, [good]],
    [`<img src="${good}" width="1" height="1">`, []],
    [`<img src="${good}" style="display: none">`, []],
    ['<img src="https://alicdn.com.evil.example/a.jpg">', []],
    ['<img src="https://evilalicdn.com/a.jpg">', []],
    ['<img src="https://evil.example/?https://img.alicdn.com/a.jpg">', []],
    ['<img src="https://img.alicdn.com@evil.example/a.jpg">', []],
    ['<img src="https://img.alicdn.com/i.php?t.png">', []],
    ['<img src="javascript:alert(1)"><img src="data:image/png;base64,AA"><img src>', []],
    [`<script><img src="${good}"></script>`, []],
    [`<!-- <img src="${good}"> -->`, []],
  ]
  for (const [html, images] of cases) assert.deepEqual(readDescription(html).images, images, html)
})

test('hostile descriptions cost no more than their length', () => {
  const hostile = ['<', '<a ', '<a "', '<!--', '&', '&#', '<script>', '</script>', '<img src="', ' ', '\n', '<p>']
  const started = performance.now()
  for (const part of hostile) readDescription(part.repeat(1_000_000 / part.length))
  const tookMs = performance.now() - started
  assert.ok(tookMs < 5_000, `${Math.round(tookMs)} ms`)
})

test('JSON: whole numbers that no number holds become digits, everything else stays', () => {
  const cases: [text: string, value: unknown][] = [
    ['9007199254740991', 9007199254740991],
    ['9007199254740993', '9007199254740993'],
    ['-9007199254740993', '-9007199254740993'],
    ['123456789012345678901234567890', '123456789012345678901234567890'],
    ['1.50', 1.5],
    ['1e3', 1000],
    ['{"a":1,"a":2}', { a: 2 }],
    ['{"id":2237938826932135493,"s":"2237938826932135493"}', { id: '2237938826932135493', s: '2237938826932135493' }],
    ['{', undefined],
    ['', undefined],
    ['<html>', undefined],
    ['[1,]', undefined],
    ['['.repeat(500_000), undefined],
  ]
  for (const [text, value] of cases) assert.deepEqual(parseJson(text), value, text.slice(0, 60))
  const polluted = parseJson('{"__proto__":{"polluted":1}}') as object
  assert.equal(({} as { polluted?: unknown }).polluted, undefined)
  assert.ok(polluted)
})

test('places are split into province and city', () => {
  const cases: [place: unknown, province: string | null, city: string | null][] = [
    ['广东广州', '广东', '广州'],
    ['广东省 深圳市', '广东', '深圳'],
    ['浙江省杭州市余杭区', '浙江', '杭州'],
    ['上海', '上海', '上海'],
    ['上海市', '上海', '上海'],
    ['重庆/重庆', '重庆', '重庆'],
    ['内蒙古自治区呼和浩特市', '内蒙古', '呼和浩特'],
    ['广西壮族自治区南宁市', '广西', '南宁'],
    ['新疆维吾尔自治区乌鲁木齐市', '新疆', '乌鲁木齐'],
    ['浙江', '浙江', null],
    ['', null, null],
    [null, null, null],
    [[], null, null],
  ]
  for (const [place, province, city] of cases) assert.deepEqual(readPlace(place), { province, city }, String(place))
})
