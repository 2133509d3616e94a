import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { SYSTEM } from '../../../src/money/ledger/accounts.ts'
import { auditBooks } from '../../../src/money/ledger/audit.ts'
import { findTransfer, getBalance, listTransfers, reverse, transfer } from '../../../src/money/ledger/ledger.ts'
import { captureHold, placeHold } from '../../../src/money/ledger/holds.ts'
import { AT, outcome, race, seedPurse, testBooks, type Books } from './books.ts'

const REVENUE = SYSTEM.revenue.USD
const pay = (books: Books, name: string, from: string, to: string, amountMinor: number) =>
  books.begin((tx) => transfer(tx, { name, from, to, amountMinor, reason: 'test', at: AT }))
const undo = (books: Books, name: string, reverseName: string) =>
  books.begin((tx) => reverse(tx, { name, reverseName, at: AT }))
const balance = (books: Books, code: string) => getBalance(books.db, code)
const whole = (balanceMinor: number) => ({ balanceMinor, heldMinor: 0, availableMinor: balanceMinor })

test('a transfer debits one account and credits the other, and tells of itself', async (t) => {
  const books = await testBooks(t)
  const { api } = await seedPurse(books, 1_000)
  const before = await balance(books, REVENUE)
  assert.deepEqual(await pay(books, `${api}:1`, api, REVENUE, 400), { repeated: false })
  assert.deepEqual(await balance(books, api), whole(600))
  assert.deepEqual(await balance(books, REVENUE), whole(before.balanceMinor + 400))
  const { id, ...rest } = (await findTransfer(books.db, `${api}:1`))!
  assert.ok(id > 0)
  assert.deepEqual(rest, {
    name: `${api}:1`,
    from: api,
    to: REVENUE,
    amountMinor: 400,
    reason: 'test',
    at: AT,
    hold: null,
    reverses: null,
    reversedBy: null,
  })
  assert.equal(await findTransfer(books.db, 'nobody made it'), null)
})

test('a transfer sent again changes nothing, even when the money is gone', async (t) => {
  const books = await testBooks(t)
  const { api } = await seedPurse(books, 100)
  assert.deepEqual(await pay(books, `${api}:1`, api, REVENUE, 100), { repeated: false })
  assert.deepEqual(await pay(books, `${api}:1`, api, REVENUE, 100), { repeated: true })
  assert.deepEqual(await balance(books, api), whole(0))
})

test('the same name with other content is a fault of ours', async (t) => {
  const books = await testBooks(t)
  const { api } = await seedPurse(books, 100)
  const other = await seedPurse(books, 100)
  await pay(books, `${api}:1`, api, REVENUE, 10)
  for (const again of [
    () => pay(books, `${api}:1`, api, REVENUE, 11),
    () => pay(books, `${api}:1`, REVENUE, api, 10),
    () => pay(books, `${api}:1`, other.api, REVENUE, 10),
    () => undo(books, `seed:${api}`, `${api}:1`),
  ]) {
    await assert.rejects(again, { name: 'AssertionError' })
  }
  assert.deepEqual(await balance(books, api), whole(90))
  assert.deepEqual(await balance(books, other.api), whole(100))
})

test('what cannot be a transfer is a fault of ours', async (t) => {
  const books = await testBooks(t)
  const { api, wallet } = await seedPurse(books, 100)
  for (const [from, to, amountMinor] of [
    [api, REVENUE, 0],
    [api, REVENUE, -1],
    [api, REVENUE, 0.5],
    [api, REVENUE, 2 ** 53],
    [api, api, 1],
    [api, wallet, 1],
    [api, 'api:nobody', 1],
    [api, SYSTEM.revenue.CNY, 1],
  ] as const) {
    await assert.rejects(pay(books, `${api}:odd`, from, to, amountMinor), { name: 'AssertionError' })
  }
  assert.equal(await findTransfer(books.db, `${api}:odd`), null)
})

test('nobody spends what they do not have, or what is held, and the transaction may go on', async (t) => {
  const books = await testBooks(t)
  const { api } = await seedPurse(books, 100)
  await books.begin((tx) => placeHold(tx, { name: `${api}:h`, account: api, amountMinor: 30, expiresAt: null, at: AT }))
  const outcomes = await books.begin(async (tx) => {
    const send = (name: string, amountMinor: number) =>
      outcome(transfer(tx, { name, from: api, to: REVENUE, amountMinor, reason: 'test', at: AT }))
    return [await send(`${api}:1`, 71), await send(`${api}:2`, 70), await send(`${api}:3`, 1)]
  })
  assert.deepEqual(outcomes, ['balance_too_low', { repeated: false }, 'balance_too_low'])
  await assert.rejects(pay(books, `${api}:4`, api, REVENUE, 5), {
    code: 'balance_too_low',
    message: 'The balance does not cover this amount.',
    details: { neededMinor: 5, availableMinor: 0 },
  })
  assert.deepEqual(await balance(books, api), { balanceMinor: 30, heldMinor: 30, availableMinor: 0 })
  assert.equal(await findTransfer(books.db, `${api}:1`), null)
})

