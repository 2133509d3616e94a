import assert from 'node:assert/strict'
import { test } from 'node:test'
import pino from 'pino'
import { systemClock } from '../../../src/lib/clock.ts'
import { startUpstreams } from '../../../src/upstreams/start.ts'
import { demoListings } from '../../../src/demo/catalogue.ts'
import { storeDemo } from '../../../src/products/catalog/catalog.ts'
import { assertAnswer, seedKey, testApp } from '../../app.ts'

const URL = 'https://weidian.com/item.html?itemID=7266541641'
const form = (fields: Record<string, string>) => ({
  payload: new URLSearchParams(fields).toString(),
  type: 'application/x-www-form-urlencoded',
})
const json = (body: unknown) => ({ payload: JSON.stringify(body), type: 'application/json' })

async function open(t: Parameters<typeof testApp>[0]) {
  const { app, ctx } = await testApp(t)
  await storeDemo(ctx, demoListings())
  const { headers } = await seedKey(ctx, { room: true, style: 'cbk' })
  const post = (body: { payload: string; type: string }, sent: Record<string, string> = headers) =>
    app.inject({
      method: 'POST',
      url: '/api/v1/item',
      payload: body.payload,
      headers: { ...sent, 'content-type': body.type },
    })
  return { app, ctx, headers, post }
}

test('the documented example as a form: its documented values, every field typed', async (t) => {
  const { post } = await open(t)
  const answer = await post(form({ url: URL, searchlang: 'en' }))
  const body = answer.json()
  assert.equal(answer.statusCode, 200)
  assert.deepEqual(Object.keys(body), ['code', 'msg', 'data'])
  assert.deepEqual([body.code, body.msg], [1, 'return success'])
  const { data } = body
  assert.deepEqual([data.api_source, data.num_iid, data.price, data.detail_url], ['weidian', '7266541641', '41.0', URL])
  assert.deepEqual(data.sales_data, { weight: 256.11, size: 1805.74, delivery_time: '2.5', sales: 49 })
  assert.deepEqual(data.item_imgs[0], { url: data.pic_url })
  assert.equal(data.pic_url, 'http://haul.test/media/demo/v2/7266541641-1.webp')
  assert.equal(data.translated.title, true)
  assert.notEqual(data.title, data.title_original)

  assert.ok(data.skus.sku.length > 0)
  for (const sku of data.skus.sku) {
    assert.deepEqual(Object.keys(sku), [
      'sku_id',
      'price',
      'orginal_price',
      'properties',
      'properties_name',
      'quantity',
    ])
    assert.ok(Object.values(sku).every((value) => typeof value === 'string'))
    const labels = sku.properties.split(';').map((key: string) => `${key}:${data.props_list[key]}`)
    assert.equal(sku.properties_name, labels.join(';'))
  }
})

test('form and JSON, the marketplace’s link and an agent’s, give the same answer', async (t) => {
  const { post } = await open(t)
  const expected = (await post(form({ url: URL }))).json()
  const wrapped = `https://www.superbuy.com/en/page/buy?url=${encodeURIComponent(URL)}&partnercode=abc`
  for (const body of [json({ url: URL }), json({ url: wrapped, searchlang: 'en-US' }), form({ url: wrapped })]) {
    assert.deepEqual((await post(body)).json(), expected)
  }
})

test('tid comes back, and searchlang picks the language', async (t) => {
  const { post } = await open(t)
  const body = (await post(json({ url: URL, searchlang: 'zh', tid: 'order "7"' }))).json()
  assert.equal(body.tid, 'order "7"')
  assert.deepEqual([body.data.title, body.data.language], [body.data.title_original, 'zh'])
})

