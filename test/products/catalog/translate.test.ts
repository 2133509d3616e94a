import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { findProduct, lookUp, storeDemo } from '../../../src/products/catalog/catalog.ts'
import { catalogEpochs } from '../../../src/products/catalog/catalog.sql.ts'
import { translateProduct } from '../../../src/products/catalog/translate.ts'
import { shardOf } from '../../../src/products/catalog/shards.ts'
import { storeListing } from '../../../src/products/catalog/store.ts'
import { catalogCtx, type CatalogCtx, listen } from './ctx.ts'
import { listing } from './listings.ts'

const LIVE = { catalogue: 'live' } as const

type Service = { ctx: CatalogCtx; asked: { q: string[]; target: string }[]; answers: (q: string[]) => string }

async function withService(t: TestContext): Promise<Service> {
  const service: Omit<Service, 'ctx'> = {
    asked: [],
    answers: (q) => JSON.stringify({ translatedText: q.map((text) => `<${text}>`) }),
  }
  const url = await listen(t, (path, body, response) => {
    assert.equal(path, '/translate')
    const { q, target } = JSON.parse(body) as { q: string[]; target: string }
    service.asked.push({ q, target })
    const answer = service.answers(q)
    response.writeHead(answer === '' ? 500 : 200).end(answer)
  })
  return Object.assign(service, { ctx: await catalogCtx(t, { TRANSLATE_URL: url, TRANSLATE_KEY: 'k' }) })
}

async function stored(ctx: CatalogCtx, change: Parameters<typeof listing>[0]) {
  const answer = await storeListing(ctx, listing(change), 'shelf')
  assert.ok(answer.kind === 'stored')
  return answer.product
}

test('the service is asked once for what source and glossary do not know, and its words are kept', async (t) => {
  const service = await withService(t)
  const { ctx } = service
  const product = await stored(ctx, { listingId: '5', attributes: [{ name: '材质', value: '星空幻想曲' }] })
  const epoch = (await catalogEpochs(ctx.pool))[shardOf(product)]!

  const many = await Promise.all(Array.from({ length: 20 }, () => translateProduct(ctx, product, 'en')))
  assert.deepEqual(service.asked, [{ q: ['星空幻想曲', '第一行\n第二行'], target: 'en' }])
  for (const each of many) {
    assert.deepEqual(
      [each.title, each.description, each.attributes],
      [
        { text: 'Handmade ceramic cup', translated: true },
        { text: '<第一行\n第二行>', translated: true },
        [{ name: { text: 'Material', translated: true }, value: { text: '<星空幻想曲>', translated: true } }],
      ],
    )
  }
  assert.equal((await catalogEpochs(ctx.pool))[shardOf(product)], epoch + 1)

  const again = (await findProduct(ctx, LIVE, product.id))!
  assert.deepEqual(again.machineTranslations, {
    en: { 星空幻想曲: '<星空幻想曲>', '第一行\n第二行': '<第一行\n第二行>' },
  })
  assert.deepEqual(await translateProduct(ctx, again, 'en'), many[0])
  assert.equal(service.asked.length, 1)

  const refreshed = await stored(ctx, { listingId: '5', description: '第三行', attributes: again.attributes })
  await translateProduct(ctx, refreshed, 'en')
  assert.deepEqual(service.asked.slice(1), [{ q: ['第三行'], target: 'en' }])
})

test('texts that come back as they were are not asked for again', async (t) => {
  const service = await withService(t)
  const { ctx } = service
  service.answers = (q) => JSON.stringify({ translatedText: q })
  const product = await stored(ctx, { listingId: '5' })
  const translated = await translateProduct(ctx, product, 'en')
  assert.deepEqual(translated.description, { text: '第一行\n第二行', translated: false })
  assert.deepEqual(await translateProduct(ctx, await lookUp(ctx, LIVE, product), 'en'), translated)
  assert.equal(service.asked.length, 1)
})

test('a service that fails leaves the original, and is left alone for a while', async (t) => {
  const service = await withService(t)
  const { ctx } = service
  service.answers = () => ''
  const product = await stored(ctx, { listingId: '5' })
  for (let call = 0; call < 3; call++) {
    const { description } = await translateProduct(ctx, product, 'en')
    assert.deepEqual(description, { text: '第一行\n第二行', translated: false })
  }
  assert.equal(service.asked.length, 1)

  ctx.clock.pass(10 * 60_000)
  service.answers = (q) => JSON.stringify({ translatedText: q.map(() => 'Two lines') })
  assert.deepEqual((await translateProduct(ctx, product, 'en')).description, { text: 'Two lines', translated: true })

  const unreachable = { ...ctx, config: { ...ctx.config, translate: { url: 'http://127.0.0.1:1', key: null } } }
  const other = await stored(ctx, { listingId: '6' })
  assert.equal((await translateProduct(unreachable, other, 'en')).description?.translated, false)
})

test('neither the demo, nor Chinese, nor a missing service causes a call', async (t) => {
  const service = await withService(t)
  const { ctx } = service
  await storeDemo(ctx, [{ ...listing({ listingId: '1' }), id: 500_001 }])
  const demo = await lookUp(ctx, { catalogue: 'demo' }, { marketplace: 'taobao', listingId: '1' })
  assert.equal((await translateProduct(ctx, demo, 'en')).description?.translated, false)
  const product = await stored(ctx, { listingId: '5' })
  assert.deepEqual((await translateProduct(ctx, product, 'zh')).title, { text: product.title, translated: true })
  const without = { ...ctx, config: { ...ctx.config, translate: null } }
  assert.equal((await translateProduct(without, product, 'en')).description?.translated, false)
  assert.deepEqual(service.asked, [])
})
