import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { createHmac } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import { exportJWK, importJWK, type CryptoKey } from 'jose'
import pino from 'pino'
import { linkIdentity, unlinkIdentity } from '../../../src/access/keys/oidc.ts'
import { listAudit } from '../../../src/events/audit/audit.ts'
import { OperatorError } from '../../../src/lib/errors.ts'
import { erasePerson } from '../../../src/shopping/customers/person.ts'
import { assertAnswer, seedAccount } from '../../app.ts'
import { balanceOf, credit, eventsOf, fillWindows, putOn } from '../../surfaces/metering/meter-bench.ts'
import { ASKED_AT, batchOf, checkOf, list, openRisk, PRICE } from '../../surfaces/item/risk-bench.ts'
import { AUDIENCE, signingKey, startIssuer, tokenOf } from './local-issuer.ts'

const CREDIT = 1_000_000
const CHECK = { type: 'email', value: 'buyer@example.com' }
const MINUTE_MS = 60_000

async function open(t: TestContext) {
  const rsa = await signingKey('rsa', 'RS256')
  const ec = await signingKey('ec', 'ES256')
  const issuer = await startIssuer(t, [rsa, ec])
  const lines: string[] = []
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) })
  const bench = await openRisk(t, { env: issuer.env, parts: { log } })
  const { app, ctx, clock } = bench
  const account = await seedAccount(ctx)
  await putOn(ctx, account, 'risk', 'payg', { perSecond: null })
  await credit(ctx, account, CREDIT)
  const link = { issuer: issuer.url, subject: 'user-1', account, actor: 'cli:ann' }
  await linkIdentity(ctx, link)
  const token = (key = rsa, claims = {}) => tokenOf(issuer, key, clock.now(), claims)
  const send = (token: string, headers = {}) => app.inject(checkOf({ ...CHECK, token }, headers))
  return { ...bench, bench, issuer, rsa, ec, account, link, token, send, lines }
}

const invalid = (message: string) => ({ error: 'invalid_api_key', message })
const REFUSED = invalid('This ID token is not accepted here.')
const MALFORMED = invalid('This is not the form of an ID token.')
const MISSING = { error: 'missing_api_key', message: 'No API key was sent.' }
const BUSY = { error: 'server_error', message: 'ID tokens cannot be verified just now; try again in a moment.' }

test('a good token checks for the account it is linked to, at its price, on its list', async (t) => {
  const { bench, app, ctx, account, rsa, ec, token, send, lines } = await open(t)
  await list(ctx, { owner: account.id, ...CHECK, type: 'email' })
  for (const key of [rsa, ec]) {
    const answer = await send(await token(key))
    const { result, cost, checked } = answer.json()
    assert.deepEqual([answer.statusCode, result.riskScore, cost, checked], [200, 85, 0.03, CHECK])
    assert.equal(answer.headers['x-billed'], 'true')
  }
  const text = await token()
  const batch = await app.inject({ ...batchOf([]), payload: { items: [CHECK], token: text } })
  assert.deepEqual([batch.statusCode, batch.json().cost], [200, 0.03])
  assert.equal(await balanceOf(ctx, account.id), CREDIT - 3 * PRICE)
  assert.equal((await eventsOf(bench, account.id)).length, 3)
  assert.ok(!lines.join('').includes(text.split('.')[2]!))
})

test('its windows and its balance are the account’s', async (t) => {
  const { ctx, account, token, send } = await open(t)
  await putOn(ctx, account, 'risk', 'payg')
  await fillWindows(ctx, account.id, 'risk', 2)
  assertAnswer(await send(await token()), 429, { error: 'rate_limited', message: 'Max 2 requests/sec' })
  await putOn(ctx, account, 'risk', 'payg', { perSecond: null, priceUsdMicros: CREDIT + 1 })
  assertAnswer(await send(await token()), 402, {
    error: 'insufficient_balance',
    message: 'Balance too low; top up to continue.',
  })
})

