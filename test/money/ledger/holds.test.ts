import assert from 'node:assert/strict'
import { silentLog } from '../../database.ts'
import { test } from 'node:test'
import { listNews } from '../../../src/events/outbox/outbox.ts'
import { SYSTEM } from '../../../src/money/ledger/accounts.ts'
import { captureHold, expireHolds, findHold, placeHold, voidHold } from '../../../src/money/ledger/holds.ts'
import { getBalance, reverse } from '../../../src/money/ledger/ledger.ts'
import { at, AT, clockAt, outcome, race, seedPurse, testBooks, type Books } from './books.ts'

const REVENUE = SYSTEM.revenue.CNY
const DUE = at('03-04T12:00:00')

const place = (books: Books, account: string, name: string, amountMinor: number, expiresAt: Date | null = null) =>
  books.begin((tx) => placeHold(tx, { name, account, amountMinor, expiresAt, at: AT }))
const capture = (
  books: Books,
  hold: string,
  name: string,
  amountMinor: number,
  rest: 'keep' | 'release' = 'release',
  when = AT,
) => books.begin((tx) => captureHold(tx, { hold, name, to: REVENUE, amountMinor, rest, reason: 'test', at: when }))
const release = (books: Books, name: string, when = AT) => books.begin((tx) => voidHold(tx, { name, at: when }))
const balance = async (books: Books, code: string) => {
  const { balanceMinor, heldMinor, availableMinor } = await getBalance(books.db, code)
  return [balanceMinor, heldMinor, availableMinor]
}
const stateOf = async (books: Books, name: string) => {
  const hold = await findHold(books.db, name)
  return hold && [hold.state, hold.amountMinor, hold.capturedMinor, hold.closedAt]
}

test('a hold keeps its amount from being spent, and is placed once', async (t) => {
  const books = await testBooks(t)
  const { wallet } = await seedPurse(books, 100)
  assert.deepEqual(await place(books, wallet, `${wallet}:a`, 70, DUE), { repeated: false })
  assert.deepEqual(await place(books, wallet, `${wallet}:a`, 70, DUE), { repeated: true })
  assert.equal(await outcome(place(books, wallet, `${wallet}:b`, 31)), 'balance_too_low')
  assert.deepEqual(await balance(books, wallet), [100, 70, 30])
  assert.deepEqual(await findHold(books.db, `${wallet}:a`), {
    name: `${wallet}:a`,
    account: wallet,
    amountMinor: 70,
    capturedMinor: 0,
    state: 'open',
    expiresAt: DUE,
    placedAt: AT,
    closedAt: null,
  })
  assert.equal(await findHold(books.db, `${wallet}:b`), null)
  // Also after it has ended.
  await release(books, `${wallet}:a`)
  assert.deepEqual(await place(books, wallet, `${wallet}:a`, 70, DUE), { repeated: true })
  assert.deepEqual(await balance(books, wallet), [100, 0, 100])
})

test('a hold that cannot be, or has other content, is a fault of ours', async (t) => {
  const books = await testBooks(t)
  const { wallet, api } = await seedPurse(books, 100)
  await place(books, wallet, `${wallet}:a`, 10, DUE)
  for (const wrong of [
    () => place(books, wallet, `${wallet}:a`, 11, DUE),
    () => place(books, wallet, `${wallet}:a`, 10),
    () => place(books, api, `${wallet}:a`, 10, DUE),
    () => place(books, wallet, `${wallet}:b`, 0),
    () => place(books, REVENUE, `${wallet}:b`, 1),
    () => place(books, 'wallet:nobody', `${wallet}:b`, 1),
    () => capture(books, `${wallet}:a`, `seed:${wallet}`, 1),
  ]) {
    await assert.rejects(wrong, { name: 'AssertionError' })
  }
  assert.deepEqual(await balance(books, wallet), [100, 10, 90])
  await release(books, `${wallet}:a`)
})

test('a hold is captured whole', async (t) => {
  const books = await testBooks(t)
  const { wallet } = await seedPurse(books, 100)
  await place(books, wallet, `${wallet}:a`, 70)
  assert.deepEqual(await capture(books, `${wallet}:a`, `${wallet}:c`, 70, 'keep'), { repeated: false })
  assert.deepEqual(await capture(books, `${wallet}:a`, `${wallet}:c`, 70, 'keep'), { repeated: true })
  assert.deepEqual(await balance(books, wallet), [30, 0, 30])
  assert.deepEqual(await stateOf(books, `${wallet}:a`), ['captured', 70, 70, AT])
})

