/** USD counts micros (millionths of a dollar), CNY counts fen. */
export type Currency = 'USD' | 'CNY'

/** The prepaid balance that priced calls and subscriptions are paid from, in USD micros. */
export function apiBalanceOf(accountId: number): string {
  return `api:${accountId}`
}

/** What orders are paid from, in CNY fen. */
export function walletOf(accountId: number): string {
  return `wallet:${accountId}`
}

/** Whose money it is, or null for a system account. */
export function ownerOf(code: string): number | null {
  const id = /^(?:api|wallet):(\d+)$/.exec(code)?.[1]
  return id === undefined ? null : Number(id)
}

/** The other side of what customers have. Made by the migration. */
export const SYSTEM = {
  /** Where money comes in from: top-ups and what staff credit. */
  payments: { USD: 'system:payments:USD', CNY: 'system:payments:CNY' },
  /** What callers and shoppers have paid us. */
  revenue: { USD: 'system:revenue:USD', CNY: 'system:revenue:CNY' },
  /** All money in sandboxes, which is not real. */
  sandbox: { USD: 'system:sandbox:USD', CNY: 'system:sandbox:CNY' },
} as const satisfies Record<string, Record<Currency, string>>
