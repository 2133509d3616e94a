import type { IdentifierType } from '../normalise/normalised.ts'

/** Why something is listed: how much that says, for how long it is kept, and how it is told to strangers. */
export type Reason = {
  /** 0 to 1: how much an exact match of a fresh, certain entry says. */
  weight: number
  expiryDays: number
  /** After how many days, behind the first 90, it says half as much. */
  halfLifeDays: number
  says: string
}

export const REASONS = {
  chargeback: { weight: 0.85, expiryDays: 730, halfLifeDays: 365, says: 'A payment was charged back.' },
  fraud: { weight: 0.95, expiryDays: 1_095, halfLifeDays: 540, says: 'An order turned out to be fraud.' },
  stolen_payment: {
    weight: 0.95,
    expiryDays: 1_095,
    halfLifeDays: 540,
    says: 'Somebody else’s means of payment was used.',
  },
  false_claim: {
    weight: 0.6,
    expiryDays: 365,
    halfLifeDays: 180,
    says: 'Goods were claimed as missing that had arrived.',
  },
  unpaid: { weight: 0.4, expiryDays: 365, halfLifeDays: 180, says: 'An order was not paid for.' },
  abuse: { weight: 0.5, expiryDays: 365, halfLifeDays: 180, says: 'Terms of use were broken on purpose.' },
  automation: { weight: 0.35, expiryDays: 90, halfLifeDays: 45, says: 'Programs acted where a person should.' },
  anonymised: { weight: 0.3, expiryDays: 30, halfLifeDays: 15, says: 'It hides where somebody comes from.' },
  other: { weight: 0.3, expiryDays: 180, halfLifeDays: 90, says: 'It was listed for another reason.' },
} as const satisfies Record<string, Reason>
export type ReasonCode = keyof typeof REASONS

/** What may come of an order of ours. */
export const ORDER_REASONS = ['chargeback', 'fraud'] as const satisfies ReasonCode[]
export type OrderReason = (typeof ORDER_REASONS)[number]

/** Devices change hands and settings, so what is said of them fades sooner; as do addresses of the network. */
export const FADES_SOONER: Readonly<Partial<Record<IdentifierType, number>>> = { device: 0.25, ip: 0.25 }

export const CATEGORIES = [
  'chargeback_user',
  'risky_ip',
  'risky_email',
  'risky_phone',
  'risky_address',
  'risky_device',
  'risky_username',
  'none',
] as const
export type Category = (typeof CATEGORIES)[number]

export function categoryOf(type: IdentifierType, reason: ReasonCode): Category {
  return reason === 'chargeback' ? 'chargeback_user' : `risky_${type}`
}

/** The details of an entry that an event of an order is behind, under the names that callers read them by. */
export function eventDetails(
  reason: ReasonCode,
  { orderId, amount, date }: { orderId?: string | undefined; amount?: string | undefined; date?: string | undefined },
): Record<string, string> {
  return {
    ...(orderId !== undefined && { orderId }),
    ...(amount !== undefined && { amount }),
    ...(date !== undefined && { [reason === 'chargeback' ? 'chargebackDate' : 'date']: date }),
  }
}