test('what a capture leaves stays held, or is released, as it says', async (t) => {
  const books = await testBooks(t)
  const { wallet } = await seedPurse(books, 100)
  await place(books, wallet, `${wallet}:a`, 70)
  await capture(books, `${wallet}:a`, `${wallet}:1`, 20, 'keep')
  assert.deepEqual(await balance(books, wallet), [80, 50, 30])
  assert.deepEqual(await stateOf(books, `${wallet}:a`), ['open', 70, 20, null])
  assert.equal(await outcome(capture(books, `${wallet}:a`, `${wallet}:2`, 51)), 'conflict')
  await capture(books, `${wallet}:a`, `${wallet}:2`, 10, 'release')
  assert.deepEqual(await balance(books, wallet), [70, 0, 70])
  assert.deepEqual(await stateOf(books, `${wallet}:a`), ['captured', 70, 30, AT])
  assert.deepEqual(await capture(books, `${wallet}:a`, `${wallet}:1`, 20, 'keep'), { repeated: true })
  await assert.rejects(capture(books, `${wallet}:a`, `${wallet}:3`, 1), {
    code: 'conflict',
    message: `Hold ${wallet}:a is captured; nothing can be captured from it.`,
  })
})

test('what a void leaves of a hold that was captured in part is what was captured', async (t) => {
  const books = await testBooks(t)
  const { wallet } = await seedPurse(books, 100)
  await place(books, wallet, `${wallet}:a`, 70)
  await capture(books, `${wallet}:a`, `${wallet}:1`, 20, 'keep')
  assert.deepEqual(await release(books, `${wallet}:a`), { repeated: false })
  assert.deepEqual(await release(books, `${wallet}:a`), { repeated: true })
  assert.deepEqual(await balance(books, wallet), [80, 0, 80])
  assert.deepEqual(await stateOf(books, `${wallet}:a`), ['voided', 70, 20, AT])
  assert.equal(await outcome(capture(books, `${wallet}:a`, `${wallet}:2`, 1)), 'conflict')
})

test('a capture that is undone brings the money back, and leaves the hold captured', async (t) => {
  const books = await testBooks(t)
  const { wallet } = await seedPurse(books, 100)
  await place(books, wallet, `${wallet}:a`, 70)
  await capture(books, `${wallet}:a`, `${wallet}:1`, 20)
  await books.begin((tx) => reverse(tx, { name: `${wallet}:1`, reverseName: `${wallet}:undo`, at: AT }))
  assert.deepEqual(await balance(books, wallet), [100, 0, 100])
  assert.deepEqual(await stateOf(books, `${wallet}:a`), ['captured', 70, 20, AT])
})

test('of holds that are not there, none is captured or voided', async (t) => {
  const books = await testBooks(t)
  for (const call of [() => capture(books, 'none', 'none:c', 1), () => release(books, 'none')]) {
    await assert.rejects(call, { code: 'not_found', message: 'There is no hold none.' })
  }
})

test('a hold that is due is over for whoever would capture it, and expires once with news', async (t) => {
  const books = await testBooks(t)
  const { accountId, wallet } = await seedPurse(books, 100)
  await place(books, wallet, `${wallet}:a`, 70, DUE)
  await place(books, wallet, `${wallet}:later`, 5, new Date(DUE.getTime() + 1))
  await place(books, wallet, `${wallet}:never`, 5)
  const before = new Date(DUE.getTime() - 1)
  assert.equal(await expireHolds({ db: books.db, log: silentLog, clock: clockAt(before) }), 0)
  assert.deepEqual(await capture(books, `${wallet}:a`, `${wallet}:1`, 20, 'keep', before), { repeated: false })
  await assert.rejects(capture(books, `${wallet}:a`, `${wallet}:2`, 1, 'keep', DUE), {
    code: 'conflict',
    message: `Hold ${wallet}:a is expired; nothing can be captured from it.`,
  })
  assert.equal(await expireHolds({ db: books.db, log: silentLog, clock: clockAt(DUE) }), 1)
  assert.equal(await expireHolds({ db: books.db, log: silentLog, clock: clockAt(DUE) }), 0)
  assert.deepEqual(await balance(books, wallet), [80, 10, 70])
  assert.deepEqual(await stateOf(books, `${wallet}:a`), ['expired', 70, 20, DUE])
  assert.equal(await outcome(release(books, `${wallet}:a`)), 'conflict')
  const news = await listNews(books.db, { accountId })
  assert.deepEqual(
    news.map(({ at, event, body }) => ({ at, event, body })),
    [
      {
        at: DUE,
        event: 'hold.expired',
        body: { name: `${wallet}:a`, account: wallet, currency: 'CNY', releasedMinor: 50 },
      },
    ],
  )
  await release(books, `${wallet}:later`)
})

