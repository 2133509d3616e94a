import assert from 'node:assert/strict'
import test from 'node:test'
import { readConfig } from '../../src/config.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { openHttp } from '../../src/lib/http-client.ts'
import { openSources } from '../../src/products/sources/open.ts'
import { obey } from '../../src/upstreams/control.ts'
import { findInvented } from '../../src/upstreams/invented.ts'
import { DEFAULT_PORT, startUpstreams } from '../../src/upstreams/start.ts'
import type { TestContext } from 'node:test'
import type { Answer, Source } from '../../src/products/sources/source.ts'
import type { ListingRef } from '../../src/products/listing.ts'
import type { Upstreams } from '../../src/upstreams/start.ts'

type Started = {
  upstreams: Upstreams
  sources: Source[]
  ask(source: Source, ref: ListingRef): Promise<Answer>
  http: ReturnType<typeof openHttp>
}

async function start(t: TestContext): Promise<Started> {
  const upstreams = await startUpstreams({ port: 0, clock: systemClock })
  const http = openHttp()
  t.after(async () => {
    await http.close()
    await upstreams.stop()
  })
  const ask = async (source: Source, ref: ListingRef) => {
    const { status, text } = await http.send(source.itemRequest(ref, systemClock.now()))
    return source.parseItem(ref, status, text)
  }
  return { upstreams, sources: openSources(readConfig(upstreams.env)), ask, http }
}

test('every source finds every marketplace it serves, and what it finds is what was invented', async (t) => {
  const { sources, ask } = await start(t)
  const invented = findInvented('650123457')!
  for (const source of sources) {
    for (const marketplace of source.marketplaces) {
      const answer = await ask(source, { marketplace, listingId: invented.id })
      const name = `${source.name} ${marketplace}`
      assert.ok(answer.kind === 'found', `${name}: ${JSON.stringify(answer)}`)
      const { listing } = answer
      assert.deepEqual(
        {
          title: listing.title,
          priceFen: listing.priceFen,
          images: listing.images,
          description: listing.description,
          descriptionImages: listing.descriptionImages,
          options: listing.options.map((option) => [option.name, option.values.map((value) => value.name)]),
          skus: listing.skus.map(({ skuId, priceFen, stock }) => ({ skuId, priceFen, stock })),
          attributes: listing.attributes,
          sellerName: listing.seller.name,
        },
        {
          title: invented.title[0],
          priceFen: invented.priceFen,
          images: invented.images.map((image) => `https://${image}`),
          description: invented.paragraphs.join('\n'),
          descriptionImages: [`https://${invented.detailImage}`],
          options: invented.options.map((option) => [option.name[0], option.values.map((value) => value.name[0])]),
          skus: invented.skus.map(({ skuId, priceFen, stock }) => ({ skuId, priceFen, stock })),
          attributes: invented.attributes.map(({ name, value }) => ({ name: name[0], value: value[0] })),
          sellerName: invented.sellerName,
        },
        name,
      )
      for (const { choices } of listing.skus) assert.equal(choices.length, listing.options.length, name)
    }
  }
})

test('however the types wobble, the listing is the same', async (t) => {
  const { upstreams, sources, ask } = await start(t)
  const controls = Object.values(upstreams.controls)
  for (let number = 0; number < 60; number++) {
    const listingId = String(600_000_000 + number * 7_919)
    for (const source of sources) {
      const ref = { marketplace: source.marketplaces[number % source.marketplaces.length]!, listingId }
      for (const control of controls) obey(control, { wobble: false })
      const plain = await ask(source, ref)
      for (const control of controls) obey(control, { wobble: true })
      const wobbled = await ask(source, ref)
      assert.deepEqual(wobbled, plain, `${source.name} ${listingId}`)
      assert.equal(plain.kind, findInvented(listingId) ? 'found' : 'absent')
    }
  }
})

test('ids that are unknown, and ids at the edges of what exists', async (t) => {
  const { sources, ask } = await start(t)
  const cases: [listingId: string, kind: string][] = [
    ['600000404', 'absent'],
    ['12345', 'absent'],
    ['123456', 'found'],
    ['9007199254740993', 'found'],
    ['9223372036854775807', 'found'],
    ['12345678901234567890', 'absent'],
  ]
  for (const source of sources) {
    for (const [listingId, kind] of cases) {
      const answer = await ask(source, { marketplace: source.marketplaces[0]!, listingId })
      assert.equal(answer.kind, kind, `${source.name} ${listingId}: ${JSON.stringify(answer).slice(0, 200)}`)
      if (answer.kind === 'found') assert.equal(answer.listing.listingId, listingId)
    }
  }
})

