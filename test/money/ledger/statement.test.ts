import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SYSTEM } from '../../../src/money/ledger/accounts.ts'
import { getBalance, reverse, transfer } from '../../../src/money/ledger/ledger.ts'
import { listStatement } from '../../../src/money/ledger/statement.ts'
import { AT, seedPurse, testBooks, type Books } from './books.ts'

async function pay(books: Books, from: string, name: string, amountMinor: number): Promise<void> {
  await books.begin((tx) => transfer(tx, { name, from, to: SYSTEM.revenue.USD, amountMinor, reason: 'call', at: AT }))
}

test('each entry has its sign, and what the account had after it, on every page', async (t) => {
  const books = await testBooks(t, { own: true })
  const { api } = await seedPurse(books, 1_000)
  const other = await seedPurse(books, 5_000)
  await pay(books, api, 'a', 300)
  await pay(books, other.api, 'x', 1)
  await pay(books, api, 'b', 50)
  await books.begin((tx) => reverse(tx, { name: 'a', reverseName: 'void:a', at: AT }))

  const { entries, next } = await listStatement(books.db, api)
  assert.deepEqual(
    [entries.map(({ id: _id, ...entry }) => entry), next],
    [
      [
        { at: AT, name: 'void:a', reason: 'reverse', amountMinor: 300, balanceAfterMinor: 950 },
        { at: AT, name: 'b', reason: 'call', amountMinor: -50, balanceAfterMinor: 650 },
        { at: AT, name: 'a', reason: 'call', amountMinor: -300, balanceAfterMinor: 700 },
        { at: AT, name: `seed:${api}`, reason: 'seed', amountMinor: 1_000, balanceAfterMinor: 1_000 },
      ],
      null,
    ],
  )
  assert.equal((await getBalance(books.db, api)).balanceMinor, entries[0]!.balanceAfterMinor)

  const first = await listStatement(books.db, api, { limit: 2 })
  assert.deepEqual(first, { entries: entries.slice(0, 2), next: entries[1]!.id })
  // What comes in meanwhile is on neither page.
  await pay(books, api, 'c', 7)
  const second = await listStatement(books.db, api, { limit: 2, beforeId: first.next })
  assert.deepEqual(second, { entries: entries.slice(2), next: null })
  assert.deepEqual(await listStatement(books.db, api, { beforeId: entries[3]!.id }), { entries: [], next: null })
})

test('an account that nothing happened to has an empty statement', async (t) => {
  const books = await testBooks(t, { own: true })
  const { wallet } = await seedPurse(books)
  assert.deepEqual(await listStatement(books.db, wallet), { entries: [], next: null })
})
