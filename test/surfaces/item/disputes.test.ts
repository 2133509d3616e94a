import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressGroup } from '../../../src/access/keys/addresses.ts'
import { decideDispute } from '../../../src/risk/disputes/disputes.ts'
import { check } from '../../../src/risk/check/check.ts'
import { HOUSE } from '../../../src/risk/list/entries.ts'
import { assertAnswer, seedAccount, testApp } from '../../app.ts'
import { desk, list, MINUTE_MS } from '../../risk/disputes/desk.ts'

const BASE = '/api/v1/blacklist/disputes'
const ON_ITS_WAY = { ok: true, message: 'A code is on its way; it works for 15 minutes.' }

test('a listed person sees what is held, objects, and it counts half until it is decided', async (t) => {
  const { app, ctx, pool, sender, code } = await desk(t)
  const { id: other } = await seedAccount(ctx)
  const value = 'Ada.Moss@gmail.com'
  await list(ctx, value, {
    reason: 'Chargeback on order #7',
    details: { orderId: '7' },
    firstSeen: new Date('2026-10-01'),
  })
  const source = { name: 'other shop', party: `account:${other}`, confidence: 100 }
  await list(ctx, 'adamoss@gmail.com', { owner: other, source, reasonCode: 'unpaid', reason: 'Owes us' })
  const post = (path: string, payload: object) => app.inject({ method: 'POST', url: BASE + path, payload })
  const score = async () => {
    const checked = await check(ctx, { owner: HOUSE, isSandbox: false }, { type: 'email', value, region: null })
    return checked.kind === 'checked' ? checked.score : null
  }
  assert.equal(await score(), 91)

  const asked = { type: 'email', value: ' ada.moss+shop@GMAIL.com' }
  assertAnswer(await post('/code', asked), 202, ON_ITS_WAY)
  assert.match(code(), /^[0-9A-HJKMNP-TV-Z]{8}$/)
  assert.deepEqual(sender.sent, [
    {
      channel: 'email',
      to: 'ada.moss+shop@gmail.com',
      text: `${code()} is your code to see what the risk list holds about this e-mail address. It works for 15 minutes. If you did not ask for it, ignore this message and tell nobody.`,
    },
  ])
  const wrong = code() === '00000000' ? '00000001' : '00000000'
  const refusal = { error: 'invalid_parameter', message: 'The code is wrong, or works no longer; ask for another one.' }
  assertAnswer(await post('/held', { ...asked, code: wrong }), 400, refusal)

  // As another way of writing the same address.
  const shown = await post('/held', { type: 'email', value, code: code() })
  const { token } = shown.json()
  const chargeback = {
    category: 'chargeback_user',
    reason: 'A payment was charged back.',
    firstSeen: '2026-10-01',
    expiresAt: '2028-09-30T00:00:00.000Z',
    disputed: false,
    listedBy: 'operator',
  }
  const unpaid = {
    category: 'risky_email',
    reason: 'An order was not paid for.',
    firstSeen: '2026-11-21',
    expiresAt: '2027-11-21T17:00:00.000Z',
    disputed: false,
    listedBy: 'member',
  }
  const held = { ok: true, held: [chargeback, unpaid], token, tokenExpiresAt: '2026-11-21T17:30:00.000Z' }
  assertAnswer(shown, 200, held)
  assertAnswer(await post('/held', { ...asked, code: code() }), 400, refusal)

  const opened = await post('', { token, statement: '\u{1f4e6}'.repeat(2_000) })
  const { id } = opened.json().dispute
  assertAnswer(opened, 201, { ok: true, dispute: { id, status: 'open' } })
  assertAnswer(await post('', { token, statement: 'Again.' }), 400, {
    error: 'invalid_parameter',
    message: 'This token is none, or has ended; ask for another code.',
  })
  assert.equal(await score(), 53)

  await post('/code', asked)
  const second = (await post('/held', { ...asked, code: code() })).json()
  assert.deepEqual(
    second.held,
    [chargeback, unpaid].map((each) => ({ ...each, disputed: true })),
  )
  assertAnswer(await post('', { token: second.token, statement: 'Again.' }), 409, {
    error: 'conflict',
    message: 'You have objected already; wait for what is decided.',
  })

  assert.deepEqual(await decideDispute(ctx, { id, decision: 'removed', why: 'Somebody else', actor: 'cli:test' }), {
    entries: 2,
  })
  assert.equal(await score(), 0)
  const proofs = (await pool.query(`select row_to_json(risk_erasure)::text as row from risk_erasure`)).rows
  assert.equal(proofs.length, 2)
  assert.doesNotMatch(JSON.stringify(proofs), /moss/i)
})

