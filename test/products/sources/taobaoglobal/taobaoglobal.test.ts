import assert from 'node:assert/strict'
import test from 'node:test'
import { signIop } from '../../../../src/products/sources/taobaoglobal/sign.ts'
import { taobaoGlobalSource } from '../../../../src/products/sources/taobaoglobal/taobaoglobal.ts'
import { ITEM, LISTING, answerOf, gatewayError } from './fixtures.ts'
import type { Answer } from '../../../../src/products/sources/source.ts'
import type { Listing, ListingRef } from '../../../../src/products/listing.ts'

const AT = new Date('2026-01-01T00:00:00Z')
const REF: ListingRef = { marketplace: 'taobao', listingId: '650000000001' }
const HEADERS = { 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8', accept: 'application/json' }
const source = taobaoGlobalSource({
  url: 'https://global.example',
  appKey: 'app9',
  appSecret: '秘密9',
  accessToken: 'first',
  refreshToken: 'ref',
})

function parse(body: string, ref = REF): Answer {
  return source.parseItem(ref, 200, body)
}

function listing(fields: Record<string, unknown>, ref = REF): Listing {
  const answer = parse(answerOf({ ...ITEM, ...fields }), ref)
  assert.equal(answer.kind, 'found', JSON.stringify(answer))
  return answer.listing
}

test("the signature gives the vendor's documented value", () => {
  const params = {
    app_key: '123456',
    order_id: '1234',
    timestamp: '1517820392000',
    sign_method: 'sha256',
    access_token: 'test',
  }
  const documented = '4190D32361CFB9581350222F345CB77F3B19F0E31D162316848A2C1FFD5FAB4A'
  assert.equal(signIop('helloworld', '/order/get', params), documented)
})

test('the request: signed over the decoded values, for taobao and tmall alike', () => {
  for (const marketplace of source.marketplaces) {
    const { body, ...rest } = source.itemRequest({ marketplace, listingId: '9007199254740993' }, AT, 'tok')
    const url = 'https://global.example/rest/traffic/item/get'
    assert.deepEqual(rest, { method: 'POST', url, headers: HEADERS, timeoutMs: 10_000 })
    assert.deepEqual(Object.fromEntries(new URLSearchParams(body!)), {
      app_key: 'app9',
      timestamp: '1767225600000',
      sign_method: 'sha256',
      access_token: 'tok',
      item_resource: 'taobao',
      item_id: '9007199254740993',
      language: 'en',
      // Computed apart, in another language, from the rule as it is documented.
      sign: 'E14979694ADC2D7EA73441EFA5105138AAE5B4C7C7511BCBE051B97094F7EA67',
    })
  }
})

test('a good answer gives the whole listing', () => {
  assert.deepEqual(parse(answerOf(ITEM)), { kind: 'found', listing: LISTING })
  assert.equal(listing({}, { ...REF, marketplace: 'tmall' }).marketplace, 'tmall')
})

test('refusals and absences in each of the envelopes', () => {
  const failed = (reason: string, rest: object) => ({ kind: 'failed', reason, ...rest })
  const cases: [name: string, body: string, answer: object][] = [
    ['no data', answerOf(null), { kind: 'absent' }],
    ['not found', answerOf(null, { biz_error_code: 'ITEM_NOT_FOUND', biz_error_msg: 'none' }), { kind: 'absent' }],
    ['gone', answerOf(null, { biz_error_code: 'F_ITEM_NOT_EXIST' }), { kind: 'absent' }],
    ['old envelope, gone', '{"success":false,"error_code":"ITEM_OFFLINE"}', { kind: 'absent' }],
    [
      'business refusal',
      answerOf(null, { biz_error_code: 'NO_RIGHT', biz_error_msg: 'no' }),
      failed('NO_RIGHT no', { retry: false }),
    ],
    ['old envelope', '{"success":false,"error_code":"X1","error_msg":"no"}', failed('X1 no', { retry: false })],
    ['old envelope without a code', '{"success":false}', failed('refused without a reason', { retry: false })],
    [
      'token',
      gatewayError('ISV', 'IllegalAccessToken'),
      failed('IllegalAccessToken told', { retry: false, tokenExpired: true }),
    ],
    [
      'app too fast',
      gatewayError('ISV', 'AppCallLimit'),
      failed('AppCallLimit told', { retry: false, throttled: true }),
    ],
    [
      'call too fast',
      gatewayError('ISV', 'ApiCallLimit'),
      failed('ApiCallLimit told', { retry: false, throttled: true }),
    ],
    [
      'signature',
      gatewayError('ISV', 'IncompleteSignature'),
      failed('IncompleteSignature told', { retry: false, quota: true }),
    ],
    ['app', gatewayError('ISV', 'InvalidAppKey'), failed('InvalidAppKey told', { retry: false, quota: true })],
    [
      'right',
      gatewayError('ISV', 'InsufficientPermission'),
      failed('InsufficientPermission told', { retry: false, quota: true }),
    ],
    ['parameter', gatewayError('ISV', 'MissingParameter'), failed('MissingParameter told', { retry: false })],
    ['their fault', gatewayError('ISP', 'ServiceTimeout'), failed('ServiceTimeout told', { retry: true })],
    ['their fault too', gatewayError('SYSTEM', 'Odd'), failed('Odd told', { retry: true })],
    [
      'another item',
      answerOf({ ...ITEM, item_id: 7 }),
      failed('asked for 650000000001, answered 7', { retry: false, item: true }),
    ],
    ['no title', answerOf({ ...ITEM, title: null }), failed('the item has no title', { retry: false, item: true })],
  ]
  for (const [name, body, answer] of cases) assert.deepEqual(parse(body), answer, name)
})

test('no error in fields that say so with "0"', () => {
  assert.equal(parse(answerOf(ITEM, { code: 0, biz_error_code: '0', error_code: 0 })).kind, 'found')
})

test('what is not the protocol is a failure and never throws', () => {
  const unknown = { kind: 'failed', reason: 'the answer is not in the known form', retry: false }
  for (const body of ['', 'OK', '{"data":', '[]', 'null', '{}', '"x"']) assert.deepEqual(parse(body), unknown, body)
  assert.deepEqual(source.parseItem(REF, 503, 'x'), { kind: 'failed', reason: 'HTTP 503', retry: true })
})

test('one bad optional field costs that field and not the item', () => {
  const nothings = ['', 0, false, null, [], {}, '[]', { a: [{}] }, [[[]]], [null], 'NaN', -1]
  const needed = new Set(['item_id', 'title'])
  for (const field of Object.keys(ITEM).filter((name) => !needed.has(name))) {
    for (const nothing of nothings) {
      const { listingId, title } = listing({ [field]: nothing })
      assert.deepEqual([listingId, title], ['650000000001', '桌面台灯'], `${field}: ${JSON.stringify(nothing)}`)
    }
  }
})

test('amounts are fen: no promotion, a promotion above the price, and nothing told', () => {
  const cases: [price: unknown, promotion: unknown, told: [number | null, number | null]][] = [
    [9800, 8800, [8800, 9800]],
    ['9800', '', [9800, null]],
    [9800, 9900, [9800, null]],
    [0, 8800, [8800, null]],
    [0, 0, [null, null]],
    ['98.00', null, [null, null]],
    [-5, -5, [-5, null]],
    [9800, -5, [-5, 9800]],
  ]
  for (const [price, promotion, told] of cases) {
    const item = listing({ price, promotion_price: promotion, sku_list: [] })
    assert.deepEqual([item.priceFen, item.originalPriceFen], told, JSON.stringify([price, promotion]))
  }
})

test('ids beyond 2^53 stay whole', () => {
  const body = answerOf({ ...ITEM, item_id: 'ID' })
    .replace('"ID"', '9007199254740993')
    .replace('4300000000011', '9223372036854775807')
  const answer = parse(body, { marketplace: 'taobao', listingId: '9007199254740993' })
  assert.equal(answer.kind, 'found')
  const { listingId, skus } = answer.listing
  assert.deepEqual([listingId, skus[0]!.skuId], ['9007199254740993', '9223372036854775807'])
})

test('a translation without a proper language is left out', () => {
  for (const language of ['', null, '../en', '__proto__', 'english please']) {
    assert.deepEqual(listing({ multi_language_info: { ...ITEM.multi_language_info, language } }).translations, {})
  }
})

test('the refresh: what is sent, and what comes back', () => {
  const { refreshRequest, parseToken } = source.token!
  const { body, ...rest } = refreshRequest('ref', AT)
  const url = 'https://global.example/rest/auth/token/refresh'
  assert.deepEqual(rest, { method: 'POST', url, headers: HEADERS, timeoutMs: 10_000 })
  assert.deepEqual(Object.fromEntries(new URLSearchParams(body!)), {
    app_key: 'app9',
    timestamp: '1767225600000',
    sign_method: 'sha256',
    refresh_token: 'ref',
    sign: 'E1C7B32DF0F4EA0505BD1A6509FE9D98898FF0E4DEAE0FFCA0FD858ADC4333CB',
  })
  const expiresAt = new Date('2026-01-01T01:00:00Z')
  const renewed = { kind: 'renewed', accessToken: 'new', refreshToken: 'newer', expiresAt }
  const cases: [status: number, body: string, answer: object][] = [
    [200, '{"code":"0","access_token":"new","refresh_token":"newer","expires_in":3600}', renewed],
    [200, '{"code":"0","data":{"access_token":"new","refresh_token":"newer","expires_in":"3600"}}', renewed],
    [200, '{"access_token":"new"}', { kind: 'renewed', accessToken: 'new', refreshToken: null, expiresAt: null }],
    [
      200,
      gatewayError('ISV', 'IllegalRefreshToken'),
      { kind: 'failed', reason: 'IllegalRefreshToken told', retry: false },
    ],
    [200, gatewayError('ISP', 'ServiceTimeout'), { kind: 'failed', reason: 'ServiceTimeout told', retry: true }],
    [200, gatewayError('ISV', 'ApiCallLimit'), { kind: 'failed', reason: 'ApiCallLimit told', retry: true }],
    [500, 'x', { kind: 'failed', reason: 'HTTP 500', retry: true }],
  ]
  for (const [status, body, answer] of cases) assert.deepEqual(parseToken(status, body, AT), answer, body)
})
