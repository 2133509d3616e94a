/** The UTC calendar month as a number: 202611. */
export function monthBucket(at: Date): number {
  return at.getUTCFullYear() * 100 + at.getUTCMonth() + 1
}

/** The UTC day as a number: 20261121. */
export function dayBucket(at: Date): number {
  return monthBucket(at) * 100 + at.getUTCDate()
}

/** When the UTC month of `at` began. */
export function monthStart(at: Date): Date {
  return new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), 1))
}

/** When the UTC month of `at` is over. */
export function monthEnd(at: Date): Date {
  return new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 1))
}

/** When the UTC day of `at` is over. */
export function dayEnd(at: Date): Date {
  return new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate() + 1))
}