test('whoever is not listed is answered the same, and sees that nothing is held', async (t) => {
  const { app, sender, code } = await desk(t)
  const post = (path: string, payload: object) => app.inject({ method: 'POST', url: BASE + path, payload })
  const form = {
    method: 'POST',
    url: `${BASE}/code`,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  } as const
  assertAnswer(await app.inject({ ...form, payload: 'type=phone&value=020+7946+0018&region=GB' }), 202, ON_ITS_WAY)
  assert.equal(sender.sent[0]!.to, '+442079460018')
  assert.equal(sender.sent[0]!.channel, 'sms')
  const shown = await post('/held', { type: 'phone', value: '+44 20 7946 0018', code: code() })
  const { token, tokenExpiresAt } = shown.json()
  assertAnswer(shown, 200, { ok: true, held: [], token, tokenExpiresAt })
  assertAnswer(await post('', { token, statement: 'Whatever it is.' }), 409, {
    error: 'conflict',
    message: 'Nothing is held to object to.',
  })
})

test('refusals', async (t) => {
  const { app, advance } = await desk(t)
  const post = (path: string, payload: object) => app.inject({ method: 'POST', url: BASE + path, payload })
  const rows: [path: string, payload: object, message: string][] = [
    ['/code', { type: 'username', value: 'ada' }, 'type must be one of email, phone.'],
    [
      '/code',
      { type: 'phone', value: '12' },
      'This does not say its country; send the number with its country code, such as +1 202 555 0123.',
    ],
    ['/held', { type: 'email', value: 'new@example.com', code: '1234567' }, 'code must be eight letters and digits.'],
    [
      '/held',
      { type: 'email', value: 'new@example.com', code: '12345678' },
      'The code is wrong, or works no longer; ask for another one.',
    ],
    ['', { token: 'x', statement: ' ' }, 'statement has 1 to 2000 characters.'],
    ['', { token: 'x', statement: 'Why?' }, 'This token is none, or has ended; ask for another code.'],
  ]
  for (const [path, payload, message] of rows) {
    assertAnswer(await post(path, payload), 400, { error: 'invalid_parameter', message })
  }
  const refused = await app.inject({ method: 'GET', url: `${BASE}/code` })
  assertAnswer(refused, 405, { error: 'method_not_allowed', message: 'GET is not allowed here; use POST.' })
  assert.equal(refused.headers['allow'], 'POST')

  const asked = { type: 'email', value: 'often@example.com' }
  for (let time = 0; time < 3; time++) {
    assert.equal((await post('/code', asked)).statusCode, 202)
    advance(MINUTE_MS)
  }
  const often = await post('/code', { ...asked, value: 'OFTEN@example.com' })
  assertAnswer(often, 429, {
    error: 'rate_limited',
    message: 'At most 3 codes are sent within an hour; use the last one, or try again later.',
  })
  assert.equal(often.headers['retry-after'], String(57 * 60))
})

test('callers are counted by their network, which is not kept', async (t) => {
  const { app, pool, sender } = await desk(t)
  const ask = (value: string, remoteAddress: string) =>
    app.inject({ method: 'POST', url: `${BASE}/code`, remoteAddress, payload: { type: 'email', value } })
  for (let time = 0; time < 10; time++) {
    assertAnswer(await ask(`${time}@example.com`, `2001:db8:0:7::${time}`), 202, ON_ITS_WAY)
  }
  const often = await ask('10@example.com', '2001:db8:0:7:ffff::1')
  assertAnswer(often, 429, {
    error: 'rate_limited',
    message: 'At most 10 codes are sent within an hour to those who ask from one network; try again later.',
  })
  assert.equal(often.headers['retry-after'], '3600')
  assertAnswer(await ask('11@example.com', '2001:db8:0:8::1'), 202, ON_ITS_WAY)
  assert.equal(sender.sent.length, 11)

  const group = addressGroup('2001:db8:0:7::1')
  const { rows } = await pool.query<{ row: string }>('select row_to_json(risk_code)::text as row from risk_code')
  const kept = rows.map(({ row }) => row).join()
  for (const form of [group, Buffer.from(group).toString('hex'), '2001:db8']) assert.ok(!kept.includes(form), form)
})

test('without a sender there are no disputes by code', async (t) => {
  const { app } = await testApp(t)
  const asked = { type: 'email', value: 'ada@example.com' }
  assertAnswer(await app.inject({ method: 'POST', url: `${BASE}/code`, payload: asked }), 503, {
    error: 'server_error',
    message: 'No codes are sent here; write to whoever runs this service.',
  })
})
