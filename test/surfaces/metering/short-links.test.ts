import assert from 'node:assert/strict'
import { test } from 'node:test'
import { demoListings } from '../../../src/demo/catalogue.ts'
import type { GuardedHttp } from '../../../src/lib/http.ts'
import { HttpError } from '../../../src/lib/http.ts'
import { storeDemo } from '../../../src/products/catalog/catalog.ts'
import { testApp } from '../../app.ts'
import { testDatabase } from '../../database.ts'
import { item } from './places.ts'
import {
  assertBooks,
  balanceOf,
  CALLS,
  credit,
  eventsOf,
  ITEM_URL,
  PRICE,
  seedCaller,
  told,
  type Caller,
} from './meter-bench.ts'

const CREDIT = 1_000_000
const unsafe = { status: 400, body: item('invalid_url', 'URL not allowed or unsafe') }
const SHORT = {
  item: 'https://k.youshop10.com/short-item',
  nowhere: 'https://k.youshop10.com/short-nowhere',
  shop: 'https://k.youshop10.com/short-shop',
  away: 'https://k.youshop10.com/short-away',
  down: 'https://k.youshop10.com/short-down',
}
const LEADS: Record<string, string> = {
  [SHORT.item]: ITEM_URL,
  [SHORT.nowhere]: 'https://example.com/item?id=1',
  [SHORT.away]: 'http://127.0.0.1/latest',
}

test('a short link is followed for whoever can pay, and charged when it leads to an item', async (t) => {
  const asked: string[] = []
  const guardedHttp: GuardedHttp & { close(): Promise<void> } = {
    async send({ url }) {
      asked.push(url)
      if (url === SHORT.down) throw new HttpError('timeout', 'no answer')
      const location = LEADS[url]
      return { status: location ? 302 : 404, headers: location ? { location } : {}, text: '' }
    },
    download: () => assert.fail('nothing is to be downloaded'),
    close: async () => {},
  }
  const { app, ctx } = await testApp(t, { SHORT_LINKS: '1' }, { guardedHttp })
  await storeDemo(ctx, demoListings())
  const { pool } = await testDatabase(t)
  const plan = { item: ['payg', { perSecond: null, perMonth: 0 }] } as const
  const seed = (wish = {}) => seedCaller(ctx, { item: [...plan.item] }, wish)
  const ask = (caller: Caller, url: string) => app.inject({ ...CALLS.item, payload: { url }, headers: caller.headers })
  const count = (run: () => Promise<unknown>) => {
    asked.length = 0
    return run().then(() => [...asked])
  }

  await t.test('nobody is asked for a caller without money', async () => {
    const poor = await seed()
    for (const url of Object.values(SHORT)) {
      const urls = await count(async () => {
        const message = 'Balance too low; top up to continue.'
        assert.deepEqual(told(await ask(poor, url), 'x-billed'), {
          status: 402,
          body: item('insufficient_balance', message),
          'x-billed': 'false',
        })
      })
      assert.deepEqual(urls, [])
    }
  })

  await t.test('nor ever for a test key', async () => {
    const sandbox = await seed({ mode: 'test' })
    await credit(ctx, sandbox.account, CREDIT, true)
    for (const url of Object.values(SHORT)) {
      const urls = await count(async () => assert.deepEqual(told(await ask(sandbox, url)), unsafe))
      assert.deepEqual(urls, [])
    }
    assert.equal(await balanceOf(ctx, sandbox.accountId), CREDIT)
  })

  await t.test('an item is charged, and what is none is not', async () => {
    const rich = await seed()
    await credit(ctx, rich.account, CREDIT)
    const plain = await ask(rich, ITEM_URL)
    assert.equal(plain.statusCode, 200)
    for (const url of [SHORT.nowhere, SHORT.shop, SHORT.away, SHORT.down]) {
      const urls = await count(async () =>
        assert.deepEqual(told(await ask(rich, url), 'x-billed', 'x-cost'), {
          ...unsafe,
          'x-billed': 'false',
          'x-cost': '0.00',
        }),
      )
      // Where it leads is read, and never asked.
      assert.deepEqual(urls, [url])
    }
    assert.equal(await balanceOf(ctx, rich.accountId), CREDIT - PRICE)
    for (let times = 1; times <= 2; times++) {
      const urls = await count(async () => {
        const answer = await ask(rich, SHORT.item)
        assert.deepEqual([answer.json(), answer.headers['x-billed']], [plain.json(), 'true'])
      })
      assert.deepEqual(urls, [SHORT.item])
      assert.equal(await balanceOf(ctx, rich.accountId), CREDIT - (1 + times) * PRICE)
    }
    const events = await eventsOf({ ctx, pool }, rich.accountId)
    assert.deepEqual(
      events.map(({ status, cost }) => [status, cost]),
      [[200, PRICE], ...Array.from({ length: 4 }, () => [400, 0]), [200, PRICE], [200, PRICE]],
    )
    await assertBooks(ctx)
  })
})

test('where short links are not followed, nobody is asked and nothing is charged', async (t) => {
  let asked = 0
  const refuse = async () => {
    asked++
    throw new HttpError('refused', 'not here')
  }
  const guardedHttp = { send: refuse, download: refuse, close: async () => {} }
  const { app, ctx } = await testApp(t, { SHORT_LINKS: '0' }, { guardedHttp })
  const caller = await seedCaller(ctx, { item: ['payg', { perSecond: null, perMonth: 0 }] })
  await credit(ctx, caller.account, CREDIT)
  for (const url of Object.values(SHORT)) {
    assert.deepEqual(told(await app.inject({ ...CALLS.item, payload: { url }, headers: caller.headers })), unsafe)
  }
  assert.deepEqual([asked, await balanceOf(ctx, caller.accountId)], [0, CREDIT])
})
