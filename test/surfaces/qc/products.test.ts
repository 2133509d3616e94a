import assert from 'node:assert/strict'
import { test } from 'node:test'
import { revokeKey } from '../../../src/access/keys/keys.ts'
import { demoListings } from '../../../src/demo/catalogue.ts'
import { storeDemo } from '../../../src/products/catalog/catalog.ts'
import { assertAnswer, seedKey, testApp } from '../../app.ts'
import { openGallery } from './photos.ts'

const URL = '/api/v1/products/weidian/7231368393'
const error = (code: string, message: string) => ({ error: { code, message } })

test('the documented example, whole', async (t) => {
  const { app, ctx } = await openGallery(t)
  const { headers } = await seedKey(ctx)

  const answer = await app.inject({ url: URL, headers })
  const { data } = answer.json()
  assertAnswer(answer, 200, {
    data: {
      id: 482910,
      storefront: 'weidian',
      listing_id: '7231368393',
      name: data.name,
      price: '¥470.00',
      pic_url: 'http://haul.test/media/demo/v2/7231368393-1.webp',
      product_url: 'https://weidian.com/item.html?itemID=7231368393',
      qc_count: 12,
      qc_preview: [1, 2, 6, 10, 3].map((n) => `http://haul.test/media/demo/v2/qc-7231368393-${n}-320.webp`),
    },
  })
  assert.match(data.name, /^[A-Z][\w ,'-]+$/)
  assert.match(String(answer.headers['x-request-id']), /^req_[A-Za-z0-9]{20}$/)

  const again = await app.inject({ url: URL, headers: { ...headers, 'if-none-match': String(answer.headers.etag) } })
  assert.deepEqual([again.statusCode, again.body], [304, ''])
  const etag = String(answer.headers.etag)
  for (const tag of ['*', etag.slice(2), `"x", ${etag}`]) {
    assert.equal((await app.inject({ url: URL, headers: { ...headers, 'if-none-match': tag } })).statusCode, 304, tag)
  }
  assert.equal((await app.inject({ url: URL, headers: { ...headers, 'if-none-match': '"x"' } })).statusCode, 200)
})

test('every refusal, whole', async (t) => {
  const { app, ctx } = await testApp(t)
  await storeDemo(ctx, demoListings())
  const good = await seedKey(ctx)
  const narrow = await seedKey(ctx, { scopes: ['item:read'] })
  const fenced = await seedKey(ctx, { allow: ['203.0.113.0/24'] })
  const revoked = await seedKey(ctx)
  await revokeKey(ctx, revoked.id)
  await ctx.watch.next()
  const { headers } = good
  const bearer = (key: string) => ({ authorization: `Bearer ${key}` })
  const invalidKey = error('INVALID_KEY', 'This API key is not known.')

  const cases: { name: string; url?: string; headers: Record<string, string>; status: number; body: object }[] = [
    { name: 'no key', headers: {}, status: 401, body: error('UNAUTHORIZED', 'No API key was sent.') },
    {
      name: 'another scheme',
      headers: { authorization: `Basic ${good.key}` },
      status: 401,
      body: error('UNAUTHORIZED', 'No API key was sent.'),
    },
    {
      name: 'malformed key',
      headers: bearer('qc_live_short'),
      status: 401,
      body: error('INVALID_KEY', 'This is not the form of an API key.'),
    },
    { name: 'unknown key', headers: bearer(`qc_live_${'x'.repeat(32)}`), status: 401, body: invalidKey },
    {
      name: 'revoked key',
      headers: revoked.headers,
      status: 401,
      body: error('REVOKED_KEY', 'This API key has been revoked.'),
    },
    {
      name: 'other address',
      headers: fenced.headers,
      status: 403,
      body: error('IP_NOT_AUTHORIZED', 'This API key may not be used from this address.'),
    },
    {
      name: 'scope missing',
      headers: narrow.headers,
      status: 403,
      body: error('FORBIDDEN', 'Insufficient scope. Required: qc:read. Your key has: item:read'),
    },
    {
      name: 'unknown listing',
      url: '/api/v1/products/taobao/123456789',
      headers,
      status: 404,
      body: error('NOT_FOUND', 'Product not found'),
    },
    {
      name: 'goofish is not sold here',
      url: '/api/v1/products/goofish/1',
      headers,
      status: 400,
      body: error('BAD_REQUEST', 'storefront must be one of weidian, taobao, 1688.'),
    },
    {
      name: 'letters in the id',
      url: '/api/v1/products/weidian/72x1',
      headers,
      status: 400,
      body: error('BAD_REQUEST', 'listingId must be 1 to 20 digits.'),
    },
    {
      name: 'key before parameters',
      url: '/api/v1/products/weidian/72x1',
      headers: {},
      status: 401,
      body: error('UNAUTHORIZED', 'No API key was sent.'),
    },
  ]
  for (const { name, url = URL, headers, status, body } of cases) {
    await t.test(name, async () => assertAnswer(await app.inject({ url, headers }), status, body))
  }
})

test('any style of key, in either header; the surface’s own header wins', async (t) => {
  const { app, ctx } = await testApp(t)
  await storeDemo(ctx, demoListings())
  const { key } = await seedKey(ctx, { style: 'cbk' })
  const junk = 'qc_live_junk'
  const cases: [headers: Record<string, string>, status: number][] = [
    [{ 'x-api-key': key }, 200],
    [{ authorization: `bEaReR ${key}` }, 200],
    [{ authorization: `Bearer ${key}`, 'x-api-key': junk }, 200],
    [{ authorization: `Bearer ${junk}`, 'x-api-key': key }, 401],
    [{ authorization: `Basic ${junk}`, 'x-api-key': key }, 200],
    [{ 'x-api-key': `${key}, ${key}` }, 401],
  ]
  for (const [headers, status] of cases) {
    assert.equal((await app.inject({ url: URL, headers })).statusCode, status, JSON.stringify(headers))
  }
})

test('a tmall listing is found under taobao, with its own address', async (t) => {
  const { app, ctx } = await testApp(t)
  const listings = demoListings()
  await storeDemo(ctx, listings)
  const { headers } = await seedKey(ctx)
  const tmall = listings.find(({ marketplace }) => marketplace === 'tmall')!
  const { data } = (await app.inject({ url: `/api/v1/products/taobao/${tmall.listingId}`, headers })).json()
  assert.deepEqual(
    [data.storefront, data.product_url],
    ['taobao', `https://detail.tmall.com/item.htm?id=${tmall.listingId}`],
  )
})

test('a printed answer is not trusted while changes elsewhere cannot be seen', async (t) => {
  const { app, ctx } = await testApp(t)
  await storeDemo(ctx, demoListings())
  const { headers } = await seedKey(ctx)
  const name = async () => (await app.inject({ url: URL, headers })).json().data.name
  const before = await name()
  const [printed] = [...ctx.printed.entries.values()]
  printed!.bytes = printed!.bytes.replace(before, 'kept')
  assert.equal(await name(), 'kept')
  const { watch } = ctx
  ctx.watch = { value: watch.value, ageMs: () => 801, next: () => watch.next(), stop: async () => {} }
  assert.equal(await name(), before)
})
