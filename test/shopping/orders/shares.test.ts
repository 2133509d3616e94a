import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { goodsFen, payableFen, type OrderLine } from '../../../src/shopping/orders/order.ts'
import { allocate, repriced, serviceFeeFen, sharesOf, split } from '../../../src/shopping/orders/shares.ts'

const amount = fc.integer({ min: 0, max: 2 ** 50 })
const weights = fc.array(fc.integer({ min: 0, max: 2 ** 40 }), { minLength: 1, maxLength: 12 })
const price = fc.integer({ min: 1, max: 5_000_000 })
const item = fc.record({ priceFen: price, quantity: fc.integer({ min: 1, max: 9_999 }) })
const terms = { feeBasisPoints: fc.integer({ min: 0, max: 10_000 }), percent: fc.integer({ min: 0, max: 100 }) }

/** Lines as they are placed. */
const lines = fc
  .record({ items: fc.array(item, { minLength: 1, maxLength: 6 }), ...terms })
  .map(({ items, feeBasisPoints, percent }) => {
    const discountFen = Math.floor(sumOf(items, goodsFen) * (percent / 100))
    const shares = sharesOf(items, { discountFen, feeBasisPoints })
    return {
      feeBasisPoints,
      discountFen,
      lines: items.map((each, at) => ({ ...LINE, ...each, ...shares[at]!, lineNo: at + 1 })),
    }
  })

const LINE: OrderLine = {
  lineNo: 1,
  splitOf: null,
  state: 'accepted',
  quantity: 1,
  priceFen: 0,
  feeFen: 0,
  discountFen: 0,
  capturedFen: 0,
  refundedFen: 0,
  facts: {},
}

test('shares add up to the amount, and each is its exact share rounded down or up', () => {
  fc.assert(
    fc.property(amount, weights, (whole, parts) => {
      const all = sumOf(parts, (weight) => weight)
      fc.pre(all > 0)
      const shares = allocate(whole, parts)
      assert.equal(
        sumOf(shares, (share) => share),
        whole,
      )
      for (const [at, share] of shares.entries()) {
        const exact = BigInt(whole) * BigInt(parts[at]!)
        assert.ok(
          BigInt(share) * BigInt(all) > exact - BigInt(all) && BigInt(share) * BigInt(all) < exact + BigInt(all),
        )
      }
      assert.deepEqual(allocate(whole, parts), shares)
    }),
  )
})

test('what weighs more never gets less, and what weighs nothing gets nothing', () => {
  fc.assert(
    fc.property(amount, weights, (whole, parts) => {
      fc.pre(parts.some((weight) => weight > 0))
      const shares = allocate(whole, parts)
      for (const [one, weight] of parts.entries()) {
        if (weight === 0) assert.equal(shares[one], 0)
        for (const [other, less] of parts.entries()) if (less < weight) assert.ok(shares[other]! <= shares[one]!)
      }
    }),
  )
})

test('the first among equals gets what is left over', () => {
  assert.deepEqual(allocate(5, [1, 1, 1]), [2, 2, 1])
  assert.deepEqual(allocate(100, [1, 1, 1]), [34, 33, 33])
  assert.deepEqual(allocate(1, [1, 3]), [0, 1])
  assert.deepEqual(allocate(7, [0, 5, 0]), [0, 7, 0])
  assert.deepEqual(allocate(0, [2, 3]), [0, 0])
})

test('without any weight there is nothing to share', () => {
  assert.deepEqual(allocate(0, [0, 0]), [0, 0])
  assert.deepEqual(allocate(0, []), [])
  assert.throws(() => allocate(1, [0, 0]), assert.AssertionError)
})

const FEES: [totalFen: number, basisPoints: number, feeFen: number][] = [
  [59_800, 500, 3_000],
  [60_000, 500, 3_000],
  [60_001, 500, 3_100],
  [2_000, 500, 100],
  [2_001, 500, 200],
  [1, 500, 100],
  [0, 500, 0],
  [59_800, 0, 0],
  [1, 1, 100],
  [10_000, 10_000, 10_000],
  [2 ** 52, 1, 45_035_996_2800],
]
for (const [totalFen, basisPoints, feeFen] of FEES) {
  test(`the service fee of ${totalFen} fen at ${basisPoints} hundredths of a percent is ${feeFen} fen`, () => {
    assert.equal(serviceFeeFen(totalFen, basisPoints), feeFen)
  })
}