test('the tables refuse an overdraft, spending what is held, and a change of a transfer', async (t) => {
  const { pool, ...books } = await testBooks(t)
  const { api } = await seedPurse({ pool, ...books }, 100)
  await books.begin((tx) => placeHold(tx, { name: `${api}:h`, account: api, amountMinor: 30, expiresAt: null, at: AT }))
  for (const [statement, refusal] of [
    [`update ledger_account set balance_minor = 29 where code = '${api}'`, /ledger_no_overdraft/],
    [`update ledger_account set balance_minor = -1, held_minor = -1 where code = '${api}'`, /check constraint/],
    [`update ledger_account set held_minor = 101 where code = '${api}'`, /ledger_no_overdraft/],
    [`update ledger_account set held_minor = 1 where code = '${REVENUE}'`, /ledger_system_holds_nothing/],
    [`update ledger_hold set captured_minor = 31 where name = '${api}:h'`, /check constraint/],
    [`update ledger_hold set captured_minor = 30 where name = '${api}:h'`, /check constraint/],
    [`update ledger_hold set state = 'voided' where name = '${api}:h'`, /check constraint/],
    [`update ledger_transfer set amount_minor = 1 where name = 'seed:${api}'`, /never changed/],
    [`delete from ledger_transfer where name = 'seed:${api}'`, /never changed/],
  ] as const) {
    await assert.rejects(pool.query(statement), refusal, statement)
  }
})

test('a reverse brings the money back, once', async (t) => {
  const books = await testBooks(t)
  const { api } = await seedPurse(books, 100)
  await pay(books, `${api}:1`, api, REVENUE, 60)
  assert.deepEqual(await undo(books, `${api}:1`, `${api}:1:undo`), { repeated: false })
  assert.deepEqual(await undo(books, `${api}:1`, `${api}:1:undo`), { repeated: true })
  await assert.rejects(undo(books, `${api}:1`, `${api}:1:again`), {
    code: 'conflict',
    message: `Transfer ${api}:1 is reversed already, by ${api}:1:undo.`,
  })
  await assert.rejects(undo(books, `${api}:1:undo`, `${api}:1:undo:undo`), {
    code: 'conflict',
    message: `Transfer ${api}:1:undo is itself a reverse; make a new transfer instead.`,
  })
  await assert.rejects(undo(books, `${api}:none`, `${api}:none:undo`), {
    code: 'not_found',
    message: `There is no transfer ${api}:none.`,
  })
  assert.deepEqual(await balance(books, api), whole(100))
  const { reverses, reversedBy, from, to, amountMinor } = (await findTransfer(books.db, `${api}:1:undo`))!
  assert.deepEqual([reverses, reversedBy, from, to, amountMinor], [`${api}:1`, null, REVENUE, api, 60])
  assert.equal((await findTransfer(books.db, `${api}:1`))!.reversedBy, `${api}:1:undo`)
})

test('a credit whose money is spent is not reversed', async (t) => {
  const books = await testBooks(t)
  const { api } = await seedPurse(books, 100)
  await pay(books, `${api}:1`, api, REVENUE, 1)
  assert.equal(await outcome(undo(books, `seed:${api}`, `${api}:undo`)), 'balance_too_low')
  assert.deepEqual(await balance(books, api), whole(99))
})

test('the reverse in SQL is the same: once, and not of a reverse', async (t) => {
  const books = await testBooks(t)
  const { api } = await seedPurse(books, 100)
  await pay(books, `${api}:1`, api, REVENUE, 60)
  const call = async (name: string, reverseName: string) =>
    (await books.pool.query('select ledger_reverse($1, $2, $3) as done', [name, reverseName, AT])).rows[0].done
  assert.deepEqual(
    [await call(`${api}:1`, `${api}:2`), await call(`${api}:1`, `${api}:3`), await call('unknown', `${api}:4`)],
    [true, false, false],
  )
  await assert.rejects(call(`${api}:2`, `${api}:5`), /is itself a reverse/)
  assert.deepEqual(await balance(books, api), whole(100))
})

test('transfers are listed newest first, page by page', async (t) => {
  const books = await testBooks(t)
  const { api } = await seedPurse(books, 100)
  for (const n of [1, 2, 3, 4]) await pay(books, `${api}:${n}`, api, REVENUE, n)
  await undo(books, `${api}:4`, `${api}:undo`)
  const first = await listTransfers(books.db, api, { limit: 4 })
  const rest = await listTransfers(books.db, api, { limit: 4, beforeId: first.at(-1)!.id })
  const names = (list: { name: string }[]) => list.map(({ name }) => name)
  assert.deepEqual(names(first), [`${api}:undo`, `${api}:4`, `${api}:3`, `${api}:2`])
  assert.deepEqual(names(rest), [`${api}:1`, `seed:${api}`])
})

