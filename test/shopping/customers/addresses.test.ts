import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { systemClock } from '../../../src/lib/clock.ts'
import { DomainError } from '../../../src/lib/errors.ts'
import {
  createAddress,
  deleteAddress,
  listAddresses,
  lockAddress,
  updateAddress,
  type NewAddress,
} from '../../../src/shopping/customers/addresses.ts'
import { addressesLock } from '../../../src/shopping/customers/addresses.sql.ts'
import { newAccount } from '../../access/accounts/new-account.ts'
import { untilWaiting } from '../../access/waiting.ts'
import { testDatabase } from '../../database.ts'

const HOME: NewAddress = {
  name: 'Ada Moss',
  phone: '+1-555-0123',
  country: 'US',
  state: 'California',
  city: 'Los Angeles',
  address: '123 Main St',
  zipCode: '90001',
}

async function open(t: TestContext) {
  const { db, pool } = await testDatabase(t)
  const ctx = { db, clock: systemClock }
  const { id: accountId } = await newAccount(db)
  const add = (change: Partial<NewAddress> = {}) => createAddress(ctx, accountId, { ...HOME, ...change })
  const defaults = async () => (await listAddresses(ctx, accountId)).map(({ isDefault }) => isDefault)
  return { db, pool, ctx, accountId, add, defaults }
}

const refusal = (code: DomainError['code'], message: string) => (error: unknown) => {
  assert.ok(error instanceof DomainError)
  assert.deepEqual([error.code, error.message], [code, message])
  return true
}

test('one address is the default: the first, then the one that is made it, then the newest that is left', async (t) => {
  const { ctx, accountId, add, defaults } = await open(t)
  const first = await add()
  const second = await add()
  const third = await add({ isDefault: true })
  assert.deepEqual(await defaults(), [false, false, true])
  await updateAddress(ctx, accountId, first.id, { isDefault: true })
  assert.deepEqual(await defaults(), [true, false, false])
  // It stays the default until another one is.
  assert.equal((await updateAddress(ctx, accountId, first.id, { isDefault: false })).isDefault, true)
  await deleteAddress(ctx, accountId, first.id)
  assert.deepEqual(await defaults(), [false, true])
  await deleteAddress(ctx, accountId, second.id)
  assert.deepEqual(await defaults(), [true])
  await deleteAddress(ctx, accountId, third.id)
  assert.deepEqual(await defaults(), [])
})

test('an account has 50 addresses at most', async (t) => {
  const { add } = await open(t)
  for (let count = 0; count < 50; count++) await add()
  await assert.rejects(add(), refusal('conflict', 'There are 50 addresses already; delete one first.'))
})

test('addresses of an account that change at once still have one default', async (t) => {
  const { db, pool, ctx, accountId, add, defaults } = await open(t)
  const isFirst = (list: boolean[]) => assert.equal(list.filter(Boolean).length, 1)
  const { release, isHeld } = holdAddresses(db, accountId)
  await isHeld
  const adding = Array.from({ length: 5 }, () => add())
  await untilWaiting(pool, 5)
  await release()
  const added = await Promise.all(adding)
  isFirst(await defaults())

  const again = holdAddresses(db, accountId)
  await again.isHeld
  const changing = added.map(({ id }) => updateAddress(ctx, accountId, id, { isDefault: true }))
  await untilWaiting(pool, 5)
  await again.release()
  await Promise.all(changing)
  isFirst(await defaults())
})

/** Keeps everybody from changing the addresses of an account until they are released. */
function holdAddresses(db: Awaited<ReturnType<typeof open>>['db'], accountId: number) {
  const held = Promise.withResolvers<void>()
  const gate = Promise.withResolvers<void>()
  const ended = db.transaction().execute(async (tx) => {
    await addressesLock(tx, accountId)
    held.resolve()
    await gate.promise
  })
  return { isHeld: held.promise, release: () => (gate.resolve(), ended) }
}

test('an address that an order takes is not deleted meanwhile, and is gone for the next', async (t) => {
  const { db, pool, ctx, accountId, add } = await open(t)
  const address = await add()
  const other = await newAccount(db)
  const deleting = await db.transaction().execute(async (tx) => {
    assert.deepEqual(await lockAddress(tx, accountId, address.id), address)
    assert.equal(await lockAddress(tx, other.id, address.id), null)
    const deleting = deleteAddress(ctx, accountId, address.id)
    await untilWaiting(pool, 1)
    assert.deepEqual(await listAddresses(ctx, accountId), [address])
    return { deleting }
  })
  await deleting.deleting
  await db.transaction().execute(async (tx) => assert.equal(await lockAddress(tx, accountId, address.id), null))
})

test('each country asks for its own parts, also after a change', async (t) => {
  const { ctx, accountId, add } = await open(t)
  const refused: [change: Partial<NewAddress>, code: DomainError['code'], message: string][] = [
    [{ state: null }, 'input_missing', 'state is required in US.'],
    [{ zipCode: null }, 'input_missing', 'zipCode is required in US.'],
    [{ zipCode: '9001' }, 'input_invalid', 'zipCode must be a postal code of US, such as 90001.'],
    [{ country: 'GB' }, 'input_invalid', 'zipCode must be a postal code of GB, such as SW1A 1AA.'],
    [{ country: 'JP', zipCode: '1000001', state: null }, 'input_missing', 'state is required in JP.'],
  ]
  for (const [change, code, message] of refused) await assert.rejects(add(change), refusal(code, message))
  const taken: Partial<NewAddress>[] = [
    { zipCode: '90001-1234' },
    { country: 'GB', zipCode: 'sw1a 1aa', state: null },
    { country: 'HK', zipCode: null, state: null },
    { country: 'NL', zipCode: '1012AB', state: null },
    // Nothing is known of its postal codes.
    { country: 'AQ', zipCode: 'BIQQ 1ZZ', state: null },
  ]
  for (const change of taken) {
    const { zipCode, state } = await add(change)
    assert.deepEqual({ zipCode, state }, { zipCode: HOME.zipCode, state: HOME.state, ...pickCodes(change) })
  }
  const { id } = await add()
  await assert.rejects(
    updateAddress(ctx, accountId, id, { country: 'DE', zipCode: '1234' }),
    refusal('input_invalid', 'zipCode must be a postal code of DE, such as 10115.'),
  )
})

function pickCodes({ zipCode, state }: Partial<NewAddress>) {
  return { ...(zipCode !== undefined && { zipCode }), ...(state !== undefined && { state }) }
}

test('a phone is kept as written, and told in E.164 where it can be one', async (t) => {
  const { add } = await open(t)
  const told: [phone: string, country: string, e164: string | null][] = [
    ['(213) 373-4253', 'US', '+12133734253'],
    ['+44 20 7946 0958', 'US', '+442079460958'],
    ['020 7946 0958', 'GB', '+442079460958'],
    ['+1-555-0123', 'US', null],
    ['1234567', 'AQ', null],
  ]
  for (const [phone, country, phoneE164] of told) {
    const address = await add({ phone, country, zipCode: country === 'GB' ? 'SW1A 1AA' : '90001' })
    assert.deepEqual([address.phone, address.phoneE164], [phone, phoneE164])
  }
  const sentence = 'phone must have 7 to 15 digits, with spaces and + - ( ) at most between them.'
  for (const phone of ['555-012', '1234567890123456', '555.0123.456', '+1 555 0123 ext 4', '٠١٢٣٤٥٦٧']) {
    await assert.rejects(add({ phone }), refusal('input_invalid', sentence))
  }
})