test('a key in the header wins', async (t) => {
  const { token, send } = await open(t)
  const key = { 'x-api-key': `cbk_${'x'.repeat(32)}` }
  assertAnswer(await send(await token(), key), 401, invalid('This API key is not known.'))
})

/** Signed by a key that the issuer publishes, which would do but for our list of algorithms. */
async function rs512(issuer: Awaited<ReturnType<typeof startIssuer>>): Promise<string> {
  const { publicJwk, privateKey } = await signingKey('bare', 'RS256')
  const { alg: _alg, ...bare } = publicJwk
  issuer.published.push({ kid: 'bare', alg: 'RS256', privateKey, publicJwk: bare })
  const strong = await importJWK(await exportJWK(privateKey), 'RS512')
  return tokenOf(issuer, { kid: 'bare', alg: 'RS512', privateKey: strong as CryptoKey }, new Date(ASKED_AT))
}

test('every token that is not good is refused, whole, before the rest of the body is looked at', async (t) => {
  const { app, clock, issuer, rsa, account, ctx, token } = await open(t)
  const now = Math.floor(clock.now().getTime() / 1000)
  const [head, body, signature] = (await token()).split('.') as [string, string, string]
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const publicKey = Buffer.from(JSON.stringify(rsa.publicJwk))
  const hs256 = `${part({ alg: 'HS256', kid: 'rsa' })}.${body}`
  const stranger = { ...(await signingKey('rsa', 'RS256')), publicJwk: rsa.publicJwk }
  const ours = AUDIENCE
  const cases: [name: string, token: string, body: object][] = [
    [
      'HS256 with the public key',
      `${hs256}.${createHmac('sha256', publicKey).update(hs256).digest('base64url')}`,
      REFUSED,
    ],
    ['no algorithm', `${part({ alg: 'none' })}.${body}.`, REFUSED],
    ['no algorithm, with a signature', `${part({ alg: 'none', kid: 'rsa' })}.${body}.${signature}`, REFUSED],
    ['RS512, by a published key that names no algorithm', await rs512(issuer), REFUSED],
    [
      'another body',
      `${head}.${part({ ...JSON.parse(Buffer.from(body, 'base64url').toString()), sub: 'user-2' })}.${signature}`,
      REFUSED,
    ],
    ['another key of that name', await token(stranger), REFUSED],
    ['a key that is not published', await token(await signingKey('other', 'ES256')), REFUSED],
    ['expired', await token(rsa, { exp: now - 61 }), invalid('This ID token has expired.')],
    ['without an end', await token(rsa, { exp: undefined }), REFUSED],
    ['not yet valid', await token(rsa, { nbf: now + 61 }), REFUSED],
    ['another audience', await token(rsa, { aud: 'elsewhere' }), REFUSED],
    ['no audience', await token(rsa, { aud: undefined }), REFUSED],
    ['another issuer', await token(rsa, { iss: `${issuer.url}/other` }), REFUSED],
    ['the issuer with a slash', await token(rsa, { iss: `${issuer.url}/` }), REFUSED],
    ['several audiences, for none of them', await token(rsa, { aud: [ours, 'elsewhere'] }), REFUSED],
    ['several audiences, for another', await token(rsa, { aud: [ours, 'elsewhere'], azp: 'elsewhere' }), REFUSED],
    ['our audience, for another', await token(rsa, { azp: 'elsewhere' }), REFUSED],
    ['our audience, for what is no text', await token(rsa, { azp: null }), REFUSED],
    ['nobody', await token(rsa, { sub: undefined }), REFUSED],
    ['nobody, as a text', await token(rsa, { sub: '' }), REFUSED],
    ['a number', await token(rsa, { sub: 5 }), REFUSED],
    ['an object', await token(rsa, { sub: {} }), REFUSED],
    ['a list', await token(rsa, { sub: ['user-1'] }), REFUSED],
    ['a name that is too long', await token(rsa, { sub: 'x'.repeat(256) }), REFUSED],
    ['a name with NUL', await token(rsa, { sub: 'user-1\0' }), REFUSED],
    ['a name that is not Unicode', await token(rsa, { sub: 'user-\ud800' }), REFUSED],
    [
      'somebody who is not linked',
      await token(rsa, { sub: 'user-2' }),
      invalid('The holder of this ID token is not known here.'),
    ],
    ['garbage', 'garbage', MALFORMED],
    ['three garbages', 'a.b.c', MALFORMED],
    ['too much', `${'x'.repeat(20_000)}.b.c`, MALFORMED],
    ['an API key', `cbk_${'x'.repeat(32)}`, MALFORMED],
    ['an empty one', '', MISSING],
  ]
  for (const [at, [name, text, body]] of cases.entries()) {
    await t.test(name, async () => {
      // Each from an address of its own, as one that fails too often is told to wait.
      for (const fields of [CHECK, {}]) {
        const call = { ...checkOf({ ...fields, token: text }), remoteAddress: `192.0.2.${at}` }
        assertAnswer(await app.inject(call), 401, body)
      }
    })
  }
  await t.test('none at all, or no text', async () => {
    assertAnswer(await app.inject(checkOf(CHECK)), 401, MISSING)
    assertAnswer(await app.inject({ method: 'POST', url: '/api/v1/blacklist/check' }), 401, MISSING)
    assertAnswer(
      await app.inject({ ...checkOf({}), payload: { ...CHECK, token: { a: 1 } }, headers: {} }),
      401,
      MALFORMED,
    )
  })
  await t.test('a token is not taken as a header, nor on another surface', async () => {
    const text = await token()
    assertAnswer(
      await app.inject(checkOf(CHECK, { 'x-api-key': text })),
      401,
      invalid('This is not the form of an API key.'),
    )
    const item = { method: 'POST', url: '/api/v1/item', payload: { url: 'x', token: text } } as const
    assertAnswer(await app.inject(item), 401, MISSING)
  })
  assert.equal(await balanceOf(ctx, account.id), CREDIT)
})

