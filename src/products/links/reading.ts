/** What one reading carries through links inside links. */
export type Reading = {
  /** Addresses that may still be read: bounds the work on links that wrap each other, whatever their number. */
  readsLeft: number
  /** The outermost agent met. */
  agent: string | null
  /** Invitation codes met, by agent id; the outermost of each agent stays. */
  referral: Record<string, string> | null
}

const READS_MAX = 16

export function startReading(): Reading {
  return { readsLeft: READS_MAX, agent: null, referral: null }
}

/** Keeps an invitation code, unless one of that agent is known. Codes with odd characters are not worth keeping. */
export function keepReferral(reading: Reading, agentId: string, code: string): void {
  if (!/^[\w.=+/~@:-]{1,128}$/.test(code) || reading.referral?.[agentId] !== undefined) return
  reading.referral ??= {}
  reading.referral[agentId] = code
}
