/**
 * The instant `months` UTC months after an anchor, at the same time of day; in a month that is too short, on its last day.
 * Always counted from the anchor: after a 31 January come 28 February and 31 March.
 */
export function monthsAfter(anchorAt: Date, months: number): Date {
  const month = anchorAt.getUTCMonth() + months
  const lastDay = new Date(Date.UTC(anchorAt.getUTCFullYear(), month + 1, 0)).getUTCDate()
  const at = new Date(anchorAt)
  at.setUTCFullYear(anchorAt.getUTCFullYear(), month, Math.min(anchorAt.getUTCDate(), lastDay))
  return at
}

/** The period with this number; the first, 0, begins at the anchor. */
export function periodOf(anchorAt: Date, period: number): { periodStartAt: Date; periodEndAt: Date } {
  return { periodStartAt: monthsAfter(anchorAt, period), periodEndAt: monthsAfter(anchorAt, period + 1) }
}

/**
 * The share of a period's price that is unused at an instant, by elapsed milliseconds, in USD micros. A fraction of a micro
 * is rounded up, in the customer's favour. All of it before the period, nothing after it.
 */
export function unusedUsdMicros(
  priceUsdMicros: number,
  { periodStartAt, periodEndAt }: { periodStartAt: Date; periodEndAt: Date },
  at: Date,
): number {
  const periodMs = periodEndAt.getTime() - periodStartAt.getTime()
  const unusedMs = Math.min(Math.max(periodEndAt.getTime() - at.getTime(), 0), periodMs)
  // Price times milliseconds passes 2^53.
  const [price, unused, whole] = [BigInt(priceUsdMicros), BigInt(unusedMs), BigInt(periodMs)]
  return Number((price * unused + whole - 1n) / whole)
}