test('a token for several audiences is taken when it is for us, and so is the longest name', async (t) => {
  const { ctx, rsa, account, link, token, send } = await open(t)
  const subject = 'ü'.repeat(255)
  await linkIdentity(ctx, { ...link, subject, account })
  for (const claims of [{ aud: [AUDIENCE, 'elsewhere'], azp: AUDIENCE }, { aud: [AUDIENCE] }, { azp: AUDIENCE }]) {
    assert.equal((await send(await token(rsa, { ...claims, sub: subject }))).statusCode, 200)
  }
})

test('a minute of skew is let pass', async (t) => {
  const { clock, rsa, token, send } = await open(t)
  const now = Math.floor(clock.now().getTime() / 1000)
  for (const claims of [{ exp: now - 59 }, { nbf: now + 60 }]) {
    assert.equal((await send(await token(rsa, claims))).statusCode, 200)
  }
})

test('keys that were rotated are found, and the issuer is asked once a minute at most', async (t) => {
  const { clock, issuer, rsa, token, send } = await open(t)
  const good = async (key = rsa) => (await send(await token(key))).statusCode
  assert.equal(await good(), 200)
  const next = await signingKey('next', 'RS256')
  issuer.published = [next]
  assert.deepEqual([await good(next), await good(next), issuer.asked], [401, 401, 1])
  await clock.pass(MINUTE_MS)
  assert.deepEqual(await Promise.all([good(next), good(next)]), [200, 200])
  assert.equal(issuer.asked, 2)
  // What is no longer published is no longer taken.
  assert.deepEqual([await good(), issuer.asked], [401, 2])
  // Also when nobody names another key: the keys are looked at anew after ten minutes.
  issuer.published = [rsa]
  await clock.pass(10 * MINUTE_MS)
  assert.deepEqual([await good(next), issuer.asked], [401, 3])
})

