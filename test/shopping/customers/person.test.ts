import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { createAccount } from '../../../src/access/accounts/accounts.ts'
import { linkIdentity } from '../../../src/access/keys/oidc.ts'
import { listAudit } from '../../../src/events/audit/audit.ts'
import { listNews } from '../../../src/events/outbox/outbox.ts'
import { demoListings } from '../../../src/demo/catalogue.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { storeDemo } from '../../../src/products/catalog/catalog.ts'
import { createAddress } from '../../../src/shopping/customers/addresses.ts'
import {
  addFavorite,
  listFavorites,
  removeFavorite,
  sweepFavorites,
} from '../../../src/shopping/customers/favorites.ts'
import { erasePerson, exportPerson } from '../../../src/shopping/customers/person.ts'
import { getProfile, updateProfile } from '../../../src/shopping/customers/profile.ts'
import { testCtx } from '../../app.ts'
import { newAccount } from '../../access/accounts/new-account.ts'
import { untilWaiting } from '../../access/waiting.ts'
import { testDatabase } from '../../database.ts'

const AT = '2031-03-01T00:00:00Z'
const DEMO = { catalogue: 'demo' } as const
const PRODUCT = 12_345
const OTHER = 12_346

async function open(t: TestContext) {
  const ctx = await testCtx(t, {}, { clock: { ...systemClock, now: () => new Date(AT) } })
  const { pool } = await testDatabase(t)
  const prices = (...rows: [id: number, priceFen: number][]) =>
    Promise.all(rows.map(([id, fen]) => pool.query('update product set price_fen = $2 where id = $1', [id, fen])))
  await storeDemo(ctx, demoListings())
  await prices([PRODUCT, 29_900], [OTHER, 8_900])
  const { id: accountId } = await newAccount(ctx.db)
  return { ctx, pool, prices, accountId }
}

test('a profile begins with the name of its account, and changes by what is named', async (t) => {
  const { ctx } = await open(t)
  const { id, twinId } = await createAccount(ctx, 'Ada & Co. 42')
  const first = { username: 'ada___co__42', email: null, avatar: null, language: 'en', createdAt: new Date(AT) }
  assert.deepEqual(await getProfile(ctx, id), { id, ...first })
  assert.deepEqual(await getProfile(ctx, twinId), { id: twinId, ...first })
  const email = 'ada@example.test'
  assert.deepEqual(await updateProfile(ctx, id, { email }), { id, ...first, email })
  assert.deepEqual(await updateProfile(ctx, id, { language: 'de', email: null }), { id, ...first, language: 'de' })
  assert.deepEqual(await getProfile(ctx, twinId), { id: twinId, ...first })
})

test('a favourite is one however often it is added, and its price drops are told once', async (t) => {
  const { ctx, pool, accountId, prices } = await open(t)
  const other = await newAccount(ctx.db)
  const favorite = await addFavorite(ctx, DEMO, accountId, PRODUCT)
  assert.deepEqual(await addFavorite(ctx, DEMO, accountId, PRODUCT), favorite)
  await addFavorite(ctx, DEMO, accountId, OTHER)
  const kept = await addFavorite(ctx, DEMO, other.id, PRODUCT)
  let told = 0
  const fresh = async (count: number) => {
    const news = await listNews(ctx.db)
    assert.ok(news.every(({ event }) => event === 'favorite.price_dropped'))
    assert.equal(count, news.length - told)
    const bodies = news.slice(told).map(({ accountId, body }) => ({ accountId, ...body }))
    told = news.length
    return bodies
  }
  const sweep = async () => fresh(await sweepFavorites(ctx))

  assert.deepEqual(await sweep(), [])
  await prices([PRODUCT, 35_000], [OTHER, 9_000])
  assert.deepEqual(await sweep(), [])
  // Less than lately, but more than they were told.
  await prices([PRODUCT, 30_000])
  assert.deepEqual(await sweep(), [])
  await prices([PRODUCT, 25_000])
  // On two nodes, both of which have seen the drop.
  const client = await pool.connect()
  await client.query('begin')
  await client.query('select from favorite for update')
  const sweeping = [sweepFavorites(ctx), sweepFavorites(ctx)]
  await untilWaiting(pool, 2)
  await client.query('commit')
  client.release()
  const [one, two] = await Promise.all(sweeping)
  const drop = { productId: PRODUCT, fromFen: 29_900, toFen: 25_000 }
  const drops = await fresh(one! + two!)
  assert.deepEqual(
    drops.toSorted((a, b) => a.accountId! - b.accountId!),
    [
      { accountId, favoriteId: favorite.id, ...drop },
      { accountId: other.id, favoriteId: kept.id, ...drop },
    ],
  )
  assert.deepEqual(await sweep(), [])
  await removeFavorite(ctx, other.id, kept.id)
  await prices([PRODUCT, 24_000])
  assert.deepEqual(await sweep(), [
    { accountId, favoriteId: favorite.id, productId: PRODUCT, fromFen: 25_000, toFen: 24_000 },
  ])
})

