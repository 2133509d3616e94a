import assert from 'node:assert/strict'
import test from 'node:test'
import { alibaba1688Source } from '../../../../src/products/sources/alibaba1688/alibaba1688.ts'
import { signParam2 } from '../../../../src/products/sources/alibaba1688/sign.ts'
import { LISTING, PRODUCT, answerOf, gatewayError } from './fixtures.ts'
import type { Answer } from '../../../../src/products/sources/source.ts'
import type { Listing, ListingRef } from '../../../../src/products/listing.ts'

const AT = new Date('2026-01-01T00:00:00Z')
const REF: ListingRef = { marketplace: '1688', listingId: '700000000001' }
const source = alibaba1688Source({
  url: 'https://gateway.example',
  appKey: 'app7',
  appSecret: '秘密7',
  accessToken: 'first',
  refreshToken: 'ref',
})

function parse(body: string, ref = REF): Answer {
  return source.parseItem(ref, 200, body)
}

function listing(fields: Record<string, unknown>): Listing {
  const answer = parse(answerOf({ ...PRODUCT, ...fields }))
  assert.equal(answer.kind, 'found', JSON.stringify(answer))
  return answer.listing
}

test('the request: the id as a bare number, however large, and signed over the decoded values', () => {
  const request = source.itemRequest({ marketplace: '1688', listingId: '9007199254740993' }, AT, 'tok en+1&')
  const { body, ...rest } = request
  assert.deepEqual(rest, {
    method: 'POST',
    url: 'https://gateway.example/openapi/param2/1/com.alibaba.fenxiao.crossborder/product.search.queryProductDetail/app7',
    headers: { 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8', accept: 'application/json' },
    timeoutMs: 10_000,
  })
  assert.deepEqual(Object.fromEntries(new URLSearchParams(body!)), {
    offerDetailParam: '{"offerId":9007199254740993,"country":"en"}',
    access_token: 'tok en+1&',
    _aop_timestamp: '1767225600000',
    // Computed apart, in another language, from the rule as it is documented.
    _aop_signature: '37EB1E000873F09EF263AA19FC5AD475A0FF7671',
  })
})

test('without a token of its own the call carries the seed', () => {
  assert.match(source.itemRequest(REF, AT).body!, /access_token=first/)
  assert.deepEqual(source.token!.seed, { accessToken: 'first', refreshToken: 'ref' })
})

test('the signature sorts by key and changes with every byte', () => {
  const base = { b: '2', a: '1', aa: '3' }
  const signed = signParam2('secret', 'param2/1/x/y/1', base)
  assert.equal(signed, signParam2('secret', 'param2/1/x/y/1', { aa: '3', a: '1', b: '2' }))
  assert.match(signed, /^[0-9A-F]{40}$/)
  for (const other of [
    { ...base, a: '2' },
    { ...base, c: '' },
    { ...base, A: '1' },
    { a: '1', aa: '3' },
  ]) {
    assert.notEqual(signParam2('secret', 'param2/1/x/y/1', other), signed)
  }
  assert.notEqual(signParam2('secret2', 'param2/1/x/y/1', base), signed)
  assert.notEqual(signParam2('secret', 'param2/1/x/y/2', base), signed)
})

test('a good answer gives the whole listing', () => {
  assert.deepEqual(parse(answerOf(PRODUCT)), { kind: 'found', listing: LISTING })
})

test('refusals and absences', () => {
  const failed = (reason: string, rest: object) => ({ kind: 'failed', reason, ...rest })
  const cases: [name: string, body: string, answer: object][] = [
    ['no such offer, by code', answerOf(null, { success: false, code: '404' }), { kind: 'absent' }],
    [
      'no such offer, by words',
      answerOf(null, { success: false, code: '500', message: '商品不存在' }),
      { kind: 'absent' },
    ],
    ['nothing in a good answer', answerOf(null), { kind: 'absent' }],
    ['deleted', answerOf({ ...PRODUCT, status: 'member deleted' }), { kind: 'absent' }],
    [
      'refused in a good gateway answer',
      answerOf(null, { success: 'false', code: '500', message: 'try later' }),
      failed('500 try later', { retry: false }),
    ],
    [
      'too fast',
      gatewayError('gw.QosAppFrequencyLimit'),
      failed('gw.QosAppFrequencyLimit told', { retry: false, throttled: true }),
    ],
    ['token', gatewayError('401'), failed('401 told', { retry: false, tokenExpired: true })],
    [
      'signature',
      gatewayError('gw.SignatureInvalid'),
      failed('gw.SignatureInvalid told', { retry: false, quota: true }),
    ],
    ['no right', gatewayError('gw.APIACLDecline'), failed('gw.APIACLDecline told', { retry: false, quota: true })],
    [
      'no such call',
      gatewayError('gw.APIUnsupported'),
      failed('gw.APIUnsupported told', { retry: false, quota: true }),
    ],
    ['parameter', gatewayError('gw.ParamMissing'), failed('gw.ParamMissing told', { retry: false })],
    [
      'another offer',
      answerOf({ ...PRODUCT, offerId: 7 }),
      failed('asked for 700000000001, answered 7', { retry: false, item: true }),
    ],
    [
      'no title',
      answerOf({ ...PRODUCT, subject: [] }),
      failed('the product has no title', { retry: false, item: true }),
    ],
  ]
  for (const [name, body, answer] of cases) assert.deepEqual(parse(body), answer, name)
  // The status of gateway errors is not settled: the code decides, and only a code unknown to us looks at it.
  assert.deepEqual(
    source.parseItem(REF, 401, gatewayError('401')),
    failed('401 told', { retry: false, tokenExpired: true }),
  )
  assert.deepEqual(source.parseItem(REF, 500, gatewayError('gw.Odd')), failed('gw.Odd told', { retry: true }))
})

test('what is not the protocol is a failure and never throws', () => {
  const unknown = { kind: 'failed', reason: 'the answer is not in the known form', retry: false }
  for (const body of ['', '<html>', '{"result":', '[]', 'null', '{}', '{"result":[]}', '{"result":"x"}']) {
    assert.deepEqual(parse(body), unknown, body)
  }
  assert.deepEqual(source.parseItem(REF, 502, '<html>'), { kind: 'failed', reason: 'HTTP 502', retry: true })
})

test('one bad optional field costs that field and not the product', () => {
  const nothings = ['', 0, false, null, [], {}, '[]', { a: [{}] }, [[[]]], [null], 'NaN', -1]
  const needed = new Set(['offerId', 'subject', 'status'])
  for (const field of Object.keys(PRODUCT).filter((name) => !needed.has(name))) {
    for (const nothing of nothings) {
      const { listingId, title } = listing({ [field]: nothing })
      assert.deepEqual([listingId, title], ['700000000001', '陶瓷马克杯'], `${field}: ${JSON.stringify(nothing)}`)
    }
  }
})

test('ids beyond 2^53 stay whole', () => {
  const ref: ListingRef = { marketplace: '1688', listingId: '2237938826932135493' }
  const body = answerOf({ ...PRODUCT, offerId: 'ID' })
    .replace('"ID"', '2237938826932135493')
    .replace('5100000000001', '9223372036854775807')
  const answer = parse(body, ref)
  assert.equal(answer.kind, 'found')
  const { listingId, skus } = answer.listing
  assert.deepEqual([listingId, skus[0]!.skuId], ['2237938826932135493', '9223372036854775807'])
})

test('a product priced by quantity: skus cost the first step, and without skus the product does', () => {
  const skus = PRODUCT.productSkuInfos.map((sku) => ({ ...sku, price: '', promotionPrice: '' }))
  const byQuantity = listing({ productSkuInfos: skus })
  assert.deepEqual([byQuantity.priceFen, byQuantity.skus.map(({ priceFen }) => priceFen)], [1200, [1200, 1200]])
  const plain = listing({ productSkuInfos: [] })
  assert.deepEqual([plain.priceFen, plain.options, plain.skus], [1200, [], []])
  const unpriced = listing({ productSkuInfos: [], productSaleInfo: { consignPrice: '9.9' } })
  assert.deepEqual([unpriced.priceFen, unpriced.priceRanges], [990, []])
})

test('attributes that share an id are still told apart by their names', () => {
  const attribute = (attributeName: string, value: string) => ({ attributeId: 0, attributeName, value })
  const { options, skus } = listing({
    productSkuInfos: [{ skuId: 1, price: '1', skuAttributes: [attribute('颜色', '红色'), attribute('尺寸', '大')] }],
  })
  assert.deepEqual(
    options.map(({ name, values }) => [name, values.length]),
    [
      ['颜色', 1],
      ['尺寸', 1],
    ],
  )
  assert.equal(new Set(options.map(({ id }) => id)).size, 2)
  assert.deepEqual(
    skus[0]!.choices,
    options.map(({ id, values }) => [id, values[0]!.id]),
  )
})

test('the ids made for values stay when others come and go', () => {
  const [red, blue] = PRODUCT.productSkuInfos
  const ids = (skus: unknown[]) =>
    Object.fromEntries(listing({ productSkuInfos: skus }).options[0]!.values.map(({ name, id }) => [name, id]))
  assert.equal(ids([blue, red])['红色'], ids([red])['红色'])
  assert.notEqual(ids([blue, red])['红色'], ids([blue, red])['蓝色'])
})

test('the translated description is used unless it is only an address', () => {
  const { translations } = listing({
    descriptionTrans: '<p>Painted by hand</p>',
    subjectTrans: '',
    productAttribute: [],
  })
  assert.equal(translations['en']?.description, 'Painted by hand')
  assert.equal('title' in translations['en'], false)
})

test('the refresh: what is sent, and what comes back with and without a new refresh token', () => {
  const { refreshRequest, parseToken } = source.token!
  assert.deepEqual(refreshRequest('re/f+', AT), {
    method: 'POST',
    url: 'https://gateway.example/openapi/http/1/system.oauth2/getToken/app7',
    headers: { 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8', accept: 'application/json' },
    body: 'grant_type=refresh_token&client_id=app7&client_secret=%E7%A7%98%E5%AF%867&refresh_token=re%2Ff%2B',
    timeoutMs: 10_000,
  })
  const expiresAt = new Date('2026-01-01T10:00:00Z')
  const cases: [status: number, body: string, answer: object][] = [
    [
      200,
      '{"access_token":"new","expires_in":"36000"}',
      { kind: 'renewed', accessToken: 'new', refreshToken: null, expiresAt },
    ],
    [
      200,
      '{"access_token":"new","expires_in":36000,"refresh_token":"newer","aliId":"8888888888"}',
      { kind: 'renewed', accessToken: 'new', refreshToken: 'newer', expiresAt },
    ],
    [200, '{"access_token":"new"}', { kind: 'renewed', accessToken: 'new', refreshToken: null, expiresAt: null }],
    [400, gatewayError('gw.ParamInvalid'), { kind: 'failed', reason: 'gw.ParamInvalid told', retry: false }],
    [
      400,
      gatewayError('gw.QosAppFrequencyLimit'),
      { kind: 'failed', reason: 'gw.QosAppFrequencyLimit told', retry: true },
    ],
    [200, '{"access_token":""}', { kind: 'failed', reason: 'HTTP 200', retry: false }],
    [503, '<html>', { kind: 'failed', reason: 'HTTP 503', retry: true }],
  ]
  for (const [status, body, answer] of cases) assert.deepEqual(parseToken(status, body, AT), answer, body)
})
