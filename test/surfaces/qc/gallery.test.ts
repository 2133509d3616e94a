import assert from 'node:assert/strict'
import { test } from 'node:test'
import { demoListings } from '../../../src/demo/catalogue.ts'
import { startShelf } from '../../products/catalog/ctx.ts'
import { listing } from '../../products/catalog/listings.ts'
import { drawn } from '../../products/qc/pictures.ts'
import { assertAnswer, seedKey } from '../../app.ts'
import { addPhotos, openGallery, seedProduct } from './photos.ts'

const error = (code: string, message: string) => ({ error: { code, message } })
const thumbnail = (name: string) => `http://haul.test/media/demo/v2/qc-${name}-320.webp`
const at = (path: string) => `http://haul.test${path.replace('.webp', '-320.webp')}`

test('the documented example, whole', async (t) => {
  const { get, sandbox } = await openGallery(t)
  const answer = await get('/qc/weidian/7231368393', sandbox)
  assertAnswer(answer, 200, {
    data: {
      storefront: 'weidian',
      listing_id: '7231368393',
      qc_count: 12,
      thumbnails: [1, 2, 6].map((number) => thumbnail(`7231368393-${number}`)),
    },
  })
  const again = await get('/qc/weidian/7231368393', { ...sandbox, 'if-none-match': String(answer.headers.etag) })
  assert.deepEqual([again.statusCode, again.body], [304, ''])
})

test('every refusal, whole', async (t) => {
  const { ctx, get, live, sandbox } = await openGallery(t)
  const { listingId } = await seedProduct(ctx)
  const narrow = await seedKey(ctx, { scopes: ['item:read'] })
  const digits = 'listingId must be 1 to 20 digits.'
  const storefronts = 'storefront must be one of weidian, taobao, 1688.'
  const rows: [url: string, headers: Record<string, string>, status: number, body: object][] = [
    ['/qc/weidian/7231368393', {}, 401, error('UNAUTHORIZED', 'No API key was sent.')],
    [
      '/qc/weidian/7231368393',
      narrow.headers,
      403,
      error('FORBIDDEN', 'Insufficient scope. Required: qc:read. Your key has: item:read'),
    ],
    ['/qc/weidian/72x1', live, 400, error('BAD_REQUEST', digits)],
    ['/qc/weidian/%00', live, 400, error('BAD_REQUEST', digits)],
    ['/qc/weidian/%EF%BC%91', live, 400, error('BAD_REQUEST', digits)],
    [`/qc/weidian/${'1'.repeat(21)}`, live, 400, error('BAD_REQUEST', digits)],
    [`/qc/weidian/${'1'.repeat(5_000)}`, live, 400, error('BAD_REQUEST', digits)],
    ['/qc/goofish/1', live, 400, error('BAD_REQUEST', storefronts)],
    ['/qc/tmall/1', live, 400, error('BAD_REQUEST', storefronts)],
    ['/qc/constructor/1', live, 400, error('BAD_REQUEST', storefronts)],
    [`/qc/weidian/${'9'.repeat(20)}`, live, 404, error('NOT_FOUND', 'Product not found')],
    ['/qc/weidian/0', live, 404, error('NOT_FOUND', 'Product not found')],
    ['/qc/weidian/123456789', live, 404, error('NOT_FOUND', 'Product not found')],
    ['/qc/weidian/%zz', live, 400, error('BAD_REQUEST', 'The address is not valid percent-encoding.')],
    // A test key sees the demo alone.
    [`/qc/taobao/${listingId}`, sandbox, 404, error('NOT_FOUND', 'Product not found')],
    ['/qc/weidian', live, 404, error('NOT_FOUND', 'There is no GET /api/v1/qc/weidian.')],
    ['/qc', live, 404, error('NOT_FOUND', 'There is no GET /api/v1/qc.')],
  ]
  for (const [url, headers, status, body] of rows) {
    await t.test(url.slice(0, 60), async () => assertAnswer(await get(url, headers), status, body))
  }
})

