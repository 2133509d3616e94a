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
    'abc',
    '12',
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
    ['wavephone15', ['wavephone15']],
    ["Women's", ['womens']],
    ['Women’s', ['womens']],
    ["'cup'", ['cup']],
    ["陶'瓷", ['陶', '瓷']],
    ['"; drop table product; --', ['drop', 'table', 'product']],
    [' ,.!%_ ', []],
    ['', []],
    ['\0', []],
  ]
  for (const [words, expected] of cases) assert.deepEqual(queryTerms(words), expected, words)
})

test('a mixed word is found by its runs, and an apostrophe is left out or not', () => {
  const cases: [string, string[]][] = [
    ['WavePhone15Pro 2.4ghz', ['wavephone15pro', 'wavephone', '15', 'pro', '2', '4ghz', '4', 'ghz']],
    ["Women's", ['women', 's', 'womens']],
    ["l’été 90's rock'n'roll", ['l', 'ete', '90', 's', 'rock', 'n', 'roll', 'lete', '90s', 'rocknroll']],
    ["'A' B'", ['a', 'b']],
    ["陶'瓷", ['陶', '瓷']],
    ['a'.repeat(50) + '1', ['a'.repeat(40), '1']],
    ['𝒳'.repeat(30), ['x'.repeat(30)]],
    ['x' + '𐐨'.repeat(30), ['x' + '𐐨'.repeat(19)]],
  ]
  for (const [title, terms] of cases) assert.deepEqual(searchTerms({ title, translations: {} }), terms, title)
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
      const whole = /^[\p{L}\p{N}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}々ー]{1,40}$/u
      for (const term of searchTerms({ title: text, translations: {} })) assert.match(term, whole)
    }),
  )
})
