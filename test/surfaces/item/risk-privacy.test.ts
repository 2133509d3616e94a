import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { test } from 'node:test'
import type pg from 'pg'
import pino from 'pino'
import type { InjectOptions } from 'fastify'
import { fingerprintOf } from '../../../src/access/idempotency/idempotency.ts'
import { linkIdentity } from '../../../src/access/keys/oidc.ts'
import { timedJobs } from '../../../src/jobs.ts'
import { startJobs } from '../../../src/lib/jobs.ts'
import { readQuestion } from '../../../src/risk/check/check.ts'
import { TYPES, type IdentifierType } from '../../../src/risk/normalise/normalised.ts'
import { signingKey, startIssuer, tokenOf } from '../../access/keys/local-issuer.ts'
import { credit, fillWindows, holdingMeter, ITEM_URL, seedCaller } from '../metering/meter-bench.ts'
import { batchOf, checkOf, list, openRisk } from './risk-bench.ts'

// What was only checked stands nowhere: not in any table, the log or the metrics, nor as a digest that anybody can make.

let made = 0
/** An identifier that nothing else looks like. */
function unique(type: IdentifierType): string {
  const n = String(++made).padStart(3, '0')
  const values: Record<IdentifierType, string> = {
    email: `Zyx.Wvut${n}+Tag@Quill-${n}.example`,
    username: `Zyx_Wvut-${n}`,
    phone: `+44 7700 900${n}`,
    address: `${n}7 Quillwort Terrace, Leeds LS9 8ZX`,
    ip: `2a02:6b8:${n}::quill`.replace('quill', `${n}f`),
    device: `FP:Zyxwvut${n}A9C3`,
  }
  return values[type]
}

type Asked = { type: IdentifierType; value: string }
const sent: Asked[] = []
/** One of each type. */
function some(): Asked[] {
  const asked = TYPES.map((type) => ({ type, value: unique(type) }))
  sent.push(...asked)
  return asked
}

/** How what was sent could be found again, by whoever reads what is kept. */
function formsOf({ type, value }: Asked): string[] {
  const texts = [value, value.toLowerCase(), value.toUpperCase(), value.replaceAll(/\s/g, '').toLowerCase()]
  const digits = value.replaceAll(/\D/g, '')
  if (digits.length >= 10) texts.push(digits)
  texts.push(...comparedBy({ type, value }))
  const encoded = texts.flatMap((text) => {
    const bytes = Buffer.from(text)
    const hashes = (['md5', 'sha1', 'sha256', 'sha512'] as const).flatMap((name) => {
      const digest = hash(name, text, 'buffer')
      return [digest.toString('hex'), digest.toString('base64').replaceAll('=', '')]
    })
    const base64 = bytes.toString('base64').replace(/.?=*$/, '')
    return [encodeURIComponent(text), JSON.stringify(text).slice(1, -1), bytes.toString('hex'), base64, ...hashes]
  })
  return [...new Set([...texts, ...encoded])]
}

/**
 * What it is compared by: the whole texts, of which digests are made, and what they say of it. Of the networks that an address
 * lies in the smallest alone, which is the address itself: the wide ones are those of many, and whatever tells them tells it too.
 */
function comparedBy({ type, value }: Asked): string[] {
  const read = readQuestion({ owner: 1, isSandbox: false }, { type, value, region: null })
  if (read.kind === 'unfit') return []
  const smallest = read.markings.find(({ form }) => form === 'network')
  const telling = read.markings.filter((marking) => marking.form !== 'network' || marking === smallest)
  return telling.flatMap(({ form, text }) => {
    const said = text.slice(type.length + 1)
    // Near ones begin with what kind they are.
    return [text, form === 'near' ? said.slice(said.indexOf('/') + 1) : said]
  })
}

/** Every row of every table, and what the server remembers of statements, as text. */
async function dump(pool: pg.Pool): Promise<Map<string, string>> {
  const { rows: tables } = await pool.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables
     where schemaname not in ('pg_catalog', 'information_schema')`,
  )
  const dumped = new Map<string, string>()
  for (const { name } of tables) {
    const { rows } = await pool.query<{ text: string }>(`select t::text as text from ${name} t`)
    dumped.set(name, rows.map(({ text }) => text).join('\n'))
  }
  const { rows } = await pool.query<{ text: string }>(
    `select query as text from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
  )
  return dumped.set('pg_stat_activity', rows.map(({ text }) => text).join('\n'))
}

