import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { sql } from 'kysely'
import sharp from 'sharp'
import type { Ctx } from '../../../src/ctx.ts'
import { getMedia } from '../../../src/products/media/media.ts'
import { assertAnswer, seedKey } from '../../app.ts'
import { formOf, searchableDemo } from '../../search.ts'

const BASES = ['/api/v1/1688', '/scraper/bce3cd9b-591a-4e87-a406-6e57ab0dd092']
const MASK = 'http://haul.test/media/demo/v2/791912182230-1.webp'
const refusal = (code: string, message: string) => ({ status: 'error', error: { code, message } })

async function pictureIds(ctx: Ctx, listingId: string): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`
    select p.id from search_picture p join product on product.id = p.product_id
    where product.listing_id = ${listingId}`.execute(ctx.db)
  return rows.map(({ id }) => id)
}

async function open(t: TestContext) {
  const { app, ctx } = await searchableDemo(t)
  const { headers } = await seedKey(ctx, { style: 'oh', room: true })
  const get = (query: Record<string, string>, base = BASES[0]!) =>
    app.inject({ url: `${base}/search_by_image?${new URLSearchParams(query).toString()}`, headers })
  const post = (fields: Record<string, string | Buffer>, base = BASES[0]!) => {
    const form = formOf(fields)
    return app.inject({
      method: 'POST',
      url: `${base}/search_by_image`,
      ...form,
      headers: { ...headers, ...form.headers },
    })
  }
  return { app, ctx, headers, get, post }
}

test('the documented example on both addresses, whole', async (t) => {
  const { get } = await open(t)
  for (const base of BASES) {
    const answer = await get({ page: '1', image_url: MASK, page_size: '3' }, base)
    const { data } = answer.json()
    const [first, ...others] = data.products
    assertAnswer(answer, 200, {
      status: 'success',
      data: {
        note: data.note,
        page: 1,
        page_size: 3,
        total_found: data.total_found,
        query_image_url: MASK,
        products: [first, ...others],
      },
    })
    assert.deepEqual(first, {
      offer_id: '791912182230',
      title: '轻薄冰丝防晒口罩女夏季护眼角凉感透气可水洗面罩',
      price: '2.85',
      image_url: MASK,
      shop_name: '溪口燕尾布艺作坊',
      city: '金华市',
      score: first.score,
      match: 'same_picture',
      matched_image_url: MASK,
    })
    assert.ok(first.score > 0.9 && first.score <= 1)
    assert.match(
      data.note,
      /^The picture was matched with the products of 1688 in an index of \d+ pictures, as they were at 20/,
    )
  }
})

test('pictures of products that were cropped, turned, shrunk and compressed find them first', async (t) => {
  const { ctx, post } = await open(t)
  for (const [offerId, turn] of [
    ['688012346012', 8],
    ['791912182230', -6],
    ['688012346012', 90],
  ] as const) {
    const media = await getMedia(ctx, `/media/demo/v2/${offerId}-1.webp`)
    const turned = await sharp(media!.bytes).rotate(turn, { background: '#888' }).toBuffer()
    const changed = await sharp(turned)
      .extract({ left: 120, top: 130, width: 620, height: 600 })
      .resize(420)
      .jpeg({ quality: 35 })
      .toBuffer()
    const answer = await post({ image: changed })
    const [first] = answer.json().data.products
    assert.deepEqual([answer.statusCode, first.offer_id, first.match], [200, offerId, 'same_picture'], `turned ${turn}`)
    assert.equal(answer.json().data.query_image_url, null)
  }
})

test('pages go on where the one before ended', async (t) => {
  const { get } = await open(t)
  const whole = (await get({ image_url: MASK, page_size: '60' })).json().data
  const paged: unknown[] = []
  for (let page = 1; paged.length < whole.products.length; page++) {
    const { data } = (await get({ image_url: MASK, page_size: '7', page: String(page) })).json()
    assert.equal(data.total_found, whole.total_found)
    assert.ok(data.products.length > 0)
    paged.push(...data.products)
  }
  assert.deepEqual(paged.slice(0, whole.products.length), whole.products)
  const ids = whole.products.map(({ offer_id }: { offer_id: string }) => offer_id)
  assert.equal(new Set(ids).size, ids.length)
  const beyond = (await get({ image_url: MASK, page: '1000' })).json().data
  assert.deepEqual([beyond.products, beyond.page], [[], 1000])
})

test('a page follows the one before although the best match went away between', async (t) => {
  const { ctx, get } = await open(t)
  const first = (await get({ image_url: MASK, page_size: '5' })).json().data
  const second = (await get({ image_url: MASK, page_size: '5', page: '2' })).json().data
  await ctx.search.current()!.index.remove(await pictureIds(ctx, '791912182230'))
  const after = (await get({ image_url: MASK, page_size: '5', page: '2' })).json().data
  assert.deepEqual(after, second)
  const anew = (await get({ image_url: MASK, page_size: '5' })).json().data
  assert.notDeepEqual(anew.products, first.products)
})

