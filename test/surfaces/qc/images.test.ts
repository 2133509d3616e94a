import assert from 'node:assert/strict'
import { request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { demoListings } from '../../../src/demo/catalogue.ts'
import { storeListing } from '../../../src/products/catalog/store.ts'
import { startShelf } from '../../products/catalog/ctx.ts'
import { listing } from '../../products/catalog/listings.ts'
import { drawn } from '../../products/qc/pictures.ts'
import { assertAnswer, seedKey } from '../../app.ts'
import { addPhotos, openGallery, seedProduct } from './photos.ts'

const error = (code: string, message: string) => ({ error: { code, message } })
const photo = (number: number) => `http://haul.test/media/demo/v2/qc-7231368393-${number}.webp`
const LINK = 'https://weidian.com/item.html?itemID=7231368393'
const UNKNOWN = error('NOT_FOUND', 'Product not found')

const SETS = [
  { sku_id: '54865500972', taken_at: '2026-01-02T08:13:00.000Z', images: [1, 2, 6, 10].map(photo) },
  { sku_id: '38248789434', taken_at: '2025-12-08T04:51:00.000Z', images: [3, 5, 7, 8, 11, 12].map(photo) },
  { sku_id: '55931952696', taken_at: '2025-11-06T06:27:00.000Z', images: [4, 9].map(photo) },
]
const EXAMPLE = {
  data: {
    id: 482910,
    storefront: 'weidian',
    listing_id: '7231368393',
    qc_count: 12,
    images: SETS.flatMap(({ images }) => images),
    sets: SETS.map((set) => ({
      ...set,
      source: 'warehouse',
      weight_grams: 832,
      size_mm: { length: 330, width: 210, height: 120 },
    })),
  },
}

test('the documented examples, whole, and every way to name the product', async (t) => {
  const { get, sandbox } = await openGallery(t)
  const agent = `https://www.superbuy.com/en/page/buy?url=${encodeURIComponent(LINK)}&partnercode=abc`
  const urls = [
    '/qc/482910/images',
    '/qc/0482910/images',
    `/qc/0/images?url=${LINK}`,
    `/qc/0/images?url=${encodeURIComponent(LINK)}`,
    `/qc/0/images?url=${encodeURIComponent(LINK).replaceAll('%2F', '/')}`,
    // With a link the number is not looked at, whatever stands there.
    `/qc/12345/images?url=${LINK}`,
    `/qc/taobao/images?url=${LINK}`,
    `/qc/-1/images?url=${LINK}`,
    // What is not encoded takes all that follows; what is encoded ends at the next parameter.
    `/qc/0/images?url=${LINK}&spm=a.b&wfr=c`,
    `/qc/0/images?x=1&url=${LINK}&extra=1`,
    `/qc/0/images?url=${encodeURIComponent(LINK)}&extra=1`,
    `/qc/0/images?url=https://m.weidian.com/item.html?x=1%26y=2&itemID=7231368393`,
    `/qc/0/images?url=weidian.com/item.html?itemID=7231368393&x=1`,
    `/qc/0/images?url=${agent}`,
    `/qc/0/images?url=${encodeURIComponent(agent)}`,
    `/qc/0/images?url=https://www.superbuy.com/en/page/buy?url=${LINK}`,
  ]
  for (const url of urls) {
    await t.test(url.slice(0, 100), async () => {
      assertAnswer(await get(url), 200, EXAMPLE)
      assertAnswer(await get(url, sandbox), 200, EXAMPLE)
    })
  }
  const answer = await get('/qc/482910/images')
  const again = await get(urls[2]!, { ...sandbox, 'if-none-match': String(answer.headers.etag) })
  assert.deepEqual([again.statusCode, again.body], [304, ''])
})

test('every refusal, whole', async (t) => {
  const { ctx, get, live, sandbox } = await openGallery(t)
  const { id, listingId } = await seedProduct(ctx)
  const basic = await seedKey(ctx, { mode: 'live' })
  const digits = error('BAD_REQUEST', 'id must be 1 to 20 digits.')
  const no = (why: string) => error('BAD_REQUEST', `url is not a link to a product. ${why}`)
  const other = error('BAD_REQUEST', 'Only links to Weidian, Taobao, Tmall and 1688 are taken here.')
  const nothing = no('There is no link in this text.')
  const rows: [url: string, headers: Record<string, string>, status: number, body: object][] = [
    ['/qc/482910/images', {}, 401, error('UNAUTHORIZED', 'No API key was sent.')],
    ['/qc/482910/images', basic.headers, 403, error('FORBIDDEN', 'This is not part of the plan "basic".')],
    ['/qc/taobao/images', live, 400, digits],
    ['/qc/%00/images', live, 400, digits],
    ['/qc/%EF%BC%91/images', live, 400, digits],
    ['/qc/-1/images', live, 400, digits],
    ['/qc/1e3/images', live, 400, digits],
    [`/qc/${'1'.repeat(5_000)}/images`, live, 400, digits],
    ['/qc/0/images', live, 404, UNKNOWN],
    ['/qc/99999999999999999999/images', live, 404, UNKNOWN],
    ['/qc/9007199254740993/images', live, 404, UNKNOWN],
    ['/qc/999999999/images', live, 404, UNKNOWN],
    // A test key sees the demo alone.
    [`/qc/${id}/images`, sandbox, 404, UNKNOWN],
    [`/qc/0/images?url=https://item.taobao.com/item.htm?id=${listingId}`, sandbox, 404, UNKNOWN],
    ['/qc/482910/images?url=https://weidian.com/item.html?itemID=999', live, 404, UNKNOWN],
    ['/qc/482910/images?url=', live, 400, error('BAD_REQUEST', 'url must NOT have fewer than 1 characters.')],
    ['/qc/482910/images?url', live, 400, error('BAD_REQUEST', 'url must NOT have fewer than 1 characters.')],
    [
      `/qc/0/images?url=${encodeURIComponent(LINK)}&url=${encodeURIComponent(LINK)}`,
      live,
      400,
      error('BAD_REQUEST', 'url must be string.'),
    ],
    ['/qc/482910/images?url=x', live, 400, nothing],
    ['/qc/482910/images?url=%00', live, 400, nothing],
    ['/qc/482910/images?url=%zz', live, 400, nothing],
    ['/qc/482910/images?url=%E6%89%8B%E5%B7%A5', live, 400, nothing],
    [
      '/qc/0/images?url=https://example.com/?id=1',
      live,
      400,
      no('The host is not one of a known marketplace or agent.'),
    ],
    [
      '/qc/0/images?url=https://weidian.com/?userid=1234567890',
      live,
      400,
      no('A shop on weidian, not one of its items.'),
    ],
    [
      '/qc/0/images?url=https://item.jd.com/100012043978.html',
      live,
      400,
      no('Listings of jd are recognised but not carried.'),
    ],
    ['/qc/0/images?url=https://www.goofish.com/item?id=812345678901', live, 400, other],
    [`/qc/0/images?url=https://item.taobao.com/item.htm?id=1&id=2`, live, 400, no('The link gives two different ids.')],
    [
      `/qc/0/images?url=https://weidian.com/${'x'.repeat(9_000)}`,
      live,
      400,
      error('BAD_REQUEST', 'url must NOT have more than 8192 characters.'),
    ],
    ['/qc/1/2/images', live, 404, error('NOT_FOUND', 'There is no GET /api/v1/qc/1/2/images.')],
  ]
  for (const [url, headers, status, body] of rows) {
    await t.test(url.slice(0, 80), async () => assertAnswer(await get(url, headers), status, body))
  }
})

test('a known product without photos has none; private photos are nowhere', async (t) => {
  const { ctx, get } = await openGallery(t)
  const { id, listingId } = await seedProduct(ctx)
  const empty = { id, storefront: 'taobao', listing_id: listingId, qc_count: 0, images: [], sets: [] }
  assertAnswer(await get(`/qc/${id}/images`), 200, { data: empty })
  await addPhotos(ctx, listingId, [await drawn('private')], { isPublic: false })
  const open = await addPhotos(ctx, listingId, [await drawn('public')])
  await ctx.watch.next()
  const images = open.paths.map((path) => `http://haul.test${path}`)
  const set = { taken_at: null, source: 'upload', sku_id: null, weight_grams: null, size_mm: null, images }
  assertAnswer(await get(`/qc/${id}/images`), 200, { data: { ...empty, qc_count: 1, images, sets: [set] } })
})

test('a live product stands before the demo’s of the same listing, also under its number', async (t) => {
  const { ctx, get, sandbox } = await openGallery(t)
  const { id, listingId } = demoListings().find(
    ({ marketplace, qcPhotos }) => marketplace === '1688' && qcPhotos.length > 0,
  )!
  assert.equal((await get(`/qc/${id}/images`)).json().data.id, id)
  const stored = await storeListing(ctx, listing({ listingId, marketplace: '1688' }), 'shelf')
  assert.ok(stored.kind === 'stored')
  await ctx.watch.next()
  const data = { id: stored.product.id, storefront: '1688', listing_id: listingId, qc_count: 0, images: [], sets: [] }
  for (const named of [id, stored.product.id]) assertAnswer(await get(`/qc/${named}/images`), 200, { data })
  assert.equal((await get(`/qc/${id}/images`, sandbox)).json().data.id, id)
})

test('an unknown product that a link names is looked up at the sources', async (t) => {
  const shelf = await startShelf(t)
  shelf.says.set('63000011', listing({ listingId: '63000011' }))
  shelf.says.set('63000012', 'down')
  const { get } = await openGallery(t, { sources: [shelf.source] })
  const at = (listingId: string) => get(`/qc/0/images?url=https://item.taobao.com/item.htm?id=${listingId}`)
  const found = await at('63000011')
  const { id } = found.json().data
  const data = { id, storefront: 'taobao', listing_id: '63000011', qc_count: 0, images: [], sets: [] }
  assertAnswer(found, 200, { data })
  assertAnswer(await get(`/qc/${id}/images`), 200, { data })
  assertAnswer(
    await at('63000012'),
    500,
    error('INTERNAL', 'No source of product data could answer. Try again in a while.'),
  )
  assertAnswer(await at('63000013'), 404, UNKNOWN)
})

test('no input is a fault of ours', async (t) => {
  const { app, live } = await openGallery(t)
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  const status = (path: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const sent = httpRequest({ port, host: '127.0.0.1', path, headers: live }, (answer) => {
        answer.resume().on('end', () => resolve(answer.statusCode!))
      })
      sent.on('error', reject).end()
    })
  const parts = [
    '',
    '0',
    '482910',
    '%00',
    '%zz',
    '%',
    '..',
    '%2e%2e',
    '%2F',
    '__proto__',
    "'",
    '%F0%9F%98%80',
    '9'.repeat(400),
  ]
  const queries = [
    '',
    '?',
    '?url',
    '?url=',
    '?url=&url=',
    '?url[]=1',
    '?url[a]=1',
    '?__proto__=1',
    '?=&&&=',
    '?url=%',
    '?url=?url=?',
  ]
  const many = `?${'&?'.repeat(3_000)}`
  for (const part of parts) {
    for (const query of [...queries, many]) {
      for (const path of [`/api/v1/qc/${part}/images${query}`, `/api/v1/qc/weidian/${part}${query}`]) {
        const code = await status(path)
        assert.ok(code < 500, `${path.slice(0, 80)}: ${code}`)
      }
    }
  }
})
