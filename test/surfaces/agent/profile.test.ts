import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { systemClock } from '../../../src/lib/clock.ts'
import { erasePerson } from '../../../src/shopping/customers/person.ts'
import { assertAnswer, seedKey, testApp } from '../../app.ts'

const PROFILE = '/api/v1/user/profile'

async function open(t: TestContext) {
  const now = () => new Date('2024-01-01T00:00:00.500Z')
  const { app, ctx } = await testApp(t, {}, { clock: { ...systemClock, now } })
  const { headers, account } = await seedKey(ctx, { style: 'sk', mode: 'live' })
  const put = (body: unknown, key?: string) =>
    app.inject({
      method: 'PUT',
      url: PROFILE,
      headers: { ...headers, 'content-type': 'application/json', ...(key && { 'idempotency-key': key }) },
      payload: JSON.stringify(body),
    })
  const get = (sent = headers) => app.inject({ url: PROFILE, headers: sent })
  const first = {
    id: account.id,
    username: account.name.replaceAll(' ', '_'),
    email: null,
    avatar: null,
    language: 'en',
    createdAt: '2024-01-01T00:00:00Z',
  }
  return { ctx, account, first, get, put }
}

test('the profile as documented, before and after it is changed', async (t) => {
  const { first, get, put } = await open(t)
  assertAnswer(await get(), 200, { data: first })
  const wish = { username: 'ada_moss', email: 'ada@example.test', avatar: 'https://pictures.test/ada.webp' }
  assertAnswer(await put(wish), 200, { data: { ...first, ...wish } })
  assertAnswer(await get(), 200, { data: { ...first, ...wish } })
  assertAnswer(await put({ avatar: null, language: 'pt-BR' }), 200, {
    data: { ...first, ...wish, avatar: null, language: 'pt-BR' },
  })
  assertAnswer(await put({}), 200, { data: { ...first, ...wish, avatar: null, language: 'pt-BR' } })
})

test('a test key has the profile of the sandbox', async (t) => {
  const { ctx, first, get, put } = await open(t)
  await put({ username: 'live' })
  const { headers, account } = await seedKey(ctx, { style: 'sk', mode: 'test' })
  const username = account.name.replaceAll(' ', '_')
  assertAnswer(await get(headers), 200, { data: { ...first, id: account.twinId, username } })
})

test('what is not a customer’s to say is ignored', async (t) => {
  const { first, get, put } = await open(t)
  const wish = {
    id: 7,
    userId: 7,
    accountId: 7,
    account_id: 7,
    createdAt: '2000-01-01T00:00:00Z',
    balance: 1,
    role: 'staff',
  }
  assertAnswer(await put(wish), 200, { data: first })
  assertAnswer(await get(), 200, { data: first })
})

test('what does not fit is told as sentences', async (t) => {
  const { first, get, put } = await open(t)
  const refused: [body: unknown, message: string][] = [
    [{ username: '' }, 'username must be one line of text.'],
    [{ username: ' \t ' }, 'username must be one line of text.'],
    [{ username: 'a\u0000b' }, 'username must be one line of text.'],
    [{ username: 'a\nb' }, 'username must be one line of text.'],
    [{ username: 'x'.repeat(61) }, 'username must NOT have more than 60 characters.'],
    [{ username: null }, 'username must be string.'],
    [{ username: 5 }, 'username must be string.'],
    [{ email: 'ada' }, 'email must be an e-mail address.'],
    [{ email: 'ada@b\u0000' }, 'email must be an e-mail address.'],
    [{ email: ['a@b.test'] }, 'email must be string.'],
    [{ avatar: 'javascript:alert(1)' }, 'avatar must be an http or https address.'],
    [{ language: 'e' }, 'language must be a language code such as en or pt-BR.'],
    [[], 'body must be object.'],
  ]
  for (const [body, message] of refused) {
    assertAnswer(await put(body), 400, { statusCode: 400, message: [message], error: 'Bad Request' })
  }
  assert.deepEqual((await get()).json(), { data: first })
})

test('what was answered to a person who is erased is not told again', async (t) => {
  const { ctx, account, first, put } = await open(t)
  const wish = { email: 'ada@example.test' }
  await put(wish, 'k')
  assert.equal((await put(wish, 'k')).headers['idempotent-replayed'], 'true')
  await erasePerson(ctx, { accountId: account.id, actor: 'test', reason: 'asked for it' })
  const other = { email: 'eve@example.test' }
  assertAnswer(await put(other, 'k'), 200, { data: { ...first, ...other } })
})