test('as a form without a file', async (t) => {
  const { app, headers } = await open(t)
  const answer = await app.inject({
    method: 'POST',
    url: `${BASES[0]}/search_by_image`,
    headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
    payload: new URLSearchParams({ keyword: '运动鞋', page_size: '1' }).toString(),
  })
  assert.deepEqual([answer.statusCode, answer.json().data.products.length], [200, 1])
})

test('more like an offer, with words, and within prices', async (t) => {
  const { get, post } = await open(t)
  const like = (await get({ offer_id: '688012346012' })).json().data
  assert.ok(like.products.length > 10)
  assert.ok(like.products.every(({ offer_id }: { offer_id: string }) => offer_id !== '688012346012'))
  const words = (await get({ keyword: '运动鞋' })).json().data
  assert.ok(words.products.some(({ offer_id }: { offer_id: string }) => offer_id === '688012346012'))
  assert.ok(
    words.products.every((each: { title: string; score: null; match: null }) => {
      return each.title.includes('运动鞋') && each.score === null && each.match === null
    }),
  )
  assert.equal(words.total_found, words.products.length)
  assert.equal(words.note, 'Products of 1688 whose titles have the words; there was no picture to match.')

  const both = (await get({ image_url: MASK, keyword: '运动鞋' })).json().data
  assert.ok(both.products.length > 0)
  assert.ok(both.products.every(({ title }: { title: string }) => title.includes('运动鞋')))
  const priced = (await post({ image_url: MASK, min_price: '50', max_price: '89.00' })).json().data
  assert.ok(priced.products.length > 0)
  assert.ok(priced.products.every(({ price }: { price: string }) => Number(price) >= 50 && Number(price) <= 89))
})

test('every refusal, whole', async (t) => {
  const { app, headers, get, post } = await open(t)
  const noPicture = 'The picture is not a JPEG, PNG, WebP or AVIF file.'
  const cases: { query: Record<string, string>; status: number; code: string; message?: string }[] = [
    { query: {}, status: 400, code: 'BAD_REQUEST', message: 'Give image_url, image, offer_id or keyword.' },
    {
      query: { image_url: MASK, offer_id: '791912182230' },
      status: 400,
      code: 'BAD_REQUEST',
      message: 'Give one of image_url, image and offer_id.',
    },
    { query: { image_url: '' }, status: 400, code: 'BAD_REQUEST' },
    { query: { image_url: 'not an address' }, status: 400, code: 'BAD_REQUEST' },
    { query: { image_url: `https://haul.test/${'x'.repeat(4_000)}` }, status: 400, code: 'BAD_REQUEST' },
    { query: { image_url: 'https://127.0.0.1/a.jpg' }, status: 422, code: 'UNPROCESSABLE' },
    { query: { image_url: 'http://haul.test/media/demo/v2/1-1.webp' }, status: 422, code: 'UNPROCESSABLE' },
    { query: { offer_id: '12a' }, status: 400, code: 'BAD_REQUEST' },
    { query: { offer_id: '99999999999' }, status: 404, code: 'NOT_FOUND', message: 'Product not found' },
    { query: { keyword: '...' }, status: 400, code: 'BAD_REQUEST', message: 'Give at least one word to search for.' },
    { query: { image_url: MASK, keyword: '?' }, status: 400, code: 'BAD_REQUEST' },
    ...['0', '-1', '1.5', 'x', '1001', '1e9', ''].map((page) => {
      return { query: { image_url: MASK, page }, status: 400, code: 'BAD_REQUEST' }
    }),
    ...['0', '61', '-3', '2.5', 'NaN'].map((page_size) => {
      return { query: { image_url: MASK, page_size }, status: 400, code: 'BAD_REQUEST' }
    }),
    ...['-1', '1.234', 'x', '1e3', '1,5', '9999999999'].map((min_price) => {
      return { query: { image_url: MASK, min_price }, status: 400, code: 'BAD_REQUEST' }
    }),
    {
      query: { image_url: MASK, min_price: '5', max_price: '4.99' },
      status: 400,
      code: 'BAD_REQUEST',
      message: 'The lowest price must not be above the highest.',
    },
  ]
  for (const { query, status, code, message } of cases) {
    const answer = await get(query)
    assertAnswer(answer, status, refusal(code, message ?? answer.json().error.message))
    assert.match(answer.json().error.message, /^[A-Z`a-z_].*\.$|^Product not found$/, JSON.stringify(query))
  }

  assertAnswer(
    await post({ image: Buffer.from('GIF89a, or so it says; long enough') }),
    422,
    refusal('UNPROCESSABLE', noPicture),
  )
  assertAnswer(
    await post({ image: Buffer.alloc(11 * 1024 * 1024) }),
    413,
    refusal('PAYLOAD_TOO_LARGE', 'The body is larger than 10 MB.'),
  )
  assert.equal((await post({ image: 'a text' })).statusCode, 400)
  for (const payload of ['', 'rubbish', '--x\r\n\r\n', '--x--']) {
    const answer = await app.inject({
      method: 'POST',
      url: `${BASES[0]}/search_by_image`,
      headers: { ...headers, 'content-type': 'multipart/form-data; boundary=x' },
      payload,
    })
    assert.equal(answer.statusCode, 400, payload)
  }
})
