import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PUBLIC_LIMIT } from '../../../src/access/limits/addresses.ts'
import { assertAnswer, testApp } from '../../app.ts'

const AGENT_URL = `https://www.superbuy.com/en/page/buy?url=${encodeURIComponent('https://detail.1688.com/offer/791912182230.html')}`

test('GET /links reads a link without a key', async (t) => {
  const { app } = await testApp(t)
  const answer = await app.inject({
    url: '/api/v1/links',
    query: { url: `${AGENT_URL}&partnercode=abc`, to: 'cssbuy' },
  })
  assertAnswer(answer, 200, {
    data: {
      input: `${AGENT_URL}&partnercode=abc`,
      type: 'item',
      marketplace: '1688',
      listing_id: '791912182230',
      agent: 'superbuy',
      canonical_url: 'https://detail.1688.com/offer/791912182230.html',
      converted: { cssbuy: 'https://www.cssbuy.com/item-1688-791912182230.html' },
      lost: [],
      referral: { superbuy: 'abc' },
      reason: null,
    },
  })
})

test('invitation codes are written only when asked for', async (t) => {
  const { app } = await testApp(t)
  const url = `${AGENT_URL}&partnercode=abc`
  const ask = (referral?: string) =>
    app.inject({ url: '/api/v1/links', query: { url, to: 'superbuy', ...(referral && { referral }) } })
  const written = async (referral?: string) => (await ask(referral)).json().data.converted.superbuy
  const plain = `https://www.superbuy.com/en/page/buy?from=search-input&url=${encodeURIComponent('https://detail.1688.com/offer/791912182230.html')}`
  assert.deepEqual(
    [await written(), await written('none'), await written('keep'), await written('superbuy:mine')],
    [plain, plain, `${plain}&partnercode=abc`, `${plain}&partnercode=mine`],
  )
  for (const referral of ['mine', 'nobody:x', 'superbuy:a b', 'superbuy:']) {
    assert.equal((await ask(referral)).statusCode, 400, referral)
  }
})

test('GET /links says why a text is not an item', async (t) => {
  const { app } = await testApp(t)
  const { data } = (await app.inject({ url: '/api/v1/links', query: { url: 'good morning' } })).json()
  assert.deepEqual(
    { ...data, reason: typeof data.reason },
    {
      input: 'good morning',
      type: 'none',
      marketplace: null,
      listing_id: null,
      agent: null,
      canonical_url: null,
      converted: {},
      lost: [],
      referral: null,
      reason: 'string',
    },
  )
})

test('POST /links reads every link of a text in order', async (t) => {
  const { app } = await testApp(t)
  const text =
    'first https://weidian.com/item.html?itemID=7231368393，then [this](https://item.taobao.com/item.htm?id=6789012345) ok?'
  const answer = await app.inject({ method: 'POST', url: '/api/v1/links', payload: { text, to: 'all' } })
  const { data } = answer.json()
  assert.equal(answer.statusCode, 200)
  assert.deepEqual(
    data.map((link: { marketplace: string; listing_id: string }) => [link.marketplace, link.listing_id]),
    [
      ['weidian', '7231368393'],
      ['taobao', '6789012345'],
    ],
  )
  assert.ok(Object.keys(data[0].converted).length > 20)
})

test('POST /links takes a form as well', async (t) => {
  const { app } = await testApp(t)
  const post = (payload: string, type: string) =>
    app.inject({ method: 'POST', url: '/api/v1/links', payload, headers: { 'content-type': type } })
  const text = 'see https://weidian.com/item.html?itemID=7231368393'
  const form = await post(new URLSearchParams({ text }).toString(), 'application/x-www-form-urlencoded')
  assert.equal(form.json().data[0].listing_id, '7231368393')
  assertAnswer(await post(text, 'text/plain'), 400, {
    error: {
      code: 'BAD_REQUEST',
      message: 'Send the body as application/json or application/x-www-form-urlencoded.',
    },
  })
})

test('what cannot be read is refused in the house envelope', async (t) => {
  const { app } = await testApp(t)
  const no = (message: string) => ({ error: { code: 'BAD_REQUEST', message } })
  assertAnswer(await app.inject({ url: '/api/v1/links' }), 400, no('url is required.'))
  assertAnswer(await app.inject({ method: 'POST', url: '/api/v1/links', payload: {} }), 400, no('text is required.'))
  assertAnswer(await app.inject({ method: 'POST', url: '/api/v1/links' }), 400, no('text is required.'))
  const wrongAgent = await app.inject({ url: '/api/v1/links', query: { url: 'x', to: 'nobody' } })
  assertAnswer(wrongAgent, 400, no('"nobody" is not a known agent.'))
})

test('one address gets its minute and no more; another is not affected', async (t) => {
  const { app } = await testApp(t)
  const ask = (remoteAddress: string) => app.inject({ url: '/api/v1/links?url=x', remoteAddress })
  for (let call = 0; call < PUBLIC_LIMIT.max; call++) assert.equal((await ask('203.0.113.5')).statusCode, 200)
  const refused = await ask('203.0.113.5')
  const { retry_after: retryAfter } = refused.json().error
  assertAnswer(refused, 429, {
    error: { code: 'RATE_LIMITED', message: 'Per-minute limit exceeded', retry_after: retryAfter },
  })
  assert.ok(retryAfter >= 1 && retryAfter <= 60)
  assert.equal(refused.headers['retry-after'], String(retryAfter))
  assert.equal((await ask('203.0.113.6')).statusCode, 200)
})

test('GET /agents lists the registry', async (t) => {
  const { app } = await testApp(t)
  const { data, as_of: asOf } = (await app.inject({ url: '/api/v1/agents' })).json()
  assert.equal(data.length, 61)
  assert.match(asOf, /^\d{4}-\d\d-\d\d$/)
  assert.deepEqual(Object.keys(data[0]), [
    'id',
    'name',
    'status',
    'confidence',
    'evidence',
    'hosts',
    'short_hosts',
    'marketplaces',
    'referral',
    'note',
  ])
})
