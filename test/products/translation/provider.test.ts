import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  fitRequest,
  parseTranslation,
  PROVIDER_CHARACTERS_MAX,
  PROVIDER_TEXTS_MAX,
  translationRequest,
} from '../../../src/products/translation/provider.ts'

test('a request asks for all texts at once, with the key when there is one', () => {
  const request = translationRequest({ url: 'http://translate.test/base', key: null }, ['黑色', '大号'], 'fr')
  assert.deepEqual(request, {
    method: 'POST',
    url: 'http://translate.test/base/translate',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: '{"q":["黑色","大号"],"source":"zh","target":"fr","format":"text"}',
    timeoutMs: 5_000,
  })
  const keyed = translationRequest({ url: 'http://translate.test', key: 'k' }, ['黑色'], 'fr')
  assert.equal(keyed.body, '{"q":["黑色"],"source":"zh","target":"fr","format":"text","api_key":"k"}')
})

test('an answer is taken only when it is whole', () => {
  const texts = ['黑色', '大号']
  const cases: [number, string, Record<string, string> | null][] = [
    [200, '{"translatedText":["Noir","Grand"]}', { 黑色: 'Noir', 大号: 'Grand' }],
    [200, '{"translatedText":[" Noir ","大号"]}', { 黑色: 'Noir', 大号: '' }],
    [200, '{"translatedText":["Noir",""],"extra":1}', { 黑色: 'Noir', 大号: '' }],
    [200, '{"translatedText":["Noir"]}', null],
    [200, '{"translatedText":["Noir",7]}', null],
    [200, '{"translatedText":"Noir"}', null],
    [200, '{"error":"no such language"}', null],
    [200, '[]', null],
    [200, 'null', null],
    [200, '<html>', null],
    [200, '', null],
    [429, '{"translatedText":["Noir","Grand"]}', null],
  ]
  for (const [status, body, expected] of cases) assert.deepEqual(parseTranslation(texts, status, body), expected, body)
  assert.deepEqual(parseTranslation(['黑色'], 200, '{"translatedText":"Noir"}'), { 黑色: 'Noir' })
  const hostile = parseTranslation(['__proto__'], 200, '{"translatedText":["x"]}')
  assert.deepEqual(Object.entries(hostile!), [['__proto__', 'x']])
})

test('a request is bounded in texts and in characters', () => {
  const many = Array.from({ length: PROVIDER_TEXTS_MAX + 5 }, (_, at) => `词${at}`)
  assert.deepEqual(fitRequest(many), many.slice(0, PROVIDER_TEXTS_MAX))
  const long = '长'.repeat(PROVIDER_CHARACTERS_MAX)
  assert.deepEqual(fitRequest(['短', long, '尾']), ['短', '尾'])
})