test('of many that want the last cent at once, one has it', async (t) => {
  const books = await testBooks(t)
  const { api } = await seedPurse(books, 1)
  const outcomes = await race(
    books,
    api,
    Array.from({ length: 12 }, (_, n) => () => pay(books, `${api}:${n}`, api, REVENUE, 1)),
  )
  assert.deepEqual(
    outcomes.filter((each) => each !== 'balance_too_low'),
    [{ repeated: false }],
  )
  assert.deepEqual(await balance(books, api), whole(0))
})

test('a name sent twenty times at once happens once', async (t) => {
  const books = await testBooks(t)
  const { api } = await seedPurse(books, 100)
  const outcomes = await race(
    books,
    api,
    Array.from({ length: 20 }, () => () => pay(books, `${api}:1`, api, REVENUE, 5)),
  )
  const counted = (repeated: boolean) =>
    outcomes.filter((each) => typeof each === 'object' && each.repeated === repeated)
  assert.deepEqual([counted(false).length, counted(true).length], [1, 19])
  assert.deepEqual(await balance(books, api), whole(95))
})

test('a name sent at once between system accounts, which nothing locks, happens once', async (t) => {
  const books = await testBooks(t)
  const name = `system:${process.pid}`
  let go = () => {}
  const going = new Promise<void>((resolve) => (go = resolve))
  let made = () => {}
  const isMade = new Promise<void>((resolve) => (made = resolve))
  const content = { name, from: SYSTEM.payments.USD, to: REVENUE, amountMinor: 5, reason: 'test', at: AT }
  const first = books.begin(async (tx) => {
    const answer = await transfer(tx, content)
    made()
    await going
    return answer
  })
  await isMade
  const second = books.begin((tx) => transfer(tx, content))
  for (;;) {
    const { rows } = await books.pool.query(
      `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    )
    if (rows.length === 1) break
  }
  go()
  assert.deepEqual(await Promise.all([first, second]), [{ repeated: false }, { repeated: true }])
})

test('of reverses at once, one happens', async (t) => {
  const books = await testBooks(t)
  const { api } = await seedPurse(books, 100)
  await pay(books, `${api}:1`, api, REVENUE, 60)
  const outcomes = await race(
    books,
    api,
    Array.from({ length: 8 }, (_, n) => () => undo(books, `${api}:1`, `${api}:undo:${n}`)),
  )
  assert.deepEqual(
    outcomes.filter((each) => each !== 'conflict'),
    [{ repeated: false }],
  )
  assert.deepEqual(await balance(books, api), whole(100))
})

test('crossed transfers end, both ways', async (t) => {
  const books = await testBooks(t)
  const [one, two] = [await seedPurse(books, 100), await seedPurse(books, 100)]
  // Those from the second to the first would take the locks the other way round if the order were not that of ids.
  const outcomes = await race(
    books,
    one.api,
    Array.from({ length: 16 }, (_, n) => () => {
      const [from, to] = n % 2 === 0 ? [one.api, two.api] : [two.api, one.api]
      return pay(books, `${one.api}:${n}`, from, to, 1 + (n % 2))
    }),
  )
  assert.deepEqual(
    outcomes,
    Array.from({ length: 16 }, () => ({ repeated: false })),
  )
  assert.deepEqual([await balance(books, one.api), await balance(books, two.api)], [whole(108), whole(92)])
})

test('the audit finds what is wrong with the books', async (t) => {
  const books = await testBooks(t)
  const { api } = await seedPurse(books, 100)
  await books.begin(async (tx) => {
    await placeHold(tx, { name: `${api}:h`, account: api, amountMinor: 30, expiresAt: null, at: AT })
    const capture = { hold: `${api}:h`, name: `${api}:c`, to: REVENUE, amountMinor: 10, rest: 'keep' } as const
    await captureHold(tx, { ...capture, reason: 'test', at: AT })
  })
  await pay(books, `${api}:1`, api, REVENUE, 3)
  await undo(books, `${api}:1`, `${api}:undo`)
  const found = await books
    .begin(async (tx) => {
      for (const change of [
        `update ledger_account set balance_minor = balance_minor + 7, held_minor = 19 where code = '${api}'`,
        `update ledger_hold set captured_minor = 12 where name = '${api}:h'`,
        `alter table ledger_transfer disable trigger user`,
        `update ledger_transfer set amount_minor = 2 where name = '${api}:undo'`,
      ]) {
        await sql.raw(change).execute(tx)
      }
      throw Object.assign(new Error('undone'), { audit: await auditBooks(tx) })
    })
    .catch((error: { audit: unknown }) => error.audit)
  assert.deepEqual(found, {
    sums: { USD: 8, CNY: 0 },
    faults: [
      { kind: 'balance', subject: api, isMinor: 97, shouldMinor: 89 },
      { kind: 'captured', subject: `${api}:h`, isMinor: 12, shouldMinor: 10 },
      { kind: 'held', subject: api, isMinor: 19, shouldMinor: 18 },
      { kind: 'reverse', subject: `${api}:undo`, isMinor: 0, shouldMinor: 3 },
      { kind: 'sum', subject: 'USD', isMinor: 8, shouldMinor: 0 },
    ],
  })
})
