import assert from 'node:assert/strict'
import { test } from 'node:test'
import { languageOf } from '../../../src/products/translation/languages.ts'
import {
  type Texts,
  translateListing,
  translateText,
  untranslatedTexts,
} from '../../../src/products/translation/translation.ts'

test('the source goes before the glossary, and the glossary before the service', () => {
  const source = { 黑色: 'Jet' }
  const service = { 黑色: 'Noir', 星空幻想曲: 'Starry fantasia', 白色: '' }
  const cases: [string, string, { text: string; translated: boolean }][] = [
    ['黑色', 'en', { text: 'Jet', translated: true }],
    [' 黑色 ', 'en', { text: 'Jet', translated: true }],
    ['灰色', 'en', { text: 'Grey', translated: true }],
    ['星空幻想曲', 'en', { text: 'Starry fantasia', translated: true }],
    ['未知之物', 'en', { text: '未知之物', translated: false }],
    ['constructor', 'en', { text: 'constructor', translated: true }],
    ['toString', 'fr', { text: 'toString', translated: false }],
    ['__proto__', 'fr', { text: '__proto__', translated: false }],
    ['灰色', 'fr', { text: '灰色', translated: false }],
    ['白色', 'fr', { text: '白色', translated: false }],
    ['30*40 cm', 'fr', { text: '30*40 cm', translated: true }],
    ['XXL', 'fr', { text: 'XXL', translated: true }],
    ['黑色', 'zh', { text: '黑色', translated: true }],
  ]
  for (const [text, language, expected] of cases) {
    assert.deepEqual(translateText(text, language, source, service), expected, `${text} in ${language}`)
  }
})

const LISTING: Texts = {
  title: '手工陶瓷水杯',
  description: '一只好杯子',
  unit: '件',
  options: [
    {
      id: '1',
      name: '颜色',
      values: [
        { id: '7', name: '雾里看花' },
        { id: '8', name: '白色' },
      ],
    },
  ],
  attributes: [
    { name: '材质', value: '陶瓷' },
    { name: '匠人', value: '雾里看花' },
  ],
  seller: { city: '杭州', province: null },
  translations: { en: { title: 'Handmade cup', terms: { 匠人: 'Maker' } } },
}

test('every field of a listing tells whether it is translated', () => {
  assert.deepEqual(translateListing(LISTING, 'en', { 雾里看花: 'Flowers in mist' }), {
    language: 'en',
    title: { text: 'Handmade cup', translated: true },
    description: { text: '一只好杯子', translated: false },
    unit: { text: 'Piece', translated: true },
    options: [
      {
        id: '1',
        name: { text: 'Colour', translated: true },
        values: [
          { id: '7', name: { text: 'Flowers in mist', translated: true } },
          { id: '8', name: { text: 'White', translated: true } },
        ],
      },
    ],
    attributes: [
      { name: { text: 'Material', translated: true }, value: { text: 'Ceramic', translated: true } },
      { name: { text: 'Maker', translated: true }, value: { text: 'Flowers in mist', translated: true } },
    ],
    seller: { city: { text: 'Hangzhou', translated: true }, province: null },
  })
})

test('what is left for the service is listed once, title first and description last', () => {
  assert.deepEqual(untranslatedTexts(LISTING, translateListing(LISTING, 'en')), ['雾里看花', '一只好杯子'])
  assert.deepEqual(untranslatedTexts(LISTING, translateListing(LISTING, 'fr')), [
    '手工陶瓷水杯',
    '颜色',
    '雾里看花',
    '白色',
    '材质',
    '陶瓷',
    '匠人',
    '件',
    '杭州',
    '一只好杯子',
  ])
  assert.deepEqual(untranslatedTexts(LISTING, translateListing(LISTING, 'zh')), [])
})

test('a language hint is read as people write them', () => {
  const hints: [string | null | undefined, string][] = [
    ['en', 'en'],
    ['EN', 'en'],
    ['pt-BR', 'pt'],
    ['zh_CN', 'zh'],
    [' fr ', 'fr'],
    ['klingon', 'en'],
    ['__proto__', 'en'],
    ['', 'en'],
    [null, 'en'],
    [undefined, 'en'],
    ['x'.repeat(100_000), 'en'],
  ]
  for (const [hint, language] of hints) assert.equal(languageOf(hint), language)
})
