import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import sharp from 'sharp'
import { getMedia } from '../../../src/products/media/media.ts'
import { assertAnswer, seedKey } from '../../app.ts'
import { formOf, searchableDemo } from '../../search.ts'

const URL = '/api/v1/products/search'
const HOODIE = '/media/demo/v2/1234567890-1.webp'
const error = (code: string, message: string) => ({ error: { code, message } })

type Body = { data: { listing_id: string; storefront: string; match: string | null }[]; next_cursor: string | null }

async function open(t: TestContext, env: Record<string, string> = {}) {
  const { app, ctx } = await searchableDemo(t, env)
  const { headers } = await seedKey(ctx, { room: true })
  const json = (payload: object, more: Record<string, string> = {}) =>
    app.inject({ method: 'POST', url: URL, headers: { ...headers, ...more }, payload })
  const form = (fields: Record<string, string | Buffer>, more: Record<string, string> = {}) => {
    const sent = formOf(fields)
    return app.inject({ method: 'POST', url: URL, ...sent, headers: { ...headers, ...sent.headers, ...more } })
  }
  return { app, ctx, headers, json, form }
}

test('by a picture, over all marketplaces, whole', async (t) => {
  const { app, ctx, headers, json, form } = await open(t)
  const answer = await json({ image_url: `http://haul.test${HOODIE}`, limit: 1 })
  const { data, total, next_cursor: next } = answer.json()
  assertAnswer(answer, 200, {
    data: [
      {
        id: 500_002,
        storefront: 'weidian',
        listing_id: '1234567890',
        name: 'Morning-fog hoodie, loose fit',
        price: '¥168.00',
        pic_url: `http://haul.test${HOODIE}`,
        product_url: 'https://weidian.com/item.html?itemID=1234567890',
        qc_count: 7,
        qc_preview: data[0].qc_preview,
        match: 'same_picture',
        score: data[0].score,
        matched_url: `http://haul.test${HOODIE}`,
      },
    ],
    total,
    next_cursor: next,
  })
  assert.ok(total > 1 && typeof next === 'string')
  const media = await getMedia(ctx, HOODIE)
  const typed = { 'content-type': 'application/x-www-form-urlencoded' }
  const posted = await app.inject({
    method: 'POST',
    url: URL,
    headers: { ...headers, ...typed },
    payload: `limit=1&image_url=${encodeURIComponent(HOODIE)}`,
  })
  assert.deepEqual(posted.json().data, data)
  const uploaded = await form({ image: media!.bytes, limit: '1' })
  assert.deepEqual(uploaded.json().data, data)
})

test('a QC photo finds its product, and says by which photo', async (t) => {
  const { ctx, form } = await open(t)
  const path = '/media/demo/v2/qc-1234567890-2.webp'
  const photo = await getMedia(ctx, path)
  const image = await sharp(photo!.bytes).resize(500).jpeg({ quality: 50 }).toBuffer()
  const [first] = (await form({ image })).json().data
  assert.deepEqual(
    [first.listing_id, first.match, first.matched_url],
    ['1234567890', 'same_picture', `http://haul.test${path}`],
  )
})

test('by words, by both, and within storefront and prices; pages end', async (t) => {
  const { json } = await open(t)
  const words = (await json({ words: '卫衣' })).json<Body>()
  assert.ok(words.data.length > 0 && words.data.every(({ match }) => match === null))
  const seen: string[] = []
  let cursor: string | null = null
  do {
    const page: Body = (await json({ words: '卫衣', limit: 2, ...(cursor && { cursor }) })).json()
    seen.push(...page.data.map(({ listing_id }) => listing_id))
    cursor = page.next_cursor
  } while (cursor)
  assert.deepEqual(
    seen.slice(0, words.data.length),
    words.data.map(({ listing_id }) => listing_id),
  )

  const image_url = `http://haul.test${HOODIE}`
  const pictured: string[] = []
  do {
    const page: Body = (await json({ image_url, limit: 9, cursor })).json()
    pictured.push(...page.data.map(({ listing_id }) => listing_id))
    cursor = page.next_cursor
  } while (cursor)
  const { total } = (await json({ image_url })).json<{ total: number }>()
  assert.deepEqual([pictured.length, new Set(pictured).size], [total, total])

  const both = (await json({ image_url, words: '卫衣', storefront: 'weidian', max_price: '200' })).json<Body>()
  assert.equal(both.data[0]!.listing_id, '1234567890')
  assert.ok(both.data.every(({ storefront }) => storefront === 'weidian'))
  assert.deepEqual((await json({ image_url, storefront: 'goofish', min_price: '999999' })).json().data, [])
})