test('no identifier that was only checked is kept anywhere', async (t) => {
  const lines: string[] = []
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) })
  const key = await signingKey('k', 'ES256')
  const issuer = await startIssuer(t, [key])
  const bench = await openRisk(t, { env: issuer.env, parts: { log } })
  const { app, ctx, pool, clock } = bench
  const wish = { style: 'cbk' } as const
  const caller = await seedCaller(ctx, { risk: ['payg', { perSecond: null }] }, wish)
  const { headers } = caller
  await credit(ctx, caller.account, 100_000_000)
  await linkIdentity(ctx, { issuer: issuer.url, subject: 'user-1', account: caller.account, actor: 'test' })
  const poor = await seedCaller(ctx, { risk: ['payg', { perSecond: null }] }, wish)
  const full = await seedCaller(ctx, {}, wish)
  await fillWindows(ctx, full.accountId, 'risk', 10)
  const narrow = await seedCaller(ctx, {}, { ...wish, scopes: ['item:read'] })
  const statuses = new Set<number>()
  const send = async (call: InjectOptions) => {
    const answer = await app.inject(call)
    statuses.add(answer.statusCode)
    return answer
  }
  const sendTwice = async (call: InjectOptions) => {
    await send(call)
    assert.equal((await send(call)).headers['idempotent-replayed'], 'true')
  }
  const guessed: Buffer[] = []
  const keyed = (headers: Record<string, string>, name: string) => ({ ...headers, 'idempotency-key': name })

  // With and without a key to repeat it by, as a form and as JSON, by a key and by a token, found on the list and not.
  for (const asked of some()) await send(checkOf(asked, headers))
  for (const [at, asked] of some().entries()) {
    await sendTwice(checkOf(asked, keyed(headers, `check ${at}`)))
    guessed.push(fingerprintOf('POST', '/api/v1/blacklist/check', asked))
    const other = { ...asked, value: some()[at]!.value }
    assert.equal((await send(checkOf(other, keyed(headers, `check ${at}`)))).statusCode, 409)
  }
  const token = await tokenOf(issuer, key, clock.now())
  for (const asked of some()) assert.equal((await send(checkOf({ ...asked, token }))).statusCode, 200)
  const items = some()
  await send(batchOf(items, headers))
  await sendTwice(batchOf(items, keyed(headers, 'batch')))
  guessed.push(fingerprintOf('POST', '/api/v1/blacklist/check/batch', { items }))
  await list(ctx, { owner: caller.accountId, type: 'email', value: 'listed.person@example.com' })
  const listed: Asked = { type: 'email', value: 'Listed.Person@EXAMPLE.com' }
  sent.push(listed)
  assert.equal((await send(checkOf(listed, headers))).json().result.riskScore, 85)

  // Refused for every reason.
  for (const asked of some()) {
    await send(checkOf(asked))
    await send(checkOf(asked, narrow.headers))
    await send(checkOf(asked, full.headers))
    await send(checkOf(asked, keyed(poor.headers, asked.type)))
    await send(checkOf({ ...asked, type: 'name' }, keyed(headers, `unknown ${asked.type}`)))
    await send(checkOf({ ...asked, region: asked.value }, headers))
    await send({
      ...checkOf({}),
      payload: `{"value":"${asked.value}"`,
      headers: { ...headers, 'content-type': 'application/json' },
    })
    await send({
      ...checkOf({}),
      url: `/api/v1/blacklist/check?value=${encodeURIComponent(asked.value)}`,
      method: 'GET',
    })
    for (const written of [encodeURIComponent(asked.value), encodeURI(asked.value)]) {
      await send({ ...checkOf(asked, headers), url: `/api/v1/blacklist/check/${written}` })
    }
  }
  await send(batchOf(some(), keyed(poor.headers, 'batch')))
  const unfit: Asked[] = [
    { type: 'ip', value: '10.99.88.77' },
    { type: 'email', value: 'zyx.wvut.at.nowhere' },
  ]
  sent.push(...unfit)
  for (const asked of unfit) {
    await send(checkOf(asked, keyed(headers, 'unfit')))
    await send(batchOf([asked], keyed(headers, `unfit ${asked.type}`)))
  }
  const [lost] = some()
  await holdingMeter(pool, caller.accountId, async () => send(checkOf(lost!, keyed(headers, 'busy'))))
  await pool.query('alter table risk_mark rename to risk_mark_gone')
  const broken = some()
  for (const asked of broken) await send(checkOf(asked, keyed(headers, `broken ${asked.type}`)))
  await send(batchOf(broken, keyed(headers, 'broken')))
  await pool.query('alter table risk_mark_gone rename to risk_mark')
  assert.deepEqual(statuses, new Set([200, 400, 401, 402, 403, 404, 405, 409, 429, 500, 503]))
  assert.equal((await app.inject({ url: '/api/v1/usage', headers })).statusCode, 200)

  const jobs = startJobs({ connection: ctx.connection, log, timed: timedJobs(ctx) })
  await jobs.started
  await jobs.stop()
  // What must be found, or this test finds nothing.
  const mark = `mark-${made}`
  await app.inject({ method: 'POST', url: '/api/v1/item', payload: { url: ITEM_URL, tid: mark }, headers })
  await ctx.usage.flush()
  const places = await dump(pool)
  places.set('log', lines.join('\n'))
  places.set('metrics', await app.metrics.registry.metrics())
  for (const place of ['public.idempotency', 'public.usage_day', 'graphile_worker._private_jobs', 'log', 'metrics']) {
    assert.ok(places.has(place), place)
  }
  const found = (text: string) => [...places].flatMap(([place, all]) => (all.includes(text) ? [place] : []))
  assert.ok(found(mark).includes('log') && found(mark).some((place) => place.startsWith('public.usage_event')))
  assert.ok(
    places.get('public.idempotency')!.includes('"ok":true') ||
      places.get('public.idempotency')!.includes('""ok"":true'),
  )

  assert.ok(sent.length > 70)
  for (const asked of sent) {
    for (const form of formsOf(asked)) assert.deepEqual(found(form), [], `${asked.value} as ${form}`)
  }
  for (const digest of guessed) assert.deepEqual(found(digest.toString('hex')), [])
  assert.deepEqual(found(token.split('.')[2]!), [])
})