test('a service fee is whole yuan, and less than a yuan above its percentage', () => {
  fc.assert(
    fc.property(amount, fc.integer({ min: 0, max: 10_000 }), (totalFen, basisPoints) => {
      const fee = BigInt(serviceFeeFen(totalFen, basisPoints))
      const exact = BigInt(totalFen) * BigInt(basisPoints)
      assert.ok(fee % 100n === 0n && fee * 10_000n >= exact && (fee - 100n) * 10_000n < exact)
    }),
  )
})

test('fee and discount of an order are shared over its lines whole, and no line costs less than its fee', () => {
  fc.assert(
    fc.property(lines, ({ lines: placed, discountFen, feeBasisPoints }) => {
      assert.equal(
        sumOf(placed, (line) => line.discountFen),
        discountFen,
      )
      assert.equal(
        sumOf(placed, (line) => line.feeFen),
        serviceFeeFen(sumOf(placed, goodsFen), feeBasisPoints),
      )
      for (const line of placed) assert.ok(line.discountFen <= goodsFen(line) && payableFen(line) >= line.feeFen)
    }),
  )
  const shares = [{ priceFen: 10, quantity: 1 }]
  assert.throws(() => sharesOf(shares, { discountFen: 11, feeBasisPoints: 0 }), assert.AssertionError)
})

test('at another price the line bears what becomes of the fee of its order, and its discount stays within its goods', () => {
  fc.assert(
    fc.property(lines, fc.nat(5), price, ({ lines: placed, feeBasisPoints }, at, priceFen) => {
      const line = placed[at % placed.length]!
      const after = repriced({ lines: placed, feeBasisPoints }, line, priceFen)
      const others = placed.filter((each) => each !== line)
      const fee = serviceFeeFen(sumOf([...others, after], goodsFen), feeBasisPoints)
      assert.deepEqual(after, {
        ...line,
        priceFen,
        feeFen: Math.max(0, fee - sumOf(others, (each) => each.feeFen)),
        discountFen: Math.min(line.discountFen, priceFen * line.quantity),
      })
      assert.ok(payableFen(after) >= 0)
      assert.deepEqual(repriced({ lines: placed, feeBasisPoints }, line, line.priceFen), line)
    }),
  )
})

test('a line splits into two that are together what it was', () => {
  const cut = fc.record({ at: fc.nat(5), pieces: fc.nat(9_997), isBought: fc.boolean() })
  fc.assert(
    fc.property(lines, cut, ({ lines: placed }, { at, pieces, isBought }) => {
      const plain = placed[at % placed.length]!
      fc.pre(plain.quantity > 1)
      const line = { ...plain, facts: { question: 'which' }, ...(isBought && { capturedFen: payableFen(plain) }) }
      const quantity = 1 + (pieces % (line.quantity - 1))
      const [kept, rest] = split(line, quantity, 9)
      for (const of of [goodsFen, payableFen, ...AMOUNTS.map((name) => (each: OrderLine) => each[name])]) {
        assert.equal(of(kept) + of(rest), of(line))
      }
      const { feeFen, discountFen, capturedFen } = rest
      assert.deepEqual(rest, {
        ...line,
        lineNo: 9,
        splitOf: line.lineNo,
        quantity: line.quantity - quantity,
        feeFen,
        discountFen,
        capturedFen,
      })
      assert.deepEqual([kept.lineNo, kept.splitOf, kept.quantity], [line.lineNo, line.splitOf, quantity])
      for (const each of [kept, rest]) {
        assert.ok(each.discountFen <= goodsFen(each))
        assert.equal(each.capturedFen, isBought ? payableFen(each) : 0)
      }
    }),
  )
})

test('a line does not split into all and nothing', () => {
  for (const quantity of [0, 3, 4]) {
    assert.throws(() => split({ ...LINE, quantity: 3 }, quantity, 2), assert.AssertionError)
  }
})

const AMOUNTS = ['quantity', 'feeFen', 'discountFen', 'capturedFen', 'refundedFen'] as const

function sumOf<T>(all: readonly T[], of: (each: T) => number): number {
  return all.reduce((total, each) => total + of(each), 0)
}
