import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { demoListings } from '../../../src/demo/catalogue.ts'
import { storeDemo } from '../../../src/products/catalog/catalog.ts'
import { assertAnswer, seedKey, testApp } from '../../app.ts'
import { startShelf } from '../../products/catalog/ctx.ts'
import { listing } from '../../products/catalog/listings.ts'

const IMPORT = '/api/v1/products/import/1688'
const OFFER = 'https://detail.1688.com/offer/688012346012.html'
const NOT_FOUND = { statusCode: 404, message: 'Product not found', error: 'Not Found' }
const bad = (message: string) => ({ statusCode: 400, message: [message], error: 'Bad Request' })
const media = (name: string) => `http://haul.test/media/demo/v2/${name}.webp`

async function open(t: TestContext) {
  const { app, ctx } = await testApp(t)
  await storeDemo(ctx, demoListings())
  const { headers } = await seedKey(ctx, { style: 'sk' })
  const get = (id: string) => app.inject({ url: `/api/v1/products/${id}`, headers })
  const take = (payload: object) => app.inject({ method: 'POST', url: IMPORT, headers, payload })
  return { app, get, take }
}

test('the documented product, whole', async (t) => {
  const { get } = await open(t)
  assertAnswer(await get('12345'), 200, {
    data: {
      id: 12345,
      title: 'Cushioned leather running shoes',
      description:
        'Material: leather\nPacked about 33 × 21 × 12 cm\nMeasured by hand, so allow 1 to 3 cm; colours look different on different screens\nSent within 4 days; faults are taken back',
      price: 299,
      originalPrice: 499,
      currency: 'CNY',
      platform: 'taobao',
      platformItemId: '6789012345',
      imageUrl: media('6789012345-1'),
      images: [1, 2, 3, 4, 5].map((number) => media(`6789012345-${number}`)),
      shopName: '双桥溪鞋袜厂',
      shopUrl: 'https://shop0001008.taobao.com/',
      sales: 1580,
      stock: 200,
      categoryId: 23,
      minOrder: 1,
      skus: [
        { skuId: 's001', name: 'Black / US 9', price: 299, stock: 50, image: media('6789012345-2') },
        { skuId: 's002', name: 'White / US 9', price: 319, stock: 30, image: media('6789012345-3') },
      ],
      attributes: [
        { name: 'Material', value: 'Leather' },
        { name: 'Origin', value: 'Vietnam' },
      ],
    },
  })
})

test('the other product of the cart’s example has its sku', async (t) => {
  const { get } = await open(t)
  const { data } = (await get('67890')).json()
  assert.deepEqual(data.skus, [{ skuId: 's010', name: 'Navy', price: 189, stock: 120, image: media('6789054321-1') }])
})

test('a product with nothing to choose can be bought as it is', async (t) => {
  const { get } = await open(t)
  const { id, priceFen, stock } = demoListings().find(({ marketplace }) => marketplace === 'goofish')!
  const { skus } = (await get(String(id))).json().data
  assert.deepEqual(
    skus.map(({ name, price, stock }: { name: string; price: number; stock: number }) => ({ name, price, stock })),
    [{ name: '', price: priceFen! / 100, stock }],
  )
})

test('a 1688 product is imported by its link, an agent’s, or its offer id, and has the documented figures', async (t) => {
  const { get, take } = await open(t)
  const expected = (await get('12346')).json()
  const { skus, ...product } = expected.data
  assert.deepEqual(product, {
    id: 12346,
    title: 'Light sport shoes, wholesale',
    description:
      'Material: mesh\nPacked about 33 × 21 × 12 cm\nMeasured by hand, so allow 1 to 3 cm; colours look different on different screens\nSent within 4 days; faults are taken back',
    price: 89,
    originalPrice: 89,
    currency: 'CNY',
    platform: '1688',
    platformItemId: '688012346012',
    imageUrl: media('688012346012-1'),
    images: [1, 2, 3, 4, 5, 6].map((number) => media(`688012346012-${number}`)),
    shopName: '双桥溪鞋袜厂',
    shopUrl: 'https://shop0001008.1688.com/',
    sales: 40_956,
    stock: 55_870,
    categoryId: 23,
    minOrder: 2,
    attributes: [
      { name: 'Material', value: 'Mesh' },
      { name: 'Pattern', value: 'Plain' },
      { name: 'Style', value: 'Simple' },
      { name: 'Season', value: 'All year' },
    ],
  })
  const white = { skuId: '7457316795223', name: 'White / 36', price: 89, stock: 2414, image: media('688012346012-2') }
  assert.deepEqual([skus.length, skus[0]], [27, white])
  for (const payload of [
    { url: OFFER },
    { url: `https://www.superbuy.com/en/page/buy?url=${encodeURIComponent(OFFER)}` },
    { offerId: '688012346012' },
    { offerId: '688012346012', price: 1, id: 7 },
  ]) {
    assertAnswer(await take(payload), 200, expected)
  }
})