test('public photos alone are counted and shown, the newest first, here, with the product and in a batch', async (t) => {
  const { app, ctx, get, live } = await openGallery(t)
  const { id, listingId } = await seedProduct(ctx)
  const url = `/qc/taobao/${listingId}`
  const told = async () => {
    await ctx.watch.next()
    const gallery = await get(url)
    const product = await get(`/products/taobao/${listingId}`)
    const items = [{ storefront: 'taobao', listing_id: listingId }]
    const batch = await app.inject({ method: 'POST', url: '/api/v1/products/batch', headers: live, payload: { items } })
    assert.deepEqual(batch.json(), { results: [product.json()] })
    const { qc_count: count, qc_preview: preview } = product.json().data
    assert.equal(product.json().data.id, id)
    assert.deepEqual([count, preview.slice(0, 3)], [gallery.json().data.qc_count, gallery.json().data.thumbnails])
    return { answer: gallery, preview, bodies: gallery.body + product.body + batch.body }
  }
  const none = { storefront: 'taobao', listing_id: listingId, qc_count: 0, thumbnails: [] }
  assertAnswer((await told()).answer, 200, { data: none })

  const pictures = await Promise.all(['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((seed) => drawn(`gallery ${seed}`)))
  const old = await addPhotos(ctx, listingId, pictures.slice(0, 4), { takenAt: new Date('2026-01-01') })
  const hidden = await addPhotos(ctx, listingId, pictures.slice(6), {
    isPublic: false,
    takenAt: new Date('2026-03-01'),
  })
  const young = await addPhotos(ctx, listingId, pictures.slice(4, 6), { takenAt: new Date('2026-02-01') })
  const { answer, preview, bodies } = await told()
  const expected = [...young.paths, ...old.paths].map(at)
  assertAnswer(answer, 200, { data: { ...none, qc_count: 6, thumbnails: expected.slice(0, 3) } })
  assert.deepEqual(preview, expected.slice(0, 5))
  assert.ok(!bodies.includes(hidden.paths[0]!.slice(-20)) && !bodies.includes('private'))

  const picture = await app.inject({ url: expected[0]!.slice('http://haul.test'.length) })
  assert.deepEqual([picture.statusCode, picture.headers['content-type']], [200, 'image/webp'])
})

test('what is added on one node stands on another once that has looked', async (t) => {
  const one = await openGallery(t)
  const two = await openGallery(t)
  const { listingId } = await seedProduct(one.ctx)
  await two.ctx.watch.next()
  const url = `/qc/taobao/${listingId}`
  const counts = async () => Promise.all([one, two].map(async ({ get }) => (await get(url)).json().data.qc_count))
  assert.deepEqual(await counts(), [0, 0])
  assert.ok(
    [...two.ctx.printed.entries.keys()].some((slot) => slot.endsWith(listingId)),
    'it was kept in memory',
  )
  await addPhotos(one.ctx, listingId, [await drawn('told elsewhere')])
  await Promise.all([one, two].map(({ ctx }) => ctx.watch.next()))
  assert.deepEqual(await counts(), [1, 1])
})

test('a tmall listing is shown under taobao', async (t) => {
  const { get } = await openGallery(t)
  const tmall = demoListings().find(({ marketplace, qcPhotos }) => marketplace === 'tmall' && qcPhotos.length > 0)!
  const { data } = (await get(`/qc/taobao/${tmall.listingId}`)).json()
  assert.deepEqual([data.storefront, data.qc_count], ['taobao', tmall.qcPhotos.length])
})

test('an unknown product is looked up at the sources, and shown without photos', async (t) => {
  const shelf = await startShelf(t)
  shelf.says.set('63000001', listing({ listingId: '63000001' }))
  shelf.says.set('63000002', 'down')
  const { get, sandbox } = await openGallery(t, { sources: [shelf.source] })
  const data = { storefront: 'taobao', listing_id: '63000001', qc_count: 0, thumbnails: [] }
  assertAnswer(await get('/qc/taobao/63000001', sandbox), 404, error('NOT_FOUND', 'Product not found'))
  assertAnswer(await get('/qc/taobao/63000001'), 200, { data })
  const down = 'No source of product data could answer. Try again in a while.'
  assertAnswer(await get('/qc/taobao/63000002'), 500, error('INTERNAL', down))
  assertAnswer(await get('/qc/taobao/63000003'), 404, error('NOT_FOUND', 'Product not found'))
  assert.deepEqual(shelf.calls.filter((id) => id !== '63000002').sort(), ['63000001', '63000003'])
})
