import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { demoListings } from '../../../src/demo/catalogue.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { storeDemo } from '../../../src/products/catalog/catalog.ts'
import { assertAnswer, seedKey, testApp } from '../../app.ts'
import { testDatabase } from '../../database.ts'

const FAVORITES = '/api/v1/user/favorites'
const NO_PRODUCT = { statusCode: 404, message: 'Product not found', error: 'Not Found' }
const NO_FAVORITE = { statusCode: 404, message: 'Favorite not found', error: 'Not Found' }

async function open(t: TestContext) {
  const now = () => new Date('2024-01-10T12:00:00.750Z')
  const { app, ctx } = await testApp(t, { DEMO: 'off' }, { clock: { ...systemClock, now } })
  await storeDemo(ctx, demoListings())
  const { pool } = await testDatabase(t)
  const caller = async (mode: 'live' | 'test' = 'test') => {
    const { headers } = await seedKey(ctx, { style: 'sk', mode })
    return {
      list: (query = '') => app.inject({ url: FAVORITES + query, headers }),
      add: (payload: string) =>
        app.inject({
          method: 'POST',
          url: FAVORITES,
          headers: { ...headers, 'content-type': 'application/json' },
          payload,
        }),
      remove: (id: number | string) => app.inject({ method: 'DELETE', url: `${FAVORITES}/${id}`, headers }),
    }
  }
  return { pool, caller, ...(await caller()) }
}

test('favourites as documented: added, listed, removed', async (t) => {
  const { list, add, remove } = await open(t)
  assertAnswer(await list(), 200, { data: { items: [], total: 0 } })
  const added = await add('{"productId":"12345"}')
  const { id } = added.json().data
  assert.ok(Number.isInteger(id))
  const trainers = {
    id,
    productId: 12_345,
    title: 'Cushioned leather running shoes',
    price: 299,
    imageUrl: 'http://haul.test/media/demo/v2/6789012345-1.webp',
    addedAt: '2024-01-10T12:00:00Z',
  }
  assertAnswer(added, 201, { data: trainers })
  assertAnswer(await add('{"productId":12345}'), 201, { data: trainers })
  assertAnswer(await list(), 200, { data: { items: [trainers], total: 1 } })

  const { data: second } = (await add('{"productId":12346}')).json()
  assertAnswer(await list(), 200, { data: { items: [second, trainers], total: 2 } })
  assertAnswer(await list('?page=2&limit=1'), 200, { data: { items: [trainers], total: 2 } })
  assertAnswer(await remove(second.id), 200, { data: { message: 'Favorite removed' } })
  assertAnswer(await remove(second.id), 404, NO_FAVORITE)
  assertAnswer(await list(), 200, { data: { items: [trainers], total: 1 } })
})

test('a product that is not to be had any more is told without title and price', async (t) => {
  const { pool, list, add } = await open(t)
  const { data } = (await add('{"productId":12346}')).json()
  await pool.query(`update product set catalogue = 'live', id = 7012346 where id = 12346`)
  t.after(() => pool.query(`update product set catalogue = 'demo', id = 12346 where id = 7012346`))
  assertAnswer(await list(), 200, {
    data: { items: [{ ...data, title: null, price: null, imageUrl: null }], total: 1 },
  })
})

test('another’s favourite is as one that never was, and so is a product of the other catalogue', async (t) => {
  const { list, add, caller } = await open(t)
  const { data } = (await add('{"productId":12345,"id":1,"accountId":7,"price":1}')).json()
  const live = await caller('live')
  for (const id of [data.id, 999_999_999]) assertAnswer(await live.remove(id), 404, NO_FAVORITE)
  assertAnswer(await list(), 200, { data: { items: [data], total: 1 } })
  for (const body of ['{"productId":12345}', '{"productId":999999999}', '{"productId":"0"}']) {
    assertAnswer(await live.add(body), 404, NO_PRODUCT)
  }
})

test('whatever is no product number or page is refused', async (t) => {
  const { list, add } = await open(t)
  for (const wrong of [
    '0',
    '-1',
    '1.5',
    '1e309',
    '9007199254740993',
    '"1.5"',
    '"x"',
    '""',
    'null',
    'true',
    '[12345]',
    '{}',
  ]) {
    const { statusCode } = await add(`{"productId":${wrong}}`)
    assert.equal(statusCode, 400, wrong)
  }
  assertAnswer(await add('{}'), 400, { statusCode: 400, message: ['productId is required.'], error: 'Bad Request' })
  for (const query of ['?limit=0', '?limit=101', '?page=0', '?page=x', '?limit=1.5']) {
    assert.equal((await list(query)).statusCode, 400, query)
  }
})
