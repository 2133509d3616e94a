import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { GOODS } from '../../../src/products/translation/glossary-goods.ts'
import { LOOKS } from '../../../src/products/translation/glossary-looks.ts'
import { MATTER } from '../../../src/products/translation/glossary-matter.ts'
import { TRADE } from '../../../src/products/translation/glossary-trade.ts'
import { fromGlossary } from '../../../src/products/translation/glossary.ts'

const WRITTEN: [string, string][] = [
  ['黑色', 'Black'],
  ['黑色加厚款', 'Black thick version'],
  ['深蓝色', 'Dark blue'],
  ['颜色分类', 'Colour'],
  ['均码', 'One size'],
  ['XL码', 'XL'],
  ['XXL码', 'XXL'],
  ['4XL', '4XL'],
  ['38码', 'Size 38'],
  ['36-37码', 'Size 36-37'],
  ['2件套', '2-piece set'],
  ['两件', '2 pcs'],
  ['1件', '1 pc'],
  ['3双装', 'Pack of 3 pairs'],
  ['10只装', 'Pack of 10'],
  ['5色可选', '5 colours optional'],
  ['M（建议80-100斤）', 'M (recommended 40-50 kg)'],
  ['500毫升', '500 ml'],
  ['3-6个月', '3-6 months'],
  ['2026年秋季', '2026 autumn'],
  ['2年', '2 years'],
  ['8折', '80% of the price'],
  ['9.5折', '95% of the price'],
  ['8.88折', '88.8% of the price'],
  ['7-8.5折', '70-85% of the price'],
  ['85折', '85% of the price'],
  ['五折', '50% of the price'],
  ['100%棉', '100% cotton'],
  ['304不锈钢保温杯', '304 stainless steel vacuum flask'],
  ['纯棉短袖T恤 宽松', 'Pure cotton short sleeve T-shirt loose'],
  ['iPhone15手机壳', 'iPhone15 phone case'],
  ['【现货】黑色，均码', '[In stock] black, one size'],
  ['粉色-大号', 'Pink-large'],
  ['黑色;均码', 'Black;one size'],
  ['广东省', 'Guangdong'],
  ['45×45厘米不含芯', '45 × 45 cm without insert'],
  ['U盘', 'USB drive'],
  ['USB-C 30*40cm', 'USB-C 30*40cm'],
  ['', ''],
]

test('a text of known words is written in English', () => {
  for (const [text, english] of WRITTEN) assert.deepEqual(fromGlossary(text), { text: english, translated: true }, text)
})

const KEPT: [string, string][] = [
  ['白云', '白云'],
  ['红包', '红包'],
  ['星空幻想曲', '星空幻想曲'],
  ['星空幻想曲 黑色', '星空幻想曲 black'],
  ['深蓝色（带盖）', 'Dark blue (带盖)'],
  ['ブラック', 'ブラック'],
  ['Чёрный', 'Чёрный'],
]

test('a run of Chinese with an unknown part is kept whole, and says so', () => {
  for (const [text, written] of KEPT) assert.deepEqual(fromGlossary(text), { text: written, translated: false }, text)
})

test('no word stands in two tables, and every entry is ready to be joined into a sentence', () => {
  const words = [GOODS, LOOKS, MATTER, TRADE].flatMap((table) => Object.entries(table))
  assert.equal(new Set(words.map(([word]) => word)).size, words.length)
  assert.ok(words.length >= 1_500, `${words.length} words`)
  for (const [word, english] of words) {
    assert.match(word, /\p{Script=Han}/u)
    assert.doesNotMatch(english, /[^\p{Script=Latin}\p{Script=Common}]|^\s|\s$|^$/u, word)
  }
})

test('any text is taken, and one without foreign letters comes back as it is', () => {
  const pieces = fc.array(
    fc.oneof(
      fc.constantFrom('黑色', '加厚', '3件套', '斤', '的', 'T恤', 'XL码', '【', '－', ' ', '\0', '\ud800', '9'),
      fc.string({ unit: 'binary' }),
    ),
  )
  fc.assert(
    fc.property(pieces, (parts) => {
      const { text, translated } = fromGlossary(parts.join(''))
      assert.equal(translated, !/(?!\p{Script=Latin})\p{L}/u.test(text))
    }),
  )
  fc.assert(fc.property(fc.string({ unit: 'grapheme-ascii' }), (text) => fromGlossary(text).text === text))
})
