import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { rollKey } from '../../../src/access/keys/keys.ts'
import { limitKey } from '../../../src/access/usage/key-caps.ts'
import { demoListings } from '../../../src/demo/catalogue.ts'
import { monthBucket } from '../../../src/lib/buckets.ts'
import { storeDemo } from '../../../src/products/catalog/catalog.ts'
import { seedKey, testApp } from '../../app.ts'

const ITEM = {
  method: 'POST',
  url: '/api/v1/item',
  payload: { url: 'https://weidian.com/item.html?itemID=7266541641' },
} as const

async function capped(t: Parameters<typeof testApp>[0]) {
  const { app, ctx } = await testApp(t)
  await storeDemo(ctx, demoListings())
  const seeded = await seedKey(ctx, { room: true })
  const ask = async (headers: Record<string, string>) => (await app.inject({ ...ITEM, headers })).statusCode
  const limit = (keyId: number, capCalls: number) =>
    ctx.db.transaction().execute((tx) => limitKey(tx, keyId, { capCalls }, new Date()))
  return { ctx, ask, limit, ...seeded }
}

test('a cap counts what its key has used in the month before it was set', async (t) => {
  const { ctx, ask, limit, id, headers, account } = await capped(t)
  for (let call = 0; call < 3; call++) assert.equal(await ask(headers), 200)
  await limit(id, 4)
  await ctx.watch.next()
  assert.deepEqual([await ask(headers), await ask(headers)], [200, 429])
  const { rows } = await sql`select name, bucket, used::int from pot where name like 'key:%:calls'
    and account_id = ${account.twinId}`.execute(ctx.db)
  assert.deepEqual(rows, [{ name: `key:${id}:calls`, bucket: monthBucket(new Date()), used: 4 }])
})

test('rolling a key does not renew its cap, and both keys share it through the grace', async (t) => {
  const { ctx, ask, limit, id, headers } = await capped(t)
  await limit(id, 3)
  await ctx.watch.next()
  assert.equal(await ask(headers), 200)
  const rolled = await rollKey(ctx, id, { graceSeconds: 3_600, actor: 'cli:tester' })
  await ctx.watch.next()
  const next = { authorization: `Bearer ${rolled.key}` }
  assert.deepEqual([await ask(next), await ask(headers), await ask(next), await ask(headers)], [200, 200, 429, 429])
})