test('every refusal, whole', async (t) => {
  const { app, ctx, json, form } = await open(t)
  const image_url = `http://haul.test${HOODIE}`
  const cases: [body: object, message: string][] = [
    [{}, 'Give words, image_url or image.'],
    [{ words: '' }, 'words must NOT have fewer than 1 characters.'],
    [{ words: '!' }, 'Give at least one word to search for.'],
    [{ words: 'x', limit: 61 }, 'limit must be <= 60.'],
    [{ words: 'x', cursor: 'nonsense' }, 'cursor is not one that a page of results gave.'],
    [{ image_url, cursor: 'nonsense' }, 'cursor is not one that a page of results gave.'],
    [{ image_url, image: 'text' }, 'image must be a file of a multipart/form-data body.'],
    [{ image_url, storefront: 'shop' }, 'storefront must be one of weidian, taobao, 1688, goofish.'],
    [{ image_url, min_price: 'cheap' }, 'min_price must be an amount in yuan with at most two decimals, such as 2.85.'],
    [{ image_url, min_price: '3', max_price: '2' }, 'The lowest price must not be above the highest.'],
  ]
  for (const [body, message] of cases) assertAnswer(await json(body), 400, error('BAD_REQUEST', message))
  assertAnswer(
    await form({ image_url, image: Buffer.from('x') }),
    400,
    error('BAD_REQUEST', 'Give one of image_url and image.'),
  )
  assert.equal((await form({ image: Buffer.alloc(0) })).statusCode, 422)
  const { headers } = await seedKey(ctx, { scopes: ['item:read'] })
  assert.equal((await app.inject({ method: 'POST', url: URL, headers, payload: { words: 'x' } })).statusCode, 403)
})

test('sent again under its key it is answered the same; another picture is another request', async (t) => {
  const { ctx, form } = await open(t)
  const media = await getMedia(ctx, HOODIE)
  const key = { 'idempotency-key': 'once' }
  const first = await form({ image: media!.bytes }, key)
  const again = await form({ image: media!.bytes }, key)
  assert.deepEqual([again.body, again.headers['idempotent-replayed']], [first.body, 'true'])
  const other = await form({ image: Buffer.concat([media!.bytes, Buffer.from([0])]) }, key)
  assertAnswer(other, 409, error('CONFLICT', 'This Idempotency-Key was used for another request; choose a new one.'))
})

test('test keys find demo products alone, and live keys do without them where the demo is off', async (t) => {
  const { app, ctx, json } = await open(t, { DEMO: 'false' })
  const image_url = `http://haul.test${HOODIE}`
  assert.ok((await json({ image_url })).json<Body>().data.length > 0)
  const { headers } = await seedKey(ctx, { mode: 'live', room: true })
  assertAnswer(await app.inject({ method: 'POST', url: URL, headers, payload: { image_url } }), 200, {
    data: [],
    total: 0,
    next_cursor: null,
  })
})

test('before the index is loaded the answer is to come again', async (t) => {
  const { app, ctx } = await searchableDemo(t)
  const { headers } = await seedKey(ctx)
  await ctx.search.close()
  Object.assign(ctx.search, { current: () => null })
  const answer = await app.inject({
    method: 'POST',
    url: URL,
    headers,
    payload: { image_url: `http://haul.test${HOODIE}` },
  })
  assert.deepEqual([answer.statusCode, answer.headers['retry-after']], [503, '5'])
})