test('the signature is checked to the byte, and the account before everything', async (t) => {
  const { upstreams, sources, http } = await start(t)
  const ref: ListingRef = { marketplace: '1688', listingId: '700123457' }
  const [onebound, alibaba, global] = sources as [Source, Source, Source]
  const answers = async (source: Source, change: (form: URLSearchParams) => void) => {
    const request = source.itemRequest({ ...ref, marketplace: source.marketplaces[0]! }, systemClock.now())
    const form = new URLSearchParams(request.body ?? new URL(request.url).search)
    change(form)
    const body = request.body === null ? null : form.toString()
    const url =
      request.body === null ? `${new URL(request.url).origin}/taobao/item_get/?${form.toString()}` : request.url
    const { text } = await http.send({ ...request, url, body })
    const { error_code: code, type } = JSON.parse(text) as Record<string, string>
    return code ?? (type ? (JSON.parse(text) as { code: string }).code : 'ok')
  }
  const set = (name: string, value: string) => (form: URLSearchParams) => form.set(name, value)
  const lower = (name: string) => (form: URLSearchParams) => form.set(name, form.get(name)!.toLowerCase())
  const drop = (name: string) => (form: URLSearchParams) => form.delete(name)

  assert.equal(await answers(alibaba, () => {}), 'ok')
  assert.equal(await answers(alibaba, lower('_aop_signature')), 'gw.SignatureInvalid')
  assert.equal(await answers(alibaba, drop('_aop_signature')), 'gw.SignatureMissing')
  assert.equal(await answers(alibaba, set('_aop_timestamp', '1')), 'gw.SignatureInvalid')
  assert.equal(await answers(alibaba, set('extra', '')), 'gw.SignatureInvalid')
  assert.equal(
    await answers(alibaba, set('offerDetailParam', '{"offerId": 700123457,"country":"en"}')),
    'gw.SignatureInvalid',
  )

  assert.equal(await answers(global, () => {}), 'ok')
  assert.equal(await answers(global, lower('sign')), 'IncompleteSignature')
  assert.equal(await answers(global, drop('sign')), 'IncompleteSignature')
  assert.equal(await answers(global, set('item_id', '700123458')), 'IncompleteSignature')
  assert.equal(await answers(global, set('app_key', '1')), 'InvalidAppKey')

  assert.equal(await answers(onebound, () => {}), '0000')
  assert.equal(await answers(onebound, set('key', 'x')), '4004')
  assert.equal(await answers(onebound, set('secret', 'x')), '4005')
  assert.equal(await answers(onebound, drop('num_iid')), '4003')
  assert.ok(upstreams.callsFor('700123457') > 0)
})

test('each fault comes out in the words of each protocol', async (t) => {
  const { upstreams, sources, ask } = await start(t)
  const seen: Record<string, string[]> = {}
  for (const fault of [
    'error',
    'quota',
    'throttled',
    'token-expired',
    'garbage',
    'truncated',
    'http-500',
    'wrong-id',
  ] as const) {
    seen[fault] = []
    for (const source of sources) {
      obey(upstreams.controls[source.name as 'onebound'], { fault, times: 1 })
      const answer = await ask(source, { marketplace: source.marketplaces[0]!, listingId: '700123457' })
      assert.ok(answer.kind === 'failed', `${fault}: ${JSON.stringify(answer)}`)
      const { retry, quota, throttled, tokenExpired } = answer
      seen[fault].push(
        Object.entries({ retry, quota, throttled, tokenExpired })
          .flatMap(([name, on]) => (on ? [name] : []))
          .join() || '-',
      )
      // Only this one call.
      assert.equal((await ask(source, { marketplace: source.marketplaces[0]!, listingId: '700123457' })).kind, 'found')
    }
  }
  assert.deepEqual(seen, {
    error: ['retry', 'retry', 'retry'],
    quota: ['quota', 'quota', 'quota'],
    throttled: ['quota', 'throttled', 'throttled'],
    'token-expired': ['retry', 'tokenExpired', 'tokenExpired'],
    garbage: ['-', '-', '-'],
    truncated: ['-', '-', '-'],
    'http-500': ['retry', 'retry', 'retry'],
    'wrong-id': ['-', '-', '-'],
  })
})

test('absurd answers are well formed: a hundred times the price, less than no stock', async (t) => {
  const { upstreams, sources, ask } = await start(t)
  for (const source of sources) {
    const ref: ListingRef = { marketplace: source.marketplaces[0]!, listingId: '700123457' }
    const control = upstreams.controls[source.name as 'onebound']
    const told = async () => {
      const answer = await ask(source, ref)
      assert.ok(answer.kind === 'found')
      return answer.listing
    }
    const usual = await told()
    obey(control, { fault: 'price-times-100', times: 1 })
    assert.equal((await told()).priceFen, usual.priceFen! * 100)
    obey(control, { fault: 'negative-stock', times: 1 })
    assert.ok((await told()).skus.every(({ stock }) => stock! < 0))
    assert.deepEqual(await told(), usual)
  }
})

