import { isHeld, type Actor, type LineState, type MoveName } from './states.ts'

// An order as its decisions see it: no product, no person.

export type Order = {
  id: number
  /** What the service fee is of the goods, in hundredths of a percent, since the order was placed. */
  feeBasisPoints: number
  lines: readonly OrderLine[]
}

export type OrderLine = {
  /** From 1; the parts of a split line count on. */
  lineNo: number
  /** The line that this one was split from. */
  splitOf: number | null
  state: LineState
  quantity: number
  /** Of one piece. */
  priceFen: number
  /** Its share of the order's service fee. */
  feeFen: number
  /** Its share of the order's discount. */
  discountFen: number
  capturedFen: number
  refundedFen: number
  facts: LineFacts
}

export type LineFacts = {
  question?: string
  answer?: string
  /** What a piece will cost if the shopper agrees. */
  risenPriceFen?: number
  /** How often a higher price was agreed to. */
  rises?: number
  trackingNo?: string
  carrier?: string
  inspection?: Inspection
}

export type Inspection = { result: string; weightGrams: number; photos: readonly string[] }

type Plain = Exclude<MoveName, 'raise_price' | 'confirm_price' | 'purchase' | 'arrive' | 'dispatch' | 'inspect'>
/**
 * What somebody wants to do to one line, or with `lineNo` null to every line that it can be done to. A `quantity` that is
 * left out is the whole line, a `priceFen` of one piece the line's own.
 */
export type Move = { actor: Actor; reason?: string } & (
  | { name: Plain; lineNo: number | null }
  | { name: 'raise_price'; lineNo: number; priceFen: number }
  /** The price that was seen, as another may have been told since. */
  | { name: 'confirm_price'; lineNo: number; priceFen: number }
  | { name: 'purchase'; lineNo: number | null; quantity?: number; priceFen?: number }
  | { name: 'dispatch'; lineNo: number | null; trackingNo: string; carrier: string }
  | { name: 'arrive'; lineNo: number | null; quantity?: number }
  | { name: 'inspect'; lineNo: number; inspection: Inspection }
)

export type Amounts = { totalFen: number; serviceFeeFen: number; discountFen: number; payableFen: number }

/** What an order costs: the sums of all its lines, cancelled ones among them, as it is what was ordered. */
export function amountsOf(lines: readonly OrderLine[]): Amounts {
  const sum = (of: (line: OrderLine) => number) => lines.reduce((total, line) => total + of(line), 0)
  return {
    totalFen: sum(goodsFen),
    serviceFeeFen: sum((line) => line.feeFen),
    discountFen: sum((line) => line.discountFen),
    payableFen: sum(payableFen),
  }
}

export function goodsFen({ priceFen, quantity }: Pick<OrderLine, 'priceFen' | 'quantity'>): number {
  return priceFen * quantity
}

export function payableFen(line: OrderLine): number {
  return goodsFen(line) + line.feeFen - line.discountFen
}

/** What is held for a line: all of what it costs until it is bought, then nothing. */
export function heldFen(line: OrderLine): number {
  return isHeld(line.state) ? payableFen(line) : 0
}
