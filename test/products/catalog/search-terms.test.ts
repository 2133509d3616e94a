import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { queryTerms, searchTerms } from '../../../src/products/catalog/search-terms.ts'

test('a title is found by characters, pairs and words', () => {
  const translations = { en: { title: 'Ceramic cup, Café style' }, fr: { title: 'Tasse' }, de: {} }
  assert.deepEqual(searchTerms({ title: '陶瓷杯 ABC１２', translations }), [
    '陶',
    '瓷',
    '陶瓷',
    '杯',
    '瓷杯',
    'abc12',
    'ceramic',
    'cup',
    'cafe',
    'style',
    'tasse',
  ])
})

test('a query asks for pairs of Chinese and for whole words of other scripts', () => {
  const cases: [string, string[]][] = [
    ['陶瓷', ['陶瓷']],
    ['陶瓷杯', ['陶瓷', '瓷杯']],
    ['杯', ['杯']],
    ['Ceramic CUP', ['ceramic', 'cup']],
    ['CAFÉ', ['cafe']],
    ['Ｃａｆｅ', ['cafe']],
    ['Ёлка', ['елка']],
    ['ガラス', ['ガラ', 'ラス']],
    ['T恤', ['t', '恤']],
    ['陶瓷 cup 陶瓷', ['陶瓷', 'cup']],
    ['null', ['null']],
    ['"; drop table product; --', ['drop', 'table', 'product']],
    [' ,.!%_ ', []],
    ['', []],
    ['\0', []],
  ]
  for (const [words, expected] of cases) assert.deepEqual(queryTerms(words), expected, words)
})

test('every part of a title that is one script finds it, whatever its characters', () => {
  const title = fc.string({
    unit: fc.constantFrom('陶', '瓷', '杯', '子', '蓝', '牙', '耳', '机'),
    minLength: 1,
    maxLength: 30,
  })
  fc.assert(
    fc.property(title, fc.nat(), fc.nat({ max: 10 }), (title, from, length) => {
      const part = title.slice(from % title.length, (from % title.length) + length + 1)
      const terms = new Set(searchTerms({ title, translations: {} }))
      assert.deepEqual(
        queryTerms(part).filter((term) => !terms.has(term)),
        [],
      )
    }),
  )
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      for (const term of searchTerms({ title: text, translations: {} })) assert.match(term, /^[\p{L}\p{N}々ー]{1,40}$/u)
    }),
  )
})