test('every refusal, whole', async (t) => {
  const { app, get, take } = await open(t)
  for (const id of ['999999', '0', '9007199254740993', '9'.repeat(400)]) assertAnswer(await get(id), 404, NOT_FOUND)
  const noOffer = bad('url must be a link to a product on 1688.')
  const cases: { payload: object; status: number; body: object }[] = [
    { payload: {}, status: 400, body: bad('Send either url or offerId.') },
    { payload: { url: OFFER, offerId: '688012346012' }, status: 400, body: bad('Send either url or offerId.') },
    { payload: [], status: 400, body: bad('body must be object.') },
    { payload: { offerId: 688012346012 }, status: 400, body: bad('offerId must be string.') },
    { payload: { offerId: '68801234601x' }, status: 400, body: bad('offerId must be 1 to 20 digits.') },
    { payload: { url: [OFFER] }, status: 400, body: bad('url must be string.') },
    { payload: { url: '' }, status: 400, body: noOffer },
    { payload: { url: 'https://item.taobao.com/item.htm?id=6789012345' }, status: 400, body: noOffer },
    { payload: { url: 'https://detail.1688.com.evil.test/offer/688012346012.html' }, status: 400, body: noOffer },
    { payload: { url: 'https://shop0001008.1688.com/' }, status: 400, body: noOffer },
    { payload: { url: 'https://qr.1688.com/s/abc' }, status: 400, body: noOffer },
    { payload: { offerId: '123' }, status: 404, body: NOT_FOUND },
    // It is on another marketplace.
    { payload: { offerId: '6789012345' }, status: 404, body: NOT_FOUND },
  ]
  for (const { payload, status, body } of cases) {
    await t.test(JSON.stringify(payload), async () => assertAnswer(await take(payload), status, body))
  }
  await t.test('a key before all else', async () => {
    const refused = { statusCode: 401, message: 'Invalid API Key', error: 'Unauthorized' }
    for (const url of ['/api/v1/products/12345', '/api/v1/products/999999']) {
      assertAnswer(await app.inject({ url }), 401, refused)
    }
  })
})

test('live keys import from the sources, and test keys see nothing of it', async (t) => {
  const shelf = await startShelf(t)
  shelf.says.set('700000000014', listing({ listingId: '700000000014', marketplace: '1688', minimumOrder: 3 }))
  shelf.says.set('700000000015', 'down')
  const { app, ctx } = await testApp(t, { DEMO: 'false' }, { sources: [shelf.source] })
  await storeDemo(ctx, demoListings())
  const live = (await seedKey(ctx, { style: 'sk', mode: 'live' })).headers
  const sandbox = (await seedKey(ctx, { style: 'sk' })).headers
  const take = (headers: Record<string, string>, offerId: string) =>
    app.inject({ method: 'POST', url: IMPORT, headers, payload: { offerId } })
  const get = (headers: Record<string, string>, id: number) => app.inject({ url: `/api/v1/products/${id}`, headers })

  assertAnswer(await take(sandbox, '700000000014'), 404, NOT_FOUND)
  assert.deepEqual(shelf.calls, [])
  const imported = await take(live, '700000000014')
  const { id } = imported.json().data
  assert.ok(id >= 1_000_000)
  assertAnswer(imported, 200, {
    data: {
      id,
      title: 'Handmade ceramic cup',
      description: '第一行\n第二行',
      price: 19.9,
      originalPrice: 29.9,
      currency: 'CNY',
      platform: '1688',
      platformItemId: '700000000014',
      imageUrl: 'https://pictures.example/cup-1.jpg',
      images: ['https://pictures.example/cup-1.jpg'],
      shopName: '某某小店',
      shopUrl: null,
      sales: 12,
      stock: 30,
      categoryId: 23,
      minOrder: 3,
      skus: [
        { skuId: '501', name: 'White', price: 19.9, stock: 10, image: null },
        { skuId: '502', name: 'Black', price: 21.9, stock: 20, image: null },
      ],
      attributes: [{ name: 'Material', value: 'Ceramic' }],
    },
  })
  assertAnswer(await get(live, id), 200, imported.json())
  assertAnswer(await get(sandbox, id), 404, NOT_FOUND)
  assertAnswer(await get(live, 12345), 404, NOT_FOUND)
  assertAnswer(await take(live, '700000000016'), 404, NOT_FOUND)
  assertAnswer(await take(live, '700000000015'), 503, {
    statusCode: 503,
    message: 'No source of product data could answer. Try again in a while.',
    error: 'Service Unavailable',
  })
})
