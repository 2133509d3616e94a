import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { assertAnswer, seedKey, testApp } from '../../app.ts'

const ADDRESSES = '/api/v1/user/addresses'
const HOME = {
  name: 'Ada Moss',
  phone: '+1-555-0123',
  country: 'US',
  state: 'California',
  city: 'Los Angeles',
  address: '123 Main St',
  zipCode: '90001',
}
const UNKNOWN = { statusCode: 404, message: 'Address not found', error: 'Not Found' }

async function open(t: TestContext) {
  const { app, ctx } = await testApp(t)
  const caller = async () => {
    const { headers } = await seedKey(ctx, { style: 'sk', mode: 'live' })
    const send = (method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown) =>
      app.inject({
        method,
        url: ADDRESSES + path,
        headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
        ...(body !== undefined && { payload: JSON.stringify(body) }),
      })
    return {
      list: () => send('GET', ''),
      add: (body: unknown) => send('POST', '', body),
      change: (id: number | string, body: unknown) => send('PUT', `/${id}`, body),
      remove: (id: number | string) => send('DELETE', `/${id}`),
    }
  }
  return { ...(await caller()), caller }
}

test('addresses as documented: added, listed, changed, deleted', async (t) => {
  const { list, add, change, remove } = await open(t)
  assertAnswer(await list(), 200, { data: [] })
  const added = await add(HOME)
  const { id } = added.json().data
  assert.ok(Number.isInteger(id))
  const home = { id, ...HOME, isDefault: true }
  assertAnswer(added, 201, { data: home })
  assertAnswer(await list(), 200, { data: [home] })

  const work = {
    name: 'A. Moss',
    phone: '020 7946 0958',
    country: 'GB',
    city: 'London',
    address: '1 Quay',
    zipCode: 'SW1A 1AA',
  }
  const second = await add(work)
  const workId = second.json().data.id
  const atWork = { id: workId, ...work, phoneE164: '+442079460958', state: null, isDefault: false }
  assertAnswer(second, 201, { data: atWork })

  assertAnswer(await change(workId, { isDefault: true, city: 'Bath' }), 200, {
    data: { ...atWork, city: 'Bath', isDefault: true },
  })
  assertAnswer(await list(), 200, {
    data: [
      { ...home, isDefault: false },
      { ...atWork, city: 'Bath', isDefault: true },
    ],
  })
  assertAnswer(await remove(workId), 200, { data: { message: 'Address deleted' } })
  assertAnswer(await list(), 200, { data: [home] })
  assertAnswer(await remove(workId), 404, UNKNOWN)
})

test('another’s address is as one that never was, and stays as it is', async (t) => {
  const { list, add, caller } = await open(t)
  const { data } = (await add(HOME)).json()
  const other = await caller()
  for (const id of [data.id, 999_999_999, Number.MAX_SAFE_INTEGER]) {
    assertAnswer(await other.change(id, { city: 'Elsewhere' }), 404, UNKNOWN)
    assertAnswer(await other.remove(id), 404, UNKNOWN)
  }
  assertAnswer(await other.list(), 200, { data: [] })
  assertAnswer(await list(), 200, { data: [data] })
})

test('what is not a customer’s to say is ignored', async (t) => {
  const { list, add, change, caller } = await open(t)
  const other = await caller()
  const wish = {
    id: 1,
    userId: 7,
    accountId: 7,
    account_id: 7,
    createdAt: '2000-01-01',
    phoneE164: '+1',
    isVerified: true,
  }
  const { data } = (await add({ ...HOME, ...wish })).json()
  assert.deepEqual(data, { id: data.id, ...HOME, isDefault: true })
  assert.notEqual(data.id, 1)
  assertAnswer(await change(data.id, wish), 200, { data })
  assertAnswer(await list(), 200, { data: [data] })
  assertAnswer(await other.list(), 200, { data: [] })
})

test('what does not fit is told as sentences, and nothing is kept', async (t) => {
  const { list, add, change } = await open(t)
  const refused: [body: unknown, message: string][] = [
    ...(['name', 'phone', 'country', 'city', 'address'] as const).map((part): [unknown, string] => [
      { ...HOME, [part]: undefined },
      `${part} is required.`,
    ]),
    [{ ...HOME, zipCode: null }, 'zipCode is required in US.'],
    [{ ...HOME, zipCode: 'SW1A 1AA' }, 'zipCode must be a postal code of US, such as 90001.'],
    [{ ...HOME, state: undefined }, 'state is required in US.'],
    [{ ...HOME, country: 'us' }, 'country must be a country code such as US.'],
    [{ ...HOME, country: 'USA' }, 'country must be a country code such as US.'],
    [{ ...HOME, phone: '12-34' }, 'phone must have 7 to 15 digits, with spaces and + - ( ) at most between them.'],
    [{ ...HOME, phone: 15_550_123 }, 'phone must be string.'],
    [{ ...HOME, name: { $ne: '' } }, 'name must be string.'],
    [{ ...HOME, city: 'a\u0000' }, 'city must be one line of text.'],
    [{ ...HOME, address: 'x'.repeat(301) }, 'address must NOT have more than 300 characters.'],
    [{ ...HOME, isDefault: 'true' }, 'isDefault must be boolean.'],
    [{ ...HOME, isDefault: 1 }, 'isDefault must be boolean.'],
  ]
  for (const [body, message] of refused) {
    assertAnswer(await add(body), 400, { statusCode: 400, message: [message], error: 'Bad Request' })
  }
  assertAnswer(await list(), 200, { data: [] })
  for (const id of ['0', '-1', '1.5', 'x', '9007199254740993', '1e309']) {
    assert.equal((await change(id, {})).statusCode, 400, id)
  }
})