test('while the issuer is down, known keys are used for an hour, and without any it is 503', async (t) => {
  const { ctx, clock, issuer, token, send, account } = await open(t)
  issuer.status = 500
  const answer = await send(await token())
  assertAnswer(answer, 503, BUSY)
  assert.equal(answer.headers['retry-after'], '5')
  assertAnswer(await send(await token()), 503, BUSY)
  assert.equal(issuer.asked, 1)
  issuer.status = 200
  await clock.pass(5_000)
  assert.equal((await send(await token())).statusCode, 200)
  issuer.status = 500
  await clock.pass(59 * MINUTE_MS)
  assert.equal((await send(await token())).statusCode, 200)
  await clock.pass(MINUTE_MS)
  assertAnswer(await send(await token()), 503, BUSY)
  issuer.status = 200
  issuer.published = [{ ...issuer.published[0]!, publicJwk: null as never }]
  await clock.pass(5_000)
  assertAnswer(await send(await token()), 503, BUSY)
  assert.equal(await balanceOf(ctx, account.id), CREDIT - 2 * PRICE)
})

const traceOf = ({ issuer, subject }: { issuer: string; subject: string }) => {
  return { issuer, subject_sha256: createHash('sha256').update(`${issuer}\0${subject}`).digest('hex') }
}

test('an unlinked holder is refused within a second, and a link is for one account', async (t) => {
  const { ctx, account, link, token, send } = await open(t)
  assert.equal((await send(await token())).statusCode, 200)
  assert.deepEqual(await linkIdentity(ctx, link), { repeated: true })
  const other = await seedAccount(ctx)
  const refusal = (message: RegExp) => (error: unknown) => error instanceof OperatorError && message.test(error.message)
  await assert.rejects(
    linkIdentity(ctx, { ...link, account: other }),
    refusal(new RegExp(`^This identity is linked to account ${account.id}; `)),
  )
  await assert.rejects(unlinkIdentity(ctx, { ...link, account: other }), refusal(/^Account \d+ has no such identity; /))
  for (const subject of ['', 'x'.repeat(256), 'user-1\0']) {
    await assert.rejects(
      linkIdentity(ctx, { ...link, subject }),
      refusal(/^A subject has 1 to 255 characters, none of/),
    )
  }

  await unlinkIdentity(ctx, link)
  await ctx.watch.next()
  assertAnswer(await send(await token()), 401, invalid('The holder of this ID token is not known here.'))
  // Whom, without saying so.
  const identity = traceOf(link)
  const entries = await listAudit(ctx.db, { accountIds: [account.id], limit: 2 })
  assert.deepEqual(
    entries.map(({ action, actor, before, after }) => ({ action, actor, before, after })),
    [
      { action: 'account.unlink_oidc', actor: 'cli:ann', before: identity, after: null },
      { action: 'account.link_oidc', actor: 'cli:ann', before: null, after: identity },
    ],
  )
})

const TOLD_TO_WAIT = { error: 'rate_limited', message: 'Too many failed attempts; try again later.' }

test('after 30 tokens that are not good an address is told to wait; those that work here go on working', async (t) => {
  const { app, clock, rsa, token, send } = await open(t)
  const works = await token()
  const renewed = await token(rsa, { nonce: 'renewed' })
  const stranger = await token(rsa, { sub: 'user-2' })
  const forged = `${works.slice(0, works.lastIndexOf('.'))}.${'A'.repeat(342)}`
  const expired = await token(rsa, { exp: Math.floor(clock.now().getTime() / 1000) - 61 })
  const bad = [stranger, forged, expired, 'garbage', 'a.b.c']
  assert.equal((await send(works)).statusCode, 200)
  for (let at = 0; at < 30; at++) assert.equal((await send(bad[at % bad.length]!)).statusCode, 401)

  for (const text of [...bad, renewed]) assertAnswer(await send(text), 429, TOLD_TO_WAIT)
  assert.equal((await send(forged)).headers['retry-after'], '60')
  const numbered = { ...checkOf({}), payload: { ...CHECK, token: 5 }, headers: {} }
  assertAnswer(await app.inject(numbered), 429, TOLD_TO_WAIT)
  assertAnswer(await app.inject(checkOf(CHECK)), 401, MISSING)
  // Keys and tokens that do not work are counted as one.
  assertAnswer(await app.inject(checkOf(CHECK, { 'x-api-key': `cbk_${'x'.repeat(32)}` })), 429, TOLD_TO_WAIT)
  const elsewhere = { ...checkOf({ ...CHECK, token: renewed }), remoteAddress: '192.0.2.1' }
  assert.equal((await app.inject(elsewhere)).statusCode, 200)
  assert.equal((await send(works)).statusCode, 200)
  await clock.pass(MINUTE_MS)
  assert.deepEqual([(await send(forged)).statusCode, (await send(renewed)).statusCode], [401, 200])
})