test('every refusal, whole', async (t) => {
  const { post, headers } = await open(t)
  const no = (error: string, message: string) => ({ error, message })
  const unsafe = no('invalid_url', 'URL not allowed or unsafe')
  const cases: {
    name: string
    body: { payload: string; type: string }
    sent?: Record<string, string>
    status: number
    answer: object
  }[] = [
    {
      name: 'no key',
      body: form({ url: URL }),
      sent: {},
      status: 401,
      answer: no('missing_api_key', 'No API key was sent.'),
    },
    {
      name: 'malformed key',
      body: form({ url: URL }),
      sent: { 'x-api-key': 'cbk_x' },
      status: 401,
      answer: no('invalid_api_key', 'This is not the form of an API key.'),
    },
    {
      name: 'key before body',
      body: form({}),
      sent: {},
      status: 401,
      answer: no('missing_api_key', 'No API key was sent.'),
    },
    { name: 'no url', body: form({ tid: '1' }), status: 400, answer: no('missing_parameter', 'url is required.') },
    { name: 'empty url', body: form({ url: '' }), status: 400, answer: no('missing_parameter', 'url is required.') },
    { name: 'empty form', body: form({}), status: 400, answer: no('missing_parameter', 'url is required.') },
    {
      name: 'empty JSON',
      body: { payload: '', type: 'application/json' },
      status: 400,
      answer: no('invalid_parameter', 'The body is empty; JSON was announced.'),
    },
    {
      name: 'broken JSON',
      body: { payload: '{"url":', type: 'application/json' },
      status: 400,
      answer: no('invalid_parameter', 'The body is not valid JSON.'),
    },
    { name: 'a list', body: json([URL]), status: 400, answer: no('invalid_parameter', 'body must be object.') },
    {
      name: 'url twice',
      body: { payload: `url=${encodeURIComponent(URL)}&url=x`, type: 'application/x-www-form-urlencoded' },
      status: 400,
      answer: no('invalid_parameter', 'url must be string.'),
    },
    {
      name: 'odd language',
      body: form({ url: URL, searchlang: 'e n' }),
      status: 400,
      answer: no('invalid_parameter', 'searchlang must be a language code such as en or zh; en unless given.'),
    },
    {
      name: 'other type',
      body: { payload: '<url/>', type: 'text/xml' },
      status: 400,
      answer: no('invalid_parameter', 'Send the body as application/json or application/x-www-form-urlencoded.'),
    },
    {
      name: 'too large',
      body: form({ url: 'x'.repeat(300_000) }),
      status: 413,
      answer: no('payload_too_large', 'The body is larger than 256 KB.'),
    },
    {
      name: 'another site',
      body: form({ url: 'https://example.com/item.html?itemID=7266541641' }),
      status: 400,
      answer: unsafe,
    },
    {
      name: 'a look-alike',
      body: form({ url: 'https://weidian.com.evil.test/item.html?itemID=7266541641' }),
      status: 400,
      answer: unsafe,
    },
    {
      name: 'a user name in it',
      body: form({ url: 'https://weidian.com@evil.test/item.html?itemID=7266541641' }),
      status: 400,
      answer: unsafe,
    },
    { name: 'a store', body: form({ url: 'https://weidian.com/?userid=1234567890' }), status: 400, answer: unsafe },
    { name: 'a short link', body: form({ url: 'https://k.youshop10.com/abc' }), status: 400, answer: unsafe },
    {
      name: 'another marketplace',
      body: form({ url: 'https://item.jd.com/100012043978.html' }),
      status: 400,
      answer: unsafe,
    },
    {
      name: 'unknown listing',
      body: form({ url: 'https://item.taobao.com/item.htm?id=123456789' }),
      status: 404,
      answer: no('not_found', 'Product not found'),
    },
  ]
  for (const { name, body, sent = headers, status, answer } of cases) {
    await t.test(name, async () => assertAnswer(await post(body, sent), status, answer))
  }
})

test('what the translation service could not do is tried again, and tid stands in the log', async (t) => {
  const upstreams = await startUpstreams({ port: 0, clock: systemClock })
  t.after(() => upstreams.stop())
  const moved = { byMs: 0 }
  const clock = {
    now: () => new Date(Date.now() + moved.byMs),
    elapsedMs: () => performance.now() + moved.byMs,
    sleep: systemClock.sleep,
  }
  const lines: string[] = []
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) })
  const { app, ctx } = await testApp(t, { ...upstreams.env, SOURCES: 'onebound' }, { clock, log })
  const { headers } = await seedKey(ctx, { room: true, mode: 'live' })
  const payload = { url: 'https://item.taobao.com/item.htm?id=600000000011', tid: 'find-me' }
  const ask = async () => (await app.inject({ method: 'POST', url: '/api/v1/item', headers, payload })).json().data

  upstreams.controls.translate.fault = 'down'
  const before = await ask()
  assert.equal(before.translated.desc, false)
  upstreams.controls.translate.fault = 'none'
  assert.deepEqual(await ask(), before)
  moved.byMs += 11 * 60_000
  const after = await ask()
  assert.equal(after.translated.desc, true)
  assert.notEqual(after.desc, before.desc)

  const told = lines
    .map((line) => JSON.parse(line) as { tid?: string; route?: string })
    .filter(({ tid }) => tid === 'find-me')
  assert.deepEqual(
    told.map(({ route }) => route),
    ['/api/v1/item', '/api/v1/item', '/api/v1/item'],
  )
  assert.ok(!lines.join('').includes(headers['authorization']!.slice(15)))
})
