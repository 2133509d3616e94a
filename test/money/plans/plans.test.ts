import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import { OperatorError } from '../../../src/lib/errors.ts'
import { FIRST_PLANS, PRODUCTS } from '../../../src/money/plans/catalogue.ts'
import { addAddOn, planEpoch, readStandings, readTerms, removeAddOn, setPlan } from '../../../src/money/plans/plans.ts'
import { resolveTerms } from '../../../src/money/plans/terms.ts'
import { newAccount } from '../../access/accounts/new-account.ts'
import { testDatabase } from '../../database.ts'

const refusal = (message: RegExp) => (error: unknown) => error instanceof OperatorError && message.test(error.message)

test('a new account stands on the first plans, its sandbox on none of its own', async (t) => {
  const { db } = await testDatabase(t)
  const account = await newAccount(db)
  const standings = await readStandings(db, account.id)
  const terms = await readTerms(db, account.id)
  assert.deepEqual(Object.keys(terms), [...PRODUCTS])
  for (const product of PRODUCTS) {
    assert.deepEqual(standings[product], { plan: FIRST_PLANS[product], overrides: {}, addOns: [] })
    assert.deepEqual(terms[product], resolveTerms(product, standings[product]))
  }
  await assert.rejects(readTerms(db, account.twinId), /has no plan of qc/)
})

test('a plan change answers what was before, and replaces the overrides whole', async (t) => {
  const { db } = await testDatabase(t)
  const account = await newAccount(db)
  const change = (...args: [plan: string, overrides?: object]) =>
    db.transaction().execute((tx) => setPlan(tx, account.id, 'qc', ...args))
  assert.deepEqual(await change('custom', { perMinute: 7, perMonth: null }), { plan: 'basic', overrides: {} })
  const standing = { plan: 'custom', overrides: { perMinute: 7, perMonth: null }, addOns: [] }
  assert.deepEqual((await readStandings(db, account.id)).qc, standing)
  assert.deepEqual((await readTerms(db, account.id)).qc, resolveTerms('qc', standing))
  assert.deepEqual(await change('pro'), { plan: 'custom', overrides: { perMinute: 7, perMonth: null } })
  assert.deepEqual((await readStandings(db, account.id)).qc, { plan: 'pro', overrides: {}, addOns: [] })
})

test('add-ons are had once, and belong to their product', async (t) => {
  const { db } = await testDatabase(t)
  const account = await newAccount(db)
  const other = await newAccount(db)
  const add = (addOn: string) => db.transaction().execute((tx) => addAddOn(tx, account.id, 'item', addOn))
  const remove = (addOn: string) => db.transaction().execute((tx) => removeAddOn(tx, account.id, 'item', addOn))
  const addOns = async () => (await readStandings(db, account.id)).item.addOns

  assert.deepEqual([await add('high_speed'), await add('high_speed')], [{ repeated: false }, { repeated: true }])
  await add('extra_bandwidth')
  assert.deepEqual(await addOns(), ['extra_bandwidth', 'high_speed'])
  assert.deepEqual((await readStandings(db, account.id)).qc.addOns, [])
  assert.deepEqual((await readStandings(db, other.id)).item.addOns, [])
  assert.equal((await readTerms(db, account.id)).item.windows.perSecond, 12)
  assert.deepEqual([await remove('high_speed'), await remove('high_speed')], [{ repeated: false }, { repeated: true }])
  assert.deepEqual(await addOns(), ['extra_bandwidth'])
})

test('what the catalogue does not have is refused, and nothing changes', async (t) => {
  const { db } = await testDatabase(t)
  const account = await newAccount(db)
  const before = await readStandings(db, account.id)
  await db.transaction().execute(async (tx) => {
    await assert.rejects(
      setPlan(tx, account.id, 'item', 'gold'),
      refusal(/^"gold" is not a plan of item; choose from payg, starter, growth, scale, custom\.$/),
    )
    await assert.rejects(
      addAddOn(tx, account.id, 'item', 'turbo'),
      refusal(/^"turbo" is not an add-on of item; choose from high_speed, extra_bandwidth\.$/),
    )
    await assert.rejects(
      removeAddOn(tx, account.id, 'qc', 'high_speed'),
      refusal(/is not an add-on of qc; it has none\.$/),
    )
    const odd = { perDay: 1 } as object
    await assert.rejects(setPlan(tx, account.id, 'qc', 'custom', odd), refusal(/"perDay" cannot be set on qc/))
    const nothingPays = refusal(/^Nothing would pay for a call of/)
    await assert.rejects(setPlan(tx, account.id, 'sourcing', 'custom'), nothingPays)
    await assert.rejects(setPlan(tx, account.id, 'item', 'custom', { priceUsdMicros: null }), nothingPays)
  })
  assert.deepEqual(await readStandings(db, account.id), before)
})

test('every change that happens, and no other, makes the epoch grow and wakes who listens', async (t) => {
  const { db, connection } = await testDatabase(t)
  const account = await newAccount(db)
  const client = new pg.Client(connection)
  await client.connect()
  t.after(() => client.end())
  const woken: (string | undefined)[] = []
  client.on('notification', ({ payload }) => woken.push(payload))
  await client.query('listen epoch')

  const epochs = [await planEpoch(client)]
  const step = async (change: () => Promise<unknown>) => {
    await change().catch(() => {})
    epochs.push(await planEpoch(client))
  }
  const { id } = account
  await step(() => db.transaction().execute((tx) => setPlan(tx, id, 'qc', 'pro')))
  await step(() => db.transaction().execute((tx) => addAddOn(tx, id, 'item', 'high_speed')))
  await step(() => db.transaction().execute((tx) => addAddOn(tx, id, 'item', 'high_speed')))
  await step(() => db.transaction().execute((tx) => removeAddOn(tx, id, 'item', 'high_speed')))
  await step(() => db.transaction().execute((tx) => removeAddOn(tx, id, 'item', 'high_speed')))
  await step(() =>
    db.transaction().execute(async (tx) => {
      await setPlan(tx, id, 'qc', 'basic')
      throw new Error('given up')
    }),
  )
  const [start] = epochs as [number]
  assert.deepEqual(
    epochs.map((each) => each - start),
    [0, 1, 2, 2, 3, 3, 3],
  )
  assert.deepEqual(woken, ['plans', 'plans', 'plans'])
})
