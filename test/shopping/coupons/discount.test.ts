import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DomainError } from '../../../src/lib/errors.ts'
import { chooseClaim, claimState, discountOf, type Claim, type Terms } from '../../../src/shopping/coupons/discount.ts'

const NOW = new Date('2026-11-22T12:00:00Z')
const tenPercent: Terms = { type: 'percentage', value: 10, minOrderFen: 0, maxDiscountFen: null }
const twentyYuan: Terms = { type: 'fixed', value: 2_000, minOrderFen: 0, maxDiscountFen: null }

const discounts: [terms: Terms, totalFen: number, discountFen: number][] = [
  [tenPercent, 59_800, 5_980],
  [tenPercent, 19, 1],
  [tenPercent, 9, 0],
  [tenPercent, 0, 0],
  [{ ...tenPercent, value: 100 }, 59_801, 59_801],
  [{ ...tenPercent, value: 33 }, 101, 33],
  [{ ...tenPercent, value: 29 }, 100, 29],
  [{ ...tenPercent, maxDiscountFen: 5_000 }, 59_800, 5_000],
  [{ ...tenPercent, maxDiscountFen: 5_980 }, 59_800, 5_980],
  [twentyYuan, 59_800, 2_000],
  [twentyYuan, 1_999, 1_999],
  [{ ...twentyYuan, maxDiscountFen: 500 }, 59_800, 500],
]
for (const [terms, totalFen, discountFen] of discounts) {
  test(`${terms.type} ${terms.value}, at most ${terms.maxDiscountFen}, of ${totalFen} fen: ${discountFen}`, () => {
    assert.equal(discountOf(terms, totalFen), discountFen)
  })
}

test('a percentage is rounded down to the fen, whatever the amount', () => {
  const percent = fc.integer({ min: 1, max: 100 })
  fc.assert(
    fc.property(percent, fc.integer({ min: 0, max: 90_000_000_000_000 }), (value, totalFen) => {
      const exact = Number((BigInt(totalFen) * BigInt(value)) / 100n)
      assert.equal(discountOf({ ...tenPercent, value }, totalFen), exact)
    }),
  )
})

const fresh: Claim = { ...tenPercent, expiresAt: new Date('2026-11-23T00:00:00Z'), withdrawnAt: null, usedAt: null }
const used: Claim = { ...fresh, usedAt: NOW }
const withdrawn: Claim = { ...fresh, withdrawnAt: NOW }
const ended: Claim = { ...fresh, expiresAt: NOW }

test('what became of a claim; it ends at the moment told', () => {
  const states = [fresh, used, withdrawn, ended].map((claim) => claimState(claim, NOW))
  assert.deepEqual(states, ['claimed', 'used', 'withdrawn', 'expired'])
  assert.equal(claimState({ ...ended, expiresAt: new Date(NOW.getTime() + 1) }, NOW), 'claimed')
})

test('the first claim that can be used is used', () => {
  const claims = [used, { ...fresh, value: 20 }, fresh]
  assert.deepEqual(chooseClaim(claims, 10_000, NOW), { claim: claims[1], discountFen: 2_000 })
  assert.equal(chooseClaim([{ ...fresh, minOrderFen: 10_000 }], 10_000, NOW).discountFen, 1_000)
})

const refusals: [claims: Claim[], code: string, message: string][] = [
  [[], 'not_found', 'Coupon not found'],
  [[used, used], 'conflict', 'This coupon is used already.'],
  [[withdrawn], 'conflict', 'This coupon has been withdrawn.'],
  [[ended], 'conflict', 'This coupon has expired.'],
  [
    [{ ...fresh, minOrderFen: 20_000 }],
    'input_invalid',
    'This coupon is for orders from ¥200.00; the items cost ¥199.99.',
  ],
]
for (const [claims, code, message] of refusals) {
  test(`refused: ${message}`, () => {
    assert.throws(
      () => chooseClaim(claims, 19_999, NOW),
      (error) => error instanceof DomainError && error.code === code && error.message === message,
    )
  })
}