const FIRST = { repeated: false }
const AGAIN = { repeated: true }

test('of capture and void at once, one happens', async (t) => {
  const books = await testBooks(t)
  // Whoever queues first is first: both orders.
  for (const order of ['capture', 'void']) {
    const { wallet } = await seedPurse(books, 100)
    await place(books, wallet, `${wallet}:a`, 70)
    const calls = [() => capture(books, `${wallet}:a`, `${wallet}:c`, 70), () => release(books, `${wallet}:a`)]
    const outcomes = await race(books, wallet, order === 'capture' ? calls : calls.toReversed())
    const captured = (await stateOf(books, `${wallet}:a`))![0] === 'captured'
    const inOrder = order === 'capture' ? outcomes : outcomes.toReversed()
    assert.deepEqual(inOrder, captured ? [FIRST, 'conflict'] : ['conflict', FIRST])
    assert.deepEqual(await balance(books, wallet), captured ? [30, 0, 30] : [100, 0, 100])
  }
})

test('of capture and expiry at once, one happens', async (t) => {
  const books = await testBooks(t)
  for (const isCaptureFirst of [true, false]) {
    const { wallet } = await seedPurse(books, 100)
    await place(books, wallet, `${wallet}:a`, 70, DUE)
    // By the capture's clock the hold is not due yet; by that of the job it is.
    const before = new Date(DUE.getTime() - 1)
    const calls: (() => Promise<unknown>)[] = [
      () => capture(books, `${wallet}:a`, `${wallet}:c`, 70, 'release', before),
      () => expireHolds({ db: books.db, log: silentLog, clock: clockAt(DUE) }),
    ]
    const outcomes = await race(books, wallet, isCaptureFirst ? calls : calls.toReversed())
    const captured = (await stateOf(books, `${wallet}:a`))![0] === 'captured'
    const inOrder = isCaptureFirst ? outcomes : outcomes.toReversed()
    assert.deepEqual(inOrder, captured ? [FIRST, 0] : ['conflict', 1])
    assert.deepEqual(await balance(books, wallet), captured ? [30, 0, 30] : [100, 0, 100])
  }
})

test('of nodes that expire at once, one does', async (t) => {
  const books = await testBooks(t)
  const { accountId, wallet } = await seedPurse(books, 100)
  await place(books, wallet, `${wallet}:a`, 70, DUE)
  const outcomes = await race(
    books,
    wallet,
    Array.from({ length: 6 }, () => () => expireHolds({ db: books.db, log: silentLog, clock: clockAt(DUE) })),
  )
  assert.deepEqual(
    outcomes.filter((each) => each !== 0),
    [1],
  )
  assert.equal((await listNews(books.db, { accountId })).length, 1)
})

test('of captures at once, no more happens than was held, and each name once', async (t) => {
  const books = await testBooks(t)
  const { wallet } = await seedPurse(books, 100)
  await place(books, wallet, `${wallet}:a`, 30)
  const outcomes = await race(
    books,
    wallet,
    Array.from({ length: 16 }, (_, n) => () => capture(books, `${wallet}:a`, `${wallet}:${n % 8}`, 10, 'keep')),
  )
  const count = (wanted: unknown) => outcomes.filter((each) => JSON.stringify(each) === JSON.stringify(wanted)).length
  assert.equal(count(FIRST), 3)
  assert.equal(count(FIRST) + count(AGAIN) + count('conflict'), 16)
  assert.deepEqual(await balance(books, wallet), [70, 0, 70])
})

test('of many that place the same hold at once, one does; of many that want the last cent held, one has it', async (t) => {
  const books = await testBooks(t)
  const { wallet } = await seedPurse(books, 5)
  const same = await race(
    books,
    wallet,
    Array.from({ length: 8 }, () => () => place(books, wallet, `${wallet}:same`, 4)),
  )
  assert.equal(same.filter((each) => typeof each === 'object' && !each.repeated).length, 1)
  const last = await race(
    books,
    wallet,
    Array.from({ length: 8 }, (_, n) => () => place(books, wallet, `${wallet}:${n}`, 1)),
  )
  assert.deepEqual(
    last.filter((each) => each !== 'balance_too_low'),
    [FIRST],
  )
  assert.deepEqual(await balance(books, wallet), [5, 5, 0])
})
