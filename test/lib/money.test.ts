import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { minorFromDecimal, usd } from '../../src/lib/money.ts'

test('dollars are printed with two to six decimals', () => {
  const printed: [amountUsdMicros: number, text: string][] = [
    [0, '0.00'],
    [1, '0.000001'],
    [4_000, '0.004'],
    [15_000, '0.015'],
    [200_000, '0.20'],
    [19_000_000, '19.00'],
    [25_500_000, '25.50'],
    [-4_000, '-0.004'],
    [999_999_999_999_999, '999999999.999999'],
  ]
  for (const [amount, text] of printed) assert.equal(usd(amount), text)
})

test('an amount is read as it is written, or not at all', () => {
  const read: [text: string, places: number, minor: number | null][] = [
    ['25', 6, 25_000_000],
    ['0.015', 6, 15_000],
    ['0.000001', 6, 1],
    ['0', 6, 0],
    ['007.10', 2, 710],
    ['999999999.99', 2, 99_999_999_999],
    ...['', '.5', '5.', '1.234', '-1', '+1', ' 1', '1 ', '1,5', '1e3', '0x1', '1_000', '1000000000', '٣', 'NaN'].map(
      (text): [string, number, null] => [text, 2, null],
    ),
  ]
  for (const [text, places, minor] of read) assert.equal(minorFromDecimal(text, places), minor, text)
})

test('what is printed reads back as it was', () => {
  const amounts = fc.integer({ min: 0, max: 999_999_999_999_999 })
  fc.assert(fc.property(amounts, (amount) => minorFromDecimal(usd(amount), 6) === amount))
})