test('a token that worked and has ended, or whose holder was unlinked, is a stranger’s from then on', async (t) => {
  const { ctx, clock, rsa, link, token, send } = await open(t)
  const short = await token(rsa, { exp: Math.floor(clock.now().getTime() / 1000) })
  const works = await token()
  const status = async (text: string) => (await send(text)).statusCode
  assert.deepEqual([await status(short), await status(works)], [200, 200])
  await clock.pass(MINUTE_MS)
  for (let at = 0; at < 30; at++) assert.equal(await status(short), 401)
  assert.deepEqual([await status(short), await status(works)], [429, 200])
  await clock.pass(MINUTE_MS)
  await unlinkIdentity(ctx, link)
  await ctx.watch.next()
  for (let at = 0; at < 30; at++) assert.equal(await status(works), 401)
  assert.equal(await status(works), 429)
})

test('of many bad tokens at once thirty are verified', async (t) => {
  const { token, send } = await open(t)
  const forged = `${(await token()).split('.').slice(0, 2).join('.')}.${'A'.repeat(342)}`
  const statuses = await Promise.all(Array.from({ length: 300 }, async () => (await send(forged)).statusCode))
  assert.equal(statuses.filter((status) => status === 401).length, 30)
  assert.equal(statuses.filter((status) => status === 429).length, 270)
})

test('an issuer that is down is held against nobody', async (t) => {
  const { clock, issuer, token, send } = await open(t)
  issuer.status = 500
  for (let at = 0; at < 60; at++) assert.equal((await send(await token())).statusCode, 503)
  issuer.status = 200
  await clock.pass(5_000)
  assert.equal((await send(await token())).statusCode, 200)
})

test('with the person their login is erased, and refused within a second', async (t) => {
  const { ctx, account, link, token, send } = await open(t)
  const other = await seedAccount(ctx)
  const kept = { ...link, subject: 'user-2', account: other }
  for (const each of [{ ...link, subject: 'user-3' }, kept]) await linkIdentity(ctx, each)
  assert.equal((await send(await token())).statusCode, 200)
  await erasePerson(ctx, { accountId: account.id, actor: 'cli:ann', reason: 'asked for it' })
  await ctx.watch.next()
  assertAnswer(await send(await token()), 401, invalid('The holder of this ID token is not known here.'))
  assert.deepEqual(await linkIdentity(ctx, kept), { repeated: true })
  const entries = await listAudit(ctx.db, { accountIds: [account.id], limit: 3 })
  const { issuer } = link
  assert.deepEqual(
    entries.map(({ action, actor, before, after }) => ({ action, actor, before, after })),
    [
      { action: 'person.erase', actor: 'cli:ann', before: null, after: null },
      { action: 'account.unlink_oidc', actor: 'cli:ann', before: traceOf({ issuer, subject: 'user-3' }), after: null },
      { action: 'account.unlink_oidc', actor: 'cli:ann', before: traceOf({ issuer, subject: 'user-1' }), after: null },
    ],
  )
})

test('a request sent again with a token that was renewed is the same request', async (t) => {
  const { clock, pool, account, token, send } = await open(t)
  const key = { 'idempotency-key': 'k' }
  const first = await send(await token(), key)
  await clock.pass(2_000)
  const text = await token()
  const second = await send(text, key)
  assert.deepEqual([second.statusCode, second.headers['idempotent-replayed'], second.body], [200, 'true', first.body])
  const { rows } = await pool.query('select body from idempotency where account_id = $1', [account.id])
  assert.equal(rows.length, 1)
  assert.ok(!JSON.stringify(rows).includes(AUDIENCE))
})
