import assert from 'node:assert/strict'
import { amountsOf, goodsFen, payableFen, type Order, type OrderLine } from './order.ts'

/** The service fee of goods: `basisPoints` hundredths of a percent, rounded up to the next whole yuan. 598.00 at 5 % gives 30.00. */
export function serviceFeeFen(totalFen: number, basisPoints: number): number {
  const perYuan = 1_000_000n
  return Number((BigInt(totalFen) * BigInt(basisPoints) + perYuan - 1n) / perYuan) * 100
}

/**
 * Shares of an amount in proportion to weights, by largest remainder: they add up to the amount, and each is its exact
 * share rounded down or up. Among equal remainders the first is served first. All whole and not negative; without any
 * weight there is nothing to share.
 */
export function allocate(amount: number, weights: readonly number[]): number[] {
  const all = weights.reduce((sum, weight) => sum + BigInt(weight), 0n)
  if (all === 0n) {
    assert.equal(amount, 0, 'an amount needs a weight to be shared by')
    return weights.map(() => 0)
  }
  const exact = weights.map((weight, place) => {
    const scaled = BigInt(amount) * BigInt(weight)
    return { place, share: Number(scaled / all), remainder: scaled % all }
  })
  const left = amount - exact.reduce((sum, { share }) => sum + share, 0)
  const byRemainder = exact.toSorted(
    (one, two) => Number(two.remainder > one.remainder) - Number(two.remainder < one.remainder),
  )
  for (const { place } of byRemainder.slice(0, left)) exact[place]!.share++
  return exact.map(({ share }) => share)
}

/** The fee and the discount of an order by line, in proportion to what its goods cost. The discount is at most their total. */
export function sharesOf(
  items: readonly Pick<OrderLine, 'priceFen' | 'quantity'>[],
  { discountFen, feeBasisPoints }: { discountFen: number; feeBasisPoints: number },
): { feeFen: number; discountFen: number }[] {
  const weights = items.map(goodsFen)
  const totalFen = weights.reduce((sum, weight) => sum + weight, 0)
  assert(discountFen <= totalFen, 'a discount is at most what the goods cost')
  const fees = allocate(serviceFeeFen(totalFen, feeBasisPoints), weights)
  const discounts = allocate(discountFen, weights)
  return items.map((_, place) => ({ feeFen: fees[place]!, discountFen: discounts[place]! }))
}

/**
 * A line at another price. The order's fee follows its total, and the line bears the difference; its discount stays, up to
 * what its goods cost.
 */
export function repriced(order: Pick<Order, 'lines' | 'feeBasisPoints'>, line: OrderLine, priceFen: number): OrderLine {
  const { totalFen } = amountsOf(order.lines)
  const goods = goodsFen({ priceFen, quantity: line.quantity })
  const feeAt = (fen: number) => serviceFeeFen(fen, order.feeBasisPoints)
  const feeFen = Math.max(0, line.feeFen + feeAt(totalFen - goodsFen(line) + goods) - feeAt(totalFen))
  return { ...line, priceFen, feeFen, discountFen: Math.min(line.discountFen, goods) }
}

/** A line in two: `quantity` pieces of it stay, the others become line `lineNo`. Everything is shared by pieces. */
export function split(line: OrderLine, quantity: number, lineNo: number): [OrderLine, OrderLine] {
  const quantities = [quantity, line.quantity - quantity]
  assert(
    quantities.every((each) => each > 0),
    'a line splits into two that have something',
  )
  const fees = allocate(line.feeFen, quantities)
  const discounts = allocate(line.discountFen, quantities)
  const part = (place: 0 | 1): OrderLine => {
    const share = { ...line, quantity: quantities[place]!, feeFen: fees[place]!, discountFen: discounts[place]! }
    // What is captured of a line is all that it costs.
    return { ...share, capturedFen: line.capturedFen === 0 ? 0 : payableFen(share) }
  }
  return [part(0), { ...part(1), lineNo, splitOf: line.lineNo }]
}