test('more favourites than are swept at once are all swept, and a price that becomes known is no drop', async (t) => {
  const { ctx, pool, accountId, prices } = await open(t)
  await pool.query('delete from favorite')
  await pool.query(
    `insert into favorite (account_id, product_id, added_at, told_fen) select $1, -n, $2, 1 from generate_series(1, 1100) n`,
    [accountId, AT],
  )
  await pool.query(
    `insert into favorite (account_id, product_id, added_at, told_fen) values ($1, $2, $4, 30000), ($1, $3, $4, null)`,
    [accountId, PRODUCT, OTHER, AT],
  )
  await prices([PRODUCT, 29_900])
  assert.equal(await sweepFavorites(ctx), 1)
  await prices([OTHER, 8_899])
  assert.equal(await sweepFavorites(ctx), 1)
})

test('everything that is kept of a person can be had as JSON, and be gone, while others keep theirs', async (t) => {
  const { ctx, pool, accountId } = await open(t)
  const other = await newAccount(ctx.db)
  const home = { name: 'Ada Moss', phone: '(213) 373-4253', country: 'HK', city: 'Hong Kong', address: '1 Pier Road' }
  const issuer = 'https://issuer.example'
  const ids = []
  for (const id of [accountId, other.id]) {
    const account = { id, name: 'Moss', twinId: id }
    await linkIdentity(ctx, { issuer, subject: `user-${id}`, account, actor: 'cli:test' })
    await updateProfile(ctx, id, { email: 'ada@example.test' })
    const address = await createAddress(ctx, id, home)
    ids.push({ address: address.id, favorite: (await addFavorite(ctx, DEMO, id, PRODUCT)).id })
  }
  const { username } = await getProfile(ctx, accountId)
  const exported = await exportPerson(ctx, accountId)
  assert.deepEqual(exported, {
    profile: { username, email: 'ada@example.test', avatar: null, language: 'en' },
    addresses: [{ id: ids[0]!.address, ...home, phoneE164: null, state: null, zipCode: null, isDefault: true }],
    favorites: [{ id: ids[0]!.favorite, productId: PRODUCT, addedAt: AT.replace('Z', '.000Z'), toldFen: 29_900 }],
    identities: [{ issuer, subject: `user-${accountId}`, linkedAt: AT.replace('Z', '.000Z') }],
    orders: [],
  })
  assert.deepEqual(JSON.parse(JSON.stringify(exported)), exported)

  const before = await exportPerson(ctx, other.id)
  await erasePerson(ctx, { accountId, actor: 'cli:test', reason: 'asked for it' })
  assert.deepEqual(await exportPerson(ctx, accountId), {
    profile: null,
    addresses: [],
    favorites: [],
    identities: [],
    orders: [],
  })
  assert.deepEqual(await listFavorites(ctx, DEMO, accountId, { page: 1, limit: 20 }), { items: [], total: 0 })
  assert.deepEqual(await exportPerson(ctx, other.id), before)
  const [entry] = await listAudit(ctx.db, { accountIds: [accountId], limit: 1 })
  const { rows } = await pool.query('select max(id) as id from audit_entry')
  assert.deepEqual(entry, {
    id: rows[0].id,
    at: new Date(AT),
    actor: 'cli:test',
    action: 'person.erase',
    accountId,
    subject: `account:${accountId}`,
    reason: 'asked for it',
    before: null,
    after: null,
  })
})
