/** A unit of what is counted by UTC month or day: `bucket` is 202611 or 20261121, `limit` how many units it has. */
export type LeasePot = { name: string; bucket: number; limit: number }

/** Units of one pot that the database has counted as used and this process may hand out. */
export type Lease = {
  bucket: number
  units: number
  /** What the limit was when they were leased. */
  limit: number
  /** What the pot then stood at, these units included. */
  used: number
  /** The round in which a unit was last taken. */
  takenIn: number
  /** Until then nobody asks the database again for a unit under `emptyLimit`. */
  emptyUntilMs: number
  emptyLimit: number
}

/** The leases of one account by the name of their pot. */
export type LeaseTable = Map<string, Lease>

export function newLease(pot: LeasePot, round: number): Lease {
  const { bucket, limit } = pot
  return { bucket, units: 0, limit, used: limit, takenIn: round, emptyUntilMs: -Infinity, emptyLimit: limit }
}

/**
 * Are the units good for this pot? Those of an earlier bucket are not; those of a later one are, as buckets never move back.
 * Under a limit that has become smaller, only while the pot stood within it when they were leased.
 */
export function isGood(lease: Lease, { bucket, limit }: LeasePot): boolean {
  return lease.bucket >= bucket && (lease.limit === limit || lease.used <= limit)
}

/** Takes a unit of each pot, or none when one of them has none at hand. */
export function takeAtHand(table: LeaseTable, pots: readonly LeasePot[], round: number): boolean {
  // By index: this runs for every request.
  for (let at = 0; at < pots.length; at++) {
    const lease = table.get(pots[at]!.name)
    if (lease === undefined || lease.units === 0 || !isGood(lease, pots[at]!)) return false
  }
  for (let at = 0; at < pots.length; at++) {
    const lease = table.get(pots[at]!.name)!
    lease.units--
    lease.takenIn = round
  }
  return true
}

/** The first of these pots that was empty a moment ago, or null. */
export function findEmpty(table: LeaseTable, pots: readonly LeasePot[], nowMs: number): string | null {
  for (const { name, bucket, limit } of pots) {
    const lease = table.get(name)
    if (lease && lease.emptyUntilMs > nowMs && lease.emptyLimit === limit && lease.bucket >= bucket) return name
  }
  return null
}

/** Puts one unit back where it came from; nothing when its bucket is over, as nobody counts there any more. */
export function putBack(table: LeaseTable, pot: LeasePot, round: number): void {
  let lease = table.get(pot.name)
  if (lease === undefined || lease.bucket < pot.bucket) table.set(pot.name, (lease = newLease(pot, round)))
  if (lease.bucket > pot.bucket) return
  lease.units++
  lease.emptyUntilMs = -Infinity
}