test('the control address: switches, counts, and what it refuses', async (t) => {
  const { upstreams, sources, ask } = await start(t)
  const url = `${upstreams.urls.onebound}/_control`
  const post = async (body: string) => {
    const response = await fetch(url, { method: 'POST', body })
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }
  const ref: ListingRef = { marketplace: 'weidian', listingId: '700123457' }
  assert.deepEqual(await post('{"fault":"quota","times":1}'), {
    status: 200,
    body: { fault: 'quota', times: 1, throttleEvery: null, wobble: true, calls: {} },
  })
  assert.equal((await ask(sources[0]!, ref)).kind, 'failed')
  assert.equal((await ask(sources[0]!, ref)).kind, 'found')
  assert.deepEqual(await (await fetch(url)).json(), {
    fault: 'none',
    times: null,
    throttleEvery: null,
    wobble: true,
    calls: { 'micro/700123457': 2 },
  })
  assert.deepEqual((await post('{"resetCalls":true,"wobble":false}')).body, {
    fault: 'none',
    times: null,
    throttleEvery: null,
    wobble: false,
    calls: {},
  })
  for (const wrong of [
    '',
    '[]',
    '{"fault":"odd"}',
    '{"times":0}',
    '{"times":1.5}',
    '{"wobble":1}',
    '{"other":1}',
    '{"__proto__":1}',
    '{"constructor":1}',
  ]) {
    assert.equal((await post(wrong)).status, 400, wrong)
  }
})

test('one call in n is too fast when told so', async (t) => {
  const { upstreams, sources, ask } = await start(t)
  obey(upstreams.controls.alibaba1688, { throttleEvery: 3 })
  const kinds: string[] = []
  for (let call = 0; call < 6; call++) {
    kinds.push((await ask(sources[1]!, { marketplace: '1688', listingId: '700123457' })).kind)
  }
  assert.deepEqual(kinds, ['found', 'found', 'failed', 'found', 'found', 'failed'])
})

test('the translator answers in the form of LibreTranslate', async (t) => {
  const { upstreams } = await start(t)
  const url = `${upstreams.urls.translate}/translate`
  const key = upstreams.env['TRANSLATE_KEY']
  const post = async (body: unknown) => {
    const response = await fetch(url, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) })
    return [response.status, await response.json()]
  }
  const words = { source: 'zh', target: 'en', format: 'text', api_key: key }
  assert.deepEqual(await post({ q: '黑色', ...words }), [200, { translatedText: 'Black' }])
  assert.deepEqual(await post({ q: ['颜色', '别的'], ...words }), [200, { translatedText: ['Colour', '[en] 别的'] }])
  assert.deepEqual(await post(`q=${encodeURIComponent('棉')}&source=zh&target=en&api_key=${key}`), [
    200,
    { translatedText: 'Cotton' },
  ])
  assert.deepEqual(await post({ q: '棉', source: 'zh', target: 'en' }), [403, { error: 'Invalid API key' }])
  assert.deepEqual(await post({ ...words }), [400, { error: 'Invalid request: missing q' }])
  assert.deepEqual(await post({ q: [1], ...words }), [400, { error: 'Invalid request: missing q' }])
  obey(upstreams.controls.translate, { fault: 'throttled', times: 1 })
  assert.deepEqual(await post({ q: '棉', ...words }), [429, { error: 'Slowdown: too many requests' }])
})

test('ports lie in a row from the one asked for, and one that is taken stops the start and frees the others', async (t) => {
  const first = await startUpstreams({ port: 0, clock: systemClock })
  t.after(() => first.stop())
  const taken = Number(new URL(first.urls.onebound).port)
  await assert.rejects(startUpstreams({ port: taken - 1, clock: systemClock }), { code: 'EADDRINUSE' })
  const freed = await fetch(`http://127.0.0.1:${taken - 1}/_control`).catch((error: Error) => error.name)
  assert.equal(freed, 'TypeError')
  assert.ok(DEFAULT_PORT > 1024)
})

test('a restarted upstream still knows the tokens it handed out', async (t) => {
  const first = await startUpstreams({ port: 0, clock: systemClock })
  const { env } = first
  await first.stop()
  const { upstreams, ask } = await start(t)
  const moved = { ...env, ALIBABA1688_URL: upstreams.urls.alibaba1688, SOURCES: 'alibaba1688' }
  const [source] = openSources(readConfig(moved))
  assert.equal((await ask(source!, { marketplace: '1688', listingId: '700123457' })).kind, 'found')
})
